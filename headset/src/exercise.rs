//! Bodies of fuzz targets, which the tests replay with the kept seeds.

use std::time::Duration;

use crate::machine::{Machine, Output};
use crate::{Action, Calls, DeviceEvent, Inspection, Moment, Overlay, TelephonyMap, Vendor};

/// A report descriptor is read or refused; what is read lies within its bounds.
#[doc(hidden)]
pub fn exercise_descriptor(bytes: &[u8]) {
    let inspection = Inspection::of(bytes);
    for control in inspection.map.inputs() {
        assert!((1..=32).contains(&control.place.bits));
    }
    for control in inspection.map.outputs() {
        let id = control.place.report_id;
        let mut reports = inspection.map.output_reports().iter();
        let (_, length) = reports
            .find(|(known, _)| *known == id)
            .expect("every lamp has a report");
        let end = control.place.bit + control.place.bits;
        assert!(
            end.div_ceil(8) as usize <= *length,
            "a lamp lies inside its report"
        );
    }
    let braces = |brace| inspection.json().matches(brace).count();
    assert_eq!(braces('{'), braces('}'));
}

/// A device of any descriptor, with any reports, calls and times: the application never gets an
/// action that it doesn't allow, time-outs make progress, nothing is written without a call, and
/// after the last call every lamp is out.
///
/// Two bytes of length, a descriptor, then steps of four bytes: what, and three to do it with.
#[doc(hidden)]
pub fn exercise_machine(bytes: &[u8]) {
    let Some((length, rest)) = bytes.split_first_chunk::<2>() else {
        return;
    };
    let length = usize::from(u16::from_le_bytes(*length)).min(rest.len());
    let (descriptor, steps) = rest.split_at(length);
    let Ok(map) = TelephonyMap::parse(descriptor) else {
        return;
    };
    let overlay = if length % 2 == 0 {
        Vendor::Other
    } else {
        Vendor::Yealink
    };
    let mut session = Session {
        machine: Machine::new(&map, Overlay::of(overlay)),
        now: Moment::default(),
        calls: Calls::NONE,
        asked: Vec::new(),
    };
    for step in steps.chunks_exact(4) {
        session.step(step);
    }
    session.end();
}

struct Session {
    machine: Machine,
    now: Moment,
    calls: Calls,
    asked: Vec<Action>,
}

impl Session {
    fn step(&mut self, step: &[u8]) {
        let idle = self.calls == Calls::NONE;
        match step[0] % 4 {
            0 => self.machine.handle_report(self.now, &step[1..]),
            1 => {
                let [ringing, active, held] = [step[1] % 3, step[2] % 3, step[3] % 3];
                let muted = step[1] > 127;
                self.calls = Calls {
                    ringing,
                    active,
                    held,
                    muted,
                };
                self.asked.clear();
                self.machine.handle_calls(self.now, self.calls);
            }
            2 => {
                let span = u64::from(u16::from_le_bytes([step[1], step[2]]));
                self.now = self.now.after(Duration::from_millis(span));
                self.machine.handle_timeout(self.now);
            }
            _ => {
                for action in std::mem::take(&mut self.asked) {
                    follow(&mut self.calls, action);
                }
                self.machine.handle_calls(self.now, self.calls);
            }
        }
        let due = self.machine.timeout();
        assert!(
            due.is_none_or(|due| due > self.now),
            "a time-out makes progress"
        );
        self.drain(idle && step[0] % 4 != 1);
    }

    fn drain(&mut self, silent: bool) {
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Write(report) => assert!(!silent, "written without a call: {report:x?}"),
                Output::Event(DeviceEvent::Request(action)) => {
                    assert!(self.calls.allow(action), "{action:?}");
                    self.asked.push(action);
                    self.asked.truncate(16);
                }
                Output::Event(DeviceEvent::Notice(_)) => {}
            }
        }
    }

    fn end(&mut self) {
        self.calls = Calls::NONE;
        self.machine.handle_calls(self.now, Calls::NONE);
        let mut written = Vec::new();
        while let Some(output) = self.machine.poll() {
            if let Output::Write(report) = output {
                assert!(report[1..].iter().all(|byte| *byte == 0), "{report:x?}");
                assert!(!written.contains(&report[0]), "idle twice");
                written.push(report[0]);
            }
        }
        self.machine.handle_calls(self.now, Calls::NONE);
        self.drain(true);
    }
}

/// The application does what it was asked, if that is still possible.
pub(crate) fn follow(calls: &mut Calls, action: Action) {
    if !calls.allow(action) {
        return;
    }
    match action {
        Action::Answer => (calls.ringing, calls.active) = (0, 1),
        Action::Reject => calls.ringing = 0,
        Action::End if calls.active > 0 => calls.active -= 1,
        Action::End => calls.held = 0,
        Action::Mute(on) => calls.muted = on,
        Action::Hold => (calls.active, calls.held) = (0, calls.active),
        Action::Retrieve => (calls.active, calls.held) = (1, 0),
        Action::Swap => std::mem::swap(&mut calls.active, &mut calls.held),
    }
}
