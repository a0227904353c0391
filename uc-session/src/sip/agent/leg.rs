//! One call as this side of it knows it.

use std::{collections::VecDeque, time::Duration};

use uc_model::{
    Call, CallDirection, CallId, Connection, ConnectionState, DeviceKind, FailureCause, Party, Rev,
    Timestamp,
};
use uc_protocol::sip::{Headers, Refresher, Replaces, Request, Response, Uri};

use super::{dialog::Dialog, digits::Keys, transactions::ServerKey};
use crate::port::{CallUpdate, DescriptionKind, FarEnd, SessionDescription};

/// A call and its dialog.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) call: Call,
    pub(super) dialog: Dialog,
    pub(super) stage: Stage,
    pub(super) round: Round,
    /// The newest round of offer and answer.
    pub(super) generation: u32,
    /// The far end's newest description.
    pub(super) description: Option<SessionDescription>,
    pub(super) far_end: FarEnd,
    /// The description of this side that was sent last.
    pub(super) ours: Option<String>,
    /// The body of the far end's last offer: the same again is no new round.
    pub(super) theirs: Option<Vec<u8>>,
    /// Their INVITE was answered, but that isn't acknowledged yet.
    pub(super) unacknowledged: Option<Unacknowledged>,
    /// The ACK of our newest INVITE, for answers that come again.
    pub(super) acknowledged: Option<(u32, Request)>,
    pub(super) timer: Option<SessionTimer>,
    /// Whether the far end takes UPDATE (RFC 3311).
    pub(super) takes_update: bool,
    pub(super) transfer: Option<Transfer>,
    /// The conference on this side that it takes part in.
    pub(super) conference: Option<u64>,
    /// Keys that are being sent beside the sound, and those after them.
    pub(super) keys: VecDeque<Keys>,
    /// When the other is told once more where this side is, and how often it was tried.
    pub(super) renewal: Option<(Duration, u8)>,
    /// Dialogs that others have taken the place of, until when they are listened to.
    pub(super) left: Vec<(Dialog, Duration)>,
}

/// How far a call has come.
#[derive(Debug)]
pub(super) enum Stage {
    /// Our INVITE is on its way.
    Calling(Calling),
    /// Their INVITE rings here.
    Ringing(Box<Invited>),
    /// It rings at another telephone, whose place at the caller this side takes once it has an offer.
    PickingUp(Replaces),
    /// Answered.
    Up,
    /// Given up by this side; the INVITE's end is waited for.
    Cancelled,
}

/// See [`Stage::Calling`].
#[derive(Debug)]
pub(super) struct Calling {
    /// Who waits for the call to be accepted, and until when.
    pub(super) asked: Option<(u64, Duration)>,
    /// Whether something was heard of it: only then it can be cancelled.
    pub(super) heard: bool,
    /// Whose description is in use, by its tag.
    pub(super) early: Option<String>,
    /// The telephones that it rings at, by their tags.
    pub(super) rang: Vec<String>,
    pub(super) redirected: u8,
}

impl Calling {
    /// An INVITE of which nothing was heard yet.
    pub(super) const fn new(asked: Option<(u64, Duration)>) -> Self {
        Self {
            asked,
            heard: false,
            early: None,
            rang: Vec::new(),
            redirected: 0,
        }
    }
}

/// A request with a description that waits for its answer.
#[derive(Debug)]
pub(super) struct Invited {
    pub(super) key: ServerKey,
    pub(super) request: Request,
    /// This side's tag in the answer.
    pub(super) tag: String,
    /// When it is refused if this side has no answer; of a call that rings nothing is due.
    pub(super) until: Duration,
    /// The dialog that the answer opens, if it takes another one's place (RFC 3891).
    pub(super) replacing: Option<Dialog>,
}

/// The offer that is under way after the first one.
#[derive(Debug)]
pub(super) enum Round {
    None,
    /// Ours; for whom.
    Ours(Option<u64>),
    Theirs(Box<Invited>),
}

/// An answer that is sent until it is acknowledged (RFC 3261 §13.3.1.4, RFC 3262 §3).
#[derive(Debug)]
pub(super) struct Unacknowledged {
    /// The request's `CSeq`, or the answer's `RSeq`.
    pub(super) number: u32,
    pub(super) response: Response,
    pub(super) at: Duration,
    pub(super) pause: Duration,
    pub(super) until: Duration,
    pub(super) awaits: Awaited,
}

/// What ends the sending of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Awaited {
    /// ACK.
    Ack,
    /// ACK with their answer: ours carries an offer.
    Answer,
    /// PRACK (RFC 3262).
    Prack,
}

/// RFC 4028.
#[derive(Debug, Clone, Copy)]
pub(super) struct SessionTimer {
    pub(super) seconds: u32,
    /// This side refreshes; else the other has to.
    pub(super) ours: bool,
    /// When to refresh, or when the session is over.
    pub(super) at: Duration,
}

