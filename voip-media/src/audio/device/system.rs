//! The sound system of this computer: which devices it lists, and which one is meant.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use cpal::traits::{DeviceTrait, HostTrait};

use super::refusal;
use crate::{AudioDevice, AudioDirection, AudioError, DeviceChoice, DeviceId};

/// What is known of the sound system; shared by all streams of a backend.
#[derive(Default)]
pub(super) struct System {
    /// A sound server, once it was there.
    server: Mutex<Option<cpal::HostId>>,
    /// What listed the devices last: a connection to the server, kept for the next time.
    lister: Mutex<Option<cpal::Host>>,
    stuck: AtomicUsize,
}

impl std::fmt::Debug for System {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("System").finish_non_exhaustive()
    }
}

impl System {
    /// The devices there are.
    pub(super) fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        let kept = locked(&self.lister).take();
        let from_kept = kept.and_then(|host| Some((list(&host).ok()?, host)));
        let (devices, host) = match from_kept {
            Some(listed) => listed,
            None => {
                let host = self.host()?;
                (list(&host)?, host)
            }
        };
        *locked(&self.lister) = Some(host);
        Ok(devices)
    }

    /// The device that a choice means now.
    pub(super) fn find(
        &self,
        choice: &DeviceChoice,
        direction: AudioDirection,
    ) -> Result<cpal::Device, AudioError> {
        let host = self.host()?;
        match choice {
            DeviceChoice::Default => {
                default_device(&host, direction).ok_or(AudioError::NoDevice(direction))
            }
            DeviceChoice::Fixed(id) => {
                id.0.parse()
                    .ok()
                    .and_then(|id| host.device_by_id(&id))
                    .filter(|device| works(device, direction))
                    .ok_or(AudioError::NotFound(direction))
            }
        }
    }

    /// Where a sound server was, nothing else is taken for it: the hardware is the server's, and it couldn't
    /// come back to it.
    fn host(&self) -> Result<cpal::Host, AudioError> {
        let host = cpal::default_host();
        let mut server = locked(&self.server);
        if server.is_some_and(|server| server != host.id()) {
            return Err(AudioError::NoSystem);
        }
        if host.id().name() != WITHOUT_SERVER {
            *server = Some(host.id());
        }
        Ok(host)
    }

    /// A thread that waits for the sound system, perhaps for ever; `false`: enough of them do already.
    pub(super) fn may_wait(&self) -> bool {
        self.stuck.load(Ordering::Relaxed) < MOST_STUCK
    }

    /// A thread was left to itself.
    pub(super) fn left_waiting(&self) {
        self.stuck.fetch_add(1, Ordering::Relaxed);
    }

    /// It has come back.
    pub(super) fn came_back(&self) {
        self.stuck.fetch_sub(1, Ordering::Relaxed);
    }
}

fn list(host: &cpal::Host) -> Result<Vec<AudioDevice>, AudioError> {
    let mut devices = Vec::new();
    for direction in [AudioDirection::Capture, AudioDirection::Playout] {
        let default = default_device(host, direction).and_then(|device| device.id().ok());
        let listed = host
            .devices()
            .map_err(|error| refusal(direction, &error))?
            .filter(|device| works(device, direction))
            .filter_map(|device| describe(&device, direction, default.as_ref()));
        devices.extend(listed);
    }
    Ok(devices)
}

fn works(device: &cpal::Device, direction: AudioDirection) -> bool {
    match direction {
        AudioDirection::Capture => device.supports_input(),
        AudioDirection::Playout => device.supports_output(),
    }
}

fn default_device(host: &cpal::Host, direction: AudioDirection) -> Option<cpal::Device> {
    match direction {
        AudioDirection::Capture => host.default_input_device(),
        AudioDirection::Playout => host.default_output_device(),
    }
}

/// A device that can't even say its name isn't listed.
fn describe(
    device: &cpal::Device,
    direction: AudioDirection,
    default: Option<&cpal::DeviceId>,
) -> Option<AudioDevice> {
    let id = device.id().ok()?;
    Some(AudioDevice {
        is_default: default == Some(&id),
        id: DeviceId(id.to_string()),
        name: device.description().ok()?.name().to_owned(),
        direction,
    })
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The Linux kernel's own interface: what is taken where no sound server runs.
const WITHOUT_SERVER: &str = "ALSA";
/// Threads that wait for a sound system that doesn't answer.
const MOST_STUCK: usize = 4;
