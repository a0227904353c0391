//! Calls without ICE: the keys, if there are any, and the addresses stand in the description.

use std::{net::SocketAddr, time::Duration};

use insta::assert_snapshot;
use proptest::prelude::*;

use super::{ALL, BROWSER, crlf, wishes};
use crate::{
    CodecKind, MediaProfile, SdpError,
    jsep::{
        Direction, Formats, Kind, LocalDescription, LocalTransport, MediaLine, Negotiated,
        RemoteDescription, Wishes, agree, read, write,
    },
    transport::{Announced, Crypto, Keying},
};

const EVERY: [MediaProfile; 3] = [
    MediaProfile::Webrtc,
    MediaProfile::SdesSrtp,
    MediaProfile::PlainRtp,
];
const SAVP: &[MediaProfile] = &[MediaProfile::SdesSrtp];
const AVP: &[MediaProfile] = &[MediaProfile::PlainRtp];

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// Keys that stay the same, for snapshots.
fn keys(letter: &str) -> Vec<Crypto> {
    let gcm = format!("1 AEAD_AES_128_GCM inline:{}A==", letter.repeat(37));
    let counter = format!("2 AES_CM_128_HMAC_SHA1_80 inline:{}", letter.repeat(40));
    let read = |line: String| Crypto::parse(&line).expect("a key");
    vec![read(gcm), read(counter)]
}

fn say(
    transport: LocalTransport<'_>,
    direction: Direction,
    formats: &Formats,
    lines: &[MediaLine],
) -> String {
    write(&LocalDescription {
        session_id: 4_711,
        version: 1,
        transport,
        direction,
        formats,
        packet_time: Duration::from_millis(20),
        ssrc: 1_234,
        cname: "name",
        lines,
    })
}

fn offer(transport: LocalTransport<'_>, direction: Direction) -> String {
    let formats = Formats::offered(&ALL, &Formats::default());
    say(transport, direction, &formats, &[])
}

fn srtp(cryptos: &[Crypto]) -> LocalTransport<'_> {
    LocalTransport::Srtp {
        address: address("192.0.2.7:40000"),
        cryptos,
    }
}

fn rtp() -> LocalTransport<'static> {
    LocalTransport::Rtp {
        address: address("[2001:db8::7]:40000"),
    }
}

/// The answer to an offer, with these keys of ours.
fn answer(offer: &str, profiles: &[MediaProfile], keys: &[Crypto]) -> (String, Negotiated) {
    let remote = read(Kind::Offer, offer, profiles).expect("an offer");
    let wishes = Wishes {
        keys,
        ..wishes(&ALL, Direction::SendRecv)
    };
    let agreed = agree(Kind::Offer, &remote, wishes).expect("agreed");
    let transport = match &agreed.keying {
        Keying::Sdes { local, .. } => srtp(std::slice::from_ref(local)),
        Keying::Dtls { .. } | Keying::Unprotected => rtp(),
    };
    let text = say(transport, agreed.direction, &agreed.formats, &remote.lines);
    (text, agreed)
}

#[test]
fn a_call_with_keys_in_the_description_is_offered_and_answered() {
    let (near, far) = (keys("n"), keys("f"));
    let offer = offer(srtp(&near), Direction::SendRecv);
    let (answer, agreed) = answer(&offer, SAVP, &far);
    assert_snapshot!("sdes_offer", offer.replace('\r', ""));
    assert_snapshot!("sdes_answer", answer.replace('\r', ""));

    let remote = read(Kind::Answer, &answer, SAVP).expect("an answer");
    let wishes = Wishes {
        keys: &near,
        ..wishes(&ALL, Direction::SendRecv)
    };
    let mirrored = agree(Kind::Answer, &remote, wishes).expect("agreed");
    let (
        Keying::Sdes { local, remote },
        Keying::Sdes {
            local: l,
            remote: r,
        },
    ) = (mirrored.keying, agreed.keying)
    else {
        panic!("both have keys");
    };
    assert_eq!((local, remote), (r, l));
}

