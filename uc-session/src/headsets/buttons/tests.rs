use std::fmt::Write;

use proptest::{collection::vec, prelude::*, sample::select};
use uc_model::{Call, CallDirection, Connection, Party, PhoneNumber, Rev, Timestamp};

use super::*;
use crate::port::MediaError;
use ConnectionState::{Alerting, Connected, Fail, Hold, Initiated, Null, Queued};

fn status(name: &str, device: DeviceKind, local: ConnectionState, sound: Sound) -> Arc<CallStatus> {
    let call = Call {
        id: CallId::new(name).unwrap(),
        rev: Rev(1),
        direction: CallDirection::Incoming,
        device,
        local,
        remote: Connection {
            party: Party {
                number: PhoneNumber::new("331").unwrap(),
                name: None,
                user: None,
            },
            state: Connected,
        },
        members: Vec::new(),
        started: Timestamp(0),
        answered: None,
        cause: None,
    };
    Arc::new(CallStatus {
        call,
        sound,
        muted: false,
    })
}

/// A call here.
fn call(name: &str, local: ConnectionState) -> Arc<CallStatus> {
    let sound = match local {
        Alerting => Sound::Elsewhere,
        _ => Sound::Connected,
    };
    status(name, DeviceKind::Voip, local, sound)
}

fn muted(status: Arc<CallStatus>) -> Arc<CallStatus> {
    let muted = true;
    Arc::new(CallStatus {
        muted,
        ..CallStatus::clone(&status)
    })
}

fn id(name: &str) -> CallId {
    CallId::new(name).unwrap()
}

fn counts(calls: &[Arc<CallStatus>]) -> Calls {
    Controlled::of(calls, HERE).counts()
}

fn wish(calls: &[Arc<CallStatus>], action: Action) -> Option<Wish> {
    Controlled::of(calls, HERE).wish(action)
}

const HERE: Reach = Reach {
    desk_phones: false,
    sound: true,
};

const STATES: [ConnectionState; 7] = [Null, Initiated, Alerting, Connected, Hold, Queued, Fail];

const ACTIONS: [Action; 8] = [
    Action::Answer,
    Action::Reject,
    Action::End,
    Action::Mute(true),
    Action::Mute(false),
    Action::Hold,
    Action::Retrieve,
    Action::Swap,
];

#[test]
fn a_call_counts_by_its_state_and_by_who_carries_it() {
    let carriers = [
        ("here", DeviceKind::Voip, Sound::Connected, HERE),
        (
            "in another program",
            DeviceKind::Voip,
            Sound::Elsewhere,
            HERE,
        ),
        (
            "client without sound",
            DeviceKind::Voip,
            Sound::Elsewhere,
            Reach {
                sound: false,
                ..HERE
            },
        ),
        ("desk phone", DeviceKind::DeskPhone, Sound::Elsewhere, HERE),
        (
            "desk phone, if wanted",
            DeviceKind::DeskPhone,
            Sound::Elsewhere,
            Reach {
                desk_phones: true,
                ..HERE
            },
        ),
    ];
    let mut table = String::new();
    for (carrier, device, sound, reach) in carriers {
        for state in STATES {
            let calls = [status("c1", device, state, sound.clone())];
            let controlled = Controlled::of(&calls, reach);
            let Calls {
                ringing,
                active,
                held,
                ..
            } = controlled.counts();
            let asks = ACTIONS.map(|action| controlled.wish(action));
            let asks: Vec<_> = asks.iter().flatten().map(name).collect();
            writeln!(
                table,
                "{carrier:<22} {:<10} ringing {ringing} active {active} held {held}  {}",
                format!("{state:?}"),
                asks.join(" ")
            )
            .unwrap();
        }
    }
    insta::assert_snapshot!("counts", table);
}

fn name(wish: &Wish) -> &'static str {
    match wish {
        Wish::Answer(_) => "answer",
        Wish::Reject(_) => "reject",
        Wish::HangUp(_) => "hang-up",
        Wish::Hold(_) => "hold",
        Wish::Retrieve(_) => "retrieve",
        Wish::Alternate { .. } => "alternate",
        Wish::Mute { muted: true, .. } => "mute",
        Wish::Mute { muted: false, .. } => "unmute",
    }
}

#[test]
fn with_two_calls_the_buttons_mean_the_right_one() {
    let talking_and_held = [call("1", Hold), call("2", Connected)];
    assert_eq!(
        wish(&talking_and_held, Action::Swap),
        Some(Wish::Alternate {
            active: id("2"),
            held: id("1")
        })
    );
    let end = Some(Wish::HangUp(id("2")));
    assert_eq!(wish(&talking_and_held, Action::End), end);
    for action in [Action::Hold, Action::Retrieve] {
        assert_eq!(wish(&talking_and_held, action), None);
    }
    let talking_and_ringing = [call("1", Connected), call("2", Alerting)];
    for action in [Action::Answer, Action::Reject] {
        assert_eq!(wish(&talking_and_ringing, action), None);
    }
    let end = Some(Wish::HangUp(id("1")));
    assert_eq!(wish(&talking_and_ringing, Action::End), end);
    let only_held = [call("1", Hold)];
    let retrieve = Some(Wish::Retrieve(id("1")));
    assert_eq!(wish(&only_held, Action::Retrieve), retrieve);
    assert_eq!(wish(&only_held, Action::End), end);
}

