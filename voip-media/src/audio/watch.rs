//! Which devices there are, and what changes about that.

use std::{
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use super::{AudioBackend, AudioDevice, AudioDirection, AudioError, DeviceId};

/// What has changed about the devices of this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DeviceChange {
    /// A device is there that was not.
    Arrived(AudioDevice),
    /// A device is gone.
    Removed(AudioDevice),
    /// The system has another default.
    DefaultChanged {
        /// Of microphones or of loudspeakers.
        direction: AudioDirection,
        /// Which one it is now, if there is one.
        now: Option<DeviceId>,
    },
    /// The sound system doesn't answer any more: none of its devices can be used.
    SystemLost(AudioError),
    /// The sound system answers again. What differs from before follows.
    SystemBack,
}

/// The devices as they were listed last. Compares; does no I/O.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeviceList {
    devices: Vec<AudioDevice>,
    lost: bool,
}

impl DeviceList {
    /// A first list.
    pub fn new(listed: Result<Vec<AudioDevice>, AudioError>) -> Self {
        Self {
            lost: listed.is_err(),
            devices: listed.unwrap_or_default(),
        }
    }

    /// The devices; while the sound system is lost, those before.
    pub fn devices(&self) -> &[AudioDevice] {
        &self.devices
    }

    /// Whether the sound system doesn't answer.
    pub fn is_lost(&self) -> bool {
        self.lost
    }

    /// Takes a new list; gives what differs: first what is gone, then what is new, then the defaults.
    pub fn update(&mut self, listed: Result<Vec<AudioDevice>, AudioError>) -> Vec<DeviceChange> {
        let listed = match listed {
            Ok(listed) => listed,
            Err(error) => {
                let known = std::mem::replace(&mut self.lost, true);
                return Vec::from_iter((!known).then_some(DeviceChange::SystemLost(error)));
            }
        };
        let back = std::mem::take(&mut self.lost).then_some(DeviceChange::SystemBack);
        let former = std::mem::replace(&mut self.devices, listed);
        let gone = without(&former, &self.devices).map(DeviceChange::Removed);
        let new = without(&self.devices, &former).map(DeviceChange::Arrived);
        let defaults = [AudioDirection::Capture, AudioDirection::Playout]
            .into_iter()
            .filter_map(|direction| self.new_default(&former, direction));
        back.into_iter()
            .chain(gone)
            .chain(new)
            .chain(defaults)
            .collect()
    }

    fn new_default(
        &self,
        former: &[AudioDevice],
        direction: AudioDirection,
    ) -> Option<DeviceChange> {
        let now = default_of(&self.devices, direction);
        (now != default_of(former, direction)).then(|| DeviceChange::DefaultChanged {
            direction,
            now: now.cloned(),
        })
    }
}

/// Those of `devices` that the others lack.
fn without(devices: &[AudioDevice], others: &[AudioDevice]) -> impl Iterator<Item = AudioDevice> {
    let same = |a: &AudioDevice, b: &AudioDevice| a.direction == b.direction && a.id == b.id;
    devices
        .iter()
        .filter(move |device| !others.iter().any(|other| same(device, other)))
        .cloned()
}

fn default_of(devices: &[AudioDevice], direction: AudioDirection) -> Option<&DeviceId> {
    devices
        .iter()
        .find(|device| device.direction == direction && device.is_default)
        .map(|device| &device.id)
}

/// Looks at the devices of a backend twice a second, on a thread of its own.
///
/// A consumer that is slow makes it look less often; no change is lost. It ends when it is dropped,
/// which doesn't wait for a sound system that doesn't answer.
#[derive(Debug)]
pub struct DeviceWatcher {
    list: DeviceList,
    changes: tokio::sync::mpsc::Receiver<(DeviceChange, DeviceList)>,
    /// Dropped, it ends the thread's pause.
    _stop: mpsc::Sender<()>,
}

