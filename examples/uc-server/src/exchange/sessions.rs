use std::fmt;

use ring::digest;
use serde::{Deserialize, Serialize};
use uc_protocol::ucx::{AssignedPhone, Licence, Me, PhoneKind};

use super::{Exchange, Millis, Refusal, Verdict};
use crate::store::{SavedSession, Write};

/// A client's session, named by the SHA-256 of its token: the token itself is kept nowhere.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct SessionId(Box<str>);

impl SessionId {
    pub(crate) fn of_token(token: &str) -> Self {
        let hash = digest::digest(&digest::SHA256, token.as_bytes());
        Self(hash.as_ref().iter().map(|b| format!("{b:02x}")).collect())
    }
}

/// Shows the first digits: enough to tell sessions apart in a log.
impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({})", self.0.get(..8).unwrap_or_default())
    }
}

/// Who has signed in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entered {
    pub(crate) me: Me,
    /// Before anything else (CONN-4).
    pub(crate) must_change_password: bool,
    pub(crate) missing_licences: Vec<Licence>,
    pub(crate) phone: PhoneKind,
    pub(crate) assigned_phones: Vec<AssignedPhone>,
}

/// What is known about a session.
#[derive(Debug)]
pub(super) struct SessionState {
    pub(super) user: String,
    pub(super) signed_in: Millis,
    /// The last sign of life outside of event streams.
    pub(super) last_seen: Millis,
    /// Open event streams.
    pub(super) streams: u32,
    /// Whether calls with sound may ring there, as the newest stream has said.
    pub(super) calls: bool,
    /// The one of the user's telephones that it controls, as the newest stream has said; the first where
    /// it has named none.
    pub(super) phone: Option<String>,
}

impl SessionState {
    /// When the session counts as gone, should nothing be heard.
    pub(super) const fn gone_at(&self) -> Option<Millis> {
        if self.streams > 0 {
            return None;
        }
        Some(self.last_seen + GRACE_MS)
    }

    pub(super) fn is_live(&self, now: Millis) -> bool {
        self.gone_at().is_none_or(|gone| now < gone)
    }
}

impl Exchange {
    /// Whether sign-in may be tried; asked before the password is looked at.
    pub(crate) fn check_account(&self, user: &str) -> Result<(), Refusal> {
        let Some(account) = self.company.user(user) else {
            return Ok(());
        };
        if account.locked || self.users[user].failed_sign_ins >= MAX_WRONG_PASSWORDS {
            return Err(Refusal::AccountLocked);
        }
        Ok(())
    }

    /// Takes the verdict on a password; a right one opens the session of a user with a licence.
    pub(crate) fn sign_in(
        &mut self,
        user: &str,
        verdict: Verdict,
        session: SessionId,
        now: Millis,
    ) -> Result<Entered, Refusal> {
        self.check_account(user)?;
        let Some(account) = self.company.user(user) else {
            return Err(Refusal::BadCredentials);
        };
        let entered = Entered {
            me: account.me.clone(),
            must_change_password: self.must_change_password(user),
            missing_licences: account.missing_licences.clone(),
            phone: account.phone.kind(),
            assigned_phones: self.assigned_phones(user),
        };
        if verdict != Verdict::Fits {
            self.count_wrong(user, verdict);
            return Err(Refusal::BadCredentials);
        }
        self.count_failures(user, 0);
        if entered.missing_licences.contains(&Licence::User) {
            return Err(Refusal::NoLicence(Licence::User));
        }
        self.make_room(user, now);
        self.open(session, user, now);
        Ok(entered)
    }

    /// Whether the user has been assigned a licence.
    pub(super) fn has_licence(&self, user: &str, licence: Licence) -> bool {
        let account = self.company.user(user);
        account.is_some_and(|account| !account.missing_licences.contains(&licence))
    }

    /// Unlocks an account that wrong passwords have locked.
    pub(crate) fn unlock(&mut self, user: &str) {
        self.count_failures(user, 0);
    }

    /// Ends a session; its calls are cleared at once.
    pub(crate) fn sign_out(&mut self, session: &SessionId, now: Millis) {
        if self.sessions.remove(session).is_none() {
            return;
        }
        self.clear_calls_of(session, now);
        self.effects
            .writes
            .push(Write::SessionGone(session.clone()));
        self.effects.ended.push(session.clone());
    }

    /// [`Exchange::touch`], and refuses a user who has to change the password first (CONN-4).
    pub(crate) fn admit(&mut self, session: &SessionId, now: Millis) -> Result<(), Refusal> {
        self.touch(session, now)?;
        let first = self.must_change_password(self.user_of(session)?);
        (!first)
            .then_some(())
            .ok_or(Refusal::PasswordChangeRequired)
    }

