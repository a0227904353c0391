//! The machine between a HID headset and an application's calls.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::hid::{Edge, InputReports, LampReports};
use crate::{Action, Button, Calls, DeviceEvent, Lamp, Moment, Notice, Overlay, TelephonyMap};

/// Where the headset's hook is, as the machine sees it.
///
/// ```text
///            a call rings              a button answers
///   Idle ──────────────────► Ringing ───────────────────► Answering
///    │  ◄──────────────────     │  ◄───────────────────      │
///    │       it stopped         │      5 s without          │ the call is up
///    │                          │ answered in the           │
///    │ a call is dialled        ▼ application               ▼
///    └──────────────────────► Engaged ◄─────────────────────┘
///                               │   ▲
///            a button ends      ▼   │ 5 s, or another call is left
///                              Ending
/// ```
/// From every state, no call at all leads to `Idle`, and only a ringing one to `Ringing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hook {
    /// No call. Lasts until there is one; nothing is written, buttons do nothing.
    Idle,
    /// Some call rings and none is up. Lasts as long as the ringing does.
    Ringing,
    /// A button asked to answer; Off-Hook is on so that the device doesn't revert (it waits 2 s).
    Answering {
        /// When to give up.
        until: Moment,
    },
    /// A call is active or held. Lasts as long as the call.
    Engaged,
    /// A button asked to end the call.
    Ending {
        /// When to give up.
        until: Moment,
        /// The calls when it asked: fewer of them mean that it was done.
        of: u16,
    },
}

/// What the machine wants done.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Output<'a> {
    /// Write this output report, its id first, at this full length.
    Write(&'a [u8]),
    /// Tell the application.
    Event(DeviceEvent),
}

/// Turns reports into actions and calls into lamps; sans-IO, time is passed in.
///
/// Feed it with [`Machine::handle_report`], [`Machine::handle_calls`] and, at the time that
/// [`Machine::timeout`] names, [`Machine::handle_timeout`]; after each, poll outputs until there is
/// none. What it holds is bounded by the descriptor.
#[derive(Debug, Clone)]
pub struct Machine {
    overlay: Overlay,
    inputs: InputReports,
    lamps: LampReports,
    calls: Calls,
    hook: Hook,
    /// Whether Off-Hook is lit.
    lit: bool,
    /// Until then one opposite hook report is confusion, not a press.
    swallow: Option<Moment>,
    /// Until then one press of a hook switch without state is our own Off-Hook coming back.
    echo: Option<Moment>,
    /// Mute as the device asked for it, and until when the application may take to follow.
    asked_mute: Option<(bool, Moment)>,
    /// Until then a mute toggle means that the device refuses to open the microphone.
    mute_lock: Option<Moment>,
    mute_lit: bool,
    others: Others,
    requests: Vec<Action>,
    notices: Vec<Notice>,
}

/// Whether another program has a call on the device: it is off hook or busy and we have none.
#[derive(Debug, Clone, Copy, Default)]
struct Others {
    off_hook: bool,
    busy: bool,
    /// When it will be certain.
    certain: Option<Moment>,
    reported: bool,
}

impl Machine {
    /// A machine for a device with this map.
    pub fn new(map: &TelephonyMap, overlay: Overlay) -> Self {
        Self {
            overlay,
            inputs: InputReports::new(map, overlay.hook_is_state),
            lamps: LampReports::new(map),
            calls: Calls::NONE,
            hook: Hook::Idle,
            lit: false,
            swallow: None,
            echo: None,
            asked_mute: None,
            mute_lock: None,
            mute_lit: false,
            others: Others::default(),
            requests: Vec::new(),
            notices: Vec::new(),
        }
    }

    /// A report from the device, its id first if it numbers its reports. What can't be understood
    /// changes nothing.
    pub fn handle_report(&mut self, now: Moment, report: &[u8]) {
        self.handle_timeout(now);
        for (button, edge) in self.inputs.changes(report) {
            self.handle_button(now, button, edge);
        }
    }

