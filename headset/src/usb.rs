//! USB headsets of this computer, through hidapi.

use std::ffi::CString;
use std::path::PathBuf;
use std::time::Duration;

use hidapi::{HidApi, HidDevice};
use thiserror::Error;

use crate::{
    DeviceInfo, DeviceKey, Discovery, HeadsetError, HidHeadset, HidTransport, MAX_DESCRIPTOR_BYTES,
    MAX_REPORT_BYTES, Moment, Opened, Overlay, TransportError, Vendor,
};

/// The rule that lets the person at the screen use headsets on Linux; also in `headset/udev`.
pub const UDEV_RULE: &str = include_str!("../udev/70-headset.rules");

/// Why USB devices can't be looked at or opened.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UsbError {
    /// The system's list of devices could not be read.
    #[error("the system's list of USB devices can't be read: {0}")]
    List(String),
    /// This user may not open it.
    #[error(
        "no permission for {path}: on Linux, install headset/udev/70-headset.rules in /etc/udev/rules.d, run `udevadm control --reload`, and plug the headset in again"
    )]
    NoPermission {
        /// The device's path.
        path: String,
    },
    /// It was unplugged.
    #[error("{path} is gone")]
    Gone {
        /// The device's path.
        path: String,
    },
    /// The system says something else.
    #[error("{path} can't be opened: {reason}")]
    Open {
        /// The device's path.
        path: String,
        /// In the system's words.
        reason: String,
    },
}

/// One USB HID device.
pub struct UsbDevice {
    device: HidDevice,
    info: DeviceInfo,
    descriptor: Vec<u8>,
}

impl std::fmt::Debug for UsbDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UsbDevice")
            .field("info", &self.info)
            .finish_non_exhaustive()
    }
}

impl HidTransport for UsbDevice {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn descriptor(&self) -> &[u8] {
        &self.descriptor
    }

    /// A device that is gone shows as a read that fails.
    fn read(&mut self, report: &mut [u8], wait: Duration) -> Result<Option<usize>, TransportError> {
        let milliseconds = i32::try_from(wait.as_millis()).unwrap_or(i32::MAX);
        let read = self.device.read_timeout(report, milliseconds);
        let length = read.map_err(|_| TransportError::Gone)?;
        Ok((length > 0).then_some(length))
    }

    fn write(&mut self, report: &[u8]) -> Result<(), TransportError> {
        if report.len() > MAX_REPORT_BYTES {
            return Err(TransportError::TooLong(report.len()));
        }
        let written = self.device.write(report);
        written.map(drop).map_err(|_| TransportError::Gone)
    }
}

/// What happened to the headsets of this computer.
#[derive(Debug)]
#[non_exhaustive]
pub enum HeadsetChange {
    /// "Connected with ...": the model is [`crate::CallControlDevice::model`].
    Connected(DeviceKey, Box<HidHeadset<UsbDevice>>),
    /// It was unplugged, or its vendor switched off: drop it.
    Gone(DeviceKey),
    /// It is there but can't be used, with what cures it.
    Refused(UsbError),
}

/// Finds the headsets of this computer as they come and go.
///
/// Used by one thread; asking the system takes some milliseconds, so not by one that waits for
/// reports. On Linux it is asked only when the kernel's list of HID nodes is another one.
pub struct UsbHeadsets {
    api: HidApi,
    discovery: Discovery,
    refresh: Moment,
    nodes: Option<Vec<PathBuf>>,
    names: Vec<(DeviceKey, String)>,
    overlay: fn(&DeviceInfo) -> Overlay,
}

impl std::fmt::Debug for UsbHeadsets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UsbHeadsets")
            .field("discovery", &self.discovery)
            .finish_non_exhaustive()
    }
}

impl UsbHeadsets {
    /// Looks with the overlays of this crate.
    pub fn new() -> Result<Self, UsbError> {
        let api = HidApi::new();
        Ok(Self {
            api: api.map_err(|error| UsbError::List(error.to_string()))?,
            discovery: Discovery::new(),
            refresh: Moment::default(),
            nodes: None,
            names: Vec::new(),
            overlay: |info| Overlay::of(Vendor::of(info.vendor)),
        })
    }

    /// With overlays of the product's own.
    pub fn overlays(mut self, overlay: fn(&DeviceInfo) -> Overlay) -> Self {
        self.overlay = overlay;
        self
    }

    /// Switches a vendor's headsets on or off.
    pub fn switch(&mut self, vendor: Vendor, on: bool) -> Vec<HeadsetChange> {
        self.refresh = Moment::default();
        let closed = self.discovery.switch(vendor, on);
        closed.into_iter().map(HeadsetChange::Gone).collect()
    }

    /// A headset gave [`crate::DeviceError::Gone`]: if it is still listed, it is opened anew.
    pub fn lost(&mut self, key: &DeviceKey) {
        self.discovery.lost(key);
    }

    /// What changed. Ask a few times a second; the system is asked once a second.
    pub fn poll(&mut self, now: Moment) -> Result<Vec<HeadsetChange>, UsbError> {
        let mut changes = Vec::new();
        if now >= self.refresh {
            self.refresh = now.after(REFRESH);
            self.look()?;
            let keys = self.names.iter().map(|(key, _)| key.clone());
            let gone = self.discovery.update(now, keys);
            changes.extend(gone.into_iter().map(HeadsetChange::Gone));
        }
        while let Some(key) = self.discovery.due(now) {
            changes.extend(self.open_headset(now, &key));
        }
        Ok(changes)
    }

