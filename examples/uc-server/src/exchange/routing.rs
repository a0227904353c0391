use uc_model::{Capability, PhoneNumber};
use uc_protocol::ucx::{
    CallRoute, Cause, ConnectionState, Description, DescriptionKind, Device, Direction, Licence,
    MakeCall, Party,
};

use super::{
    Exchange, Millis, Refusal, Role, SessionId,
    call::{Call, Leg, Owner, Round, Side},
    forwarding::{Destination, Place},
    media::check_description,
    seats::Seat,
};
use crate::company::{Phone, Ring};

/// A call that nothing stands against.
pub(super) struct Attempt {
    caller: String,
    target: Target,
    device: Device,
    offer: Option<Description>,
}

/// Whose number it is, and where a call to it goes.
pub(super) struct Target {
    /// `None`: a group's.
    pub(super) user: Option<String>,
    pub(super) party: Party,
    pub(super) goes: Destination,
}

impl Target {
    /// Whose number it is, where that user doesn't hear of the call otherwise.
    pub(super) fn missed_by(&self) -> Option<&String> {
        self.user.as_ref().filter(|user| match &self.goes {
            Destination::User(there, unanswered) => there.user != **user && unanswered.is_none(),
            Destination::Group(..) | Destination::Mailbox(_) => true,
        })
    }
}

