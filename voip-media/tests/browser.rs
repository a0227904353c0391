//! Calls with a browser: headless Chromium is the far end. Left out, loudly, where there is none.

#[path = "browser/call.rs"]
mod call;
#[path = "browser/chromium.rs"]
mod chromium;
#[path = "session/side.rs"]
mod side;
#[path = "session/sound.rs"]
mod sound;

use call::{BrowserCall, Page};
use side::{HIGH, LOW, Side, config, speak};
use voip_media::{CodecKind, SessionConfig};

/// We offer, the browser answers.
async fn offer(ours: &Side, theirs: &BrowserCall) {
    let offer = ours.session.offer().await.expect("an offer");
    let answer = theirs.answer(&offer).await;
    ours.session.accept_answer(&answer).await.expect("accepted");
}

/// We answer what the browser offers; the answer, as the browser got it.
async fn answer(ours: &Side, theirs: &BrowserCall, offer: &str) -> String {
    let answer = ours.session.accept_offer(offer).await.expect("an answer");
    theirs.accept(&answer).await;
    answer
}

/// Both hear the other one's tone.
async fn hear_each_other(ours: &Side, theirs: &BrowserCall) {
    assert!(ours.comes_to_hear(HIGH).await, "{:?}", ours.session.stats());
    assert!(theirs.hears(LOW).await, "{}", theirs.stats().await);
}

/// Waits until the browser has chosen a pair of candidates so many times.
async fn moves(theirs: &BrowserCall, times: u64) {
    for _ in 0..100 {
        if theirs.stats().await["pairChanges"].as_u64() >= Some(times) {
            return;
        }
        speak(100).await;
    }
    panic!("the browser stays on its path: {}", theirs.stats().await);
}

fn only(codec: CodecKind) -> SessionConfig {
    config(|config| config.codecs = vec![codec])
}

async fn end(ours: Side, theirs: BrowserCall) {
    theirs.close().await;
    ours.session.close().await;
}

#[tokio::test]
async fn a_browser_answers_our_opus_call_and_each_hears_the_other() {
    let Some(theirs) = BrowserCall::open(Page::Open, HIGH, None).await else {
        return;
    };
    let ours = Side::new(LOW, SessionConfig::default());
    offer(&ours, &theirs).await;
    hear_each_other(&ours, &theirs).await;
    assert_eq!(ours.session.stats().codec, Some(CodecKind::Opus));
    let stats = theirs.stats().await;
    assert_eq!(stats["codec"], "audio/opus", "{stats}");
    assert_eq!(
        stats["dtlsRole"], "client",
        "who answers is active: {stats}"
    );
    end(ours, theirs).await;
}

#[tokio::test]
async fn we_answer_a_browsers_opus_call_and_each_hears_the_other() {
    let Some(theirs) = BrowserCall::open(Page::Open, HIGH, None).await else {
        return;
    };
    let ours = Side::new(LOW, SessionConfig::default());
    let offer = theirs.offer().await;
    answer(&ours, &theirs, &offer).await;
    hear_each_other(&ours, &theirs).await;
    assert_eq!(ours.session.stats().codec, Some(CodecKind::Opus));
    let stats = theirs.stats().await;
    assert_eq!(
        stats["dtlsRole"], "server",
        "who answers is active: {stats}"
    );
    end(ours, theirs).await;
}

#[tokio::test]
async fn pcmu_is_heard_whoever_offers() {
    let Some(theirs) = BrowserCall::open(Page::Open, HIGH, None).await else {
        return;
    };
    let ours = Side::new(LOW, only(CodecKind::Pcmu));
    offer(&ours, &theirs).await;
    hear_each_other(&ours, &theirs).await;
    let stats = theirs.stats().await;
    assert_eq!(stats["codec"], "audio/PCMU", "{stats}");
    end(ours, theirs).await;

    let theirs = BrowserCall::open(Page::Open, HIGH, Some("audio/PCMU")).await;
    let theirs = theirs.expect("there was a browser just now");
    let ours = Side::new(LOW, SessionConfig::default());
    let offer = theirs.offer().await;
    answer(&ours, &theirs, &offer).await;
    hear_each_other(&ours, &theirs).await;
    assert_eq!(ours.session.stats().codec, Some(CodecKind::Pcmu));
    end(ours, theirs).await;
}

#[tokio::test]
async fn who_offers_may_insist_on_its_part_in_the_handshake() {
    let Some(theirs) = BrowserCall::open(Page::Open, HIGH, None).await else {
        return;
    };
    let ours = Side::new(LOW, SessionConfig::default());
    let offer = theirs
        .offer()
        .await
        .replace("setup:actpass", "setup:active");
    let answer = answer(&ours, &theirs, &offer).await;
    assert!(answer.contains("a=setup:passive"), "{answer}");
    hear_each_other(&ours, &theirs).await;
    assert_eq!(theirs.stats().await["dtlsRole"], "client");
    end(ours, theirs).await;

    let theirs = BrowserCall::open(Page::Open, HIGH, None).await;
    let theirs = theirs.expect("there was a browser just now");
    let ours = Side::new(LOW, SessionConfig::default());
    let offer = ours.session.offer().await.expect("an offer");
    let answer = theirs
        .answer(&offer.replace("setup:actpass", "setup:active"))
        .await;
    assert!(answer.contains("a=setup:passive"), "{answer}");
    ours.session.accept_answer(&answer).await.expect("accepted");
    hear_each_other(&ours, &theirs).await;
    assert_eq!(theirs.stats().await["dtlsRole"], "server");
    end(ours, theirs).await;
}

