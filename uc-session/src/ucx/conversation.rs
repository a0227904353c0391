//! Conversations: `uc_protocol`'s resource and `uc_model`'s value.

use uc_model::{
    CallOutcome, CallRoute, ChatMessage, ContactId, Conversation, ConversationEntry,
    ConversationId, Delivery, EntryId, MessageText, Rev, Timestamp,
};
use uc_protocol::ucx as wire;

use super::{Unreadable, call};

/// One conversation.
pub(super) fn read(resource: wire::ConversationResource) -> Result<Conversation, Unreadable> {
    let party = call::read_party(resource.party)?;
    Ok(Conversation {
        id: ConversationId::new(resource.id)?,
        rev: Rev(resource.rev),
        contact: resource.contact.map(ContactId::new).transpose()?,
        number: party.number,
        name: party.name,
        unread: resource.unread,
        entries: resource
            .entries
            .into_iter()
            .map(read_entry)
            .collect::<Result<_, _>>()?,
    })
}

fn read_entry(entry: wire::ConversationEntry) -> Result<ConversationEntry, Unreadable> {
    match entry {
        wire::ConversationEntry::Call {
            id,
            direction,
            outcome,
            route,
            at,
            duration_s,
        } => Ok(ConversationEntry::Call {
            id: EntryId::new(id)?,
            direction: call::read_direction(direction),
            outcome: read_outcome(outcome)?,
            route: read_route(route)?,
            at: Timestamp(at),
            duration_s,
        }),
        wire::ConversationEntry::Message(message) => Ok(ConversationEntry::Message(ChatMessage {
            id: EntryId::new(message.id)?,
            direction: call::read_direction(message.direction),
            at: Timestamp(message.at),
            text: MessageText::new(message.text).map_err(|_| Unreadable)?,
            delivery: match message.delivery {
                wire::Delivery::Delivered => Delivery::Delivered,
                _ => Delivery::Sent,
            },
        })),
        _ => Err(Unreadable),
    }
}

fn read_route(route: wire::CallRoute) -> Result<CallRoute, Unreadable> {
    Ok(match route {
        wire::CallRoute::Direct => CallRoute::Direct,
        wire::CallRoute::Group => CallRoute::Group,
        wire::CallRoute::TransferredOrPickedUp => CallRoute::TransferredOrPickedUp,
        _ => return Err(Unreadable),
    })
}

fn read_outcome(outcome: wire::CallOutcome) -> Result<CallOutcome, Unreadable> {
    Ok(match outcome {
        wire::CallOutcome::Answered => CallOutcome::Answered,
        wire::CallOutcome::Unanswered => CallOutcome::Unanswered,
        _ => return Err(Unreadable),
    })
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, option, prelude::*, sample::select};
    use uc_model::Party;

    use super::*;
    use crate::ucx::{call::tests as calls, sample};

    prop_compose! {
        fn entries()(
            id in sample::id(),
            direction in calls::directions(),
            answered: bool,
            route in select(ROUTES.map(|(model, _)| model).to_vec()),
            at: i64,
            duration_s: u32,
        ) -> ConversationEntry {
            ConversationEntry::Call {
                id: EntryId::new(id).unwrap(),
                direction,
                outcome: if answered { CallOutcome::Answered } else { CallOutcome::Unanswered },
                route,
                at: Timestamp(at),
                duration_s,
            }
        }
    }

    prop_compose! {
        fn messages()(
            id in sample::id(),
            direction in calls::directions(),
            at: i64,
            text in "[a-z👍ש]{1,20}",
            delivered: bool,
        ) -> ConversationEntry {
            let delivery = if delivered { Delivery::Delivered } else { Delivery::Sent };
            ConversationEntry::Message(ChatMessage {
                id: EntryId::new(id).unwrap(),
                direction,
                at: Timestamp(at),
                text: MessageText::new(text).unwrap(),
                delivery,
            })
        }
    }

    prop_compose! {
        fn conversations()(
            id in sample::id(),
            rev: u64,
            party in calls::parties(),
            contact in option::of(sample::id()),
            unread: u32,
            entries in vec(prop_oneof![entries(), messages()], 0..5),
        ) -> Conversation {
            let Party { number, name, .. } = party;
            let id = ConversationId::new(id).unwrap();
            let contact = contact.map(|id| ContactId::new(id).unwrap());
            Conversation { id, rev: Rev(rev), contact, number, name, unread, entries }
        }
    }

    fn write_entry(entry: &ConversationEntry) -> wire::ConversationEntry {
        if let ConversationEntry::Message(message) = entry {
            return wire::ConversationEntry::Message(wire::Message {
                id: message.id.to_string(),
                direction: calls::write_direction(message.direction),
                at: message.at.0,
                text: message.text.expose().to_owned(),
                delivery: match message.delivery {
                    Delivery::Delivered => wire::Delivery::Delivered,
                    _ => wire::Delivery::Sent,
                },
            });
        }
        let ConversationEntry::Call {
            id,
            direction,
            outcome,
            route,
            at,
            duration_s,
        } = entry
        else {
            unreachable!("there are calls and messages");
        };
        wire::ConversationEntry::Call {
            id: id.to_string(),
            direction: calls::write_direction(*direction),
            outcome: match outcome {
                CallOutcome::Answered => wire::CallOutcome::Answered,
                _ => wire::CallOutcome::Unanswered,
            },
            route: write_route(*route),
            at: at.0,
            duration_s: *duration_s,
        }
    }

    fn write_route(route: CallRoute) -> wire::CallRoute {
        let known = ROUTES.into_iter().find(|(model, _)| *model == route);
        known.expect("all routes are listed").1
    }

    const ROUTES: [(CallRoute, wire::CallRoute); 3] = [
        (CallRoute::Direct, wire::CallRoute::Direct),
        (CallRoute::Group, wire::CallRoute::Group),
        (
            CallRoute::TransferredOrPickedUp,
            wire::CallRoute::TransferredOrPickedUp,
        ),
    ];

    fn write(conversation: &Conversation) -> wire::ConversationResource {
        wire::ConversationResource {
            id: conversation.id.to_string(),
            rev: conversation.rev.0,
            party: wire::Party {
                number: conversation.number.as_str().into(),
                name: conversation.name.as_ref().map(|name| name.expose().clone()),
                user: None,
            },
            contact: conversation.contact.as_ref().map(ToString::to_string),
            unread: conversation.unread,
            entries: conversation.entries.iter().map(write_entry).collect(),
        }
    }

    proptest! {
        #[test]
        fn a_conversation_survives_the_wire(conversation in conversations()) {
            let resource = sample::through_json(write(&conversation));
            prop_assert_eq!(read(resource).unwrap(), conversation);
        }
    }

    #[test]
    fn an_impossible_id_anywhere_is_unreadable() {
        let good = sample::conversation("v1", 1);
        assert!(read(good.clone()).is_ok());
        let bad = wire::ConversationResource {
            id: "/".into(),
            ..good.clone()
        };
        assert_eq!(read(bad), Err(Unreadable));
        let mut bad = good;
        let wire::ConversationEntry::Call { id, .. } = &mut bad.entries[0] else {
            unreachable!("the sample holds a call");
        };
        id.clear();
        assert_eq!(read(bad), Err(Unreadable));
    }
}
