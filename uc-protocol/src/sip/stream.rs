use super::{
    Message, SipError,
    message::{head_end, length_in},
};
use crate::limits::{MAX_SIP_BACKLOG_BYTES, MAX_SIP_BYTES};

/// Divides what comes on a stream into messages, by `Content-Length` (RFC 3261 §18.3). However the
/// octets are cut into pieces, the same comes out.
///
/// A message that is broken but tells its length is skipped with its error; where that is
/// impossible the stream has ended, and every further call gives [`SipError::Unframeable`].
#[derive(Default)]
pub struct StreamReader {
    bytes: Vec<u8>,
    /// Where the unread begins.
    at: usize,
    /// How much of the unread was searched for the end of a head already.
    searched: usize,
    /// A head that was read, waiting for its body.
    waiting: Option<Waiting>,
    /// Octets of a broken message's body that are still to be thrown away.
    skip: usize,
    /// Whether the last thing was a single line end.
    after_pong: bool,
    ended: bool,
}

struct Waiting {
    message: Message,
    body: usize,
}

/// One thing that came on a stream.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are messages; each is moved once or twice"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StreamItem {
    /// A message.
    Message(Message),
    /// The second of two line ends: together they are the request for a sign of life (RFC 5626
    /// §4.4.1), which is answered with one line end.
    Ping,
    /// A line end by itself: the answer to a ping. As it must be told at once, the first line end
    /// of a ping is told as this one too.
    Pong,
}

impl std::fmt::Debug for StreamReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamReader")
            .field("unread", &self.unread().len())
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl StreamReader {
    /// A reader at the beginning of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what has come. Take what is there by [`StreamReader::next`] before adding more: a
    /// stream with more than [`MAX_SIP_BACKLOG_BYTES`] untaken ends.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.ended {
            return;
        }
        if self.unread().len() + bytes.len() > MAX_SIP_BACKLOG_BYTES {
            self.end();
            return;
        }
        self.bytes.drain(..self.at);
        self.at = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next thing on the stream; `None` until more has come.
    ///
    /// # Errors
    /// See [`SipError`]; all but [`SipError::Unframeable`] concern one message only.
    #[expect(
        clippy::should_implement_trait,
        reason = "not an iterator: it goes on after None"
    )]
    pub fn next(&mut self) -> Result<Option<StreamItem>, SipError> {
        if self.ended {
            return Err(SipError::Unframeable);
        }
        let skipped = self.skip.min(self.unread().len());
        self.take(skipped);
        self.skip -= skipped;
        if self.skip > 0 {
            return Ok(None);
        }
        if let Some(waiting) = self.waiting.take() {
            return Ok(self.finish(waiting));
        }
        if let Some(sign) = self.line_end() {
            return Ok(Some(sign));
        }
        if matches!(self.unread(), [] | [b'\r']) {
            return Ok(None);
        }
        self.after_pong = false;
        let Some(end) = head_end(self.unread(), self.searched) else {
            if self.unread().len() > MAX_SIP_BYTES {
                return Err(self.end());
            }
            // An empty line may be cut in the middle.
            self.searched = self.unread().len().saturating_sub(2);
            return Ok(None);
        };
        self.head(end)
    }

    /// Reads the head that ends at `end`.
    fn head(&mut self, end: usize) -> Result<Option<StreamItem>, SipError> {
        if end > MAX_SIP_BYTES {
            return Err(self.end());
        }
        let head = &self.unread()[..end];
        let read = match Message::read_head(head) {
            Ok((message, Some(body))) => Ok((message, body)),
            Ok((_, None)) | Err(SipError::ContentLength) => return Err(self.end()),
            Err(error) => match length_in(head) {
                Some(body) => Err((error, body)),
                None => return Err(self.end()),
            },
        };
        self.take(end);
        match read {
            Ok((message, body)) if end.saturating_add(body) <= MAX_SIP_BYTES => {
                Ok(self.finish(Waiting { message, body }))
            }
            Ok((_, body)) => {
                self.skip = body;
                Err(SipError::TooLarge(end.saturating_add(body)))
            }
            Err((error, body)) => {
                self.skip = body;
                Err(error)
            }
        }
    }

    fn finish(&mut self, waiting: Waiting) -> Option<StreamItem> {
        let Waiting { message, body } = waiting;
        let Some(content) = self.unread().get(..body) else {
            self.waiting = Some(Waiting { message, body });
            return None;
        };
        let message = message.with_body(content.to_vec());
        self.take(body);
        Some(StreamItem::Message(message))
    }

    /// A line end between messages.
    fn line_end(&mut self) -> Option<StreamItem> {
        let length = match self.unread() {
            [b'\r', b'\n', ..] => 2,
            [b'\n', ..] => 1,
            _ => return None,
        };
        self.take(length);
        self.after_pong = !self.after_pong;
        Some(if self.after_pong {
            StreamItem::Pong
        } else {
            StreamItem::Ping
        })
    }

    fn unread(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn take(&mut self, bytes: usize) {
        self.at += bytes;
        self.searched = 0;
    }

    fn end(&mut self) -> SipError {
        *self = Self {
            ended: true,
            ..Self::default()
        };
        SipError::Unframeable
    }
}
