//! `voip-media`'s words in those of the port.

use std::time::Duration;

use voip_media::{
    DropCounts, EmodelInput, LossRate, NegotiationError, OpenError, SdpError, SessionError,
    SessionEvent, SessionStats,
};

use crate::port::{Candidates, MediaError, MediaEvent, MediaStats};

/// Why there is no session. What has no kind of its own is told in the engine's words.
pub(super) fn open_error(error: OpenError) -> MediaError {
    match error {
        OpenError::Closed => MediaError::Closed,
        other => in_words(other),
    }
}

/// What has no kind of its own in the port.
pub(super) fn in_words(error: impl std::error::Error) -> MediaError {
    MediaError::Device(error.to_string())
}

/// Why a description was not made or not taken.
pub(super) fn negotiation_error(error: NegotiationError) -> MediaError {
    match error {
        NegotiationError::Description(error) => description_error(&error),
        NegotiationError::WrongState => MediaError::WrongState,
        NegotiationError::NoCandidates => MediaError::NoPath,
        NegotiationError::Closed => MediaError::Closed,
        _ => MediaError::Malformed,
    }
}

/// Secured as WebRTC demands means: DTLS-SRTP, a fingerprint, ICE, one port, a DTLS role.
fn description_error(error: &SdpError) -> MediaError {
    match error {
        SdpError::NoAudio => MediaError::NoAudio,
        SdpError::NoCommonCodec => MediaError::NoCommonCodec,
        SdpError::NotSecured
        | SdpError::NoFingerprint
        | SdpError::NoIceCredentials
        | SdpError::NoRtcpMux
        | SdpError::NoDtlsRole => MediaError::NotSecured,
        _ => MediaError::Malformed,
    }
}

/// What a session tells, as far as the port wants to know.
///
/// The far side's closing is passed over: that the call has ended is the server's to say, which
/// says it with a cause; where it can't, the path falls silent, which is told.
pub(super) fn event(event: SessionEvent) -> Option<MediaEvent> {
    Some(match event {
        SessionEvent::LocalCandidate(candidate) => candidates(vec![candidate], false),
        SessionEvent::GatheringComplete => candidates(Vec::new(), true),
        SessionEvent::Connected | SessionEvent::Reconnected => MediaEvent::Connected,
        SessionEvent::FirstAudio { .. } => MediaEvent::Heard,
        SessionEvent::Applied { number } => MediaEvent::Applied { number },
        SessionEvent::Disconnected => MediaEvent::Interrupted,
        SessionEvent::Failed(error) => MediaEvent::Failed(session_error(error)),
        SessionEvent::AudioDevice(error) => device(error.to_string()),
        SessionEvent::AudioRecovered => device("the sound device works again".into()),
        _ => return None,
    })
}

/// The session doesn't count rounds: whoever numbers the descriptions numbers these.
fn candidates(candidates: Vec<String>, complete: bool) -> MediaEvent {
    MediaEvent::Candidates(Candidates {
        generation: 0,
        candidates,
        complete,
    })
}

const fn device(words: String) -> MediaEvent {
    MediaEvent::Device(MediaError::Device(words))
}

fn session_error(error: SessionError) -> MediaError {
    match error {
        SessionError::NoPath => MediaError::NoPath,
        SessionError::PathLost => MediaError::Lost,
        SessionError::Handshake | SessionError::NoSrtpProfile => MediaError::NotSecured,
        SessionError::WrongFingerprint => MediaError::WrongFingerprint,
        _ => MediaError::Closed,
    }
}

/// A session's figures. `path` is what they don't tell: what an impairment inside the program adds
/// to the network's delay.
pub(super) fn stats(stats: &SessionStats, path: Duration) -> MediaStats {
    MediaStats {
        sent: stats.packets_sent,
        received: stats.packets_received,
        loss: share(stats.packets_lost, stats.packets_received),
        concealed: missing(stats),
        buffer_delay: stats.mean_buffer_delay,
        round_trip: stats.round_trip,
        first_heard: stats.first_audio_after,
        mos: quality(stats, path),
        refused: refused(&stats.drops),
    }
}

/// The E-model's estimate of what this side hears (ITU-T G.107 family). Packets that were lost but
/// neither made up nor skipped came from in-band FEC.
fn quality(stats: &SessionStats, path: Duration) -> Option<f32> {
    let codec = stats.codec.filter(|_| stats.played >= ENOUGH)?;
    let network = stats.round_trip.unwrap_or_default() / 2 + path;
    let lost = share(stats.packets_lost, stats.packets_received);
    let mos = voip_media::mos(EmodelInput {
        one_way_delay: ENDS + network + stats.mean_buffer_delay,
        loss: LossRate(missing(stats)),
        recovered: LossRate((lost - missing(stats)).max(0.0)),
        ..EmodelInput::new(codec)
    });
    Some(mos.value() as f32)
}

/// The share of sound that loss and lateness took.
fn missing(stats: &SessionStats) -> f32 {
    (stats.concealed_share + stats.skipped_share).min(1.0)
}

/// The lost ones among all that were sent.
fn share(lost: u64, received: u64) -> f32 {
    match lost + received {
        0 => 0.0,
        sent => (lost as f64 / sent as f64) as f32,
    }
}

/// What was thrown away because it is not of this call, or can't be: everything but the call's
/// own packets for which there was no room or no key yet.
const fn refused(drops: &DropCounts) -> u64 {
    drops.total() - drops.early - drops.receive_overflow - drops.send_overflow
}

/// So much sound must have been played for a judgement (our choice).
const ENOUGH: Duration = Duration::from_secs(1);
/// What the ends add to the delay: 10 ms of capture, 20 ms of a packet, 6.5 ms of Opus's look-ahead
/// (RFC 6716 §2), 10 ms of playout; a sound card adds its own.
const ENDS: Duration = Duration::from_micros(46_500);

#[cfg(test)]
mod tests;