/// Where a call rings: first, besides, and later.
pub(super) struct Spread {
    pub(super) leg: Leg,
    pub(super) beside: Vec<Leg>,
    pub(super) later: Vec<String>,
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
            (Device::Voip, Some(_)) if !(emergency || self.carries_sound(session)) => {
                return Err(Refusal::ControlsAnother);
            }
            (Device::Voip, Some(offer)) => Some(first_offer(offer)?),
            (Device::Voip, None) => {
                return Err(Refusal::Value("a VoIP call needs an offer in description"));
            }
            (Device::DeskPhone, _) if !self.can(Capability::DeskPhoneControl) => {
                return Err(Refusal::NoDeskPhones);
            }
            (Device::DeskPhone, None) if self.phone_at(session)? == Phone::Webrtc => {
                return Err(Refusal::ControlsAnother);
            }
            (Device::DeskPhone, None) => None,
            (Device::DeskPhone, Some(_)) => return Err(Refusal::AtDesk),
            _ => return Err(Refusal::NoDeskPhones),
        };
        let to = self.wanted(&caller, &dialled).to_string();
        let target = self.callee(&caller, &dialled, to, device, now)?;
        Ok(Attempt {
            caller,
            target,
            device,
            offer,
        })
    }

    /// Begins a call that nothing stands against.
    pub(super) fn begin(&mut self, session: &SessionId, attempt: Attempt, now: Millis) -> Seat {
        let Attempt {
            caller,
            target,
            device,
            offer,
        } = attempt;
        if let Some(user) = target.missed_by() {
            self.write_missed(&caller, user, now);
        }
        let mut first = self.new_leg(&caller, Direction::Outgoing, target.party, now);
        first.device = device;
        first.phone = first
            .is_at_desk()
            .then(|| self.number_at(session))
            .flatten();
        first.carrier = offer.is_some().then(|| session.clone());
        first.description.clone_from(&offer);
        if matches!(target.goes, Destination::Group(..)) {
            first.route = CallRoute::Group;
        }
        let key = first.id.clone();
        let Spread { leg, beside, later } = self.spread(&target.goes, &first, now);
        self.insert(Call {
            key: key.clone(),
            first,
            second: leg,
            beside,
            later,
            ringing: now,
            unanswered: target.goes.unanswered(),
            ended: None,
            round: Round {
                generation: u32::from(offer.is_some()),
                offered_by: offer.is_some().then_some(Side::First),
            },
            confirm_by: None,
            conference: None,
            placed: None,
            comes_back_to: None,
            endpoint: None,
        });
        self.settle(&key, now);
        self.changed_for_all(&key, false);
        Seat {
            call: key,
            side: Side::First,
        }
    }

    /// The legs at the destination for a call with `far`.
    pub(super) fn spread(&self, goes: &Destination, far: &Leg, now: Millis) -> Spread {
        let party = || self.party(far.user().unwrap_or_default(), None);
        let leg = |there: &Place| Leg {
            device: there.device,
            ..self.new_leg(&there.user, Direction::Incoming, party(), now)
        };
        let at_group = |there| Leg {
            route: CallRoute::Group,
            ..leg(there)
        };
        let only = |leg| Spread {
            leg,
            beside: Vec::new(),
            later: Vec::new(),
        };
        match goes {
            Destination::User(there, _) => only(leg(there)),
            Destination::Mailbox(role) => only(Leg::endpoint(role.clone(), far, now)),
            Destination::Group(there, Ring::All) => Spread {
                beside: there[1..].iter().map(at_group).collect(),
                ..only(at_group(&there[0]))
            },
            Destination::Group(there, Ring::InTurn) => Spread {
                later: there[1..].iter().map(|one| one.user.clone()).collect(),
                ..only(at_group(&there[0]))
            },
        }
    }

    /// A mailbox answers at once; whoever needs the server's sound gets it.
    pub(super) fn settle(&mut self, key: &str, now: Millis) {
        let call = self.calls.get_mut(key).expect("callers name known calls");
        if call.is_with_system() {
            call.connect(now);
        }
        self.settle_endpoint(key);
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
    ) -> Result<Target, Refusal> {
        let reached = self.reach([user, other], &dialled(to)?, None, device, now)?;
        let target = reached.map_err(|(_, cause)| Refusal::CallFailed(cause))?;
        match &target.user {
            Some(user) if user == other => Err(Refusal::Value(
                "this is the caller's own number; choose another",
            )),
            _ => Ok(target),
        }
    }

    /// Finds where a call goes, or leaves a trace of the attempt and says why not.
    fn callee(
        &mut self,
        caller: &str,
        dialled: &PhoneNumber,
        to: String,
        device: Device,
        now: Millis,
    ) -> Result<Target, Refusal> {
        let emergency = self.company.plan().is_emergency(dialled);
        if self.running_count(caller) >= MAX_CALLS && !emergency {
            return Err(Refusal::CallFailed(Cause::Busy));
        }
        self.note_dialled(caller, dialled);
        let reached = self.reach([caller; 2], dialled, Some(to.clone()), device, now)?;
        reached.map_err(|(callee, cause)| {
            self.write_attempt(caller, callee.as_deref(), &to, now);
            Refusal::CallFailed(cause)
        })
    }

    /// Where a call goes that `caller` takes part in, to a number that `user` wants; or whose
    /// number that is and what stands against it. `to`: the number to show.
    pub(super) fn reach(
        &self,
        [user, caller]: [&str; 2],
        dialled: &PhoneNumber,
        to: Option<String>,
        device: Device,
        now: Millis,
    ) -> Result<Result<Target, (Option<String>, Cause)>, Refusal> {
        if let Some(group) = self.company.group(dialled) {
            let goes = self.route_to_group(caller, group, device, now);
            let party = || Party {
                number: to.unwrap_or_else(|| group.extension.clone()),
                name: Some(group.name.clone()),
                user: None,
            };
            let target = |goes| Target {
                user: None,
                party: party(),
                goes,
            };
            return Ok(goes.map(target).map_err(|cause| (None, cause)));
        }
        let Some(callee) = self.reached_by(dialled) else {
            return Ok(Err((None, Cause::NoSuchNumber)));
        };
        let whose = callee.me.user.clone();
        if whose == user {
            return Err(Refusal::Value("this is your own number; call another"));
        }
        Ok(match self.route(caller, callee, dialled, device, now) {
            Err(cause) => Err((Some(whose), cause)),
            Ok(goes) => Ok(Target {
                party: self.party(&whose, to),
                user: Some(whose),
                goes,
            }),
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
            device: Device::Voip,
            rev: 0,
            direction: Direction::Incoming,
            state,
            conversation: party.clone(),
            party,
            route: CallRoute::Direct,
            started: now,
            answered: None,
            rings_at: None,
            phone: None,
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
