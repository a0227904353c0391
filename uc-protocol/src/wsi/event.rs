use std::fmt;

use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};
use serde_json::{Map, Value};

use super::{Name, Names, PersonPresence, WsiError, presence::Presence};
use crate::{
    limits::{MAX_ID_BYTES, MAX_NUMBER_BYTES, MAX_WSI_EVENTS},
    ucx::{Cause, decode_json},
};

/// What the long poll tells.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Something happened to a call.
    Call(CallEvent),
    /// Somebody's line.
    Hook(Vec<Hook>),
    /// Somebody's presence. Empty where the server doesn't say whose: ask for all.
    Presence(Vec<PersonPresence>),
    /// The state of a device has changed (`DevStateChange`); what it says more isn't known.
    Device,
    /// An event of another type.
    Other,
    /// An event that can't be read.
    Unreadable,
}

/// An event of a call. Everything but its kind and device is inferred, and may be missing.
///
/// `Debug` shows no numbers.
#[derive(Clone, PartialEq, Eq)]
pub struct CallEvent {
    /// What happened.
    pub kind: CallEventKind,
    /// The device that tells.
    pub device: String,
    /// The call.
    pub call: Option<String>,
    /// Who calls.
    pub calling: Option<String>,
    /// Who is called.
    pub called: Option<String>,
    /// Who has done it: holds, retrieves, hangs up.
    pub by: Option<String>,
    /// Why, where it is a cause that is known.
    pub cause: Option<Cause>,
}

/// What happened to a call (ECMA-269).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CallEventKind {
    /// The receiver is off the hook.
    ServiceInitiated,
    /// It rings.
    Delivered,
    /// It was answered.
    Established,
    /// It was put on hold (inferred).
    Held,
    /// It was taken off hold (inferred).
    Retrieved,
    /// Somebody hung up.
    ConnectionCleared,
    /// It waits.
    Queued,
}

/// Somebody's line, in the server's words: which values there are isn't known.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// Whose.
    #[serde(rename = "deviceID")]
    pub device: String,
    /// On or off the hook.
    pub hook: String,
    /// Who called whom.
    pub inout: String,
    /// Inside or outside.
    pub intext: String,
}

impl fmt::Debug for CallEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallEvent")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook").finish_non_exhaustive()
    }
}

/// Reads an answer of the long poll. An empty one means that nothing happened. An event that can't
/// be read is [`Event::Unreadable`]; those around it are kept.
///
/// # Errors
/// See [`WsiError`].
pub fn decode_events(bytes: &[u8], names: &Names) -> Result<Vec<Event>, WsiError> {
    if bytes.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let poll: Poll = decode_json(bytes)?;
    if poll.events.len() > MAX_WSI_EVENTS {
        return Err(WsiError::Shape("no more events than are allowed"));
    }
    let events = poll.events.into_iter();
    Ok(events
        .map(|event| read(event, names).unwrap_or(Event::Unreadable))
        .collect())
}

/// Writes an answer of the long poll; no events are an empty one.
pub fn encode_events(events: &[Event], names: &Names) -> Vec<u8> {
    if events.is_empty() {
        return Vec::new();
    }
    let written = events.iter().filter(|event| **event != Event::Unreadable);
    let events = written.map(|event| write(event, names)).collect();
    let poll = Fields(vec![("events", Json::List(events))]);
    serde_json::to_vec(&poll).expect("texts and lists of texts can be written")
}

#[derive(Deserialize)]
struct Poll {
    events: Vec<Map<String, Value>>,
}

fn read(event: Map<String, Value>, names: &Names) -> Option<Event> {
    let kind = event.get("type")?.as_str()?;
    if let Some(kind) = kind_of(kind, names) {
        return read_call(kind, &event, names).map(Event::Call);
    }
    let list = |name: &str| event.get("jsonEvent")?.get(name)?.as_array();
    Some(match kind {
        "HookEvent" => {
            let hooks = list("HookEvent")?.iter().map(Hook::deserialize);
            Event::Hook(hooks.collect::<Result<_, _>>().ok()?)
        }
        "PresenceEvent" => {
            let people = list(names.of(Name::PresenceList));
            let people = people.and_then(|people| {
                let people = people.iter().map(|person| read_person(person, names));
                people.collect()
            });
            Event::Presence(people.unwrap_or_default())
        }
        "DevStateChange" => Event::Device,
        _ => Event::Other,
    })
}

fn read_call(kind: CallEventKind, event: &Map<String, Value>, names: &Names) -> Option<CallEvent> {
    let text = |name: &str, limit: usize| {
        let text = event.get(name)?.as_str()?;
        (1..=limit).contains(&text.len()).then(|| text.to_owned())
    };
    Some(CallEvent {
        kind,
        device: text("deviceID", MAX_NUMBER_BYTES)?,
        call: text(names.of(Name::CallId), MAX_ID_BYTES),
        calling: text(names.of(Name::CallingDevice), MAX_NUMBER_BYTES),
        called: text(names.of(Name::CalledDevice), MAX_NUMBER_BYTES),
        by: actor(kind).and_then(|name| text(names.of(name), MAX_NUMBER_BYTES)),
        cause: text(names.of(Name::Cause), MAX_ID_BYTES)
            .and_then(|cause| names.find(&cause, CAUSES)),
    })
}

