mod direct;

use std::time::Duration;

use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;
use crate::{
    CodecKind, MediaProfile, PayloadType, SampleRate,
    transport::{DtlsRole, Fingerprint, IceCandidate, IceCredentials},
};

const ALL: [CodecKind; 3] = [CodecKind::Opus, CodecKind::Pcmu, CodecKind::Pcma];
const FINGERPRINT: &str = "AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89";

struct Party {
    credentials: IceCredentials,
    candidates: Vec<IceCandidate>,
}

impl Party {
    fn new(name: &str) -> Self {
        let line = "1 1 udp 2130706431 192.0.2.7 50000 typ host";
        Self {
            credentials: IceCredentials {
                ufrag: format!("{name}frag"),
                pwd: format!("{name}-password-of-24-octets"),
            },
            candidates: vec![IceCandidate::parse(line).expect("a candidate")],
        }
    }

    fn say(
        &self,
        setup: &'static str,
        direction: Direction,
        formats: &Formats,
        lines: &[MediaLine],
    ) -> String {
        write(&LocalDescription {
            session_id: 4_711,
            version: 1,
            transport: LocalTransport::Webrtc {
                credentials: &self.credentials,
                fingerprint: Fingerprint::parse(FINGERPRINT).expect("a fingerprint"),
                setup,
                candidates: &self.candidates,
                complete: true,
            },
            direction,
            formats,
            packet_time: Duration::from_millis(20),
            ssrc: 1_234,
            cname: "name",
            lines,
        })
    }

    fn offer(&self, direction: Direction) -> String {
        self.say(
            "actpass",
            direction,
            &Formats::offered(&ALL, &Formats::default()),
            &[],
        )
    }

    fn answer(&self, offer: &str, wishes: Wishes<'_>) -> Result<(String, Negotiated), SdpError> {
        let remote = read(Kind::Offer, offer)?;
        let agreed = agree(Kind::Offer, &remote, wishes)?;
        let text = self.say("active", agreed.direction, &agreed.formats, &remote.lines);
        Ok((text, agreed))
    }
}

fn wishes(codecs: &[CodecKind], direction: Direction) -> Wishes<'_> {
    let packet_time = Duration::from_millis(20);
    Wishes {
        codecs,
        preselection: true,
        direction,
        packet_time,
        role: None,
        keys: &[],
    }
}

/// As WebRTC.
fn read(kind: Kind, text: &str) -> Result<RemoteDescription, SdpError> {
    super::read(kind, text, &[MediaProfile::Webrtc])
}

fn crlf(text: &str) -> String {
    text.replace('\n', "\r\n")
}

#[test]
fn a_call_is_offered_and_answered() {
    let offer = Party::new("near").offer(Direction::SendRecv);
    let (answer, agreed) = Party::new("far")
        .answer(&offer, wishes(&ALL, Direction::SendRecv))
        .expect("an answer");
    assert_eq!(agreed.role(), Some(DtlsRole::Active));
    assert_snapshot!("call_offer", offer.replace('\r', ""));
    assert_snapshot!("call_answer", answer.replace('\r', ""));

    let remote = read(Kind::Answer, &answer).expect("an answer");
    let near = agree(Kind::Answer, &remote, wishes(&ALL, Direction::SendRecv)).expect("agreed");
    assert_eq!(near.role(), Some(DtlsRole::Passive));
    assert_eq!(near.formats, agreed.formats);
    let RemoteTransport::Webrtc {
        candidates,
        credentials,
        ..
    } = remote.transport
    else {
        panic!("it is WebRTC");
    };
    assert_eq!(candidates.len(), 1);
    assert_eq!(credentials, Party::new("far").credentials);
}

#[test]
fn a_call_is_held_and_retrieved() {
    let hold = Party::new("near").offer(Direction::SendOnly);
    let (answer, agreed) = Party::new("far")
        .answer(&hold, wishes(&ALL, Direction::SendRecv))
        .expect("an answer");
    assert_eq!(agreed.direction, Direction::RecvOnly);
    assert_snapshot!("hold_offer", hold.replace('\r', ""));
    assert_snapshot!("hold_answer", answer.replace('\r', ""));
}

#[test]
fn without_preselection_an_answer_names_all_common_codecs_in_our_order() {
    let offer = Party::new("near").offer(Direction::SendRecv);
    let ours = [CodecKind::Pcma, CodecKind::Opus];
    let wishes = Wishes {
        preselection: false,
        ..wishes(&ours, Direction::SendRecv)
    };
    let (_, agreed) = Party::new("far").answer(&offer, wishes).expect("an answer");
    let kinds: Vec<_> = agreed
        .formats
        .codecs
        .iter()
        .map(|codec| codec.kind)
        .collect();
    assert_eq!(kinds, ours);
}

