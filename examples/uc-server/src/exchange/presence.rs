use std::fmt;

use serde::{Deserialize, Serialize};
use uc_protocol::ucx::{Event, PresenceResource, PresenceState, PresenceUpdate};

use super::{Exchange, Millis, Refusal, SessionId, events::Audience};
use crate::store::Write;

/// A user's presence, without the numbering of whoever reads it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OwnPresence {
    pub(crate) state: PresenceState,
    pub(crate) until: Option<Millis>,
    pub(crate) note: Option<String>,
}

impl Default for OwnPresence {
    fn default() -> Self {
        Self {
            state: PresenceState::Office,
            until: None,
            note: None,
        }
    }
}

impl fmt::Debug for OwnPresence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnPresence")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl OwnPresence {
    fn seen_at(&self, user: &str, rev: u64) -> PresenceResource {
        PresenceResource {
            user: user.to_owned(),
            rev,
            state: self.state,
            until: self.until,
            note: self.note.clone(),
        }
    }
}

impl Exchange {
    /// Sets the presence of the session's user; everybody is told.
    pub(crate) fn set_presence(
        &mut self,
        session: &SessionId,
        update: PresenceUpdate,
    ) -> Result<PresenceResource, Refusal> {
        let user = self.user_of(session)?.to_owned();
        match (update.state, update.until) {
            (PresenceState::Invisible, _) => {
                return Err(Refusal::Value(
                    "nobody sets invisible; choose another state",
                ));
            }
            (PresenceState::Office, Some(_)) => {
                return Err(Refusal::Value(
                    "a return time doesn't go with office; leave it out",
                ));
            }
            _ => {}
        }
        let presence = OwnPresence {
            state: update.state,
            until: update.until,
            note: update.note.filter(|note| !note.is_empty()),
        };
        self.announce(&user, presence);
        let state = &self.users[&user];
        let rev = state.seen.get(&user).copied().unwrap_or(0);
        Ok(state.presence.seen_at(&user, rev))
    }

    /// Everybody's presence as `reader` sees it.
    pub(super) fn presences(&self, reader: &str) -> Vec<PresenceResource> {
        let seen = &self.users[reader].seen;
        let rev = |user| seen.get(user).copied().unwrap_or(0);
        self.users
            .iter()
            .map(|(user, state)| state.presence.seen_at(user, rev(user)))
            .collect()
    }

    /// Return times that have passed lapse; the state stays (PRES-5).
    pub(super) fn lapse_return_times(&mut self, now: Millis) {
        let lapsed = |until: Option<Millis>| until.is_some_and(|until| until <= now);
        let due: Vec<_> = self
            .users
            .iter()
            .filter(|(_, state)| lapsed(state.presence.until))
            .map(|(user, state)| (user.clone(), state.presence.clone()))
            .collect();
        for (user, presence) in due {
            let presence = OwnPresence {
                until: None,
                ..presence
            };
            self.announce(&user, presence);
        }
    }

    pub(super) fn take_up_presences(
        &mut self,
        presences: Vec<(String, OwnPresence)>,
        revisions: Vec<(String, String, u64)>,
    ) {
        for (user, presence) in presences {
            if let Some(state) = self.users.get_mut(&user) {
                state.presence = presence;
            }
        }
        for (reader, subject, rev) in revisions {
            if let Some(state) = self.users.get_mut(&reader) {
                state.seen.insert(subject, rev);
            }
        }
    }

    fn announce(&mut self, user: &str, presence: OwnPresence) {
        let write = Write::Presence(user.to_owned(), presence.clone());
        self.effects.writes.push(write);
        let readers: Vec<_> = self.users.keys().cloned().collect();
        for reader in readers {
            let rev = self.next_rev(&reader);
            let event = Event::Presence(presence.seen_at(user, rev));
            self.log(&reader, event, Audience::Everybody);
            if let Some(state) = self.users.get_mut(&reader) {
                state.seen.insert(user.to_owned(), rev);
            }
            let write = Write::PresenceRevision(reader, user.to_owned(), rev);
            self.effects.writes.push(write);
        }
        if let Some(state) = self.users.get_mut(user) {
            state.presence = presence;
        }
    }
}
