use uc_model::{
    CallDirection, CallOutcome, CallRoute, ContactId, Conversation, ConversationEntry,
    ConversationId, EntryId, PhoneNumber, Rev, Timestamp,
};
use uc_protocol::ucx::{self, ConversationResource, Direction, Party};

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
        entries: conversation
            .entries
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
            at,
            duration_s,
            ..
        } => Some(ucx::ConversationEntry::Call {
            id: id.to_string(),
            direction: write_direction(*direction),
            outcome: match outcome {
                CallOutcome::Answered => ucx::CallOutcome::Answered,
                _ => ucx::CallOutcome::Unanswered,
            },
            at: at.0,
            duration_s: *duration_s,
        }),
        _ => None,
    }
}

fn read_entry(entry: ucx::ConversationEntry) -> Option<ConversationEntry> {
    match entry {
        ucx::ConversationEntry::Call {
            id,
            direction,
            outcome,
            at,
            duration_s,
        } => Some(ConversationEntry::Call {
            id: EntryId::new(id).ok()?,
            direction: read_direction(direction),
            outcome: match outcome {
                ucx::CallOutcome::Answered => CallOutcome::Answered,
                _ => CallOutcome::Unanswered,
            },
            route: CallRoute::Direct,
            at: Timestamp(at),
            duration_s,
        }),
        _ => None,
    }
}

const fn write_direction(direction: CallDirection) -> Direction {
    match direction {
        CallDirection::Incoming => Direction::Incoming,
        CallDirection::Outgoing => Direction::Outgoing,
    }
}

const fn read_direction(direction: Direction) -> CallDirection {
    match direction {
        Direction::Incoming => CallDirection::Incoming,
        Direction::Outgoing => CallDirection::Outgoing,
    }
}
