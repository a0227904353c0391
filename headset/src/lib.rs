//! Call control by the buttons and lamps of a headset.
//!
//! Two seams. [`CallControlDevice`] speaks of actions and lamps: what a person asks with a button,
//! what the headset should show. [`HidTransport`] speaks of reports: the bytes of a USB HID device.
//! [`ScriptedHeadset`] is a headset without hardware, for a product's own tests.
//!
//! [`TelephonyMap`] reads from a report descriptor where buttons and lamps are.
//!
//! Not here yet: the machine that turns reports into actions; until it comes, this crate drives no
//! real headset.
//!
//! # Run loop, clock, threads
//! Nothing here starts a thread or reads a clock. Every type is driven by its caller: ask
//! [`CallControlDevice::poll_action`] as often as suits, and call [`CallControlDevice::show`]
//! whenever the calls change.
//!
//! ```
//! use headset::{Action, CallControlDevice, Lamps, ScriptedHeadset};
//!
//! let (mut headset, script) = ScriptedHeadset::new("Test headset");
//! headset.show(Lamps { ringing: true, ..Lamps::IDLE })?;
//! script.press(Action::Answer);
//! assert_eq!(headset.poll_action()?, Some(Action::Answer));
//! assert!(script.lamps().ringing);
//! # Ok::<(), headset::DeviceError>(())
//! ```
#![forbid(unsafe_code)]

mod device;
mod hex;
mod hid;
mod scripted;
mod transport;
mod usage;

pub use device::{Action, CallControlDevice, DeviceError, Lamps};
pub use hex::{HexError, read_hex, write_hex};
pub use hid::{
    Control, ControlKind, DescriptorError, Inspection, MAX_DESCRIPTOR_BYTES, Place, TelephonyMap,
    Unmanaged,
};
pub use scripted::{Script, ScriptedHeadset};
pub use transport::{DeviceInfo, HidTransport, MAX_REPORT_BYTES, ReportId, TransportError};
pub use usage::{Button, Lamp, Usage};
