//! Sound and packets of an internet telephone call.
//!
//! Devices and files ([`AudioBackend`]), codecs ([`Codec`], [`Encoder`], [`Decoder`]), an adaptive
//! jitter buffer ([`JitterBuffer`]), RTP and RTCP, and offer and answer (RFC 3264): as WebRTC, by ICE and
//! DTLS-SRTP with JSEP (RFC 9429), or as desk phones and SIP providers speak it ([`MediaProfile`]).
//! Usable without the rest of the SDK.
#![forbid(unsafe_code)]

mod audio;
mod codec;
mod emodel;
mod jitter;
mod jsep;
mod rtp;
mod session;
mod sound;
mod stats;
mod transport;
mod units;

#[cfg(feature = "device")]
pub use audio::DeviceBackend;
pub use audio::{
    AudioBackend, AudioDevice, AudioDirection, AudioError, AudioRole, CaptureStream, DeviceChange,
    DeviceChoice, DeviceCounts, DeviceId, DeviceList, DevicePreference, DeviceWatcher,
    LoopbackBackend, NullBackend, PlayoutStream, Script, SplitBackend, WantedDevice, WavBackend,
};
#[doc(hidden)]
pub use codec::exercise_decoder;
pub use codec::{
    Codec, CodecError, CodecKind, Decoder, Encoder, EncoderTuning, G722Codec, L16Codec,
    OpusBackend, OpusCodec, PcmaCodec, PcmuCodec, codec,
};
pub use emodel::{EmodelInput, Mos, mos};
#[doc(hidden)]
pub use jitter::exercise_jitter_buffer;
pub use jitter::{
    Dropped, Inserted, JitterBuffer, JitterConfig, JitterStats, Played, PlayedKind, RtpPacketRef,
};
pub use jsep::SdpError;
pub use rtp::VoipMetrics;
#[doc(hidden)]
pub use rtp::exercise_tones;
pub use session::{
    Attendance, AudioSession, ConferenceId, ConfigFault, Deadlines, DtmfError, Engine,
    EngineBuilder, EngineError, HoldMusic, Impairment, Intent, JoinError, NegotiationError,
    OpenError, OwnSound, SessionConfig, SessionError, SessionEvent, SoundEvent, SoundEvents,
    StatsStream,
};
#[doc(hidden)]
pub use session::{
    ReceiveExercise, exercise_datagram, exercise_description, exercise_protected, exercise_rtcp,
    exercise_stun,
};
pub use sound::{
    Burst, DtmfDetector, DtmfDigit, DtmfEvent, DtmfGenerator, DtmfQueueFull, DtmfTiming, Fader,
    FrameResampler, Gain, Level, LevelMeter, Limiter, Mixer, MixerFull, PartyId, Resampler, Tone,
    ToneGenerator, ToneKind, TonePlan, Tune,
};
pub use stats::{DropCounts, ImpairmentStats, SessionStats};
pub use transport::{IceServer, MAX_DATAGRAM, MediaProfile};
pub use units::{Bitrate, Complexity, LossRate, MediaTime, PayloadType, SampleRate, SeqNum, Ssrc};
