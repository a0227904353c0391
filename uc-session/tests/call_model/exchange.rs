//! The other side: a telephone system of one user, written without a look at the client's.

use std::collections::BTreeMap;

use uc_model::{
    Call, CallDirection, CallId, Connection, ConnectionState as S, DeviceKind, FailureCause, Party,
    PhoneNumber, Redacted, Rev, Timestamp,
};
use uc_session::port::{
    BackendError, Beside, CallUpdate, DescriptionKind, FarEnd, Service, SessionDescription,
};

use crate::count::{Counts, Crossing};

/// A call of the user.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) id: CallId,
    pub(crate) rev: u64,
    pub(crate) direction: CallDirection,
    pub(crate) local: S,
    pub(crate) remote: S,
    pub(crate) cause: Option<FailureCause>,
    pub(crate) members: usize,
    pub(crate) carried: bool,
    /// Whose offer waits for an answer.
    offered: Option<Who>,
    generation: u32,
    far_end: u32,
    offers: bool,
    told: Option<SessionDescription>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    User,
    Far,
}

#[derive(Default)]
pub(crate) struct Exchange {
    pub(crate) lines: Vec<Line>,
    keys: BTreeMap<String, CallId>,
    rev: u64,
    made: u64,
    /// What the user's client is still to be told, oldest first.
    pub(crate) told: Vec<CallUpdate>,
    /// Somebody's phone rings that can be picked up.
    pub(crate) rings_elsewhere: bool,
}

type Answer = Result<Option<CallUpdate>, BackendError>;

impl Line {
    pub(crate) fn is_over(&self) -> bool {
        self.cause.is_some()
    }

    fn is_answered(&self) -> bool {
        matches!(self.local, S::Connected | S::Hold)
            && matches!(self.remote, S::Connected | S::Hold)
    }

    pub(crate) fn update(&self) -> CallUpdate {
        let party = Party {
            number: PhoneNumber::new("331").expect("a number"),
            name: None,
            user: None,
        };
        let other = Connection {
            party,
            state: self.remote,
        };
        CallUpdate {
            call: Call {
                id: self.id.clone(),
                rev: Rev(self.rev),
                direction: self.direction,
                device: DeviceKind::Voip,
                local: self.local,
                members: vec![other.clone(); self.members],
                remote: other,
                started: Timestamp(0),
                answered: self.is_answered().then_some(Timestamp(1)),
                cause: self.cause,
            },
            description: self.told.clone(),
            candidates: None,
            far_end: FarEnd {
                number: self.far_end,
                offers: self.offers,
                generation: self.generation,
            },
            carried_here: self.carried,
            unconfirmed: false,
            conference: None,
        }
    }

    fn describe(&mut self, kind: DescriptionKind) {
        self.told = Some(SessionDescription {
            generation: self.generation,
            kind,
            sdp: Redacted::new("v=0".to_owned()),
        });
    }

    /// Somebody else is at the far end from now on.
    fn meet(&mut self, offers: bool) {
        self.far_end += 1;
        self.offers = offers;
        self.offered = None;
        self.told = None;
    }
}

