//! Call control by the buttons and lamps of a headset.
//!
//! Two seams. [`CallControlDevice`] speaks of actions and lamps: what a person asks with a button,
//! what the headset should show. [`HidTransport`] speaks of reports: the bytes of a USB HID device.
//! [`ScriptedHeadset`] is a headset without hardware, for a product's own tests.
//!
//! Not here yet: the report-descriptor parser and the machine that turns reports into actions;
//! until they come, this crate drives no real headset.
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
mod scripted;
mod transport;

pub use device::{Action, CallControlDevice, DeviceError, Lamps};
pub use scripted::{Script, ScriptedHeadset};
pub use transport::{DeviceInfo, HidTransport, MAX_REPORT_BYTES, ReportId, TransportError};
