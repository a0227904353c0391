//! From a HID headset's reports to a client's calls and back; the device is pretended, its layout is
//! `headset/tests/fixtures/shared-report.hex`.
#![cfg(feature = "headset")]
#![allow(clippy::unwrap_used, reason = "a test")]

mod office;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use headset::{DeviceInfo, HidHeadset, HidTransport, Overlay, TransportError, read_hex};
use office::{desk, server};
use tokio::time::{sleep, timeout};
use uc_model::FailureCause;
use uc_session::HeadsetConfig;

/// A device whose buttons a test presses.
#[derive(Clone)]
struct Device {
    info: DeviceInfo,
    descriptor: Vec<u8>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    reports: VecDeque<[u8; 3]>,
    lamps: Vec<u8>,
}

impl Device {
    fn new() -> Self {
        let layout = include_str!("../../headset/tests/fixtures/shared-report.hex");
        Self {
            info: DeviceInfo {
                vendor: 0x0B0E,
                product: 1,
                name: "Pretended".to_owned(),
            },
            descriptor: read_hex(layout).unwrap(),
            state: Arc::default(),
        }
    }

    /// The device's buttons are so now.
    fn says(&self, buttons: u8) {
        let mut state = self.state.lock().unwrap();
        state.reports.push_back([5, buttons, 0]);
    }

    /// Waits until these lamps are lit.
    #[track_caller]
    fn shows(&self, lamps: u8) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        async move {
            let shown = timeout(Duration::from_secs(10), async {
                while self.lamps().last() != Some(&lamps) {
                    sleep(Duration::from_millis(1)).await;
                }
            });
            let shown = shown.await.is_ok();
            assert!(shown, "{:x?} at {place}", self.lamps());
        }
    }

    fn lamps(&self) -> Vec<u8> {
        self.state.lock().unwrap().lamps.clone()
    }
}

impl HidTransport for Device {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn descriptor(&self) -> &[u8] {
        &self.descriptor
    }

    fn read(&mut self, report: &mut [u8], _: Duration) -> Result<Option<usize>, TransportError> {
        let next = self.state.lock().unwrap().reports.pop_front();
        Ok(next.map(|next| {
            report[..next.len()].copy_from_slice(&next);
            next.len()
        }))
    }

    fn write(&mut self, report: &[u8]) -> Result<(), TransportError> {
        assert_eq!((report.len(), report[0]), (3, 5));
        self.state.lock().unwrap().lamps.push(report[1]);
        Ok(())
    }
}

const HOOK: u8 = 1;
const MUTE_BUTTON: u8 = 1 << 2;
const FLASH: u8 = 1 << 3;
const REJECT: u8 = 1 << 5;

const OFF_HOOK: u8 = 1;
const MUTE: u8 = 1 << 1;
const RING: u8 = 1 << 2 | 1 << 5;
const HOLD: u8 = 1 << 3;

#[tokio::test(start_paused = true)]
async fn the_reports_of_a_hid_headset_control_a_call() {
    let server = server();
    let (ada, grace) = (desk(&server, "330").await, desk(&server, "331").await);
    let device = Device::new();
    let headsets = grace.client.headsets(HeadsetConfig::default());
    let headset = HidHeadset::new(device.clone(), Overlay::GENERIC).unwrap();
    headsets.attach(Box::new(headset)).await.unwrap();
    sleep(Duration::from_secs(1)).await;
    assert!(
        device.lamps().is_empty(),
        "nothing is written without a call"
    );

    let outgoing = ada.client.call("331").await.unwrap();
    device.shows(RING).await;
    device.says(HOOK);
    outgoing.connected().await.unwrap();
    device.shows(OFF_HOOK).await;
    let incoming = grace.client.calls().remove(0);
    // A device reverts what nobody acknowledges, and answers our Off-Hook with a report of its own.
    device.says(HOOK);
    sleep(Duration::from_secs(1)).await;
    assert!(outgoing.status().is_connected());

    for (button, lamps) in [
        (HOOK | MUTE_BUTTON, OFF_HOOK | MUTE),
        (HOOK, OFF_HOOK | MUTE),
    ] {
        device.says(button);
        device.shows(lamps).await;
    }
    sleep(Duration::from_secs(2)).await;
    assert!(incoming.status().muted);
    device.says(HOOK | MUTE_BUTTON);
    device.shows(OFF_HOOK).await;
    device.says(HOOK);
    sleep(Duration::from_secs(2)).await;
    assert!(!incoming.status().muted);
    incoming.set_muted(true).await.unwrap();
    device.shows(OFF_HOOK | MUTE).await;
    incoming.set_muted(false).await.unwrap();
    device.shows(OFF_HOOK).await;

    device.says(HOOK | FLASH);
    device.shows(OFF_HOOK | HOLD).await;
    device.says(HOOK);
    device.says(HOOK | FLASH);
    device.shows(OFF_HOOK).await;
    device.says(HOOK);
    sleep(Duration::from_secs(1)).await;
    device.says(0);
    assert_eq!(outgoing.ended().await, Some(FailureCause::Normal));
    device.shows(0).await;

    let refused = ada.client.call("331").await.unwrap();
    device.shows(RING).await;
    device.says(REJECT);
    device.says(0);
    assert_eq!(refused.ended().await, Some(FailureCause::Rejected));
    device.shows(0).await;
    headsets.close().await;
}
