mod account;
mod builder;
mod contacts;
mod conversations;
mod favourites;
#[cfg(feature = "headset")]
mod headsets;
mod messages;
mod numbers;
mod photos;
mod telephone;

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, Mutex},
};

use tokio::sync::{broadcast, mpsc, oneshot, watch};
use uc_model::{CallId, CapabilitySet, Contact, Destination, PhoneNumber, Presence};

pub use self::builder::ClientBuilder;
pub(crate) use self::builder::parse_address;
#[cfg(feature = "headset")]
pub(crate) use self::headsets::{Place, WeakClient};
use crate::{
    call::Call,
    core::{Reply, Request},
    error::{CallError, EditError, ServiceError, SignInError},
    events::{Event, Events},
    locked,
    port::{Edit, MediaEngine, MediaError, ServerChange, SoundDevice, SoundRole},
    trust::Pins,
    view::{Connection, View},
};

/// A signed-in user at a server.
///
/// Cheap to clone; all clones are one client. It works in one task on the runtime that signed in.
///
/// # Lifetime
/// - **Dropping the last `Client`** ends everything without signing out: calls whose sound runs
///   here are hung up (in the background, for at most 2 s), sockets and tasks end. [`Call`]s and
///   [`Events`] that are still held don't keep it alive; they answer `Closed` or `None`.
/// - **[`sign_out`](Client::sign_out)** does the same, also ends the session at the server, and
///   returns when all of it is done.
/// - **Dropping the future** of a request leaves the request running; its result is lost. A call
///   that [`call`](Client::call) made for a future that is gone is hung up at once.
#[derive(Clone)]
pub struct Client(Arc<Handle>);

/// What all clones share.
struct Handle {
    demands: mpsc::Sender<Demand>,
    published: Arc<Published>,
    /// Subscribed before the sign-in, so that its events are not lost.
    first_events: Mutex<Option<broadcast::Receiver<Event>>>,
    /// Calls that `incoming` has handed out.
    handed_out: Mutex<BTreeSet<CallId>>,
    photos: Mutex<photos::Photos>,
}

/// A request on its way to the driver, and where its reply goes.
#[derive(Debug)]
pub(crate) struct Demand {
    pub(crate) request: Request,
    pub(crate) reply: Option<oneshot::Sender<Reply>>,
}

/// What the driver shows to the handles.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) view: watch::Sender<Arc<View>>,
    pub(crate) events: Mutex<Option<broadcast::Sender<Event>>>,
    pub(crate) calls: crate::call::Siblings,
    pub(crate) pins: Mutex<Pins>,
    /// Gone once the driver's task is.
    pub(crate) media: Mutex<Option<Arc<dyn MediaEngine>>>,
    /// What became of the sign-in.
    pub(crate) signed_in: watch::Sender<Option<Result<(), SignInError>>>,
    /// True once the driver's task is gone.
    pub(crate) gone: watch::Sender<bool>,
    #[cfg(feature = "headset")]
    pub(crate) place: Place,
}

/// What a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The matches, best first.
    pub contacts: Vec<Contact>,
    /// Whether the server has more.
    pub more: bool,
}

impl Client {
    /// Begins a sign-in of `user` (in practice the internal number) at `address`: a name or an IP
    /// address, with `:port` where it isn't 8802; `[…]` around an IPv6 address with a port.
    pub fn builder(address: &str, user: &str) -> ClientBuilder {
        ClientBuilder::new(address, user)
    }

    /// What happens from now on; the first subscription begins at the sign-in. Up to 256 events
    /// wait for a slow reader, then the oldest are lost and [`Event::Lagged`] says how many.
    pub fn events(&self) -> Events {
        if let Some(first) = locked(&self.0.first_events).take() {
            return Events(first);
        }
        let sender = locked(&self.0.published.events);
        Events(match sender.as_ref() {
            Some(sender) => sender.subscribe(),
            None => broadcast::channel(1).1,
        })
    }

    /// Everything the client knows now.
    pub fn view(&self) -> Arc<View> {
        Arc::clone(&self.0.published.view.borrow())
    }