#[test]
fn an_unprotected_call_is_offered_and_answered() {
    let offer = offer(rtp(), Direction::SendRecv);
    let (answer, agreed) = answer(&offer, AVP, &[]);
    assert_eq!(agreed.keying, Keying::Unprotected);
    assert_snapshot!("plain_offer", offer.replace('\r', ""));
    assert_snapshot!("plain_answer", answer.replace('\r', ""));
}

/// What a desk phone says, shortened.
const PHONE: &str = "v=0
o=phone 1 1 IN IP4 192.0.2.20
s=call
c=IN IP4 192.0.2.20
t=0 0
m=audio 11780 RTP/SAVP 9 8 0 101
a=crypto:1 AES_CM_256_HMAC_SHA1_80 inline:cGhvbmU
a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:pppppppppppppppppppppppppppppppppppppppp|2^31
a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP|2^31
a=rtpmap:9 G722/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
a=sendrecv
";

fn phone() -> String {
    crlf(PHONE)
}

fn plain_phone() -> String {
    let kept = phone()
        .split_inclusive('\n')
        .filter(|line| !line.starts_with("a=crypto"))
        .collect::<String>();
    kept.replace("RTP/SAVP", "RTP/AVP")
}

fn announced(text: &str) -> Result<Announced, SdpError> {
    let remote = read(Kind::Offer, text, &EVERY)?;
    Ok(remote.transport.announced().expect("no ICE"))
}

#[test]
fn a_phones_offer_is_answered_with_the_first_suite_that_we_know_under_its_number() {
    let ours =
        Crypto::parse("0 AES_CM_128_HMAC_SHA1_32 inline:oooooooooooooooooooooooooooooooooooooooo");
    let keys = [ours.expect("a key")];
    let (answer, agreed) = answer(&phone(), &EVERY, &keys);
    assert_eq!(agreed.formats.codecs[0].kind, CodecKind::Pcmu);
    let crypto: Vec<_> = answer
        .lines()
        .filter(|line| line.starts_with("a=crypto"))
        .collect();
    assert_eq!(crypto.len(), 1);
    assert!(
        crypto[0].starts_with("a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:ooo"),
        "{answer}"
    );
    assert!(answer.contains(" RTP/SAVP "), "{answer}");
    assert!(
        !answer.contains("rtcp-mux") && !answer.contains("a=mid") && !answer.contains("a=group"),
        "only what the phone knows: {answer}"
    );
}

#[test]
fn every_profile_is_answered_in_its_own() {
    let keys = keys("f");
    for (protocol, plain) in [
        ("RTP/AVP", true),
        ("RTP/AVPF", true),
        ("RTP/SAVP", false),
        ("RTP/SAVPF", false),
    ] {
        let line = format!(" {protocol} 9");
        let text = match plain {
            true => plain_phone().replace(" RTP/AVP 9", &line),
            false => phone().replace(" RTP/SAVP 9", &line),
        };
        let (answer, _) = answer(&text, &EVERY, &keys);
        assert!(answer.contains(&format!(" {protocol} ")), "{answer}");
    }
}

#[test]
fn what_is_not_accepted_is_not_secured() {
    let refused = |text: &str, profiles: &[MediaProfile]| read(Kind::Offer, text, profiles).err();
    let not_secured = Some(SdpError::NotSecured);
    let secured = [MediaProfile::Webrtc, MediaProfile::SdesSrtp];
    assert_eq!(refused(&plain_phone(), &secured), not_secured);
    assert_eq!(refused(&phone(), &[MediaProfile::Webrtc]), not_secured);
    assert_eq!(refused(&phone(), AVP), not_secured);
    assert_eq!(refused(&crlf(BROWSER), SAVP), not_secured);
    // Keys beside a profile that has none don't make it one that has.
    let odd = phone().replace("RTP/SAVP", "RTP/AVP");
    assert_eq!(refused(&odd, &secured), not_secured);
}

