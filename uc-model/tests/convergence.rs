//! Two clients of one user and a server end up with the same state, whatever is delayed, repeated,
//! cut or restarted on the way; and a user interface that redraws only what changed shows it.
#![allow(clippy::unwrap_used, reason = "a test may fail by panic")]

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;
use uc_model::{
    Call, CallDirection, CallId, Change, Connection, ConnectionState, Contact, ContactId,
    Conversation, ConversationId, DeviceKind, Directory, Favourites, GroupName, KnownContact,
    LineState, Party, PhoneNumber, Presence, PresenceState, Rev, Snapshot, State, Timestamp,
    Update, UserId, UserLine, UserPresence,
};

/// What somebody does.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Presence(u8, u8),
    Line(u8, u8),
    Call(u8, u8),
    Hangup(u8),
    Conversation(u8, u8),
    Delete(u8),
    Favourite(u8),
    Contact(u8, u8),
    DeleteContact(u8),
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Do(Deed),
    /// One of the events on their way to a client arrives, not always the oldest.
    Arrive(usize, usize),
    /// An event on its way comes twice.
    Repeat(usize, usize),
    /// A client's connection is lost with everything on its way.
    Cut(usize),
    /// The client listens again, and asks for a snapshot.
    Connect(usize),
    /// The server answers it.
    Answer(usize),
    /// The answer arrives.
    Arrived(usize),
    /// The server restarts: all connections are lost; it may lose its numbering, never its state.
    Restart(bool),
}

#[derive(Default)]
struct Server {
    rev: u64,
    truth: Snapshot,
}

#[derive(Default)]
struct Client {
    state: State,
    /// What its screen shows: redrawn by changes only.
    screen: Screen,
    connected: bool,
    asked: bool,
    answer: Option<Snapshot>,
    events: VecDeque<Update>,
}

#[derive(Default, Debug, PartialEq)]
struct Screen {
    presences: BTreeMap<String, PresenceState>,
    lines: BTreeMap<String, LineState>,
    calls: BTreeMap<String, Call>,
    conversations: BTreeMap<String, Conversation>,
    favourites: Favourites,
    contacts: BTreeMap<String, String>,
}

impl Server {
    fn perform(&mut self, deed: Deed) -> Update {
        self.rev += 1;
        let rev = Rev(self.rev);
        let truth = &mut self.truth;
        truth.as_of = rev;
        let user = |which: u8| UserId::new(format!("u{which}")).unwrap();
        match deed {
            Deed::Presence(which, state) => {
                let presence = UserPresence {
                    user: user(which),
                    rev,
                    presence: Presence::of(PresenceState::ALL[usize::from(state)]),
                };
                put(&mut truth.presences, presence.clone(), |a, b| {
                    a.user == b.user
                });
                Update::Presence(presence)
            }
            Deed::Line(which, state) => {
                let states = [
                    LineState::Idle,
                    LineState::Dialling,
                    LineState::BusyExternal,
                ];
                let line = UserLine {
                    user: user(which),
                    rev,
                    line: states[usize::from(state % 3)],
                };
                put(&mut truth.lines, line.clone(), |a, b| a.user == b.user);
                Update::Line(line)
            }
            Deed::Call(which, state) => {
                let states = [ConnectionState::Alerting, ConnectionState::Connected];
                let call = call(which, rev, states[usize::from(state % 2)]);
                put(&mut truth.calls, call.clone(), |a, b| a.id == b.id);
                Update::Call(call)
            }
            Deed::Hangup(which) => {
                let over = call(which, rev, ConnectionState::Null);
                truth.calls.retain(|call| call.id != over.id);
                Update::Call(over)
            }
            Deed::Conversation(which, unread) => {
                let conversation = conversation(which, rev, unread);
                put(&mut truth.conversations, conversation.clone(), |a, b| {
                    a.id == b.id
                });
                Update::Conversation(conversation)
            }
            Deed::Delete(which) => {
                let id = conversation(which, rev, 0).id;
                truth.conversations.retain(|known| known.id != id);
                Update::ConversationDeleted { id, rev }
            }
            Deed::Favourite(which) => {
                let mut favourites = truth.favourites.1.clone();
                let contact = ContactId::new(format!("f{which}")).unwrap();
                let group = GroupName::new("team").unwrap();
                if favourites.add(contact.clone(), &group).is_err() {
                    favourites.remove(&contact, &group).unwrap();
                }
                truth.favourites = (rev, favourites.clone());
                Update::Favourites { rev, favourites }
            }
            Deed::Contact(which, name) => {
                let contact = contact(which, rev, name);
                put(&mut truth.contacts, contact.clone(), |a, b| {
                    a.contact.id == b.contact.id
                });
                Update::Contact(contact)
            }
            Deed::DeleteContact(which) => {
                let id = ContactId::new(format!("f{which}")).unwrap();
                truth.contacts.retain(|known| known.contact.id != id);
                Update::ContactDeleted { id, rev }
            }
        }
    }

