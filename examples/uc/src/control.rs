//! What a person asks of calls, wherever it is asked: by a command, while a call is up, or by a key
//! of the console.

use std::sync::Arc;

use uc_model::{Action, CallDirection, CallId, ConnectionState, DeviceKind, Redacted};
use uc_session::{Call, CallStatus, Client, Sound, View};

use crate::failure::Failure;

/// One thing that a person asks of a call, or of two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Control {
    /// Take the call.
    Answer,
    /// Refuse it.
    Reject,
    /// End it.
    HangUp,
    /// Let the other wait.
    Hold,
    /// Talk again.
    Retrieve,
    /// Cut the microphone off, or on again.
    Mute(bool),
    /// Send keys (DTMF).
    Keys(Redacted<String>),
    /// Pass the ringing call on to a number.
    Deflect(Redacted<String>),
    /// Pass it on to the own mailbox.
    DeflectToVoicemail,
    /// Hold the call and call somebody else.
    Consult(Redacted<String>),
    /// Hand the call over to a number, unannounced.
    BlindTransfer(Redacted<String>),
    /// Hold this call and talk with the held one.
    Alternate,
    /// End this call and talk with the held one.
    Reconnect,
    /// Let the others of this call and of the held one talk.
    Transfer,
    /// Make one call of this and the held one.
    Conference,
}

impl Control {
    /// To pass a ringing call on to a number, or to "voicemail".
    pub(crate) fn deflect(to: &str) -> Self {
        match to {
            "voicemail" => Self::DeflectToVoicemail,
            number => Self::Deflect(Redacted::new(number.to_owned())),
        }
    }

    /// Asks it of the call with this identity, or else of the first that allows it; returns once
    /// the server has confirmed it.
    pub(crate) async fn carry_out(
        &self,
        client: &Client,
        which: Option<&CallId>,
    ) -> Result<(), Failure> {
        let call = self.find(client, which)?;
        let done = match self {
            Self::Answer => call.answer().await,
            Self::Reject => call.reject().await,
            Self::HangUp => call.hang_up().await,
            Self::Hold => call.hold().await,
            Self::Retrieve => call.retrieve().await,
            Self::Mute(muted) => call.set_muted(*muted).await,
            Self::Keys(keys) => call.send_digits(keys.expose()).await,
            Self::Deflect(to) => call.deflect(to.expose()).await,
            Self::DeflectToVoicemail => call.deflect_to_voicemail().await,
            Self::Consult(to) => call.consult(to.expose()).await.map(drop),
            Self::BlindTransfer(to) => call.transfer_to(to.expose()).await,
            Self::Alternate => call.alternate(&self.held(client, &call)?).await,
            Self::Reconnect => call.reconnect(&self.held(client, &call)?).await,
            Self::Transfer => call.transfer(&self.held(client, &call)?).await,
            Self::Conference => call.conference(&self.held(client, &call)?).await,
        };
        Ok(done?)
    }

    /// What a person and a program are told once it is done.
    pub(crate) const fn told(&self) -> (&'static str, &'static str) {
        match self {
            Self::Answer => ("Answered.", "answered"),
            Self::Reject => ("Refused.", "rejected"),
            Self::HangUp => ("Hung up.", "hung_up"),
            Self::Hold => ("On hold.", "held"),
            Self::Retrieve => ("Retrieved.", "retrieved"),
            Self::Mute(true) => ("Muted.", "muted"),
            Self::Mute(false) => ("Not muted any more.", "unmuted"),
            Self::Keys(_) => ("Keys sent.", "digits_sent"),
            Self::Deflect(_) | Self::DeflectToVoicemail => ("Passed on.", "deflected"),
            Self::Consult(_) => ("On hold; the other call is made.", "consulting"),
            Self::BlindTransfer(_) | Self::Transfer => ("Handed over.", "transferred"),
            Self::Alternate => ("Changed over.", "alternated"),
            Self::Reconnect => ("Back.", "reconnected"),
            Self::Conference => ("All talk with each other.", "conferenced"),
        }
    }

