use http_body_util::BodyExt;
use hyper::body::Incoming;
use thiserror::Error;

use super::connection::Connection;
use crate::{
    limits::MAX_EVENT_BYTES,
    sse::{Item, Parser, RawEvent},
    ucx::{self, DecodeError, Event, EventId},
};

/// The events of one user, as they come. Dropping it closes its connection.
///
/// Has no time-outs of its own: the caller counts the seconds since the last item
/// ([`PROBE_AFTER_S`](crate::limits::PROBE_AFTER_S)).
pub struct EventStream {
    parser: Parser,
    body: Incoming,
    end: Option<StreamEnd>,
    /// Declared last: the task of the connection ends after the body is gone.
    _connection: Connection,
}

impl std::fmt::Debug for EventStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventStream")
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// What comes in an event stream.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StreamItem {
    /// An event. The id is where to resume; `None` where the server gave none that can be read.
    Event {
        /// The id.
        id: Option<EventId>,
        /// The event.
        event: Event,
    },
    /// The server is alive.
    Heartbeat,
    /// An event that can't be read; the stream goes on, but something was missed.
    Malformed {
        /// The id.
        id: Option<EventId>,
        /// What is wrong with it.
        error: DecodeError,
    },
}

/// Why an event stream is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StreamEnd {
    /// The server ended it in order.
    #[error("the server ended the event stream")]
    Closed,
    /// The connection broke.
    #[error("the connection of the event stream broke")]
    Broken,
    /// An event is over its limit.
    #[error("an event is longer than {MAX_EVENT_BYTES} bytes")]
    TooLong,
}

impl EventStream {
    pub(super) fn new(connection: Connection, body: Incoming) -> Self {
        Self {
            parser: Parser::new(),
            body,
            end: None,
            _connection: connection,
        }
    }

    /// The next item. Waits as long as the server is silent; dropping the future loses nothing.
    ///
    /// # Errors
    /// Why the stream is over, from then on always the same.
    pub async fn next(&mut self) -> Result<StreamItem, StreamEnd> {
        loop {
            if let Some(item) = self.parser.pop() {
                return Ok(read(item));
            }
            if let Some(end) = self.end {
                return Err(end);
            }
            self.fill().await;
        }
    }

    async fn fill(&mut self) {
        match self.body.frame().await {
            None => self.end = Some(StreamEnd::Closed),
            Some(Err(_)) => self.end = Some(StreamEnd::Broken),
            Some(Ok(frame)) => {
                let data = frame.into_data().unwrap_or_default();
                if self.parser.push(&data).is_err() {
                    self.end = Some(StreamEnd::TooLong);
                }
            }
        }
    }
}

fn read(item: Item) -> StreamItem {
    let Item::Event(RawEvent { id, data, name: _ }) = item else {
        return StreamItem::Heartbeat;
    };
    let id = id.and_then(|id| id.parse().ok());
    match ucx::decode(data.as_bytes()) {
        Ok(event) => StreamItem::Event { id, event },
        Err(error) => StreamItem::Malformed { id, error },
    }
}
