use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::{runtime::Handle, sync::Semaphore, time::timeout};

use super::{
    Certificate, DialError, Dialer, EventStream, HostPort, Request, RequestError, Response,
    connection::{Connection, HttpRequest, HttpResponse, SendError, TlsStream},
};
use crate::{
    limits::MAX_BODY_BYTES,
    ucx::{
        self, EventId, Problem, Resource, Secret,
        paths::{EventsQuery, Route},
    },
};

/// A server whose certificate was accepted. Clones share their connections.
///
/// Keeps at most four idle connections and has at most eight requests at work; more wait for
/// their turn, inside their time for an answer. The event stream has a connection of its own.
#[derive(Clone)]
pub struct Link {
    shared: Arc<Shared>,
    token: Option<Secret>,
}

struct Shared {
    dialer: Dialer,
    address: HostPort,
    certificate: Certificate,
    idle: Mutex<VecDeque<Idle>>,
    at_work: Semaphore,
}

enum Idle {
    /// A connection on which nothing was sent yet.
    Fresh(Box<TlsStream>),
    Used(Connection),
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("address", &self.shared.address)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn new(
        dialer: Dialer,
        address: HostPort,
        certificate: Certificate,
        stream: TlsStream,
    ) -> Self {
        let shared = Shared {
            dialer,
            address,
            certificate,
            idle: Mutex::new(VecDeque::from([Idle::Fresh(Box::new(stream))])),
            at_work: Semaphore::new(MAX_AT_WORK),
        };
        Self {
            shared: Arc::new(shared),
            token: None,
        }
    }

    /// The same link, with requests that carry `Authorization: Bearer <token>`.
    #[must_use]
    pub fn with_token(&self, token: Secret) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            token: Some(token),
        }
    }

    /// The certificate that was accepted.
    pub fn certificate(&self) -> &Certificate {
        &self.shared.certificate
    }

    /// The server's address.
    pub fn address(&self) -> &HostPort {
        &self.shared.address
    }

    /// Sends a request and reads its whole answer. It is sent once: whether it may be sent again
    /// after an error is the caller's decision ([`RequestError::may_resend`]).
    ///
    /// Dropping the future gives the answer up and closes that connection.
    ///
    /// # Errors
    /// See [`RequestError`]; any status but 200 to 299 is one.
    pub async fn request(&self, request: Request) -> Result<Response, RequestError> {
        Handle::try_current().map_err(|_| DialError::NoRuntime)?;
        let limit = request.limit(&self.shared.dialer.config().timeouts);
        let most = request.most;
        let request = request.build(self.address(), self.token.as_ref())?;
        timeout(limit, self.exchange(request, most))
            .await
            .unwrap_or(Err(RequestError::TimedOut))
    }

    /// [`Link::request`], with the answer's body as a resource.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn fetch<T: Resource>(&self, request: Request) -> Result<T, RequestError> {
        Ok(self.request(request).await?.decode()?)
    }

    /// Opens the event stream, after the event `last` if there is one, on a connection of its
    /// own. The answer's head must come within the time for answers; then the stream may be silent
    /// for ever: the caller watches for signs of life.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn events(
        &self,
        last: Option<&EventId>,
        query: EventsQuery,
    ) -> Result<EventStream, RequestError> {
        Handle::try_current().map_err(|_| DialError::NoRuntime)?;
        let limit = self.shared.dialer.config().timeouts.answer;
        timeout(limit, self.open_events(last, query))
            .await
            .unwrap_or(Err(RequestError::TimedOut))
    }

    async fn open_events(
        &self,
        last: Option<&EventId>,
        query: EventsQuery,
    ) -> Result<EventStream, RequestError> {
        let request = Request::get(Route::Events(query)).accept(EVENT_STREAM);
        let mut request = request.build(self.address(), self.token.as_ref())?;
        if let Some(id) = last {
            let id = id.to_string().try_into();
            let id = id.expect("an event id is letters, digits and a hyphen");
            request.headers_mut().insert("last-event-id", id);
        }
        let (connection, response) = self.send(request).await?;
        if response.status() != http::StatusCode::OK {
            return Err(match whole(response, MAX_BODY_BYTES).await {
                Ok(_) => RequestError::NotEvents,
                Err(error) => error,
            });
        }
        if !has_type(&response, EVENT_STREAM) {
            return Err(RequestError::NotEvents);
        }
        Ok(EventStream::new(connection, response.into_body()))
    }

    async fn exchange(&self, request: HttpRequest, most: usize) -> Result<Response, RequestError> {
        let permit = self.shared.at_work.acquire().await;
        let _permit = permit.expect("the semaphore is never closed");
        let (mut connection, response) = self.send(request).await?;
        let answer = whole(response, most).await;
        // After an answer over its limit the rest is still on its way: that one is closed.
        if !matches!(
            answer,
            Err(RequestError::TooLarge | RequestError::BrokenInAnswer)
        ) && connection.becomes_usable().await
        {
            self.shared.keep(connection);
        }
        answer
    }

    /// Sends on an idle connection, else on a new one. A connection that has died while idle
    /// gives the request back unsent, so it goes on to the next.
    async fn send(
        &self,
        mut request: HttpRequest,
    ) -> Result<(Connection, HttpResponse), RequestError> {
        while let Some(idle) = self.shared.take_idle() {
            let mut connection = match idle {
                Idle::Fresh(stream) => Connection::start(*stream).await?,
                Idle::Used(connection) => connection,
            };
            match connection.send(request).await {
                Ok(response) => return Ok((connection, response)),
                Err(SendError::Sent(error)) => return Err(error),
                Err(SendError::Unsent(unsent)) => request = *unsent,
            }
        }
        let mut connection = Connection::start(self.shared.dial().await?).await?;
        match connection.send(request).await {
            Ok(response) => Ok((connection, response)),
            Err(SendError::Sent(error)) => Err(error),
            Err(SendError::Unsent(_)) => Err(RequestError::BrokenBeforeAnswer),
        }
    }
}