    /// The application's calls: all of them each time.
    pub fn handle_calls(&mut self, now: Moment, calls: Calls) {
        self.handle_timeout(now);
        self.calls = calls;
        self.requests.retain(|action| calls.allow(*action));
        if self.asked_mute.is_some_and(|(on, _)| on == calls.muted) || !calls.is_up() {
            self.asked_mute = None;
        }
        let before = self.hook;
        self.hook = self.hook_for_calls();
        if self.hook == Hook::Engaged && matches!(before, Hook::Idle | Hook::Ringing) {
            self.swallow = Some(now.after(self.overlay.swallow));
        }
        self.show(now);
        self.watch_others(now);
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Moment) {
        let due = |until: Moment| until <= now;
        match self.hook {
            Hook::Answering { until } if due(until) => self.hook = Hook::Ringing,
            Hook::Ending { until, .. } if due(until) => self.hook = Hook::Engaged,
            Hook::Idle
            | Hook::Ringing
            | Hook::Answering { .. }
            | Hook::Engaged
            | Hook::Ending { .. } => {}
        }
        if self.asked_mute.is_some_and(|(_, until)| due(until)) {
            self.asked_mute = None;
        }
        if self.others.certain.is_some_and(due) {
            self.others.certain = None;
            self.others.reported = true;
            self.notice(Notice::InUseElsewhere(true));
        }
        self.show(now);
    }

    /// When [`Machine::handle_timeout`] has something to do; later than every `now` so far.
    pub fn timeout(&self) -> Option<Moment> {
        let hook = match self.hook {
            Hook::Answering { until } | Hook::Ending { until, .. } => Some(until),
            Hook::Idle | Hook::Ringing | Hook::Engaged => None,
        };
        let mute = self.asked_mute.map(|(_, until)| until);
        [hook, mute, self.others.certain]
            .into_iter()
            .flatten()
            .min()
    }

