//! [`Backend`], with a server behind it that has two users.

mod edits;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::{Mutex, mpsc};
use uc_model::{
    Call, CallId, Capability, CapabilitySet, ConnectionState, Conversation, DeviceKind,
    FailureCause, PhoneNumber, Presence, PresenceState, Redacted, UserId,
};

pub use edits::{
    an_edit_is_answered_with_what_it_changed_and_told_to_other_clients,
    the_same_key_makes_one_contact,
};

use super::soon;
use crate::port::{
    Backend, BackendError, BackendEvent, CallUpdate, Candidates, DescriptionKind, DialFailure,
    EventSink, LinkId, Operation, Outcome, RequestKey, ServerAddress, ServerChange, Service,
    SessionDescription, SignedIn, StateSnapshot,
};

/// How the suite reaches the server.
pub trait Rig: Send + Sync {
    /// A new client's backend; all speak to the same server.
    fn backend(&self) -> Arc<dyn Backend>;
    /// Where the server is.
    fn address(&self) -> ServerAddress;
    /// Where a connection is refused.
    fn refused(&self) -> ServerAddress;
    /// Two users with their passwords; the user name is the internal number.
    fn users(&self) -> [(String, String); 2];
    /// The device that calls. With a desk phone, nothing of sound is asked.
    fn device(&self) -> DeviceKind {
        DeviceKind::Voip
    }
    /// Whether the server knows by its key that a request is sent once more.
    fn knows_keys(&self) -> bool {
        true
    }
    /// An offer and an answer the server takes.
    fn descriptions(&self) -> [String; 2] {
        [SDP.to_owned(), SDP.to_owned()]
    }
}

/// A description that servers that look at descriptions find well formed.
const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\n\
    a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\na=setup:actpass\r\n\
    a=fingerprint:sha-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:\
    00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\na=rtpmap:0 PCMU/8000\r\n";

/// Every promise of a [`Backend`].
pub async fn all(rig: &dyn Rig) {
    a_refused_port_is_told(rig).await;
    dialling_shows_the_certificate_and_says_nothing(rig).await;
    a_wrong_password_is_told(rig).await;
    services_need_a_session(rig).await;
    a_closed_link_says_so(rig).await;
    a_session_goes_on_over_another_link(rig).await;
    the_end_of_a_session_is_its_end(rig).await;
    a_presence_reaches_the_other_as_something_newer(rig).await;
    a_colleague_is_found(rig).await;
    a_number_nobody_has_fails_with_its_cause(rig).await;
    a_call_goes_through_all_its_states(rig).await;
    a_refused_call_tells_the_caller(rig).await;
    the_same_key_makes_one_call(rig).await;
    sound_is_refused_where_there_is_none(rig).await;
    an_edit_is_answered_with_what_it_changed_and_told_to_other_clients(rig).await;
    the_same_key_makes_one_contact(rig).await;
}

/// One client of the server.
struct Peer {
    backend: Arc<dyn Backend>,
    sink: Arc<dyn EventSink>,
    events: Mutex<mpsc::UnboundedReceiver<(LinkId, BackendEvent)>>,
    link: LinkId,
    /// As of the sign-in.
    capabilities: CapabilitySet,
}

#[derive(Debug)]
struct Sink(mpsc::UnboundedSender<(LinkId, BackendEvent)>);

#[async_trait]
impl EventSink for Sink {
    async fn deliver(&self, link: LinkId, event: BackendEvent) {
        // The test may have ended.
        let _ = self.0.send((link, event));
    }
}

