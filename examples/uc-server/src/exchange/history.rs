use uc_model::{
    CallDirection, CallOutcome, CallRoute, Contact, Conversation, ConversationEntry,
    ConversationGrouping, ConversationId, DialPlan, EntryId, History, PhoneNumber, Redacted, Rev,
    Timestamp, Update,
};
use uc_protocol::{
    limits::MAX_CONVERSATION_ENTRIES,
    ucx::{self, Changes, ConversationResource, Event, Party},
};

use super::{Exchange, Millis, Refusal, SessionId, call::Leg, directory, events::Audience, wire};
use crate::store::{Kind, Owned, Write};

impl Exchange {
    /// The user has looked at a conversation.
    pub(crate) fn mark_read(&mut self, session: &SessionId, id: &str) -> Result<Changes, Refusal> {
        let id = conversation_id(id)?;
        self.edit(session, |exchange, user| {
            let known = exchange.history(user)?.conversation(&id).is_some();
            exchange.change_history(user, |history, rev| history.mark_read(&id, rev))?;
            known.then_some(()).ok_or(Refusal::NotFound)
        })
    }

    /// Deletes one entry of a conversation. What is gone already is no failure: what was wanted
    /// is so, and a request that is sent once more gets the same answer.
    pub(crate) fn delete_entry(
        &mut self,
        session: &SessionId,
        id: &str,
        entry: &str,
    ) -> Result<Changes, Refusal> {
        let id = conversation_id(id)?;
        let entry = EntryId::new(entry).map_err(|_| Refusal::NotFound)?;
        self.edit(session, |exchange, user| {
            exchange.change_history(user, |history, rev| history.delete_entry(&id, &entry, rev))
        })
    }

    /// Deletes a conversation. One that is gone already is no failure.
    pub(crate) fn delete_conversation(
        &mut self,
        session: &SessionId,
        id: &str,
    ) -> Result<Changes, Refusal> {
        let id = conversation_id(id)?;
        self.edit(session, |exchange, user| {
            exchange.change_history(user, |history, rev| history.delete(&id, rev))
        })
    }

    /// Deletes all of the user's conversations.
    pub(crate) fn delete_conversations(&mut self, session: &SessionId) -> Result<Changes, Refusal> {
        self.edit(session, |exchange, user| {
            let mut rev = exchange.next_rev(user);
            let next = || {
                let this = Rev(rev);
                rev += 1;
                this
            };
            let updates = exchange.history(user)?.delete_all(next);
            exchange.tell_history(user, updates);
            Ok(())
        })
    }

    /// The user's conversations as clients see them, the newest first.
    pub(super) fn conversations(&self, user: &str) -> Vec<ConversationResource> {
        let mut known: Vec<_> = self.users[user].history.conversations().collect();
        known.sort_by_key(|conversation| std::cmp::Reverse(conversation.rev));
        let mut left = MAX_TEXT;
        let known = known.into_iter().map(|conversation| {
            let mut shown = self.shown(conversation);
            let text = shown.entries.iter().map(text_of).sum();
            left = left.saturating_sub(text);
            if left == 0 {
                let older = shown.entries.len().saturating_sub(1);
                shown.entries.drain(..older);
            }
            shown
        });
        known.collect()
    }

    pub(super) fn take_up_conversation(&mut self, saved: &Owned) {
        if let Some(state) = self.users.get_mut(&saved.user)
            && let Some(conversation) = saved.read().and_then(wire::read_conversation)
        {
            state.history.restore(conversation);
        }
    }

    /// Writes a call that is over into both users' conversations.
    pub(super) fn write_history(&mut self, key: &str) {
        let call = &self.calls[key];
        let ended = call.ended.map_or(call.ringing, |(at, _)| at);
        let legs: Vec<_> = call.legs().cloned().collect();
        for leg in &legs {
            self.write_leg(leg, ended);
        }
    }

    /// Writes one side of a call into the conversations of its user.
    pub(super) fn write_leg(&mut self, leg: &Leg, ended: Millis) {
        let Some(user) = leg.user() else {
            return;
        };
        let speech = leg.answered.map(|answered| ended - answered);
        let direction = wire::read_direction(leg.direction);
        let route = wire::read_route(leg.route);
        let entry = call_entry(&leg.id, (direction, route), leg.started, speech);
        self.record(user, &leg.conversation, entry);
    }

    /// Writes a call that never rang: outgoing, and missed where there is somebody to miss it.
    pub(super) fn write_attempt(
        &mut self,
        caller: &str,
        callee: Option<&str>,
        to: &str,
        now: Millis,
    ) {
        let id = self.new_id("call", caller, self.next_rev(caller));
        let party = match callee {
            Some(callee) => self.party(callee, Some(to.to_owned())),
            None => Party {
                number: to.to_owned(),
                name: None,
                user: None,
            },
        };
        let way = (CallDirection::Outgoing, CallRoute::Direct);
        let entry = call_entry(&id, way, now, None);
        self.record(caller, &party, entry);
        if let Some(callee) = callee {
            self.write_missed(caller, callee, now);
        }
    }

