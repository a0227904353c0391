//! RTP headers, reception statistics and reports (RFC 3550). Pure.

mod bursts;
mod header;
mod metrics;
mod reception;
mod report;
mod sender;
mod tone;

pub(crate) use bursts::{BurstFigures, Bursts};
pub(crate) use header::{HEADER, RtpView};
pub use metrics::VoipMetrics;
pub(crate) use reception::Reception;
pub(crate) use report::{Feedback, ReportSchedule, Reporter, SentFigures, ntp_time};
pub(crate) use sender::Packetizer;
#[doc(hidden)]
pub use tone::exercise_tones;
pub(crate) use tone::{
    KeyTone, LENGTH as TONE_LENGTH, MAX_TONES, TonePacket, ToneReceiver, ToneSender,
};
