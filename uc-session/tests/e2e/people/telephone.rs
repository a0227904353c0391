use std::{collections::BTreeSet, sync::Arc};

use uc_model::{
    Capability, ConversationEntry, DeviceKind, DialMethod, FailureCause, ForwardingError,
    ForwardingTarget, FunctionKey, FunctionKeyError, HistoryKind, KeyFunction, LineState,
    PhoneNumber, Photo, Presence, PresenceState, UserId, Voip, VoipOff,
};
use uc_server::RunningServer;
use uc_session::{
    Call, CallError, Client, EditError, Event, ServiceError, fake::NullMediaEngine,
    port::BackendError,
};

use super::{client, picture, server, signed_in};
use crate::client::{builder, event, until, within};

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::new(text).unwrap()
}

/// Desk phones, so that calls need no sound.
const DESK: &str = "[system.configuration]\ndesk_phones = true\nkey_programming = true";

#[tokio::test]
async fn where_calls_go_in_each_state_is_chosen_and_holds() {
    let server = server(DESK, "").await;
    let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
    let clara = client(&server, "332").await;
    let to = Some(ForwardingTarget::Number(number("332")));
    within(rosa.set_forwarding(PresenceState::Lunch, to.clone()))
        .await
        .unwrap();
    let again = client(&server, "330").await;
    let mode = again.view().user.as_ref().unwrap().mode.unwrap();
    let told = again.view().account().forwarding(mode);
    assert_eq!(told.target(PresenceState::Lunch), to);
    within(rosa.set_presence(Presence::of(PresenceState::Lunch)))
        .await
        .unwrap();
    let call = within(bruno.call("330")).await.unwrap();
    within(clara.incoming()).await.unwrap();
    within(call.hang_up()).await.unwrap();
    within(rosa.set_forwarding(PresenceState::Lunch, None))
        .await
        .unwrap();
    assert!(rosa.view().account().forwarding.is_empty());
    let mailbox = within(bruno.call("330")).await.unwrap();
    within(mailbox.connected()).await.unwrap();
}

#[tokio::test]
async fn what_can_not_be_forwarded_says_what_to_do() {
    let smart = server("", "").await;
    let rosa = client(&smart, "330").await;
    for (state, target, expected) in [
        (
            PresenceState::DoNotDisturb,
            ForwardingTarget::Number(number("332")),
            ForwardingError::NotInThisState,
        ),
        (
            PresenceState::Home,
            ForwardingTarget::Mobile,
            ForwardingError::NoMobile,
        ),
    ] {
        let refused = within(rosa.set_forwarding(state, Some(target))).await;
        assert_eq!(refused, Err(EditError::Forwarding(expected)));
    }
    let suite = server("mode = \"suite\"", "").await;
    let rosa = client(&suite, "330").await;
    let target = Some(ForwardingTarget::Number(number("332")));
    let refused = within(rosa.set_forwarding(PresenceState::Home, target)).await;
    assert_eq!(
        refused,
        Err(EditError::Forwarding(ForwardingError::SetElsewhere))
    );
}

#[tokio::test]
async fn call_me_is_begun_refused_and_ended() {
    let server = server("mode = \"suite\"", "").await;
    let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
    for impossible in ["330", "999"] {
        let refused = within(rosa.set_call_me(Some(impossible))).await;
        assert_eq!(refused, Err(EditError::CallMe), "{impossible}");
    }
    within(rosa.set_call_me(Some("332"))).await.unwrap();
    let own = |client: &Client| {
        let view = client.view();
        let presence = view.presence(&UserId::new("330").unwrap());
        presence.map(|presence| presence.state)
    };
    until(|| own(&rosa) == Some(PresenceState::CallMe)).await;
    assert_eq!(rosa.view().account().call_me, Some(number("332")));
    assert_eq!(own(&bruno), Some(PresenceState::Office));
    within(rosa.set_call_me(None)).await.unwrap();
    until(|| own(&rosa) == Some(PresenceState::Office)).await;
    assert_eq!(rosa.view().account().call_me, None);
}

