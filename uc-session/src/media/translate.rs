//! `voip-media`'s words in those of the port.

use voip_media::{
    AudioDevice, AudioDirection, AudioRole, DeviceChange, DropCounts, DtmfError, NegotiationError,
    OpenError, SdpError, SessionError, SessionEvent, SessionStats, SoundEvent,
};

use crate::port::{
    Candidates, MediaError, MediaEvent, MediaStats, SoundChange, SoundDevice, SoundRole,
};

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

/// Secured means for WebRTC: DTLS-SRTP, a fingerprint, ICE, one port, a DTLS role; for the others a
/// profile that the engine accepts, which stays, and a key.
fn description_error(error: &SdpError) -> MediaError {
    match error {
        SdpError::NoAudio => MediaError::NoAudio,
        SdpError::NoCommonCodec => MediaError::NoCommonCodec,
        SdpError::NotSecured
        | SdpError::OtherProfile
        | SdpError::NoCrypto
        | SdpError::NoFingerprint
        | SdpError::NoIceCredentials
        | SdpError::NoRtcpMux
        | SdpError::NoDtlsRole => MediaError::NotSecured,
        _ => MediaError::Malformed,
    }
}

/// Why keys were not sent.
pub(super) fn digits_error(error: DtmfError) -> MediaError {
    match error {
        DtmfError::NotConnected => MediaError::WrongState,
        DtmfError::Held => MediaError::Held,
        DtmfError::NotNegotiated => MediaError::NoDigits,
        DtmfError::TooMany => MediaError::TooManyDigits,
        DtmfError::Closed => MediaError::Closed,
        other => in_words(other),
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
        SessionEvent::NetworkChanged => MediaEvent::NetworkChanged,
        SessionEvent::Failed(error) => MediaEvent::Failed(session_error(error)),
        SessionEvent::Dtmf { digit } => MediaEvent::Digit(digit.to_char().into()),
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

/// A session's figures.
pub(super) fn stats(stats: &SessionStats) -> MediaStats {
    MediaStats {
        sent: stats.packets_sent,
        received: stats.packets_received,
        loss: share(stats.packets_lost, stats.packets_received),
        concealed: (stats.concealed_share + stats.skipped_share).min(1.0),
        buffer_delay: stats.mean_buffer_delay,
        round_trip: stats.round_trip,
        first_heard: stats.first_audio_after,
        mos: stats.mos.map(|mos| mos.value() as f32),
        xruns: stats.devices.xruns,
        refused: refused(&stats.drops),
    }
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

/// A device.
pub(super) fn sound_device(device: AudioDevice) -> SoundDevice {
    SoundDevice {
        id: device.id.0,
        name: device.name,
        is_microphone: device.direction == AudioDirection::Capture,
        is_default: device.is_default,
    }
}

/// The engine's word for a role.
pub(super) const fn audio_role(role: SoundRole) -> AudioRole {
    match role {
        SoundRole::Microphone => AudioRole::Microphone,
        SoundRole::Loudspeaker => AudioRole::Loudspeaker,
        SoundRole::Ringer => AudioRole::Ringer,
    }
}

const fn sound_role(role: AudioRole) -> SoundRole {
    match role {
        AudioRole::Microphone => SoundRole::Microphone,
        AudioRole::Loudspeaker => SoundRole::Loudspeaker,
        AudioRole::Ringer => SoundRole::Ringer,
    }
}

/// What happens to devices, as far as the port wants to know.
pub(super) fn sound_change(event: SoundEvent) -> Option<SoundChange> {
    Some(match event {
        SoundEvent::Devices(DeviceChange::Arrived(device)) => {
            SoundChange::Arrived(sound_device(device))
        }
        SoundEvent::Devices(DeviceChange::Removed(device)) => {
            SoundChange::Removed(sound_device(device))
        }
        SoundEvent::Devices(DeviceChange::DefaultChanged { .. }) => SoundChange::DefaultChanged,
        SoundEvent::Devices(DeviceChange::SystemLost(_)) => SoundChange::SystemLost,
        SoundEvent::Devices(DeviceChange::SystemBack) => SoundChange::SystemBack,
        SoundEvent::InUse { role, device } => SoundChange::InUse {
            role: sound_role(role),
            device: device.map(sound_device),
        },
        SoundEvent::Failed { role, error } => SoundChange::Failed {
            role: sound_role(role),
            error: in_words(error),
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
