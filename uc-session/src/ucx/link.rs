//! One link of UCX: a line, who is signed in on it, and its event stream.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::time::timeout;
use tracing::debug;
use uc_protocol::{
    limits::HEARTBEAT_S,
    net::{EventStream, Link, Request, Response, StreamItem},
    ucx::{
        self as wire, EventId,
        paths::{EventsQuery, Route},
    },
};

use super::{failure, session};
use crate::{
    line::Line,
    locked,
    port::{BackendError, BackendEvent, EventSink, LinkId},
};

/// A link that was dialled and not closed yet.
pub(super) struct OpenLink {
    line: Arc<Line>,
    signed_in: Mutex<Option<Link>>,
}

impl OpenLink {
    pub(super) fn new(line: Arc<Line>) -> Self {
        Self {
            line,
            signed_in: Mutex::default(),
        }
    }

    /// Requests carry this session from now on.
    pub(super) fn sign_in(&self, token: wire::Secret) {
        let link = self.line.link().with_token(token);
        *locked(&self.signed_in) = Some(link);
    }

    /// Ends the stream and every request at work.
    pub(super) fn close(&self) {
        self.line.close();
    }

    /// A request that needs no session.
    pub(super) async fn ask(&self, request: Request) -> Result<Response, BackendError> {
        self.line.exchange(self.line.link(), request).await
    }

    /// A request of the signed-in user.
    pub(super) async fn request(&self, request: Request) -> Result<Response, BackendError> {
        self.line.exchange(&self.signed_in()?, request).await
    }

    /// [`OpenLink::request`] for one that changes nothing, and so may be sent once more.
    pub(super) async fn read(&self, request: Request) -> Result<Response, BackendError> {
        self.line.read(&self.signed_in()?, request).await
    }

    /// Asks whether the server still answers. Ends sooner than other requests, so that a dead
    /// connection is noticed within 25 s of its last sign of life.
    pub(super) async fn probe(&self) -> Result<(), BackendError> {
        let hello = Request::get(Route::Hello);
        let hello = self.line.read(self.line.link(), hello);
        timeout(PROBE_TIME, hello)
            .await
            .unwrap_or(Err(BackendError::TimedOut))
            .map(drop)
    }

    /// Opens the event stream in place of an older one.
    pub(super) async fn subscribe(
        &self,
        id: LinkId,
        (after, query): (Option<&EventId>, EventsQuery),
        sink: Arc<dyn EventSink>,
    ) -> Result<(), BackendError> {
        let link = self.signed_in()?;
        let stream = self.line.unless_closed(link.events(after, query)).await?;
        let stream = stream.map_err(|error| failure::of_request(&error))?;
        self.line.listen(pass_on(stream, id, sink));
        Ok(())
    }

    fn signed_in(&self) -> Result<Link, BackendError> {
        let signed_in = locked(&self.signed_in).clone();
        signed_in.ok_or(BackendError::NotSignedIn)
    }
}

/// Hands every event on, at the pace of the sink, until the stream is over. One that says nothing, not
/// even a comment, is over as well: probes go over other connections and don't tell of it.
async fn pass_on(mut stream: EventStream, link: LinkId, sink: Arc<dyn EventSink>) {
    let error = loop {
        match timeout(STREAM_SILENCE, stream.next()).await {
            Ok(Ok(item)) => sink.deliver(link, event_of(item)).await,
            Ok(Err(end)) => break failure::of_stream(end),
            Err(_) => break BackendError::TimedOut,
        }
    };
    debug!(link = link.0, %error, "event stream over");
    sink.deliver(link, BackendEvent::StreamEnded(error)).await;
}

/// An event without a place can't be put in order, so it counts as unreadable; a kind that is not
/// known here is a sign of life.
fn event_of(item: StreamItem) -> BackendEvent {
    match item {
        StreamItem::Event {
            id: Some(id),
            event,
        } => match session::read_event(&id, event) {
            Ok(Some(event)) => event,
            Ok(None) => BackendEvent::Heartbeat,
            Err(_) => BackendEvent::Undecodable,
        },
        StreamItem::Event {
            id: None,
            event: wire::Event::Reset,
        } => BackendEvent::Reset { cursor: None },
        StreamItem::Event {
            id: None,
            event: wire::Event::SessionEnded,
        } => BackendEvent::SessionEnded,
        StreamItem::Heartbeat => BackendEvent::Heartbeat,
        _ => BackendEvent::Undecodable,
    }
}

/// So long may an event stream say nothing: two comments of the server's are missing then, and it is
/// noticed within 25 s (wire contract). Longer than a probe of a silent server takes, which says more.
const STREAM_SILENCE: Duration = Duration::from_secs(2 * HEARTBEAT_S + 2);

/// How long a probe may take: with the 15 s of silence before it, 5 s are left of the 25 s.
pub(crate) const PROBE_TIME: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use uc_protocol::ucx::{DecodeError, Event};

    use super::*;
    use crate::{port::Cursor, ucx::sample};

    fn event(id: Option<&str>, event: Event) -> BackendEvent {
        let id = id.map(|id| id.parse().expect("an event id"));
        event_of(StreamItem::Event { id, event })
    }

    #[test]
    fn what_cannot_be_read_or_placed_is_undecodable() {
        let error = DecodeError::Syntax(1);
        let malformed = StreamItem::Malformed { id: None, error };
        assert_eq!(event_of(malformed), BackendEvent::Undecodable);
        let call = || Event::Call(sample::call("c1", 1));
        assert_eq!(event(None, call()), BackendEvent::Undecodable);
        assert!(matches!(
            event(Some("e-1"), call()),
            BackendEvent::Change { .. }
        ));
        let garbage = Event::Call(sample::call("", 1));
        assert_eq!(event(Some("e-1"), garbage), BackendEvent::Undecodable);
    }

    #[test]
    fn signs_of_life_and_endings_need_no_place() {
        assert_eq!(event_of(StreamItem::Heartbeat), BackendEvent::Heartbeat);
        assert_eq!(event(Some("e-1"), Event::Unknown), BackendEvent::Heartbeat);
        assert_eq!(event(None, Event::SessionEnded), BackendEvent::SessionEnded);
        assert_eq!(
            event(None, Event::Reset),
            BackendEvent::Reset { cursor: None }
        );
        let cursor = Some(Cursor("e-7".into()));
        assert_eq!(
            event(Some("e-7"), Event::Reset),
            BackendEvent::Reset { cursor }
        );
    }
}