#[test]
fn keys_beside_a_fingerprint_are_left_aside() {
    let crypto = "a=mid:0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\
                  PPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPPP";
    let both = crlf(BROWSER).replace("a=mid:0", crypto);
    let remote = read(Kind::Offer, &both, &EVERY).expect("an offer");
    assert_eq!(remote.transport.profile(), MediaProfile::Webrtc);
}

#[test]
fn of_the_same_call_offered_secured_and_not_the_accepted_one_is_taken() {
    let audio = |text: &str| text[text.find("m=audio").expect("audio")..].to_owned();
    for (first, second) in [(phone(), plain_phone()), (plain_phone(), phone())] {
        let both = first.clone() + &audio(&second);
        for (profiles, profile) in [
            (SAVP, MediaProfile::SdesSrtp),
            (AVP, MediaProfile::PlainRtp),
        ] {
            let remote = read(Kind::Offer, &both, profiles).expect("an offer");
            assert_eq!(remote.transport.profile(), profile);
            let (answer, _) = answer(&both, profiles, &keys("f"));
            assert_eq!(answer.matches("m=audio 0 ").count(), 1, "{answer}");
            assert_eq!(answer.matches("m=audio 40000 ").count(), 1, "{answer}");
        }
    }
}

#[test]
fn each_lack_of_an_offer_has_its_error() {
    let changed = |from: &str, to: &str| announced(&phone().replace(from, to)).err();
    assert_eq!(changed("nothing", "of it"), None);
    assert_eq!(changed("a=crypto", "a=x"), Some(SdpError::NoCrypto));
    assert_eq!(changed("inline", "outline"), Some(SdpError::NoCrypto));
    let no_address = Some(SdpError::NoAddress);
    let line = "c=IN IP4 192.0.2.20\r\n";
    assert_eq!(changed(line, ""), no_address);
    for address in ["phone.example.com", "224.2.1.1/127", "255.255.255.255"] {
        let line = line.replace("192.0.2.20", address);
        assert_eq!(changed("c=IN IP4 192.0.2.20\r\n", &line), no_address);
    }
    let rejected = Some(SdpError::NoAudio);
    assert_eq!(changed("m=audio 11780", "m=audio 0"), rejected);
    assert_eq!(
        changed("a=ptime:20", "a=bundle-only\r\nm=x 9 RTP/AVP 0"),
        None
    );
    let bundled = phone().replace("m=audio 11780", "m=audio 0");
    let bundled = bundled.replace("a=ptime:20", "a=bundle-only");
    assert_eq!(announced(&bundled).err(), rejected);
}

#[test]
fn an_answer_has_to_take_a_key_that_was_offered() {
    let offered = keys("n");
    let agreed = |text: &str| {
        let remote = read(Kind::Answer, text, SAVP)?;
        let wishes = Wishes {
            keys: &offered,
            ..wishes(&ALL, Direction::SendRecv)
        };
        agree(Kind::Answer, &remote, wishes).map(|_| ())
    };
    // The phone's third line has a suite of ours under another number.
    assert_eq!(agreed(&phone()), Err(SdpError::NoCrypto));
    let numbered = phone().replace("a=crypto:3", "a=crypto:2");
    assert_eq!(agreed(&numbered), Ok(()));
}

#[test]
fn reports_have_their_own_port_unless_the_far_side_says_otherwise() {
    let reports = |line: &str| {
        let text = phone().replace("a=sendrecv", &format!("a=sendrecv\r\n{line}"));
        let announced = announced(&text).expect("an offer");
        assert_eq!(announced.rtp, address("192.0.2.20:11780"));
        announced.rtcp
    };
    assert_eq!(reports("a=x"), address("192.0.2.20:11781"));
    assert_eq!(reports("a=rtcp-mux"), address("192.0.2.20:11780"));
    assert_eq!(reports("a=rtcp:5000"), address("192.0.2.20:5000"));
    let elsewhere = reports("a=rtcp:5000 IN IP4 192.0.2.21");
    assert_eq!(elsewhere, address("192.0.2.21:5000"));
    for odd in ["a=rtcp:0", "a=rtcp:x", "a=rtcp:"] {
        assert_eq!(reports(odd), address("192.0.2.20:11781"), "{odd}");
    }
    let group = reports("a=rtcp:5000 IN IP4 224.0.0.1");
    assert_eq!(group, address("192.0.2.20:5000"));
}