    /// Numbers everything anew from 1.
    fn renumber(&mut self) {
        self.rev = 0;
        let mut next = || {
            self.rev += 1;
            Rev(self.rev)
        };
        let truth = &mut self.truth;
        truth.presences.iter_mut().for_each(|one| one.rev = next());
        truth.lines.iter_mut().for_each(|one| one.rev = next());
        truth.calls.iter_mut().for_each(|one| one.rev = next());
        truth
            .conversations
            .iter_mut()
            .for_each(|one| one.rev = next());
        truth.contacts.iter_mut().for_each(|one| one.rev = next());
        truth.favourites.0 = next();
        truth.as_of = next();
    }
}

impl Client {
    fn cut(&mut self) {
        self.connected = false;
        self.asked = false;
        self.answer = None;
        self.events.clear();
    }

    fn connect(&mut self) {
        if !self.connected {
            self.connected = true;
            self.asked = true;
        }
    }

    fn answered(&mut self, server: &Server) {
        if self.asked {
            self.asked = false;
            self.answer = Some(server.truth.clone());
        }
    }

    fn arrived(&mut self) {
        if let Some(snapshot) = self.answer.take() {
            for change in self.state.replace(snapshot) {
                self.screen.redraw(&self.state, &change);
            }
        }
    }

    /// Events count once the snapshot has arrived; before, they wait.
    fn take(&mut self, which: usize) {
        let waits = self.asked || self.answer.is_some();
        if waits || self.events.is_empty() {
            return;
        }
        let update = self.events.remove(which % self.events.len()).unwrap();
        let view = self.state.clone();
        let change = self.state.apply(update);
        let between = self.state.changes_since(&view);
        assert_eq!(
            between.len(),
            usize::from(change.is_some()),
            "{change:?} {between:?}"
        );
        if let Some(change) = change {
            self.screen.redraw(&self.state, &change);
        }
    }

    fn settle(&mut self, server: &Server) {
        self.connect();
        self.answered(server);
        self.arrived();
        while !self.events.is_empty() {
            self.take(self.events.len() / 2);
        }
    }
}

impl Screen {
    fn redraw(&mut self, state: &State, change: &Change) {
        match change {
            Change::Presence(user) => {
                let presence = state.presence(user).unwrap().state;
                self.presences.insert(user.to_string(), presence);
            }
            Change::PresenceGone(user) => drop(self.presences.remove(user.as_str())),
            Change::Line(user) => match state.line(user) {
                LineState::Idle => drop(self.lines.remove(user.as_str())),
                line => drop(self.lines.insert(user.to_string(), line)),
            },
            Change::Favourites => self.favourites = state.favourites().clone(),
            Change::CallAdded(id) | Change::CallChanged(id) => {
                let call = Call::clone(state.call(id).unwrap());
                self.calls.insert(id.to_string(), call);
            }
            Change::CallEnded(call) => drop(self.calls.remove(call.id.as_str())),
            Change::Conversation(id) => {
                let conversation = Conversation::clone(state.conversation(id).unwrap());
                self.conversations.insert(id.to_string(), conversation);
            }
            Change::ConversationDeleted(id) => drop(self.conversations.remove(id.as_str())),
            Change::Contact(id) => {
                let name = state.contact(id).unwrap().contact.last_name.expose();
                self.contacts.insert(id.to_string(), name.clone());
            }
            Change::ContactDeleted(id) => drop(self.contacts.remove(id.as_str())),
            other => panic!("nothing draws {other:?}"),
        }
    }

    /// The whole, drawn from scratch.
    fn of(truth: &Snapshot) -> Self {
        let mut state = State::new();
        let mut screen = Self::default();
        for change in state.replace(truth.clone()) {
            screen.redraw(&state, &change);
        }
        screen
    }
}