    /// Writes a call that went elsewhere at once into the conversations of the one it was for.
    pub(super) fn write_missed(&mut self, caller: &str, callee: &str, now: Millis) {
        let id = self.new_id("call", callee, self.next_rev(callee));
        let party = self.party(caller, None);
        let way = (CallDirection::Incoming, CallRoute::Direct);
        self.record(callee, &party, call_entry(&id, way, now, None));
    }

    /// Writes an entry into the user's conversation with the party.
    pub(super) fn record(&mut self, user: &str, party: &Party, entry: Option<ConversationEntry>) {
        let rev = self.next_rev(user);
        let fresh = ConversationId::new(self.new_id("conversation", user, rev));
        // Numbers and ids were checked before they were dialled and made.
        let (Ok(number), Ok(fresh), Some(entry)) = (PhoneNumber::new(&party.number), fresh, entry)
        else {
            return;
        };
        let (contact, name) = match &party.user {
            Some(user) => (
                directory::contact_id(user),
                party.name.clone().map(Redacted::new),
            ),
            None => {
                let known = self.whose(user, &number);
                (
                    known.map(|c| c.id.clone()),
                    known.and_then(Contact::display_name),
                )
            }
        };
        let Ok(history) = self.history(user) else {
            return;
        };
        let (name, contact) = (name.as_ref(), contact.as_ref());
        let updates = history.record(&number, name, contact, entry, fresh, Rev(rev));
        self.tell_history(user, updates);
    }

    /// Changes one conversation; `change` gives nothing where all is so already.
    fn change_history(
        &mut self,
        user: &str,
        change: impl FnOnce(&mut History, Rev) -> Option<Update>,
    ) -> Result<(), Refusal> {
        let rev = Rev(self.next_rev(user));
        let update = change(self.history(user)?, rev);
        self.tell_history(user, update);
        Ok(())
    }

    /// Writes down and tells what has changed.
    pub(super) fn tell_history(&mut self, user: &str, updates: impl IntoIterator<Item = Update>) {
        for update in updates {
            let (write, event) = match update {
                Update::Conversation(conversation) => {
                    let shown = self.shown(&conversation);
                    let owned = Owned::new(user, Kind::Conversation, &shown.id, &shown);
                    (Write::Owned(owned), Event::Conversation(shown))
                }
                Update::ConversationDeleted { id, .. } => {
                    let (id, rev) = (id.to_string(), self.next_rev(user));
                    (
                        Write::OwnedGone(user.to_owned(), Kind::Conversation, id.clone()),
                        Event::ConversationDeleted { id, rev },
                    )
                }
                _ => continue,
            };
            self.effects.writes.push(write);
            self.log(user, event, Audience::Everybody);
        }
    }

    fn shown(&self, conversation: &Conversation) -> ConversationResource {
        let contact = conversation.contact.as_ref();
        let user = contact.and_then(|contact| self.directory.contact(contact)?.user.clone());
        wire::write_conversation(conversation, user.map(|user| user.to_string()))
    }

    pub(super) fn history(&mut self, user: &str) -> Result<&mut History, Refusal> {
        let state = self.users.get_mut(user).ok_or(Refusal::NotSignedIn)?;
        Ok(&mut state.history)
    }
}

impl Exchange {
    /// From now on these numbers share a conversation; conversations that are there stay.
    pub(crate) fn group_conversations(&mut self, grouping: ConversationGrouping) {
        for state in self.users.values_mut() {
            let known = std::mem::replace(
                &mut state.history,
                empty(grouping, self.company.plan().clone()),
            );
            for conversation in known.conversations() {
                state.history.restore(conversation.clone());
            }
        }
    }
}

/// An empty history of what a client is told of.
pub(super) fn empty(grouping: ConversationGrouping, plan: DialPlan) -> History {
    let history = History::new(grouping, plan);
    history.limited_to(MAX_CONVERSATIONS, MAX_CONVERSATION_ENTRIES)
}

/// A call in the history; `speech` in milliseconds where somebody answered.
fn call_entry(
    id: &str,
    (direction, route): (CallDirection, CallRoute),
    at: Millis,
    speech: Option<Millis>,
) -> Option<ConversationEntry> {
    Some(ConversationEntry::Call {
        id: EntryId::new(id).ok()?,
        direction,
        outcome: match speech {
            Some(_) => CallOutcome::Answered,
            None => CallOutcome::Unanswered,
        },
        route,
        at: Timestamp(at),
        duration_s: seconds(speech.unwrap_or(0)),
    })
}

/// What is no id names nothing.
fn conversation_id(id: &str) -> Result<ConversationId, Refusal> {
    ConversationId::new(id).map_err(|_| Refusal::NotFound)
}

/// Bytes of what was written.
fn text_of(entry: &ucx::ConversationEntry) -> usize {
    match entry {
        ucx::ConversationEntry::Message(message) => message.text.len(),
        _ => 0,
    }
}

fn seconds(millis: Millis) -> u32 {
    u32::try_from(millis / 1000).unwrap_or(0)
}

/// Bytes of text in the conversations of one snapshot (our choice, far below what it may hold);
/// conversations beyond show their newest entry only, until something happens there.
const MAX_TEXT: usize = 4 * 1024 * 1024;
/// Conversations kept per user; the one that was quiet longest goes first.
const MAX_CONVERSATIONS: usize = 500;