#[tokio::test]
async fn how_calls_are_dialled_follows_the_user() {
    let server = server("[system.configuration]\nmobility = true", "").await;
    let rosa = client(&server, "330").await;
    within(rosa.set_dial_method(DialMethod::Callback))
        .await
        .unwrap();
    let again = client(&server, "330").await;
    assert_eq!(again.view().account().dial_method, DialMethod::Callback);
}

#[tokio::test]
async fn keys_are_read_programmed_and_left_alone() {
    let server = server(DESK, "").await;
    let rosa = client(&server, "330").await;
    assert!(rosa.capabilities().has(Capability::KeyProgramming));
    let key = FunctionKey {
        label: Some("Clara".to_owned().into()),
        first: KeyFunction::Number(number("332")),
        second: None,
    };
    let keys = within(rosa.program_key(1, key.clone())).await.unwrap();
    assert_eq!(keys.keys()[0], key);
    let again = client(&server, "330").await;
    assert_eq!(within(again.function_keys()).await.unwrap(), keys);
    let shifted = FunctionKey {
        second: Some(number("+49 40 66969 1")),
        ..key.clone()
    };
    for (place, key, expected) in [
        (0, key.clone(), FunctionKeyError::NoSuchKey),
        (16, key.clone(), FunctionKeyError::LocalApplication),
        (2, shifted, FunctionKeyError::NoShiftKey),
    ] {
        let refused = within(rosa.program_key(place, key)).await;
        assert_eq!(refused, Err(EditError::Key(expected)));
    }
    assert_eq!(within(rosa.function_keys()).await.unwrap(), keys);
}

#[tokio::test]
async fn where_keys_can_not_be_programmed_nothing_is_asked() {
    let server = server("", "").await;
    let rosa = client(&server, "330").await;
    let refused = within(rosa.function_keys()).await;
    assert_eq!(refused, Err(ServiceError::Unsupported));
}

#[tokio::test]
async fn colleagues_see_a_line_dial_ring_talk_and_rest() {
    let server = server(DESK, "").await;
    let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
    let clara = client(&server, "332").await;
    let mut events = rosa.events();
    let line = |user: &str| rosa.view().line(&UserId::new(user).unwrap());
    let call = within(bruno.call("332")).await.unwrap();
    until(|| line("331") == LineState::Dialling).await;
    until(|| line("332") == LineState::RingingInternal).await;
    let late = client(&server, "330").await;
    let seen = late.view().line(&UserId::new("332").unwrap());
    assert_eq!(
        seen,
        LineState::RingingInternal,
        "the snapshot tells it too"
    );
    within(within(clara.incoming()).await.unwrap().answer())
        .await
        .unwrap();
    until(|| line("331") == LineState::BusyInternal).await;
    within(call.hang_up()).await.unwrap();
    until(|| line("331") == LineState::Idle && line("332") == LineState::Idle).await;
    let told = event(&mut events, |event| matches!(event, Event::Line { .. })).await;
    assert!(matches!(told, Event::Line { line, .. } if line != LineState::Idle));
}

#[tokio::test]
async fn an_analogue_phone_says_that_it_is_answered_there() {
    for phone in ["analogue", "dect"] {
        let server = server(DESK, &format!("phone = \"{phone}\"")).await;
        let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
        within(bruno.call("330")).await.unwrap();
        let call = within(rosa.incoming()).await.unwrap();
        let refused = within(call.answer()).await;
        let expected = CallError::Backend(BackendError::AnsweredAtPhone);
        assert_eq!(refused, Err(expected.clone()));
        assert!(expected.to_string().contains("lift its receiver"));
        assert!(call.status().rings_here(), "it goes on ringing");
        within(call.reject()).await.unwrap();
    }
}