    /// What this connection can do. Ask this, never for the server's mode.
    pub fn capabilities(&self) -> CapabilitySet {
        self.view()
            .user
            .as_ref()
            .map_or(CapabilitySet::EMPTY, |user| user.capabilities)
    }

    /// The certificates accepted so far, to be kept for the next sign-in of this profile.
    pub fn pins(&self) -> Pins {
        locked(&self.0.published.pins).clone()
    }

    /// Sets the user's own presence.
    pub async fn set_presence(&self, presence: Presence) -> Result<(), ServiceError> {
        match self.ask(Request::SetPresence(presence)).await {
            Some(Reply::Presence(result)) => result,
            _ => Err(ServiceError::Closed),
        }
    }

    /// Calls `number`, in whatever notation. Where [`dialling`](Client::dialling) would ask, what can
    /// be an extension is one. Returns once the server has accepted the call: it then rings, or fails with
    /// a cause; wait for [`Call::connected`].
    pub async fn call(&self, number: &str) -> Result<Call, CallError> {
        let mut destination = self.dialling(number)?.at_once();
        let written = PhoneNumber::new(number)?;
        if destination.number.dialable() == written.dialable() {
            // Nothing was converted: it stands in the history as it was written (CONV-4).
            destination.number = written;
        }
        self.call_destination(destination).await
    }

    /// Calls what the user has chosen; see [`dialling`](Client::dialling). Returns as
    /// [`call`](Client::call) does.
    pub async fn call_destination(&self, destination: Destination) -> Result<Call, CallError> {
        let to = destination.number;
        let id = match self.ask(Request::Call { to }).await {
            Some(Reply::Call(result)) => result?,
            _ => return Err(CallError::Closed),
        };
        self.handle(&id).ok_or(CallError::Closed)
    }

    /// Picks up a call that rings at a colleague's `number` (FAV-3): it rings here instead and is
    /// answered at once; wait for [`Call::connected`]. Where nothing rings there, the server refuses.
    pub async fn pick_up(&self, number: &str) -> Result<Call, CallError> {
        let number = PhoneNumber::new(number)?;
        let id = match self.ask(Request::PickUp { number }).await {
            Some(Reply::Call(result)) => result?,
            _ => return Err(CallError::Closed),
        };
        self.handle(&id).ok_or(CallError::Closed)
    }

    /// The next call that rings here and was not handed out yet; `None` once the client is closed.
    /// Dropping the future loses no call.
    pub async fn incoming(&self) -> Option<Call> {
        let mut view = self.0.published.view.subscribe();
        loop {
            let current = Arc::clone(&view.borrow_and_update());
            if let Some(call) = self.hand_out(&current) {
                return Some(call);
            }
            if current.connection == Connection::Ended {
                return None;
            }
            view.changed().await.ok()?;
        }
    }

    fn hand_out(&self, view: &View) -> Option<Call> {
        let mut handed_out = locked(&self.0.handed_out);
        handed_out.retain(|id| view.calls.contains_key(id));
        let ringing = view
            .calls
            .values()
            .find(|status| status.rings_here() && !handed_out.contains(&status.call.id))?;
        let call = self.handle(&ringing.call.id)?;
        handed_out.insert(call.id().clone());
        Some(call)
    }

    /// The calls that are not over, in the order of their identities.
    pub fn calls(&self) -> Vec<Call> {
        let calls = locked(&self.0.published.calls);
        let siblings = &self.0.published.calls;
        let handle = |record| Call::new(record, Arc::clone(siblings), self.0.demands.downgrade());
        calls
            .values()
            .filter(|record| !record.status.borrow().call.is_over())
            .map(|record| handle(Arc::clone(record)))
            .collect()
    }

    /// The microphones and loudspeakers there are. [`Event::SoundChanged`] tells what comes and goes.
    ///
    /// # Errors
    /// [`MediaError::Device`], in words for a person; [`MediaError::Closed`] without sound or at the end.
    pub async fn sound_devices(&self) -> Result<Vec<SoundDevice>, MediaError> {
        self.media()?.devices().await
    }

