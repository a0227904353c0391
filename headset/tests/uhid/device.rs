//! A headset that the kernel takes for real, by its user-space HID driver.
//!
//! `/dev/uhid` takes and gives `struct uhid_event` (Linux, `include/uapi/linux/uhid.h`): four bytes of
//! type in the computer's order, then what belongs to it, packed.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use headset::{Lamps, read_hex};

use crate::PATIENCE;

/// What a model's reports look like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Model {
    pub(crate) name: &'static str,
    pub(crate) vendor: u16,
    pub(crate) product: u16,
    /// The report descriptor, as hexadecimal text.
    descriptor: &'static str,
    /// Id of the report with the buttons, and its length without the id.
    input: (u8, usize),
    /// The bit of each button in its first byte.
    hook: u8,
    mute: u8,
    flash: u8,
    reject: u8,
    /// Report id and bit of each lamp.
    off_hook: (u8, u8),
    ring: (u8, u8),
    muted: (u8, u8),
    hold: (u8, u8),
}

/// One report each way, as Jabra's are; by its vendor id the kernel's own driver for Jabra takes it.
pub(crate) const SHARED_REPORT: Model = Model {
    name: "Virtual Jabra",
    vendor: 0x0B0E,
    product: 0x0001,
    descriptor: include_str!("../fixtures/shared-report.hex"),
    input: (0x05, 2),
    hook: 0,
    mute: 2,
    flash: 3,
    reject: 5,
    off_hook: (0x05, 0),
    ring: (0x05, 2),
    muted: (0x05, 1),
    hold: (0x05, 3),
};

/// A report for each lamp, as Poly's are; taken by the kernel's driver for Plantronics.
pub(crate) const REPORT_PER_LAMP: Model = Model {
    name: "Virtual Poly",
    vendor: 0x047F,
    product: 0x0001,
    descriptor: include_str!("../fixtures/report-per-lamp.hex"),
    input: (0x32, 1),
    hook: 0,
    mute: 1,
    flash: 2,
    reject: 3,
    off_hook: (0x30, 0),
    ring: (0x31, 0),
    muted: (0x33, 0),
    hold: (0x3A, 0),
};

impl Model {
    pub(crate) fn descriptor(&self) -> Vec<u8> {
        read_hex(self.descriptor).unwrap()
    }

    /// The report of this hook switch and these bits beside it.
    pub(crate) fn input_report(&self, hook: bool, others: u8) -> Vec<u8> {
        let (id, length) = self.input;
        let mut report = vec![0; 1 + length];
        (report[0], report[1]) = (id, u8::from(hook) << self.hook | others);
        report
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Hook,
    Mute,
    Flash,
    Reject,
}

/// It is plugged in as long as this lives. As real ones do, it answers Off-Hook with its hook switch.
pub(crate) struct VirtualHeadset {
    model: Model,
    node: File,
    shown: Arc<Shown>,
}

#[derive(Default)]
struct Shown {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The last output report of each id.
    reports: BTreeMap<u8, Vec<u8>>,
    written: usize,
    hook: bool,
}

impl VirtualHeadset {
    pub(crate) fn plug_in(model: Model) -> Self {
        let node = OpenOptions::new().read(true).write(true).open("/dev/uhid");
        let node = node.expect("/dev/uhid is there for the superuser once `uhid` is loaded");
        let headset = Self {
            model,
            node,
            shown: Arc::default(),
        };
        headset.write(&create(&model));
        let (events, shown) = (headset.node.try_clone().unwrap(), headset.shown.clone());
        std::thread::spawn(move || serve(&model, events, &shown));
        headset
    }

    /// Presses and releases a button; the hook switch changes its state.
    pub(crate) fn press(&self, key: Key) {
        let hook = {
            let mut state = lock(&self.shown.state);
            state.hook ^= key == Key::Hook;
            state.hook
        };
        let bit = match key {
            Key::Hook => return self.write(&input(&self.model, hook, 0)),
            Key::Mute => self.model.mute,
            Key::Flash => self.model.flash,
            Key::Reject => self.model.reject,
        };
        self.write(&input(&self.model, hook, 1 << bit));
        self.write(&input(&self.model, hook, 0));
    }

