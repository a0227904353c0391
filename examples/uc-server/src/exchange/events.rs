use std::{collections::VecDeque, sync::Arc};

use serde::{Deserialize, Serialize};
use uc_protocol::ucx::{CallResource, Cause, ConnectionState, ConversationEntry, Event, EventId};

use super::{Exchange, SessionId};
use crate::store::Write;

/// One event of a user, as it is kept: who of the user's sessions sees what is decided when it is
/// read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Logged {
    pub(crate) number: u64,
    pub(crate) event: Event,
    #[serde(default, skip_serializing_if = "Audience::is_everybody")]
    pub(crate) audience: Audience,
}

/// How a user's sessions see an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Audience {
    /// All see it, and none of them carries the call.
    #[default]
    Everybody,
    /// All see it; this one carries the call.
    Carrier(SessionId),
    /// This one carries the call; for the others it has just ended.
    Taken(SessionId),
    /// Only this one sees it, and carries the call.
    Only(SessionId),
    /// Only this one sees it; it rings there after a pickup.
    Ringing(SessionId),
}

impl Audience {
    fn is_everybody(&self) -> bool {
        *self == Self::Everybody
    }

    /// The call as `session` sees it; `None` where it doesn't.
    pub(crate) fn view(&self, mut call: CallResource, session: &SessionId) -> Option<CallResource> {
        match self {
            Self::Everybody => {}
            Self::Carrier(carrier) => call.carried_here = carrier == session,
            Self::Taken(carrier) | Self::Only(carrier) if carrier == session => {
                call.carried_here = true;
            }
            Self::Taken(_) => answered_elsewhere(&mut call),
            Self::Ringing(there) if there == session => {}
            Self::Only(_) | Self::Ringing(_) => return None,
        }
        Some(call)
    }
}

/// Ends the view of a client that didn't answer.
pub(crate) fn answered_elsewhere(call: &mut CallResource) {
    call.local = ConnectionState::Null;
    call.cause = Some(Cause::AnsweredElsewhere);
    call.carried_here = false;
    call.description = None;
    call.candidates = None;
}

impl Logged {
    /// The event as `session` sees it; `None` where it doesn't.
    pub(crate) fn view(&self, session: &SessionId) -> Option<Event> {
        match &self.event {
            Event::Call(call) => self.audience.view(call.clone(), session).map(Event::Call),
            other => Some(other.clone()),
        }
    }
}

/// The newest events of a user.
#[derive(Default)]
pub(super) struct EventLog {
    window: VecDeque<Arc<Logged>>,
    bytes: usize,
}

impl EventLog {
    /// The newest number; 0 before the first event.
    pub(super) fn head(&self) -> u64 {
        self.window.back().map_or(0, |logged| logged.number)
    }

    pub(super) fn restore(&mut self, logged: Arc<Logged>) {
        self.bytes += weight(&logged);
        self.window.push_back(logged);
    }

    /// Appends; returns the oldest number that is still kept, where older ones were dropped.
    fn append(&mut self, logged: Arc<Logged>) -> Option<u64> {
        self.restore(logged);
        let mut trimmed = false;
        while self.window.len() > 1 && (self.window.len() > WINDOW || self.bytes > WINDOW_BYTES) {
            if let Some(oldest) = self.window.pop_front() {
                self.bytes -= weight(&oldest);
                trimmed = true;
            }
        }
        trimmed.then(|| self.window[0].number)
    }

    /// What follows `number`; `None` where some of it is gone or never was.
    fn after(&self, number: u64) -> Option<Vec<Arc<Logged>>> {
        let oldest = self.window.front().map_or(1, |logged| logged.number);
        if number > self.head() || number + 1 < oldest {
            return None;
        }
        Some(
            self.window
                .iter()
                .filter(|l| l.number > number)
                .cloned()
                .collect(),
        )
    }
}

/// What a new subscriber gets before the live events.
#[derive(Debug)]
pub(crate) struct Backlog {
    pub(crate) user: String,
    pub(crate) epoch: Box<str>,
    /// The server can't continue from where the client stands; it stands at this number now.
    pub(crate) reset_at: Option<u64>,
    pub(crate) events: Vec<Arc<Logged>>,
}

impl Exchange {
    /// Starts a subscription at what the client has seen last.
    pub(crate) fn subscribe(
        &self,
        session: &SessionId,
        last: Option<&EventId>,
    ) -> Result<Backlog, super::Refusal> {
        let user = self.user_of(session)?.to_owned();
        let log = &self.users[&user].log;
        let events = match last {
            None => Some(Vec::new()),
            Some(id) if id.epoch == self.epoch => log.after(id.number),
            Some(_) => None,
        };
        Ok(Backlog {
            user,
            epoch: self.epoch.clone(),
            reset_at: events.is_none().then(|| log.head()),
            events: events.unwrap_or_default(),
        })
    }

    /// The revision that the user's next event will have.
    pub(super) fn next_rev(&self, user: &str) -> u64 {
        self.users[user].log.head() + 1
    }

    /// Appends to the user's log; the event carries the number [`Exchange::next_rev`] gave.
    pub(super) fn log(&mut self, user: &str, event: Event, audience: Audience) {
        let Some(state) = self.users.get_mut(user) else {
            return;
        };
        let logged = Arc::new(Logged {
            number: state.log.head() + 1,
            event,
            audience,
        });
        let oldest = state.log.append(logged.clone());
        let writes = &mut self.effects.writes;
        writes.push(Write::Event(user.to_owned(), logged.clone()));
        if let Some(oldest) = oldest {
            writes.push(Write::EventsBefore(user.to_owned(), oldest));
        }
        self.effects.events.push((user.to_owned(), logged));
    }
}

/// About the bytes of memory that an event takes: its variable parts and a flat rate.
fn weight(logged: &Logged) -> usize {
    const FLAT: usize = 512;
    FLAT + match &logged.event {
        Event::Call(call) => {
            let sdp = call.description.as_ref().map_or(0, |d| d.sdp.len());
            let candidates = call.candidates.iter().flat_map(|c| &c.candidates);
            sdp + candidates.map(String::len).sum::<usize>()
        }
        Event::Conversation(conversation) => {
            let entries = conversation.entries.iter();
            let weight = |entry: &ConversationEntry| match entry {
                ConversationEntry::Message(message) => 64 + message.text.len(),
                _ => 64,
            };
            entries.map(weight).sum()
        }
        Event::Favourites(favourites) => {
            let groups = favourites.groups.iter();
            groups.map(|group| 64 + group.members.len() * 128).sum()
        }
        Event::Account(account) => account.settings.as_ref().map_or(0, String::len),
        Event::Presence(presence) => presence.note.as_ref().map_or(0, String::len),
        _ => 0,
    }
}

/// Events kept per user: what a client that was away for a short time has missed.
const WINDOW: usize = 1_000;
/// Bytes kept per user, as session descriptions may be large.
const WINDOW_BYTES: usize = 4 * 1024 * 1024;
