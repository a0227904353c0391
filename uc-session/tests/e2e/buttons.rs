//! Calls by the buttons of a headset alone, with sound.

use headset::{Action, Calls, DeviceError, Lamps, Script, ScriptedHeadset};
use uc_model::{ConnectionState, FailureCause};
use uc_session::{Client, HeadsetConfig, HeadsetEvent, HeadsetEvents, Headsets};

use crate::{
    client::{until, within},
    office::{BRUNO_HZ, CLARA_HZ, ROSA_HZ, person, rosa_and_bruno},
};

/// A headset that a person has put on.
struct Worn {
    _headsets: Headsets,
    script: Script,
    events: HeadsetEvents,
}

impl Worn {
    async fn by(client: &Client, config: HeadsetConfig) -> Self {
        let headsets = client.headsets(config);
        let (device, script) = ScriptedHeadset::new("Test headset");
        within(headsets.attach(Box::new(device))).await.unwrap();
        let mut worn = Self {
            events: headsets.events(),
            _headsets: headsets,
            script,
        };
        let connected = within(worn.events.next()).await.unwrap();
        assert!(matches!(connected, HeadsetEvent::Connected { .. }));
        assert_eq!(connected.to_string(), "Connected with Test headset.");
        worn
    }

    /// Waits until it was told so.
    #[track_caller]
    fn told(&self, calls: Calls) -> impl Future<Output = ()> {
        until(move || self.script.calls() == calls)
    }

    /// Waits until it shows so.
    #[track_caller]
    fn shows(&self, lamps: Lamps) -> impl Future<Output = ()> {
        until(move || self.script.lamps() == lamps)
    }
}

const RINGING: Lamps = Lamps {
    ringing: true,
    ..Lamps::IDLE
};

const TALKING: Lamps = Lamps {
    off_hook: true,
    ..Lamps::IDLE
};

const MUTED: Lamps = Lamps {
    muted: true,
    ..TALKING
};

const HELD: Lamps = Lamps {
    held: true,
    ..TALKING
};

#[tokio::test]
async fn a_whole_call_by_buttons_alone() {
    let (server, rosa, bruno) = rosa_and_bruno().await;
    let worn = Worn::by(&bruno.client, HeadsetConfig::default()).await;
    let script = &worn.script;
    assert_eq!(script.lamps(), Lamps::IDLE);

    let from_rosa = within(rosa.client.call("331")).await.unwrap();
    worn.shows(RINGING).await;
    script.press(Action::Answer);
    within(from_rosa.connected()).await.unwrap();
    worn.shows(TALKING).await;
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));

    script.press(Action::Mute(true));
    tokio::join!(rosa.hears_nothing(), bruno.hears(ROSA_HZ));
    worn.shows(MUTED).await;
    script.press(Action::Mute(false));
    rosa.hears(BRUNO_HZ).await;
    worn.shows(TALKING).await;

    script.press(Action::Hold);
    tokio::join!(rosa.hears_music(), bruno.hears_nothing());
    worn.shows(HELD).await;
    script.press(Action::Retrieve);
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));
    worn.shows(TALKING).await;

    // A call that waits is answered and refused by no button.
    let clara = person(&server, "332", CLARA_HZ).await;
    let from_clara = within(clara.client.call("331")).await.unwrap();
    let waiting = Calls {
        ringing: 1,
        active: 1,
        ..Calls::NONE
    };
    worn.told(waiting).await;
    assert_eq!(script.lamps(), TALKING);
    script.press(Action::Reject);
    script.press(Action::Answer);
    script.press(Action::Hold);
    let waits = Calls {
        ringing: 1,
        held: 1,
        ..Calls::NONE
    };
    worn.told(waits).await;
    assert_eq!(from_clara.state().remote.state, ConnectionState::Alerting);

    // It is taken at the screen; then the buttons go from one to the other.
    let calls = bruno.client.calls();
    let ringing = calls.iter().find(|call| call.status().rings_here());
    within(ringing.unwrap().answer()).await.unwrap();
    within(from_clara.connected()).await.unwrap();
    tokio::join!(
        bruno.hears(CLARA_HZ),
        clara.hears(BRUNO_HZ),
        rosa.hears_music()
    );
    script.press(Action::Swap);
    tokio::join!(
        bruno.hears(ROSA_HZ),
        rosa.hears(BRUNO_HZ),
        clara.hears_music()
    );
    let both = Calls {
        active: 1,
        held: 1,
        ..Calls::NONE
    };
    worn.told(both).await;
    script.press(Action::End);
    assert_eq!(within(from_rosa.ended()).await, Some(FailureCause::Normal));
    worn.shows(HELD).await;
    script.press(Action::Retrieve);
    tokio::join!(bruno.hears(CLARA_HZ), clara.hears(BRUNO_HZ));
    worn.shows(TALKING).await;
    script.press(Action::End);
    assert_eq!(within(from_clara.ended()).await, Some(FailureCause::Normal));
    worn.shows(Lamps::IDLE).await;
    assert!(bruno.client.calls().is_empty());
}

