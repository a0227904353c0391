use thiserror::Error;

use crate::{Mode, Redacted, Timestamp};

mod call_me;
mod forwarding;
mod line;
mod name;
mod visibility;

pub use call_me::{CallMeDestination, CallMeError};
pub use forwarding::{Forwarding, ForwardingError, ForwardingTarget, Mailbox};
pub use line::LineState;
pub use visibility::{Announcement, Observer, PresenceVisibility};

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
    /// Reached at another workplace (Suite); shown to others as office.
    CallMe,
    /// The other hides their presence from this user.
    Invisible,
}

/// Someone's presence: a state, and for every state but office an expected return time (PRES-2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// The state.
    pub state: PresenceState,
    /// When the person expects to be back; never set for [`PresenceState::Office`] and
    /// [`PresenceState::CallMe`].
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
    /// CallMe without the service.
    #[error("CallMe needs UC Suite and an active CallMe number; choose office")]
    CallMeInactive,
}

/// What decides which presence states a user may set (PRES-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PresenceRights {
    /// The server's mode.
    pub mode: Mode,
    /// Whether the user's device is a member of a MULAP.
    pub in_mulap: bool,
    /// Whether the user's CallMe service is active.
    pub call_me: bool,
}

impl PresenceRights {
    /// The states to offer, in the manual's order.
    pub fn choices(&self) -> impl Iterator<Item = PresenceState> {
        let settable = |state: &PresenceState| Presence::of(*state).check_settable(self).is_ok();
        PresenceState::ALL.into_iter().filter(settable)
    }

    const fn has_call_me(&self) -> bool {
        self.call_me && matches!(self.mode, Mode::Suite)
    }
}

impl PresenceState {
    /// Every state, in the manual's order.
    pub const ALL: [Self; 11] = [
        Self::Office,
        Self::CallMe,
        Self::Meeting,
        Self::Sick,
        Self::Break,
        Self::OutOfOffice,
        Self::Holiday,
        Self::Lunch,
        Self::Home,
        Self::DoNotDisturb,
        Self::Invisible,
    ];
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
        let at_work = matches!(state, PresenceState::Office | PresenceState::CallMe);
        if at_work && until.is_some() {
            return Err(PresenceError::ReturnTimeInOffice);
        }
        match note.as_ref().map_or(0, |note| note.expose().len()) {
            size if size > MAX_NOTE_BYTES => Err(PresenceError::NoteTooLong(size)),
            _ => Ok(Self { state, until, note }),
        }
    }

    /// Whether a user may set this presence.
    ///
    /// # Errors
    /// What speaks against it.
    pub fn check_settable(&self, user: &PresenceRights) -> Result<(), PresenceError> {
        match self.state {
            PresenceState::Invisible => return Err(PresenceError::NotSettable),
            PresenceState::DoNotDisturb if user.in_mulap => {
                return Err(PresenceError::DoNotDisturbInMulap);
            }
            PresenceState::CallMe if !user.has_call_me() => {
                return Err(PresenceError::CallMeInactive);
            }
            _ => {}
        }
        Self::new(self.state, self.until, self.note.clone()).map(drop)
    }

    /// The presence after the server's own reset to office (PRES-5): CallMe comes back where it
    /// was active before.
    pub const fn reset(user: &PresenceRights) -> Self {
        match user.has_call_me() {
            true => Self::of(PresenceState::CallMe),
            false => Self::of(PresenceState::Office),
        }
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

    const SMART: PresenceRights = PresenceRights {
        mode: Mode::Smart,
        in_mulap: false,
        call_me: false,
    };
    const MULAP: PresenceRights = PresenceRights {
        in_mulap: true,
        ..SMART
    };
    const CALL_ME: PresenceRights = PresenceRights {
        mode: Mode::Suite,
        call_me: true,
        ..SMART
    };

    #[test]
    fn invisible_and_a_mulaps_do_not_disturb_are_not_set() {
        let check = |state, rights: &_| Presence::of(state).check_settable(rights);
        let invisible = check(PresenceState::Invisible, &SMART);
        assert_eq!(invisible, Err(PresenceError::NotSettable));
        let in_mulap = check(PresenceState::DoNotDisturb, &MULAP);
        assert_eq!(in_mulap, Err(PresenceError::DoNotDisturbInMulap));
        assert_eq!(check(PresenceState::DoNotDisturb, &SMART), Ok(()));
        assert_eq!(check(PresenceState::Lunch, &MULAP), Ok(()));
        let mut office = Presence::of(PresenceState::Office);
        office.until = LATER;
        let office = office.check_settable(&SMART);
        assert_eq!(office, Err(PresenceError::ReturnTimeInOffice));
    }

    #[test]
    fn call_me_is_set_in_suite_while_the_service_is_active() {
        let check = |rights: &_| Presence::of(PresenceState::CallMe).check_settable(rights);
        assert_eq!(check(&CALL_ME), Ok(()));
        for (mode, call_me) in [
            (Mode::Smart, true),
            (Mode::Suite, false),
            (Mode::Smart, false),
        ] {
            let rights = PresenceRights {
                mode,
                call_me,
                ..SMART
            };
            assert_eq!(check(&rights), Err(PresenceError::CallMeInactive));
            assert_eq!(Presence::reset(&rights).state, PresenceState::Office);
        }
        assert_eq!(Presence::reset(&CALL_ME).state, PresenceState::CallMe);
        let until = Presence::new(PresenceState::CallMe, LATER, None);
        assert_eq!(until, Err(PresenceError::ReturnTimeInOffice));
    }

    #[test]
    fn a_user_is_offered_what_may_be_set_in_the_manuals_order() {
        use PresenceState as S;
        let away = [
            S::Meeting,
            S::Sick,
            S::Break,
            S::OutOfOffice,
            S::Holiday,
            S::Lunch,
            S::Home,
        ];
        let choices = |rights: PresenceRights| rights.choices().collect::<Vec<_>>();
        assert_eq!(
            choices(SMART),
            [&[S::Office], &away[..], &[S::DoNotDisturb]].concat()
        );
        assert_eq!(choices(MULAP), [&[S::Office], &away[..]].concat());
        let suite = [&[S::Office, S::CallMe], &away[..], &[S::DoNotDisturb]].concat();
        assert_eq!(choices(CALL_ME), suite);
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
