//! Call control by the buttons and lamps of a headset.
//!
//! A headset is a [`CallControlDevice`]: it is told the application's [`Calls`] and asks for
//! [`Action`]s, never for one that the calls don't allow. Three kinds:
//!
//! * [`HidHeadset`] drives a USB HID device through a [`HidTransport`]. What its buttons and lamps
//!   are is read from its report descriptor ([`TelephonyMap`]); what they mean is decided by the
//!   [`Machine`]; what a descriptor can't tell of a vendor's devices is in the [`Overlay`].
//!   The feature `hidapi` has `UsbHeadsets`, which finds those of this computer as they come and
//!   go; [`Discovery`] is its core. [`Recording`] keeps what went on, and plays it again.
//! * `HubHeadset` (feature `hub`) is the one that Plantronics Hub has, a program of its maker's.
//! * [`ScriptedHeadset`] is one without hardware, for a product's own tests.
//!
//! # Run loop, clock, threads
//! Nothing here starts a thread or reads a clock, but for `HubHeadset`, which talks to a service.
//! Every type is driven by its caller, who passes the time: ask [`CallControlDevice::poll`] often, and call [`CallControlDevice::set_calls`]
//! whenever the calls change.
//!
//! ```
//! use headset::{Action, CallControlDevice, Calls, DeviceEvent, Moment, ScriptedHeadset};
//!
//! let (mut headset, script) = ScriptedHeadset::new("Test headset");
//! let now = Moment::default();
//! headset.set_calls(now, Calls { ringing: 1, ..Calls::NONE })?;
//! script.press(Action::Answer);
//! assert_eq!(headset.poll(now)?, Some(DeviceEvent::Request(Action::Answer)));
//! assert!(script.lamps().ringing);
//! # Ok::<(), headset::DeviceError>(())
//! ```
#![forbid(unsafe_code)]

mod calls;
mod device;
mod discovery;
mod exercise;
mod hex;
mod hid;
mod hid_headset;
#[cfg(feature = "hub")]
mod hub;
mod machine;
mod overlay;
mod recording;
mod scripted;
mod transport;
mod usage;
#[cfg(feature = "hidapi")]
mod usb;

pub use calls::{Action, Calls, Moment};
pub use device::{CallControlDevice, DeviceError, DeviceEvent, Lamps, Notice};
pub use discovery::{DeviceKey, Discovery, Opened};
#[doc(hidden)]
pub use exercise::{exercise_descriptor, exercise_machine};
pub use hex::{HexError, read_hex, write_hex};
pub use hid::{
    Control, ControlKind, DescriptorError, Inspection, MAX_DESCRIPTOR_BYTES, Place, TelephonyMap,
    Unmanaged,
};
pub use hid_headset::{HeadsetError, HidHeadset};
#[cfg(feature = "hub")]
#[doc(hidden)]
pub use hub::exercise_hub;
#[cfg(feature = "hub")]
pub use hub::{HubConfig, HubError, HubHeadset};
pub use machine::{Machine, Output};
pub use overlay::{Overlay, Vendor};
pub use recording::{MAX_RECORDING_LINES, Recording, RecordingError, Traffic};
pub use scripted::{Script, ScriptedHeadset};
pub use transport::{DeviceInfo, HidTransport, MAX_REPORT_BYTES, ReportId, TransportError};
pub use usage::{Button, Lamp, Usage};
#[cfg(feature = "hidapi")]
pub use usb::{HeadsetChange, UDEV_RULE, UsbDevice, UsbError, UsbHeadsets};
