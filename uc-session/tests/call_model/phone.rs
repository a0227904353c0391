//! What a telephone user may ask for, in a table of its own.

use uc_model::ConnectionState as S;

/// What can be asked of a call, or of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    Answer,
    Reject,
    Clear,
    Hold,
    Retrieve,
    Deflect,
    Consult,
    SingleStepTransfer,
    Alternate,
    Reconnect,
    Transfer,
    Conference,
}

impl Ask {
    pub(crate) const ALL: [Self; 12] = [
        Self::Answer,
        Self::Reject,
        Self::Clear,
        Self::Hold,
        Self::Retrieve,
        Self::Deflect,
        Self::Consult,
        Self::SingleStepTransfer,
        Self::Alternate,
        Self::Reconnect,
        Self::Transfer,
        Self::Conference,
    ];

    pub(crate) fn ends(self) -> bool {
        matches!(self, Self::Clear | Self::Reject)
    }

    pub(crate) fn takes_two(self) -> bool {
        matches!(
            self,
            Self::Alternate | Self::Reconnect | Self::Transfer | Self::Conference
        )
    }
}

/// What a call looks like to its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) local: S,
    pub(crate) remote: S,
    pub(crate) conference: bool,
}

/// The states in which calls are, as far as they differ for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Dialling,
    Ringing,
    Talking,
    Waiting,
    /// On hold by this user.
    Holding,
    BothHold,
    /// Handed over to somebody whose phone rings; the second on hold by this user.
    HandedOver,
    HandedOverHolding,
    Conference,
    ConferenceHolding,
}

impl Kind {
    pub(crate) const ALL: [Self; 10] = [
        Self::Dialling,
        Self::Ringing,
        Self::Talking,
        Self::Waiting,
        Self::Holding,
        Self::BothHold,
        Self::HandedOver,
        Self::HandedOverHolding,
        Self::Conference,
        Self::ConferenceHolding,
    ];

    pub(crate) fn of(look: Look) -> Option<Self> {
        Some(match (look.local, look.remote, look.conference) {
            (S::Initiated, ..) => Self::Dialling,
            (S::Alerting, ..) => Self::Ringing,
            (S::Connected, _, true) => Self::Conference,
            (S::Hold, _, true) => Self::ConferenceHolding,
            (S::Connected, S::Connected, false) => Self::Talking,
            (S::Connected, S::Hold, false) => Self::Waiting,
            (S::Hold, S::Connected, false) => Self::Holding,
            (S::Hold, S::Hold, false) => Self::BothHold,
            (S::Connected, S::Alerting, false) => Self::HandedOver,
            (S::Hold, S::Alerting, false) => Self::HandedOverHolding,
            _ => return None,
        })
    }

    /// Whether the user may ask this of one call.
    pub(crate) fn allows(self, ask: Ask) -> bool {
        use Kind::*;
        match ask {
            Ask::Clear => true,
            Ask::Answer | Ask::Reject | Ask::Deflect => self == Ringing,
            Ask::Hold | Ask::Consult => matches!(self, Talking | Waiting | Conference),
            Ask::Retrieve => {
                matches!(
                    self,
                    Holding | BothHold | HandedOverHolding | ConferenceHolding
                )
            }
            Ask::SingleStepTransfer => matches!(self, Talking | Waiting | Holding | BothHold),
            Ask::Alternate | Ask::Reconnect | Ask::Transfer | Ask::Conference => false,
        }
    }

    /// Whether the user may ask this of an active call in this state beside a held one.
    pub(crate) fn allows_beside(self, ask: Ask, held: Self) -> bool {
        use Kind::*;
        let waits = matches!(held, Holding | BothHold | ConferenceHolding);
        let talks = matches!(self, Talking | Waiting | Conference);
        let fits = match ask {
            Ask::Alternate | Ask::Conference => talks,
            Ask::Reconnect => talks || self == Dialling,
            Ask::Transfer => {
                matches!(self, Talking | Waiting | Dialling) && held != ConferenceHolding
            }
            _ => false,
        };
        waits && fits
    }
}
