use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use http::{HeaderValue, Request, header::SEC_WEBSOCKET_PROTOCOL};
use tokio::sync::Mutex;
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        Error, Message as Frame, client::IntoClientRequest, error::ProtocolError,
        protocol::WebSocketConfig,
    },
};

use super::{FlowError, PONG, Received, Transport, read, stream::Octets};
use crate::{
    limits::{MAX_SIP_BACKLOG_BYTES, MAX_SIP_BYTES},
    net::{DialError, HostPort},
};

type Socket = WebSocketStream<Box<dyn Octets>>;

/// A WebSocket with the subprotocol `sip`: one message a frame (RFC 7118 §4).
pub(super) struct Way {
    incoming: Mutex<SplitStream<Socket>>,
    outgoing: Mutex<SplitSink<Socket, Frame>>,
}

impl Way {
    /// Asks the server to speak SIP over WebSocket.
    pub(super) async fn open(
        octets: Box<dyn Octets>,
        transport: Transport,
        address: &HostPort,
        path: &str,
    ) -> Result<Self, DialError> {
        let request = request(transport, address, path).ok_or(DialError::NoWebSocket(None))?;
        let mut config = WebSocketConfig::default();
        config.max_message_size = Some(MAX_SIP_BYTES);
        config.max_frame_size = Some(MAX_SIP_BYTES);
        config.read_buffer_size = READ_BYTES;
        config.write_buffer_size = 0;
        config.max_write_buffer_size = MAX_SIP_BACKLOG_BYTES;
        let opened = client_async_with_config(request, octets, Some(config)).await;
        let (socket, _) = opened.map_err(|error| refusal(&error))?;
        let (outgoing, incoming) = socket.split();
        Ok(Self {
            incoming: Mutex::new(incoming),
            outgoing: Mutex::new(outgoing),
        })
    }

    /// As text where it is text (RFC 7118 §4.2): some servers take nothing else.
    pub(super) async fn send(&self, bytes: Vec<u8>) -> Result<(), FlowError> {
        self.put(match String::from_utf8(bytes) {
            Ok(text) => Frame::text(text),
            Err(error) => Frame::binary(error.into_bytes()),
        })
        .await
    }

    pub(super) async fn ping(&self) -> Result<(), FlowError> {
        self.put(Frame::Ping(Vec::new().into())).await
    }

    async fn put(&self, frame: Frame) -> Result<(), FlowError> {
        let mut outgoing = self.outgoing.lock().await;
        outgoing.send(frame).await.map_err(|error| failure(&error))
    }

    pub(super) async fn receive(&self) -> Result<Received, FlowError> {
        let mut incoming = self.incoming.lock().await;
        loop {
            let frame = incoming.next().await.ok_or(FlowError::Closed)?;
            let received = match frame.map_err(|error| failure(&error))? {
                Frame::Text(text) => read(text.as_bytes()),
                Frame::Binary(bytes) => read(&bytes),
                // The library answers by itself.
                Frame::Ping(_) => return Ok(Received::Ping),
                Frame::Pong(_) => return Ok(Received::Pong),
                Frame::Close(_) => return Err(FlowError::Closed),
                Frame::Frame(_) => None,
            };
            match received {
                Some(Received::Ping) => {
                    // Without waiting, as with frames; a server that takes nothing gets none.
                    let answer = self.send(PONG.to_vec());
                    let _ = futures_util::FutureExt::now_or_never(answer);
                    return Ok(Received::Ping);
                }
                Some(received) => return Ok(received),
                None => {}
            }
        }
    }
}

fn request(transport: Transport, address: &HostPort, path: &str) -> Option<Request<()>> {
    let scheme = if transport.is_secure() { "wss" } else { "ws" };
    let mut request = format!("{scheme}://{address}{path}")
        .into_client_request()
        .ok()?;
    let sip = HeaderValue::from_static("sip");
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, sip);
    Some(request)
}

fn refusal(error: &Error) -> DialError {
    match error {
        Error::Http(response) => DialError::NoWebSocket(Some(response.status().as_u16())),
        Error::Io(_) => DialError::Closed,
        _ => DialError::NoWebSocket(None),
    }
}

fn failure(error: &Error) -> FlowError {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => FlowError::Closed,
        Error::Io(error) => FlowError::of(error),
        Error::WriteBufferFull(_) => FlowError::Stalled,
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => FlowError::Closed,
        _ => FlowError::NotSip,
    }
}

/// Octets read at once (our choice: two messages of usual size fit in).
const READ_BYTES: usize = 4 * 1024;
