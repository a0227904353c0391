use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex},
};

use tokio::sync::{mpsc, watch};
use uc_model::{Action, AllowedActions, CallId, Digits, FailureCause, PhoneNumber};

use crate::{
    client::{Demand, ask},
    core::{Reply, Request},
    error::CallError,
    locked,
    port::{Beside, MediaSession, MediaStats},
    view::{CallStatus, Sound},
};

/// A call, carried by this client or by a desk phone: the same lines drive both.
///
/// Cheap to clone; all clones are one call. Dropping it does **not** hang up: the call goes on and
/// is found again in [`Client::calls`](crate::Client::calls). It doesn't keep its client alive.
///
/// A request returns once the server's event has confirmed it. Where it fails, the call is in the
/// state it had before. Dropping a request's future doesn't withdraw the request.
#[derive(Clone)]
pub struct Call {
    record: Arc<Record>,
    siblings: Siblings,
    demands: mpsc::WeakSender<Demand>,
}

/// The records of all of a client's calls.
pub(crate) type Siblings = Arc<Mutex<BTreeMap<CallId, Arc<Record>>>>;

/// What the driver shows of one call; it outlives the call for those who hold a handle.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) id: CallId,
    pub(crate) status: watch::Sender<Arc<CallStatus>>,
    pub(crate) sound: Mutex<SoundSource>,
    pub(crate) gone: watch::Receiver<bool>,
}

/// Where figures about a call's sound come from.
#[derive(Debug, Default)]
pub(crate) enum SoundSource {
    /// There is or was no sound here.
    #[default]
    None,
    /// A running session.
    Live(Arc<dyn MediaSession>),
    /// The last figures of a session that has ended.
    Ended(Box<MediaStats>),
}

impl Call {
    pub(crate) const fn new(
        record: Arc<Record>,
        siblings: Siblings,
        demands: mpsc::WeakSender<Demand>,
    ) -> Self {
        Self {
            record,
            siblings,
            demands,
        }
    }

    /// The call's identity.
    pub fn id(&self) -> &CallId {
        &self.record.id
    }

    /// The call as the server has it; the last state once it is over.
    pub fn state(&self) -> uc_model::Call {
        self.record.status.borrow().call.clone()
    }

    /// The call with its sound; the last state once it is over.
    pub fn status(&self) -> Arc<CallStatus> {
        Arc::clone(&self.record.status.borrow())
    }

    /// What may be asked now.
    pub fn allowed_actions(&self) -> AllowedActions {
        self.record.status.borrow().allowed_actions()
    }

    /// Takes the call.
    pub async fn answer(&self) -> Result<(), CallError> {
        self.act(Action::Answer).await
    }

    /// Refuses the ringing call.
    pub async fn reject(&self) -> Result<(), CallError> {
        self.act(Action::Reject).await
    }

    /// Passes the ringing call on to another number (CALL-5), as it is dialled at the user's phone.
    /// Where nobody can be reached there, the call goes on ringing here. Afterwards it is over here,
    /// with the cause [`FailureCause::Deflected`]; the caller sees who it rings at now.
    pub async fn deflect(&self, to: &str) -> Result<(), CallError> {
        let to = Some(PhoneNumber::new(to)?);
        let call = self.id().clone();
        self.ask(Request::Deflect { call, to }).await
    }

    /// Passes the ringing call on to the mailbox that takes the user's calls (CALL-5). Afterwards it is
    /// over here, with the cause [`FailureCause::Deflected`].
    pub async fn deflect_to_voicemail(&self) -> Result<(), CallError> {
        let (to, call) = (None, self.id().clone());
        self.ask(Request::Deflect { call, to }).await
    }

    /// Consults: puts this call on hold and calls `to`, as it is dialled at the user's phone (CALL-4).
    /// Returns the second call once the server has accepted it and this one is held; where it can't be
    /// made, this call is as it was. From there go on with [`alternate`](Self::alternate),
    /// [`reconnect`](Self::reconnect), [`transfer`](Self::transfer) or
    /// [`conference`](Self::conference), asked of the second call.
    pub async fn consult(&self, to: &str) -> Result<Self, CallError> {
        let to = PhoneNumber::new(to)?;
        let call = self.id().clone();
        let demands = self.demands.upgrade().ok_or(CallError::Closed)?;
        let id = match ask(&demands, Request::Consult { call, to }).await {
            Some(Reply::Call(result)) => result?,
            _ => return Err(CallError::Closed),
        };
        let record = Arc::clone(locked(&self.siblings).get(&id).ok_or(CallError::Closed)?);
        Ok(Self {
            record,
            siblings: Arc::clone(&self.siblings),
            demands: self.demands.clone(),
        })
    }

    /// Puts this call on hold and takes the `held` one off hold (CALL-4).
    pub async fn alternate(&self, held: &Self) -> Result<(), CallError> {
        self.beside(Beside::Alternate, held).await
    }

    /// Ends this call and takes the `held` one off hold (CALL-4).
    pub async fn reconnect(&self, held: &Self) -> Result<(), CallError> {
        self.beside(Beside::Reconnect, held).await
    }

    /// Transfers: the others of this call and of the `held` one talk to each other, and both calls are
    /// over here with the cause [`FailureCause::Transferred`] (CALL-5). This call may still ring at the
    /// other: then it goes on ringing for the one who was held.
    pub async fn transfer(&self, held: &Self) -> Result<(), CallError> {
        self.beside(Beside::Transfer, held).await
    }

