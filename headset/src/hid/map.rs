//! From fields to what a telephone needs: the telephony map.

use std::fmt;

use super::DescriptorError;
use super::descriptor::{Direction, Field, MAX_CONTROLS, ReportDescriptor};
use crate::{Button, Lamp, MAX_REPORT_BYTES, ReportId, Usage};

/// How a control speaks (USB HID 1.11 §6.2.2.5; HID Usage Tables, "Usage Types").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ControlKind {
    /// Absolute without a preferred state: the value is the state.
    State,
    /// Relative, 0 to 1: a 1 toggles, the following 0 is the release.
    Toggle,
    /// Absolute with a preferred state: going from 0 to 1 acts.
    Momentary,
    /// Relative, -1 to 1: 1 is on, -1 is off.
    OnOff,
    /// The field holds the number of the control that is active.
    Array,
}

impl ControlKind {
    /// Its name in tables and JSON, for example `on_off`.
    pub fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Toggle => "toggle",
            Self::Momentary => "momentary",
            Self::OnOff => "on_off",
            Self::Array => "array",
        }
    }

    fn of(field: &Field) -> Self {
        let flags = field.flags;
        match (flags.is_variable(), flags.is_relative()) {
            (false, _) => Self::Array,
            (true, true) if field.minimum < 0 => Self::OnOff,
            (true, true) => Self::Toggle,
            (true, false) if flags.has_no_preferred_state() => Self::State,
            (true, false) => Self::Momentary,
        }
    }
}

/// Where one control is in a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    /// The report.
    pub report_id: ReportId,
    /// The first bit, counted after the byte of the report's id.
    pub bit: u32,
    /// How many bits, 1 to 32.
    pub bits: u32,
}

/// One control of a headset: a [`Button`] or a [`Lamp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Control<T> {
    /// What it is for.
    pub role: T,
    /// The usage as the descriptor reads by the letter of the specification.
    pub usage: Usage,
    /// Where.
    pub place: Place,
    /// How it speaks.
    pub kind: ControlKind,
    /// In an array, the value that selects it; otherwise 1.
    pub(crate) selector: i64,
    /// In an array, how many fields of that size follow one another; otherwise 1.
    pub(crate) fields: u32,
    /// The field is a number in two's complement.
    pub(crate) signed: bool,
}

/// Which report, bit and kind carries which button and lamp.
///
/// ```
/// use headset::TelephonyMap;
/// // Telephony, Headset { Hook Switch as a state; Off-Hook as a lamp }
/// let descriptor = [
///     0x05, 0x0B, 0x09, 0x05, 0xA1, 0x01, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x01, 0x09,
///     0x20, 0x81, 0x22, 0x05, 0x08, 0x09, 0x17, 0x91, 0x22, 0xC0,
/// ];
/// let map = TelephonyMap::parse(&descriptor)?;
/// assert_eq!(map.managed(), Ok(()));
/// assert_eq!(map.outputs()[0].role.name(), "off_hook");
/// # Ok::<(), headset::DescriptorError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TelephonyMap {
    inputs: Vec<Control<Button>>,
    outputs: Vec<Control<Lamp>>,
    /// Bytes of each output report that carries a lamp, without the byte of its id.
    output_bytes: Vec<(ReportId, usize)>,
    numbered: bool,
    telephony: bool,
}

/// Why a device is not a headset to manage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unmanaged {
    /// Nothing of it is on the Telephony page.
    #[error(
        "the device has no telephony collection with a button or lamp, so its buttons can't control calls"
    )]
    NoTelephony,
    /// A hook switch at most.
    #[error(
        "the telephony collection has no lamp and neither a mute nor a hold button: not a headset to manage"
    )]
    NothingToDo,
}

impl TelephonyMap {
    /// Reads a report descriptor.
    pub fn parse(descriptor: &[u8]) -> Result<Self, DescriptorError> {
        Self::new(&ReportDescriptor::parse(descriptor)?)
    }

    fn new(descriptor: &ReportDescriptor) -> Result<Self, DescriptorError> {
        let mut map = Self {
            numbered: descriptor.numbered,
            ..Self::default()
        };
        for field in descriptor.fields.iter().filter(|f| in_telephony(f)) {
            map.telephony = true;
            let bytes = descriptor.report_bytes(field.direction, field.report_id);
            if bytes + 1 > MAX_REPORT_BYTES {
                continue;
            }
            match field.direction {
                Direction::Input => controls(field, Button::of, |found| map.inputs.push(found)),
                Direction::Output => {
                    let before = map.outputs.len();
                    controls(field, Lamp::of, |found| map.outputs.push(found));
                    if map.outputs.len() > before {
                        map.remember_length(field.report_id, bytes);
                    }
                }
                Direction::Feature => {}
            }
            if map.inputs.len().max(map.outputs.len()) > MAX_CONTROLS {
                return Err(DescriptorError::TooManyControls);
            }
        }
        Ok(map)
    }

