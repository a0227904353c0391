//! Reports: what changed in one from the device, and the lamps' in full length.

use super::{Control, ControlKind, Place, TelephonyMap};
use crate::{Button, Lamp, ReportId};

/// What a button did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    /// A state began.
    On,
    /// A state ended.
    Off,
    /// Pressed, without a state.
    Press,
}

/// Remembers what each control reported last.
#[derive(Debug, Clone)]
pub(crate) struct InputReports {
    buttons: Vec<(Control<Button>, i64)>,
    numbered: bool,
    last: Vec<u8>,
}

impl InputReports {
    /// With `hook_is_state`, an absolute hook switch is a state whatever its preferred state.
    pub(crate) fn new(map: &TelephonyMap, hook_is_state: bool) -> Self {
        let read = |control: &Control<Button>| {
            let mut control = *control;
            let hook = control.role == Button::HookSwitch;
            if hook && hook_is_state && control.kind == ControlKind::Momentary {
                control.kind = ControlKind::State;
            }
            (control, 0)
        };
        Self {
            buttons: map.inputs().iter().map(read).collect(),
            numbered: map.is_numbered(),
            last: Vec::new(),
        }
    }

    /// What a report, its id first if the device numbers its reports, changed.
    pub(crate) fn changes(&mut self, report: &[u8]) -> Vec<(Button, Edge)> {
        let (id, payload) = match report.split_first() {
            Some((id, payload)) if self.numbered => (ReportId(*id), payload),
            _ => (ReportId(0), report),
        };
        // A one-shot control has no release of its own in some devices: the same report once more
        // is another press, while a report that differs elsewhere only still shows the first.
        let again = self.last == report;
        let mut changes = Vec::new();
        for (control, before) in &mut self.buttons {
            if control.place.report_id != id {
                continue;
            }
            let Some(value) = value(control, payload) else {
                continue;
            };
            changes.extend(edge(control.kind, *before, value, again).map(|e| (control.role, e)));
            *before = value;
        }
        self.last.clear();
        self.last.extend_from_slice(report);
        changes
    }
}

fn edge(kind: ControlKind, before: i64, value: i64, again: bool) -> Option<Edge> {
    let (was, is) = (before != 0, value != 0);
    match kind {
        ControlKind::State if was != is => Some(if is { Edge::On } else { Edge::Off }),
        ControlKind::Momentary | ControlKind::Array if is && !was => Some(Edge::Press),
        ControlKind::Toggle if is && (!was || again) => Some(Edge::Press),
        ControlKind::OnOff if is && (before != value || again) => {
            Some(if value > 0 { Edge::On } else { Edge::Off })
        }
        ControlKind::State
        | ControlKind::Momentary
        | ControlKind::Array
        | ControlKind::Toggle
        | ControlKind::OnOff => None,
    }
}

/// A control's value; of an array, 1 when it is among the active ones. `None` when the report is
/// too short.
fn value(control: &Control<Button>, payload: &[u8]) -> Option<i64> {
    let Place { bit, bits, .. } = control.place;
    if control.kind != ControlKind::Array {
        return number(payload, bit, bits, control.signed);
    }
    let first = number(payload, bit, bits, control.signed)?;
    let others = (1..control.fields)
        .filter_map(|index| number(payload, bit + index * bits, bits, control.signed));
    let active = std::iter::once(first)
        .chain(others)
        .any(|v| v == control.selector);
    Some(i64::from(active))
}

/// Least significant bit first (USB HID 1.11 §8.4).
fn number(payload: &[u8], bit: u32, bits: u32, signed: bool) -> Option<i64> {
    let mut value = 0;
    for index in 0..bits {
        let at = bit + index;
        let byte = payload.get(usize::try_from(at / 8).ok()?)?;
        value |= i64::from(byte >> (at % 8) & 1) << index;
    }
    let negative = signed && bits > 0 && value >> (bits - 1) & 1 == 1;
    Some(if negative { value - (1 << bits) } else { value })
}

/// The output reports as they were written last, each at its full length.
#[derive(Debug, Clone)]
pub(crate) struct LampReports {
    lamps: Vec<Control<Lamp>>,
    /// With the byte of the id, which is 0 where reports have none.
    reports: Vec<(ReportId, Vec<u8>)>,
    /// Reports to write, in order, each once.
    unwritten: Vec<ReportId>,
}

impl LampReports {
    pub(crate) fn new(map: &TelephonyMap) -> Self {
        let reports = map.output_reports().iter().map(|(id, bytes)| {
            let mut report = vec![0; bytes + 1];
            report[0] = id.0;
            (*id, report)
        });
        Self {
            lamps: map.outputs().to_vec(),
            reports: reports.collect(),
            unwritten: Vec::new(),
        }
    }

    /// Switches a lamp; `anew` writes its report even if nothing changes.
    pub(crate) fn set(&mut self, lamp: Lamp, on: bool, anew: bool) {
        for control in self.lamps.iter().filter(|control| control.role == lamp) {
            let id = control.place.report_id;
            let Some((_, report)) = self.reports.iter_mut().find(|(known, _)| *known == id) else {
                continue;
            };
            let changed = put(report, control, on);
            if (changed || anew) && !self.unwritten.contains(&id) {
                self.unwritten.push(id);
            }
        }
    }

    /// The next report to write.
    pub(crate) fn next(&mut self) -> Option<&[u8]> {
        if self.unwritten.is_empty() {
            return None;
        }
        let id = self.unwritten.remove(0);
        let report = self.reports.iter().find(|(known, _)| *known == id);
        report.map(|(_, report)| report.as_slice())
    }
}

/// Writes a lamp's value behind the byte of the id; gives whether that changed anything.
fn put(report: &mut [u8], control: &Control<Lamp>, on: bool) -> bool {
    let value = if on { control.selector } else { 0 };
    let mut changed = false;
    for index in 0..control.place.bits {
        let at = control.place.bit + index;
        let (byte, mask) = (at / 8 + 1, 1 << (at % 8));
        let Some(byte) = usize::try_from(byte).ok().and_then(|at| report.get_mut(at)) else {
            continue;
        };
        let before = *byte;
        *byte = if value >> index & 1 == 1 {
            before | mask
        } else {
            before & !mask
        };
        changed |= *byte != before;
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_cross_bytes_and_carry_a_sign() {
        let payload = [0b1000_0000, 0b0000_0111];
        assert_eq!(number(&payload, 7, 4, false), Some(0b1111));
        assert_eq!(number(&payload, 7, 4, true), Some(-1));
        assert_eq!(number(&payload, 0, 7, true), Some(0));
        assert_eq!(number(&payload, 14, 4, false), None, "beyond the report");
    }

    #[test]
    fn a_one_shot_toggle_acts_on_one_and_not_while_it_is_held() {
        let presses = |values: &[(i64, bool)]| {
            let mut before = 0;
            let mut count = 0;
            for (value, again) in values {
                count += usize::from(edge(ControlKind::Toggle, before, *value, *again).is_some());
                before = *value;
            }
            count
        };
        assert_eq!(presses(&[(1, false), (0, false), (1, false)]), 2);
        assert_eq!(
            presses(&[(1, false), (1, false)]),
            1,
            "another control changed"
        );
        assert_eq!(
            presses(&[(1, false), (1, true)]),
            2,
            "no release in between"
        );
    }
}
