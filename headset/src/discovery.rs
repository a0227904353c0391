use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::{Moment, Vendor};

/// What tells one plugged-in device from another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceKey {
    /// The system's path; the entries of one device that differ only in collections share it.
    pub path: String,
    /// USB vendor id.
    pub vendor: u16,
    /// USB product id.
    pub product: u16,
    /// The serial number; may be empty.
    pub serial: String,
}

/// How an attempt to open a device went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Opened {
    /// It is in use now.
    Yes,
    /// It is no headset: never asked for again until it is plugged in anew.
    NoHeadset,
    /// It could not be opened: worth trying again, since the system's rights come a moment after
    /// the device.
    NotYet,
}

/// Follows which devices there are and says when to open which. Sans-IO: it is told the system's
/// list about once a second.
///
/// Vendors can be switched off, as a person may have another program for one.
#[derive(Debug, Clone, Default)]
pub struct Discovery {
    devices: BTreeMap<DeviceKey, Progress>,
    off: BTreeSet<Vendor>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    Opening { next: Moment, tries: u8 },
    Settled,
}

impl Discovery {
    /// Knows no device, and leaves none out.
    pub fn new() -> Self {
        Self::default()
    }

    /// Switches a vendor's headsets on or off; those that are known already are forgotten and come
    /// back with the next list. Gives those that are to be closed.
    pub fn switch(&mut self, vendor: Vendor, on: bool) -> Vec<DeviceKey> {
        let changed = if on {
            self.off.remove(&vendor)
        } else {
            self.off.insert(vendor)
        };
        if !changed {
            return Vec::new();
        }
        self.forget(|key| Vendor::of(key.vendor) == vendor)
    }

    /// The system's list; gives the devices that are gone.
    pub fn update(
        &mut self,
        now: Moment,
        list: impl IntoIterator<Item = DeviceKey>,
    ) -> Vec<DeviceKey> {
        let wanted = |key: &DeviceKey| !self.off.contains(&Vendor::of(key.vendor));
        let list: BTreeSet<_> = list.into_iter().take(MAX_DEVICES).filter(wanted).collect();
        let gone = self.forget(|key| !list.contains(key));
        for key in list {
            let next = now.after(SETTLING);
            let fresh = Progress::Opening { next, tries: TRIES };
            self.devices.entry(key).or_insert(fresh);
        }
        gone
    }

    /// A device whose time to be opened has come; report with [`Discovery::opened`].
    pub fn due(&self, now: Moment) -> Option<DeviceKey> {
        let due = |progress: &Progress| match progress {
            Progress::Opening { next, .. } => *next <= now,
            Progress::Settled => false,
        };
        let found = self.devices.iter().find(|(_, progress)| due(progress));
        found.map(|(key, _)| key.clone())
    }

    /// How opening went; `true` means that it was the last attempt and a person should be told.
    pub fn opened(&mut self, now: Moment, key: &DeviceKey, how: Opened) -> bool {
        let Some(progress) = self.devices.get_mut(key) else {
            return false;
        };
        let tries = match *progress {
            Progress::Opening { tries, .. } => tries.saturating_sub(1),
            Progress::Settled => 0,
        };
        let again = how == Opened::NotYet && tries > 0;
        *progress = if again {
            let next = now.after(SETTLING);
            Progress::Opening { next, tries }
        } else {
            Progress::Settled
        };
        how == Opened::NotYet && !again
    }

    /// A device that failed in use: it is forgotten, and opened anew if it is still listed.
    pub fn lost(&mut self, key: &DeviceKey) {
        self.devices.remove(key);
    }

    fn forget(&mut self, which: impl Fn(&DeviceKey) -> bool) -> Vec<DeviceKey> {
        let gone: Vec<_> = self
            .devices
            .keys()
            .filter(|key| which(key))
            .cloned()
            .collect();
        for key in &gone {
            self.devices.remove(key);
        }
        gone
    }
}

/// A device's node appears before udev has set its rights: wait before, and between, attempts.
const SETTLING: Duration = Duration::from_millis(200);

/// Attempts to open a device.
const TRIES: u8 = 5;

/// Devices looked at; a computer has some tens.
const MAX_DEVICES: usize = 1_024;

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

    fn at(milliseconds: u64) -> Moment {
        Moment(Duration::from_millis(milliseconds))
    }

    #[test]
    fn a_device_listed_once_for_each_collection_is_opened_once_and_not_at_once() {
        let mut discovery = Discovery::new();
        assert!(discovery.update(at(0), [key("a"), key("a")]).is_empty());
        assert_eq!(discovery.due(at(100)), None);
        assert_eq!(discovery.due(at(200)), Some(key("a")));
        assert!(!discovery.opened(at(200), &key("a"), Opened::Yes));
        discovery.update(at(1_000), [key("a")]);
        assert_eq!(discovery.due(at(2_000)), None);
        assert_eq!(discovery.update(at(3_000), []), [key("a")]);
    }

    #[test]
    fn a_device_without_permission_is_tried_five_times_and_then_reported() {
        let mut discovery = Discovery::new();
        discovery.update(at(0), [key("a")]);
        let mut reported = Vec::new();
        for now in (200..3_000).step_by(200) {
            if let Some(key) = discovery.due(at(now)) {
                reported.push(discovery.opened(at(now), &key, Opened::NotYet));
            }
        }
        assert_eq!(reported, [false, false, false, false, true]);
    }

    #[test]
    fn a_vendor_that_is_switched_off_is_closed_and_comes_back_when_switched_on() {
        let mut discovery = Discovery::new();
        discovery.update(at(0), [key("a")]);
        discovery.opened(at(200), &key("a"), Opened::Yes);
        assert_eq!(discovery.switch(Vendor::Jabra, false), [key("a")]);
        discovery.update(at(1_000), [key("a")]);
        assert_eq!(discovery.due(at(9_000)), None);
        assert!(discovery.switch(Vendor::Jabra, true).is_empty());
        discovery.update(at(10_000), [key("a")]);
        assert_eq!(discovery.due(at(10_200)), Some(key("a")));
    }

    #[test]
    fn a_device_that_failed_is_opened_anew_if_it_is_still_there() {
        let mut discovery = Discovery::new();
        discovery.update(at(0), [key("a")]);
        discovery.opened(at(200), &key("a"), Opened::Yes);
        discovery.lost(&key("a"));
        discovery.update(at(1_000), [key("a")]);
        assert_eq!(discovery.due(at(1_200)), Some(key("a")));
    }
}
