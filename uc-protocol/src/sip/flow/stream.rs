use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split},
    sync::Mutex,
};

use super::{FlowError, PONG, Received};
use crate::{
    limits::MAX_SIP_BACKLOG_BYTES,
    sip::{SipError, StreamItem, StreamReader},
};

/// What octets travel on.
pub(super) trait Octets: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Octets for T {}

/// TCP or TLS.
pub(super) struct Way {
    incoming: Mutex<Incoming>,
    outgoing: Mutex<Outgoing>,
    /// The server has asked for a sign of life and hasn't got it yet.
    owes_pong: AtomicBool,
}

struct Incoming {
    octets: ReadHalf<Box<dyn Octets>>,
    reader: StreamReader,
    buffer: Box<[u8]>,
}

struct Outgoing {
    octets: WriteHalf<Box<dyn Octets>>,
    /// Octets that are to be sent. Whoever gives up waiting leaves them here for the next one, so no
    /// message is ever sent in part.
    waiting: Vec<u8>,
}

impl Way {
    pub(super) fn new(octets: Box<dyn Octets>) -> Self {
        let (read, write) = split(octets);
        let incoming = Incoming {
            octets: read,
            reader: StreamReader::new(),
            buffer: vec![0; READ_BYTES].into(),
        };
        Self {
            incoming: Mutex::new(incoming),
            outgoing: Mutex::new(Outgoing {
                octets: write,
                waiting: Vec::new(),
            }),
            owes_pong: AtomicBool::new(false),
        }
    }

    pub(super) async fn send(&self, bytes: &[u8]) -> Result<(), FlowError> {
        let mut outgoing = self.outgoing.lock().await;
        outgoing.add(bytes)?;
        if self.owes_pong.swap(false, Ordering::Relaxed) {
            outgoing.add(PONG)?;
        }
        outgoing.flush().await
    }

    pub(super) async fn receive(&self) -> Result<Received, FlowError> {
        let mut incoming = self.incoming.lock().await;
        loop {
            match incoming.reader.next() {
                Ok(Some(StreamItem::Message(message))) => return Ok(Received::Message(message)),
                Ok(Some(StreamItem::Pong)) => return Ok(Received::Pong),
                Ok(Some(StreamItem::Ping)) => {
                    self.pong();
                    return Ok(Received::Ping);
                }
                Err(SipError::Unframeable) => return Err(FlowError::NotSip),
                Err(error) => return Ok(Received::Unreadable(error)),
                Ok(None) => incoming.more().await?,
            }
        }
    }

    /// Answers a ping without waiting: what can't go now goes with the next message.
    fn pong(&self) {
        self.owes_pong.store(true, Ordering::Relaxed);
        let Ok(mut outgoing) = self.outgoing.try_lock() else {
            return;
        };
        if self.owes_pong.swap(false, Ordering::Relaxed) && outgoing.add(PONG).is_ok() {
            // An error shows at the next message, too.
            let _ = outgoing.flush().now_or_never();
        }
    }
}

impl Incoming {
    async fn more(&mut self) -> Result<(), FlowError> {
        let read = self.octets.read(&mut self.buffer).await;
        match read.map_err(|error| FlowError::of(&error))? {
            0 => Err(FlowError::Closed),
            length => {
                self.reader.push(&self.buffer[..length]);
                Ok(())
            }
        }
    }
}

impl Outgoing {
    fn add(&mut self, bytes: &[u8]) -> Result<(), FlowError> {
        if self.waiting.len() + bytes.len() > MAX_SIP_BACKLOG_BYTES {
            return Err(FlowError::Stalled);
        }
        self.waiting.extend_from_slice(bytes);
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), FlowError> {
        while !self.waiting.is_empty() {
            let written = self.octets.write(&self.waiting).await;
            match written.map_err(|error| FlowError::of(&error))? {
                0 => return Err(FlowError::Closed),
                length => drop(self.waiting.drain(..length)),
            }
        }
        self.octets
            .flush()
            .await
            .map_err(|error| FlowError::of(&error))
    }
}

/// Octets read at once (our choice: two messages of usual size fit in).
const READ_BYTES: usize = 4 * 1024;
