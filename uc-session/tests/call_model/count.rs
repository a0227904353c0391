//! What was seen, and how often.

use std::{collections::BTreeMap, fmt};

/// Two things that meet on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Crossing {
    BothHangUp,
    AnswerMeetsCancel,
    HoldFromBothSides,
    DeflectMeetsCancel,
    TransferMeetsHangUp,
    AlternateMeetsHangUp,
    ReconnectMeetsHangUp,
    ConferenceMeetsHangUp,
    OffersMeet,
    DescriptionMeetsFarEnd,
    EventBeforeAnswer,
    AnswerLost,
    RequestLost,
    EventTwice,
    EventLate,
}

impl Crossing {
    pub(crate) const ALL: [Self; 15] = [
        Self::BothHangUp,
        Self::AnswerMeetsCancel,
        Self::HoldFromBothSides,
        Self::DeflectMeetsCancel,
        Self::TransferMeetsHangUp,
        Self::AlternateMeetsHangUp,
        Self::ReconnectMeetsHangUp,
        Self::ConferenceMeetsHangUp,
        Self::OffersMeet,
        Self::DescriptionMeetsFarEnd,
        Self::EventBeforeAnswer,
        Self::AnswerLost,
        Self::RequestLost,
        Self::EventTwice,
        Self::EventLate,
    ];
}

#[derive(Default)]
pub(crate) struct Counts {
    crossings: BTreeMap<Crossing, u32>,
    cells: BTreeMap<String, u32>,
}

impl Counts {
    pub(crate) fn cross(&mut self, crossing: Crossing) {
        *self.crossings.entry(crossing).or_default() += 1;
    }

    /// A service was asked for in this state.
    pub(crate) fn cell(&mut self, cell: String) {
        *self.cells.entry(cell).or_default() += 1;
    }

    pub(crate) fn crossed(&self, crossing: Crossing) -> u32 {
        self.crossings.get(&crossing).copied().unwrap_or(0)
    }

    pub(crate) fn asked(&self, cell: &str) -> u32 {
        self.cells.get(cell).copied().unwrap_or(0)
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (cell, count) in &self.cells {
            writeln!(f, "{count:>7}  {cell}")?;
        }
        for crossing in Crossing::ALL {
            writeln!(f, "{:>7}  {crossing:?}", self.crossed(crossing))?;
        }
        Ok(())
    }
}