const BROWSER: &str = include_str!("browser_offer.sdp");

#[test]
fn a_browsers_offer_with_video_is_answered_with_audio_only() {
    let offer = crlf(BROWSER);
    let (answer, agreed) = Party::new("far")
        .answer(&offer, wishes(&ALL, Direction::SendRecv))
        .expect("an answer");
    assert_eq!(
        agreed.formats.codecs[0],
        CodecChoice {
            kind: CodecKind::Opus,
            payload_type: PayloadType(109)
        }
    );
    assert_eq!(agreed.packet_time, Duration::from_millis(20));
    assert_snapshot!("browser_answer", answer.replace('\r', ""));
}

#[test]
fn a_new_offer_keeps_the_negotiated_payload_types_and_lines() {
    let remote = read(Kind::Offer, &crlf(BROWSER)).expect("an offer");
    let agreed = agree(Kind::Offer, &remote, wishes(&ALL, Direction::SendRecv)).expect("agreed");
    let codecs = Formats::offered(&ALL, &agreed.formats);
    let offer = Party::new("far").say("actpass", Direction::SendRecv, &codecs, &remote.lines);
    assert!(
        offer.contains("m=audio 50000 UDP/TLS/RTP/SAVPF 109 0 8 13 110 126\r\n"),
        "{offer}"
    );
    assert!(
        offer.contains("m=video 0 UDP/TLS/RTP/SAVPF 120\r\n"),
        "{offer}"
    );
}

/// The formats of an offer of these codecs that wants these of it.
fn agreed_formats(offered: &[CodecKind], wanted: &[CodecKind]) -> Formats {
    let formats = Formats::offered(offered, &Formats::default());
    let offer = Party::new("near").say("actpass", Direction::SendRecv, &formats, &[]);
    let (_, agreed) = Party::new("far")
        .answer(&offer, wishes(wanted, Direction::SendRecv))
        .expect("an answer");
    agreed.formats
}

#[test]
fn every_codec_can_be_offered_and_answered() {
    let kinds = [
        CodecKind::Opus,
        CodecKind::G722,
        CodecKind::Pcmu,
        CodecKind::Pcma,
        CodecKind::L16(SampleRate::HZ_8000),
        CodecKind::L16(SampleRate::HZ_16000),
        CodecKind::L16(SampleRate::HZ_44100),
        CodecKind::L16(SampleRate::HZ_48000),
    ];
    let mut numbers = Formats::offered(&kinds, &Formats::default())
        .encodings()
        .into_iter()
        .map(|(number, _)| number)
        .collect::<Vec<_>>();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), kinds.len() + 1 + 4, "none twice");
    for kind in kinds {
        let formats = agreed_formats(&kinds, &[kind]);
        assert_eq!(formats.codecs[0].kind, kind);
    }
}

#[test]
fn tones_are_agreed_at_the_clock_of_the_codec_that_is_spoken() {
    for (kind, clock, number) in [
        (CodecKind::Opus, SampleRate::HZ_48000, 110),
        (CodecKind::G722, SampleRate::HZ_8000, 126),
        (CodecKind::Pcma, SampleRate::HZ_8000, 126),
    ] {
        let all = [CodecKind::Opus, CodecKind::G722, CodecKind::Pcma];
        let event = EventChoice {
            clock,
            payload_type: PayloadType(number),
        };
        assert_eq!(agreed_formats(&all, &[kind]).events, [event]);
    }
}

#[test]
fn comfort_noise_goes_with_g711_only() {
    let noise = |kind| agreed_formats(&ALL, &[kind]).comfort_noise;
    assert_eq!(noise(CodecKind::Pcmu), Some(PayloadType(13)));
    assert_eq!(noise(CodecKind::Opus), None);
}

#[test]
fn formats_without_a_map_are_those_of_rfc_3551() {
    let offer = crlf(BROWSER)
        .replace("SAVPF 109 9 0 8", "SAVPF 9 0 8 13")
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("a=rtpmap"))
        .collect::<String>();
    let formats = read(Kind::Offer, &offer).expect("an offer").formats;
    let kinds: Vec<_> = formats.codecs.iter().map(|codec| codec.kind).collect();
    assert_eq!(kinds, [CodecKind::G722, CodecKind::Pcmu, CodecKind::Pcma]);
    assert_eq!(formats.comfort_noise, Some(PayloadType(13)));
}