impl Peer {
    fn new(rig: &dyn Rig) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        Self {
            backend: rig.backend(),
            sink: Arc::new(Sink(sender)),
            events: Mutex::new(events),
            link: LinkId(1),
            capabilities: CapabilitySet::EMPTY,
        }
    }

    async fn run(&self, operation: Operation) -> Result<Outcome, BackendError> {
        soon("an operation", self.backend.execute(operation, &self.sink)).await
    }

    async fn ask(&self, service: Service) -> Result<Outcome, BackendError> {
        self.run(Operation::Service {
            link: self.link,
            service,
        })
        .await
    }

    async fn dial(&self, rig: &dyn Rig, link: LinkId) {
        let dialled = self
            .run(Operation::Dial {
                link,
                address: rig.address(),
            })
            .await;
        assert!(matches!(dialled, Ok(Outcome::Dialed(_))), "{dialled:?}");
    }

    async fn sign_in(&self, user: &str, password: &str) -> Result<SignedIn, BackendError> {
        let outcome = self
            .run(Operation::SignIn {
                link: self.link,
                user: user.to_owned(),
                password: Redacted::new(password.to_owned()),
            })
            .await?;
        match outcome {
            Outcome::SignedIn(signed_in) => Ok(signed_in),
            other => panic!("a sign-in gave {other:?}"),
        }
    }

    /// A client of user `index` with its events and the state they follow.
    async fn ready(rig: &dyn Rig, index: usize) -> (Self, StateSnapshot) {
        let mut peer = Self::new(rig);
        peer.dial(rig, peer.link).await;
        let (user, password) = &rig.users()[index];
        let signed_in = peer
            .sign_in(user, password)
            .await
            .expect("the user signs in");
        let extension = signed_in.extension.as_ref().map(|known| known.as_str());
        assert_eq!(extension, Some(&**user));
        peer.capabilities = signed_in.capabilities;
        let link = peer.link;
        let operation = Operation::Subscribe {
            link,
            after: None,
            calls: true,
            phone: None,
        };
        let subscribed = peer.run(operation).await;
        assert_eq!(subscribed, Ok(Outcome::Subscribed));
        match peer.run(Operation::Snapshot { link }).await {
            Ok(Outcome::Snapshot(snapshot)) => (peer, *snapshot),
            other => panic!("a snapshot gave {other:?}"),
        }
    }

    async fn end(self) {
        let link = self.link;
        assert_eq!(
            self.run(Operation::SignOut { link }).await,
            Ok(Outcome::Done)
        );
        assert_eq!(self.run(Operation::Close { link }).await, Ok(Outcome::Done));
    }

    /// The next change that `wanted` takes; others are left behind.
    async fn change<T>(&self, what: &str, wanted: impl Fn(ServerChange) -> Option<T>) -> T {
        let mut events = self.events.lock().await;
        soon(what, async {
            loop {
                let (link, event) = events.recv().await.expect("the sink is held");
                assert_eq!(
                    link, self.link,
                    "events come from the link that was subscribed"
                );
                if let BackendEvent::Change { change, .. } = event
                    && let Some(found) = wanted(change)
                {
                    return found;
                }
            }
        })
        .await
    }

    async fn call(&self, what: &str, wanted: impl Fn(&Call) -> bool) -> CallUpdate {
        self.change(what, |change| match change {
            ServerChange::Call(update) => wanted(&update.call).then_some(*update),
            _ => None,
        })
        .await
    }

    async fn conversation(&self, wanted: impl Fn(&Conversation) -> bool) -> Conversation {
        let conversation = |change| match change {
            ServerChange::Conversation(told) => wanted(&told).then_some(*told),
            _ => None,
        };
        self.change("the conversation", conversation).await
    }

    async fn changed(&self, service: Service) -> CallUpdate {
        match self.ask(service).await {
            Ok(Outcome::Call(update)) => *update,
            other => panic!("a call service gave {other:?}"),
        }
    }

    async fn dial_number(
        &self,
        rig: &dyn Rig,
        to: &str,
        key: &str,
    ) -> Result<Outcome, BackendError> {
        let [offer, _] = rig.descriptions();
        let offer = description(1, DescriptionKind::Offer, offer);
        self.ask(Service::MakeCall {
            to: PhoneNumber::new(to).expect("a number"),
            device: rig.device(),
            description: has_sound(rig).then_some(offer),
            key: RequestKey(key.to_owned()),
        })
        .await
    }
}

fn has_sound(rig: &dyn Rig) -> bool {
    rig.device() == DeviceKind::Voip
}

fn description(generation: u32, kind: DescriptionKind, sdp: String) -> SessionDescription {
    SessionDescription {
        generation,
        kind,
        sdp: Redacted::new(sdp),
    }
}

/// Nothing listens: `Refused`.
pub async fn a_refused_port_is_told(rig: &dyn Rig) {
    let peer = Peer::new(rig);
    let dial = Operation::Dial {
        link: peer.link,
        address: rig.refused(),
    };
    assert_eq!(peer.run(dial).await, Err(DialFailure::Refused.into()));
}

/// The certificate comes before anything else, the same one each time.
pub async fn dialling_shows_the_certificate_and_says_nothing(rig: &dyn Rig) {
    let peer = Peer::new(rig);
    let mut shown = Vec::new();
    for link in [LinkId(1), LinkId(2)] {
        match peer
            .run(Operation::Dial {
                link,
                address: rig.address(),
            })
            .await
        {
            Ok(Outcome::Dialed(certificate)) => shown.push(certificate),
            other => panic!("a dial gave {other:?}"),
        }
    }
    assert_eq!(shown[0], shown[1]);
    assert!(shown[0].not_before < shown[0].not_after);
}

