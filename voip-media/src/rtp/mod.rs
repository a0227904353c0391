//! RTP headers, reception statistics and reports (RFC 3550). Pure.

mod header;
mod reception;
mod report;
mod sender;

pub(crate) use header::{HEADER, RtpView};
pub(crate) use reception::Reception;
pub(crate) use report::{Feedback, ReportSchedule, Reporter, SentFigures, ntp_time};
pub(crate) use sender::Packetizer;
