use uc_model::{Capability, PhoneNumber};
use uc_protocol::ucx::{
    CallRoute, Cause, ConnectionState, Description, DescriptionKind, Device, Direction, Licence,
    MakeCall, Party,
};

use super::{
    Exchange, Millis, Refusal, SessionId,
    call::{Call, Leg, Owner, Round, Side},
    media::check_description,
    seats::Seat,
};

/// A call that nothing stands against.
pub(super) struct Attempt {
    caller: String,
    callee: String,
    /// The number as the caller will see it.
    to: String,
    device: Device,
    offer: Option<Description>,
}

/// Whom a number reaches; with a hindrance the call can't be made.
pub(super) struct Reached {
    pub(super) user: Option<String>,
    pub(super) hindrance: Option<Cause>,
}

impl Exchange {
    /// Looks at a request for a call; one that can't be made leaves its trace.
    pub(super) fn attempt(
        &mut self,
        session: &SessionId,
        request: MakeCall,
        now: Millis,
    ) -> Result<Attempt, Refusal> {
        let caller = self.user_of(session)?.to_owned();
        let device = request.device;
        let offer = match (device, request.description) {
            (Device::Voip, _) if !self.can(Capability::VoipCalls) => {
                return Err(Refusal::Unsupported);
            }
            (Device::Voip, _) if !self.has_licence(&caller, Licence::Voip) => {
                return Err(Refusal::NoLicence(Licence::Voip));
            }
            (Device::Voip, Some(offer)) => Some(first_offer(offer)?),
            (Device::Voip, None) => {
                return Err(Refusal::Value("a VoIP call needs an offer in description"));
            }
            (Device::DeskPhone, _) if !self.can(Capability::DeskPhoneControl) => {
                return Err(Refusal::NoDeskPhones);
            }
            (Device::DeskPhone, None) => None,
            (Device::DeskPhone, Some(_)) => return Err(Refusal::AtDesk),
            _ => return Err(Refusal::NoDeskPhones),
        };
        let dialled = dialled(&request.to)?;
        let to = self.wanted(&caller, &dialled).to_string();
        let callee = self.callee(&caller, &dialled, &to, device, now)?;
        Ok(Attempt {
            caller,
            callee,
            to,
            device,
            offer,
        })
    }

    /// Begins a call that nothing stands against.
    pub(super) fn begin(&mut self, session: &SessionId, attempt: Attempt, now: Millis) -> Seat {
        let Attempt {
            caller,
            callee,
            to,
            device,
            offer,
        } = attempt;
        let party = self.party(&callee, Some(to));
        let mut first = self.new_leg(&caller, Direction::Outgoing, party, now);
        first.carrier = offer.is_some().then(|| session.clone());
        first.description = offer;
        let party = self.party(&caller, None);
        let second = self.new_leg(&callee, Direction::Incoming, party, now);
        let key = first.id.clone();
        self.insert(Call {
            key: key.clone(),
            device,
            first,
            second,
            ringing: now,
            ended: None,
            round: Round {
                generation: 1,
                offered_by: Some(Side::First),
            },
            confirm_by: None,
            conference: None,
        });
        self.changed(&key, &Side::BOTH, false);
        Seat {
            call: key,
            side: Side::First,
        }
    }

    /// Takes a call in, with its legs.
    pub(super) fn insert(&mut self, call: Call) {
        for leg in call.legs() {
            self.legs.insert(leg.id.clone(), call.key.clone());
        }
        self.calls.insert(call.key.clone(), call);
    }

    /// A user's leg, dialling or ringing.
    pub(super) fn new_leg(
        &self,
        user: &str,
        direction: Direction,
        party: Party,
        now: Millis,
    ) -> Leg {
        let rev = self.next_rev(user);
        let id = self.new_id("call", user, rev);
        let state = match direction {
            Direction::Outgoing => ConnectionState::Initiated,
            Direction::Incoming => ConnectionState::Alerting,
        };
        Leg {
            rev,
            direction,
            ..Leg::new(id, Owner::User(user.to_owned()), state, party, now)
        }
    }

    /// A new identifier: a revision is used once, an epoch ends where the numbering can't go on.
    pub(super) fn new_id(&self, kind: &str, user: &str, rev: u64) -> String {
        format!("{kind}.{}.{user}.{rev}", self.epoch)
    }

