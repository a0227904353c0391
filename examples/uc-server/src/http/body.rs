use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use uc_protocol::{
    limits::MAX_FILE_BYTES,
    ucx::{DecodeError, Problem, ProblemType, Resource, decode},
};

use super::reply;

/// A request's whole body, within the limit.
pub(super) struct Received(Vec<u8>);

impl Received {
    pub(super) fn new(text: &str) -> Self {
        Self(text.into())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn decode<T: Resource>(&self) -> Result<T, Problem> {
        decode(&self.0).map_err(|error| refuse(&error))
    }

    /// An absent body is the default one.
    pub(super) fn decode_or_default<T: Resource + Default>(&self) -> Result<T, Problem> {
        if self.0.is_empty() {
            return Ok(T::default());
        }
        self.decode()
    }
}

/// Reads a body. One larger than `most` is read on to [`DRAIN_BYTES`] without being kept, so that
/// the connection can be used again; beyond, hyper closes it after the answer.
pub(super) async fn read(body: Incoming, most: usize) -> Result<Received, Problem> {
    match tokio::time::timeout(TIMEOUT, collect(body, most)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(reply::problem(
            ProblemType::Malformed,
            408,
            "the request's body didn't arrive in time",
        )),
    }
}

async fn collect(mut body: Incoming, most: usize) -> Result<Received, Problem> {
    let mut received = Vec::new();
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| reply::plain(ProblemType::Malformed))?;
        let data: Bytes = frame.into_data().unwrap_or_default();
        size += data.len();
        if size <= most {
            received.extend_from_slice(&data);
        } else {
            received = Vec::new();
        }
        if size > DRAIN_BYTES {
            break;
        }
    }
    if size > most {
        return Err(reply::plain(ProblemType::TooLarge));
    }
    Ok(Received(received))
}

fn refuse(error: &DecodeError) -> Problem {
    let (kind, status) = match error {
        DecodeError::TooLarge(_) => (ProblemType::TooLarge, 413),
        DecodeError::Field(_) => (ProblemType::RefusedValue, 422),
        _ => (ProblemType::Malformed, 400),
    };
    reply::problem(kind, status, &error.to_string())
}

/// How long a body may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// How much of a body that is too large is read and thrown away.
const DRAIN_BYTES: usize = 2 * MAX_FILE_BYTES;
