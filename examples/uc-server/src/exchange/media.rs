use uc_protocol::sdp;
use uc_protocol::ucx::{CallResource, Candidates, Describe, Description, DescriptionKind};

use super::{
    Exchange, Refusal, SessionId,
    call::{Call, Side},
};

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
        let (key, side) = (&seat.call, seat.side);
        let call = self.carried(session, &seat)?;
        if call.leg(side).is_at_desk() {
            return Err(Refusal::AtDesk);
        }
        if call.leg(side).description.as_ref() != Some(&description) {
            match description.kind {
                DescriptionKind::Offer => take_offer(call, side, &description)?,
                DescriptionKind::Answer => take_answer(call, side, &description)?,
            }
            let leg = call.leg_mut(side);
            leg.description = Some(description.clone());
            leg.candidates = None;
            self.changed_for_far(key, side);
            self.describe_to_endpoint(key, &description);
        }
        self.view(&seat, session)
    }

    /// Takes trickled candidates; those of an earlier round are late and dropped.
    pub(crate) fn trickle(
        &mut self,
        session: &SessionId,
        id: &str,
        request: Candidates,
    ) -> Result<(), Refusal> {
        let seat = self.seat(session, id)?;
        let (key, side) = (&seat.call, seat.side);
        let call = self.running_mut(key)?;
        if !call.carries(side, session) {
            return Err(Refusal::CarriedElsewhere);
        }
        let newest = call.round.generation;
        let leg = call.leg_mut(side);
        if leg.description.is_none() && leg.far_end > 0 && request.generation <= newest {
            // The far end they were for is another's now.
            return Ok(());
        }
        if leg.gather(request.clone())? {
            self.changed_for_far(key, side);
            self.trickle_to_endpoint(key, request);
        }
        Ok(())
    }
}

/// One offer at a time (RFC 3264 §4); two at once are glare (RFC 3261 §14.1).
fn take_offer(call: &mut Call, side: Side, offer: &Description) -> Result<(), Refusal> {
    match call.round.offered_by {
        Some(by) if by == side => return Err(Refusal::WrongState),
        Some(_) => return Err(Refusal::Glare),
        // A new far end's first offer is one side's to make.
        None if call.is_undescribed() && !call.leg(side).offers => return Err(Refusal::Glare),
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

pub(super) fn take_answer(
    call: &mut Call,
    side: Side,
    answer: &Description,
) -> Result<(), Refusal> {
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
