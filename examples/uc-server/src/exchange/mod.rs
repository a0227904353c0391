//! What the server knows and the rules it obeys: sans-IO. Requests come in as method calls with
//! the time, answers go out as return values, and what has to be written or told to subscribers
//! waits in [`Exchange::take_effects`].

mod account;
mod assigned;
mod call;
mod calls;
mod conference;
mod contacts;
mod credentials;
mod directory;
mod edit;
mod ending;
mod events;
mod favourites;
mod forwarding;
mod groups;
mod handover;
mod history;
mod lines;
mod media;
mod messages;
mod placed;
mod presence;
mod refusal;
mod replay;
mod routing;
mod seats;
mod sessions;
mod sound_steps;
mod telephone;
mod timers;
mod wire;

use std::{collections::BTreeMap, sync::Arc};

use uc_model::{Capability, ConversationGrouping, DialPlan, Favourites, History, SearchIndex};
use uc_protocol::ucx::{EventId, LineState, Snapshot};

pub(crate) use account::OwnAccount;
pub(crate) use call::Call;
pub(crate) use credentials::{Credentials, Verdict};
#[cfg(test)]
pub(crate) use events::Audience;
pub(crate) use events::{Backlog, Logged};
pub(crate) use presence::{OwnPresence, read_state};
pub(crate) use refusal::Refusal;
pub(crate) use replay::{Answer, AnswerKey};
pub(crate) use sessions::{Entered, SessionId};
pub(crate) use sound_steps::{Role, SoundStep};

use crate::{
    company::{Company, User},
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
    directory: SearchIndex,
    epoch: Box<str>,
    users: BTreeMap<String, UserState>,
    sessions: BTreeMap<SessionId, SessionState>,
    /// By their keys.
    calls: BTreeMap<String, Call>,
    /// Each leg's id, to the key of its call.
    legs: BTreeMap<String, String>,
    answers: BTreeMap<AnswerKey, Answer>,
    effects: Effects,
}

/// What one user has.
struct UserState {
    log: EventLog,
    presence: OwnPresence,
    /// What colleagues know of the telephone.
    line: LineState,
    /// The revision at which this user saw each colleague's presence.
    seen: BTreeMap<String, u64>,
    history: History,
    contacts: Contacts,
    /// With their revision.
    favourites: (u64, Favourites),
    failed_sign_ins: u32,
    account: OwnAccount,
    /// The photo's file.
    photo: Option<Arc<[u8]>>,
    /// Once the user has changed it.
    password: Option<Credentials>,
}

impl UserState {
    fn new(user: &User, plan: DialPlan) -> Self {
        Self {
            log: EventLog::default(),
            presence: OwnPresence::default(),
            line: LineState::Idle,
            seen: BTreeMap::new(),
            history: history::empty(ConversationGrouping::default(), plan.clone()),
            contacts: Contacts::new(plan),
            favourites: (0, Favourites::new()),
            failed_sign_ins: 0,
            account: OwnAccount::of(user),
            photo: None,
            password: None,
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
    /// For the driver of the system's own sound, in this order.
    pub(crate) sound: Vec<SoundStep>,
}

impl Exchange {
    /// Takes up what was saved. Calls that were running wait for confirmation from now on.
    pub(crate) fn new(company: Company, epoch: Box<str>, saved: Saved, now: Millis) -> Self {
        let user = |user: &User| {
            let state = UserState::new(user, company.plan().clone());
            (user.me.user.clone(), state)
        };
        let users = company.users().iter().map(user).collect();
        let mut exchange = Self {
            directory: directory::index(&company),
            company,
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

    /// Whether users may ask for this.
    pub(super) fn can(&self, capability: Capability) -> bool {
        self.company.system.capabilities().has(capability)
    }

    /// Refuses what the mode or the configuration doesn't offer (MODE-1).
    fn require(&self, capability: Capability) -> Result<(), Refusal> {
        let offered = self.can(capability);
        offered.then_some(()).ok_or(Refusal::Unsupported)
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
        self.tell_lines();
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
            account: self.account_of(user),
            presences: self.presences(user),
            calls: self.running_calls(user, session),
            conversations: self.conversations(user),
            contacts,
            favourites: self.favourites_of(user),
        })
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
                Kind::Account => self.take_up_account(&owned),
                Kind::Photo => self.take_up_photo(&owned),
                Kind::Password => self.take_up_password(&owned),
            }
        }
        self.answers = saved.answers.into_iter().collect();
        self.take_up_presences(saved.presences, saved.presence_revisions);
        self.take_up_sessions(saved.sessions, now);
        self.take_up_lines(&saved.calls);
        self.take_up_calls(saved.calls, now);
    }
}

#[cfg(test)]
mod tests;
