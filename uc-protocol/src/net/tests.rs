use std::{sync::Arc, time::Duration};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::*;
use crate::{
    limits::MAX_BODY_BYTES,
    ucx::{Event, Hello, Mode, Problem, ProblemType, Secret, SignIn, paths::Route},
};

mod answers;
mod handshakes;
mod streams;
mod texts;

/// A server for one test: every connection it accepts goes through `serve`.
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
    /// Serves raw TCP connections, numbered from 0.
    async fn tcp<F, R>(serve: F) -> Self
    where
        F: Fn(usize, TcpStream) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            for number in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(number, stream));
            }
        });
        let address = HostPort::new("127.0.0.1", port).unwrap();
        Self { address, task }
    }

    /// Serves TLS connections with one certificate.
    async fn tls<F, R>(serve: F) -> Self
    where
        F: Fn(usize, TlsStream<TcpStream>) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let acceptor = acceptor();
        let serve = Arc::new(serve);
        Self::tcp(move |number, stream| {
            let (acceptor, serve) = (acceptor.clone(), Arc::clone(&serve));
            async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(number, stream).await;
                }
            }
        })
        .await
    }

    /// Answers each request of each connection with the same bytes, then closes.
    async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer: Arc<[u8]> = answer.into().into();
        Self::tls(move |_, mut stream| {
            let answer = Arc::clone(&answer);
            async move {
                let _ = read_request(&mut stream).await;
                let _ = stream.write_all(&answer).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }

    async fn dial(&self) -> Result<Dialed, DialError> {
        dialer().dial(&self.address).await
    }

    async fn link(&self) -> Link {
        self.dial().await.unwrap().into_link()
    }
}

pub(crate) fn acceptor() -> TlsAcceptor {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn dialer() -> Dialer {
    let mut config = Config::default();
    config.timeouts.tls = Duration::from_millis(500);
    config.timeouts.answer = Duration::from_secs(2);
    Dialer::new(config)
}

/// Reads one request: its head, and its body by `content-length`.
async fn read_request(stream: &mut TlsStream<TcpStream>) -> std::io::Result<String> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(request).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |n| n.parse().unwrap())];
    stream.read_exact(&mut body).await?;
    Ok(head + std::str::from_utf8(&body).unwrap())
}

fn answer(status: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{body}")
}

const HELLO: &str = r#"{"server":"s","version":"1","ucx":[1],"mode":"suite","configuration":{}}"#;

fn hello() -> String {
    answer("200 OK", "application/json", HELLO)
}
