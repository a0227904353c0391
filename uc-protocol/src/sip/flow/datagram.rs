use std::{cell::RefCell, io};

use tokio::net::UdpSocket;

use super::{FlowError, Received, read};
use crate::limits::MAX_SIP_BYTES;

/// A connected UDP socket.
pub(super) struct Way {
    socket: UdpSocket,
}

thread_local! {
    /// Where a datagram is read into: the longest one's room, once for each thread instead of for
    /// each socket.
    static DATAGRAM: RefCell<Box<[u8]>> = RefCell::new(vec![0; MAX_SIP_BYTES].into());
}

impl Way {
    pub(super) const fn new(socket: UdpSocket) -> Self {
        Self { socket }
    }

    pub(super) async fn send(&self, bytes: &[u8]) -> Result<(), FlowError> {
        match self.socket.send(bytes).await {
            Ok(_) => Ok(()),
            // The network says that it is too long; the standard library has no name for that.
            Err(error) if error.raw_os_error() == Some(MESSAGE_TOO_LONG) => {
                Err(FlowError::TooLarge(bytes.len()))
            }
            Err(error) => Err(failure(&error)),
        }
    }

    pub(super) async fn receive(&self) -> Result<Received, FlowError> {
        loop {
            self.socket.readable().await.map_err(|e| failure(&e))?;
            if let Some(received) = DATAGRAM.with_borrow_mut(|buffer| self.take(buffer))? {
                return Ok(received);
            }
        }
    }

    /// The datagram that waits, if there is one and it is a message.
    fn take(&self, buffer: &mut [u8]) -> Result<Option<Received>, FlowError> {
        match self.socket.try_recv(buffer) {
            Ok(length) => Ok(read(&buffer[..length])),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(failure(&error)),
        }
    }
}

/// On Windows a refusal comes as a reset.
fn failure(error: &io::Error) -> FlowError {
    match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset => FlowError::Refused,
        kind => FlowError::Broken(kind),
    }
}

/// `EMSGSIZE` (POSIX has no number for it: these are the systems').
#[cfg(any(target_os = "linux", target_os = "android"))]
const MESSAGE_TOO_LONG: i32 = 90;
#[cfg(windows)]
const MESSAGE_TOO_LONG: i32 = 10_040;
#[cfg(not(any(target_os = "linux", target_os = "android", windows)))]
const MESSAGE_TOO_LONG: i32 = 40;