    /// What a call has to allow for it.
    pub(crate) const fn needs(&self) -> Needs {
        match self {
            Self::Answer => Needs::Alone(Action::Answer),
            Self::Reject => Needs::Alone(Action::Reject),
            Self::HangUp => Needs::Alone(Action::Clear),
            Self::Hold => Needs::Alone(Action::Hold),
            Self::Retrieve => Needs::Alone(Action::Retrieve),
            Self::Mute(_) => Needs::Sound,
            Self::Keys(_) => Needs::Alone(Action::SendDigits),
            Self::Deflect(_) | Self::DeflectToVoicemail => Needs::Alone(Action::Deflect),
            Self::Consult(_) => Needs::Alone(Action::Consult),
            Self::BlindTransfer(_) => Needs::Alone(Action::SingleStepTransfer),
            Self::Alternate => Needs::Beside(Action::Alternate),
            Self::Reconnect => Needs::Beside(Action::Reconnect),
            Self::Transfer => Needs::Beside(Action::Transfer),
            Self::Conference => Needs::Beside(Action::Conference),
        }
    }

    fn find(&self, client: &Client, which: Option<&CallId>) -> Result<Call, Failure> {
        let calls = calls(&client.view());
        let found = match which {
            Some(id) => calls.iter().find(|status| status.call.id == *id),
            None => self.needs().first(&calls),
        };
        let elsewhere = |status: &Arc<CallStatus>| !is_within_reach(status);
        match found {
            Some(status) if elsewhere(status) => Err(Failure::CarriedElsewhere),
            Some(status) => handle(client, &status.call.id),
            None if which.is_some() => Err(Failure::NoCall),
            None if calls.is_empty() => Err(Failure::NoCalls),
            None if calls.iter().all(elsewhere) => Err(Failure::CarriedElsewhere),
            None => Err(Failure::NotNow),
        }
    }

    /// The held call beside `active`.
    fn held(&self, client: &Client, active: &Call) -> Result<Call, Failure> {
        let Needs::Beside(action) = self.needs() else {
            return Err(Failure::NotNow);
        };
        let mut calls = client.calls().into_iter();
        let held = calls.find(|held| active.actions_beside(held).has(action));
        held.ok_or(Failure::NotNow)
    }
}

/// What has to be allowed for something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// This, of one call.
    Alone(Action),
    /// This, of a call and a held one.
    Beside(Action),
    /// A call whose sound runs here.
    Sound,
}

impl Needs {
    /// The first of the calls that allows it.
    pub(crate) fn first(self, calls: &[Arc<CallStatus>]) -> Option<&Arc<CallStatus>> {
        calls.iter().find(|status| self.fits(status, calls))
    }

    /// Whether this program can reach one of the calls, and that allows it.
    pub(crate) fn fits(self, status: &CallStatus, calls: &[Arc<CallStatus>]) -> bool {
        let allowed = match self {
            Self::Alone(action) => status.allowed_actions().has(action),
            Self::Beside(action) => calls
                .iter()
                .any(|held| status.call.actions_beside(&held.call).has(action)),
            Self::Sound => matches!(status.sound, Sound::Connected | Sound::Interrupted),
        };
        allowed && is_within_reach(status)
    }
}

/// The calls that are not over, those that want something first, held ones last.
pub(crate) fn calls(view: &View) -> Vec<Arc<CallStatus>> {
    let mut calls: Vec<_> = view.calls.values().cloned().collect();
    calls.sort_by_key(|status| match status.call.local {
        ConnectionState::Alerting => 0,
        ConnectionState::Connected => 1,
        ConnectionState::Initiated | ConnectionState::Queued => 2,
        ConnectionState::Hold => 3,
        ConnectionState::Null | ConnectionState::Fail => 4,
    });
    calls
}

/// Whether this program can do something about a call: a desk phone obeys all programs of its user,
/// a call whose sound another program carries obeys that one.
pub(crate) fn is_within_reach(status: &CallStatus) -> bool {
    let carried_elsewhere = status.sound == Sound::Elsewhere && !status.rings_here();
    status.call.device != DeviceKind::Voip || !carried_elsewhere
}

/// What a call does, in plain words.
pub(crate) fn state(status: &CallStatus) -> &'static str {
    use ConnectionState::{Alerting, Connected, Fail, Hold, Initiated, Null, Queued};
    match (status.call.local, status.call.remote.state) {
        (Alerting, _) => "RINGS",
        (Hold, _) => "on hold",
        (Null | Fail, _) => "over",
        (Queued, _) => "waits",
        (Initiated | Connected, Alerting) => "it rings there",
        (Connected, Hold) => "held by the other",
        (Connected, Connected) if status.is_connected() => "talking",
        (Initiated | Connected, _) => match status.call.direction {
            CallDirection::Outgoing => "dialling",
            CallDirection::Incoming => "connecting",
        },
    }
}

fn handle(client: &Client, id: &CallId) -> Result<Call, Failure> {
    let mut calls = client.calls().into_iter();
    calls.find(|call| call.id() == id).ok_or(Failure::NoCall)
}