#[test]
fn calls_of_different_devices_are_not_swapped() {
    let at_desk = status("1", DeviceKind::DeskPhone, Hold, Sound::Elsewhere);
    let calls = [at_desk, call("2", Connected)];
    let reach = Reach {
        desk_phones: true,
        ..HERE
    };
    let controlled = Controlled::of(&calls, reach);
    assert_eq!(controlled.counts().held, 1);
    assert_eq!(controlled.wish(Action::Swap), None);
}

#[test]
fn the_microphone_is_muted_for_all_calls_and_the_lamp_shows_the_one_that_is_spoken_into() {
    let both = [call("1", Connected), call("2", Hold)];
    let mute = Wish::Mute {
        calls: vec![id("1"), id("2")],
        muted: true,
    };
    assert_eq!(wish(&both, Action::Mute(true)), Some(mute));
    assert!(!counts(&both).muted);

    let held_is_muted = [call("1", Connected), muted(call("2", Hold))];
    assert!(!counts(&held_is_muted).muted);
    let rest = Wish::Mute {
        calls: vec![id("1")],
        muted: true,
    };
    assert_eq!(wish(&held_is_muted, Action::Mute(true)), Some(rest));
    assert!(counts(&[muted(call("1", Connected)), call("2", Hold)]).muted);
    assert!(counts(&[muted(call("2", Hold))]).muted);
    assert!(!counts(&[call("1", Alerting)]).muted);
}

#[test]
fn what_is_under_way_is_not_asked_again_but_hanging_up_and_muting_always_work() {
    let (one, other) = (id("1"), id("2"));
    let answer = Wish::Answer(one.clone());
    let mute = Wish::Mute {
        calls: vec![one.clone()],
        muted: true,
    };
    let alternate = Wish::Alternate {
        active: one.clone(),
        held: other.clone(),
    };
    let end = Wish::HangUp(one.clone());
    assert!(answer.hinders(&answer) && end.hinders(&end));
    assert!(end.hinders(&Wish::Hold(one.clone())));
    assert!(alternate.hinders(&Wish::Retrieve(other.clone())));
    assert!(!Wish::Hold(one).hinders(&end));
    assert!(!answer.hinders(&mute) && !mute.hinders(&answer));
    assert!(!answer.hinders(&Wish::Hold(other)));
}

fn any_call() -> impl Strategy<Value = (DeviceKind, ConnectionState, ConnectionState, Sound, bool)>
{
    (
        select(vec![DeviceKind::Voip, DeviceKind::DeskPhone]),
        select(STATES.to_vec()),
        select(STATES.to_vec()),
        select(vec![
            Sound::Elsewhere,
            Sound::Connecting,
            Sound::Connected,
            Sound::Interrupted,
            Sound::Failed(MediaError::NoPath),
        ]),
        any::<bool>(),
    )
}

fn service(wish: &Wish) -> Option<Service> {
    match wish {
        Wish::Answer(_) => Some(Service::Answer),
        Wish::Reject(_) => Some(Service::Reject),
        Wish::HangUp(_) => Some(Service::Clear),
        Wish::Hold(_) => Some(Service::Hold),
        Wish::Retrieve(_) => Some(Service::Retrieve),
        Wish::Alternate { .. } | Wish::Mute { .. } => None,
    }
}

proptest! {
    #[test]
    fn whatever_the_calls_are_a_button_asks_only_what_they_allow(
        described in vec(any_call(), 0..5),
        desk_phones: bool,
        sound: bool,
    ) {
        let calls: Vec<_> = described.iter().enumerate().map(|(index, described)| {
            let (device, local, remote, sound, muted) = described.clone();
            let mut status = CallStatus::clone(&status(&index.to_string(), device, local, sound));
            status.call.remote.state = remote;
            status.call.started = Timestamp(index as i64 % 2);
            status.muted = muted;
            Arc::new(status)
        }).collect();
        let reach = Reach { desk_phones, sound };
        let controlled = Controlled::of(&calls, reach);
        let counts = controlled.counts();
        let total = counts.ringing + counts.active + counts.held;
        let within = calls.iter().filter(|status| {
            reach.has(status) && !status.call.is_over()
        });
        prop_assert_eq!(usize::from(total), within.count());
        for action in ACTIONS {
            let Some(wish) = controlled.wish(action) else { continue };
            prop_assert!(counts.allow(action), "{:?}", action);
            for id in wish.calls() {
                let status = calls.iter().find(|status| status.call.id == *id).unwrap();
                prop_assert!(reach.has(status));
                if let Some(service) = service(&wish) {
                    prop_assert!(status.allowed_actions().has(service), "{:?}", wish);
                }
                if let Wish::Mute { muted, .. } = wish {
                    prop_assert!(has_microphone(status) && status.muted != muted);
                }
            }
            if let Wish::Alternate { active, held } = &wish {
                let by = |id: &CallId| calls.iter().find(|status| status.call.id == *id).unwrap();
                let together = by(active).call.actions_beside(&by(held).call);
                prop_assert!(together.has(Service::Alternate));
            }
        }
        if let Some(Wish::Mute { calls: all, .. }) = controlled.wish(Action::Mute(true)) {
            let reaches = |status: &&Arc<CallStatus>| {
                has_microphone(status) && !status.muted && reach.has(status)
                    && matches!(status.call.local, Initiated | Queued | Connected | Hold)
            };
            prop_assert_eq!(all.len(), calls.iter().filter(reaches).count());
        }
    }
}
