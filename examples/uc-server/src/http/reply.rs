use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use uc_protocol::ucx::{Problem, ProblemType, Resource};

use super::encode;
use crate::exchange::{Answer, Refusal};

/// What an answer's body is: whole, or a stream of events.
pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// An answer with a whole body.
pub(super) struct Reply {
    status: u16,
    body: Vec<u8>,
}

impl Reply {
    pub(super) fn new<T: Resource>(status: u16, resource: &T) -> Self {
        Self {
            status,
            body: encode(resource),
        }
    }

    pub(super) fn ok<T: Resource>(resource: &T) -> Self {
        Self::new(200, resource)
    }

    /// 204.
    pub(super) const fn empty() -> Self {
        Self {
            status: 204,
            body: Vec::new(),
        }
    }

    pub(super) fn problem(problem: &Problem) -> Self {
        Self::new(problem.status, problem)
    }

    /// 201, or why not.
    pub(super) fn made<T: Resource>(outcome: Result<T, Refusal>) -> Self {
        match outcome {
            Ok(resource) => Self::new(201, &resource),
            Err(refusal) => Self::problem(&refusal.problem()),
        }
    }

    pub(super) fn recalled(answer: &Answer) -> Self {
        Self {
            status: answer.status,
            body: answer.body.clone().into_bytes(),
        }
    }

    pub(super) const fn status(&self) -> u16 {
        self.status
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn into_response(self) -> Response<Body> {
        let kind = if self.status >= 400 {
            "application/problem+json"
        } else {
            "application/json"
        };
        let empty = self.body.is_empty();
        let mut response = Response::new(Full::new(Bytes::from(self.body)).boxed_unsync());
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if !empty {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl<T: Resource> From<Result<T, Refusal>> for Reply {
    fn from(outcome: Result<T, Refusal>) -> Self {
        match outcome {
            Ok(resource) => Self::ok(&resource),
            Err(refusal) => Self::problem(&refusal.problem()),
        }
    }
}

/// A PNG file of a revision; without `file`, that it is unchanged.
pub(super) fn png(rev: u64, file: Option<&Arc<[u8]>>) -> Response<Body> {
    let body = file.map_or_else(Bytes::new, |file| Bytes::copy_from_slice(file));
    let mut response = Response::new(Full::new(body).boxed_unsync());
    let headers = response.headers_mut();
    if file.is_some() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{rev}\"")) {
        headers.insert(header::ETAG, tag);
    }
    if file.is_none() {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    response
}

/// The problems that are found before the exchange is asked.
pub(super) fn plain(kind: ProblemType) -> Problem {
    let (status, title) = match kind {
        ProblemType::NotSignedIn => (401, "sign in first; the session token is missing"),
        ProblemType::NotFound => (404, "the server has no such path"),
        ProblemType::TooLarge => (413, "the body is larger than the limit allows"),
        ProblemType::Unavailable => (503, "the server can't store changes now; try again later"),
        _ => (400, "the request can't be read"),
    };
    problem(kind, status, title)
}

/// 405, with what the path knows.
pub(super) fn not_allowed(allow: &'static str) -> Response<Body> {
    let mut response = Reply::problem(&wrong_method()).into_response();
    let allow = HeaderValue::from_static(allow);
    response.headers_mut().insert(header::ALLOW, allow);
    response
}

/// 405.
pub(super) fn wrong_method() -> Problem {
    problem(
        ProblemType::Malformed,
        405,
        "this path doesn't know this method",
    )
}

/// 422.
pub(super) fn refused(title: &str) -> Problem {
    problem(ProblemType::RefusedValue, 422, title)
}

pub(super) fn problem(kind: ProblemType, status: u16, title: &str) -> Problem {
    Problem {
        kind,
        status,
        title: title.to_owned(),
        cause: None,
        licence: None,
    }
}
