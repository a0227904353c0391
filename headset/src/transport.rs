use std::time::Duration;

use thiserror::Error;

/// Longest HID report that is read or written, in bytes with its id (USB HID 1.11 sets no limit;
/// 64 bytes is one full-speed interrupt packet, real headsets stay below; this leaves room).
pub const MAX_REPORT_BYTES: usize = 256;

/// A report's id; 0 when the device numbers none (USB HID 1.11 §6.2.2.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ReportId(pub u8);

/// Which device it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DeviceInfo {
    /// USB vendor id.
    pub vendor: u16,
    /// USB product id.
    pub product: u16,
    /// The product's name as the device tells it; may be empty.
    pub name: String,
}

/// Why a report could not be moved.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The device is gone.
    #[error("the HID device is gone")]
    Gone,
    /// The system refused.
    #[error("no permission for the HID device")]
    NoPermission,
    /// The report is longer than [`MAX_REPORT_BYTES`].
    #[error("a HID report of {0} bytes is over the limit of {MAX_REPORT_BYTES}")]
    TooLong(usize),
}

/// Moves the reports of one HID device.
///
/// Used by one thread at a time.
pub trait HidTransport: Send {
    /// Which device.
    fn info(&self) -> &DeviceInfo;

    /// The report descriptor (USB HID 1.11 §6.2.2).
    fn descriptor(&self) -> &[u8];

    /// Reads the next input report, its id first if the device numbers them, into `report`; gives
    /// its length, or `None` when there is none within `wait`.
    fn read(&mut self, report: &mut [u8], wait: Duration) -> Result<Option<usize>, TransportError>;

    /// Writes an output report at its full length, its id first (0 if the device numbers none).
    fn write(&mut self, report: &[u8]) -> Result<(), TransportError>;
}