    /// Transfers without asking first ("blind", CALL-5): the other of this call rings `to`, and the call
    /// is over here with the cause [`FailureCause::Transferred`]. Where `to` can't be reached, this call
    /// is as it was.
    pub async fn transfer_to(&self, to: &str) -> Result<(), CallError> {
        let to = PhoneNumber::new(to)?;
        let call = self.id().clone();
        self.ask(Request::SingleStepTransfer { call, to }).await
    }

    /// Makes one conference of this call and the `held` one (CALL-6), up to eight with this user. Where
    /// one of the two is a conference already, the other joins it; else this call becomes it. The
    /// call that has joined is over here with the cause [`FailureCause::Conferenced`].
    pub async fn conference(&self, held: &Self) -> Result<(), CallError> {
        self.beside(Beside::Conference, held).await
    }

    /// What may be asked of this call and a `held` one together.
    pub fn actions_beside(&self, held: &Self) -> AllowedActions {
        self.state().actions_beside(&held.state())
    }

    async fn beside(&self, service: Beside, held: &Self) -> Result<(), CallError> {
        let (call, held) = (self.id().clone(), held.id().clone());
        let request = Request::Beside {
            service,
            call,
            held,
        };
        self.ask(request).await
    }

    /// Puts the call on hold.
    pub async fn hold(&self) -> Result<(), CallError> {
        self.act(Action::Hold).await
    }

    /// Takes the call off hold.
    pub async fn retrieve(&self) -> Result<(), CallError> {
        self.act(Action::Retrieve).await
    }

    /// Ends the call, in whatever state it is; no error when it is over already. Works also while
    /// the connection is lost: the sound ends at once, and the server is told when it is back.
    pub async fn hang_up(&self) -> Result<(), CallError> {
        match self.act(Action::Clear).await {
            Err(CallError::Ended(_)) => Ok(()),
            other => other,
        }
    }

    /// Cuts the microphone off, or on again. Only for calls whose sound runs here.
    pub async fn set_muted(&self, muted: bool) -> Result<(), CallError> {
        let call = self.id().clone();
        self.ask(Request::Mute { call, muted }).await
    }

    /// Sends keys into the call, for example to a voice menu (CALL-8): `0` to `9`, `*`, `#`, `A` to
    /// `D`, 100 ms each (RFC 4733). Returns once they are queued. Only for calls whose sound runs here;
    /// those the far end presses come as [`Event::Digit`](crate::Event::Digit).
    pub async fn send_digits(&self, keys: &str) -> Result<(), CallError> {
        let digits = Digits::new(keys)?;
        let call = self.id().clone();
        self.ask(Request::SendDigits { call, digits }).await
    }

    /// Waits until both sides have taken the call and its sound, if it runs here, is connected.
    pub async fn connected(&self) -> Result<(), CallError> {
        let mut ended = None;
        let wanted = |status: &CallStatus| match &status.sound {
            Sound::Failed(error) => Some(Err(CallError::Media(error.clone()))),
            _ if status.call.is_over() => {
                let cause = status.call.cause.unwrap_or(FailureCause::Normal);
                Some(Err(CallError::Ended(cause)))
            }
            _ => status.is_connected().then_some(Ok(())),
        };
        self.wait_for(|status| {
            ended = wanted(status);
            ended.is_some()
        })
        .await;
        ended.unwrap_or(Err(CallError::Closed))
    }

    /// Waits for the end: why it came, or `None` when the client was closed before.
    pub async fn ended(&self) -> Option<FailureCause> {
        let status = self.wait_for(|status| status.call.is_over()).await?;
        Some(status.call.cause.unwrap_or(FailureCause::Normal))
    }

    /// Waits until the call differs from what `seen` shows (see [`Call::status`]); `None` once it
    /// is over or the client is closed. Never misses a change; may join several in one.
    pub async fn changed(&self, seen: &Arc<CallStatus>) -> Option<Arc<CallStatus>> {
        if seen.call.is_over() {
            return None;
        }
        self.wait_for(|status| *status != **seen).await
    }

    /// Figures of the call's sound, the last ones once it is over; `None` without sound here.
    pub fn media_stats(&self) -> Option<MediaStats> {
        match &*locked(&self.record.sound) {
            SoundSource::None => None,
            SoundSource::Live(session) => Some(session.stats()),
            SoundSource::Ended(stats) => Some(**stats),
        }
    }

    /// The first status that fits; `None` when the client goes before.
    async fn wait_for(&self, mut fits: impl FnMut(&CallStatus) -> bool) -> Option<Arc<CallStatus>> {
        let mut status = self.record.status.subscribe();
        let mut gone = self.record.gone.clone();
        tokio::select! {
            biased;
            found = status.wait_for(|status| fits(status)) => found.ok().map(|s| Arc::clone(&s)),
            _ = gone.wait_for(|gone| *gone) => None,
        }
    }

    async fn act(&self, action: Action) -> Result<(), CallError> {
        let call = self.id().clone();
        self.ask(Request::Act { call, action }).await
    }

    async fn ask(&self, request: Request) -> Result<(), CallError> {
        let demands = self.demands.upgrade().ok_or(CallError::Closed)?;
        match ask(&demands, request).await {
            Some(Reply::Act(result)) => result,
            _ => Err(CallError::Closed),
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("id", self.id())
            .finish_non_exhaustive()
    }
}