impl Exchange {
    pub(crate) fn running(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| !line.is_over())
    }

    fn at(&self, id: &CallId) -> Result<usize, BackendError> {
        let at = self.lines.iter().position(|line| line.id == *id);
        at.ok_or(BackendError::NotFound)
    }

    fn live(&self, id: &CallId) -> Result<usize, BackendError> {
        let at = self.at(id)?;
        match self.lines[at].is_over() {
            true => Err(BackendError::WrongState),
            false => Ok(at),
        }
    }

    fn tell(&mut self, at: usize) -> CallUpdate {
        self.rev += 1;
        let line = &mut self.lines[at];
        line.rev = self.rev;
        let update = line.update();
        self.told.push(update.clone());
        update
    }

    fn end(&mut self, at: usize, cause: FailureCause) -> CallUpdate {
        let line = &mut self.lines[at];
        line.cause = Some(cause);
        line.local = S::Null;
        line.remote = S::Null;
        line.told = None;
        self.tell(at)
    }

    fn open(&mut self, direction: CallDirection, carried: bool) -> usize {
        self.made += 1;
        let (local, remote) = match direction {
            CallDirection::Outgoing => (S::Initiated, S::Alerting),
            CallDirection::Incoming => (S::Alerting, S::Connected),
        };
        let offered = match direction {
            CallDirection::Outgoing => Who::User,
            CallDirection::Incoming => Who::Far,
        };
        let mut line = Line {
            id: CallId::new(format!("c{}", self.made)).expect("an id"),
            rev: 0,
            direction,
            local,
            remote,
            cause: None,
            members: 0,
            carried,
            offered: Some(offered),
            generation: 1,
            far_end: 0,
            offers: false,
            told: None,
        };
        if direction == CallDirection::Incoming {
            line.describe(DescriptionKind::Offer);
        }
        self.lines.push(line);
        // What has been over for long is forgotten.
        if self.lines.len() > 40
            && let Some(old) = self.lines.iter().position(Line::is_over)
        {
            self.lines.remove(old);
        }
        self.lines.len() - 1
    }

    /// Carries out what the client asks.
    pub(crate) fn serve(&mut self, service: &Service, counts: &mut Counts) -> Answer {
        match service {
            Service::MakeCall { key, .. } => self.once(&key.0, |exchange| {
                Ok(exchange.open(CallDirection::Outgoing, true))
            }),
            Service::Consult { call, key, .. } => {
                let call = call.clone();
                self.once(&key.0, |exchange| {
                    let at = exchange.live(&call)?;
                    let line = &exchange.lines[at];
                    if line.local != S::Connected || !line.is_answered() {
                        return Err(BackendError::WrongState);
                    }
                    exchange.lines[at].local = S::Hold;
                    exchange.tell(at);
                    Ok(exchange.open(CallDirection::Outgoing, true))
                })
            }
            Service::PickUp { key, .. } => self.once(&key.0, |exchange| {
                if !std::mem::take(&mut exchange.rings_elsewhere) {
                    return Err(BackendError::WrongState);
                }
                Ok(exchange.open(CallDirection::Incoming, false))
            }),
            Service::Answer { call, description } => {
                let at = self.at(call)?;
                if self.lines[at].is_over() {
                    counts.cross(Crossing::AnswerMeetsCancel);
                }
                let at = self.live(call)?;
                let line = &mut self.lines[at];
                let fits = description.as_ref().map(|d| d.generation) == Some(line.generation);
                if line.local != S::Alerting || !fits || line.offered != Some(Who::Far) {
                    return Err(BackendError::WrongState);
                }
                line.local = S::Connected;
                line.remote = S::Connected;
                line.carried = true;
                line.offered = None;
                Ok(Some(self.tell(at)))
            }
            Service::Clear { call, .. } => {
                let at = self.at(call)?;
                let line = &self.lines[at];
                let cause = match (line.is_over(), line.local) {
                    (true, _) => {
                        counts.cross(Crossing::BothHangUp);
                        return Ok(Some(line.update()));
                    }
                    (_, S::Alerting) => FailureCause::Rejected,
                    (_, S::Initiated) => FailureCause::Cancelled,
                    _ => FailureCause::Normal,
                };
                Ok(Some(self.end(at, cause)))
            }
            Service::Hold { call } => {
                let at = self.live(call)?;
                if self.lines[at].remote == S::Hold {
                    counts.cross(Crossing::HoldFromBothSides);
                }
                self.switch(at, S::Connected, S::Hold)
            }
            Service::Retrieve { call } => {
                let at = self.live(call)?;
                self.switch(at, S::Hold, S::Connected)
            }
            Service::Deflect { call, .. } => {
                if self.lines[self.at(call)?].is_over() {
                    counts.cross(Crossing::DeflectMeetsCancel);
                }
                let at = self.live(call)?;
                match self.lines[at].local {
                    S::Alerting => Ok(Some(self.end(at, FailureCause::Deflected))),
                    _ => Err(BackendError::WrongState),
                }
            }
            Service::SingleStepTransfer { call, .. } => {
                let at = self.at(call)?;
                if self.lines[at].is_over() {
                    counts.cross(Crossing::TransferMeetsHangUp);
                }
                let at = self.live(call)?;
                let line = &self.lines[at];
                match line.is_answered() && line.members == 0 {
                    true => Ok(Some(self.end(at, FailureCause::Transferred))),
                    false => Err(BackendError::WrongState),
                }
            }
            Service::Beside {
                service,
                call,
                held,
            } => self.beside(*service, call, held, counts),
            Service::Describe { call, description } => self.describe(call, description, counts),
            Service::Candidates { .. }
            | Service::Confirm { .. }
            | Service::GenerateDigits { .. } => Ok(None),
            _ => Err(BackendError::Unsupported),
        }
    }

    fn once(
        &mut self,
        key: &str,
        open: impl FnOnce(&mut Self) -> Result<usize, BackendError>,
    ) -> Answer {
        if let Some(id) = self.keys.get(key) {
            let at = self.at(id)?;
            return Ok(Some(self.lines[at].update()));
        }
        let at = open(self)?;
        self.keys.insert(key.to_owned(), self.lines[at].id.clone());
        Ok(Some(self.tell(at)))
    }

    fn switch(&mut self, at: usize, from: S, to: S) -> Answer {
        let line = &mut self.lines[at];
        if line.local != from || !line.is_answered() {
            return Err(BackendError::WrongState);
        }
        line.local = to;
        Ok(Some(self.tell(at)))
    }

    fn beside(
        &mut self,
        service: Beside,
        call: &CallId,
        held: &CallId,
        counts: &mut Counts,
    ) -> Answer {
        let ids = [call, held];
        let over = |id: &&CallId| self.at(id).is_ok_and(|at| self.lines[at].is_over());
        if ids.iter().any(over) {
            counts.cross(match service {
                Beside::Transfer => Crossing::TransferMeetsHangUp,
                Beside::Alternate => Crossing::AlternateMeetsHangUp,
                Beside::Reconnect => Crossing::ReconnectMeetsHangUp,
                Beside::Conference => Crossing::ConferenceMeetsHangUp,
            });
        }
        let (active, waiting) = (self.live(call)?, self.live(held)?);
        let (one, other) = (&self.lines[active], &self.lines[waiting]);
        let waits = other.local == S::Hold && other.is_answered();
        let talks = one.local == S::Connected && one.is_answered();
        let rings = one.local == S::Initiated;
        let two = one.members + other.members == 0;
        let allowed = match service {
            Beside::Alternate | Beside::Conference => talks,
            Beside::Reconnect => talks || rings,
            Beside::Transfer => (talks || rings) && two,
        };
        if !waits || !allowed {
            return Err(BackendError::WrongState);
        }
        let asked = match service {
            Beside::Alternate => {
                self.lines[active].local = S::Hold;
                self.lines[waiting].local = S::Connected;
                self.tell(waiting);
                self.tell(active)
            }
            Beside::Reconnect => {
                let cause = match rings {
                    true => FailureCause::Cancelled,
                    false => FailureCause::Normal,
                };
                self.lines[waiting].local = S::Connected;
                let ended = self.end(active, cause);
                self.tell(waiting);
                ended
            }
            Beside::Transfer => {
                self.end(waiting, FailureCause::Transferred);
                self.end(active, FailureCause::Transferred)
            }
            Beside::Conference => {
                let (stays, joins) = match self.lines[waiting].members > 0 {
                    true => (waiting, active),
                    false => (active, waiting),
                };
                let joining = self.lines[joins].members.max(1);
                let line = &mut self.lines[stays];
                line.members = line.members.max(1) + joining;
                line.local = S::Connected;
                line.remote = S::Connected;
                line.meet(true);
                self.end(joins, FailureCause::Conferenced);
                self.tell(stays);
                self.lines[active].update()
            }
        };
        Ok(Some(asked))
    }

    fn describe(
        &mut self,
        call: &CallId,
        description: &SessionDescription,
        counts: &mut Counts,
    ) -> Answer {
        let at = self.live(call)?;
        let line = &mut self.lines[at];
        match (description.kind, line.offered) {
            (DescriptionKind::Offer, Some(Who::Far)) => {
                counts.cross(Crossing::OffersMeet);
                return Err(BackendError::Glare);
            }
            (DescriptionKind::Offer, None) if description.generation == line.generation + 1 => {
                line.generation += 1;
                line.offered = Some(Who::User);
            }
            (DescriptionKind::Answer, Some(Who::Far))
                if description.generation == line.generation =>
            {
                line.offered = None;
            }
            _ => {
                counts.cross(Crossing::DescriptionMeetsFarEnd);
                return Err(BackendError::WrongState);
            }
        }
        Ok(Some(line.update()))
    }

    /// Something that others do to the call, chosen by `what`; false where it can't be done.
    pub(crate) fn others(&mut self, at: usize, what: u8) -> bool {
        let line = &mut self.lines[at];
        if line.is_over() {
            return false;
        }
        let answered = line.is_answered();
        match (what, line.local, line.remote) {
            (0, S::Initiated, _) => {
                line.local = S::Connected;
                line.remote = S::Connected;
                line.offered = None;
                line.describe(DescriptionKind::Answer);
            }
            (1, S::Initiated, _) => {
                self.end(at, FailureCause::Rejected);
                return true;
            }
            (1, S::Alerting, _) => {
                self.end(at, FailureCause::Cancelled);
                return true;
            }
            (2, S::Alerting, _) => {
                self.end(at, FailureCause::AnsweredElsewhere);
                return true;
            }
            (1 | 2, ..) if line.members > 2 => line.members -= 1,
            (1, ..) => {
                self.end(at, FailureCause::Normal);
                return true;
            }
            (3, _, S::Connected) if answered && line.members == 0 => line.remote = S::Hold,
            (4, _, S::Hold) if answered => line.remote = S::Connected,
            // The other hands the user over to somebody, whose phone rings or who is there.
            (5, S::Connected | S::Hold, _) if answered && line.members == 0 => {
                line.meet(true);
                line.remote = S::Alerting;
            }
            (6, S::Connected | S::Hold, _) if answered && line.members == 0 => {
                line.meet(false);
                line.remote = S::Connected;
            }
            (7, S::Connected | S::Hold, S::Alerting) => {
                line.remote = S::Connected;
                if line.offered == Some(Who::User) {
                    line.offered = None;
                    line.describe(DescriptionKind::Answer);
                }
            }
            (8, ..) if answered && line.offered == Some(Who::User) => {
                line.offered = None;
                line.describe(DescriptionKind::Answer);
            }
            (9, ..) if answered && line.offered.is_none() && !line.must_offer() => {
                line.generation += 1;
                line.offered = Some(Who::Far);
                line.describe(DescriptionKind::Offer);
            }
            (10, ..) if answered && line.members == 0 => {
                line.members = 2;
                line.remote = S::Connected;
                line.meet(true);
            }
            _ => return false,
        }
        self.tell(at);
        true
    }

    /// The others do what is expected of them, so that everything comes to rest.
    pub(crate) fn rest(&mut self) -> bool {
        let mut busy = false;
        for at in 0..self.lines.len() {
            let line = &self.lines[at];
            let must_offer = !line.offers && line.far_end > 0 && line.told.is_none();
            busy |= match (line.remote, line.offered) {
                (S::Alerting, _) if line.local != S::Initiated => self.others(at, 7),
                (_, Some(Who::User)) => self.others(at, 8),
                (_, None) if must_offer => self.others(at, 9),
                _ => false,
            };
        }
        busy
    }

    pub(crate) fn ring(&mut self) {
        let at = self.open(CallDirection::Incoming, false);
        self.tell(at);
    }
}

impl Line {
    /// The user's client is to begin.
    fn must_offer(&self) -> bool {
        self.far_end > 0 && self.offers && self.told.is_none()
    }
}
