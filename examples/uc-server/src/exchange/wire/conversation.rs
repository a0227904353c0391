use uc_model::{
    CallDirection, CallOutcome, CallRoute, ChatMessage, ContactId, Conversation, ConversationEntry,
    ConversationId, Delivery, EntryId, MessageText, PhoneNumber, Rev, Timestamp,
};
use uc_protocol::ucx::{self, ConversationResource, Direction, Message, Party};

use crate::exchange::directory;

/// A conversation as clients see it; `user` is the user behind it.
pub(in crate::exchange) fn write_conversation(
    conversation: &Conversation,
    user: Option<String>,
) -> ConversationResource {
    ConversationResource {
        id: conversation.id.to_string(),
        rev: conversation.rev.0,
        party: Party {
            number: conversation.number.as_str().to_owned(),
            name: conversation.name.as_ref().map(|name| name.expose().clone()),
            user,
        },
        contact: conversation.contact.as_ref().map(ToString::to_string),
        unread: conversation.unread,
        entries: newest_within(&conversation.entries, MAX_TEXT)
            .iter()
            .filter_map(write_entry)
            .collect(),
    }
}

/// A conversation that was kept; `None` where it is none any more.
pub(in crate::exchange) fn read_conversation(
    resource: ConversationResource,
) -> Option<Conversation> {
    let contact = resource.contact.and_then(|id| ContactId::new(id).ok());
    let user = resource.party.user.as_deref();
    let entries = resource.entries.into_iter();
    Some(Conversation {
        id: ConversationId::new(resource.id).ok()?,
        rev: Rev(resource.rev),
        contact: contact.or_else(|| directory::contact_id(user?)),
        number: PhoneNumber::new(resource.party.number).ok()?,
        name: resource.party.name.map(Into::into),
        unread: resource.unread,
        entries: entries.map(read_entry).collect::<Option<_>>()?,
    })
}

fn write_entry(entry: &ConversationEntry) -> Option<ucx::ConversationEntry> {
    match entry {
        ConversationEntry::Call {
            id,
            direction,
            outcome,
            route,
            at,
            duration_s,
        } => Some(ucx::ConversationEntry::Call {
            id: id.to_string(),
            direction: write_direction(*direction),
            outcome: match outcome {
                CallOutcome::Answered => ucx::CallOutcome::Answered,
                _ => ucx::CallOutcome::Unanswered,
            },
            route: write_route(*route),
            at: at.0,
            duration_s: *duration_s,
        }),
        ConversationEntry::Message(message) => Some(ucx::ConversationEntry::Message(Message {
            id: message.id.to_string(),
            direction: write_direction(message.direction),
            at: message.at.0,
            text: message.text.expose().to_owned(),
            delivery: match message.delivery {
                Delivery::Delivered => ucx::Delivery::Delivered,
                _ => ucx::Delivery::Sent,
            },
        })),
        _ => None,
    }
}

/// As many of the newest entries as don't have more text than that.
fn newest_within(entries: &[ConversationEntry], most: usize) -> &[ConversationEntry] {
    let mut left = most;
    let text = |entry: &ConversationEntry| match entry {
        ConversationEntry::Message(message) => message.text.expose().len(),
        _ => 0,
    };
    let older = entries
        .iter()
        .rposition(|entry| match left.checked_sub(text(entry)) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        });
    &entries[older.map_or(0, |older| older + 1)..]
}

fn read_entry(entry: ucx::ConversationEntry) -> Option<ConversationEntry> {
    match entry {
        ucx::ConversationEntry::Call {
            id,
            direction,
            outcome,
            route,
            at,
            duration_s,
        } => Some(ConversationEntry::Call {
            id: EntryId::new(id).ok()?,
            direction: read_direction(direction),
            outcome: match outcome {
                ucx::CallOutcome::Answered => CallOutcome::Answered,
                _ => CallOutcome::Unanswered,
            },
            route: read_route(route),
            at: Timestamp(at),
            duration_s,
        }),
        ucx::ConversationEntry::Message(message) => Some(ConversationEntry::Message(ChatMessage {
            id: EntryId::new(message.id).ok()?,
            direction: read_direction(message.direction),
            at: Timestamp(message.at),
            text: MessageText::new(message.text).ok()?,
            delivery: match message.delivery {
                ucx::Delivery::Delivered => Delivery::Delivered,
                _ => Delivery::Sent,
            },
        })),
        _ => None,
    }
}

/// Bytes of text in one conversation: with everything around it, and each quote escaped, below
/// what an event may hold.
const MAX_TEXT: usize = 96 * 1024;

const fn write_direction(direction: CallDirection) -> Direction {
    match direction {
        CallDirection::Incoming => Direction::Incoming,
        CallDirection::Outgoing => Direction::Outgoing,
    }
}

pub(in crate::exchange) const fn read_direction(direction: Direction) -> CallDirection {
    match direction {
        Direction::Incoming => CallDirection::Incoming,
        Direction::Outgoing => CallDirection::Outgoing,
    }
}

const fn write_route(route: CallRoute) -> ucx::CallRoute {
    match route {
        CallRoute::Group => ucx::CallRoute::Group,
        CallRoute::TransferredOrPickedUp => ucx::CallRoute::TransferredOrPickedUp,
        _ => ucx::CallRoute::Direct,
    }
}

pub(in crate::exchange) const fn read_route(route: ucx::CallRoute) -> CallRoute {
    match route {
        ucx::CallRoute::Group => CallRoute::Group,
        ucx::CallRoute::TransferredOrPickedUp => CallRoute::TransferredOrPickedUp,
        _ => CallRoute::Direct,
    }
}
