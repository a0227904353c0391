//! The server's own sound, heard by real sessions over UDP on the loopback interface.
#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

mod callers;

use std::time::Duration;

use callers::{Caller, PATIENCE, SCALE, share_of, sounds, tones};
use tokio::time::{sleep, timeout};
use uc_model::PresenceState;
use uc_protocol::ucx::Candidates;
use uc_server::{
    Announcement, EndpointRole, PhoneVoice, ReturnTime, SoundConfig, SoundError, Sounds,
};
use voip_media::{DtmfDetector, DtmfEvent, NegotiationError, SampleRate};

const HERTZ: [f64; 8] = [
    400.0, 550.0, 700.0, 850.0, 1_000.0, 1_200.0, 1_450.0, 1_750.0,
];

fn conference(name: &str) -> EndpointRole {
    EndpointRole::Conference(name.to_owned())
}

/// Whether these tones are there, and this one isn't.
fn holds(heard: &[i16], others: impl Iterator<Item = f64>, own: f64) -> bool {
    let share = |hertz| share_of(heard, 48_000, hertz);
    let quietest = others.map(share).fold(1.0, f64::min);
    quietest > 0.03 && share(own) < quietest / 4.0
}

#[tokio::test]
async fn music_on_hold_is_heard_note_by_note() {
    let sounds = sounds();
    let caller = Caller::calls(&sounds, "a", EndpointRole::MusicOnHold, 400.0).await;
    sleep(Duration::from_secs(4)).await;
    let heard = caller.sound.take_played();
    let notes = tones(&heard, 48_000, &SCALE);
    let begins = [2, 3, 4, 3, 2, 0];
    assert!(
        notes.windows(5).any(|five| begins.starts_with(five)),
        "the tune's beginning: {notes:?}"
    );
    caller.hangs_up().await;
    sounds.close_all().await;
}

#[tokio::test]
async fn in_a_conference_of_eight_each_hears_all_others_and_not_itself() {
    let sounds = sounds();
    let mut callers = Vec::new();
    for (index, hertz) in HERTZ.into_iter().enumerate() {
        let leg = format!("leg {index}");
        callers.push(Caller::calls(&sounds, &leg, conference("monday"), hertz).await);
    }
    assert_eq!((sounds.len(), sounds.conferences()), (8, 1));
    for (caller, own) in callers.iter().zip(HERTZ) {
        let others = || HERTZ.into_iter().filter(move |hertz| *hertz != own);
        caller
            .hears(Duration::from_secs(1), |heard| holds(heard, others(), own))
            .await;
    }
    // Two leave: the others go on, and no longer hear them.
    for caller in callers.drain(6..) {
        sounds.close(&caller.leg).await;
        caller.hangs_up().await;
    }
    let gone = HERTZ[7];
    let others = || HERTZ[1..6].iter().copied();
    callers[0]
        .hears(Duration::from_secs(1), |heard| {
            holds(heard, others(), gone) && holds(heard, others(), HERTZ[0])
        })
        .await;
    sounds.close_all().await;
    assert_eq!((sounds.len(), sounds.conferences()), (0, 0));
}

#[tokio::test]
async fn two_conferences_do_not_hear_each_other_and_one_alone_hears_nothing() {
    let sounds = sounds();
    let [a, b, c] = [0, 1, 2].map(|n| (format!("leg {n}"), HERTZ[n]));
    let one = Caller::calls(&sounds, &a.0, conference("monday"), a.1).await;
    let two = Caller::calls(&sounds, &b.0, conference("monday"), b.1).await;
    let alone = Caller::calls(&sounds, &c.0, conference("tuesday"), c.1).await;
    assert_eq!(sounds.conferences(), 2);
    one.hears_tone(b.1).await;
    two.hears_tone(a.1).await;
    let silent = |heard: &[i16]| heard.iter().all(|sample| sample.unsigned_abs() < 100);
    alone.hears(Duration::from_millis(500), silent).await;
    sounds.close_all().await;
}

#[tokio::test]
async fn the_seventeenth_of_a_conference_is_refused_and_one_more_can_come_when_one_has_gone() {
    let sounds = sounds();
    for n in 0..16 {
        sounds.open(&n.to_string(), conference("a")).await.unwrap();
    }
    let refused = sounds.open("16", conference("a")).await;
    assert_eq!(refused, Err(SoundError::ConferenceFull));
    sounds.close("3").await;
    assert_eq!(sounds.open("16", conference("a")).await, Ok(()));
    let twice = sounds.open("16", conference("a")).await;
    assert_eq!(twice, Err(SoundError::Taken));
    assert_eq!(sounds.len(), 16);
}