#[tokio::test]
async fn a_caller_is_known_by_name_and_photo() {
    let server = server(DESK, "").await;
    let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
    within(bruno.set_photo(Photo::from_file(&picture(40, 40)).unwrap()))
        .await
        .unwrap();
    within(bruno.call("330")).await.unwrap();
    let call = within(rosa.incoming()).await.unwrap();
    let party = call.state().remote.party;
    let name = rosa.view().name_of(&party).unwrap();
    assert_eq!(name.expose(), "Bruno");
    let photo = within(rosa.photo(&party.user.unwrap())).await.unwrap();
    assert!(photo.is_some());
}

#[tokio::test]
async fn voip_is_off_by_itself_with_a_reason() {
    for (rosa, expected) in [
        ("licences = [\"user\"]", VoipOff::NoLicence),
        ("phone = \"dect\"", VoipOff::Unsuitable),
    ] {
        let server = server("[system.configuration]\nvoip = true", rosa).await;
        let engine = Arc::new(NullMediaEngine::default());
        let rosa = signed_in(builder(&server, "330").media(engine)).await;
        assert_eq!(rosa.view().voip(), Voip::Off(expected));
        let refused = within(rosa.call("331")).await;
        assert!(refused.is_err(), "no desk phone either");
    }
}

#[cfg(feature = "media")]
#[tokio::test]
async fn an_emergency_call_goes_out_though_voip_is_off_or_unlicensed() {
    let system =
        "configuration = { voip = true }\nlocation = { country = \"de\", emergency = [\"332\"] }";
    for rosa in ["", "licences = [\"user\"]"] {
        let server = server(system, rosa).await;
        let with_sound = |user| builder(&server, user).null_sound().unwrap();
        let rosa = signed_in(with_sound("330")).await;
        let clara = signed_in(with_sound("332")).await;
        within(rosa.set_voip(false)).await.unwrap();
        assert!(within(rosa.call("331")).await.is_err());
        let call = within(rosa.call("332")).await.unwrap();
        within(clara.incoming()).await.unwrap();
        within(call.hang_up()).await.unwrap();
    }
}

#[tokio::test]
async fn with_voip_off_calls_go_through_the_desk_phone_and_its_keys_stay() {
    let both = format!("{DESK}\nvoip = true");
    let server = server(&both, "").await;
    let engine = Arc::new(NullMediaEngine::default());
    let rosa = signed_in(builder(&server, "330").media(engine)).await;
    let _bruno = client(&server, "331").await;
    let key = FunctionKey {
        first: KeyFunction::Number(number("332")),
        ..FunctionKey::default()
    };
    let keys = within(rosa.program_key(1, key)).await.unwrap();
    assert_eq!(rosa.view().voip(), Voip::On);
    within(rosa.set_voip(false)).await.unwrap();
    assert_eq!(rosa.view().voip(), Voip::Off(VoipOff::SwitchedOff));
    let call = within(rosa.call("331")).await.unwrap();
    assert_eq!(call.state().device, DeviceKind::DeskPhone);
    within(call.hang_up()).await.unwrap();
    within(rosa.set_voip(true)).await.unwrap();
    assert_eq!(rosa.view().voip(), Voip::On);
    assert_eq!(within(rosa.function_keys()).await.unwrap(), keys);
}

#[tokio::test]
async fn without_sound_voip_can_not_be_switched_on() {
    let server = server("[system.configuration]\nvoip = true", "").await;
    let rosa = client(&server, "330").await;
    let refused = within(rosa.set_voip(true)).await;
    assert_eq!(refused, Err(CallError::NoSound));
    within(rosa.set_voip(false)).await.unwrap();
}

/// Talks over one call, or doesn't.
async fn ring(from: &Client, to: &str, at: &Client, answered: bool) {
    let call = within(from.call(to)).await.unwrap();
    let ringing = within(at.incoming()).await.unwrap();
    if answered {
        within(ringing.answer()).await.unwrap();
        within(call.connected()).await.unwrap();
    }
    over(&call, &ringing).await;
}

async fn over(call: &Call, other: &Call) {
    within(call.hang_up()).await.unwrap();
    within(other.ended()).await;
}