/// A wrong password and an unknown user look the same, and the right one is still taken. A server
/// may keep its reasons to itself.
pub async fn a_wrong_password_is_told(rig: &dyn Rig) {
    let peer = Peer::new(rig);
    peer.dial(rig, peer.link).await;
    let (user, password) = &rig.users()[0];
    let wrong = peer.sign_in(user, "certainly wrong").await;
    let wrong = wrong.expect_err("the password is wrong");
    let silent = BackendError::SignInRefused;
    assert!([BackendError::BadCredentials, silent].contains(&wrong));
    let unknown = peer.sign_in("987654", password).await;
    assert_eq!(unknown.err(), Some(wrong));
    peer.sign_in(user, password)
        .await
        .expect("the right password is taken");
    peer.end().await;
}

/// Before the sign-in nothing is told.
pub async fn services_need_a_session(rig: &dyn Rig) {
    let peer = Peer::new(rig);
    peer.dial(rig, peer.link).await;
    let link = peer.link;
    let search = Service::Search {
        query: Redacted::new("a".to_owned()),
        directory: None,
        limit: 5,
    };
    assert_eq!(peer.ask(search).await, Err(BackendError::NotSignedIn));
    let snapshot = peer.run(Operation::Snapshot { link }).await;
    assert_eq!(snapshot, Err(BackendError::NotSignedIn));
    assert_eq!(
        peer.run(Operation::Resume { link }).await,
        Err(BackendError::NotSignedIn)
    );
}

/// What was closed, or never dialled, takes nothing; closing it again does no harm.
pub async fn a_closed_link_says_so(rig: &dyn Rig) {
    let (peer, _) = Peer::ready(rig, 0).await;
    let link = LinkId(77);
    assert_eq!(peer.run(Operation::Close { link }).await, Ok(Outcome::Done));
    assert_eq!(
        peer.run(Operation::Probe { link }).await,
        Err(BackendError::Closed)
    );
    let link = peer.link;
    assert_eq!(peer.run(Operation::Probe { link }).await, Ok(Outcome::Done));
    assert_eq!(peer.run(Operation::Close { link }).await, Ok(Outcome::Done));
    assert_eq!(
        peer.run(Operation::Probe { link }).await,
        Err(BackendError::Closed)
    );
    assert_eq!(peer.run(Operation::Close { link }).await, Ok(Outcome::Done));
}

/// A lost connection isn't a lost session.
pub async fn a_session_goes_on_over_another_link(rig: &dyn Rig) {
    let (mut peer, _) = Peer::ready(rig, 0).await;
    peer.run(Operation::Close { link: peer.link })
        .await
        .expect("closing succeeds");
    peer.link = LinkId(2);
    peer.dial(rig, peer.link).await;
    let link = peer.link;
    assert_eq!(
        peer.run(Operation::Resume { link }).await,
        Ok(Outcome::Done)
    );
    let operation = Operation::Subscribe {
        link,
        after: None,
        calls: true,
        phone: None,
    };
    let subscribed = peer.run(operation).await;
    assert_eq!(subscribed, Ok(Outcome::Subscribed));
    peer.end().await;
}

/// After the sign-out the session is unknown.
pub async fn the_end_of_a_session_is_its_end(rig: &dyn Rig) {
    let (peer, _) = Peer::ready(rig, 0).await;
    let link = peer.link;
    assert_eq!(
        peer.run(Operation::SignOut { link }).await,
        Ok(Outcome::Done)
    );
    let search = Service::Search {
        query: Redacted::new("a".to_owned()),
        directory: None,
        limit: 5,
    };
    assert_eq!(peer.ask(search).await, Err(BackendError::NotSignedIn));
}

/// A change is newer than the snapshot before it.
pub async fn a_presence_reaches_the_other_as_something_newer(rig: &dyn Rig) {
    let (one, _) = Peer::ready(rig, 0).await;
    let (other, before) = Peer::ready(rig, 1).await;
    let user = UserId::new(&rig.users()[0].0).expect("a user name is an identifier");
    assert!(
        before
            .presences
            .iter()
            .any(|presence| presence.user == user)
    );
    for state in [PresenceState::Meeting, PresenceState::Office] {
        let presence = Presence {
            state,
            until: None,
            note: None,
        };
        let set = one.ask(Service::SetPresence(presence)).await;
        assert!(
            matches!(set, Ok(Outcome::Presence(_) | Outcome::Done)),
            "{set:?}"
        );
        let seen = |change| match change {
            ServerChange::Presence(p) => (p.user == user && p.presence.state == state).then_some(p),
            _ => None,
        };
        let update = other.change("the presence", seen).await;
        assert!(update.rev > before.rev);
    }
    one.end().await;
    other.end().await;
}