/// A transfer that this call takes part in.
#[derive(Debug)]
pub(super) enum Transfer {
    /// We have asked the far end to call somebody else (RFC 3515).
    Asked {
        /// Who waits for it to succeed; nobody, once it seemed to.
        id: Option<u64>,
        /// The call that is handed over too (RFC 3891).
        with: Option<CallId>,
        /// Whether the far end has said that it will.
        accepted: bool,
        until: Duration,
    },
    /// The far end has asked us to; waiting for our offer.
    Obeying { to: Uri, replaces: Option<String> },
    /// Our INVITE is on its way to whom we were sent to; this is its dialog.
    Calling(Box<Dialog>),
}

impl Leg {
    /// A new call.
    pub(super) fn new(
        id: CallId,
        direction: CallDirection,
        party: Party,
        dialog: Dialog,
        stage: Stage,
        now: Timestamp,
    ) -> Self {
        let (local, remote) = match direction {
            CallDirection::Outgoing => (ConnectionState::Initiated, ConnectionState::Null),
            CallDirection::Incoming => (ConnectionState::Alerting, ConnectionState::Connected),
        };
        Self {
            call: Call {
                id,
                rev: Rev(0),
                direction,
                device: DeviceKind::Voip,
                local,
                remote: Connection {
                    party,
                    state: remote,
                },
                members: Vec::new(),
                started: now,
                answered: None,
                cause: None,
            },
            dialog,
            stage,
            round: Round::None,
            generation: 1,
            description: None,
            far_end: FarEnd::default(),
            ours: None,
            theirs: None,
            unacknowledged: None,
            acknowledged: None,
            timer: None,
            takes_update: false,
            transfer: None,
            conference: None,
            keys: VecDeque::new(),
            renewal: None,
            left: Vec::new(),
        }
    }

    /// What the session is told of it.
    pub(super) fn update(&self) -> CallUpdate {
        let rings_here = matches!(self.stage, Stage::Ringing(_) | Stage::PickingUp(_));
        CallUpdate {
            call: self.call.clone(),
            description: self.description.clone(),
            candidates: None,
            far_end: self.far_end,
            carried_here: !rings_here,
            unconfirmed: false,
            conference: self.conference,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(self.stage, Stage::Up)
    }

    /// Both sides talk now.
    pub(super) fn connect(&mut self, now: Timestamp) {
        self.stage = Stage::Up;
        self.call.local = ConnectionState::Connected;
        self.call.remote.state = ConnectionState::Connected;
        self.call.answered.get_or_insert(now);
    }

    pub(super) fn end(&mut self, cause: FailureCause) {
        self.call.local = match cause {
            FailureCause::Busy
            | FailureCause::NoSuchNumber
            | FailureCause::Unreachable
            | FailureCause::Rejected
                if self.call.answered.is_none()
                    && self.call.direction == CallDirection::Outgoing =>
            {
                ConnectionState::Fail
            }
            _ => ConnectionState::Null,
        };
        self.call.cause.get_or_insert(cause);
    }

    /// Their offer of a new round.
    pub(super) fn offered(&mut self, body: &[u8]) -> Option<()> {
        let sdp = std::str::from_utf8(body).ok()?;
        self.theirs = Some(body.to_vec());
        self.description = Some(SessionDescription {
            generation: self.generation,
            kind: DescriptionKind::Offer,
            sdp: sdp.to_owned().into(),
        });
        self.call.remote.state = match super::sdp::is_hold(sdp) {
            true => ConnectionState::Hold,
            false => ConnectionState::Connected,
        };
        Some(())
    }

    /// Their answer to the newest offer.
    pub(super) fn answered(&mut self, body: &[u8]) -> Option<()> {
        let sdp = std::str::from_utf8(body).ok()?;
        self.theirs = Some(body.to_vec());
        self.description = Some(SessionDescription {
            generation: self.generation,
            kind: DescriptionKind::Answer,
            sdp: sdp.to_owned().into(),
        });
        Some(())
    }

    /// Somebody else's sound is at the far end from now on; `offers`: this side begins.
    pub(super) fn meet(&mut self, offers: bool) {
        self.far_end = FarEnd {
            number: self.far_end.number + 1,
            offers,
            generation: self.generation,
        };
        self.description = None;
        self.theirs = None;
    }

    /// Takes what the other side says of its abilities and of the session's timer. `ours`: what was
    /// agreed if nothing is said, which side refreshes being seen from here.
    pub(super) fn agree(&mut self, headers: &Headers, we_asked: bool, now: Duration) {
        if headers.get("Allow").is_some() {
            self.takes_update = headers.has_token("Allow", "UPDATE");
        }
        self.timer = headers.session_expires().map(|expires| {
            let asker = expires.refresher.unwrap_or(Refresher::Uac) == Refresher::Uac;
            SessionTimer::new(expires.seconds, asker == we_asked, now)
        });
    }
}

impl SessionTimer {
    /// The refresher acts at half of the time, the other gives up a little before its end
    /// (RFC 4028 §10).
    pub(super) fn new(seconds: u32, ours: bool, now: Duration) -> Self {
        let seconds = seconds.max(LEAST_SESSION);
        let wait = match ours {
            true => seconds / 2,
            false => seconds - (seconds / 3).min(32),
        };
        Self {
            seconds,
            ours,
            at: now + Duration::from_secs(wait.into()),
        }
    }
}

/// The shortest session timer (RFC 4028 §4).
pub(super) const LEAST_SESSION: u32 = 90;
