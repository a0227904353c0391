use thiserror::Error;

use crate::limits::{MAX_SIP_BYTES, MAX_SIP_HEADERS, MAX_SIP_LINE_BYTES};

/// Why a SIP message, or a part of it, can't be read. Lines are counted from 1; nothing of the
/// content is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SipError {
    /// Nothing but line ends, or nothing at all.
    #[error("the message is empty")]
    Empty,
    /// Longer than [`MAX_SIP_BYTES`].
    #[error("the message has {0} bytes, more than the {MAX_SIP_BYTES} that are allowed")]
    TooLarge(usize),
    /// The first line is neither a request line nor a status line (RFC 3261 §7.1, §7.2).
    #[error("the first line is neither that of a SIP request nor of a SIP response")]
    StartLine,
    /// Another version than SIP/2.0; a request is answered with 505.
    #[error("the message has another version than SIP/2.0")]
    Version,
    /// The status isn't 100 to 699.
    #[error("the status of the response is not a number from 100 to 699")]
    Status,
    /// The Request-URI can't be read, or has header fields in it (RFC 3261 §19.1.1).
    #[error("the request's target can't be read")]
    RequestUri,
    /// A line of the head is no header field, or has control characters in it.
    #[error("line {0} of the message is no header field")]
    Line(usize),
    /// A line of the head is longer than [`MAX_SIP_LINE_BYTES`], with its continuations.
    #[error("line {0} of the message has more than {MAX_SIP_LINE_BYTES} bytes")]
    LineTooLong(usize),
    /// More than [`MAX_SIP_HEADERS`] header fields.
    #[error("the message has more than {MAX_SIP_HEADERS} header fields")]
    TooManyHeaders,
    /// No empty line ends the head.
    #[error("the message ends inside its head")]
    NoEnd,
    /// `Content-Length` is no number, or has several values, or is missing on a stream.
    #[error("the length of the message's body is unknown")]
    ContentLength,
    /// The message ends before its body does; a request is answered with 400 (RFC 3261 §18.3).
    #[error("the body has {got} bytes of {expected}")]
    Cut {
        /// The length that `Content-Length` tells.
        expected: usize,
        /// The length that came.
        got: usize,
    },
    /// What comes on the stream can't be divided into messages; it has ended.
    #[error("the stream can't be divided into messages any more; connect again")]
    Unframeable,
    /// This header field is missing.
    #[error("the message has no {0}")]
    Missing(&'static str),
    /// This header field is there more than once.
    #[error("the message has more than one {0}")]
    Repeated(&'static str),
    /// This header field, or this text, can't be read.
    #[error("the {0} can't be read")]
    Malformed(&'static str),
    /// The method in `CSeq` is another one than the request's (RFC 3261 §8.1.1.5).
    #[error("CSeq names another method than the request")]
    MethodMismatch,
}