    /// The next thing to do: reports first, so that a device is acknowledged before anything else.
    pub fn poll(&mut self) -> Option<Output<'_>> {
        if let Some(report) = self.lamps.next() {
            return Some(Output::Write(report));
        }
        if !self.requests.is_empty() {
            let action = self.requests.remove(0);
            return Some(Output::Event(DeviceEvent::Request(action)));
        }
        let notice = (!self.notices.is_empty()).then(|| self.notices.remove(0))?;
        Some(Output::Event(DeviceEvent::Notice(notice)))
    }

    /// The next report to write; events stay.
    pub(crate) fn next_write(&mut self) -> Option<&[u8]> {
        self.lamps.next()
    }

    fn hook_for_calls(&self) -> Hook {
        let fewer = |of: u16| self.calls.total() < of;
        match (self.calls.is_up(), self.hook) {
            (true, Hook::Ending { of, .. }) if !fewer(of) => self.hook,
            (true, _) => Hook::Engaged,
            (false, Hook::Answering { .. }) if self.calls.allow(Action::Answer) => self.hook,
            (false, _) if self.calls.ringing > 0 => Hook::Ringing,
            (false, _) => Hook::Idle,
        }
    }

    fn handle_button(&mut self, now: Moment, button: Button, edge: Edge) {
        let pressed = edge != Edge::Off;
        match button {
            Button::HookSwitch => self.handle_hook(now, edge),
            Button::PhoneMute => self.handle_mute(now, edge),
            Button::LineBusyTone => {
                self.others.busy = pressed;
                self.watch_others(now);
            }
            Button::Flash | Button::Hold if pressed && self.hook == Hook::Engaged => {
                let meaning = self.calls.flash();
                meaning.map(|action| self.request(action));
            }
            Button::Drop if pressed && self.hook == Hook::Engaged => self.end(now),
            Button::Drop | Button::Reject if pressed => {
                self.request(Action::Reject);
            }
            // Redial and keys are nothing that a button may do without a call; the rest are releases.
            Button::Redial | Button::Key(_) => {}
            Button::Flash | Button::Hold | Button::Drop | Button::Reject => {}
        }
        self.show(now);
    }

    fn handle_hook(&mut self, now: Moment, edge: Edge) {
        self.others.off_hook = edge == Edge::On;
        self.watch_others(now);
        match (self.hook, edge) {
            (Hook::Ringing, Edge::On | Edge::Press) => self.answer(now),
            (Hook::Engaged, Edge::On) if !self.lit && self.calls.allow(Action::Retrieve) => {
                self.request(Action::Retrieve);
            }
            (Hook::Engaged, Edge::Off) if self.lit => {
                if self.swallow.take().is_none_or(|until| now > until) {
                    self.end(now);
                }
            }
            (Hook::Engaged, Edge::Press) => {
                if self.echo.take().is_none_or(|until| now > until) {
                    self.end(now);
                }
            }
            // Acknowledgements of our own Off-Hook, a device that reverts, and presses without a call.
            (Hook::Idle | Hook::Answering { .. } | Hook::Ending { .. }, _)
            | (Hook::Ringing, Edge::Off)
            | (Hook::Engaged, Edge::On | Edge::Off) => {}
        }
    }

    fn answer(&mut self, now: Moment) {
        if self.request(Action::Answer) {
            let until = now.after(PATIENCE);
            self.hook = Hook::Answering { until };
        }
    }

    fn end(&mut self, now: Moment) {
        if self.request(Action::End) {
            let (until, of) = (now.after(PATIENCE), self.calls.total());
            self.hook = Hook::Ending { until, of };
        }
    }

    fn handle_mute(&mut self, now: Moment, edge: Edge) {
        if self.hook != Hook::Engaged {
            return;
        }
        let muted = self.muted();
        let wanted = match edge {
            Edge::On => true,
            Edge::Off => false,
            Edge::Press => !muted,
        };
        if wanted == muted {
            return;
        }
        if wanted && self.mute_lock.take().is_some_and(|until| now <= until) {
            self.notice(Notice::MuteLocked);
        }
        if self.request(Action::Mute(wanted)) {
            self.asked_mute = Some((wanted, now.after(MUTE_PATIENCE)));
        }
    }

    /// Mute as the device asked for it, else as the application has it.
    fn muted(&self) -> bool {
        self.asked_mute.map_or(self.calls.muted, |(on, _)| on)
    }

    /// Queues a request if the calls allow it, in the place of one that it overtakes.
    fn request(&mut self, action: Action) -> bool {
        if !self.calls.allow(action) {
            return false;
        }
        let same = |queued: &Action| match (queued, action) {
            (Action::Mute(_), Action::Mute(_)) => true,
            (queued, action) => *queued == action,
        };
        self.requests.retain(|queued| !same(queued));
        self.requests.push(action);
        true
    }

    fn notice(&mut self, notice: Notice) {
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }

    /// A device that is off hook without a call of ours may only be reverting a press; it takes
    /// about 2 s.
    fn watch_others(&mut self, now: Moment) {
        let others = &mut self.others;
        if !(others.off_hook || others.busy) {
            others.certain = None;
            if std::mem::take(&mut others.reported) {
                self.notice(Notice::InUseElsewhere(false));
            }
        } else if self.hook != Hook::Idle {
            others.certain = None;
        } else if !others.reported && others.certain.is_none() {
            others.certain = Some(now.after(REVERTED));
        }
    }

    /// Brings the lamps in line: on the way up Off-Hook first, on the way down last.
    fn show(&mut self, now: Moment) {
        let up = self.hook == Hook::Engaged;
        let only_held = self.calls.active == 0 && self.calls.held > 0;
        let cleared = up && only_held && self.overlay.hold_clears_off_hook;
        let lit = matches!(self.hook, Hook::Answering { .. }) || up && !cleared;
        let rises = lit && !self.lit;
        let muted = up && self.muted();
        let rings = self.hook == Hook::Ringing && self.calls.allow(Action::Answer);
        if lit {
            self.lamps.set(Lamp::OffHook, true, false);
        }
        self.lamps.set(Lamp::Ring, rings, false);
        self.lamps.set(Lamp::Ringer, rings, false);
        // The device doesn't tell its mute state, so it is set at every Off-Hook.
        self.lamps.set(Lamp::Mute, muted, rises);
        self.lamps.set(Lamp::Hold, up && self.calls.held > 0, false);
        if !lit {
            self.lamps.set(Lamp::OffHook, false, false);
        }
        if rises {
            self.echo = Some(now.after(self.overlay.echo));
        }
        if self.mute_lit && !muted && up {
            self.mute_lock = Some(now.after(self.overlay.mute_lock));
        }
        (self.lit, self.mute_lit) = (lit, muted);
        if !lit {
            (self.swallow, self.echo, self.mute_lock) = (None, None, None);
        }
    }
}

/// How long the application may take to answer or end a call (a server's slow round trip).
const PATIENCE: Duration = Duration::from_secs(5);

/// How long it may take to mute: that needs no server.
const MUTE_PATIENCE: Duration = Duration::from_secs(1);

/// By when a device that nobody acknowledged has reverted (about 2 s, by a vendor's document).
const REVERTED: Duration = Duration::from_millis(2_500);
