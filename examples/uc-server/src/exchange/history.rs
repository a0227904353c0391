use uc_protocol::ucx::{
    CallOutcome, ConversationEntry, ConversationResource, Direction, Event, Party,
};

use super::{Exchange, Millis, call::Side, events::Audience};
use crate::store::Write;

impl Exchange {
    /// Writes a call that is over into both users' conversations.
    pub(super) fn write_history(&mut self, key: &str) {
        let call = &self.calls[key];
        let ended = call.ended.map_or(call.started, |(at, _)| at);
        let at = call.started;
        let speech = call.answered.map(|answered| ended - answered);
        let sides = Side::BOTH.map(|side| {
            let leg = call.leg(side);
            (side, leg.user.clone(), leg.party.clone(), leg.id.clone())
        });
        for (side, user, party, id) in sides {
            let entry = ConversationEntry::Call {
                id,
                direction: match side {
                    Side::Caller => Direction::Outgoing,
                    Side::Callee => Direction::Incoming,
                },
                outcome: match speech {
                    Some(_) => CallOutcome::Answered,
                    None => CallOutcome::Unanswered,
                },
                at,
                duration_s: seconds(speech.unwrap_or(0)),
            };
            self.append(&user, party, entry);
        }
    }

    /// Writes a call that never rang: outgoing, and missed where there is somebody to miss it.
    pub(super) fn write_attempt(
        &mut self,
        caller: &str,
        callee: Option<&str>,
        to: &str,
        now: Millis,
    ) {
        let entry = |id, direction| ConversationEntry::Call {
            id,
            direction,
            outcome: CallOutcome::Unanswered,
            at: now,
            duration_s: 0,
        };
        let id = self.new_id("call", caller, self.next_rev(caller));
        let party = match callee {
            Some(callee) => self.party(callee, Some(to.to_owned())),
            None => Party {
                number: to.to_owned(),
                name: None,
                user: None,
            },
        };
        self.append(caller, party, entry(id, Direction::Outgoing));
        if let Some(callee) = callee {
            let id = self.new_id("call", callee, self.next_rev(callee));
            let party = self.party(caller, None);
            self.append(callee, party, entry(id, Direction::Incoming));
        }
    }

    fn append(&mut self, user: &str, party: Party, entry: ConversationEntry) {
        let rev = self.next_rev(user);
        let id = self.new_id("conversation", user, rev);
        let Some(state) = self.users.get_mut(user) else {
            return;
        };
        let conversation = state
            .conversations
            .entry(party.number.clone())
            .or_insert_with(|| ConversationResource {
                id,
                rev,
                party: party.clone(),
                unread: 0,
                entries: Vec::new(),
            });
        conversation.rev = rev;
        conversation.party = party;
        conversation.unread += u32::from(is_missed(&entry));
        conversation.entries.push(entry);
        let surplus = conversation.entries.len().saturating_sub(MAX_ENTRIES);
        conversation.entries.drain(..surplus);
        let conversation = conversation.clone();
        let write = Write::Conversation(user.to_owned(), conversation.clone());
        self.effects.writes.push(write);
        self.log(user, Event::Conversation(conversation), Audience::Everybody);
        self.drop_oldest_conversation(user);
    }

    fn drop_oldest_conversation(&mut self, user: &str) {
        let rev = self.next_rev(user);
        let Some(state) = self.users.get_mut(user) else {
            return;
        };
        if state.conversations.len() <= MAX_CONVERSATIONS {
            return;
        }
        let oldest = state.conversations.iter().min_by_key(|(_, c)| c.rev);
        let Some((number, id)) = oldest.map(|(number, c)| (number.clone(), c.id.clone())) else {
            return;
        };
        state.conversations.remove(&number);
        let write = Write::ConversationGone(user.to_owned(), id.clone());
        self.effects.writes.push(write);
        let event = Event::ConversationDeleted { id, rev };
        self.log(user, event, Audience::Everybody);
    }
}

const fn is_missed(entry: &ConversationEntry) -> bool {
    matches!(
        entry,
        ConversationEntry::Call {
            direction: Direction::Incoming,
            outcome: CallOutcome::Unanswered,
            ..
        }
    )
}

fn seconds(millis: Millis) -> u32 {
    u32::try_from(millis / 1000).unwrap_or(0)
}

/// Entries kept per conversation: what the resource holds.
const MAX_ENTRIES: usize = 100;
/// Conversations kept per user; the one that was quiet longest goes first.
const MAX_CONVERSATIONS: usize = 500;
