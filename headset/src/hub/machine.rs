use std::collections::VecDeque;
use std::time::Duration;

use super::HubError;
use super::answer::{self, Saying};
use crate::{Action, Calls, DeviceEvent, Lamps, Moment};

/// A question to the Hub, each a GET below `/Spokes`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Request {
    UnRegister,
    Register,
    Activate,
    Info,
    Events,
    Incoming(u32),
    Outgoing(u32),
    Answer(u32),
    Hold(u32),
    Resume(u32),
    Terminate(u32),
    Mute(bool),
}

impl Request {
    /// Path and query, for an application of this name.
    pub(super) fn path(&self, application: &str) -> String {
        let name = encoded(application);
        let call = |service: &str, id: &u32| {
            format!("CallServices/{service}?name={name}&callID=%7B%22Id%22%3A%22{id}%22%7D")
        };
        // Nobody's name is told: a headset speaks none of ours.
        let contact = "&contact=%7B%22Name%22%3A%22Call%22%7D";
        let rest = match self {
            Self::UnRegister => format!("SessionManager/UnRegister?name={name}"),
            Self::Register => format!("SessionManager/Register?name={name}"),
            Self::Activate => format!("SessionManager/IsActive?name={name}&active=true"),
            Self::Info => "DeviceServices/Info".to_owned(),
            Self::Events => format!("CallServices/CallEvents?name={name}"),
            Self::Incoming(id) => {
                let call = call("IncomingCall", id);
                format!("{call}{contact}&tones=Unknown&route=ToHeadset")
            }
            Self::Outgoing(id) => format!("{}{contact}&route=ToHeadset", call("OutgoingCall", id)),
            Self::Answer(id) => call("AnswerCall", id),
            Self::Hold(id) => call("HoldCall", id),
            Self::Resume(id) => call("ResumeCall", id),
            Self::Terminate(id) => call("TerminateCall", id),
            Self::Mute(muted) => format!("CallServices/MuteCall?name={name}&muted={muted}"),
        };
        format!("/Spokes/{rest}")
    }
}

/// Tells the Hub the application's calls and understands what it says of them. Sans-IO.
///
/// The Hub knows each call by a number; an application tells how many there are. So at most one call rings, one is
/// active, and one is held at the Hub, as lamps would show them:
///
/// ```text
///  Ringing --Answer--> Active --Hold--> Held          each --Terminate--> (none)
///                         ^--------Resume---'
/// ```
///
/// A call's state follows the application alone. What a person does at the headset becomes a request to the
/// application; the Hub is told what came of it even if it knows, and what it says then is of a state that the call has
/// already, or of a call that is no more: an echo. No state needs a time-out, since none waits for the Hub. A mute that
/// the application doesn't carry out within a second is taken back.
pub(super) struct HubMachine {
    model: Box<str>,
    calls: Calls,
    lines: Vec<Line>,
    /// What the Hub was told of the microphone since a call is up.
    muted: Option<bool>,
    /// When a mute that a person pressed is taken back, unless the application has done it.
    patience: Option<Moment>,
    last_id: u32,
    questions: Moment,
    inspection: Moment,
    due: Moment,
    events: VecDeque<DeviceEvent>,
}

/// A call at the Hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Line {
    id: u32,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ringing,
    Active,
    Held,
}

impl HubMachine {
    pub(super) fn new(now: Moment, model: &str) -> Self {
        Self {
            model: model.into(),
            calls: Calls::NONE,
            lines: Vec::new(),
            muted: None,
            patience: None,
            last_id: 0,
            questions: now,
            inspection: now.after(LEISURE),
            due: now,
            events: VecDeque::new(),
        }
    }

    pub(super) fn handle_calls(&mut self, calls: Calls) {
        self.calls = calls;
    }

    /// What to ask now: changes first, then what happened, then whether the headset is still there.
    pub(super) fn poll_request(&mut self, now: Moment) -> Option<Request> {
        if self.patience.is_some_and(|end| end <= now) {
            (self.muted, self.patience) = (None, None);
        }
        if let Some(change) = self.poll_change() {
            return Some(change);
        }
        let pace = match self.lines.is_empty() {
            true => LEISURE,
            false => HASTE,
        };
        // A call that has just come isn't kept waiting for the end of leisure.
        let asked = self.questions.min(now.after(pace));
        let (request, next) = if asked <= now {
            (Some(Request::Events), now.after(pace))
        } else if self.inspection <= now {
            self.inspection = now.after(LEISURE);
            (Some(Request::Info), asked)
        } else {
            (None, asked)
        };
        self.questions = next;
        self.due = self.questions.min(self.inspection);
        request
    }

