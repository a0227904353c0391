use std::fmt;
use std::time::Duration;

use thiserror::Error;

use crate::machine::{Machine, Output};
use crate::{
    CallControlDevice, Calls, DescriptorError, DeviceError, DeviceEvent, HidTransport,
    MAX_REPORT_BYTES, Moment, Overlay, TelephonyMap, Traffic, TransportError, Unmanaged,
};

/// Why a HID device is not used as a headset.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HeadsetError {
    /// Its descriptor is malformed.
    #[error("the report descriptor is malformed: {0}")]
    Descriptor(#[from] DescriptorError),
    /// It is none.
    #[error(transparent)]
    Unmanaged(#[from] Unmanaged),
}

/// A headset that is driven by its report descriptor: a [`HidTransport`] and the [`Machine`].
///
/// Dropping it during a call puts the device back on hook.
pub struct HidHeadset<T: HidTransport> {
    transport: T,
    machine: Machine,
    /// What [`CallControlDevice::wait`] read.
    waiting: Option<([u8; MAX_REPORT_BYTES], usize)>,
    observer: Option<Observer>,
}

type Observer = Box<dyn FnMut(Moment, Traffic<'_>) + Send>;

impl<T: HidTransport> fmt::Debug for HidHeadset<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("HidHeadset");
        shown.field("model", &self.transport.info().name);
        shown
            .field("machine", &self.machine)
            .finish_non_exhaustive()
    }
}

impl<T: HidTransport> HidHeadset<T> {
    /// Takes a device if it is a headset to manage.
    pub fn new(transport: T, overlay: Overlay) -> Result<Self, HeadsetError> {
        let map = TelephonyMap::parse(transport.descriptor())?;
        map.managed()?;
        Ok(Self {
            machine: Machine::new(&map, overlay),
            transport,
            waiting: None,
            observer: None,
        })
    }

    /// Shows everything that goes on from now on, for a [`crate::Recording`].
    pub fn observe(&mut self, observer: impl FnMut(Moment, Traffic<'_>) + Send + 'static) {
        self.observer = Some(Box::new(observer));
    }

    /// The transport below.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    fn read(&mut self, wait: Duration) -> Result<bool, TransportError> {
        if self.waiting.is_none() {
            let mut report = [0; MAX_REPORT_BYTES];
            let length = self.transport.read(&mut report, wait)?;
            self.waiting = length.map(|length| (report, length.min(MAX_REPORT_BYTES)));
        }
        Ok(self.waiting.is_some())
    }

    /// Writes what there is to write; gives the first event.
    fn carry_out(&mut self, now: Moment) -> Result<Option<DeviceEvent>, TransportError> {
        while let Some(output) = self.machine.poll() {
            match output {
                Output::Write(report) => {
                    tell(&mut self.observer, now, Traffic::Output(report));
                    self.transport.write(report)?;
                }
                Output::Event(event) => {
                    tell(&mut self.observer, now, Traffic::Event(event));
                    return Ok(Some(event));
                }
            }
        }
        Ok(None)
    }
}

fn tell(observer: &mut Option<Observer>, now: Moment, traffic: Traffic<'_>) {
    if let Some(observer) = observer {
        observer(now, traffic);
    }
}

impl<T: HidTransport> CallControlDevice for HidHeadset<T> {
    fn model(&self) -> &str {
        &self.transport.info().name
    }

    fn wait(&mut self, timeout: Duration) -> Result<(), DeviceError> {
        self.read(timeout)?;
        Ok(())
    }

    fn poll(&mut self, now: Moment) -> Result<Option<DeviceEvent>, DeviceError> {
        self.machine.handle_timeout(now);
        for _ in 0..MOST_REPORTS {
            if let Some(event) = self.carry_out(now)? {
                return Ok(Some(event));
            }
            self.read(Duration::ZERO)?;
            let Some((report, length)) = self.waiting.take() else {
                return Ok(None);
            };
            tell(&mut self.observer, now, Traffic::Input(&report[..length]));
            self.machine.handle_report(now, &report[..length]);
        }
        Ok(self.carry_out(now)?)
    }

    fn set_calls(&mut self, now: Moment, calls: Calls) -> Result<(), DeviceError> {
        tell(&mut self.observer, now, Traffic::Calls(calls));
        self.machine.handle_calls(now, calls);
        while let Some(report) = self.machine.next_write() {
            tell(&mut self.observer, now, Traffic::Output(report));
            self.transport.write(report)?;
        }
        Ok(())
    }
}

impl<T: HidTransport> Drop for HidHeadset<T> {
    fn drop(&mut self) {
        // A device that is gone needs no going idle.
        drop(self.set_calls(Moment::default(), Calls::NONE));
    }
}

impl From<TransportError> for DeviceError {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::Gone => Self::Gone,
            TransportError::NoPermission => Self::NoPermission,
            TransportError::TooLong(_) => Self::Misbehaved,
        }
    }
}

/// Reports handled in one poll, so that a device that floods can't hold its caller.
const MOST_REPORTS: usize = 64;