impl Shared {
    async fn dial(&self) -> Result<TlsStream, DialError> {
        let dialed = self.dialer.dial(&self.address).await?;
        let expected = self.certificate.fingerprint;
        if dialed.certificate().fingerprint != expected {
            return Err(DialError::CertificateChanged {
                expected,
                presented: Box::new(dialed.certificate().clone()),
            });
        }
        Ok(dialed.into_stream())
    }

    fn idle(&self) -> MutexGuard<'_, VecDeque<Idle>> {
        // The queue is whole after every statement under the lock, so poison means nothing.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection that was used last: the likeliest to be alive.
    fn take_idle(&self) -> Option<Idle> {
        let mut idle = self.idle();
        idle.retain(|kept| match kept {
            Idle::Fresh(_) => true,
            Idle::Used(connection) => connection.is_usable(),
        });
        idle.pop_back()
    }

    /// Keeps a connection; the one unused for longest is closed where there are too many.
    fn keep(&self, connection: Connection) {
        let mut idle = self.idle();
        idle.push_back(Idle::Used(connection));
        if idle.len() > MAX_IDLE {
            idle.pop_front();
        }
    }
}

/// Reads an answer to its end; what isn't good becomes an error.
async fn whole(response: HttpResponse, most: usize) -> Result<Response, RequestError> {
    let status = response.status();
    let is_problem = has_type(&response, PROBLEM);
    let rev = rev_of(&response);
    let body = read(response.into_body(), most).await?;
    if status.is_success() || status == http::StatusCode::NOT_MODIFIED {
        return Ok(Response {
            status: status.as_u16(),
            rev,
            body,
        });
    }
    match ucx::decode::<Problem>(&body) {
        Ok(problem) if is_problem => Err(RequestError::Problem(problem)),
        _ => Err(RequestError::Status(status.as_u16())),
    }
}

async fn read(mut body: Incoming, most: usize) -> Result<Bytes, RequestError> {
    let mut read = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| RequestError::BrokenInAnswer)?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if read.len() + data.len() > most {
            return Err(RequestError::TooLarge);
        }
        read.extend_from_slice(&data);
    }
    Ok(read.freeze())
}

/// The number in a strong `ETag` (RFC 9110 §8.8.3).
fn rev_of(response: &HttpResponse) -> Option<u64> {
    let tag = response.headers().get(http::header::ETAG)?.to_str().ok()?;
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}

fn has_type(response: &HttpResponse, expected: &str) -> bool {
    let value = response.headers().get(http::header::CONTENT_TYPE);
    let value = value.and_then(|v| v.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(expected)
}

const PROBLEM: &str = "application/problem+json";
const EVENT_STREAM: &str = "text/event-stream";

/// Most idle connections of one link (our choice: a client seldom has more requests at once).
const MAX_IDLE: usize = 4;
/// Most requests at work at once (our choice: bounds what a slow server can make us hold).
const MAX_AT_WORK: usize = 8;
