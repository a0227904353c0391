//! A HID headset from transport to application, and its recordings.
#![allow(clippy::unwrap_used, reason = "a test that can't go on should panic")]

mod support;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headset::{
    Action, CallControlDevice, Calls, DeviceError, DeviceEvent, DeviceInfo, HidHeadset,
    HidTransport, Moment, Overlay, Recording, RecordingError, TransportError,
};
use support::fixture;

/// A device whose reports are queued by the test.
#[derive(Debug, Clone)]
struct FakeDevice {
    info: DeviceInfo,
    descriptor: Vec<u8>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    reports: VecDeque<Vec<u8>>,
    written: Vec<Vec<u8>>,
    gone: bool,
}

impl FakeDevice {
    fn new(name: &str) -> Self {
        Self {
            info: DeviceInfo {
                vendor: 0x1234,
                product: 0x5678,
                name: "Fake headset".to_owned(),
            },
            descriptor: fixture(name),
            state: Arc::default(),
        }
    }

    fn send(&self, report: &[u8]) {
        self.state
            .lock()
            .unwrap()
            .reports
            .push_back(report.to_vec());
    }

    fn unplug(&self) {
        self.state.lock().unwrap().gone = true;
    }

    fn written(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.state.lock().unwrap().written)
    }
}

impl HidTransport for FakeDevice {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn descriptor(&self) -> &[u8] {
        &self.descriptor
    }

    fn read(&mut self, report: &mut [u8], _: Duration) -> Result<Option<usize>, TransportError> {
        let mut state = self.state.lock().unwrap();
        if state.gone {
            return Err(TransportError::Gone);
        }
        Ok(state.reports.pop_front().map(|next| {
            report[..next.len()].copy_from_slice(&next);
            next.len()
        }))
    }

    fn write(&mut self, report: &[u8]) -> Result<(), TransportError> {
        let mut state = self.state.lock().unwrap();
        if state.gone {
            return Err(TransportError::Gone);
        }
        state.written.push(report.to_vec());
        Ok(())
    }
}

fn at(milliseconds: u64) -> Moment {
    Moment(Duration::from_millis(milliseconds))
}

const RINGING: Calls = Calls {
    ringing: 1,
    ..Calls::NONE
};
const ACTIVE: Calls = Calls {
    active: 1,
    ..Calls::NONE
};

#[test]
fn a_press_that_came_while_waiting_is_acknowledged_and_asked_for() {
    let device = FakeDevice::new("shared-report");
    let mut headset = HidHeadset::new(device.clone(), Overlay::GENERIC).unwrap();
    assert_eq!(headset.model(), "Fake headset");
    headset.set_calls(at(0), RINGING).unwrap();
    assert_eq!(device.written(), [[5, 0x24, 0]]);
    device.send(&[5, 1, 0]);
    headset.wait(Duration::from_secs(1)).unwrap();
    let answer = DeviceEvent::Request(Action::Answer);
    assert_eq!(headset.poll(at(10)), Ok(Some(answer)));
    assert_eq!(device.written(), [[5, 1, 0]]);
    assert_eq!(headset.poll(at(10)), Ok(None));
}

#[test]
fn a_headset_dropped_during_a_call_goes_idle() {
    let device = FakeDevice::new("shared-report");
    let mut headset = HidHeadset::new(device.clone(), Overlay::GENERIC).unwrap();
    headset.set_calls(at(0), ACTIVE).unwrap();
    drop(headset);
    assert_eq!(device.written(), [[5, 1, 0], [5, 0, 0]]);
}

#[test]
fn an_unplugged_headset_is_gone_for_reading_and_for_showing() {
    let device = FakeDevice::new("shared-report");
    let mut headset = HidHeadset::new(device.clone(), Overlay::GENERIC).unwrap();
    device.unplug();
    assert_eq!(headset.poll(at(0)), Err(DeviceError::Gone));
    assert_eq!(headset.set_calls(at(0), ACTIVE), Err(DeviceError::Gone));
}

#[test]
fn a_device_that_floods_with_reports_does_not_hold_its_caller() {
    let device = FakeDevice::new("shared-report");
    let mut headset = HidHeadset::new(device.clone(), Overlay::GENERIC).unwrap();
    for _ in 0..1_000 {
        device.send(&[5, 0, 0]);
    }
    assert_eq!(headset.poll(at(0)), Ok(None));
    assert!(device.state.lock().unwrap().reports.len() > 900);
}

#[test]
fn a_microphone_without_buttons_is_refused() {
    let mut device = FakeDevice::new("shared-report");
    device.descriptor = vec![0x05, 0x0C, 0x09, 0x01, 0xA1, 0x01, 0xC0];
    let error = HidHeadset::new(device, Overlay::GENERIC).unwrap_err();
    assert!(error.to_string().contains("no telephony collection"));
}

#[test]
fn a_recorded_session_plays_again_with_the_same_results() {
    let device = FakeDevice::new("shared-report");
    let mut headset = HidHeadset::new(device.clone(), Overlay::GENERIC).unwrap();
    let text = Arc::new(Mutex::new(Recording::header(
        &device.info,
        &device.descriptor,
    )));
    let sink = Arc::clone(&text);
    headset.observe(move |now, traffic| {
        sink.lock()
            .unwrap()
            .push_str(&Recording::line(now, traffic));
    });
    headset.set_calls(at(0), RINGING).unwrap();
    device.send(&[5, 1, 0]);
    while headset.poll(at(100)).unwrap().is_some() {}
    headset.set_calls(at(200), ACTIVE).unwrap();
    device.send(&[5, 5, 0]);
    while headset.poll(at(2_000)).unwrap().is_some() {}
    // The application doesn't follow: the lamp goes out by time.
    headset.poll(at(3_000)).unwrap();
    headset.set_calls(at(4_000), Calls::NONE).unwrap();
    let text = text.lock().unwrap();
    let recording = Recording::parse(&text).unwrap();
    let results = recording.results();
    assert_eq!(results.len(), 7, "{text}");
    assert_eq!(recording.replay(Overlay::GENERIC).unwrap(), results);
}

#[test]
fn a_recording_that_is_broken_names_the_line() {
    for broken in [
        "0",
        "x in 05",
        "0 in 0",
        "0 calls 1 2",
        "0 calls 1 2 3 loud",
        "0 sing 1",
    ] {
        let text = format!("# a comment\n{broken}\n");
        assert_eq!(
            Recording::parse(&text),
            Err(RecordingError::Line(2)),
            "{broken}"
        );
    }
    let long = "\n".repeat(headset::MAX_RECORDING_LINES + 1);
    assert_eq!(Recording::parse(&long), Err(RecordingError::TooLong));
}
