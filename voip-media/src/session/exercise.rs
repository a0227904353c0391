//! Bodies of the fuzz targets for what comes from the network: nothing may panic or grow.

use std::time::Duration;

use dimpl::{KeyingMaterial, SrtpProfile};
use webrtc_ice::candidate::candidate_base::unmarshal_candidate;

use crate::{
    CodecKind, Decoder, JitterBuffer, JitterConfig, MediaProfile, MediaTime, PayloadType,
    RtpPacketRef, SampleRate, SeqNum, Ssrc, codec,
    jsep::{Direction, Kind, Wishes, agree, read},
    rtp::{HEADER, Packetizer, Reception, Reporter, RtpView},
    transport::{
        Crypto, CryptoSuite, DtlsRole, IceCandidate, MediaKind, OpenChecks, Srtp, classify,
        mapped_address,
    },
};

/// Reads any bytes as an offer and as an answer, and agrees with them.
#[doc(hidden)]
pub fn exercise_description(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let wishes = Wishes {
        codecs: &[CodecKind::Opus, CodecKind::Pcmu, CodecKind::Pcma],
        preselection: false,
        direction: Direction::SendRecv,
        packet_time: Duration::from_millis(20),
        role: None,
        keys: &CryptoSuite::ALL.map(|suite| Crypto::generate(1, suite)),
    };
    for kind in [Kind::Offer, Kind::Answer] {
        for profile in [
            MediaProfile::Webrtc,
            MediaProfile::SdesSrtp,
            MediaProfile::PlainRtp,
        ] {
            if let Ok(remote) = read(kind, &text, &[profile]) {
                let _ = agree(kind, &remote, wishes);
            }
        }
    }
    for line in text.lines().take(8) {
        let _ = Crypto::parse(line);
        if let Some(candidate) = IceCandidate::parse(line) {
            let _ = unmarshal_candidate(candidate.bare());
        }
    }
}

/// Reads any bytes as whatever a datagram can be: before it is opened, and once it is.
#[doc(hidden)]
pub fn exercise_datagram(data: &[u8]) {
    let _ = classify(data);
    let _ = RtpView::parse(data);
    let _ = mapped_address(data, &[0; 12]);
    exercise_rtcp(data);
    for profile in [
        SrtpProfile::AES128_CM_SHA1_80,
        SrtpProfile::AEAD_AES_128_GCM,
    ] {
        refuse(profile, data);
    }
}

/// Takes octets as a sequence of packets that the far side has really protected, so that what lies
/// behind the tag is reached: lengths, numbers and contents are any, some come twice or broken. Gives
/// how many were authentic.
#[doc(hidden)]
pub fn exercise_protected(data: &[u8]) -> usize {
    let Some((&choice, mut rest)) = data.split_first() else {
        return 0;
    };
    let profile = match choice & 1 {
        0 => SrtpProfile::AES128_CM_SHA1_80,
        _ => SrtpProfile::AEAD_AES_128_GCM,
    };
    let kind = match choice & 2 {
        0 => MediaKind::Rtp,
        _ => MediaKind::Rtcp,
    };
    let (Some(mut near), Some(mut far)) = (
        protection(profile, DtlsRole::Active),
        protection(profile, DtlsRole::Passive),
    ) else {
        return 0;
    };
    let mut inside = Inside::default();
    let mut authentic = 0;
    while let Some((&[length, damage], behind)) = rest.split_first_chunk::<2>() {
        let (packet, behind) = behind.split_at(usize::from(length).min(behind.len()));
        rest = behind;
        let Ok(mut protected) = near.protect(kind, packet) else {
            continue;
        };
        if damage & 0x80 != 0 {
            let at = usize::from(damage & 0x7f) % protected.len();
            protected[at] ^= 1;
        }
        for _ in 0..2 {
            if let Ok(opened) = far.unprotect(kind, &protected) {
                authentic += 1;
                inside.take(kind, &opened);
            }
        }
    }
    authentic
}

/// What reads a packet once it is open.
#[derive(Default)]
struct Inside {
    reception: Option<Reception>,
    now: MediaTime,
}

impl Inside {
    fn take(&mut self, kind: MediaKind, packet: &[u8]) {
        self.now = self.now.after(Duration::from_millis(7));
        match kind {
            MediaKind::Rtp => self.take_rtp(packet),
            MediaKind::Rtcp => exercise_rtcp(packet),
        }
    }

    fn take_rtp(&mut self, packet: &[u8]) {
        let Some(view) = RtpView::parse(packet) else {
            return;
        };
        let new = || Reception::new(SampleRate::HZ_48000, view.seq);
        let reception = self.reception.get_or_insert_with(new);
        reception.record(view.seq, view.timestamp, self.now);
        let figures = reception.bursts();
        assert!((0.0..=1.0).contains(&figures.burst_density), "{figures:?}");
        assert!((0.0..=1.0).contains(&figures.gap_density), "{figures:?}");
        assert!(reception.report().total_lost <= 0x7f_ffff);
    }
}

/// Reads octets as RTCP that has been opened.
#[doc(hidden)]
pub fn exercise_rtcp(data: &[u8]) {
    let mut reporter = Reporter::new(Ssrc(1), String::new(), 0);
    let feedback = reporter.read(data, MediaTime::default());
    if let Some(metrics) = feedback.and_then(|feedback| feedback.metrics) {
        assert!(
            metrics.rating.is_none_or(|rating| rating <= 100),
            "{metrics:?}"
        );
        assert!((0.0..=1.0).contains(&metrics.loss.0), "{metrics:?}");
    }
}