    /// Every HID device of this computer with its name, each path once.
    pub fn list(&mut self) -> Result<Vec<(DeviceKey, String)>, UsbError> {
        let refreshed = self.api.refresh_devices();
        refreshed.map_err(|error| UsbError::List(error.to_string()))?;
        let mut list: Vec<(DeviceKey, String)> = Vec::new();
        for device in self.api.device_list() {
            let Ok(path) = device.path().to_str() else {
                continue;
            };
            if list.iter().all(|(known, _)| known.path != path) {
                let key = DeviceKey {
                    path: path.to_owned(),
                    vendor: device.vendor_id(),
                    product: device.product_id(),
                    serial: device.serial_number().unwrap_or_default().to_owned(),
                };
                list.push((key, device.product_string().unwrap_or_default().to_owned()));
            }
        }
        Ok(list)
    }

    /// Opens one device, whatever it is.
    pub fn open(&self, key: &DeviceKey, name: &str) -> Result<UsbDevice, UsbError> {
        let path = CString::new(key.path.as_str()).map_err(|_| UsbError::Gone {
            path: key.path.clone(),
        })?;
        let opened = self.api.open_path(&path);
        let device = opened.map_err(|error| refusal(&key.path, &error.to_string()))?;
        let mut descriptor = vec![0; MAX_DESCRIPTOR_BYTES];
        let length = device.get_report_descriptor(&mut descriptor);
        let length = length.map_err(|error| refusal(&key.path, &error.to_string()))?;
        descriptor.truncate(length);
        descriptor.shrink_to_fit();
        Ok(UsbDevice {
            device,
            info: DeviceInfo {
                vendor: key.vendor,
                product: key.product,
                name: name.to_owned(),
            },
            descriptor,
        })
    }

    /// hidapi reads every attribute of each device and of what that is plugged in to, which takes too long to
    /// do each second for nothing.
    fn look(&mut self) -> Result<(), UsbError> {
        // Before the list: what comes in between is seen with the next look.
        let nodes = nodes();
        if nodes.is_none() || nodes != self.nodes {
            self.names = self.list()?;
            self.nodes = nodes;
        }
        Ok(())
    }

    fn open_headset(&mut self, now: Moment, key: &DeviceKey) -> Option<HeadsetChange> {
        let named = self.names.iter().find(|(known, _)| known == key);
        let name = named.map_or("headset", |(_, name)| name.as_str());
        match self.open(key, name) {
            Ok(device) => {
                let overlay = (self.overlay)(&device.info);
                let headset: Result<_, HeadsetError> = HidHeadset::new(device, overlay);
                let how = if headset.is_ok() {
                    Opened::Yes
                } else {
                    Opened::NoHeadset
                };
                self.discovery.opened(now, key, how);
                let headset = Box::new(headset.ok()?);
                Some(HeadsetChange::Connected(key.clone(), headset))
            }
            Err(error) => {
                // What isn't by a maker of headsets is not worth a person's attention.
                let worth_telling = Vendor::of(key.vendor) != Vendor::Other;
                let last = self.discovery.opened(now, key, Opened::NotYet);
                (last && worth_telling).then_some(HeadsetChange::Refused(error))
            }
        }
    }
}

/// hidapi gives only words; the system is asked once more for the kind of error.
fn refusal(path: &str, reason: &str) -> UsbError {
    let path = path.to_owned();
    let again = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path);
    match again.map_err(|error| error.kind()) {
        Err(std::io::ErrorKind::PermissionDenied) => UsbError::NoPermission { path },
        Err(std::io::ErrorKind::NotFound) => UsbError::Gone { path },
        _ => UsbError::Open {
            path,
            reason: reason.to_owned(),
        },
    }
}

/// Where the kernel has each HID node's device. One that is plugged in again has another number there, even
/// if its node has the same name. `None` where the system has no such list.
fn nodes() -> Option<Vec<PathBuf>> {
    let entries = std::fs::read_dir("/sys/class/hidraw").ok()?;
    let devices = entries.map(|entry| std::fs::read_link(entry?.path()));
    let mut devices: Vec<_> = devices.collect::<Result<_, _>>().ok()?;
    devices.sort();
    Some(devices)
}

/// How often the system is asked for its devices.
const REFRESH: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn key(path: &str) -> DeviceKey {
        DeviceKey {
            path: path.to_owned(),
            vendor: 0x0B0E,
            product: 1,
            serial: String::new(),
        }
    }

    #[test]
    fn a_device_that_is_not_there_is_gone_and_the_rule_names_every_vendor() {
        let headsets = UsbHeadsets::new().unwrap();
        let path = "/nonexistent/hidraw0".to_owned();
        let error = headsets.open(&key(&path), "Headset").unwrap_err();
        assert_eq!(error, UsbError::Gone { path });
        for vendor in ["0b0e", "047f", "03f0", "1395", "6993"] {
            assert!(UDEV_RULE.contains(vendor), "{vendor}");
        }
    }

    #[test]
    fn this_computers_devices_can_be_listed_and_a_path_comes_once() {
        let mut headsets = UsbHeadsets::new().unwrap();
        let list = headsets.list().unwrap();
        let mut paths: Vec<_> = list.iter().map(|(key, _)| &key.path).collect();
        paths.sort();
        let count = paths.len();
        paths.dedup();
        assert_eq!(paths.len(), count);
    }
}
