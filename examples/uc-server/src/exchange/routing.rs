use uc_model::{Capability, PhoneNumber};
use uc_protocol::ucx::{
    CallRoute, Cause, ConnectionState, Description, DescriptionKind, Device, Direction, Licence,
    MakeCall, Party,
};

use super::{
    Exchange, Millis, Refusal, Role, SessionId,
    call::{Call, Leg, Owner, Round, Side},
    forwarding::Destination,
    media::check_description,
    seats::Seat,
};

/// A call that nothing stands against.
pub(super) struct Attempt {
    caller: String,
    /// Whose number it is.
    callee: String,
    goes: Destination,
    /// The number as the caller will see it.
    to: String,
    device: Device,
    offer: Option<Description>,
}

/// Whose number it is, and where a call to it goes or why it can't.
struct Reached {
    user: Option<String>,
    goes: Result<Destination, Cause>,
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
        let dialled = dialled(&request.to)?;
        let emergency = self.company.plan().is_emergency(&dialled);
        let offer = match (device, request.description) {
            (Device::Voip, _) if !self.can(Capability::VoipCalls) => {
                return Err(Refusal::Unsupported);
            }
            (Device::Voip, _) if !(emergency || self.has_licence(&caller, Licence::Voip)) => {
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
        let to = self.wanted(&caller, &dialled).to_string();
        let (callee, goes) = self.callee(&caller, &dialled, &to, device, now)?;
        Ok(Attempt {
            caller,
            callee,
            goes,
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
            goes,
            to,
            device,
            offer,
        } = attempt;
        let party = self.party(&callee, Some(to));
        let mut first = self.new_leg(&caller, Direction::Outgoing, party, now);
        first.carrier = offer.is_some().then(|| session.clone());
        first.description.clone_from(&offer);
        let elsewhere = match &goes {
            Destination::User(there, unanswered) => *there != callee && unanswered.is_none(),
            Destination::Mailbox(_) => true,
        };
        if elsewhere {
            self.write_missed(&caller, &callee, now);
        }
        let key = first.id.clone();
        let second = self.leg_at(&goes, &first, now);
        self.insert(Call {
            key: key.clone(),
            device,
            first,
            second,
            ringing: now,
            unanswered: goes.unanswered(),
            ended: None,
            round: Round {
                generation: 1,
                offered_by: Some(Side::First),
            },
            confirm_by: None,
            conference: None,
        });
        self.taken_by_mailbox(&key, now);
        self.changed(&key, &Side::BOTH, false);
        Seat {
            call: key,
            side: Side::First,
        }
    }

    /// A leg at the destination for a call with `far`.
    pub(super) fn leg_at(&self, goes: &Destination, far: &Leg, now: Millis) -> Leg {
        match goes {
            Destination::User(user, _) => {
                let party = self.party(far.user().unwrap_or_default(), None);
                self.new_leg(user, Direction::Incoming, party, now)
            }
            Destination::Mailbox(role) => Leg::endpoint(role.clone(), far, now),
        }
    }

    /// A mailbox answers at once. What was offered already goes to it.
    pub(super) fn taken_by_mailbox(&mut self, key: &str, now: Millis) {
        let call = self.calls.get_mut(key).expect("callers name known calls");
        let Some(client) = call.client_of_system() else {
            return;
        };
        call.connect(now);
        let offer = call.leg(client).description.clone();
        let candidates = call.leg(client).candidates.clone();
        let waits = call.round.offered_by == Some(client);
        self.open_endpoint(key);
        if let Some(offer) = offer.filter(|_| waits) {
            self.offer_to_endpoint(key, &offer);
            if let Some(candidates) = candidates {
                self.trickle_to_endpoint(key, candidates);
            }
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

    /// Where else than with `user` a call can go on that `other` takes part in.
    pub(super) fn destination(
        &self,
        user: &str,
        other: &str,
        to: &str,
        device: Device,
        now: Millis,
    ) -> Result<(String, Destination), Refusal> {
        let reached = self.reach(user, other, &dialled(to)?, device, now)?;
        match (reached.user, reached.goes) {
            (_, Err(cause)) => Err(Refusal::CallFailed(cause)),
            (Some(target), Ok(goes)) if target != other => Ok((target, goes)),
            _ => Err(Refusal::Value(
                "this is the caller's own number; choose another",
            )),
        }
    }

    /// Finds where a call goes, or leaves a trace of the attempt and says why not.
    fn callee(
        &mut self,
        caller: &str,
        dialled: &PhoneNumber,
        to: &str,
        device: Device,
        now: Millis,
    ) -> Result<(String, Destination), Refusal> {
        let emergency = self.company.plan().is_emergency(dialled);
        if self.running_count(caller) >= MAX_CALLS && !emergency {
            return Err(Refusal::CallFailed(Cause::Busy));
        }
        self.note_dialled(caller, dialled);
        let reached = self.reach(caller, caller, dialled, device, now)?;
        match (reached.user, reached.goes) {
            (Some(callee), Ok(goes)) => Ok((callee, goes)),
            (callee, goes) => {
                self.write_attempt(caller, callee.as_deref(), to, now);
                let cause = goes.err().unwrap_or(Cause::NoSuchNumber);
                Err(Refusal::CallFailed(cause))
            }
        }
    }

    /// Whose number it is that `user` wants, and where a call goes that `caller` takes part in.
    fn reach(
        &self,
        user: &str,
        caller: &str,
        dialled: &PhoneNumber,
        device: Device,
        now: Millis,
    ) -> Result<Reached, Refusal> {
        let Some(callee) = self.reached_by(dialled) else {
            return Ok(Reached {
                user: None,
                goes: Err(Cause::NoSuchNumber),
            });
        };
        if callee.me.user == user {
            return Err(Refusal::Value("this is your own number; call another"));
        }
        Ok(Reached {
            user: Some(callee.me.user.clone()),
            goes: self.route(caller, callee, dialled, device, now),
        })
    }
}

impl Leg {
    /// The system's leg for a call with `far`.
    pub(super) fn endpoint(role: Role, far: &Self, now: Millis) -> Self {
        // Another one for each far end.
        let id = format!("sound.{}.{}", far.id, far.far_end.saturating_add(1));
        let (state, party) = (ConnectionState::Connected, far.party.clone());
        Self {
            answered: Some(now),
            ..Self::new(id, Owner::System(role), state, party, now)
        }
    }

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
