use uc_protocol::ucx::{
    CallResource, Cause, Clear, ConnectionState, Describe, Description, DescriptionKind, Direction,
    HeldCall, MakeCall,
};

use super::{
    Exchange, Millis, Refusal, SessionId,
    call::{Call, Owner, Round, Side},
    media::check_description,
    seats::Seat,
};

/// A user's active and held call.
pub(super) struct Pair {
    pub(super) active: Seat,
    pub(super) held: Seat,
}

impl Exchange {
    /// Calls a number.
    pub(crate) fn make_call(
        &mut self,
        session: &SessionId,
        request: MakeCall,
        now: Millis,
    ) -> Result<CallResource, Refusal> {
        if let Some(placed) = self.place(session, &request, now)? {
            return Ok(placed);
        }
        let attempt = self.attempt(session, request, now)?;
        let seat = self.begin(session, attempt, now);
        self.view(&seat, session)
    }

    /// Holds a call and calls a number besides. Where that can't be called, nothing is held.
    pub(crate) fn consult(
        &mut self,
        session: &SessionId,
        id: &str,
        request: MakeCall,
        now: Millis,
    ) -> Result<CallResource, Refusal> {
        let seat = self.seat(session, id)?;
        let call = self.carried(session, &seat)?;
        if !(call.is_answered() && call.leg(seat.side).state == ConnectionState::Connected) {
            return Err(Refusal::WrongState);
        }
        if call.leg(seat.side).device != request.device {
            return Err(Refusal::Value(
                "a consultation is made with the device of the call",
            ));
        }
        let attempt = self.attempt(session, request, now)?;
        self.switch(session, &seat, HOLD)?;
        let seat = self.begin(session, attempt, now);
        self.view(&seat, session)
    }

    /// One call of the session's user.
    pub(crate) fn call(&self, session: &SessionId, id: &str) -> Result<CallResource, Refusal> {
        let seat = self.seat(session, id)?;
        self.view(&seat, session)
    }

    /// Answers a ringing call.
    pub(crate) fn answer(
        &mut self,
        session: &SessionId,
        id: &str,
        request: Describe,
        now: Millis,
    ) -> Result<CallResource, Refusal> {
        let seat = self.seat(session, id)?;
        let phone = self.phone_at(session)?;
        let call = self.running_mut(&seat.call)?;
        if !call.leg(seat.side).is_alerting() {
            return Err(Refusal::WrongState);
        }
        let at_desk = call.leg(seat.side).is_at_desk();
        if at_desk && !phone.answers_remotely() {
            return Err(Refusal::AnsweredAtPhone);
        }
        let answer = match (at_desk, request.description) {
            (false, Some(answer)) => Some(first_answer(answer, call.round, seat.side)?),
            (false, None) => {
                return Err(Refusal::Value("a VoIP client answers with a description"));
            }
            (true, None) => None,
            (true, Some(_)) => return Err(Refusal::AtDesk),
        };
        if answer.is_some() && !self.carries_sound(session) {
            return Err(Refusal::ControlsAnother);
        }
        let seat = self.single_out(seat, now);
        let number = at_desk.then(|| self.number_at(session)).flatten();
        let call = self.running_mut(&seat.call)?;
        if answer.is_some() {
            call.round.offered_by = None;
        }
        let leg = call.leg_mut(seat.side);
        leg.carrier = answer.is_some().then(|| session.clone());
        leg.description.clone_from(&answer);
        leg.phone = number;
        call.connect(now);
        call.confirm(seat.side);
        if let Some(answer) = answer {
            self.describe_to_endpoint(&seat.call, &answer);
        }
        self.settle_endpoint(&seat.call);
        self.changed_for_all(&seat.call, true);
        self.dial_on(&seat.call, now);
        self.view(&seat, session)
    }