fn put<T>(all: &mut Vec<T>, one: T, same: impl Fn(&T, &T) -> bool) {
    match all.iter_mut().find(|known| same(known, &one)) {
        Some(known) => *known = one,
        None => all.push(one),
    }
}

fn call(which: u8, rev: Rev, local: ConnectionState) -> Call {
    Call {
        id: CallId::new(format!("c{which}")).unwrap(),
        rev,
        direction: CallDirection::Incoming,
        device: DeviceKind::Voip,
        local,
        remote: Connection {
            party: Party {
                number: PhoneNumber::new("321").unwrap(),
                name: None,
                user: None,
            },
            state: ConnectionState::Connected,
        },
        members: Vec::new(),
        started: Timestamp(0),
        answered: None,
        cause: None,
    }
}

fn conversation(which: u8, rev: Rev, unread: u8) -> Conversation {
    Conversation {
        id: ConversationId::new(format!("v{which}")).unwrap(),
        rev,
        contact: None,
        number: PhoneNumber::new("321").unwrap(),
        name: None,
        unread: u32::from(unread),
        entries: Vec::new(),
    }
}

fn contact(which: u8, rev: Rev, name: u8) -> KnownContact {
    let contact = Contact {
        id: ContactId::new(format!("f{which}")).unwrap(),
        directory: Directory::Personal,
        first_name: String::new().into(),
        last_name: name.to_string().into(),
        numbers: Vec::new(),
        email: None,
        user: None,
    };
    KnownContact {
        rev,
        contact,
        origin: None,
    }
}

fn deeds() -> impl Strategy<Value = Deed> {
    prop_oneof![
        (0..4_u8, 0..11_u8).prop_map(|(who, what)| Deed::Presence(who, what)),
        (0..4_u8, any::<u8>()).prop_map(|(who, what)| Deed::Line(who, what)),
        (0..4_u8, any::<u8>()).prop_map(|(which, what)| Deed::Call(which, what)),
        (0..4_u8).prop_map(Deed::Hangup),
        (0..4_u8, 0..3_u8).prop_map(|(which, unread)| Deed::Conversation(which, unread)),
        (0..4_u8).prop_map(Deed::Delete),
        (0..4_u8).prop_map(Deed::Favourite),
        (0..4_u8, 0..3_u8).prop_map(|(which, name)| Deed::Contact(which, name)),
        (0..4_u8).prop_map(Deed::DeleteContact),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let client = 0..2_usize;
    let step = prop_oneof![
        8 => deeds().prop_map(Step::Do),
        8 => (client.clone(), 0..6_usize).prop_map(|(client, which)| Step::Arrive(client, which)),
        2 => (client.clone(), 0..6_usize).prop_map(|(client, which)| Step::Repeat(client, which)),
        1 => client.clone().prop_map(Step::Cut),
        3 => client.clone().prop_map(Step::Connect),
        3 => client.clone().prop_map(Step::Answer),
        3 => client.prop_map(Step::Arrived),
        1 => any::<bool>().prop_map(Step::Restart),
    ];
    proptest::collection::vec(step, 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn two_clients_and_the_server_converge(steps in steps()) {
        let mut server = Server::default();
        let mut clients = [Client::default(), Client::default()];
        for step in steps {
            match step {
                Step::Do(deed) => {
                    let update = server.perform(deed);
                    for client in clients.iter_mut().filter(|client| client.connected) {
                        client.events.push_back(update.clone());
                    }
                }
                Step::Arrive(client, which) => clients[client].take(which),
                Step::Repeat(client, which) => {
                    let events = &mut clients[client].events;
                    events.extend(events.get(which).cloned());
                }
                Step::Cut(client) => clients[client].cut(),
                Step::Connect(client) => clients[client].connect(),
                Step::Answer(client) => clients[client].answered(&server),
                Step::Arrived(client) => clients[client].arrived(),
                Step::Restart(anew) => {
                    clients.iter_mut().for_each(Client::cut);
                    if anew {
                        server.renumber();
                    }
                }
            }
        }
        let truth = Screen::of(&server.truth);
        for client in &mut clients {
            client.settle(&server);
            prop_assert_eq!(&client.screen, &truth, "what the screen shows");
            let mut whole = State::new();
            whole.replace(server.truth.clone());
            prop_assert_eq!(client.state.changes_since(&whole), [], "what the client knows");
        }
    }
}
