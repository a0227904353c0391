use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, header};
use http_body_util::Full;

use super::{HostPort, RequestError, Timeouts, connection::HttpRequest};
use crate::{
    limits::MAX_BODY_BYTES,
    ucx::{self, DecodeError, Resource, Secret, paths::Route},
    wsi::Query,
};

/// The methods of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Method {
    /// Reads.
    Get,
    /// Makes something, or asks for a service.
    Post,
    /// Sets.
    Put,
    /// Removes.
    Delete,
}

/// A request to one server. `Debug` shows the method and nothing that identifies anybody.
#[derive(Clone)]
pub struct Request {
    method: Method,
    path: String,
    body: Option<Bytes>,
    idempotency_key: Option<String>,
    known: Option<u64>,
    body_type: &'static str,
    accept: &'static str,
    waits: bool,
    /// The longest answer, in bytes.
    pub(super) most: usize,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .finish_non_exhaustive()
    }
}

impl Request {
    /// A request without a body.
    pub fn new(method: Method, route: &Route) -> Self {
        Self {
            method,
            path: route.path(),
            body: None,
            idempotency_key: None,
            known: None,
            body_type: "application/json",
            accept: JSON,
            waits: false,
            most: route.most_answer_bytes(),
        }
    }

    /// A request of WSI. Its long poll has [`Timeouts::long_poll`](super::Timeouts::long_poll) for
    /// its answer.
    pub fn wsi(query: &Query) -> Self {
        Self {
            method: Method::Get,
            path: query.path(),
            body: None,
            idempotency_key: None,
            known: None,
            body_type: "application/json",
            accept: XML_OR_JSON,
            waits: query.is_long_poll(),
            most: MAX_BODY_BYTES,
        }
    }

    /// `GET`.
    pub fn get(route: Route) -> Self {
        Self::new(Method::Get, &route)
    }

    /// `POST`.
    pub fn post(route: Route) -> Self {
        Self::new(Method::Post, &route)
    }

    /// `PUT`.
    pub fn put(route: Route) -> Self {
        Self::new(Method::Put, &route)
    }

    /// `DELETE`.
    pub fn delete(route: Route) -> Self {
        Self::new(Method::Delete, &route)
    }

    /// This request with a body.
    #[must_use]
    pub fn body<T: Resource>(mut self, resource: &T) -> Self {
        self.body = Some(ucx::encode(resource).into());
        self
    }

    /// This request with a file as its body.
    #[must_use]
    pub fn file(mut self, bytes: Vec<u8>) -> Self {
        self.body = Some(bytes.into());
        self.body_type = "application/octet-stream";
        self
    }

    /// This request with a PNG file as its body.
    #[must_use]
    pub fn png(mut self, file: Vec<u8>) -> Self {
        self.body = Some(file.into());
        self.body_type = "image/png";
        self
    }

    /// This request for a PNG file; where it still has the revision `known`, the answer is
    /// [unchanged](Response::is_unchanged) (RFC 9110 §13.1.2).
    #[must_use]
    pub const fn unless_at(mut self, known: Option<u64>) -> Self {
        self.known = known;
        self.accept = PNG_OR_PROBLEM;
        self
    }

    /// This request with an `Idempotency-Key`: the same key again means the same request again.
    /// Visible ASCII; anything else is left out.
    #[must_use]
    pub fn idempotency_key(mut self, key: &str) -> Self {
        self.idempotency_key = Some(key.chars().filter(char::is_ascii_graphic).collect());
        self
    }

    /// This request with another kind of answer.
    pub(super) const fn accept(mut self, accept: &'static str) -> Self {
        self.accept = accept;
        self
    }

    /// How long the answer may take.
    pub(super) const fn limit(&self, timeouts: &Timeouts) -> Duration {
        if self.waits {
            timeouts.long_poll
        } else {
            timeouts.answer
        }
    }

    pub(super) fn build(
        &self,
        address: &HostPort,
        token: Option<&Secret>,
    ) -> Result<HttpRequest, RequestError> {
        let method = match self.method {
            Method::Get => http::Method::GET,
            Method::Post => http::Method::POST,
            Method::Put => http::Method::PUT,
            Method::Delete => http::Method::DELETE,
        };
        let body = self.body.clone().unwrap_or_default();
        let mut request = http::Request::new(Full::new(body));
        *request.method_mut() = method;
        // Routes are percent-encoded: only their length can be wrong.
        *request.uri_mut() = self.path.parse().map_err(|_| RequestError::PathTooLong)?;
        let headers = request.headers_mut();
        let mut set = |name, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        set(header::HOST, &address.to_string());
        set(header::ACCEPT, self.accept);
        if self.body.is_some() {
            set(header::CONTENT_TYPE, self.body_type);
        }
        if let Some(known) = self.known {
            set(header::IF_NONE_MATCH, &format!("\"{known}\""));
        }
        if let Some(key) = &self.idempotency_key {
            set(header::HeaderName::from_static("idempotency-key"), key);
        }
        if let Some(token) = token {
            set(header::AUTHORIZATION, &format!("Bearer {}", token.0));
        }
        Ok(request)
    }
}

/// A good answer (status 200 to 299, or 304), whole.
#[derive(Clone)]
pub struct Response {
    pub(super) status: u16,
    pub(super) rev: Option<u64>,
    pub(super) body: Bytes,
}

impl std::fmt::Debug for Response {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

impl Response {
    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Whether what was asked for still has the revision that was known.
    pub const fn is_unchanged(&self) -> bool {
        self.status == 304
    }

    /// The revision in the `ETag`, where there is one.
    pub const fn rev(&self) -> Option<u64> {
        self.rev
    }

    /// The body as it came, within the limit of what was asked for.
    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    /// The body as a resource.
    ///
    /// # Errors
    /// See [`DecodeError`].
    pub fn decode<T: Resource>(&self) -> Result<T, DecodeError> {
        ucx::decode(&self.body)
    }
}

const JSON: &str = "application/json, application/problem+json";
const PNG_OR_PROBLEM: &str = "image/png, application/problem+json";
const XML_OR_JSON: &str = "text/xml, application/xml, application/json";
