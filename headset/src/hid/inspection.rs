//! What a descriptor says, for people and for programs.

use std::fmt;

use super::{Control, TelephonyMap};
use crate::{Button, Lamp};

/// A report descriptor's telephony map, whether it is a headset to manage, and why.
///
/// `Display` gives a table for people, [`Inspection::json`] one object for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Whether its buttons can control calls.
    pub managed: bool,
    /// Why, or why not.
    pub reason: String,
    /// The map; empty when the descriptor can't be understood.
    pub map: TelephonyMap,
}

impl Inspection {
    /// Reads a report descriptor.
    pub fn of(descriptor: &[u8]) -> Self {
        let (map, verdict) = match TelephonyMap::parse(descriptor) {
            Ok(map) => {
                let verdict = map.managed().map_err(|reason| reason.to_string());
                (map, verdict)
            }
            Err(error) => (
                TelephonyMap::default(),
                Err(format!("the report descriptor is malformed: {error}")),
            ),
        };
        let found = |map: &TelephonyMap| {
            let (buttons, lamps) = (map.inputs().len(), map.outputs().len());
            format!("the telephony collection has {buttons} buttons and states, and {lamps} lamps")
        };
        Self {
            managed: verdict.is_ok(),
            reason: verdict.err().unwrap_or_else(|| found(&map)),
            map,
        }
    }

    /// One JSON object: `managed`, `reason`, `inputs`, `outputs`.
    pub fn json(&self) -> String {
        let inputs = self.map.inputs().iter().map(|c| control(c, Button::name));
        let outputs = self.map.outputs().iter().map(|c| control(c, Lamp::name));
        format!(
            r#"{{"managed":{},"reason":"{}","inputs":[{}],"outputs":[{}]}}"#,
            self.managed,
            self.reason,
            inputs.collect::<Vec<_>>().join(","),
            outputs.collect::<Vec<_>>().join(","),
        )
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let managed = if self.managed {
            "managed"
        } else {
            "left alone"
        };
        writeln!(f, "{managed}: {}", self.reason)?;
        write!(f, "{}", self.map)
    }
}

/// No text of a device is in it, so nothing needs escaping.
fn control<T: Copy>(control: &Control<T>, name: fn(T) -> &'static str) -> String {
    let place = control.place;
    format!(
        r#"{{"usage":"{}","name":"{}","report_id":{},"bit":{},"bits":{},"kind":"{}"}}"#,
        control.usage,
        name(control.role),
        place.report_id.0,
        place.bit,
        place.bits,
        control.kind.name(),
    )
}