    /// Hangs up, rejects or cancels, by the state. Clearing what is over changes nothing.
    pub(crate) fn clear(
        &mut self,
        session: &SessionId,
        id: &str,
        request: &Clear,
        now: Millis,
    ) -> Result<CallResource, Refusal> {
        let seat = self.seat(session, id)?;
        let call = &self.calls[&seat.call];
        let leg = call.leg(seat.side);
        let cause = match request.cause {
            Some(Cause::MediaFailed) => Cause::MediaFailed,
            Some(_) => return Err(Refusal::Value("the only cause to give is media_failed")),
            None if leg.is_alerting() => Cause::Rejected,
            None if call.is_alerting() => Cause::Cancelled,
            None => Cause::Normal,
        };
        if !call.is_over() {
            // What somebody's client has dialled can be cleared by all clients of that user.
            let answered_elsewhere = leg.takes_part()
                && leg.direction == Direction::Incoming
                && !self.obeys(call, seat.side, session);
            if answered_elsewhere {
                return Err(Refusal::CarriedElsewhere);
            }
            if cause == Cause::Rejected {
                if let Some(left) = self.drop_out(&seat, session, now) {
                    return Ok(left);
                }
                if let Some(left) = self.come_back(&seat.call, cause, now) {
                    return Ok(left.at(session));
                }
            }
            self.end(&seat.call, cause, now);
        }
        self.view(&seat, session)
    }

    /// Puts the session's side on hold.
    pub(crate) fn hold(&mut self, session: &SessionId, id: &str) -> Result<CallResource, Refusal> {
        let seat = self.seat(session, id)?;
        if !self.carried(session, &seat)?.is_answered() {
            return Err(Refusal::WrongState);
        }
        self.switch(session, &seat, HOLD)?;
        self.view(&seat, session)
    }

    /// Takes the session's side off hold.
    pub(crate) fn retrieve(
        &mut self,
        session: &SessionId,
        id: &str,
    ) -> Result<CallResource, Refusal> {
        let seat = self.seat(session, id)?;
        self.switch(session, &seat, RETRIEVE)?;
        self.view(&seat, session)
    }

    /// Holds the active call and retrieves the held one.
    pub(crate) fn alternate(
        &mut self,
        session: &SessionId,
        id: &str,
        request: &HeldCall,
    ) -> Result<CallResource, Refusal> {
        let pair = self.pair(session, id, &request.held)?;
        if !self.calls[&pair.active.call].is_answered() {
            return Err(Refusal::WrongState);
        }
        self.switch(session, &pair.active, HOLD)?;
        self.switch(session, &pair.held, RETRIEVE)?;
        self.view(&pair.active, session)
    }

    /// Ends the active call and retrieves the held one.
    pub(crate) fn reconnect(
        &mut self,
        session: &SessionId,
        id: &str,
        request: &HeldCall,
        now: Millis,
    ) -> Result<CallResource, Refusal> {
        let pair = self.pair(session, id, &request.held)?;
        let rang = self.calls[&pair.active.call].is_alerting();
        let cause = if rang {
            Cause::Cancelled
        } else {
            Cause::Normal
        };
        self.end(&pair.active.call, cause, now);
        // The end of a conference of two may have ended the held call.
        match self.switch(session, &pair.held, RETRIEVE) {
            Ok(()) | Err(Refusal::WrongState) => self.view(&pair.active, session),
            Err(refusal) => Err(refusal),
        }
    }

    /// After a restart: the call still runs on the session's side.
    pub(crate) fn confirm(
        &mut self,
        session: &SessionId,
        id: &str,
    ) -> Result<CallResource, Refusal> {
        let seat = self.seat(session, id)?;
        let call = self.running(&seat.call)?;
        if !(call.leg(seat.side).is_alerting() || self.obeys(call, seat.side, session)) {
            return Err(Refusal::CarriedElsewhere);
        }
        let call = self.running_mut(&seat.call)?;
        if call.confirm(seat.side) {
            self.changed(&seat.call, &[seat.side], false);
        }
        self.view(&seat, session)
    }

