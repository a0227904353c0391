use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::AbortHandle};

use super::{RequestError, tap::Tap};
use crate::limits::MAX_HEADER_BYTES;

pub(crate) type TlsStream = tokio_rustls::client::TlsStream<Tap<TcpStream>>;
pub(super) type HttpRequest = http::Request<Full<Bytes>>;
pub(super) type HttpResponse = http::Response<Incoming>;

/// One HTTP/1.1 connection with its task. Dropping it closes the connection.
pub(super) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    read: Arc<AtomicU64>,
    task: AbortHandle,
}

/// Why a request didn't get the head of an answer.
pub(super) enum SendError {
    /// Nothing was written: here it is back.
    Unsent(Box<HttpRequest>),
    /// It may have reached the server.
    Sent(RequestError),
}

impl Connection {
    pub(super) async fn start(stream: TlsStream) -> Result<Self, RequestError> {
        let stream = Tap::new(stream);
        let read = stream.counter();
        let (sender, driver) = http1::Builder::new()
            .max_header_size(MAX_HEADER_BYTES)
            .max_headers(MAX_HEADERS)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|_| RequestError::BrokenBeforeAnswer)?;
        // Its errors reach the request that waits, so the result is not needed here.
        let task = tokio::spawn(async move {
            let _ = driver.await;
        });
        Ok(Self {
            sender,
            read,
            task: task.abort_handle(),
        })
    }

    /// Whether another request can be sent.
    pub(super) fn is_usable(&self) -> bool {
        self.sender.is_ready() && !self.sender.is_closed()
    }

    /// Waits until the connection has finished its answer and can take another request; false
    /// where it has ended instead.
    pub(super) async fn becomes_usable(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    pub(super) async fn send(&mut self, request: HttpRequest) -> Result<HttpResponse, SendError> {
        let before = self.read.load(Ordering::Relaxed);
        match self.sender.try_send_request(request).await {
            Ok(response) => Ok(response),
            Err(mut failed) => Err(match failed.take_message() {
                Some(request) => SendError::Unsent(Box::new(request)),
                None => {
                    let answered = self.read.load(Ordering::Relaxed).wrapping_sub(before);
                    SendError::Sent(classify(failed.error(), answered))
                }
            }),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What an error means, with the bytes of the answer that had come by then. (hyper tells clients
/// no difference between a head that is too long and one that is no HTTP.)
fn classify(error: &hyper::Error, answered: u64) -> RequestError {
    match (error.is_parse(), answered) {
        (true, bytes) if bytes >= MAX_HEADER_BYTES as u64 => RequestError::HeaderTooLarge,
        (true, _) => RequestError::NotHttp,
        (false, 0) => RequestError::BrokenBeforeAnswer,
        (false, _) => RequestError::BrokenInAnswer,
    }
}

/// Most header fields of an answer (hyper's own default).
const MAX_HEADERS: usize = 100;
