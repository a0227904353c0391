use std::fmt;

use serde::{Deserialize, Serialize};
use uc_model::{Observer, Presence, PresenceRights, PresenceVisibility, Timestamp};
use uc_protocol::ucx::{
    Changes, Event, LineState, PresenceResource, PresenceState, PresenceUpdate, Visibility,
};

use super::{Exchange, Millis, Refusal, SessionId, UserState, events::Audience};
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
    pub(super) fn of(presence: Presence) -> Self {
        Self {
            state: write_state(presence.state),
            until: presence.until.map(|until| until.0),
            note: presence.note.map(uc_model::Redacted::into_inner),
        }
    }

    /// By the model's rules.
    pub(super) fn presence(&self) -> Presence {
        Presence {
            state: read_state(self.state),
            until: self.until.map(Timestamp),
            note: self.note.clone().map(Into::into),
        }
    }

    fn seen_at(&self, user: &str, rev: u64, line: Option<LineState>) -> PresenceResource {
        PresenceResource {
            user: user.to_owned(),
            rev,
            state: self.state,
            until: self.until,
            note: self.note.clone(),
            line,
        }
    }
}

impl UserState {
    /// The presence as colleagues see it (PRES-4). Return times lapse by a timer, not here.
    fn seen_by_colleagues(&self) -> OwnPresence {
        let visibility = read_visibility(self.account.visibility);
        let seen = self.presence.presence();
        OwnPresence::of(seen.as_seen(visibility, Observer::Internal, BEGINNING))
    }
}

impl Exchange {
    /// Sets the presence of the session's user; whoever may see it is told.
    pub(crate) fn set_presence(
        &mut self,
        session: &SessionId,
        update: PresenceUpdate,
    ) -> Result<PresenceResource, Refusal> {
        let user = self.user_of(session)?.to_owned();
        let presence = OwnPresence {
            state: update.state,
            until: update.until,
            note: update.note.filter(|note| !note.is_empty()),
        };
        presence.presence().check_settable(&self.rights(&user))?;
        self.announce(&user, |state| state.presence = presence);
        let state = &self.users[&user];
        let rev = state.seen.get(&user).copied().unwrap_or(0);
        Ok(state.presence.seen_at(&user, rev, None))
    }

    /// Chooses who sees the presence of the session's user.
    pub(crate) fn set_visibility(
        &mut self,
        session: &SessionId,
        visibility: Visibility,
    ) -> Result<Changes, Refusal> {
        self.edit(session, |exchange, user| {
            let before = exchange.users[user].seen_by_colleagues();
            exchange.change_account(user, |own| own.visibility = visibility);
            exchange.tell_colleagues(user, &before);
            Ok(())
        })
    }

    /// Everybody's presence as `reader` sees it.
    pub(super) fn presences(&self, reader: &str) -> Vec<PresenceResource> {
        let seen = &self.users[reader].seen;
        let rev = |user| seen.get(user).copied().unwrap_or(0);
        self.users
            .iter()
            .map(|(user, state)| match user == reader {
                true => state.presence.seen_at(user, rev(user), None),
                false => {
                    let line = self.line_told(user);
                    state.seen_by_colleagues().seen_at(user, rev(user), line)
                }
            })
            .collect()
    }

    /// Return times that have passed lapse. The state stays, unless the system resets it (PRES-5).
    pub(super) fn lapse_return_times(&mut self, now: Millis) {
        let lapsed = |until: Option<Millis>| until.is_some_and(|until| until <= now);
        let due: Vec<_> = self
            .users
            .iter()
            .filter(|(_, state)| lapsed(state.presence.until))
            .map(|(user, _)| user.clone())
            .collect();
        for user in due {
            let reset = self.company.system.resets_presence;
            let reset = reset.then(|| OwnPresence::of(Presence::reset(&self.rights(&user))));
            self.announce(&user, |state| match reset {
                Some(reset) => state.presence = reset,
                None => state.presence.until = None,
            });
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

    /// What decides which states the user may set.
    fn rights(&self, user: &str) -> PresenceRights {
        let account = self.company.user(user);
        PresenceRights {
            mode: self.company.system.model_mode(),
            in_mulap: account.is_some_and(|account| account.in_mulap),
            call_me: self.users[user].account.call_me.is_some(),
        }
    }

    /// Changes a user's presence; the user is told, and the others where they see a difference.
    pub(super) fn announce(&mut self, user: &str, change: impl FnOnce(&mut UserState)) {
        let Some(state) = self.users.get_mut(user) else {
            return;
        };
        let before = state.seen_by_colleagues();
        change(state);
        let own = state.presence.clone();
        let write = Write::Presence(user.to_owned(), own.clone());
        self.effects.writes.push(write);
        self.tell_presence(user, user.to_owned(), &own);
        self.tell_colleagues(user, &before);
    }

    fn tell_colleagues(&mut self, user: &str, before: &OwnPresence) {
        if *before != self.users[user].seen_by_colleagues() {
            self.show_colleagues(user);
        }
    }

    /// Tells a user's presence and line to the others.
    pub(super) fn show_colleagues(&mut self, user: &str) {
        let seen = self.users[user].seen_by_colleagues();
        let readers: Vec<_> = self.users.keys().cloned().collect();
        for reader in readers.into_iter().filter(|reader| reader != user) {
            self.tell_presence(user, reader, &seen);
        }
    }

    fn tell_presence(&mut self, user: &str, reader: String, seen: &OwnPresence) {
        let rev = self.next_rev(&reader);
        let line = self.line_told(user).filter(|_| reader != user);
        let event = Event::Presence(seen.seen_at(user, rev, line));
        self.log(&reader, event, Audience::Everybody);
        if let Some(state) = self.users.get_mut(&reader) {
            state.seen.insert(user.to_owned(), rev);
        }
        let write = Write::PresenceRevision(reader, user.to_owned(), rev);
        self.effects.writes.push(write);
    }
}

pub(crate) fn read_state(state: PresenceState) -> uc_model::PresenceState {
    let known = STATES.iter().find(|(wire, _)| *wire == state);
    known.map_or(uc_model::PresenceState::Office, |(_, model)| *model)
}

pub(super) fn write_state(state: uc_model::PresenceState) -> PresenceState {
    let known = STATES.iter().find(|(_, model)| *model == state);
    known.map_or(PresenceState::Office, |(wire, _)| *wire)
}

pub(super) const fn read_visibility(visibility: Visibility) -> PresenceVisibility {
    match visibility {
        Visibility::NotVisible => PresenceVisibility::NotVisible,
        Visibility::Internal => PresenceVisibility::Internal,
        _ => PresenceVisibility::InternalAndExternal,
    }
}

/// Every state on the wire and in the model.
const STATES: [(PresenceState, uc_model::PresenceState); 11] = {
    use uc_model::PresenceState as Model;
    [
        (PresenceState::Office, Model::Office),
        (PresenceState::Meeting, Model::Meeting),
        (PresenceState::Sick, Model::Sick),
        (PresenceState::Break, Model::Break),
        (PresenceState::OutOfOffice, Model::OutOfOffice),
        (PresenceState::Holiday, Model::Holiday),
        (PresenceState::Lunch, Model::Lunch),
        (PresenceState::Home, Model::Home),
        (PresenceState::DoNotDisturb, Model::DoNotDisturb),
        (PresenceState::CallMe, Model::CallMe),
        (PresenceState::Invisible, Model::Invisible),
    ]
};
/// Before every return time.
const BEGINNING: Timestamp = Timestamp(i64::MIN);