    /// The next thing in which the Hub's calls differ from the application's.
    pub(super) fn poll_change(&mut self) -> Option<Request> {
        let wanted = self.wanted();
        if let Some(place) = self.superfluous(wanted) {
            return Some(self.change(place, wanted));
        }
        let has = |state| self.lines.iter().any(|line| line.state == state);
        if wanted.ringing && !has(State::Ringing) {
            return Some(Request::Incoming(self.add(State::Ringing)));
        }
        // One that was held before the Hub knew it becomes so in the next step.
        if wanted.active && !has(State::Active) || wanted.held && !has(State::Held) {
            return Some(Request::Outgoing(self.add(State::Active)));
        }
        if !self.calls.is_up() {
            self.muted = None;
        } else if self.muted != Some(self.calls.muted) {
            (self.muted, self.patience) = (Some(self.calls.muted), None);
            return Some(Request::Mute(self.calls.muted));
        }
        None
    }

    /// When to ask next, if the calls don't change before.
    pub(super) fn due(&self) -> Moment {
        self.due
    }

    pub(super) fn handle_answer(
        &mut self,
        now: Moment,
        request: &Request,
        body: &[u8],
    ) -> Result<(), HubError> {
        match request {
            Request::Events => {
                for saying in answer::sayings(body)? {
                    self.hear(now, saying)?;
                }
                Ok(())
            }
            // Another headset is another device.
            Request::Info if answer::model(body)? != self.model => Err(HubError::NoHeadset),
            // What became of the others shows in what happens.
            _ => Ok(()),
        }
    }

    pub(super) fn poll_event(&mut self) -> Option<DeviceEvent> {
        self.events.pop_front()
    }

    fn hear(&mut self, now: Moment, saying: Saying) -> Result<(), HubError> {
        let state = |id: Option<u32>| {
            let mut lines = self.lines.iter();
            lines
                .find(|line| Some(line.id) == id)
                .map(|line| line.state)
        };
        let action = match saying {
            Saying::Accept(id) => (state(id) == Some(State::Ringing)).then_some(Action::Answer),
            Saying::Terminate(id) | Saying::Reject(id) => match state(id) {
                Some(State::Ringing) => Some(Action::Reject),
                Some(State::Active | State::Held) => Some(Action::End),
                None => None,
            },
            Saying::Hold(id) => (state(id) == Some(State::Active)).then_some(Action::Hold),
            Saying::Resume(id) if state(id) != Some(State::Held) => None,
            Saying::Resume(_) | Saying::Flash => self.calls.flash(),
            Saying::Mute(muted) => (self.muted != Some(muted)).then_some(Action::Mute(muted)),
            Saying::Removed => return Err(HubError::NoHeadset),
        };
        let allowed = action.filter(|action| self.calls.allow(*action));
        if let Some(Action::Mute(_)) = allowed {
            // The headset has done it; if the application doesn't, it is told so.
            self.patience = Some(now.after(PATIENCE));
        }
        self.events.extend(allowed.map(DeviceEvent::Request));
        Ok(())
    }

    fn wanted(&self) -> Wanted {
        let lamps = Lamps::of(&self.calls);
        Wanted {
            ringing: lamps.ringing,
            active: self.calls.active > 0,
            held: lamps.held,
        }
    }

    /// A line whose state is not, or no longer once, among those wanted.
    fn superfluous(&self, wanted: Wanted) -> Option<usize> {
        let place = |(place, line): (usize, &Line)| {
            let before = &self.lines[..place];
            let twice = before.iter().any(|other| other.state == line.state);
            (twice || !wanted.has(line.state)).then_some(place)
        };
        self.lines.iter().enumerate().find_map(place)
    }

    /// What a superfluous line becomes: what is wanted and not there yet, or nothing.
    fn change(&mut self, place: usize, wanted: Wanted) -> Request {
        let has = |state| self.lines.iter().any(|line| line.state == state);
        let lacks_active = wanted.active && !has(State::Active);
        let lacks_held = wanted.held && !has(State::Held);
        let line = &mut self.lines[place];
        match line.state {
            State::Ringing if lacks_active || lacks_held => {
                line.state = State::Active;
                Request::Answer(line.id)
            }
            State::Active if lacks_held => {
                line.state = State::Held;
                Request::Hold(line.id)
            }
            State::Held if lacks_active => {
                line.state = State::Active;
                Request::Resume(line.id)
            }
            State::Ringing | State::Active | State::Held => {
                Request::Terminate(self.lines.remove(place).id)
            }
        }
    }

    fn add(&mut self, state: State) -> u32 {
        // The Hub's numbers are signed.
        self.last_id = self.last_id % i32::MAX.unsigned_abs() + 1;
        let id = self.last_id;
        self.lines.push(Line { id, state });
        id
    }
}

#[derive(Debug, Clone, Copy)]
struct Wanted {
    ringing: bool,
    active: bool,
    held: bool,
}

impl Wanted {
    fn has(self, state: State) -> bool {
        match state {
            State::Ringing => self.ringing,
            State::Active => self.active,
            State::Held => self.held,
        }
    }
}

/// As a value in a query.
fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// Between two questions for events while there are calls: the Hub has no other way to tell them.
const HASTE: Duration = Duration::from_millis(250);
/// Without calls, and between two looks whether the headset is still there.
const LEISURE: Duration = Duration::from_secs(2);
/// So long the application may take to mute, as for HID headsets.
const PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