#[test]
fn a_number_that_is_taken_is_not_given_twice() {
    let negotiated = Formats {
        codecs: vec![CodecChoice {
            kind: CodecKind::Opus,
            payload_type: PayloadType(110),
        }],
        ..Formats::default()
    };
    let offered = Formats::offered(&[CodecKind::Opus], &negotiated);
    assert_eq!(offered.codecs, negotiated.codecs);
    assert_eq!(offered.events[0].payload_type, PayloadType(96));
}

#[test]
fn each_lack_of_an_offer_has_its_error() {
    let good = crlf(BROWSER);
    let without = |part: &str| {
        let kept: Vec<_> = good
            .split_inclusive('\n')
            .filter(|line| !line.contains(part))
            .collect();
        read(Kind::Offer, &kept.concat()).err()
    };
    assert_eq!(without("nothing of it"), None);
    assert_eq!(without("fingerprint"), Some(SdpError::NoFingerprint));
    assert_eq!(without("ice-ufrag"), Some(SdpError::NoIceCredentials));
    assert_eq!(without("ice-pwd"), Some(SdpError::NoIceCredentials));
    assert_eq!(without("rtcp-mux"), Some(SdpError::NoRtcpMux));
    assert_eq!(without("v=0"), Some(SdpError::Malformed));
    let changed = |from: &str, to: &str| read(Kind::Offer, &good.replace(from, to)).err();
    assert_eq!(changed("m=audio 9", "m=audio 0"), Some(SdpError::NoAudio));
    assert_eq!(changed("m=audio", "m=application"), Some(SdpError::NoAudio));
    assert_eq!(
        changed("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
        Some(SdpError::NotSecured)
    );
    assert_eq!(changed("sha-256", "sha-1"), Some(SdpError::NoFingerprint));
    assert_eq!(changed("actpass", "holdconn"), Some(SdpError::NoDtlsRole));
    assert_eq!(
        changed("a=ice-pwd:", "a=ice-pwd:short\r\na=x:"),
        Some(SdpError::NoIceCredentials)
    );
}

#[test]
fn an_answer_has_to_choose_who_starts_the_handshake() {
    let text = Party::new("far").offer(Direction::SendRecv);
    assert_eq!(read(Kind::Answer, &text).err(), Some(SdpError::NoDtlsRole));
}

#[test]
fn a_description_as_long_as_a_film_is_too_large() {
    let text = format!("{}a=x:{}\r\n", crlf(BROWSER), "x".repeat(65_536));
    assert_eq!(read(Kind::Offer, &text).err(), Some(SdpError::TooLarge));
}

#[test]
fn without_a_common_codec_there_is_no_answer() {
    let offer = crlf(BROWSER).replace("opus", "speex");
    let result = Party::new("far").answer(&offer, wishes(&[CodecKind::Opus], Direction::SendRecv));
    assert_eq!(result.err(), Some(SdpError::NoCommonCodec));
}

#[test]
fn the_role_of_a_running_handshake_stays() {
    let remote = read(Kind::Offer, &crlf(BROWSER)).expect("an offer");
    let wishes = Wishes {
        role: Some(DtlsRole::Passive),
        ..wishes(&ALL, Direction::SendRecv)
    };
    let agreed = agree(Kind::Offer, &remote, wishes).expect("agreed");
    assert_eq!(agreed.role(), Some(DtlsRole::Passive));
}

#[test]
fn odd_packet_times_are_not_followed() {
    let offer = crlf(BROWSER).replace("a=mid:0", "a=mid:0\r\na=ptime:33");
    let remote = read(Kind::Offer, &offer).expect("an offer");
    let agreed = agree(Kind::Offer, &remote, wishes(&ALL, Direction::SendRecv)).expect("agreed");
    assert_eq!(agreed.packet_time, Duration::from_millis(20));
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(text in "(?s).{0,200}") {
        let _ = read(Kind::Offer, &text);
    }

    #[test]
    fn a_damaged_offer_is_read_or_refused_without_panic(
        at in 0usize..2_000,
        octet in any::<u8>(),
        cut in 0usize..2_000,
    ) {
        let mut bytes = crlf(BROWSER).into_bytes();
        let length = bytes.len();
        bytes[at % length] = octet;
        bytes.truncate(length - cut % length);
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(remote) = read(Kind::Offer, &text)
            && let Ok(agreed) = agree(Kind::Offer, &remote, wishes(&ALL, Direction::SendRecv))
        {
            let party = Party::new("far");
            let answer = party.say("active", agreed.direction, &agreed.formats, &remote.lines);
            prop_assert!(read(Kind::Answer, &answer).is_ok(), "{answer}");
        }
    }
}