    /// Uses other devices from now on, in running calls, too: the first of `wanted` that is there,
    /// each given by its identity or its name, else the system's default. One that goes is left for the next,
    /// and taken again when it returns.
    ///
    /// # Errors
    /// [`MediaError::Closed`] without sound or at the end.
    pub async fn choose_device(&self, role: SoundRole, wanted: &[&str]) -> Result<(), MediaError> {
        let wanted: Vec<_> = wanted.iter().map(|text| (*text).to_owned()).collect();
        self.media()?.choose_device(role, &wanted).await;
        Ok(())
    }

    fn media(&self) -> Result<Arc<dyn MediaEngine>, MediaError> {
        let media = locked(&self.0.published.media);
        media.clone().ok_or(MediaError::Closed)
    }

    /// Tells that the system reports a change of the network (another Wi-Fi, a VPN, awake again):
    /// the connection is checked or restored at once.
    pub fn network_changed(&self) {
        let demand = Demand {
            request: Request::NetworkChanged,
            reply: None,
        };
        // A full queue means that the driver is about to look at the connection anyway.
        let _ = self.0.demands.try_send(demand);
    }

    /// Leaves the present connection and makes another at once, also where nothing is wrong: for a
    /// person who doubts it, and for what takes effect on reconnection (CONN-8, CONN-10). Calls go
    /// on.
    pub fn reconnect(&self) {
        let demand = Demand {
            request: Request::Reconnect,
            reply: None,
        };
        let _ = self.0.demands.try_send(demand);
    }

    /// Waits until a client that was [started](ClientBuilder::start) is signed in.
    ///
    /// # Errors
    /// What can't pass by itself: a wrong password, a certificate nobody has accepted. The client
    /// is closed then.
    pub async fn signed_in(&self) -> Result<(), SignInError> {
        let mut signed_in = self.0.published.signed_in.subscribe();
        let told = match signed_in.wait_for(Option::is_some).await {
            Ok(told) => told.clone().unwrap_or(Err(SignInError::Closed)),
            Err(_) => Err(SignInError::Closed),
        };
        if told.is_err() {
            let _ = self
                .0
                .published
                .gone
                .subscribe()
                .wait_for(|gone| *gone)
                .await;
        }
        told
    }

    /// Hangs up, signs out, closes everything, and returns when no task and no socket is left
    /// (at most about 4 s with a silent server).
    pub async fn sign_out(&self) {
        let mut gone = self.0.published.gone.subscribe();
        let request = Request::Shutdown { sign_out: true };
        if self
            .0
            .demands
            .send(Demand {
                request,
                reply: None,
            })
            .await
            .is_ok()
        {
            let _ = gone.wait_for(|gone| *gone).await;
        }
    }

    pub(crate) fn new(
        demands: mpsc::Sender<Demand>,
        published: Arc<Published>,
        events: broadcast::Receiver<Event>,
    ) -> Self {
        Self(Arc::new(Handle {
            demands,
            published,
            first_events: Mutex::new(Some(events)),
            handed_out: Mutex::default(),
            photos: Mutex::default(),
        }))
    }

    /// Changes something of the user's own data; gives what became different.
    async fn edit(&self, edit: Edit) -> Result<Vec<ServerChange>, EditError> {
        match self.ask(Request::Edit(edit)).await {
            Some(Reply::Edit(result)) => result,
            _ => Err(ServiceError::Closed.into()),
        }
    }

    /// The driver's reply; `None` once it is gone.
    pub(crate) async fn ask(&self, request: Request) -> Option<Reply> {
        ask(&self.0.demands, request).await
    }

    fn handle(&self, id: &CallId) -> Option<Call> {
        let siblings = &self.0.published.calls;
        let record = Arc::clone(locked(siblings).get(id)?);
        let siblings = Arc::clone(siblings);
        Some(Call::new(record, siblings, self.0.demands.downgrade()))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("connection", &self.view().connection)
            .finish_non_exhaustive()
    }
}

/// Sends a request and waits for its reply; `None` once the driver is gone.
pub(crate) async fn ask(demands: &mpsc::Sender<Demand>, request: Request) -> Option<Reply> {
    let (sender, receiver) = oneshot::channel();
    let demand = Demand {
        request,
        reply: Some(sender),
    };
    demands.send(demand).await.ok()?;
    receiver.await.ok()
}
