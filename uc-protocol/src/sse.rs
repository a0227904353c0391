//! Server-sent events (WHATWG HTML §9.2), read as they arrive and written.

use std::collections::VecDeque;

use thiserror::Error;

use crate::{limits::MAX_EVENT_BYTES, ucx::EventId};

/// One event of a stream.
#[derive(Clone, PartialEq, Eq)]
pub struct RawEvent {
    /// The newest `id:` so far in the stream, this event's or an earlier one's.
    pub id: Option<String>,
    /// The `event:` field; empty where there was none.
    pub name: String,
    /// The `data:` lines, joined by line feeds.
    pub data: String,
}

/// Shows the sizes only: data holds names, numbers and texts.
impl std::fmt::Debug for RawEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawEvent")
            .field("id", &self.id)
            .field("data_bytes", &self.data.len())
            .finish_non_exhaustive()
    }
}

/// What a stream is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An event.
    Event(RawEvent),
    /// A comment, which servers send as a sign of life.
    Comment,
}

/// An event that is too long; the stream can't be read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("an event of the stream is longer than {MAX_EVENT_BYTES} bytes")]
pub struct EventTooLong;

/// Reads a stream that comes in pieces of any size.
///
/// Holds at most [`MAX_EVENT_BYTES`] of an unfinished event, beside the finished items that were
/// not taken yet. Bytes that are no UTF-8 become U+FFFD, as the standard says.
#[derive(Default)]
pub struct Parser {
    line: Vec<u8>,
    data: Vec<u8>,
    name: Vec<u8>,
    id: Option<String>,
    /// Bytes of this event so far, line ends included.
    size: usize,
    any_data: bool,
    after_cr: bool,
    bom_checked: bool,
    failed: bool,
    items: VecDeque<Item>,
}

impl std::fmt::Debug for Parser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parser")
            .field("waiting", &self.items.len())
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl Parser {
    /// A parser at the start of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes; [`Parser::pop`] gives what they completed.
    ///
    /// # Errors
    /// [`EventTooLong`], now and ever after. What was complete before can still be taken.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), EventTooLong> {
        for &byte in bytes {
            if self.failed {
                break;
            }
            self.take(byte);
        }
        if self.failed {
            Err(EventTooLong)
        } else {
            Ok(())
        }
    }

    /// The oldest complete item that was not taken yet.
    pub fn pop(&mut self) -> Option<Item> {
        self.items.pop_front()
    }

    fn take(&mut self, byte: u8) {
        if std::mem::take(&mut self.after_cr) && byte == b'\n' {
            return;
        }
        self.size += 1;
        match byte {
            b'\n' => self.end_line(),
            b'\r' => {
                self.after_cr = true;
                self.end_line();
            }
            _ => self.line.push(byte),
        }
        self.failed = self.size > MAX_EVENT_BYTES;
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let mut text = line.as_slice();
        if !std::mem::replace(&mut self.bom_checked, true) {
            text = text.strip_prefix(BOM).unwrap_or(text);
        }
        match text.iter().position(|&b| b == b':') {
            _ if text.is_empty() => self.dispatch(),
            Some(0) => self.comment(),
            Some(colon) => {
                let value = &text[colon + 1..];
                self.field(&text[..colon], value.strip_prefix(b" ").unwrap_or(value));
            }
            None => self.field(text, b""),
        }
        self.line = line;
        self.line.clear();
    }

    fn comment(&mut self) {
        self.items.push_back(Item::Comment);
        if !self.any_data {
            self.size = 0;
        }
    }

    fn field(&mut self, name: &[u8], value: &[u8]) {
        match name {
            b"data" => {
                if std::mem::replace(&mut self.any_data, true) {
                    self.data.push(b'\n');
                }
                self.data.extend_from_slice(value);
            }
            b"event" => self.name = value.to_vec(),
            b"id" if !value.contains(&0) => self.id = Some(text(value)),
            _ => {}
        }
    }

    fn dispatch(&mut self) {
        self.size = 0;
        let name = std::mem::take(&mut self.name);
        let data = std::mem::take(&mut self.data);
        if std::mem::take(&mut self.any_data) {
            self.items.push_back(Item::Event(RawEvent {
                id: self.id.clone().filter(|id| !id.is_empty()),
                name: text(&name),
                data: text(&data),
            }));
        }
    }
}

/// Appends an event. Line ends inside `data` (CR, LF or both) split it into several lines.
pub fn write_event(out: &mut Vec<u8>, id: Option<&EventId>, data: &str) {
    if let Some(id) = id {
        out.extend_from_slice(format!("id: {id}\n").as_bytes());
    }
    for line in data.replace("\r\n", "\n").split(['\n', '\r']) {
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(line.as_bytes());
        out.push(b'\n');
    }
    out.push(b'\n');
}

/// Appends a comment: the sign of life that a server sends every
/// [`HEARTBEAT_S`](crate::limits::HEARTBEAT_S) seconds.
pub fn write_heartbeat(out: &mut Vec<u8>) {
    out.extend_from_slice(b":\n\n");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The byte order mark of UTF-8.
const BOM: &[u8] = b"\xEF\xBB\xBF";

#[cfg(test)]
mod tests;
