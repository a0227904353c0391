//! The system's own sound, as far as the rules know it: which legs have some, and what the driver
//! has to do about them.

use serde::{Deserialize, Serialize};
use uc_protocol::ucx::{
    Candidates, Cause, ConnectionState, Description, DescriptionKind, PresenceState,
};

use super::{
    Exchange, Millis,
    call::{Call, Side},
    media::take_answer,
    seats::Seat,
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
    /// What is said into this user's desk phone.
    Phone(String),
    /// The same as a part of a conference, where the phone hears everybody else.
    ConferencePhone { user: String, conference: String },
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
    Offer { leg: String, generation: u32 },
    /// The answer to that.
    AcceptAnswer { leg: String, sdp: String },
    /// The desk phone holds the call, or doesn't any more.
    Hold { leg: String, held: bool },
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
        if let Some(seat) = self.endpoint(leg) {
            self.end(&seat.call, Cause::MediaFailed, now);
        }
    }

    /// Changes a leg of the system's, unless it is gone; whoever hears it is told of news.
    fn hear_endpoint(&mut self, leg: &str, change: impl FnOnce(&mut Call, Side) -> bool) {
        let Some(seat) = self.endpoint(leg) else {
            return;
        };
        let Ok(call) = self.running_mut(&seat.call) else {
            return;
        };
        if change(call, seat.side) {
            self.changed_for_far(&seat.call, seat.side);
        }
    }

    /// The system's leg has made its offer.
    fn endpoint_offered(&mut self, leg: &str, offer: Description) {
        self.hear_endpoint(leg, |call, side| {
            let is_first = call.round.offered_by.is_none() && call.is_undescribed();
            let fits = is_first && offer.generation > call.round.generation;
            if fits {
                call.round.generation = offer.generation;
                call.round.offered_by = Some(side);
                call.leg_mut(side).description = Some(offer);
            }
            fits
        });
    }

    /// The seat of this leg, if its sound is the server's.
    fn endpoint(&self, leg: &str) -> Option<Seat> {
        let seat = self.seat_of(leg)?;
        let open = self.calls[&seat.call].endpoint.as_deref() == Some(leg);
        open.then_some(seat)
    }
}

impl Exchange {
    /// Makes the sound of the side that needs the server's, and ends that of a side that doesn't
    /// any more. What the client has offered already goes there; while it rings at the client, the
    /// server offers.
    pub(super) fn settle_endpoint(&mut self, key: &str) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let wanted = call.sounding();
        let leg = wanted.as_ref().map(|(side, _)| call.leg(*side).id.clone());
        if call.endpoint == leg {
            return;
        }
        self.close_endpoint(key);
        let Some(((side, role), leg)) = wanted.zip(leg) else {
            return;
        };
        let call = self.calls.get_mut(key).expect("it was found above");
        call.endpoint = Some(leg.clone());
        let (held, rings) = (
            call.leg(side).state == ConnectionState::Hold,
            call.is_alerting(),
        );
        let (client, generation) = (call.leg(side.other()), call.round.generation);
        let offer = client.description.clone();
        let offer = offer.filter(|_| call.round.offered_by == Some(side.other()));
        let candidates = client.candidates.clone();
        let sound = &mut self.effects.sound;
        sound.push(SoundStep::Open {
            leg: leg.clone(),
            role,
        });
        if held {
            sound.push(SoundStep::Hold {
                leg: leg.clone(),
                held,
            });
        }
        match offer {
            Some(offer) => {
                sound.push(SoundStep::AcceptOffer {
                    leg: leg.clone(),
                    generation,
                    sdp: offer.sdp,
                });
                let candidates =
                    candidates.map(|candidates| SoundStep::Candidates { leg, candidates });
                sound.extend(candidates);
            }
            None if rings => sound.push(SoundStep::Offer {
                leg,
                generation: generation.saturating_add(1),
            }),
            None => {}
        }
    }

    /// The sound between both sides begins anew, as by [`Call::renew_sound`].
    pub(super) fn renew_sound(&mut self, key: &str, offering: Side) {
        self.close_endpoint(key);
        if let Some(call) = self.calls.get_mut(key) {
            call.renew_sound(offering);
        }
        self.settle_endpoint(key);
    }

    pub(super) fn close_endpoint(&mut self, key: &str) {
        let endpoint = self
            .calls
            .get_mut(key)
            .and_then(|call| call.endpoint.take());
        let close = endpoint.map(|leg| SoundStep::Close { leg });
        self.effects.sound.extend(close);
    }

    /// What a client says of its sound, where that goes to the server.
    pub(super) fn describe_to_endpoint(&mut self, key: &str, description: &Description) {
        let (generation, sdp) = (description.generation, description.sdp.clone());
        self.tell_endpoint(key, |leg| match description.kind {
            DescriptionKind::Offer => SoundStep::AcceptOffer {
                leg,
                generation,
                sdp,
            },
            DescriptionKind::Answer => SoundStep::AcceptAnswer { leg, sdp },
        });
    }

    /// A client's candidates, where they go to the server.
    pub(super) fn trickle_to_endpoint(&mut self, key: &str, candidates: Candidates) {
        self.tell_endpoint(key, |leg| SoundStep::Candidates { leg, candidates });
    }

    /// The seat's side holds the call, or doesn't any more: a desk phone's caller hears that.
    pub(super) fn hold_endpoint(&mut self, seat: &Seat) {
        let leg = self.calls[&seat.call].leg(seat.side);
        let (own, held) = (leg.id.clone(), leg.state == ConnectionState::Hold);
        if self.endpoint(&own).is_some() {
            self.tell_endpoint(&seat.call, |leg| SoundStep::Hold { leg, held });
        }
    }

    fn tell_endpoint(&mut self, key: &str, step: impl FnOnce(String) -> SoundStep) {
        let endpoint = self.calls.get(key).and_then(|call| call.endpoint.clone());
        self.effects.sound.extend(endpoint.map(step));
    }
}