    /// `user` as somebody else knows them, under the number that was dialled or the extension.
    pub(super) fn party(&self, user: &str, dialled: Option<String>) -> Party {
        let account = self.company.user(user);
        let extension = || account.map(|a| a.me.extension.clone()).unwrap_or_default();
        Party {
            number: dialled.unwrap_or_else(extension),
            name: account.map(|a| a.me.name.clone()),
            user: account.map(|a| a.me.user.clone()),
        }
    }

    /// Where else than with `user` a call can ring that `other` takes part in.
    pub(super) fn destination(
        &self,
        user: &str,
        other: &Owner,
        to: &str,
        device: Device,
        now: Millis,
    ) -> Result<String, Refusal> {
        let reached = self.reach(user, &dialled(to)?, device, now)?;
        match (reached.user, reached.hindrance) {
            (_, Some(cause)) => Err(Refusal::CallFailed(cause)),
            (Some(target), None) if *other != Owner::User(target.clone()) => Ok(target),
            _ => Err(Refusal::Value(
                "this is the caller's own number; choose another",
            )),
        }
    }

    /// Finds whom a number reaches, or leaves a trace of the attempt and says why not.
    fn callee(
        &mut self,
        caller: &str,
        dialled: &PhoneNumber,
        to: &str,
        device: Device,
        now: Millis,
    ) -> Result<String, Refusal> {
        if self.running_count(caller) >= MAX_CALLS {
            return Err(Refusal::CallFailed(Cause::Busy));
        }
        self.note_dialled(caller, dialled);
        let reached = self.reach(caller, dialled, device, now)?;
        match (reached.user, reached.hindrance) {
            (Some(callee), None) => Ok(callee),
            (callee, hindrance) => {
                self.write_attempt(caller, callee.as_deref(), to, now);
                Err(Refusal::CallFailed(
                    hindrance.unwrap_or(Cause::NoSuchNumber),
                ))
            }
        }
    }

    /// Whom a number reaches for `user`, and what stands against a call.
    fn reach(
        &self,
        user: &str,
        dialled: &PhoneNumber,
        device: Device,
        now: Millis,
    ) -> Result<Reached, Refusal> {
        let Some(callee) = self.reached_by(dialled).map(|u| u.me.user.clone()) else {
            return Ok(Reached {
                user: None,
                hindrance: Some(Cause::NoSuchNumber),
            });
        };
        if callee == user {
            return Err(Refusal::Value("this is your own number; call another"));
        }
        let rings = match device {
            Device::DeskPhone => true,
            _ => self.is_reachable(&callee, now) && self.has_licence(&callee, Licence::Voip),
        };
        let hindrance = if !rings {
            Some(Cause::Unreachable)
        } else if self.running_count(&callee) >= MAX_CALLS {
            Some(Cause::Busy)
        } else {
            None
        };
        Ok(Reached {
            user: Some(callee),
            hindrance,
        })
    }
}

impl Leg {
    /// A leg that nobody carries yet.
    pub(super) fn new(
        id: String,
        owner: Owner,
        state: ConnectionState,
        party: Party,
        now: Millis,
    ) -> Self {
        Self {
            id,
            owner,
            rev: 0,
            direction: Direction::Incoming,
            state,
            conversation: party.clone(),
            party,
            route: CallRoute::Direct,
            started: now,
            answered: None,
            rings_at: None,
            carrier: None,
            far_end: 0,
            offers: false,
            description: None,
            candidates: None,
            unconfirmed: false,
        }
    }
}

pub(super) fn dialled(to: &str) -> Result<PhoneNumber, Refusal> {
    PhoneNumber::new(to).map_err(|_| Refusal::Value("what was dialled is no telephone number"))
}

/// The offer that a call begins with.
fn first_offer(offer: Description) -> Result<Description, Refusal> {
    check_description(&offer, DescriptionKind::Offer)?;
    let first = offer.generation == 1;
    let refusal = Refusal::Value("the first offer has generation 1");
    first.then_some(offer).ok_or(refusal)
}

/// Calls of one user at once, those on hold and those ringing among them.
pub(super) const MAX_CALLS: usize = 8;