#[tokio::test]
async fn a_call_is_refused_by_a_button_and_one_that_was_dialled_is_ended_by_it() {
    let (_server, rosa, bruno) = rosa_and_bruno().await;
    let at_bruno = Worn::by(&bruno.client, HeadsetConfig::default()).await;
    let at_rosa = Worn::by(&rosa.client, HeadsetConfig::default()).await;
    let refused = within(rosa.client.call("331")).await.unwrap();
    at_bruno.shows(RINGING).await;
    at_rosa.shows(TALKING).await;
    at_bruno.script.press(Action::Reject);
    assert_eq!(within(refused.ended()).await, Some(FailureCause::Rejected));
    at_rosa.shows(Lamps::IDLE).await;

    let given_up = within(rosa.client.call("331")).await.unwrap();
    at_bruno.shows(RINGING).await;
    at_rosa.shows(TALKING).await;
    at_rosa.script.press(Action::End);
    within(given_up.ended()).await;
    at_bruno.shows(Lamps::IDLE).await;
    at_rosa.shows(Lamps::IDLE).await;
}

#[tokio::test]
async fn a_microphone_that_is_muted_in_the_application_is_muted_at_the_headset_too() {
    let (_server, rosa, bruno) = rosa_and_bruno().await;
    let worn = Worn::by(&bruno.client, HeadsetConfig::default()).await;
    let outgoing = within(rosa.client.call("331")).await.unwrap();
    worn.shows(RINGING).await;
    worn.script.press(Action::Answer);
    within(outgoing.connected()).await.unwrap();
    rosa.hears(BRUNO_HZ).await;
    let call = bruno.client.calls().remove(0);
    within(call.set_muted(true)).await.unwrap();
    worn.shows(MUTED).await;
    rosa.hears_nothing().await;
    worn.script.press(Action::Mute(false));
    rosa.hears(BRUNO_HZ).await;
    assert!(!call.status().muted);
    bruno.client.sign_out().await;
    worn.shows(Lamps::IDLE).await;
}

#[tokio::test]
async fn a_call_goes_on_when_its_headset_is_unplugged() {
    let (_server, rosa, bruno) = rosa_and_bruno().await;
    let mut worn = Worn::by(&bruno.client, HeadsetConfig::default()).await;
    let outgoing = within(rosa.client.call("331")).await.unwrap();
    worn.shows(RINGING).await;
    worn.script.press(Action::Answer);
    within(outgoing.connected()).await.unwrap();
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));
    worn.script.fail(DeviceError::Gone);
    let gone = within(worn.events.next()).await.unwrap();
    assert_eq!(gone.to_string(), "Test headset is gone.");
    tokio::join!(rosa.hears(BRUNO_HZ), bruno.hears(ROSA_HZ));

    let again = Worn::by(&bruno.client, HeadsetConfig::default()).await;
    again.shows(TALKING).await;
    again.script.press(Action::End);
    assert_eq!(within(outgoing.ended()).await, Some(FailureCause::Normal));
    again.shows(Lamps::IDLE).await;
}

#[tokio::test]
async fn the_buttons_reach_the_desk_phone_only_where_that_is_wanted() {
    let server = uc_server::Server::builder().desk_phones(true);
    let server = server.start().await.unwrap();
    let sign_in = async |user| {
        let builder = crate::client::builder(&server, user);
        within(builder.sign_in()).await.unwrap()
    };
    let (rosa, bruno) = (sign_in("330").await, sign_in("331").await);
    let off = Worn::by(&bruno, HeadsetConfig::default()).await;
    let on = Worn::by(&bruno, HeadsetConfig::default().desk_phones(true)).await;
    let outgoing = within(rosa.call("331")).await.unwrap();
    on.shows(RINGING).await;
    off.script.press(Action::Answer);
    on.script.press(Action::Answer);
    within(outgoing.connected()).await.unwrap();
    on.shows(TALKING).await;
    on.script.press(Action::Hold);
    on.shows(HELD).await;
    on.script.press(Action::Retrieve);
    on.shows(TALKING).await;
    on.script.press(Action::End);
    within(outgoing.ended()).await;
    on.shows(Lamps::IDLE).await;
    assert!(off.script.shown().is_empty());
}