    /// The active call that the user still dials or takes part in, and the held one of the same
    /// device: both obey the session.
    pub(super) fn pair(
        &mut self,
        session: &SessionId,
        active: &str,
        held: &str,
    ) -> Result<Pair, Refusal> {
        use ConnectionState::{Connected, Hold, Initiated};
        let pair = Pair {
            active: self.seat(session, active)?,
            held: self.seat(session, held)?,
        };
        let held = self.carried(session, &pair.held)?;
        let waits = held.is_answered() && held.leg(pair.held.side).state == Hold;
        let device = held.leg(pair.held.side).device;
        let active = self.running(&pair.active.call)?;
        let goes_on = match active.leg(pair.active.side).state {
            Initiated => true,
            Connected => active.is_answered(),
            _ => false,
        };
        let same = active.leg(pair.active.side).device == device;
        if !(waits && goes_on && same && pair.active.call != pair.held.call) {
            return Err(Refusal::WrongState);
        }
        if !self.obeys(active, pair.active.side, session) {
            return Err(Refusal::CarriedElsewhere);
        }
        Ok(pair)
    }

    pub(super) fn take_up_calls(&mut self, calls: Vec<Call>, now: Millis) {
        for call in calls {
            let known = |owner: &Owner| match owner {
                Owner::User(user) => self.users.contains_key(user),
                Owner::System(_) => true,
            };
            if !call.legs().all(|leg| known(&leg.owner)) {
                continue;
            }
            let key = call.key.clone();
            for leg in call.legs() {
                self.legs.insert(leg.id.clone(), key.clone());
            }
            // Desk phones and their calls outlive a restart of the server.
            let asks = !call.is_over() && call.has_client();
            let rings_elsewhere = call.placed.as_ref().is_some_and(|one| one.to.is_some());
            self.calls.insert(key.clone(), call);
            if rings_elsewhere {
                // What it rings with is gone.
                self.end(&key, Cause::ServerLost, now);
            } else if asks {
                self.ask_for_confirmation(&key, now);
            } else {
                // A desk phone in a conference is heard again.
                self.settle_endpoint(&key);
            }
        }
    }

    fn ask_for_confirmation(&mut self, key: &str, now: Millis) {
        if let Some(call) = self.calls.get_mut(key) {
            call.confirm_by = Some(now + super::timers::CONFIRM_MS);
            for side in Side::BOTH {
                let leg = call.leg_mut(side);
                leg.unconfirmed = leg.is_client();
            }
            // The server's own sound is gone.
            if let Some((side, _)) = call.sounding() {
                self.renew_sound(key, side.other());
            }
            self.changed_for_all(key, false);
        }
    }
}

impl Call {
    /// Both sides take part from now on; whoever has held the call meanwhile goes on holding it.
    pub(super) fn connect(&mut self, now: Millis) {
        let dialled = self
            .placed
            .as_ref()
            .is_some_and(|placed| placed.to.is_none());
        let placing = dialled.then_some(Side::Placing);
        for side in Side::BOTH.into_iter().chain(placing) {
            let leg = self.leg_mut(side);
            leg.answered.get_or_insert(now);
            if !leg.takes_part() {
                leg.state = ConnectionState::Connected;
            }
        }
        self.comes_back_to = None;
    }
}

/// The answer of `side` that a call is answered with.
fn first_answer(answer: Description, round: Round, side: Side) -> Result<Description, Refusal> {
    check_description(&answer, DescriptionKind::Answer)?;
    if round.offered_by != Some(side.other()) {
        // A new far end hasn't offered yet.
        return Err(Refusal::WrongState);
    }
    let fits = answer.generation == round.generation;
    let refusal = Refusal::Value("an answer has its offer's generation");
    fits.then_some(answer).ok_or(refusal)
}

/// From and to.
const HOLD: [ConnectionState; 2] = [ConnectionState::Connected, ConnectionState::Hold];
const RETRIEVE: [ConnectionState; 2] = [ConnectionState::Hold, ConnectionState::Connected];
