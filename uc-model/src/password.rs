use thiserror::Error;

use crate::{Mode, Redacted, UserName};

/// What a new password lacks (CONN-9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Error)]
#[non_exhaustive]
pub enum PasswordFault {
    /// Smart: fewer than 8 or more than 16 characters.
    #[error("use 8 to 16 characters")]
    Length,
    /// Smart: no upper-case letter.
    #[error("use at least one upper-case letter")]
    NoUpperCase,
    /// Smart: no lower-case letter.
    #[error("use at least one lower-case letter")]
    NoLowerCase,
    /// Smart: no digit.
    #[error("use at least one digit")]
    NoDigit,
    /// Smart: nothing that is neither letter nor digit.
    #[error("use at least one special character, for example ! or #")]
    NoSpecial,
    /// Smart: a character that no keyboard types, such as a line end.
    #[error("leave out line ends and other control characters")]
    Control,
    /// Suite: something else than digits.
    #[error("use digits only")]
    NotDigits,
    /// Suite: fewer than six digits.
    #[error("use at least six digits")]
    TooFewDigits,
    /// Suite: more than 64 digits (our bound).
    #[error("use at most {MAX_DIGITS} digits")]
    TooManyDigits,
    /// Suite: a digit three times in a row.
    #[error("use no digit more than twice in a row")]
    Repeated,
    /// Suite: four digits in a row, such as 1234 or 4321.
    #[error("use no more than three consecutive digits in a row, such as 123")]
    Consecutive,
    /// Suite: the account's name, forwards or backwards.
    #[error("leave out the user name, forwards and backwards")]
    ContainsAccount,
}

/// Why a password can't be changed so.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PasswordChangeError {
    /// The connection isn't encrypted.
    #[error("a password can be changed over an encrypted connection only")]
    NotEncrypted,
    /// Smart asks for the old password.
    #[error("enter the old password")]
    OldMissing,
    /// The new password and its repetition differ.
    #[error("the new password and its repetition differ; enter them again")]
    RepetitionDiffers,
    /// The new password is the old one.
    #[error("the new password is the old one; choose another")]
    Unchanged,
    /// The new password doesn't follow the policy: everything that it lacks.
    #[error("the new password can't be used: {}", texts(.0))]
    Policy(Vec<PasswordFault>),
}

/// A change of the password as the user entered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordChange {
    /// The old one; Suite doesn't ask for it.
    pub old: Option<Redacted<String>>,
    /// The new one.
    pub new: Redacted<String>,
    /// The new one again.
    pub repeated: Redacted<String>,
}

/// Where an initial password is changed (CONN-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InitialPassword {
    /// In this client, before anything else.
    ChangeHere,
    /// In another client of the same account.
    ChangeElsewhere,
}

impl PasswordChange {
    /// Checks what the user entered, before anything is sent; the server checks by the same
    /// rule.
    ///
    /// # Errors
    /// The first thing that is wrong, and of the new password everything.
    pub fn check(
        &self,
        mode: Mode,
        account: &UserName,
        encrypted: bool,
    ) -> Result<(), PasswordChangeError> {
        if !encrypted {
            return Err(PasswordChangeError::NotEncrypted);
        }
        let old = self.old.as_ref().filter(|old| !old.expose().is_empty());
        if mode == Mode::Smart && old.is_none() {
            return Err(PasswordChangeError::OldMissing);
        }
        if self.new != self.repeated {
            return Err(PasswordChangeError::RepetitionDiffers);
        }
        if old.is_some_and(|old| *old == self.new) {
            return Err(PasswordChangeError::Unchanged);
        }
        match mode.password_faults(self.new.expose(), account) {
            faults if faults.is_empty() => Ok(()),
            faults => Err(PasswordChangeError::Policy(faults)),
        }
    }
}

impl Mode {
    /// Everything that a new password lacks by the policy of this mode (CONN-9); nothing where it
    /// is good.
    pub fn password_faults(self, password: &str, account: &UserName) -> Vec<PasswordFault> {
        let faults: &[(PasswordFault, bool)] = match self {
            Self::Smart => &smart_faults(password),
            Self::Suite => &suite_faults(password, account.as_str()),
        };
        let found = faults.iter().filter(|(_, found)| *found);
        found.map(|(fault, _)| *fault).collect()
    }

    /// Where a user changes the initial password, if the server asks for it (CONN-4).
    pub const fn initial_password(self) -> InitialPassword {
        match self {
            Self::Smart => InitialPassword::ChangeHere,
            Self::Suite => InitialPassword::ChangeElsewhere,
        }
    }
}

fn smart_faults(password: &str) -> [(PasswordFault, bool); 6] {
    let lacks = |is: fn(char) -> bool| !password.chars().any(is);
    let length = password.chars().count();
    [
        (PasswordFault::Length, !(8..=16).contains(&length)),
        (PasswordFault::NoUpperCase, lacks(char::is_uppercase)),
        (PasswordFault::NoLowerCase, lacks(char::is_lowercase)),
        (PasswordFault::NoDigit, lacks(|c| c.is_ascii_digit())),
        (
            PasswordFault::NoSpecial,
            lacks(|c| !c.is_alphanumeric() && !c.is_control()),
        ),
        (PasswordFault::Control, !lacks(char::is_control)),
    ]
}

fn suite_faults(password: &str, account: &str) -> [(PasswordFault, bool); 6] {
    let bytes = password.as_bytes();
    let backwards: String = account.chars().rev().collect();
    let named = password.contains(account) || password.contains(&backwards);
    let step = |up: i16| move |pair: &[u8]| i16::from(pair[1]) - i16::from(pair[0]) == up;
    let run = |len: usize, up: i16| bytes.windows(len).any(|run| run.windows(2).all(step(up)));
    [
        (
            PasswordFault::NotDigits,
            !bytes.iter().all(u8::is_ascii_digit),
        ),
        (PasswordFault::TooFewDigits, bytes.len() < 6),
        (PasswordFault::TooManyDigits, bytes.len() > MAX_DIGITS),
        (PasswordFault::Repeated, run(3, 0)),
        (PasswordFault::Consecutive, run(4, 1) || run(4, -1)),
        (PasswordFault::ContainsAccount, named),
    ]
}

fn texts(faults: &[PasswordFault]) -> String {
    let texts: Vec<_> = faults.iter().map(ToString::to_string).collect();
    texts.join("; ")
}

/// Longest password of the Suite, in digits (our choice: the manual names no bound).
const MAX_DIGITS: usize = 64;

#[cfg(test)]
mod tests;
