//! Conversations as they are kept.

use serde::{Deserialize, Serialize};
use uc_model::{
    CallDirection, CallOutcome, CallRoute, ChatMessage, ContactId, Conversation, ConversationEntry,
    ConversationId, Delivery, DeliveryFailure, EntryId, MessageText, PhoneNumber, Redacted, Rev,
    Timestamp,
};

use super::CacheError;

#[derive(Serialize, Deserialize)]
pub(super) struct ConversationRow {
    id: String,
    rev: u64,
    contact: Option<String>,
    number: String,
    name: Option<String>,
    unread: u32,
    entries: Vec<EntryRow>,
}

/// Short names: a conversation has up to a thousand of these. The kind is outside: as a tag
/// inside it takes half as long again until a history is shown (`cargo xtask bench model`).
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum EntryRow {
    Call {
        id: String,
        #[serde(rename = "in")]
        incoming: bool,
        #[serde(rename = "ok")]
        answered: bool,
        #[serde(default, rename = "r", skip_serializing_if = "Route::is_direct")]
        route: Route,
        at: i64,
        #[serde(rename = "s")]
        seconds: u32,
    },
    Message {
        id: String,
        #[serde(rename = "in")]
        incoming: bool,
        at: i64,
        text: String,
        delivery: Stage,
    },
}

#[derive(Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Route {
    #[default]
    Direct,
    Group,
    TransferredOrPickedUp,
}

#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stage {
    Waiting,
    Sending,
    Sent,
    Delivered,
    Unreachable,
    NoReceiver,
    Refused,
    ChatOff,
    TimedOut,
}

impl Route {
    fn is_direct(&self) -> bool {
        *self == Self::Direct
    }
}

/// One conversation, without its messages where no `texts` shall be kept; an entry of a kind that
/// is not known here is left out.
pub(super) fn write(conversation: &Conversation, texts: bool) -> ConversationRow {
    let is_kept = |entry: &&ConversationEntry| match entry {
        ConversationEntry::Message(_) => texts,
        _ => true,
    };
    let contact = conversation.contact.as_ref();
    let name = conversation.name.as_ref();
    ConversationRow {
        id: conversation.id.to_string(),
        rev: conversation.rev.0,
        contact: contact.map(ToString::to_string),
        number: conversation.number.as_str().to_owned(),
        name: name.map(|name| name.expose().clone()),
        unread: conversation.unread,
        entries: conversation
            .entries
            .iter()
            .filter(is_kept)
            .filter_map(write_entry)
            .collect(),
    }
}

pub(super) fn write_entry(entry: &ConversationEntry) -> Option<EntryRow> {
    Some(match entry {
        ConversationEntry::Call {
            id,
            direction,
            outcome,
            route,
            at,
            duration_s,
        } => EntryRow::Call {
            id: id.to_string(),
            incoming: *direction == CallDirection::Incoming,
            answered: *outcome == CallOutcome::Answered,
            route: pick(&ROUTES, |(_, known)| known == route)?.0,
            at: at.0,
            seconds: *duration_s,
        },
        ConversationEntry::Message(message) => EntryRow::Message {
            id: message.id.to_string(),
            incoming: message.direction == CallDirection::Incoming,
            at: message.at.0,
            text: message.text.expose().to_owned(),
            delivery: pick(&STAGES, |(_, known)| *known == message.delivery)?.0,
        },
        _ => return None,
    })
}

pub(super) fn read(row: ConversationRow) -> Result<Conversation, CacheError> {
    read_row(row).ok_or(CacheError::Unreadable)
}

fn read_row(row: ConversationRow) -> Option<Conversation> {
    Some(Conversation {
        id: ConversationId::new(row.id).ok()?,
        rev: Rev(row.rev),
        contact: row.contact.map(ContactId::new).transpose().ok()?,
        number: PhoneNumber::new(row.number).ok()?,
        name: row.name.map(Redacted::new),
        unread: row.unread,
        entries: row
            .entries
            .into_iter()
            .map(read_entry)
            .collect::<Option<_>>()?,
    })
}

pub(super) fn read_entry(row: EntryRow) -> Option<ConversationEntry> {
    Some(match row {
        EntryRow::Call {
            id,
            incoming,
            answered,
            route,
            at,
            seconds,
        } => ConversationEntry::Call {
            id: EntryId::new(id).ok()?,
            direction: direction(incoming),
            outcome: match answered {
                true => CallOutcome::Answered,
                false => CallOutcome::Unanswered,
            },
            route: pick(&ROUTES, |(known, _)| *known == route)?.1,
            at: Timestamp(at),
            duration_s: seconds,
        },
        EntryRow::Message {
            id,
            incoming,
            at,
            text,
            delivery,
        } => ConversationEntry::Message(ChatMessage {
            id: EntryId::new(id).ok()?,
            direction: direction(incoming),
            at: Timestamp(at),
            text: MessageText::new(text).ok()?,
            delivery: pick(&STAGES, |(known, _)| *known == delivery)?.1,
        }),
    })
}

const fn direction(incoming: bool) -> CallDirection {
    match incoming {
        true => CallDirection::Incoming,
        false => CallDirection::Outgoing,
    }
}

fn pick<T: Copy>(table: &[T], wanted: impl Fn(&T) -> bool) -> Option<T> {
    table.iter().copied().find(|entry| wanted(entry))
}

const ROUTES: [(Route, CallRoute); 3] = [
    (Route::Direct, CallRoute::Direct),
    (Route::Group, CallRoute::Group),
    (
        Route::TransferredOrPickedUp,
        CallRoute::TransferredOrPickedUp,
    ),
];

const STAGES: [(Stage, Delivery); 9] = [
    (Stage::Waiting, Delivery::Waiting),
    (Stage::Sending, Delivery::Sending),
    (Stage::Sent, Delivery::Sent),
    (Stage::Delivered, Delivery::Delivered),
    (
        Stage::Unreachable,
        Delivery::Failed(DeliveryFailure::Unreachable),
    ),
    (
        Stage::NoReceiver,
        Delivery::Failed(DeliveryFailure::NoReceiver),
    ),
    (Stage::Refused, Delivery::Failed(DeliveryFailure::Refused)),
    (Stage::ChatOff, Delivery::Failed(DeliveryFailure::ChatOff)),
    (Stage::TimedOut, Delivery::Failed(DeliveryFailure::TimedOut)),
];
