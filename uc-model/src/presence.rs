use thiserror::Error;

use crate::{Redacted, Timestamp};

/// A presence state (PRES-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PresenceState {
    /// At the own workplace.
    Office,
    /// In a meeting.
    Meeting,
    /// Off sick.
    Sick,
    /// On a break.
    Break,
    /// Out of the office.
    OutOfOffice,
    /// On holiday.
    Holiday,
    /// At lunch.
    Lunch,
    /// Gone home.
    Home,
    /// Not to be disturbed (not in a MULAP).
    DoNotDisturb,
    /// The other hides their presence from this user.
    Invisible,
}

/// Someone's presence: a state, and for every state but office an expected return time (PRES-2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// The state.
    pub state: PresenceState,
    /// When the person expects to be back; never set for [`PresenceState::Office`].
    pub until: Option<Timestamp>,
    /// A note for those who see the state; any state may carry one.
    pub note: Option<Redacted<String>>,
}

/// Why a presence can't be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PresenceError {
    /// Office with a return time.
    #[error("someone in the office has no return time; leave it out or choose another state")]
    ReturnTimeInOffice,
    /// The note is longer than 1024 bytes.
    #[error("a note has at most {MAX_NOTE_BYTES} bytes, this one has {0}")]
    NoteTooLong(usize),
    /// Invisible is how others' hidden presence looks; nobody sets it.
    #[error("invisible can't be set; hide the presence by its visibility settings")]
    NotSettable,
    /// Do not disturb in a MULAP (PRES-1).
    #[error("do not disturb can't be set by a member of a MULAP; choose another state")]
    DoNotDisturbInMulap,
}

/// The longest note, in bytes (the limit of UCX for texts).
const MAX_NOTE_BYTES: usize = 1024;

impl Presence {
    /// A state with nothing else.
    pub const fn of(state: PresenceState) -> Self {
        Self {
            state,
            until: None,
            note: None,
        }
    }

    /// Someone's presence, as seen.
    ///
    /// # Errors
    /// A return time with office, or a note that is too long.
    pub fn new(
        state: PresenceState,
        until: Option<Timestamp>,
        note: Option<Redacted<String>>,
    ) -> Result<Self, PresenceError> {
        if state == PresenceState::Office && until.is_some() {
            return Err(PresenceError::ReturnTimeInOffice);
        }
        match note.as_ref().map_or(0, |note| note.expose().len()) {
            size if size > MAX_NOTE_BYTES => Err(PresenceError::NoteTooLong(size)),
            _ => Ok(Self { state, until, note }),
        }
    }

    /// Whether a user may set this presence; `in_mulap` says whether the user's device is a
    /// member of a MULAP.
    ///
    /// # Errors
    /// What speaks against it.
    pub fn check_settable(&self, in_mulap: bool) -> Result<(), PresenceError> {
        match self.state {
            PresenceState::Invisible => return Err(PresenceError::NotSettable),
            PresenceState::DoNotDisturb if in_mulap => {
                return Err(PresenceError::DoNotDisturbInMulap);
            }
            _ => {}
        }
        Self::new(self.state, self.until, self.note.clone()).map(drop)
    }

    /// The return time to show at `now`: once it has passed it lapses, and the state stays
    /// (PRES-5).
    pub fn announced_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.until.filter(|until| *until > now)
    }

    /// Whether calls are kept from ringing in this state.
    pub const fn refuses_calls(&self) -> bool {
        matches!(self.state, PresenceState::DoNotDisturb)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATER: Option<Timestamp> = Some(Timestamp(1000));

    #[test]
    fn only_office_has_no_return_time() {
        let office = Presence::new(PresenceState::Office, LATER, None);
        assert_eq!(office, Err(PresenceError::ReturnTimeInOffice));
        let note = Some(Redacted::new("room 5".to_owned()));
        Presence::new(PresenceState::Office, None, note.clone()).unwrap();
        for state in [
            PresenceState::Meeting,
            PresenceState::Home,
            PresenceState::Invisible,
        ] {
            Presence::new(state, LATER, note.clone()).unwrap();
        }
    }

    #[test]
    fn a_note_has_its_limit() {
        let note = |size| Some(Redacted::new("x".repeat(size)));
        Presence::new(PresenceState::Home, None, note(1024)).unwrap();
        let long = Presence::new(PresenceState::Home, None, note(1025));
        assert_eq!(long, Err(PresenceError::NoteTooLong(1025)));
    }

    #[test]
    fn invisible_and_a_mulaps_do_not_disturb_are_not_set() {
        let check = |state, mulap| Presence::of(state).check_settable(mulap);
        assert_eq!(
            check(PresenceState::Invisible, false),
            Err(PresenceError::NotSettable)
        );
        let in_mulap = check(PresenceState::DoNotDisturb, true);
        assert_eq!(in_mulap, Err(PresenceError::DoNotDisturbInMulap));
        assert_eq!(check(PresenceState::DoNotDisturb, false), Ok(()));
        assert_eq!(check(PresenceState::Lunch, true), Ok(()));
        let mut office = Presence::of(PresenceState::Office);
        office.until = LATER;
        assert_eq!(
            office.check_settable(false),
            Err(PresenceError::ReturnTimeInOffice)
        );
    }

    #[test]
    fn a_passed_return_time_lapses_and_the_state_stays() {
        let lunch = Presence::new(PresenceState::Lunch, LATER, None).unwrap();
        assert_eq!(lunch.announced_until(Timestamp(999)), LATER);
        assert_eq!(lunch.announced_until(Timestamp(1000)), None);
        assert_eq!(lunch.state, PresenceState::Lunch);
    }

    #[test]
    fn only_do_not_disturb_refuses_calls() {
        assert!(Presence::of(PresenceState::DoNotDisturb).refuses_calls());
        assert!(!Presence::of(PresenceState::Meeting).refuses_calls());
    }
}
