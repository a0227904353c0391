use super::*;
use crate::{AudioDirection, WantedDevice};

const SPEAKER: AudioRole = AudioRole::Loudspeaker;

fn device(id: &str, is_default: bool) -> AudioDevice {
    AudioDevice {
        id: DeviceId(id.to_owned()),
        name: id.to_owned(),
        direction: AudioDirection::Playout,
        is_default,
    }
}

/// A loudspeaker, which is the default, and others.
fn list(others: &[&str]) -> DeviceList {
    let mut devices = vec![device("speaker", true)];
    devices.extend(others.iter().map(|id| device(id, false)));
    DeviceList::new(Ok(devices))
}

fn at(milliseconds: u64) -> MediaTime {
    MediaTime::from_micros(milliseconds * 1_000)
}

fn wants(ids: &[&str]) -> DevicePreference {
    DevicePreference(ids.iter().map(|id| WantedDevice::named(id)).collect())
}

fn fixed(id: &str) -> DeviceChoice {
    DeviceChoice::Fixed(DeviceId(id.to_owned()))
}

/// A plan whose loudspeaker is needed, and wants these.
fn plan(list: DeviceList, ids: &[&str]) -> DevicePlan {
    let mut plan = DevicePlan::new(list);
    plan.choose(SPEAKER, wants(ids));
    plan.need(SPEAKER, true);
    plan
}

/// What is to be opened next, if something is; nothing is told before it.
fn opens(plan: &mut DevicePlan) -> Option<DeviceChoice> {
    match plan.poll() {
        Some(Order::Open { role, choice }) => {
            assert_eq!(role, SPEAKER);
            Some(choice)
        }
        Some(other) => panic!("not to be opened: {other:?}"),
        None => None,
    }
}

/// Opens what is to be opened, successfully.
fn runs(plan: &mut DevicePlan, choice: &DeviceChoice, id: &str) {
    assert_eq!(opens(plan).as_ref(), Some(choice));
    plan.opened(SPEAKER, Ok(()), at(0));
    match plan.poll() {
        Some(Order::Tell(SoundEvent::InUse { device, .. })) => {
            assert_eq!(device.map(|device| device.id.0).as_deref(), Some(id));
        }
        other => panic!("not in use: {other:?}"),
    }
}

fn told_failure(plan: &mut DevicePlan) -> AudioError {
    match plan.poll() {
        Some(Order::Tell(SoundEvent::Failed { error, .. })) => error,
        other => panic!("no failure: {other:?}"),
    }
}

fn lost() -> AudioError {
    AudioError::Lost(AudioDirection::Playout)
}

#[test]
fn nothing_is_open_before_it_is_needed_nor_afterwards() {
    let mut plan = DevicePlan::new(list(&[]));
    assert_eq!(plan.poll(), None);
    plan.need(SPEAKER, true);
    assert!(!plan.is_settled(SPEAKER));
    runs(&mut plan, &DeviceChoice::Default, "speaker");
    assert!(plan.is_settled(SPEAKER));
    plan.need(SPEAKER, false);
    assert_eq!(plan.poll(), Some(Order::Close(SPEAKER)));
    assert!(!plan.is_settled(SPEAKER));
    plan.closed(SPEAKER);
    assert!(plan.is_settled(SPEAKER));
    assert_eq!(plan.poll(), None);
}

#[test]
fn the_chosen_device_is_left_when_it_goes_and_taken_again_when_it_returns() {
    let mut plan = plan(list(&["headset"]), &["headset"]);
    runs(&mut plan, &fixed("headset"), "headset");
    plan.failed(SPEAKER, lost(), at(1_000));
    assert_eq!(told_failure(&mut plan), lost());
    // The list doesn't know it yet.
    runs(&mut plan, &DeviceChoice::Default, "speaker");
    plan.listed(list(&[]));
    assert_eq!(plan.poll(), None);
    plan.listed(list(&["headset"]));
    runs(&mut plan, &fixed("headset"), "headset");
    assert_eq!(plan.next_wake(), None);
}

#[test]
fn a_device_that_leaves_the_list_is_left_before_it_says_so_itself() {
    let mut plan = plan(list(&["headset", "spare"]), &["headset", "spare"]);
    runs(&mut plan, &fixed("headset"), "headset");
    plan.listed(list(&["spare"]));
    assert_eq!(opens(&mut plan), Some(fixed("spare")));
    // Its end comes while the next one is being opened.
    plan.failed(SPEAKER, lost(), at(1_000));
    assert_eq!(told_failure(&mut plan), lost());
    assert_eq!(plan.poll(), None);
    plan.opened(SPEAKER, Ok(()), at(1_100));
    assert!(matches!(
        plan.poll(),
        Some(Order::Tell(SoundEvent::InUse { .. }))
    ));
}

#[test]
fn a_new_default_is_followed_by_those_who_follow_it() {
    let mut follower = plan(list(&["headset"]), &[]);
    runs(&mut follower, &DeviceChoice::Default, "speaker");
    let mut chooser = plan(list(&["headset"]), &["headset"]);
    runs(&mut chooser, &fixed("headset"), "headset");
    let devices = vec![device("speaker", false), device("headset", true)];
    follower.listed(DeviceList::new(Ok(devices.clone())));
    runs(&mut follower, &DeviceChoice::Default, "headset");
    chooser.listed(DeviceList::new(Ok(devices)));
    assert_eq!(chooser.poll(), None, "it is the same device");
}

