//! The system's own sound, as far as the rules know it: which legs have some, and what the driver
//! has to do about them.

use serde::{Deserialize, Serialize};
use uc_protocol::ucx::{Candidates, Cause, Description, DescriptionKind, PresenceState};

use super::{
    Exchange, Millis,
    call::{Call, Leg, Owner, Side},
    media::take_answer,
};

/// What a leg of the system's sounds like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Role {
    /// Everybody else in the conference of this name.
    Conference(String),
    /// Why the one who was called doesn't answer, and until when, as far as the caller may know;
    /// then what the caller says is recorded.
    Announcement {
        reason: Option<PresenceState>,
        until: Option<Millis>,
    },
    /// Music, until the call goes on.
    Waiting,
}

/// What the driver of the system's sound does next. The user's client offers, but where the system
/// calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SoundStep {
    /// There is a leg; an offer to it will come.
    Open { leg: String, role: Role },
    /// The offer; the answer goes to [`Exchange::endpoint_described`].
    AcceptOffer {
        leg: String,
        generation: u32,
        sdp: String,
    },
    /// An offer has to be made; it goes to [`Exchange::endpoint_described`].
    Offer { leg: String },
    /// Further candidates of the client's.
    Candidates { leg: String, candidates: Candidates },
    /// The leg is gone.
    Close { leg: String },
}

impl Exchange {
    /// The system's leg has answered the client's offer, or made its own.
    pub(crate) fn endpoint_described(&mut self, leg: &str, description: Description) {
        if description.kind == DescriptionKind::Offer {
            return self.endpoint_offered(leg, description);
        }
        self.hear_endpoint(leg, |call, side| {
            let answers = take_answer(call, side, &description).is_ok();
            if answers {
                let own = call.leg_mut(side);
                own.description = Some(description);
                own.candidates = None;
            }
            answers
        });
    }

    /// The system's leg has found candidates for what it described last.
    pub(crate) fn endpoint_candidates(&mut self, leg: &str, candidates: Candidates) {
        self.hear_endpoint(leg, |call, side| {
            matches!(call.leg_mut(side).gather(candidates), Ok(true))
        });
    }

    /// The system's leg has no sound (any more).
    pub(crate) fn endpoint_failed(&mut self, leg: &str, now: Millis) {
        let seat = self.seat_of(leg);
        let seat = seat.filter(|seat| self.calls[&seat.call].leg(seat.side).user().is_none());
        if let Some(seat) = seat {
            self.end(&seat.call, Cause::MediaFailed, now);
        }
    }

    /// Changes a leg of the system's, unless it is gone; whoever hears it is told of news.
    pub(super) fn hear_endpoint(
        &mut self,
        leg: &str,
        change: impl FnOnce(&mut Call, Side) -> bool,
    ) {
        let Some(seat) = self.seat_of(leg) else {
            return;
        };
        let Ok(call) = self.running_mut(&seat.call) else {
            return;
        };
        if call.leg(seat.side).user().is_none() && change(call, seat.side) {
            self.changed(&seat.call, &[seat.side.other()], false);
        }
    }
}

impl Exchange {
    /// The system's leg of a call has to be made, or made again after a restart.
    pub(super) fn open_endpoint(&mut self, key: &str) {
        if let Some((leg, Owner::System(role))) = self.endpoint_of(key).map(|l| (&l.id, &l.owner)) {
            let (leg, role) = (leg.clone(), role.clone());
            self.effects.sound.push(SoundStep::Open { leg, role });
        }
    }

    pub(super) fn close_endpoint(&mut self, key: &str) {
        if let Some(leg) = self.endpoint_of(key).map(|leg| leg.id.clone()) {
            self.effects.sound.push(SoundStep::Close { leg });
        }
    }

    /// A client's offer, where it goes to the system.
    pub(super) fn offer_to_endpoint(&mut self, key: &str, offer: &Description) {
        if let Some(leg) = self.endpoint_of(key).map(|leg| leg.id.clone()) {
            let (generation, sdp) = (offer.generation, offer.sdp.clone());
            self.effects.sound.push(SoundStep::AcceptOffer {
                leg,
                generation,
                sdp,
            });
        }
    }

    /// A client's candidates, where they go to the system.
    pub(super) fn trickle_to_endpoint(&mut self, key: &str, candidates: Candidates) {
        if let Some(leg) = self.endpoint_of(key).map(|leg| leg.id.clone()) {
            let step = SoundStep::Candidates { leg, candidates };
            self.effects.sound.push(step);
        }
    }

    /// The leg of a call whose sound is the system's. Desk phones have none.
    fn endpoint_of(&self, key: &str) -> Option<&Leg> {
        let call = self.calls.get(key).filter(|call| !call.is_at_desk())?;
        call.legs().find(|leg| leg.user().is_none())
    }
}
