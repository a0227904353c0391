use thiserror::Error;

use crate::{Extension, PhoneKind};

/// One of the telephones that share the number of a MULAP's user, who enters the one that is to be
/// controlled; with VoIP the number kept for the client itself (CONN-10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignedPhone {
    /// Its own number.
    pub number: Extension,
    /// What it is, where that is known.
    pub kind: Option<PhoneKind>,
}

/// Why a telephone can't be controlled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum AssignedPhoneError {
    /// The user's number belongs to one telephone only.
    #[error(
        "your number isn't shared by several telephones (MULAP): leave the assigned telephone empty"
    )]
    NotShared,
    /// None of the user's telephones has this number.
    #[error(
        "this is not the number of one of your telephones: ask the administrator which one to enter"
    )]
    NotAssigned,
}

impl AssignedPhone {
    /// The one of the user's telephones that a client controls: the one with the number that was
    /// entered, else the first. `known`: all of them; none for a user whose number isn't shared,
    /// `None` where the server doesn't tell them and everything is believed. Gives `None` where there is
    /// nothing to choose from.
    ///
    /// # Errors
    /// See [`AssignedPhoneError`].
    pub fn choose(
        known: Option<&[Self]>,
        entered: Option<&Extension>,
    ) -> Result<Option<Self>, AssignedPhoneError> {
        let believed = |number: &Extension| Self {
            number: number.clone(),
            kind: None,
        };
        match (known, entered) {
            (None, entered) => Ok(entered.map(believed)),
            (Some(known), None) => Ok(known.first().cloned()),
            (Some([]), Some(_)) => Err(AssignedPhoneError::NotShared),
            (Some(known), Some(number)) => {
                let found = known.iter().find(|phone| phone.number == *number);
                let found = found.ok_or(AssignedPhoneError::NotAssigned)?;
                Ok(Some(found.clone()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(number: &str, kind: PhoneKind) -> AssignedPhone {
        AssignedPhone {
            number: Extension::new(number).unwrap(),
            kind: Some(kind),
        }
    }

    #[test]
    fn the_entered_telephone_is_controlled_else_the_first() {
        let known = [
            phone("361", PhoneKind::System),
            phone("362", PhoneKind::WebRtc),
        ];
        let entered = |text| Extension::new(text).unwrap();
        let choose = |number: Option<&Extension>| AssignedPhone::choose(Some(&known), number);
        assert_eq!(choose(None), Ok(Some(known[0].clone())));
        assert_eq!(choose(Some(&entered("362"))), Ok(Some(known[1].clone())));
        assert_eq!(
            choose(Some(&entered("330"))),
            Err(AssignedPhoneError::NotAssigned)
        );
    }

    #[test]
    fn without_a_shared_number_there_is_nothing_to_enter() {
        let entered = Extension::new("361").unwrap();
        assert_eq!(AssignedPhone::choose(Some(&[]), None), Ok(None));
        assert_eq!(
            AssignedPhone::choose(Some(&[]), Some(&entered)),
            Err(AssignedPhoneError::NotShared)
        );
    }

    #[test]
    fn a_server_that_tells_nothing_is_asked_for_whatever_was_entered() {
        let entered = Extension::new("361").unwrap();
        assert_eq!(AssignedPhone::choose(None, None), Ok(None));
        let believed = AssignedPhone::choose(None, Some(&entered)).unwrap();
        assert_eq!(
            believed.map(|phone| (phone.number, phone.kind)),
            Some((entered, None))
        );
    }
}
