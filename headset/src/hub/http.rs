use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::handshake;
use hyper::{Request, StatusCode, header::HOST};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::HubError;

/// Asks a service of this computer, with a connection for each question: there are few, and no state is left
/// behind by one that broke.
pub(super) struct Http {
    port: u16,
}

impl Http {
    pub(super) fn new(port: u16) -> Self {
        Self { port }
    }

    pub(super) async fn get(&self, path: &str) -> Result<Vec<u8>, HubError> {
        let answered = timeout(PATIENCE, self.ask(path)).await;
        answered.map_err(|_| HubError::TimedOut)?
    }

    async fn ask(&self, path: &str) -> Result<Vec<u8>, HubError> {
        let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await;
        let socket = connected.map_err(|error| match error.kind() {
            ErrorKind::ConnectionRefused => HubError::NotRunning,
            _ => HubError::Broken,
        })?;
        let request = Request::get(path)
            .header(HOST, format!("{}:{}", Ipv4Addr::LOCALHOST, self.port))
            .body(Empty::<Bytes>::new())
            .map_err(|_| HubError::Malformed)?;
        let shaken = handshake(TokioIo::new(socket)).await;
        let (mut sender, connection) = shaken.map_err(|_| HubError::Broken)?;
        let exchange = async {
            let response = sender.send_request(request).await;
            let response = response.map_err(|_| HubError::Broken)?;
            if response.status() != StatusCode::OK {
                return Err(HubError::Status(response.status().as_u16()));
            }
            let body = Limited::new(response.into_body(), MOST_BYTES).collect();
            match body.await {
                Ok(body) => Ok(body.to_bytes().to_vec()),
                Err(error) if error.is::<LengthLimitError>() => Err(HubError::TooLong),
                Err(_) => Err(HubError::Broken),
            }
        };
        // The connection is driven only while it is wanted. One that ends by itself has delivered what it could.
        tokio::pin!(exchange);
        tokio::select! {
            biased;
            done = &mut exchange => done,
            _ = connection => exchange.await,
        }
    }
}

/// Longest answer in bytes (our choice); real ones have some hundreds.
const MOST_BYTES: usize = 64 * 1_024;

/// So long an answer may take (our choice); the Hub answers from memory.
const PATIENCE: Duration = Duration::from_secs(2);
