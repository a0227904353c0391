use std::collections::BTreeMap;

use thiserror::Error;

use crate::{Extension, Mode, PhoneNumber, PresenceState};

/// Where calls go while a presence state lasts (PRES-3).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForwardingTarget {
    /// To a mailbox.
    Voicemail(Mailbox),
    /// To the mobile number of the user's profile.
    Mobile,
    /// To another number.
    Number(PhoneNumber),
}

/// A mailbox that takes a user's calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mailbox {
    /// The user's own.
    #[default]
    Own,
    /// A group's, which clients don't open.
    Group(Extension),
    /// The system's, which clients don't open.
    System,
}

/// Why calls can't be forwarded so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ForwardingError {
    /// Suite: targets are set by another client.
    #[error("forwarding targets are set with another client of this account")]
    SetElsewhere,
    /// Do not disturb refuses calls, and what others hide or CallMe forwards by itself.
    #[error("calls aren't forwarded in this presence state; choose another state")]
    NotInThisState,
    /// The own mailbox of a user who has none.
    #[error("you have no mailbox of your own; choose a group's or the system's")]
    NoMailbox,
    /// The mobile number isn't known.
    #[error("enter your mobile number in the profile first")]
    NoMobile,
}

/// A user's forwarding by presence state (PRES-3).
///
/// Smart: every state but do not disturb can have a target; office has none by default, every
/// other state the mailbox. Suite: every state but office and CallMe forwards, to a target that
/// another client sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarding {
    mode: Mode,
    mailbox: Mailbox,
    targets: BTreeMap<PresenceState, ForwardingTarget>,
}

impl Forwarding {
    /// The default targets; `mailbox` is the one that takes this user's calls.
    pub const fn new(mode: Mode, mailbox: Mailbox) -> Self {
        Self {
            mode,
            mailbox,
            targets: BTreeMap::new(),
        }
    }

    /// Where calls go in `state`; `None` where they ring, or are refused. This is what each state
    /// shows beside its name.
    pub fn target(&self, state: PresenceState) -> Option<ForwardingTarget> {
        if !self.forwards(state) {
            return None;
        }
        let default = (state != PresenceState::Office)
            .then(|| ForwardingTarget::Voicemail(self.mailbox.clone()));
        self.targets.get(&state).cloned().or(default)
    }

    /// Sets the user's choice for one state, with what the user has at hand.
    ///
    /// # Errors
    /// See [`ForwardingError`]; nothing is changed then.
    pub fn choose(
        &mut self,
        state: PresenceState,
        target: ForwardingTarget,
        mobile_is_known: bool,
    ) -> Result<(), ForwardingError> {
        if self.mode == Mode::Suite {
            return Err(ForwardingError::SetElsewhere);
        }
        let own = ForwardingTarget::Voicemail(Mailbox::Own);
        match &target {
            _ if !self.forwards(state) => Err(ForwardingError::NotInThisState),
            ForwardingTarget::Mobile if !mobile_is_known => Err(ForwardingError::NoMobile),
            target if *target == own && self.mailbox != Mailbox::Own => {
                Err(ForwardingError::NoMailbox)
            }
            _ => {
                self.targets.insert(state, target);
                Ok(())
            }
        }
    }

    /// Lets calls in `state` go where they go by default.
    ///
    /// # Errors
    /// Suite, where another client does it.
    pub fn reset(&mut self, state: PresenceState) -> Result<(), ForwardingError> {
        if self.mode == Mode::Suite {
            return Err(ForwardingError::SetElsewhere);
        }
        self.targets.remove(&state);
        Ok(())
    }

    /// The targets that aren't the default ones.
    pub const fn own_targets(&self) -> &BTreeMap<PresenceState, ForwardingTarget> {
        &self.targets
    }

    /// Takes a target as the server tells it, in either mode.
    pub fn tell(&mut self, state: PresenceState, target: ForwardingTarget) {
        self.targets.insert(state, target);
    }

