use std::io;

use tokio::{net::UdpSocket, sync::Mutex};

use super::{FlowError, Received, read};
use crate::limits::MAX_SIP_BYTES;

/// A connected UDP socket.
pub(super) struct Way {
    socket: UdpSocket,
    buffer: Mutex<Box<[u8]>>,
}

impl Way {
    pub(super) fn new(socket: UdpSocket) -> Self {
        let buffer = Mutex::new(vec![0; MAX_SIP_BYTES].into());
        Self { socket, buffer }
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
        let mut buffer = self.buffer.lock().await;
        loop {
            let length = self
                .socket
                .recv(&mut buffer)
                .await
                .map_err(|e| failure(&e))?;
            if let Some(received) = read(&buffer[..length]) {
                return Ok(received);
            }
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