fn kinds(client: &Client) -> BTreeSet<String> {
    let view = client.view();
    let entries = view.conversations().flat_map(|c| c.entries.iter());
    let kind = |entry: &ConversationEntry| match entry {
        ConversationEntry::Call {
            direction,
            outcome,
            route,
            ..
        } => Some(format!(
            "{:?}",
            HistoryKind::of(*direction, *outcome, *route)
        )),
        _ => None,
    };
    entries.filter_map(kind).collect()
}

async fn with_groups() -> RunningServer {
    let groups = "[[group]]\nextension = \"500\"\nname = \"All\"\nmembers = [\"331\", \"332\"]\n\
        ring = \"all\"\n[[group]]\nextension = \"501\"\nname = \"Desk\"\nmembers = [\"330\"]\n\
        ring = \"all\"\n";
    server(DESK, &format!("\n{groups}")).await
}

#[tokio::test]
async fn the_nine_kinds_of_calls_stand_in_the_history() {
    let server = with_groups().await;
    let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
    let clara = client(&server, "332").await;
    for answered in [true, false] {
        ring(&bruno, "330", &rosa, answered).await;
        ring(&bruno, "501", &rosa, answered).await;
        ring(&rosa, "331", &bruno, answered).await;
        let call = within(rosa.call("500")).await.unwrap();
        let at_bruno = within(bruno.incoming()).await.unwrap();
        within(clara.incoming()).await.unwrap();
        if answered {
            within(at_bruno.answer()).await.unwrap();
        }
        over(&call, &at_bruno).await;
    }
    let call = within(bruno.call("332")).await.unwrap();
    let ringing = within(clara.incoming()).await.unwrap();
    let picked_up = within(rosa.pick_up("332")).await.unwrap();
    assert_eq!(within(ringing.ended()).await, Some(FailureCause::PickedUp));
    within(picked_up.connected()).await.unwrap();
    over(&call, &picked_up).await;
    let nine = [
        HistoryKind::Incoming,
        HistoryKind::Missed,
        HistoryKind::GroupIncoming,
        HistoryKind::GroupMissed,
        HistoryKind::TransferredOrPickedUp,
        HistoryKind::Outgoing,
        HistoryKind::OutgoingUnanswered,
        HistoryKind::GroupOutgoing,
        HistoryKind::GroupOutgoingUnanswered,
    ];
    let nine: BTreeSet<_> = nine.map(|kind| format!("{kind:?}")).into();
    until(|| kinds(&rosa) == nine).await;
}

#[tokio::test]
async fn calls_with_a_mailbox_a_group_and_a_colleague_stand_side_by_side() {
    let server = with_groups().await;
    let (rosa, bruno) = (client(&server, "330").await, client(&server, "331").await);
    let clara = client(&server, "332").await;
    within(clara.set_presence(Presence::of(PresenceState::Meeting)))
        .await
        .unwrap();
    let mailbox = within(rosa.call("332")).await.unwrap();
    within(mailbox.connected()).await.unwrap();
    within(mailbox.hold()).await.unwrap();
    let group = within(rosa.call("500")).await.unwrap();
    let at_bruno = within(bruno.incoming()).await.unwrap();
    assert!(mailbox.allowed_actions().has(uc_model::Action::Retrieve));
    assert!(
        !group.allowed_actions().has(uc_model::Action::Hold),
        "it rings"
    );
    within(at_bruno.answer()).await.unwrap();
    within(group.connected()).await.unwrap();
    assert!(group.allowed_actions().has(uc_model::Action::Hold));
    within(group.hold()).await.unwrap();
    within(bruno.call("330")).await.unwrap();
    let third = within(rosa.incoming()).await.unwrap();
    assert_eq!(rosa.calls().len(), 3);
    for call in [&mailbox, &group, &third] {
        within(call.hang_up()).await.unwrap();
    }
    until(|| rosa.calls().is_empty()).await;
}