    const fn forwards(&self, state: PresenceState) -> bool {
        match state {
            PresenceState::DoNotDisturb | PresenceState::Invisible | PresenceState::CallMe => false,
            PresenceState::Office => matches!(self.mode, Mode::Smart),
            PresenceState::Meeting
            | PresenceState::Sick
            | PresenceState::Break
            | PresenceState::OutOfOffice
            | PresenceState::Holiday
            | PresenceState::Lunch
            | PresenceState::Home => true,
        }
    }
}

impl Mailbox {
    /// Whether a client plays what is in it.
    pub const fn opens_in_client(&self) -> bool {
        matches!(self, Self::Own)
    }
}

#[cfg(test)]
mod tests {
    use PresenceState as S;

    use super::*;

    const AWAY: [PresenceState; 7] = [
        S::Meeting,
        S::Sick,
        S::Break,
        S::OutOfOffice,
        S::Holiday,
        S::Lunch,
        S::Home,
    ];

    fn number() -> ForwardingTarget {
        ForwardingTarget::Number(PhoneNumber::new("321").unwrap())
    }

    #[test]
    fn away_goes_to_the_mailbox_by_default_and_office_rings() {
        for mode in [Mode::Smart, Mode::Suite] {
            let forwarding = Forwarding::new(mode, Mailbox::Own);
            for state in AWAY {
                let expected = ForwardingTarget::Voicemail(Mailbox::Own);
                assert_eq!(forwarding.target(state), Some(expected), "{state:?}");
            }
            for state in [S::Office, S::CallMe, S::DoNotDisturb, S::Invisible] {
                assert_eq!(forwarding.target(state), None, "{state:?}");
            }
        }
    }

    #[test]
    fn in_smart_every_state_but_do_not_disturb_gets_its_own_target() {
        let mut forwarding = Forwarding::new(Mode::Smart, Mailbox::Own);
        for state in AWAY.into_iter().chain([S::Office]) {
            forwarding.choose(state, number(), false).unwrap();
            assert_eq!(forwarding.target(state), Some(number()), "{state:?}");
            forwarding
                .choose(state, ForwardingTarget::Mobile, true)
                .unwrap();
            assert_eq!(forwarding.target(state), Some(ForwardingTarget::Mobile));
        }
        let refused = forwarding.choose(S::DoNotDisturb, number(), false);
        assert_eq!(refused, Err(ForwardingError::NotInThisState));
        forwarding.reset(S::Office).unwrap();
        assert_eq!(forwarding.target(S::Office), None);
    }

    #[test]
    fn in_suite_another_client_sets_the_targets() {
        let mut forwarding = Forwarding::new(Mode::Suite, Mailbox::Own);
        let refused = forwarding.choose(S::Lunch, number(), false);
        assert_eq!(refused, Err(ForwardingError::SetElsewhere));
        assert_eq!(
            forwarding.reset(S::Lunch),
            Err(ForwardingError::SetElsewhere)
        );
        forwarding.tell(S::Lunch, number());
        forwarding.tell(S::Office, number());
        assert_eq!(forwarding.target(S::Lunch), Some(number()));
        assert_eq!(
            forwarding.target(S::Office),
            None,
            "office never forwards in Suite"
        );
    }

    #[test]
    fn without_an_own_mailbox_a_groups_or_the_systems_takes_the_calls() {
        let group = Mailbox::Group(Extension::new("500").unwrap());
        for mailbox in [group, Mailbox::System] {
            let mut forwarding = Forwarding::new(Mode::Smart, mailbox.clone());
            let default = ForwardingTarget::Voicemail(mailbox.clone());
            assert_eq!(forwarding.target(S::Sick), Some(default));
            let own = ForwardingTarget::Voicemail(Mailbox::Own);
            let refused = forwarding.choose(S::Sick, own, true);
            assert_eq!(refused, Err(ForwardingError::NoMailbox));
            assert!(!mailbox.opens_in_client());
        }
        assert!(Mailbox::Own.opens_in_client());
    }

    #[test]
    fn the_mobile_must_be_known() {
        let mut forwarding = Forwarding::new(Mode::Smart, Mailbox::Own);
        let refused = forwarding.choose(S::Home, ForwardingTarget::Mobile, false);
        assert_eq!(refused, Err(ForwardingError::NoMobile));
    }
}
