use uc_protocol::ucx::{CallResource, Cause, ConnectionState, HeldCall};

use super::{
    Exchange, Millis, Refusal, Role, SessionId,
    call::{Call, Leg, Round, Side},
    seats::Seat,
};
use crate::store::Write;

impl Exchange {
    /// Makes one conference of the active and the held call. The user's call that is a conference
    /// already goes on, else the active one; the other one is over for the user.
    pub(crate) fn conference(
        &mut self,
        session: &SessionId,
        id: &str,
        request: &HeldCall,
        now: Millis,
    ) -> Result<CallResource, Refusal> {
        let pair = self.pair(session, id, &request.held)?;
        let (active, held) = (&self.calls[&pair.active.call], &self.calls[&pair.held.call]);
        let held_goes_on = match (&active.conference, &held.conference) {
            _ if !active.is_answered() => return Err(Refusal::WrongState),
            (Some(_), Some(_)) => return Err(Refusal::WrongState),
            (None, Some(_)) => true,
            _ => false,
        };
        let (kept, joined) = match held_goes_on {
            true => (pair.held, pair.active),
            false => (pair.active, pair.held),
        };
        self.check_members(&kept, &joined)?;
        self.drop_placed(&kept.call, now);
        self.close_endpoint(&joined.call);
        let conference = self.open_conference(&kept);
        let left = self.calls.remove(&joined.call).expect("it was found above");
        let gone = Write::CallGone(left.key.clone());
        self.effects.writes.push(gone);
        self.enter(&conference, left.leg(joined.side.other()).clone(), &left);
        let call = self.calls.get_mut(&kept.call).expect("it was found above");
        call.leg_mut(kept.side).state = ConnectionState::Connected;
        self.tell_conference(&conference, None);
        self.release_placed(&left, Cause::Conferenced, now);
        let over = self.leave(left, joined.side, Cause::Conferenced, now);
        match held_goes_on {
            true => Ok(over.at(session)),
            false => self.view(&kept, session),
        }
    }

    /// Nobody takes part twice, and there is room for the one who joins.
    fn check_members(&self, kept: &Seat, joined: &Seat) -> Result<(), Refusal> {
        let kept = &self.calls[&kept.call];
        let joins = self.calls[&joined.call].leg(joined.side.other()).user();
        let within: Vec<_> = match &kept.conference {
            Some(conference) => self.members(conference).filter_map(Leg::user).collect(),
            None => kept.legs().filter_map(Leg::user).collect(),
        };
        let pair = kept.conference.is_some() || within.len() == 2;
        match joins {
            Some(joins) if pair && !within.contains(&joins) => {}
            _ => return Err(Refusal::WrongState),
        }
        (within.len() < MAX_PARTIES)
            .then_some(())
            .ok_or(Refusal::ConferenceFull)
    }

    /// The conference into which the call leads; a call between two becomes one for both.
    fn open_conference(&mut self, seat: &Seat) -> String {
        let call = self.calls[&seat.call].clone();
        if let Some(conference) = call.conference {
            return conference;
        }
        let host = call.leg(seat.side);
        let user = host.user().unwrap_or_default();
        let conference = self.new_id("conference", user, self.next_rev(user));
        let endpoint = Leg::endpoint(Role::Conference(conference.clone()), host, call.ringing);
        self.legs.insert(endpoint.id.clone(), seat.call.clone());
        let own = self.calls.get_mut(&seat.call).expect("it was found above");
        *own.leg_mut(seat.side.other()) = endpoint;
        own.conference = Some(conference.clone());
        own.forget_confirmation();
        self.renew_sound(&seat.call, seat.side);
        self.enter(&conference, call.leg(seat.side.other()).clone(), &call);
        conference
    }

    /// Gives a leg of the call `from` a call of its own that leads into the conference.
    fn enter(&mut self, conference: &str, leg: Leg, from: &Call) {
        let role = Role::Conference(conference.to_owned());
        let endpoint = Leg::endpoint(role, &leg, from.ringing);
        let mut call = Call {
            key: endpoint.id.clone(),
            first: leg,
            second: endpoint,
            beside: Vec::new(),
            later: Vec::new(),
            ringing: from.ringing,
            unanswered: None,
            ended: None,
            round: Round {
                generation: from.round.generation,
                offered_by: None,
            },
            confirm_by: from.confirm_by,
            conference: Some(conference.to_owned()),
            placed: None,
            comes_back_to: None,
            endpoint: None,
        };
        call.forget_confirmation();
        let key = call.key.clone();
        self.insert(call);
        self.renew_sound(&key, Side::First);
    }
}

/// Most parties in a conference, the host among them (CALL-6).
const MAX_PARTIES: usize = 8;
