use uc_protocol::ucx::{CallResource, Candidates, Describe, Description, DescriptionKind};
use uc_protocol::{limits, sdp};

use super::{Exchange, Refusal, SessionId, call::Call, call::Side, calls::Seat};

impl Exchange {
    /// Takes a further offer or answer of a call that was answered.
    pub(crate) fn describe(
        &mut self,
        session: &SessionId,
        id: &str,
        request: Describe,
    ) -> Result<CallResource, Refusal> {
        let description = request.description;
        let description = description.ok_or(Refusal::Value("a description is missing"))?;
        check_description(&description, description.kind)?;
        let seat = self.seat(session, id)?;
        let Seat { call: key, side } = &seat;
        let call = self.carried(session, &seat)?;
        if call.is_at_desk() {
            return Err(Refusal::AtDesk);
        }
        if call.leg(*side).description.as_ref() != Some(&description) {
            match description.kind {
                DescriptionKind::Offer => take_offer(call, *side, &description)?,
                DescriptionKind::Answer => take_answer(call, *side, &description)?,
            }
            let leg = call.leg_mut(*side);
            leg.description = Some(description);
            leg.candidates = None;
            self.changed(key, &[side.other()], false);
        }
        self.view(key, *side, session)
    }

    /// Takes trickled candidates; those of an earlier round are late and dropped.
    pub(crate) fn trickle(
        &mut self,
        session: &SessionId,
        id: &str,
        request: Candidates,
    ) -> Result<(), Refusal> {
        let Seat { call: key, side } = self.seat(session, id)?;
        let call = self.running(&key)?;
        if !call.carries(side, session) {
            return Err(Refusal::CarriedElsewhere);
        }
        let leg = call.leg_mut(side);
        let described = leg.description.as_ref().ok_or(Refusal::WrongState)?;
        if request.generation > described.generation {
            return Err(Refusal::Value(
                "candidates belong to a description sent before",
            ));
        }
        if request.generation < described.generation {
            return Ok(());
        }
        let mut known = leg.candidates.clone().unwrap_or_else(|| Candidates {
            generation: request.generation,
            ..Candidates::default()
        });
        known.complete |= request.complete;
        for candidate in request.candidates {
            if !known.candidates.contains(&candidate) {
                known.candidates.push(candidate);
            }
        }
        if known.candidates.len() > limits::MAX_CANDIDATES {
            return Err(Refusal::TooManyCandidates);
        }
        if leg.candidates.as_ref() != Some(&known) {
            leg.candidates = Some(known);
            self.changed(&key, &[side.other()], false);
        }
        Ok(())
    }
}

/// One offer at a time (RFC 3264 §4); two at once are glare (RFC 3261 §14.1).
fn take_offer(call: &mut Call, side: Side, offer: &Description) -> Result<(), Refusal> {
    match call.round.offered_by {
        Some(by) if by == side => return Err(Refusal::WrongState),
        Some(_) => return Err(Refusal::Glare),
        None => {}
    }
    if Some(offer.generation) != call.round.generation.checked_add(1) {
        return Err(Refusal::Value(
            "an offer's generation is the last one's plus 1",
        ));
    }
    call.round.generation = offer.generation;
    call.round.offered_by = Some(side);
    Ok(())
}

fn take_answer(call: &mut Call, side: Side, answer: &Description) -> Result<(), Refusal> {
    if call.round.offered_by != Some(side.other()) {
        return Err(Refusal::WrongState);
    }
    if answer.generation != call.round.generation {
        return Err(Refusal::Value("an answer has its offer's generation"));
    }
    call.round.offered_by = None;
    Ok(())
}

/// Refuses what isn't of this kind or can't carry a call.
pub(super) fn check_description(
    description: &Description,
    kind: DescriptionKind,
) -> Result<(), Refusal> {
    if description.kind != kind {
        return Err(Refusal::Value("offer and answer are mixed up"));
    }
    sdp::check_audio(&description.sdp)?;
    Ok(())
}
