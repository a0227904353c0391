//! A person's day: calls, colleagues, favourites, conversations.

use std::sync::Arc;

use ratatui::{
    Terminal,
    backend::TestBackend,
    crossterm::event::{KeyCode, KeyEvent, KeyModifiers},
};
use uc_model::{
    Call, CallDirection, CallId, CallOutcome, CallRoute, ConnectionState, Conversation,
    ConversationEntry, ConversationId, DeviceKind, EntryId, LineState, Party, PhoneNumber,
    Presence, PresenceState, Redacted, Rev, Timestamp,
};
use uc_session::{CallStatus, Connection, Sound};

use super::super::{
    draw::draw,
    phone::{Effect, Input, Phone},
    popup::Request,
    scene::{Person, Scene},
};

pub(super) use ConnectionState::{Alerting, Connected, Hold};

pub(super) fn number(text: &str) -> PhoneNumber {
    PhoneNumber::new(text).unwrap()
}

pub(super) fn id(text: &str) -> CallId {
    CallId::new(text).unwrap()
}

/// A call with Bruno.
pub(super) fn call(name: &str, local: ConnectionState, remote: ConnectionState) -> CallStatus {
    let party = Party {
        number: number("331"),
        name: Some("Bruno Birke".to_owned().into()),
        user: None,
    };
    let call = Call {
        id: id(name),
        rev: Rev(1),
        direction: match local {
            Alerting => CallDirection::Incoming,
            _ => CallDirection::Outgoing,
        },
        device: DeviceKind::Voip,
        local,
        remote: uc_model::Connection {
            party,
            state: remote,
        },
        members: Vec::new(),
        started: Timestamp(0),
        answered: None,
        cause: None,
    };
    CallStatus {
        call,
        sound: match local {
            Alerting => Sound::Elsewhere,
            _ => Sound::Connected,
        },
        muted: false,
    }
}

pub(super) fn person(name: &str, of: &str, state: PresenceState) -> Person {
    Person {
        name: Redacted::new(name.to_owned()),
        number: Some(number(of)),
        presence: Some(Presence::of(state)),
        line: LineState::Idle,
    }
}

fn conversation(name: &str, of: &str, unread: u32) -> Arc<Conversation> {
    let entry = ConversationEntry::Call {
        id: EntryId::new("e1").unwrap(),
        direction: CallDirection::Incoming,
        outcome: CallOutcome::Unanswered,
        route: CallRoute::Direct,
        at: Timestamp(1_796_043_600_000),
        duration_s: 0,
    };
    Arc::new(Conversation {
        id: ConversationId::new(format!("with-{of}")).unwrap(),
        rev: Rev(1),
        contact: None,
        number: number(of),
        name: Some(Redacted::new(name.to_owned())),
        unread,
        entries: vec![entry],
    })
}

/// Rosa's, with these calls.
pub(super) fn scene(calls: impl IntoIterator<Item = CallStatus>) -> Scene {
    let bruno = person("Bruno Birke", "331", PresenceState::Office);
    let clara = person("Clara Eiche", "332", PresenceState::Meeting);
    let david = person("David Fichte", "333", PresenceState::DoNotDisturb);
    Scene {
        me: Redacted::new("Rosa Ahorn 330".to_owned()),
        presence: Some(Presence::of(PresenceState::Office)),
        connection: Connection::Live,
        calls: calls.into_iter().map(Arc::new).collect(),
        people: vec![bruno.clone(), clara.clone(), david],
        favourites: vec![
            ("Team".to_owned(), vec![clara]),
            ("Support".to_owned(), vec![bruno]),
        ],
        conversations: vec![
            conversation("Clara Eiche", "332", 2),
            conversation("Bruno Birke", "331", 0),
        ],
        unread: 2,
        picks_up: true,
        presence_choices: vec![
            PresenceState::Office,
            PresenceState::Meeting,
            PresenceState::Lunch,
        ],
        redial: vec![number("332"), number("+49 89 700798765")],
        ..Scene::default()
    }
}

/// A telephone that shows this.
pub(super) fn phone(scene: Scene) -> Phone {
    let mut phone = Phone::default();
    phone.handle(Input::Scene(Box::new(scene)));
    phone
}

pub(super) fn press(phone: &mut Phone, code: KeyCode) -> Option<Effect> {
    phone.handle(Input::Key(KeyEvent::new(code, KeyModifiers::NONE)))
}

/// Presses these keys one after the other; gives what came of the last.
pub(super) fn typed(phone: &mut Phone, keys: &str) -> Option<Effect> {
    let mut keys = keys.chars();
    let last = keys.next_back()?;
    for key in keys {
        press(phone, KeyCode::Char(key));
    }
    press(phone, KeyCode::Char(last))
}

/// What the last key asks of the client.
pub(super) fn asked(effect: Option<Effect>) -> Request {
    match effect {
        Some(Effect::Ask(request)) => request,
        other => panic!("{other:?} asks for nothing"),
    }
}

/// What stands on a terminal of this size.
pub(super) fn picture(phone: &Phone, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, phone)).unwrap();
    terminal.backend().to_string()
}