/// The directory knows the users.
pub async fn a_colleague_is_found(rig: &dyn Rig) {
    let (peer, _) = Peer::ready(rig, 0).await;
    let other = &rig.users()[1].0;
    let query = Redacted::new(other.clone());
    let search = Service::Search {
        query,
        directory: None,
        limit: 10,
    };
    match peer.ask(search).await {
        Ok(Outcome::Found { contacts, .. }) => {
            let user = |user: &UserId| user.as_str() == other;
            assert!(
                contacts
                    .iter()
                    .any(|contact| contact.user.as_ref().is_some_and(user))
            );
        }
        found => panic!("a search gave {found:?}"),
    }
    peer.end().await;
}

/// A typed cause, not a text.
pub async fn a_number_nobody_has_fails_with_its_cause(rig: &dyn Rig) {
    let (peer, _) = Peer::ready(rig, 0).await;
    let made = peer.dial_number(rig, "987654", "conformance-nobody").await;
    let failed = match &made {
        Err(BackendError::CallFailed(cause)) => *cause,
        Ok(Outcome::Call(update)) if update.call.is_over() => {
            update.call.cause.expect("a call that is over has a cause")
        }
        other => panic!("calling nobody gave {other:?}"),
    };
    assert_eq!(failed, FailureCause::NoSuchNumber);
    peer.end().await;
}

/// Ring, answer, hold, retrieve, end, with sound also candidates and another round: each side sees
/// each step.
pub async fn a_call_goes_through_all_its_states(rig: &dyn Rig) {
    let (one, _) = Peer::ready(rig, 0).await;
    let (other, _) = Peer::ready(rig, 1).await;
    let (mine, theirs) = ring(rig, &one, &other, "conformance-states").await;
    let sound = has_sound(rig);
    answer(rig, &other, &theirs, &one).await;
    if sound {
        trickle(&one, &mine, &other).await;
    }

    let held = one.changed(Service::Hold { call: mine.clone() }).await;
    assert_eq!(held.call.local, ConnectionState::Hold);
    other
        .call("the hold", |c| c.remote.state == ConnectionState::Hold)
        .await;
    if sound {
        renegotiate(rig, &one, &mine, &other, &theirs).await;
    }
    let wrong = one.ask(Service::Hold { call: mine.clone() }).await;
    assert_eq!(wrong, Err(BackendError::WrongState));
    let back = one.changed(Service::Retrieve { call: mine.clone() }).await;
    assert_eq!(back.call.local, ConnectionState::Connected);
    other
        .call("the retrieval", |c| {
            c.remote.state == ConnectionState::Connected
        })
        .await;

    let over = other
        .changed(Service::Clear {
            call: theirs,
            cause: None,
        })
        .await;
    assert!(over.call.is_over());
    let over = one.call("the end", Call::is_over).await;
    assert_eq!(over.call.cause, Some(FailureCause::Normal));
    if one.capabilities.has(Capability::Conversations) {
        let entry = |change| matches!(change, ServerChange::Conversation(_)).then_some(());
        one.change("the conversation entry", entry).await;
    }
    let again = one
        .ask(Service::Clear {
            call: mine,
            cause: None,
        })
        .await;
    let harmless = match &again {
        Ok(Outcome::Call(update)) => update.call.is_over(),
        Err(BackendError::NotFound | BackendError::WrongState) => true,
        _ => false,
    };
    assert!(harmless, "{again:?}");
    one.end().await;
    other.end().await;
}

/// A call from `one` that rings at `other`.
async fn ring(rig: &dyn Rig, one: &Peer, other: &Peer, key: &str) -> (CallId, CallId) {
    let to = &rig.users()[1].0;
    let made = match one.dial_number(rig, to, key).await {
        Ok(Outcome::Call(update)) => *update,
        made => panic!("making a call gave {made:?}"),
    };
    let sound = has_sound(rig);
    assert_eq!((made.call.device, made.carried_here), (rig.device(), sound));
    let rings = other
        .call("the ring", |c| c.local == ConnectionState::Alerting)
        .await;
    assert!(!rings.carried_here, "nobody carries a call that rings");
    let offer = rings
        .description
        .map(|offer| (offer.generation, offer.kind));
    assert_eq!(offer, sound.then_some((1, DescriptionKind::Offer)));
    (made.call.id, rings.call.id)
}

