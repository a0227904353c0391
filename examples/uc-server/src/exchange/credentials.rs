use serde::{Deserialize, Serialize};
use uc_model::{Mode, PasswordChange, PasswordChangeError, UserName};
use uc_protocol::ucx::PasswordUpdate;

use super::{Exchange, Millis, Refusal, SessionId};
use crate::{
    password::PasswordHash,
    store::{Kind, Owned, Write},
};

/// A user's password and the one before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) current: PasswordHash,
    /// A client that still knows this one is not guessing.
    pub(crate) previous: Option<PasswordHash>,
}

/// What became of comparing a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fits,
    /// It was right before the last change.
    Outdated,
    Wrong,
}

impl Credentials {
    /// Takes a millisecond or two of computing.
    pub(crate) fn judge(&self, password: &str) -> Verdict {
        let previous = self.previous.as_ref();
        match self.current.verify(password) {
            true => Verdict::Fits,
            false if previous.is_some_and(|hash| hash.verify(password)) => Verdict::Outdated,
            false => Verdict::Wrong,
        }
    }
}

/// A change of a password that follows the rules, ready to be compared with the present one.
pub(crate) struct Change {
    pub(crate) mode: Mode,
    pub(crate) credentials: Credentials,
    pub(crate) update: PasswordUpdate,
}

impl Change {
    /// Compares and hashes: some milliseconds of computing.
    pub(crate) fn prepare(self) -> Result<(Verdict, PasswordHash), Refusal> {
        let PasswordUpdate { old, new } = self.update;
        let verdict = match (self.mode, old) {
            (Mode::Smart, Some(old)) => self.credentials.judge(&old.0),
            _ => Verdict::Fits,
        };
        if verdict == Verdict::Fits && self.credentials.current.verify(&new.0) {
            return Err(PasswordChangeError::Unchanged.into());
        }
        Ok((verdict, PasswordHash::of(&new.0)))
    }
}

impl Exchange {
    /// What the user's password is compared with.
    pub(crate) fn credentials(&self, user: &str) -> Credentials {
        let changed = self
            .users
            .get(user)
            .and_then(|state| state.password.clone());
        let account = self.company.user(user);
        let initial = account.map_or_else(PasswordHash::nobody, |account| account.password.clone());
        changed.unwrap_or(Credentials {
            current: initial,
            previous: None,
        })
    }

    /// Whether the session's user must change the password before anything else (CONN-4).
    pub(crate) fn must_change_password(&self, user: &str) -> bool {
        let account = self.company.user(user);
        let unchanged = self
            .users
            .get(user)
            .is_some_and(|state| state.password.is_none());
        unchanged && account.is_some_and(|account| account.initial_password)
    }

    /// Takes a new password if it follows the rules of the mode (CONN-9). TLS is the only way in.
    pub(crate) fn check_new_password(
        &self,
        session: &SessionId,
        update: PasswordUpdate,
    ) -> Result<Change, Refusal> {
        let user = self.user_of(session)?;
        self.check_account(user)?;
        let name = UserName::new(user).map_err(|_| Refusal::NotFound)?;
        let entered = PasswordChange {
            old: update.old.clone().map(|old| old.0.into()),
            new: update.new.0.clone().into(),
            repeated: update.new.0.clone().into(),
        };
        let mode = self.company.system.model_mode();
        entered.check(mode, &name, true)?;
        Ok(Change {
            mode,
            credentials: self.credentials(user),
            update,
        })
    }

    /// Changes the password. The user's other sessions end at once: whoever knew the old password
    /// is out.
    pub(crate) fn change_password(
        &mut self,
        session: &SessionId,
        verdict: Verdict,
        new: PasswordHash,
        now: Millis,
    ) -> Result<(), Refusal> {
        let user = self.user_of(session)?.to_owned();
        if verdict != Verdict::Fits {
            self.count_wrong(&user, verdict);
            return Err(Refusal::OldPassword);
        }
        let credentials = Credentials {
            previous: Some(self.credentials(&user).current),
            current: new,
        };
        let kept = Owned::new(&user, Kind::Password, "", &credentials);
        self.effects.writes.push(Write::Owned(kept));
        if let Some(state) = self.users.get_mut(&user) {
            state.password = Some(credentials);
        }
        let own =
            |(id, state): &(&SessionId, &super::SessionState)| state.user == user && *id != session;
        let others: Vec<_> = self
            .sessions
            .iter()
            .filter(own)
            .map(|(id, _)| id.clone())
            .collect();
        for other in others {
            self.sign_out(&other, now);
        }
        Ok(())
    }

    pub(super) fn take_up_password(&mut self, kept: &Owned) {
        if let Some((state, credentials)) = self.users.get_mut(&kept.user).zip(kept.read()) {
            state.password = Some(credentials);
        }
    }
}
