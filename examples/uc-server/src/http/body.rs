use std::time::Duration;

use bytes::Bytes;
use http::{Request, header};
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

/// Reads a body of at most `most` bytes.
pub(super) async fn read(body: &mut Incoming, most: usize) -> Result<Received, Problem> {
    match tokio::time::timeout(TIMEOUT, collect(body, most)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(reply::problem(
            ProblemType::Malformed,
            408,
            "the request's body didn't arrive in time",
        )),
    }
}

async fn collect(body: &mut Incoming, most: usize) -> Result<Received, Problem> {
    let mut received = Vec::new();
    while let Some(data) = next(body).await {
        let data = data.map_err(|_| reply::plain(ProblemType::Malformed))?;
        if received.len() + data.len() > most {
            return Err(reply::plain(ProblemType::TooLarge));
        }
        received.extend_from_slice(&data);
    }
    Ok(Received(received))
}

/// Throws away what an answer left unread of a body, up to [`DRAIN_BYTES`]: hyper closes the
/// connection otherwise, and a client that sends its next request over it loses that. Who waits
/// for 100 (Continue) has sent nothing yet, and isn't asked to (RFC 9110 §10.1.1).
pub(super) async fn drain(mut request: Request<Incoming>) {
    if request.headers().contains_key(header::EXPECT) {
        return;
    }
    let rest = async {
        let mut size = 0;
        while size <= DRAIN_BYTES
            && let Some(Ok(data)) = next(request.body_mut()).await
        {
            size += data.len();
        }
    };
    let _ = tokio::time::timeout(TIMEOUT, rest).await;
}

async fn next(body: &mut Incoming) -> Option<hyper::Result<Bytes>> {
    let frame = body.frame().await?;
    Some(frame.map(|frame| frame.into_data().unwrap_or_default()))
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
/// How much of a body is thrown away at most.
const DRAIN_BYTES: usize = 2 * MAX_FILE_BYTES;
