use proptest::prelude::*;

use super::*;

const OFFER: &str = "v=0\r\n\
o=- 1 1 IN IP4 127.0.0.1\r\n\
s=-\r\n\
t=0 0\r\n\
m=audio 9 UDP/TLS/RTP/SAVPF 96 0 8\r\n\
c=IN IP4 0.0.0.0\r\n\
a=rtpmap:96 opus/48000/2\r\n\
a=ice-ufrag:abcd\r\n\
a=ice-pwd:abcdefghijklmnopqrstuv\r\n\
a=fingerprint:SHA-256 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n\
a=setup:actpass\r\n\
a=rtcp-mux\r\n\
a=sendonly\r\n\
a=candidate:1 1 udp 2130706431 127.0.0.1 40000 typ host\r\n";

fn changed(from: &str, to: &str) -> Result<AudioSection, SdpError> {
    assert!(OFFER.contains(from), "{from}");
    check_audio(&OFFER.replace(from, to))
}

#[test]
fn a_browsers_offer_passes() {
    let audio = check_audio(OFFER).unwrap();
    assert_eq!((audio.hash.as_str(), audio.candidates), ("sha-256", 1));
    assert_eq!(audio.ice_ufrag, "abcd");
    assert_eq!(audio.direction, MediaDirection::SendOnly);
}

#[test]
fn credentials_of_the_session_count_for_its_audio() {
    let session = "t=0 0\r\na=ice-ufrag:efgh\r\na=inactive\r\n";
    let audio = OFFER
        .replace("a=ice-ufrag:abcd\r\n", "")
        .replace("a=sendonly\r\n", "");
    let audio = check_audio(&audio.replace("t=0 0\r\n", session)).unwrap();
    assert_eq!(audio.ice_ufrag, "efgh");
    assert_eq!(audio.direction, MediaDirection::Inactive);
}

#[test]
fn nothing_said_means_both_ways() {
    let audio = changed("a=sendonly\r\n", "").unwrap();
    assert_eq!(audio.direction, MediaDirection::SendRecv);
}

#[test]
fn descriptions_without_audio_are_refused() {
    assert_eq!(changed("m=audio", "m=video"), Err(SdpError::NoAudio));
    assert_eq!(changed("m=audio 9", "m=audio 0"), Err(SdpError::NoAudio));
    assert_eq!(check_audio("v=0\r\n"), Err(SdpError::NoAudio));
}

#[test]
fn plain_rtp_is_refused() {
    assert_eq!(
        changed("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
        Err(SdpError::NotSecure)
    );
}

#[test]
fn missing_weak_and_cut_fingerprints_are_refused() {
    assert_eq!(
        changed("a=fingerprint", "a=x"),
        Err(SdpError::NoFingerprint)
    );
    assert_eq!(changed("SHA-256", "sha-1"), Err(SdpError::WeakFingerprint));
    assert_eq!(changed(":EE:FF\r\n", "\r\n"), Err(SdpError::NoFingerprint));
    assert_eq!(
        changed(":EE:FF\r\n", ":EE:FG\r\n"),
        Err(SdpError::NoFingerprint)
    );
}

#[test]
fn missing_and_short_ice_credentials_are_refused() {
    assert_eq!(changed("a=ice-ufrag:abcd\r\n", ""), Err(SdpError::NoIce));
    assert_eq!(
        changed("a=ice-ufrag:abcd", "a=ice-ufrag:abc"),
        Err(SdpError::NoIce)
    );
    assert_eq!(changed("a=ice-pwd:abc", "a=ice-pwd:"), Err(SdpError::NoIce));
    assert_eq!(
        changed("a=ice-pwd:abc", "a=ice-pwd:a c"),
        Err(SdpError::NoIce)
    );
}

#[test]
fn too_many_candidates_are_refused() {
    let line = "a=candidate:1 1 udp 2130706431 127.0.0.1 40000 typ host\r\n";
    assert_eq!(
        changed(line, &line.repeat(65)),
        Err(SdpError::TooManyCandidates(65))
    );
}

#[test]
fn a_description_over_its_size_is_refused_unread() {
    let long = "x".repeat(MAX_SDP_BYTES + 1);
    assert_eq!(
        check_audio(&long),
        Err(SdpError::TooLarge(MAX_SDP_BYTES + 1))
    );
}

#[test]
fn garbage_names_its_line() {
    assert_eq!(changed("t=0 0", "t"), Err(SdpError::Malformed { line: 4 }));
    assert_eq!(check_audio(""), Err(SdpError::Malformed { line: 0 }));
}

#[test]
fn debug_hides_the_password() {
    let shown = format!("{:?}", check_audio(OFFER).unwrap());
    assert!(!shown.contains("abcd"), "{shown}");
}

proptest! {
    #[test]
    fn any_text_is_checked_without_panic(text in "(?s).*") {
        let _ = check_audio(&text);
    }

    #[test]
    fn any_damage_is_checked_without_panic(at in 0..OFFER.len(), with in "(?s).{0,3}") {
        let mut damaged = OFFER.to_owned();
        damaged.replace_range(at..=at, &with);
        let _ = check_audio(&damaged);
    }
}