    fn remember_length(&mut self, id: ReportId, bytes: usize) {
        if self.output_bytes.iter().all(|(known, _)| *known != id) {
            self.output_bytes.push((id, bytes));
        }
    }

    /// Whether this is a headset to manage, and if not, why.
    pub fn managed(&self) -> Result<(), Unmanaged> {
        let useful = |control: &Control<Button>| {
            matches!(
                control.role,
                Button::PhoneMute | Button::Flash | Button::Hold
            )
        };
        if !self.telephony {
            Err(Unmanaged::NoTelephony)
        } else if self.outputs.is_empty() && !self.inputs.iter().any(useful) {
            Err(Unmanaged::NothingToDo)
        } else {
            Ok(())
        }
    }

    /// What the headset reports, in the descriptor's order.
    pub fn inputs(&self) -> &[Control<Button>] {
        &self.inputs
    }

    /// What the host switches, in the descriptor's order.
    pub fn outputs(&self) -> &[Control<Lamp>] {
        &self.outputs
    }

    /// Whether every report begins with its id (USB HID 1.11 §6.2.2.7).
    pub fn is_numbered(&self) -> bool {
        self.numbered
    }

    /// The output reports that carry lamps, with their bytes after the id.
    pub fn output_reports(&self) -> &[(ReportId, usize)] {
        &self.output_bytes
    }
}

/// The map as a table for people.
impl fmt::Display for TelephonyMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for control in &self.inputs {
            line(f, "input ", control.role.name(), control)?;
        }
        for control in &self.outputs {
            line(f, "output", control.role.name(), control)?;
        }
        Ok(())
    }
}

fn line<T>(
    f: &mut fmt::Formatter<'_>,
    direction: &str,
    name: &str,
    control: &Control<T>,
) -> fmt::Result {
    let Place {
        report_id,
        bit,
        bits,
    } = control.place;
    let (usage, kind) = (control.usage, control.kind.name());
    writeln!(
        f,
        "{direction} report {:02x} bit {bit:>3} bits {bits:>2} {usage} {name:<14} {kind}",
        report_id.0
    )
}

/// Whether a field belongs to a telephony application. Applications of other kinds may be nested
/// in one (EPOS: LEDs); a vendor's is a copy for the vendor's own programs and would double every
/// press.
fn in_telephony(field: &Field) -> bool {
    let mut pages = field.applications.iter().rev().map(|usage| usage.page);
    pages
        .find(|page| *page == Usage::TELEPHONY_PAGE || *page >= Usage::FIRST_VENDOR_PAGE)
        .is_some_and(|page| page == Usage::TELEPHONY_PAGE)
}

/// Hands over the controls of a field that have a role.
fn controls<T>(
    field: &Field,
    role: impl Fn(Usage) -> Option<T>,
    mut found: impl FnMut(Control<T>),
) {
    if field.bits > u32::BITS {
        return;
    }
    if ControlKind::of(field) == ControlKind::Array {
        return array(field, role, found);
    }
    let usages = field.usages();
    for ((usage, alternatives), index) in usages.zip(0..field.count) {
        if let Some((usage, role)) = preferred(usage, alternatives, &role) {
            let bit = field.bit + index * field.bits;
            found(control(field, usage, role, bit, 1));
        }
    }
}

/// An array's fields hold the number of an active control (§6.2.2.5). In a single bit, 0 can only
/// mean that none is: such fields are read as one control each.
fn array<T>(field: &Field, role: impl Fn(Usage) -> Option<T>, mut found: impl FnMut(Control<T>)) {
    let one_bit = field.bits == 1;
    let highest = if one_bit { i64::MAX } else { field.maximum };
    let values = i64::from(field.minimum)..=highest;
    for (((usage, alternatives), value), index) in field.named_usages().zip(values).zip(0..) {
        if one_bit && index == field.count {
            return;
        }
        if let Some((usage, role)) = preferred(usage, alternatives, &role) {
            let (bit, selector) = if one_bit {
                (field.bit + index, 1)
            } else {
                (field.bit, value)
            };
            found(control(field, usage, role, bit, selector));
        }
    }
}

fn control<T>(field: &Field, usage: Usage, role: T, bit: u32, selector: i64) -> Control<T> {
    let kind = ControlKind::of(field);
    let chooses = kind == ControlKind::Array && field.bits > 1;
    Control {
        role,
        usage,
        place: Place {
            report_id: field.report_id,
            bit,
            bits: field.bits,
        },
        kind,
        selector,
        fields: if chooses { field.count } else { 1 },
        signed: field.minimum < 0,
    }
}

/// The first of a control's names that has a role.
fn preferred<T>(
    usage: Usage,
    alternatives: &[Usage],
    role: impl Fn(Usage) -> Option<T>,
) -> Option<(Usage, T)> {
    let names = std::iter::once(usage).chain(alternatives.iter().copied());
    let mut known = names.filter_map(|name| role(name).map(|role| (name, role)));
    known.next()
}