#[tokio::test]
async fn our_hold_silences_both_and_retrieving_brings_both_back() {
    let Some(theirs) = BrowserCall::open(Page::Open, HIGH, None).await else {
        return;
    };
    let ours = Side::new(LOW, SessionConfig::default());
    offer(&ours, &theirs).await;
    hear_each_other(&ours, &theirs).await;

    ours.hold(1, true).await;
    offer(&ours, &theirs).await;
    assert!(theirs.hears_nothing().await);
    let held = ours.session.stats();
    speak(300).await;
    let later = ours.session.stats();
    assert_eq!(later.packets_sent, held.packets_sent);
    assert_eq!(later.packets_received, held.packets_received);

    ours.hold(2, false).await;
    offer(&ours, &theirs).await;
    hear_each_other(&ours, &theirs).await;
    end(ours, theirs).await;
}

#[tokio::test]
async fn a_browser_that_holds_is_still_heard_and_hears_us_again_when_it_retrieves() {
    let Some(theirs) = BrowserCall::open(Page::Open, HIGH, None).await else {
        return;
    };
    let ours = Side::new(LOW, SessionConfig::default());
    let first = theirs.offer().await;
    answer(&ours, &theirs, &first).await;
    hear_each_other(&ours, &theirs).await;

    let hold = theirs.offer_direction("sendonly").await;
    let agreed = answer(&ours, &theirs, &hold).await;
    assert!(agreed.contains("a=recvonly"), "{agreed}");
    assert!(theirs.hears_nothing().await);
    assert!(ours.hears(HIGH).await, "its sound was not to stop");

    let retrieve = theirs.offer_direction("sendrecv").await;
    answer(&ours, &theirs, &retrieve).await;
    hear_each_other(&ours, &theirs).await;
    end(ours, theirs).await;
}

#[tokio::test]
async fn ice_restarts_from_either_side_and_the_call_goes_on() {
    let Some(theirs) = BrowserCall::open(Page::Open, HIGH, None).await else {
        return;
    };
    let ours = Side::new(LOW, SessionConfig::default());
    offer(&ours, &theirs).await;
    hear_each_other(&ours, &theirs).await;

    let before = ours.session.local_candidates();
    let restart = ours.session.restart_ice().await.expect("an offer");
    let agreed = theirs.answer(&restart).await;
    ours.session.accept_answer(&agreed).await.expect("accepted");
    assert_ne!(ours.session.local_candidates(), before);
    moves(&theirs, 2).await;
    hear_each_other(&ours, &theirs).await;

    let before = ours.session.local_candidates();
    let restart = theirs.offer_restart().await;
    answer(&ours, &theirs, &restart).await;
    assert_ne!(ours.session.local_candidates(), before);
    moves(&theirs, 3).await;
    hear_each_other(&ours, &theirs).await;
    end(ours, theirs).await;
}

#[tokio::test]
async fn a_browser_that_hides_its_addresses_is_reached_all_the_same() {
    let Some(theirs) = BrowserCall::open(Page::Hidden, HIGH, None).await else {
        return;
    };
    let ours = Side::new(LOW, SessionConfig::default());
    let offered = theirs.offer().await;
    assert!(offered.contains(".local "), "not hidden: {offered}");
    answer(&ours, &theirs, &offered).await;
    hear_each_other(&ours, &theirs).await;
    end(ours, theirs).await;
}

#[tokio::test]
async fn both_count_the_same_packets() {
    let Some(theirs) = BrowserCall::open(Page::Open, HIGH, None).await else {
        return;
    };
    let ours = Side::new(LOW, SessionConfig::default());
    offer(&ours, &theirs).await;
    hear_each_other(&ours, &theirs).await;
    // A report of each side: theirs every second or so, ours within 7.5 s (RFC 3550 §6.2).
    let mut reported = false;
    for _ in 0..100 {
        let (near, far) = (ours.session.stats(), theirs.stats().await);
        reported = near.round_trip.is_some() && far["roundTrip"].is_number();
        if reported {
            break;
        }
        speak(100).await;
    }
    assert!(reported, "{:?}", ours.session.stats());
    // After a hold, nothing is on its way any more.
    ours.hold(1, true).await;
    offer(&ours, &theirs).await;
    assert!(theirs.hears_nothing().await);
    let (near, far) = (ours.session.stats(), theirs.stats().await);
    let counted = (far["received"].as_u64(), far["sent"].as_u64());
    assert_eq!(
        counted,
        (Some(near.packets_sent), Some(near.packets_received)),
        "{near:?} {far}"
    );
    assert_eq!((near.packets_lost, near.drops.total()), (0, 0), "{near:?}");
    end(ours, theirs).await;
}