/// Waits until the endpoint has recorded a tone of `hertz`.
async fn recorded(sounds: &Sounds, leg: &str, hertz: f64) {
    let recording = sounds.recording(leg).expect("it records");
    let hearing = async {
        loop {
            let samples = recording.samples();
            let last = &samples[samples.len().saturating_sub(4_000)..];
            if last.len() == 4_000 && share_of(last, 8_000, hertz) > 0.8 {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(timeout(PATIENCE, hearing).await.is_ok());
    assert!(recording.level().db() > -40.0);
}

#[tokio::test]
async fn a_virtual_phone_hears_a_tone_and_its_own_is_heard() {
    let sounds = sounds();
    let phone = EndpointRole::Phone(PhoneVoice::Tone(1_200));
    let caller = Caller::calls(&sounds, "phone", phone, 500.0).await;
    caller.hears_tone(1_200.0).await;
    recorded(&sounds, "phone", 500.0).await;
    caller.hangs_up().await;
    let kept = sounds.close("phone").await.expect("what it heard");
    assert!(kept.samples().len() <= 5 * 8_000);
}

#[tokio::test]
async fn an_announcement_tells_the_reason_and_the_time_and_takes_a_message() {
    let sounds = sounds();
    let announcement = Announcement {
        reason: Some(PresenceState::OutOfOffice),
        until: ReturnTime::new(14, 5),
        records: true,
    };
    let role = EndpointRole::Announcement(announcement);
    let caller = Caller::calls(&sounds, "a", role, 500.0).await;
    recorded(&sounds, "a", 500.0).await;

    let heard = caller.sound.take_played();
    let mut scale = SCALE.to_vec();
    scale.push(1_000.0);
    let signature: Vec<_> = tones(&heard, 48_000, &scale);
    assert_eq!(signature, [2, 0, 3, 1, 5], "four notes, and the beep");
    let mut detector = DtmfDetector::new(SampleRate::HZ_48000).unwrap();
    detector.handle(&heard);
    let mut keys = String::new();
    while let Some(event) = detector.poll_event() {
        if let DtmfEvent::Pressed(digit) = event {
            keys.push(digit.to_char());
        }
    }
    assert_eq!(keys, "1405");

    let message = sounds.close("a").await.expect("a message");
    assert!(message.length() < Duration::from_secs(20), "{message:?}");
    caller.hangs_up().await;
}

#[tokio::test]
async fn an_announcement_only_ends_in_silence_and_keeps_nothing() {
    let sounds = sounds();
    let announcement = Announcement {
        reason: Some(PresenceState::Lunch),
        until: None,
        records: false,
    };
    let role = EndpointRole::Announcement(announcement);
    let caller = Caller::calls(&sounds, "a", role, 500.0).await;
    sleep(Duration::from_secs(3)).await;
    let heard = caller.sound.take_played();
    assert_eq!(tones(&heard, 48_000, &SCALE), [4, 3, 4, 3]);
    assert!(sounds.recording("a").is_none());
    assert!(sounds.close("a").await.is_none());
}

#[tokio::test]
async fn a_wav_file_of_the_right_name_is_played_instead() {
    let folder = std::env::temp_dir().join(format!("uc-server-sound-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    wav(&folder.join("away-lunch.wav"), 1_300.0);
    wav(&folder.join("music.wav"), 1_700.0);
    std::fs::write(folder.join("away-sick.wav"), "no sound").unwrap();
    let mut config = SoundConfig::default();
    config.files = Some(folder.clone());
    let (sounds, _events) = Sounds::new(config);
    let announcement = |reason| {
        EndpointRole::Announcement(Announcement {
            reason: Some(reason),
            until: None,
            records: false,
        })
    };
    let away = Caller::calls(&sounds, "a", announcement(PresenceState::Lunch), 500.0).await;
    away.hears_tone(1_300.0).await;
    let held = Caller::calls(&sounds, "b", EndpointRole::MusicOnHold, 500.0).await;
    held.hears_tone(1_700.0).await;
    let refused = sounds.open("c", announcement(PresenceState::Sick)).await;
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("away-sick.wav"), "{text}");
    sounds.close_all().await;
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Two seconds of a tone, 8 kHz, 16 bits.
fn wav(path: &std::path::Path, hertz: f64) {
    let samples: Vec<u8> = (0..16_000)
        .map(|n| f64::from(n) * hertz * std::f64::consts::TAU / 8_000.0)
        .flat_map(|turn| ((turn.sin() * 8_000.0) as i16).to_le_bytes())
        .collect();
    let length = samples.len() as u32;
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + length).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    // PCM, one channel.
    file.extend([1, 0, 1, 0]);
    file.extend(8_000_u32.to_le_bytes());
    file.extend(16_000_u32.to_le_bytes());
    file.extend([2, 0, 16, 0]);
    file.extend(b"data");
    file.extend(length.to_le_bytes());
    file.extend(samples);
    std::fs::write(path, file).unwrap();
}

#[tokio::test]
async fn what_cannot_be_answered_is_told_and_leaves_the_endpoint_as_it_was() {
    let sounds = sounds();
    let candidates = |generation| Candidates {
        generation,
        candidates: vec!["candidate:1 1 udp 1 127.0.0.1 9 typ host".into()],
        complete: false,
    };
    let unknown = sounds.accept_offer("a", 1, "v=0").await;
    assert_eq!(unknown, Err(SoundError::Unknown));
    assert_eq!(
        sounds.add_candidates("a", &candidates(1)).await,
        Err(SoundError::Unknown)
    );
    assert!(sounds.close("a").await.is_none());

    let phone = EndpointRole::Phone(PhoneVoice::Tone(1_200));
    sounds.open("a", phone).await.unwrap();
    let bad = sounds.accept_offer("a", 1, "v=0\r\nno description").await;
    assert!(matches!(
        bad,
        Err(SoundError::Negotiation(NegotiationError::Description(_)))
    ));
    let mut caller = Caller::new("a", 500.0);
    caller.offers(&sounds).await;
    caller.hears_tone(1_200.0).await;
    caller.offers(&sounds).await;
    assert_eq!(sounds.add_candidates("a", &candidates(1)).await, Ok(()));
    assert_eq!(sounds.add_candidates("a", &candidates(2)).await, Ok(()));
    let offer = caller.session.offer().await.unwrap();
    let late = sounds.accept_offer("a", 1, &offer).await;
    assert_eq!(late, Err(SoundError::Late));
    caller.sound.take_played();
    caller.hears_tone(1_200.0).await;
}