#[test]
fn the_address_of_the_audio_goes_before_that_of_the_session() {
    let own = phone().replace("a=ptime", "c=IN IP6 2001:db8::20\r\na=ptime");
    // A connection line stands before the attributes.
    let (head, tail) = own.split_once("a=crypto:1").expect("a key");
    let line = "c=IN IP6 2001:db8::20\r\n";
    let own = format!("{head}{line}a=crypto:1{}", tail.replace(line, ""));
    let announced = announced(&own).expect("an offer");
    assert_eq!(announced.rtp, address("[2001:db8::20]:11780"));
}

#[test]
fn hold_is_understood_in_both_forms() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    let zero = ("192.0.2.20\r\nt=", "0.0.0.0\r\nt=");
    let zero_v6 = ("IP4 192.0.2.20\r\nt=", "IP6 ::\r\nt=");
    let none = ("x", "x");
    for ((from, to), said, theirs, ours) in [
        (none, "sendrecv", SendRecv, SendRecv),
        (none, "sendonly", SendOnly, RecvOnly),
        (none, "inactive", Inactive, Inactive),
        (none, "recvonly", RecvOnly, SendOnly),
        (zero, "sendrecv", SendOnly, RecvOnly),
        (zero_v6, "sendrecv", SendOnly, RecvOnly),
        (zero, "sendonly", SendOnly, RecvOnly),
        (zero, "inactive", Inactive, Inactive),
        (zero, "recvonly", Inactive, Inactive),
    ] {
        let text = phone().replace("a=sendrecv", &format!("a={said}"));
        let text = text.replace(from, to);
        let remote = read(Kind::Offer, &text, &EVERY).expect("an offer");
        assert_eq!(remote.direction, theirs, "{to} {said}");
        let (_, agreed) = answer(&text, &EVERY, &keys("f"));
        assert_eq!(agreed.direction, ours, "{to} {said}");
    }
    // With ICE the addresses are candidates, and this one means nothing.
    let browser = read(Kind::Offer, &crlf(BROWSER), &EVERY).expect("an offer");
    assert_eq!(browser.direction, SendRecv);
}

#[test]
fn keys_and_addresses_stay_out_of_debug_output() {
    let remote: RemoteDescription = read(Kind::Offer, &phone(), &EVERY).expect("an offer");
    let (_, agreed) = answer(&phone(), &EVERY, &keys("f"));
    let text = format!("{remote:?} {agreed:?}");
    for secret in ["pppp", "PPPP", "ffff", "192.0.2.20"] {
        assert!(!text.contains(secret), "{text}");
    }
}

proptest! {
    #[test]
    fn a_damaged_offer_is_read_or_refused_without_panic(
        secured in any::<bool>(),
        at in 0usize..2_000,
        octet in any::<u8>(),
        cut in 0usize..2_000,
    ) {
        let text = if secured { phone() } else { plain_phone() };
        let mut bytes = text.into_bytes();
        let length = bytes.len();
        bytes[at % length] = octet;
        bytes.truncate(length - cut % length);
        let text = String::from_utf8_lossy(&bytes);
        let keys = keys("f");
        let wishes = Wishes { keys: &keys, ..wishes(&ALL, Direction::SendRecv) };
        if let Ok(remote) = read(Kind::Offer, &text, &EVERY)
            && let Ok(agreed) = agree(Kind::Offer, &remote, wishes)
        {
            let (transport, profiles) = match &agreed.keying {
                Keying::Sdes { local, .. } => (srtp(std::slice::from_ref(local)), SAVP),
                Keying::Dtls { .. } | Keying::Unprotected => (rtp(), AVP),
            };
            let answer = say(transport, agreed.direction, &agreed.formats, &remote.lines);
            prop_assert!(read(Kind::Answer, &answer, profiles).is_ok(), "{answer}");
        }
    }
}