    /// Notes a sign of life; refuses an unknown session.
    pub(crate) fn touch(&mut self, session: &SessionId, now: Millis) -> Result<(), Refusal> {
        let state = self.sessions.get_mut(session).ok_or(Refusal::NotSignedIn)?;
        state.last_seen = state.last_seen.max(now);
        Ok(())
    }

    /// An event stream of the session has opened; `calls`: calls with sound may ring there.
    pub(crate) fn stream_opened(&mut self, session: &SessionId, calls: bool) {
        if let Some(state) = self.sessions.get_mut(session) {
            state.streams += 1;
            state.calls = calls;
        }
    }

    /// An event stream of the session is gone.
    pub(crate) fn stream_closed(&mut self, session: &SessionId, now: Millis) {
        if let Some(state) = self.sessions.get_mut(session) {
            state.streams = state.streams.saturating_sub(1);
            state.last_seen = state.last_seen.max(now);
        }
    }

    pub(super) fn user_of(&self, session: &SessionId) -> Result<&str, Refusal> {
        let state = self.sessions.get(session).ok_or(Refusal::NotSignedIn)?;
        Ok(&state.user)
    }

    /// Whether a call can reach the user.
    pub(crate) fn is_reachable(&self, user: &str, now: Millis) -> bool {
        self.sessions
            .values()
            .any(|session| session.user == user && session.is_live(now))
    }

    /// Whether a client of the user's takes calls with sound.
    pub(super) fn takes_calls(&self, user: &str, now: Millis) -> bool {
        let takes = |session: &SessionState| session.user == user && session.calls;
        let mut sessions = self.sessions.iter();
        sessions
            .any(|(id, session)| takes(session) && session.is_live(now) && self.carries_sound(id))
    }

    /// How many of the user's clients are there.
    pub(crate) fn clients_of(&self, user: &str, now: Millis) -> usize {
        let here = |session: &&SessionState| session.user == user && session.is_live(now);
        self.sessions.values().filter(here).count()
    }

    pub(super) fn take_up_sessions(&mut self, sessions: Vec<SavedSession>, now: Millis) {
        for saved in sessions {
            if self.users.contains_key(&saved.user) {
                let state = SessionState {
                    user: saved.user,
                    signed_in: saved.signed_in,
                    last_seen: now,
                    streams: 0,
                    calls: true,
                    phone: None,
                };
                self.sessions.insert(saved.id, state);
            }
        }
    }

    fn open(&mut self, session: SessionId, user: &str, now: Millis) {
        let saved = SavedSession {
            id: session.clone(),
            user: user.to_owned(),
            signed_in: now,
        };
        self.effects.writes.push(Write::Session(saved));
        let state = SessionState {
            user: user.to_owned(),
            signed_in: now,
            last_seen: now,
            streams: 0,
            calls: true,
            phone: None,
        };
        self.sessions.insert(session, state);
    }

    /// Ends the user's oldest session where there are too many, gone ones first.
    fn make_room(&mut self, user: &str, now: Millis) {
        let own = || self.sessions.iter().filter(|(_, s)| s.user == user);
        if own().count() < MAX_SESSIONS {
            return;
        }
        let oldest = own().min_by_key(|(_, s)| (s.is_live(now), s.signed_in));
        if let Some((id, _)) = oldest {
            let id = id.clone();
            self.sign_out(&id, now);
        }
    }

    /// Counts a guess. The password before the last change is none: a client of the user that
    /// doesn't know of the change must not lock the account.
    pub(super) fn count_wrong(&mut self, user: &str, verdict: Verdict) {
        if verdict == Verdict::Wrong {
            let failures = self
                .users
                .get(user)
                .map_or(0, |state| state.failed_sign_ins);
            self.count_failures(user, failures + 1);
        }
    }

    fn count_failures(&mut self, user: &str, failures: u32) {
        if let Some(state) = self.users.get_mut(user)
            && state.failed_sign_ins != failures
        {
            state.failed_sign_ins = failures;
            let write = Write::FailedSignIns(user.to_owned(), failures);
            self.effects.writes.push(write);
        }
    }
}

/// Wrong passwords in a row until the account is locked.
const MAX_WRONG_PASSWORDS: u32 = 5;
/// Sessions of one user: every device of a person, with room for forgotten ones.
const MAX_SESSIONS: usize = 16;
/// How long a session's calls outlive its last sign of life, in milliseconds: longer than the
/// 25 s within which a client notices a dead connection, and than a restart takes.
pub(super) const GRACE_MS: Millis = 60_000;