fn read_person(person: &Value, names: &Names) -> Option<PersonPresence> {
    let user = person.get(names.of(Name::PresenceEventUser))?.as_str()?;
    let state = person.get(names.of(Name::PresenceEventState))?;
    let state = match state {
        Value::Number(number) => number.to_string(),
        other => other.as_str()?.to_owned(),
    };
    (1..=MAX_ID_BYTES).contains(&user.len()).then_some(())?;
    Some(PersonPresence {
        user: user.to_owned(),
        presence: Presence::from_digits(&state)?,
    })
}

fn write<'a>(event: &'a Event, names: &'a Names) -> Json<'a> {
    let listed = |kind: &'a str, list: &'a str, items| {
        let inner = Json::Object(Fields(vec![(list, Json::List(items))]));
        Json::Object(Fields(vec![
            ("type", Json::Text(kind.into())),
            ("jsonEvent", inner),
        ]))
    };
    match event {
        Event::Call(call) => Json::Object(write_call(call, names)),
        Event::Hook(hooks) => {
            let hooks = hooks.iter().map(Json::Hook).collect();
            listed("HookEvent", "HookEvent", hooks)
        }
        Event::Presence(people) => {
            let person = |person: &'a PersonPresence| {
                let state = person.presence.number().to_string();
                Json::Object(Fields(vec![
                    (names.of(Name::PresenceEventUser), text(&person.user)),
                    (names.of(Name::PresenceEventState), Json::Text(state.into())),
                ]))
            };
            let people = people.iter().map(person).collect();
            listed("PresenceEvent", names.of(Name::PresenceList), people)
        }
        Event::Device => Json::Object(Fields(vec![("type", text("DevStateChange"))])),
        Event::Other | Event::Unreadable => {
            Json::Object(Fields(vec![("type", text("AgentState"))]))
        }
    }
}

fn write_call<'a>(event: &'a CallEvent, names: &'a Names) -> Fields<'a> {
    let mut fields = vec![
        ("type", text(type_of(event.kind, names))),
        ("deviceID", text(&event.device)),
    ];
    let mut add = |name: &'a str, value: Option<&'a str>| {
        if let Some(value) = value {
            fields.push((name, text(value)));
        }
    };
    add(names.of(Name::CallId), event.call.as_deref());
    add(names.of(Name::CallingDevice), event.calling.as_deref());
    add(names.of(Name::CalledDevice), event.called.as_deref());
    if let Some(actor) = actor(event.kind) {
        add(names.of(actor), event.by.as_deref());
    }
    let cause = event.cause.as_ref();
    let cause = cause.map(|cause| names.text(cause, CAUSES));
    add(
        names.of(Name::Cause),
        cause.filter(|cause| !cause.is_empty()),
    );
    Fields(fields)
}

/// JSON whose fields keep their order, as they were seen.
struct Fields<'a>(Vec<(&'a str, Json<'a>)>);

enum Json<'a> {
    Text(std::borrow::Cow<'a, str>),
    Hook(&'a Hook),
    Object(Fields<'a>),
    List(Vec<Json<'a>>),
}

fn text(text: &str) -> Json<'_> {
    Json::Text(text.into())
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => text.serialize(serializer),
            Self::Hook(hook) => hook.serialize(serializer),
            Self::Object(fields) => fields.serialize(serializer),
            Self::List(items) => items.serialize(serializer),
        }
    }
}

/// Who has done what an event tells.
const fn actor(kind: CallEventKind) -> Option<Name> {
    match kind {
        CallEventKind::Held => Some(Name::HoldingDevice),
        CallEventKind::Retrieved => Some(Name::RetrievingDevice),
        CallEventKind::ConnectionCleared => Some(Name::ReleasingDevice),
        CallEventKind::ServiceInitiated
        | CallEventKind::Delivered
        | CallEventKind::Established
        | CallEventKind::Queued => None,
    }
}

fn type_of(kind: CallEventKind, names: &Names) -> &str {
    match kind {
        CallEventKind::ServiceInitiated => "ServiceInitiatedEvent",
        CallEventKind::Delivered => "DeliveredEvent",
        CallEventKind::Established => "EstablishedEvent",
        CallEventKind::Held => names.of(Name::HeldEvent),
        CallEventKind::Retrieved => names.of(Name::RetrievedEvent),
        CallEventKind::ConnectionCleared => "ConnectionClearedEvent",
        CallEventKind::Queued => "QueuedEvent",
    }
}

fn kind_of(text: &str, names: &Names) -> Option<CallEventKind> {
    Some(match text {
        "ServiceInitiatedEvent" => CallEventKind::ServiceInitiated,
        "DeliveredEvent" => CallEventKind::Delivered,
        "EstablishedEvent" => CallEventKind::Established,
        "ConnectionClearedEvent" => CallEventKind::ConnectionCleared,
        "QueuedEvent" => CallEventKind::Queued,
        other => return names.find(other, INFERRED_KINDS),
    })
}

const CAUSES: &[(Name, Cause)] = &[
    (Name::CauseNormal, Cause::Normal),
    (Name::CauseBusy, Cause::Busy),
    (Name::CauseRejected, Cause::Rejected),
    (Name::CauseNotAnswered, Cause::NoAnswer),
    (Name::CauseCancelled, Cause::Cancelled),
    (Name::CauseUnallocated, Cause::NoSuchNumber),
    (Name::CauseNotObtainable, Cause::Unreachable),
    (Name::CauseElsewhere, Cause::AnsweredElsewhere),
];

const INFERRED_KINDS: &[(Name, CallEventKind)] = &[
    (Name::HeldEvent, CallEventKind::Held),
    (Name::RetrievedEvent, CallEventKind::Retrieved),
];