impl DeviceWatcher {
    /// Lists the devices, which takes as long as the sound system needs, and begins to watch.
    pub fn start(backend: Arc<dyn AudioBackend>) -> Self {
        let first = DeviceList::new(backend.devices());
        let (report, changes) = tokio::sync::mpsc::channel(WAITING_CHANGES);
        let (stop, stopped) = mpsc::channel();
        let mut list = first.clone();
        let look = move || {
            while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
                for change in list.update(backend.devices()) {
                    if report.blocking_send((change, list.clone())).is_err() {
                        return;
                    }
                }
            }
        };
        let thread = thread::Builder::new().name("sound-devices".to_owned());
        if let Err(error) = thread.spawn(look) {
            tracing::warn!(%error, "the sound devices are not watched");
        }
        Self {
            list: first,
            changes,
            _stop: stop,
        }
    }

    /// The devices as they were known with the last change; at first, as they were at the start.
    pub fn list(&self) -> &DeviceList {
        &self.list
    }

    /// The next change; `None` only if no thread could be had. Cancel-safe.
    pub async fn next(&mut self) -> Option<DeviceChange> {
        let (change, list) = self.changes.recv().await?;
        self.list = list;
        Some(change)
    }
}

/// Twice a second, so that a change is told within one.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Changes that can wait for their consumer; then the watcher waits, too.
const WAITING_CHANGES: usize = 16;

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::*;
    use crate::{CaptureStream, DeviceChoice, NullBackend, PlayoutStream};

    fn device(id: &str, is_default: bool) -> AudioDevice {
        AudioDevice {
            id: DeviceId(id.to_owned()),
            name: id.to_owned(),
            direction: AudioDirection::Playout,
            is_default,
        }
    }

    #[test]
    fn what_comes_and_goes_is_told_once() {
        let (speaker, headset) = (device("speaker", true), device("headset", false));
        let mut list = DeviceList::new(Ok(vec![speaker.clone()]));
        let both = vec![speaker.clone(), headset.clone()];
        assert_eq!(
            list.update(Ok(both.clone())),
            [DeviceChange::Arrived(headset.clone())]
        );
        assert_eq!(list.update(Ok(both)), []);
        assert_eq!(
            list.update(Ok(vec![speaker])),
            [DeviceChange::Removed(headset)]
        );
    }

    #[test]
    fn a_default_that_goes_is_removed_and_replaced() {
        let mut list = DeviceList::new(Ok(vec![device("speaker", true), device("headset", false)]));
        let headset = device("headset", true);
        assert_eq!(
            list.update(Ok(vec![headset.clone()])),
            [
                DeviceChange::Removed(device("speaker", true)),
                DeviceChange::DefaultChanged {
                    direction: AudioDirection::Playout,
                    now: Some(headset.id),
                },
            ]
        );
    }

    #[test]
    fn a_sound_system_that_dies_and_comes_back_is_told_with_what_is_new() {
        let lost = || Err(AudioError::NoSystem);
        let mut list = DeviceList::new(Ok(vec![device("speaker", true)]));
        assert_eq!(
            list.update(lost()),
            [DeviceChange::SystemLost(AudioError::NoSystem)]
        );
        assert_eq!(list.update(lost()), []);
        assert!(list.is_lost());
        assert_eq!(list.devices(), [device("speaker", true)]);
        let headset = device("headset", false);
        assert_eq!(
            list.update(Ok(vec![device("speaker", true), headset.clone()])),
            [DeviceChange::SystemBack, DeviceChange::Arrived(headset)]
        );
    }

    /// A backend whose list a test changes.
    #[derive(Default)]
    struct Changing(Mutex<Vec<AudioDevice>>);

    impl AudioBackend for Changing {
        fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
            Ok(self
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone())
        }

        fn open_capture(&self, _: &DeviceChoice) -> Result<Box<dyn CaptureStream>, AudioError> {
            NullBackend.open_capture(&DeviceChoice::Default)
        }

        fn open_playout(&self, _: &DeviceChoice) -> Result<Box<dyn PlayoutStream>, AudioError> {
            NullBackend.open_playout(&DeviceChoice::Default)
        }
    }

    #[tokio::test]
    async fn a_watcher_tells_changes_and_ends_when_it_is_dropped() {
        let backend = Arc::new(Changing::default());
        let mut watcher = DeviceWatcher::start(backend.clone());
        assert_eq!(watcher.list().devices(), []);
        let headset = device("headset", true);
        backend.0.lock().unwrap().push(headset.clone());
        assert_eq!(
            watcher.next().await,
            Some(DeviceChange::Arrived(headset.clone()))
        );
        assert_eq!(watcher.list().devices(), [headset]);
        drop(watcher);
        while Arc::strong_count(&backend) > 1 {
            tokio::task::yield_now().await;
        }
    }
}
