use std::time::Duration;

use thiserror::Error;

use crate::machine::{Machine, Output};
use crate::{
    Action, Calls, DescriptorError, DeviceEvent, DeviceInfo, MAX_REPORT_BYTES, Moment, Notice,
    Overlay, TelephonyMap, read_hex, write_hex,
};

/// What goes on between a headset and its application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Traffic<'a> {
    /// A report from the device.
    Input(&'a [u8]),
    /// A report to the device.
    Output(&'a [u8]),
    /// The application's calls.
    Calls(Calls),
    /// Something for the application.
    Event(DeviceEvent),
}

/// A recorded session: a device's descriptor, what it sent and was sent, and the calls meanwhile.
///
/// One line for each thing: milliseconds, then `in`, `out` or `calls` or `event` with its content.
/// It holds reports and numbers of calls, nobody's name or number.
///
/// ```
/// use headset::{Overlay, Recording};
/// let text = "\
/// device 1234:5678 Headset
/// descriptor 05 0b 09 05 a1 01 15 00 25 01 75 01 95 01 09 20 81 22 05 08 09 17 91 22 c0
/// 0 calls 1 0 0 heard
/// 700 in 01
/// 700 out 00 01
/// 700 event answer
/// ";
/// let recording = Recording::parse(text)?;
/// assert_eq!(recording.replay(Overlay::GENERIC)?, recording.results());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    descriptor: Vec<u8>,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Input(Moment, Vec<u8>),
    Calls(Moment, Calls),
    /// A line about what the machine did.
    Result(String),
}

/// Why a text is no recording.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// A line that is none of the known ones.
    #[error("line {0} of the recording can't be understood")]
    Line(usize),
    /// More lines than [`MAX_RECORDING_LINES`].
    #[error("the recording has more than {MAX_RECORDING_LINES} lines")]
    TooLong,
}

/// Most lines of a recording that is read: a day with a report each second.
pub const MAX_RECORDING_LINES: usize = 100_000;

impl Recording {
    /// The first two lines of a recording.
    pub fn header(info: &DeviceInfo, descriptor: &[u8]) -> String {
        let name: String = info.name.chars().filter(|c| !c.is_control()).collect();
        let (vendor, product) = (info.vendor, info.product);
        let descriptor = write_hex(descriptor);
        format!("device {vendor:04x}:{product:04x} {name}\ndescriptor {descriptor}\n")
    }

    /// A further line.
    pub fn line(now: Moment, traffic: Traffic<'_>) -> String {
        let milliseconds = now.0.as_millis();
        let what = match traffic {
            Traffic::Input(report) => format!("in {}", write_hex(report)),
            Traffic::Output(report) => format!("out {}", write_hex(report)),
            Traffic::Calls(calls) => {
                let microphone = if calls.muted { "muted" } else { "heard" };
                let Calls {
                    ringing,
                    active,
                    held,
                    ..
                } = calls;
                format!("calls {ringing} {active} {held} {microphone}")
            }
            Traffic::Event(DeviceEvent::Request(action)) => format!("event {}", name(action)),
            Traffic::Event(DeviceEvent::Notice(notice)) => format!("event {}", notice_name(notice)),
        };
        format!("{milliseconds} {}\n", what.trim_end())
    }

    /// Reads a recording; `#` begins a comment.
    pub fn parse(text: &str) -> Result<Self, RecordingError> {
        let mut recording = Self {
            descriptor: Vec::new(),
            steps: Vec::new(),
        };
        for (line, number) in text.lines().zip(1..) {
            if number > MAX_RECORDING_LINES {
                return Err(RecordingError::TooLong);
            }
            recording
                .read(line.trim())
                .ok_or(RecordingError::Line(number))?;
        }
        Ok(recording)
    }

    fn read(&mut self, line: &str) -> Option<()> {
        if line.is_empty() || line.starts_with('#') || line.starts_with("device ") {
            return Some(());
        }
        if let Some(hex) = line.strip_prefix("descriptor ") {
            self.descriptor = read_hex(hex).ok()?;
            return Some(());
        }
        let (milliseconds, what) = line.split_once(' ')?;
        let now = Moment(Duration::from_millis(milliseconds.parse().ok()?));
        let (kind, content) = what.split_once(' ').unwrap_or((what, ""));
        let step = match kind {
            "in" => {
                let report = read_hex(content).ok()?;
                Step::Input(now, (report.len() <= MAX_REPORT_BYTES).then_some(report)?)
            }
            "calls" => Step::Calls(now, read_calls(content)?),
            "out" | "event" => Step::Result(line.to_owned()),
            _ => return None,
        };
        self.steps.push(step);
        Some(())
    }

    /// What the machine did then: the lines `out` and `event`.
    pub fn results(&self) -> Vec<String> {
        let results = self.steps.iter().filter_map(|step| match step {
            Step::Result(line) => Some(line.clone()),
            Step::Input(..) | Step::Calls(..) => None,
        });
        results.collect()
    }

    /// What the machine does now, given the same reports and calls: lines `out` and `event`.
    pub fn replay(&self, overlay: Overlay) -> Result<Vec<String>, DescriptorError> {
        let map = TelephonyMap::parse(&self.descriptor)?;
        let mut machine = Machine::new(&map, overlay);
        let mut lines = Vec::new();
        for step in &self.steps {
            let (Step::Input(now, _) | Step::Calls(now, _)) = step else {
                continue;
            };
            while let Some(due) = machine.timeout().filter(|due| due <= now) {
                machine.handle_timeout(due);
                collect(&mut machine, due, &mut lines);
            }
            match step {
                Step::Input(now, report) => machine.handle_report(*now, report),
                Step::Calls(now, calls) => machine.handle_calls(*now, *calls),
                Step::Result(_) => {}
            }
            collect(&mut machine, *now, &mut lines);
        }
        Ok(lines)
    }
}

fn collect(machine: &mut Machine, now: Moment, lines: &mut Vec<String>) {
    while let Some(output) = machine.poll() {
        let traffic = match output {
            Output::Write(report) => Traffic::Output(report),
            Output::Event(event) => Traffic::Event(event),
        };
        lines.push(Recording::line(now, traffic).trim_end().to_owned());
    }
}

fn read_calls(content: &str) -> Option<Calls> {
    let mut words = content.split(' ');
    let mut number = || words.next()?.parse().ok();
    let (ringing, active, held) = (number()?, number()?, number()?);
    let muted = match words.next()? {
        "muted" => true,
        "heard" => false,
        _ => return None,
    };
    Some(Calls {
        ringing,
        active,
        held,
        muted,
    })
}

fn name(action: Action) -> &'static str {
    match action {
        Action::Answer => "answer",
        Action::Reject => "reject",
        Action::End => "end",
        Action::Mute(true) => "mute",
        Action::Mute(false) => "unmute",
        Action::Hold => "hold",
        Action::Retrieve => "retrieve",
        Action::Swap => "swap",
    }
}

fn notice_name(notice: Notice) -> &'static str {
    match notice {
        Notice::InUseElsewhere(true) => "in-use-elsewhere",
        Notice::InUseElsewhere(false) => "no-longer-in-use-elsewhere",
        Notice::MuteLocked => "mute-locked",
    }
}
