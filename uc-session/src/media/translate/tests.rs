use std::time::Duration;

use voip_media::{AudioDirection, AudioError, MediaTime};

use super::*;

#[test]
fn a_refused_description_keeps_its_reason() {
    let table = [
        (SdpError::Malformed, MediaError::Malformed),
        (SdpError::TooLarge, MediaError::Malformed),
        (SdpError::NoAudio, MediaError::NoAudio),
        (SdpError::NoCommonCodec, MediaError::NoCommonCodec),
        (SdpError::NotSecured, MediaError::NotSecured),
        (SdpError::OtherProfile, MediaError::NotSecured),
        (SdpError::NoCrypto, MediaError::NotSecured),
        (SdpError::NoAddress, MediaError::Malformed),
        (SdpError::NoFingerprint, MediaError::NotSecured),
        (SdpError::NoIceCredentials, MediaError::NotSecured),
        (SdpError::NoRtcpMux, MediaError::NotSecured),
        (SdpError::NoDtlsRole, MediaError::NotSecured),
    ];
    for (error, expected) in table {
        let error = NegotiationError::Description(error);
        assert_eq!(negotiation_error(error.clone()), expected, "{error:?}");
    }
    let order = [
        (NegotiationError::WrongState, MediaError::WrongState),
        (NegotiationError::NoCandidates, MediaError::NoPath),
        (NegotiationError::Closed, MediaError::Closed),
    ];
    for (error, expected) in order {
        assert_eq!(negotiation_error(error.clone()), expected, "{error:?}");
    }
}

#[test]
fn a_session_that_cannot_be_opened_says_why_in_the_engines_words() {
    assert_eq!(open_error(OpenError::Closed), MediaError::Closed);
    let words = OpenError::TooManySessions.to_string();
    assert_eq!(
        open_error(OpenError::TooManySessions),
        MediaError::Device(words)
    );
}

#[test]
fn the_end_of_a_session_keeps_its_reason() {
    let table = [
        (SessionError::NoPath, MediaError::NoPath),
        (SessionError::PathLost, MediaError::Lost),
        (SessionError::Handshake, MediaError::NotSecured),
        (SessionError::NoSrtpProfile, MediaError::NotSecured),
        (SessionError::WrongFingerprint, MediaError::WrongFingerprint),
        (SessionError::EngineStopped, MediaError::Closed),
    ];
    for (error, expected) in table {
        let told = event(SessionEvent::Failed(error.clone()));
        assert_eq!(told, Some(MediaEvent::Failed(expected)), "{error:?}");
    }
}

#[test]
fn what_a_session_tells_is_passed_on() {
    let at = MediaTime::from_micros(1);
    let table = [
        (SessionEvent::Connected, MediaEvent::Connected),
        (SessionEvent::Reconnected, MediaEvent::Connected),
        (SessionEvent::FirstAudio { at }, MediaEvent::Heard),
        (
            SessionEvent::Applied { number: 7 },
            MediaEvent::Applied { number: 7 },
        ),
        (SessionEvent::Disconnected, MediaEvent::Interrupted),
        (SessionEvent::NetworkChanged, MediaEvent::NetworkChanged),
        (
            SessionEvent::LocalCandidate("c".into()),
            candidates(vec!["c".into()], false),
        ),
        (
            SessionEvent::GatheringComplete,
            candidates(Vec::new(), true),
        ),
    ];
    for (told, expected) in table {
        assert_eq!(event(told.clone()), Some(expected), "{told:?}");
    }
    for passed_over in [SessionEvent::RemoteClosed, SessionEvent::Closed] {
        assert_eq!(event(passed_over), None);
    }
}

#[test]
fn a_device_that_goes_and_comes_back_is_told_in_words() {
    let gone = event(SessionEvent::AudioDevice(AudioError::Lost(
        AudioDirection::Playout,
    )));
    let back = event(SessionEvent::AudioRecovered);
    for told in [gone, back] {
        let Some(MediaEvent::Device(MediaError::Device(words))) = told else {
            panic!("not about a device: {told:?}");
        };
        assert!(words.contains("device"), "{words}");
    }
}

#[test]
fn figures_are_shares_of_what_was_sent_and_refusals_are_not_of_this_call() {
    let mut told = SessionStats::default();
    assert_eq!(stats(&told), MediaStats::default());
    told.packets_sent = 10;
    told.packets_received = 6;
    told.packets_lost = 2;
    told.played = Duration::from_millis(160);
    told.concealed_share = 0.5;
    told.mean_buffer_delay = Duration::from_millis(60);
    told.round_trip = Some(Duration::from_millis(8));
    told.first_audio_after = Some(Duration::from_millis(90));
    told.drops.strangers = 1;
    told.drops.oversized = 2;
    told.drops.unauthenticated = 4;
    told.drops.early = 100;
    told.drops.receive_overflow = 100;
    told.drops.send_overflow = 100;
    let figures = stats(&told);
    assert_eq!((figures.sent, figures.received), (10, 6));
    assert_eq!((figures.loss, figures.concealed), (0.25, 0.5));
    assert_eq!(figures.buffer_delay, Duration::from_millis(60));
    assert_eq!(figures.round_trip, Some(Duration::from_millis(8)));
    assert_eq!(figures.first_heard, Some(Duration::from_millis(90)));
    assert_eq!(figures.refused, 7);
}
