use thiserror::Error;

use crate::Mode;

/// Why CallMe can't send calls to a number (CALLME-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CallMeError {
    /// Smart.
    #[error("CallMe needs UC Suite; forward your calls by presence state instead")]
    SuiteOnly,
    /// Nobody has the number.
    #[error("nobody has this number; enter that of the telephone at your other workplace")]
    NoSuchNumber,
    /// The number of the user's own telephone.
    #[error("this is your own number; enter that of the telephone at your other workplace")]
    Own,
    /// A group.
    #[error("CallMe can't go to a group; enter the number of one telephone")]
    Group,
    /// A telephone whose calls go elsewhere.
    #[error("this telephone is forwarded itself; CallMe can't go there")]
    Forwarded,
}

/// What the system finds at a number that is to become a CallMe destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallMeDestination {
    /// Nothing.
    Nobody,
    /// The user's own telephone.
    Own,
    /// A group.
    Group,
    /// A telephone, `forwarded` or not.
    Phone {
        /// Whether its calls go elsewhere.
        forwarded: bool,
    },
}

impl CallMeDestination {
    /// Whether CallMe can send calls there.
    ///
    /// # Errors
    /// What speaks against it.
    pub const fn check(self, mode: Mode) -> Result<(), CallMeError> {
        match (mode, self) {
            (Mode::Smart, _) => Err(CallMeError::SuiteOnly),
            (Mode::Suite, Self::Nobody) => Err(CallMeError::NoSuchNumber),
            (Mode::Suite, Self::Own) => Err(CallMeError::Own),
            (Mode::Suite, Self::Group) => Err(CallMeError::Group),
            (Mode::Suite, Self::Phone { forwarded: true }) => Err(CallMeError::Forwarded),
            (Mode::Suite, Self::Phone { forwarded: false }) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_me_goes_to_one_telephone_that_is_not_forwarded() {
        let phone = |forwarded| CallMeDestination::Phone { forwarded };
        assert_eq!(phone(false).check(Mode::Suite), Ok(()));
        for (found, error) in [
            (phone(true), CallMeError::Forwarded),
            (CallMeDestination::Group, CallMeError::Group),
            (CallMeDestination::Own, CallMeError::Own),
            (CallMeDestination::Nobody, CallMeError::NoSuchNumber),
        ] {
            assert_eq!(found.check(Mode::Suite), Err(error));
        }
        assert_eq!(phone(false).check(Mode::Smart), Err(CallMeError::SuiteOnly));
    }
}