/// The answer of `other` to a call of `one`.
async fn answer(rig: &dyn Rig, other: &Peer, call: &CallId, one: &Peer) {
    let sound = has_sound(rig);
    let [_, answer] = rig.descriptions();
    let answer = description(1, DescriptionKind::Answer, answer);
    let service = Service::Answer {
        call: call.clone(),
        description: sound.then_some(answer),
    };
    let answered = other.changed(service).await;
    assert_eq!(answered.call.local, ConnectionState::Connected);
    assert_eq!(answered.carried_here, sound);
    let connected = |call: &Call| call.remote.state == ConnectionState::Connected;
    let up = one.call("the answer", connected).await;
    let described = up
        .description
        .map(|answer| (answer.generation, answer.kind));
    assert_eq!(described, sound.then_some((1, DescriptionKind::Answer)));
}

async fn trickle(one: &Peer, call: &CallId, other: &Peer) {
    let candidate = "candidate:1 1 udp 2130706431 127.0.0.1 50000 typ host";
    let candidates = Candidates {
        generation: 1,
        candidates: vec![candidate.to_owned()],
        complete: true,
    };
    let service = Service::Candidates {
        call: call.clone(),
        candidates: candidates.clone(),
    };
    one.ask(service).await.expect("candidates are taken");
    let trickled = |change| match change {
        ServerChange::Call(update) => update.candidates,
        _ => None,
    };
    assert_eq!(other.change("the candidates", trickled).await, candidates);
}

async fn renegotiate(rig: &dyn Rig, one: &Peer, mine: &CallId, other: &Peer, theirs: &CallId) {
    let [offer, answer] = rig.descriptions();
    let rounds = [
        (one, mine, other, DescriptionKind::Offer, offer),
        (other, theirs, one, DescriptionKind::Answer, answer),
    ];
    for (from, call, to, kind, sdp) in rounds {
        let description = description(2, kind, sdp);
        from.changed(Service::Describe {
            call: call.clone(),
            description,
        })
        .await;
        to.change("the description", |change| match change {
            ServerChange::Call(update) => update
                .description
                .filter(|d| d.generation == 2 && d.kind == kind)
                .map(drop),
            _ => None,
        })
        .await;
    }
}

/// A refusal is a cause at the caller's.
pub async fn a_refused_call_tells_the_caller(rig: &dyn Rig) {
    let (one, _) = Peer::ready(rig, 0).await;
    let (other, _) = Peer::ready(rig, 1).await;
    let (_, theirs) = ring(rig, &one, &other, "conformance-refused").await;
    let over = other
        .changed(Service::Clear {
            call: theirs,
            cause: None,
        })
        .await;
    assert!(over.call.is_over());
    let over = one.call("the refusal", Call::is_over).await;
    assert_eq!(over.call.cause, Some(FailureCause::Rejected));
    one.end().await;
    other.end().await;
}

/// A request that is sent once more makes nothing twice.
pub async fn the_same_key_makes_one_call(rig: &dyn Rig) {
    if !rig.knows_keys() {
        return;
    }
    let (one, _) = Peer::ready(rig, 0).await;
    let (other, _) = Peer::ready(rig, 1).await;
    let (mine, _) = ring(rig, &one, &other, "conformance-key").await;
    let again = one
        .dial_number(rig, &rig.users()[1].0, "conformance-key")
        .await;
    match again {
        Ok(Outcome::Call(update)) => assert_eq!(update.call.id, mine),
        made => panic!("the same request gave {made:?}"),
    }
    one.changed(Service::Clear {
        call: mine,
        cause: None,
    })
    .await;
    other.call("the end", Call::is_over).await;
    one.end().await;
    other.end().await;
}

/// Without the capability, a call with sound is refused, and nothing is sent.
pub async fn sound_is_refused_where_there_is_none(rig: &dyn Rig) {
    let (peer, _) = Peer::ready(rig, 0).await;
    if !peer.capabilities.has(Capability::VoipCalls) {
        let [offer, _] = rig.descriptions();
        let made = peer.ask(Service::MakeCall {
            to: PhoneNumber::new(&rig.users()[1].0).expect("a number"),
            device: DeviceKind::Voip,
            description: Some(description(1, DescriptionKind::Offer, offer)),
            key: RequestKey("conformance-sound".to_owned()),
        });
        assert_eq!(made.await, Err(BackendError::Unsupported));
    }
    peer.end().await;
}
