//! A headset behind Plantronics Hub, from HTTP to the application; the Hub is a stand-in, which answers as
//! documents and public code say the real one does, or as none should.
#![cfg(feature = "hub")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on should panic")]

mod stand_in;

use std::time::Duration;

use headset::{
    Action, CallControlDevice, Calls, DeviceError, DeviceEvent, HubConfig, HubError, HubHeadset,
    Moment,
};
use stand_in::{Manner, StandIn};

const NOW: Moment = Moment(Duration::ZERO);
const RINGING: Calls = Calls {
    ringing: 1,
    ..Calls::NONE
};
const ACTIVE: Calls = Calls {
    active: 1,
    ..Calls::NONE
};

fn config(port: u16) -> HubConfig {
    HubConfig::new("Test").port(port)
}

/// Waits for what the headset asks.
fn asked(headset: &mut HubHeadset) -> Action {
    headset.wait(stand_in::PATIENCE).unwrap();
    match headset.poll(NOW) {
        Ok(Some(DeviceEvent::Request(action))) => action,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_call_is_answered_muted_and_ended_through_the_hub() {
    let hub = StandIn::start(Manner::Proper);
    let mut headset = HubHeadset::connect(&config(hub.port)).unwrap();
    assert_eq!(headset.model(), "Stand-in");
    headset.set_calls(NOW, RINGING).unwrap();
    hub.until_asked("IncomingCall?name=Test&callID=%7B%22Id%22%3A%221%22%7D");
    hub.says(1, 1);
    assert_eq!(asked(&mut headset), Action::Answer);
    headset.set_calls(NOW, ACTIVE).unwrap();
    hub.until_asked("AnswerCall");
    hub.says(11, 1);
    assert_eq!(asked(&mut headset), Action::Mute(true));
    let muted = Calls {
        muted: true,
        ..ACTIVE
    };
    headset.set_calls(NOW, muted).unwrap();
    hub.until_asked("muted=true");
    hub.says(2, 1);
    assert_eq!(asked(&mut headset), Action::End);
    headset.set_calls(NOW, Calls::NONE).unwrap();
    hub.until_asked("TerminateCall");
    assert_eq!(headset.poll(NOW), Ok(None));
}

#[test]
fn what_the_calls_no_longer_allow_is_not_asked() {
    let hub = StandIn::start(Manner::Proper);
    let mut headset = HubHeadset::connect(&config(hub.port)).unwrap();
    headset.set_calls(NOW, RINGING).unwrap();
    hub.until_asked("IncomingCall");
    hub.says(1, 1);
    headset.wait(stand_in::PATIENCE).unwrap();
    headset.set_calls(NOW, Calls::NONE).unwrap();
    assert_eq!(headset.poll(NOW), Ok(None));
}

#[test]
fn a_headset_that_is_dropped_ends_its_calls_and_is_forgotten() {
    let hub = StandIn::start(Manner::Proper);
    let mut headset = HubHeadset::connect(&config(hub.port)).unwrap();
    headset.set_calls(NOW, ACTIVE).unwrap();
    hub.until_asked("OutgoingCall");
    drop(headset);
    hub.until_asked("TerminateCall");
    hub.until_asked("UnRegister");
}

#[test]
fn a_hub_that_ends_and_one_whose_headset_goes_is_a_headset_that_is_gone() {
    for ending in [Manner::Closing, Manner::NoHeadset, Manner::Garbage] {
        let hub = StandIn::start(Manner::Proper);
        let mut headset = HubHeadset::connect(&config(hub.port)).unwrap();
        hub.behave(ending);
        headset.set_calls(NOW, ACTIVE).unwrap();
        assert_eq!(headset.wait(stand_in::PATIENCE), Err(DeviceError::Gone));
        assert_eq!(headset.poll(NOW), Err(DeviceError::Gone));
        assert_eq!(headset.set_calls(NOW, ACTIVE), Err(DeviceError::Gone));
    }
}

#[test]
fn whatever_listens_there_a_typed_error_comes_of_it() {
    for (manner, error) in [
        (Manner::NoHeadset, HubError::NoHeadset),
        (Manner::Garbage, HubError::Malformed),
        (Manner::Closing, HubError::Broken),
        (Manner::NoHttp, HubError::Broken),
        (Manner::Endless, HubError::TooLong),
        (Manner::Silent, HubError::TimedOut),
        (Manner::Failing, HubError::Status(500)),
        (Manner::Elsewhere, HubError::Status(302)),
    ] {
        let hub = StandIn::start(manner);
        let refused = HubHeadset::connect(&config(hub.port)).err();
        assert_eq!(refused, Some(error), "{manner:?}");
    }
}

#[test]
fn without_a_hub_a_person_is_told_to_start_it() {
    let port = StandIn::unused_port();
    let refused = HubHeadset::connect(&config(port)).err();
    assert_eq!(refused, Some(HubError::NotRunning));
}
