//! What the server knows and the rules it obeys: sans-IO. Requests come in as method calls with
//! the time, answers go out as return values, and what has to be written or told to subscribers
//! waits in [`Exchange::take_effects`].

mod call;
mod calls;
mod contacts;
mod directory;
mod edit;
mod events;
mod favourites;
mod history;
mod media;
mod messages;
mod presence;
mod refusal;
mod replay;
mod sessions;
mod timers;
mod wire;

use std::{collections::BTreeMap, sync::Arc};

use uc_model::{ConversationGrouping, DialPlan, Favourites, History, Mode, SearchIndex};
use uc_protocol::ucx::{EventId, Snapshot};

pub(crate) use call::Call;
#[cfg(test)]
pub(crate) use events::Audience;
pub(crate) use events::{Backlog, Logged};
pub(crate) use presence::OwnPresence;
pub(crate) use refusal::Refusal;
pub(crate) use replay::{Answer, AnswerKey};
pub(crate) use sessions::SessionId;

use crate::{
    company::Company,
    password::PasswordHash,
    store::{Kind, Saved, Write},
};
use contacts::Contacts;
use events::EventLog;
use sessions::SessionState;

/// Milliseconds since the Unix epoch.
pub(crate) type Millis = i64;

/// The state of the whole server.
pub(crate) struct Exchange {
    company: Company,
    mode: Mode,
    /// Whether instant messages are switched on.
    chat: bool,
    /// Whether everybody has a desk phone. A desk phone is always there, and calls desk phones.
    desk_phones: bool,
    directory: SearchIndex,
    epoch: Box<str>,
    users: BTreeMap<String, UserState>,
    sessions: BTreeMap<SessionId, SessionState>,
    /// By the caller's id of the call.
    calls: BTreeMap<String, Call>,
    /// Each side's id of a call, to the caller's.
    legs: BTreeMap<String, String>,
    answers: BTreeMap<AnswerKey, Answer>,
    effects: Effects,
}

/// What one user has.
struct UserState {
    log: EventLog,
    presence: OwnPresence,
    /// The revision at which this user saw each colleague's presence.
    seen: BTreeMap<String, u64>,
    history: History,
    contacts: Contacts,
    /// With their revision.
    favourites: (u64, Favourites),
    failed_sign_ins: u32,
}

impl UserState {
    fn new(plan: DialPlan) -> Self {
        Self {
            log: EventLog::default(),
            presence: OwnPresence::default(),
            seen: BTreeMap::new(),
            history: history::empty(ConversationGrouping::default(), plan.clone()),
            contacts: Contacts::new(plan),
            favourites: (0, Favourites::new()),
            failed_sign_ins: 0,
        }
    }
}

/// What has to happen outside after a step, in this order: write durably, then tell.
#[derive(Default)]
pub(crate) struct Effects {
    pub(crate) writes: Vec<Write>,
    /// Each user's new events, oldest first.
    pub(crate) events: Vec<(String, Arc<Logged>)>,
    /// Sessions that are over.
    pub(crate) ended: Vec<SessionId>,
}

impl Exchange {
    /// Takes up what was saved. Calls that were running wait for confirmation from now on.
    pub(crate) fn new(company: Company, epoch: Box<str>, saved: Saved, now: Millis) -> Self {
        let user = |user: &crate::company::User| {
            let state = UserState::new(company.plan().clone());
            (user.me.user.clone(), state)
        };
        let users = company.users().iter().map(user).collect();
        let mut exchange = Self {
            directory: directory::index(&company, Mode::Smart),
            mode: Mode::Smart,
            chat: false,
            company,
            desk_phones: false,
            epoch,
            users,
            sessions: BTreeMap::new(),
            calls: BTreeMap::new(),
            legs: BTreeMap::new(),
            answers: BTreeMap::new(),
            effects: Effects::default(),
        };
        exchange.take_up(saved, now);
        exchange
    }

    /// Puts a desk phone on everybody's desk.
    pub(crate) fn install_desk_phones(&mut self) {
        self.desk_phones = true;
    }

    /// The own internal number of the session's user.
    pub(crate) fn extension(&self, session: &SessionId) -> Result<&str, Refusal> {
        let account = self.company.user(self.user_of(session)?);
        account
            .map(|account| account.extension())
            .ok_or(Refusal::NotSignedIn)
    }

    /// What has to be done since the last time.
    pub(crate) fn take_effects(&mut self) -> Effects {
        std::mem::take(&mut self.effects)
    }

    /// The state of the session's user as of now.
    pub(crate) fn snapshot(&self, session: &SessionId) -> Result<Snapshot, Refusal> {
        let user = self.user_of(session)?;
        let state = &self.users[user];
        let account = self.company.user(user).ok_or(Refusal::NotSignedIn)?;
        let mut contacts = self.personal_contacts(user);
        contacts.extend(self.favourite_contacts(user));
        Ok(Snapshot {
            as_of: EventId {
                epoch: self.epoch.clone(),
                number: state.log.head(),
            },
            me: account.me.clone(),
            presences: self.presences(user),
            calls: self.running_calls(user, session),
            conversations: self.conversations(user),
            contacts,
            favourites: self.favourites_of(user),
        })
    }

    /// What the user's password is compared with.
    pub(crate) fn password_of(&self, user: &str) -> PasswordHash {
        let account = self.company.user(user);
        account.map_or_else(PasswordHash::nobody, |account| account.password.clone())
    }

    /// The session's user's key.
    pub(crate) fn answer_key(&self, session: &SessionId, key: String) -> Option<AnswerKey> {
        let user = self.user_of(session).ok()?.to_owned();
        Some(AnswerKey { user, key })
    }

    fn take_up(&mut self, saved: Saved, now: Millis) {
        for (user, logged) in saved.events {
            if let Some(state) = self.users.get_mut(&user) {
                state.log.restore(Arc::new(logged));
            }
        }
        for (user, count) in saved.failed_sign_ins {
            if let Some(state) = self.users.get_mut(&user) {
                state.failed_sign_ins = count;
            }
        }
        for owned in saved.owned {
            match owned.kind {
                Kind::Conversation => self.take_up_conversation(&owned),
                Kind::Contact => self.take_up_contact(&owned),
                Kind::Favourites => self.take_up_favourites(&owned),
            }
        }
        self.answers = saved.answers.into_iter().collect();
        self.take_up_presences(saved.presences, saved.presence_revisions);
        self.take_up_sessions(saved.sessions, now);
        self.take_up_calls(saved.calls, now);
    }
}

#[cfg(test)]
mod tests;
