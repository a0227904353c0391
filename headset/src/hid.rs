//! Reading what a USB HID device says about itself (USB HID 1.11, HID Usage Tables).

mod descriptor;
mod inspection;
mod item;
mod map;
mod report;

pub use descriptor::{DescriptorError, MAX_DESCRIPTOR_BYTES};
pub use inspection::Inspection;
pub use map::{Control, ControlKind, Place, TelephonyMap, Unmanaged};
pub(crate) use report::{Edge, InputReports, LampReports};