    /// Waits until the lamps are so.
    pub(crate) fn until_lamps(&self, lamps: Lamps) {
        let state = lock(&self.shown.state);
        let differ = |state: &mut State| state.lamps(&self.model) != lamps;
        let waited = self
            .shown
            .changed
            .wait_timeout_while(state, PATIENCE, differ);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        assert_eq!(state.lamps(&self.model), lamps, "of {}", self.model.name);
    }

    /// How many reports were written to it.
    pub(crate) fn written(&self) -> usize {
        lock(&self.shown.state).written
    }

    fn write(&self, event: &[u8]) {
        (&self.node).write_all(event).unwrap();
    }
}

/// Closing the node unplugs it; the thread that serves it has another handle, hence the word.
impl Drop for VirtualHeadset {
    fn drop(&mut self) {
        self.write(&DESTROY.to_ne_bytes());
    }
}

impl State {
    fn lamps(&self, model: &Model) -> Lamps {
        let lit = |(id, bit): (u8, u8)| {
            let report = self.reports.get(&id);
            report.is_some_and(|report| report[1] >> bit & 1 == 1)
        };
        Lamps {
            ringing: lit(model.ring),
            off_hook: lit(model.off_hook),
            muted: lit(model.muted),
            held: lit(model.hold),
        }
    }
}

/// Takes what the kernel passes on until the device is gone.
fn serve(model: &Model, mut events: File, shown: &Shown) {
    let mut event = [0; EVENT_BYTES];
    while events.read(&mut event).is_ok_and(|length| length >= 4) {
        match u32::from_ne_bytes(event[..4].try_into().unwrap()) {
            STOP => return,
            OUTPUT => {
                let size = u16::from_ne_bytes(event[DATA_END..][..2].try_into().unwrap());
                let report = event[4..][..usize::from(size)].to_vec();
                let mut state = lock(&shown.state);
                state.written += 1;
                state.reports.insert(report[0], report);
                let off_hook = state.lamps(model).off_hook;
                if std::mem::replace(&mut state.hook, off_hook) != off_hook {
                    // Under the lock, so that no press comes between. Just unplugged, it can't.
                    let _ = events.write_all(&input(model, off_hook, 0));
                }
                shown.changed.notify_all();
            }
            _ => {}
        }
    }
}

fn create(model: &Model) -> Vec<u8> {
    let descriptor = model.descriptor();
    let mut event = CREATE2.to_ne_bytes().to_vec();
    let text = |text: &str, length: usize| {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(length, 0);
        bytes
    };
    event.extend(text(model.name, 128));
    event.extend(text("", 64)); // where it is plugged in
    event.extend(text("", 64)); // serial number
    event.extend(u16::try_from(descriptor.len()).unwrap().to_ne_bytes());
    event.extend(BUS_USB.to_ne_bytes());
    event.extend(u32::from(model.vendor).to_ne_bytes());
    event.extend(u32::from(model.product).to_ne_bytes());
    event.extend([0; 8]); // version, country
    event.extend(descriptor);
    event
}

fn input(model: &Model, hook: bool, others: u8) -> Vec<u8> {
    let report = model.input_report(hook, others);
    let mut event = INPUT2.to_ne_bytes().to_vec();
    event.extend(u16::try_from(report.len()).unwrap().to_ne_bytes());
    event.extend(report);
    event
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

// `enum uhid_event_type`.
const DESTROY: u32 = 1;
const STOP: u32 = 3;
const OUTPUT: u32 = 6;
const CREATE2: u32 = 11;
const INPUT2: u32 = 12;

/// `BUS_USB` of `linux/input.h`.
const BUS_USB: u16 = 3;

/// Where `struct uhid_output_req` has its size: behind the type and `UHID_DATA_MAX` bytes.
const DATA_END: usize = 4 + 4_096;

/// The largest event, `UHID_CREATE2`.
const EVENT_BYTES: usize = 4 + 128 + 64 + 64 + 2 + 2 + 4 * 4 + 4_096;
