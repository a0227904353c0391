use std::{io, sync::Arc, time::Duration};

use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    sync::oneshot,
    task::JoinHandle,
};

use super::*;
use crate::{
    net::{Config, DialError, HostPort},
    sip::{Method, Request, Response, Uri},
};

mod datagrams;
mod streams;
mod transports;
mod webs;

fn dialer() -> FlowDialer {
    let mut config = Config::default();
    config.timeouts.answer = Duration::from_secs(2);
    FlowDialer::new(config)
}

fn address(socket: io::Result<SocketAddr>) -> HostPort {
    let socket = socket.unwrap();
    HostPort::new(&socket.ip().to_string(), socket.port()).unwrap()
}

/// A server for one test: the connections that it accepts go through `serve`.
struct Server {
    address: HostPort,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn tcp<F, R>(serve: F) -> Self
    where
        F: Fn(TcpStream) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = address(listener.local_addr());
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream));
            }
        });
        Self { address, task }
    }

    /// Sends these octets and then keeps the connection open.
    async fn saying(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes: Arc<[u8]> = bytes.into().into();
        Self::tcp(move |mut stream| {
            let bytes = Arc::clone(&bytes);
            async move {
                stream.write_all(&bytes).await.unwrap();
                let _ = stream.read(&mut [0]).await;
            }
        })
        .await
    }

    async fn flow(&self, transport: Transport) -> Flow {
        dialer()
            .dial(transport, &self.address)
            .await
            .unwrap()
            .into_flow()
    }
}

fn options(body: usize) -> Message {
    let mut request = Request::new(Method::Options, Uri::sip("bob", "example.com"));
    for (name, value) in [
        ("Via", "SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK1"),
        ("From", "<sip:alice@example.com>;tag=1"),
        ("To", "<sip:bob@example.com>"),
        ("Call-ID", "1"),
        ("CSeq", "1 OPTIONS"),
    ] {
        request.headers.push(name, value);
    }
    request.body = vec![b'x'; body];
    request.into()
}

fn ok() -> Message {
    let mut response = Response::new(200, "OK");
    response.headers = options(0).headers().clone();
    response.into()
}

fn bytes(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.write(&mut bytes);
    bytes
}

async fn message(flow: &Flow) -> Message {
    match flow.receive().await {
        Ok(Received::Message(message)) => message,
        other => panic!("{other:?}"),
    }
}