/// Reads octets as a STUN server's answer.
#[doc(hidden)]
pub fn exercise_stun(data: &[u8]) {
    if let Some(id) = data.get(8..).and_then(|rest| rest.first_chunk::<12>()) {
        let _ = mapped_address(data, id);
        let checks = OpenChecks::default();
        checks.sent(data);
        let _ = checks.received(data, "ours", "theirs");
    }
}

/// The way of a received packet, for the bench: opened, read, counted, and put into the jitter
/// buffer.
#[doc(hidden)]
pub struct ReceiveExercise {
    near: Srtp,
    far: Srtp,
    reception: Reception,
    jitter: JitterBuffer,
    decoder: Box<dyn Decoder>,
    frame: Vec<i16>,
    sent: u32,
}

impl ReceiveExercise {
    /// AEAD_AES_128_GCM, or AES_CM_128_HMAC_SHA1_80; PCMU of 20 ms.
    pub fn new(gcm: bool) -> Option<Self> {
        let profile = match gcm {
            true => SrtpProfile::AEAD_AES_128_GCM,
            false => SrtpProfile::AES128_CM_SHA1_80,
        };
        Some(Self {
            near: protection(profile, DtlsRole::Active)?,
            far: protection(profile, DtlsRole::Passive)?,
            reception: Reception::new(SampleRate::HZ_8000, SeqNum(0)),
            jitter: JitterBuffer::new(JitterConfig::default()),
            decoder: codec(CodecKind::Pcmu).decoder().ok()?,
            frame: vec![0; 80],
            sent: 0,
        })
    }

    /// The next packet as it is on the wire.
    pub fn send(&mut self) -> Vec<u8> {
        let mut packet = vec![0x55; HEADER + 160];
        let mut packetizer = Packetizer::new(Ssrc(7), SeqNum(self.sent as u16), self.sent * 160);
        packetizer.write(PayloadType(0), &mut packet);
        self.sent += 1;
        let protected = self.near.protect(MediaKind::Rtp, &packet);
        protected.map(|packet| packet.to_vec()).unwrap_or_default()
    }

    /// rtc-srtp's part: authenticates and decrypts.
    pub fn unprotect(&mut self, datagram: &[u8]) -> Option<bytes::BytesMut> {
        self.far.unprotect(MediaKind::Rtp, datagram).ok()
    }

    /// Our part: reads, counts and inserts. Whether the buffer took it.
    pub fn take(&mut self, packet: &[u8], now: MediaTime) -> bool {
        let Some(view) = RtpView::parse(packet) else {
            return false;
        };
        self.reception.record(view.seq, view.timestamp, now);
        let packet = RtpPacketRef {
            ssrc: view.ssrc,
            seq: view.seq,
            timestamp: view.timestamp,
            marker: view.marker,
            payload: view.payload,
        };
        self.jitter.insert(packet, &*self.decoder, now).is_ok()
    }

    /// Plays 20 ms, so that the buffer stays as full as in a call.
    pub fn play(&mut self, now: MediaTime) {
        for pull in 0..2 {
            let at = now.after(Duration::from_millis(pull * 10));
            self.jitter.get(&mut *self.decoder, &mut self.frame, at);
        }
    }
}

fn protection(profile: SrtpProfile, role: DtlsRole) -> Option<Srtp> {
    let keys = KeyingMaterial::new(&vec![7; profile.keying_material_len()]);
    Srtp::new(&keys, profile, role)
}

/// What isn't authentic is refused, whatever its lengths say.
fn refuse(profile: SrtpProfile, data: &[u8]) {
    let Some(mut protection) = protection(profile, DtlsRole::Active) else {
        return;
    };
    for kind in [MediaKind::Rtp, MediaKind::Rtcp] {
        assert!(protection.unprotect(kind, data).is_err());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_packet_takes_its_way_from_the_wire_into_the_buffer() {
        for gcm in [true, false] {
            let mut way = ReceiveExercise::new(gcm).expect("a known profile");
            for index in 0..100 {
                let now = MediaTime::from_micros(index * 20_000);
                let datagram = way.send();
                let packet = way.unprotect(&datagram).expect("authentic");
                assert!(way.take(&packet, now), "{index}");
                way.play(now);
            }
            assert_eq!(way.reception.lost(), 0);
            assert_eq!(way.jitter.stats().lost_packets, 0);
        }
    }

    #[test]
    fn what_is_behind_the_tag_is_reached_once_a_packet_and_never_if_it_was_broken() {
        let rtp = [0x80, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 1, 2];
        for profile in [0, 1] {
            let whole = [&[profile, 14, 0][..], &rtp].concat();
            assert_eq!(exercise_protected(&whole), 1);
            let broken = [&[profile, 14, 0x80 | 13][..], &rtp].concat();
            assert_eq!(exercise_protected(&broken), 0);
        }
    }

    proptest! {
        #[test]
        fn nothing_from_the_network_panics(data in proptest::collection::vec(any::<u8>(), 0..300)) {
            exercise_description(&data);
            exercise_datagram(&data);
            let _ = exercise_protected(&data);
            exercise_stun(&data);
        }
    }
}