#[test]
fn another_choice_moves_the_sound_and_the_old_device_sounds_until_the_new_one_does() {
    let mut plan = plan(list(&["headset", "spare"]), &["headset"]);
    runs(&mut plan, &fixed("headset"), "headset");
    plan.choose(SPEAKER, wants(&["spare"]));
    assert_eq!(opens(&mut plan), Some(fixed("spare")));
    assert!(plan.is_settled(SPEAKER), "the headset still sounds");
    // It can't be had: nothing is told, since nothing is missing.
    plan.opened(SPEAKER, Err(lost()), at(0));
    assert_eq!(opens(&mut plan), Some(DeviceChoice::Default));
    plan.opened(SPEAKER, Err(lost()), at(0));
    assert_eq!(plan.poll(), None);
    assert_eq!(plan.next_wake(), Some(at(1_000)), "and no earlier");
    plan.choose(SPEAKER, wants(&["headset"]));
    assert_eq!(plan.poll(), None);
}

#[test]
fn a_device_that_stands_still_is_passed_over_for_a_while() {
    let stalled = AudioError::Stalled(AudioDirection::Playout);
    let mut plan = plan(list(&["headset"]), &["headset"]);
    runs(&mut plan, &fixed("headset"), "headset");
    plan.failed(SPEAKER, stalled.clone(), at(0));
    assert_eq!(told_failure(&mut plan), stalled);
    runs(&mut plan, &DeviceChoice::Default, "speaker");
    assert_eq!(plan.next_wake(), Some(at(5_000)));
    plan.wake(at(4_999));
    assert_eq!(plan.poll(), None);
    plan.wake(at(5_000));
    assert_eq!(opens(&mut plan), Some(fixed("headset")));
    plan.opened(SPEAKER, Err(stalled), at(6_000));
    assert_eq!(plan.poll(), None, "the default sounds on");
    assert_eq!(plan.next_wake(), Some(at(11_000)));
}

#[test]
fn without_any_device_it_is_tried_every_second_and_told_once() {
    let missing = AudioError::NoDevice(AudioDirection::Playout);
    let mut plan = plan(DeviceList::new(Ok(Vec::new())), &["headset"]);
    for second in 0..10 {
        assert_eq!(opens(&mut plan), Some(DeviceChoice::Default));
        assert!(!plan.is_settled(SPEAKER));
        plan.opened(SPEAKER, Err(missing.clone()), at(second * 1_000));
        if second == 0 {
            assert_eq!(told_failure(&mut plan), missing);
        }
        assert!(plan.is_settled(SPEAKER));
        assert_eq!(plan.poll(), None);
        assert_eq!(plan.next_wake(), Some(at((second + 1) * 1_000)));
        plan.wake(at((second + 1) * 1_000));
    }
    assert_eq!(opens(&mut plan), Some(DeviceChoice::Default));
    plan.listed(list(&["headset"]));
    assert_eq!(opens(&mut plan), None, "one attempt is under way");
    plan.opened(SPEAKER, Err(missing), at(10_000));
    plan.wake(at(11_000));
    runs(&mut plan, &fixed("headset"), "headset");
}

#[test]
fn a_chosen_default_that_fails_is_tried_every_second_and_no_faster() {
    let mut plan = plan(list(&[]), &["speaker"]);
    runs(&mut plan, &fixed("speaker"), "speaker");
    plan.failed(SPEAKER, lost(), at(0));
    told_failure(&mut plan);
    for second in 0..4 {
        assert_eq!(opens(&mut plan), Some(DeviceChoice::Default));
        plan.opened(SPEAKER, Err(lost()), at(second * 1_000));
        assert_eq!(plan.poll(), None);
        plan.wake(at((second + 1) * 1_000));
    }
}

#[test]
fn a_sound_system_that_comes_back_is_used_at_once() {
    let mut plan = plan(list(&["headset"]), &["headset"]);
    runs(&mut plan, &fixed("headset"), "headset");
    plan.failed(SPEAKER, lost(), at(0));
    told_failure(&mut plan);
    assert_eq!(opens(&mut plan), Some(DeviceChoice::Default));
    plan.opened(SPEAKER, Err(AudioError::NoSystem), at(10));
    let mut dead = list(&["headset"]);
    dead.update(Err(AudioError::NoSystem));
    plan.listed(dead.clone());
    assert_eq!(opens(&mut plan), Some(DeviceChoice::Default));
    plan.opened(SPEAKER, Err(AudioError::NoSystem), at(500));
    assert_eq!(plan.poll(), None);
    plan.listed(list(&["headset"]));
    runs(&mut plan, &fixed("headset"), "headset");
}

#[test]
fn what_is_not_needed_any_more_is_not_tried_again() {
    let mut plan = plan(list(&[]), &[]);
    assert_eq!(opens(&mut plan), Some(DeviceChoice::Default));
    plan.need(SPEAKER, false);
    plan.opened(SPEAKER, Err(lost()), at(0));
    assert_eq!((plan.poll(), plan.next_wake()), (None, None));
    plan.need(SPEAKER, true);
    assert_eq!(opens(&mut plan), Some(DeviceChoice::Default));
    plan.need(SPEAKER, false);
    plan.opened(SPEAKER, Ok(()), at(0));
    assert_eq!(plan.poll(), Some(Order::Close(SPEAKER)));
}
