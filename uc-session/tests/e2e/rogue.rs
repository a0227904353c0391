//! A server of a test's making behind real TLS, which answers whatever the test says.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ring::digest;
use rustls::pki_types::PrivateKeyDer;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::broadcast,
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// A running rogue; dropping it cuts every connection.
pub(crate) struct Rogue {
    pub(crate) address: SocketAddr,
    pub(crate) sha256: [u8; 32],
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

/// A request as it came.
pub(crate) struct Heard {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// What to answer.
pub(crate) enum Say {
    /// A whole answer with a JSON body; the connection is kept.
    Json(u16, String),
    /// These bytes instead of an answer, then the end.
    Raw(Vec<u8>),
    /// A good head and this many spaces.
    Flood(usize),
    /// An event stream: this text, then whatever [`Rogue::push`] gives.
    Stream(String),
    /// Nothing, for ever.
    Nothing,
}

struct Shared {
    script: Box<dyn Fn(&Heard) -> Say + Send + Sync>,
    pushed: broadcast::Sender<String>,
    requests: AtomicUsize,
    open: AtomicUsize,
}

impl Rogue {
    pub(crate) async fn start(script: impl Fn(&Heard) -> Say + Send + Sync + 'static) -> Self {
        let (acceptor, sha256) = identity();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            script: Box::new(script),
            pushed: broadcast::Sender::new(64),
            requests: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
        });
        let listening = tokio::spawn(listen(listener, acceptor, Arc::clone(&shared)));
        Self {
            address,
            sha256,
            shared,
            listening,
        }
    }

    /// Writes `text` to every open event stream.
    pub(crate) fn push(&self, text: &str) {
        let _ = self.shared.pushed.send(text.to_owned());
    }

    /// Requests heard so far.
    pub(crate) fn requests(&self) -> usize {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Waits until the clients have closed all their connections.
    pub(crate) async fn deserted(&self) {
        while self.shared.open.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

impl Drop for Rogue {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// The answers of a harmless server whose user 330 sees a colleague and has no calls.
pub(crate) fn good(heard: &Heard) -> Say {
    let path = heard.path.split('?').next().unwrap_or_default();
    match (heard.method.as_str(), path) {
        ("GET", "/uc/v1/hello") => Say::Json(200, HELLO.into()),
        ("POST", "/uc/v1/session") => Say::Json(201, SESSION.into()),
        ("DELETE", _) => Say::Raw(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec()),
        ("GET", "/uc/v1/snapshot") => Say::Json(200, SNAPSHOT.into()),
        ("GET", "/uc/v1/events") => Say::Stream(String::new()),
        ("GET", "/uc/v1/directory") => Say::Json(200, FOUND.into()),
        _ => Say::Json(404, problem("not-found", 404)),
    }
}

/// A problem of this kind.
pub(crate) fn problem(kind: &str, status: u16) -> String {
    format!(r#"{{"type":"urn:ucx:problem:{kind}","status":{status},"title":"no"}}"#)
}

/// An event as it stands in the stream.
pub(crate) fn event(id: &str, data: &str) -> String {
    format!("id: {id}\ndata: {data}\n\n")
}

async fn listen(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let mut open = tokio::task::JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
        open.spawn(async move {
            shared.open.fetch_add(1, Ordering::SeqCst);
            if let Ok(stream) = acceptor.accept(stream).await {
                let _ = converse(stream, &shared).await;
            }
            shared.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

async fn converse(mut stream: TlsStream<TcpStream>, shared: &Shared) -> std::io::Result<()> {
    while let Some(heard) = hear(&mut stream).await? {
        shared.requests.fetch_add(1, Ordering::SeqCst);
        match (shared.script)(&heard) {
            Say::Json(status, body) => {
                let kind = if status < 300 { "json" } else { "problem+json" };
                let head = head(status, &format!("application/{kind}"));
                let text = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
                stream.write_all(text.as_bytes()).await?;
            }
            Say::Raw(bytes) => {
                stream.write_all(&bytes).await?;
                return stream.shutdown().await;
            }
            Say::Flood(size) => return flood(stream, size).await,
            Say::Stream(first) => return stream_events(stream, &first, shared).await,
            Say::Nothing => {
                stream.read_u8().await?;
                return Ok(());
            }
        }
    }
    Ok(())
}

async fn flood(mut stream: TlsStream<TcpStream>, size: usize) -> std::io::Result<()> {
    let head = head(200, "application/json");
    stream
        .write_all(format!("{head}content-length: {size}\r\n\r\n").as_bytes())
        .await?;
    let chunk = vec![b' '; 65_536];
    for _ in 0..size / chunk.len() {
        stream.write_all(&chunk).await?;
    }
    Ok(())
}

async fn stream_events(
    mut stream: TlsStream<TcpStream>,
    first: &str,
    shared: &Shared,
) -> std::io::Result<()> {
    let mut pushed = shared.pushed.subscribe();
    let head = head(200, "text/event-stream");
    stream
        .write_all(format!("{head}\r\n{first}").as_bytes())
        .await?;
    loop {
        let mut byte = [0];
        tokio::select! {
            text = pushed.recv() => match text {
                Ok(text) => stream.write_all(text.as_bytes()).await?,
                Err(_) => return stream.shutdown().await,
            },
            read = stream.read(&mut byte) => return read.map(drop),
        }
    }
}

fn head(status: u16, kind: &str) -> String {
    format!("HTTP/1.1 {status} Said\r\ncontent-type: {kind}\r\n")
}

/// The next request; `None` where the client closes instead.
async fn hear(stream: &mut TlsStream<TcpStream>) -> std::io::Result<Option<Heard>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let mut words = head.split(' ');
    Ok(Some(Heard {
        method: words.next().unwrap_or_default().into(),
        path: words.next().unwrap_or_default().into(),
        body: String::from_utf8_lossy(&body).into_owned(),
        head,
    }))
}

fn identity() -> (TlsAcceptor, [u8; 32]) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let der = made.cert.der().clone();
    let sha256 = digest::digest(&digest::SHA256, &der)
        .as_ref()
        .try_into()
        .unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![der], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), sha256)
}

const HELLO: &str = r#"{"server":"Rogue","version":"1","ucx":[1],"mode":"smart",
    "configuration":{"voip":true}}"#;
const SESSION: &str = r#"{"session":"token-of-330",
    "me":{"user":"330","extension":"330","name":"Rosa Ahorn"}}"#;
const SNAPSHOT: &str = r#"{"as_of":"e1-1","me":{"user":"330","extension":"330","name":"Rosa Ahorn"},
    "presences":[{"user":"331","rev":1,"state":"lunch"}],"calls":[],"conversations":[]}"#;
const FOUND: &str = r#"{"contacts":[{"id":"c1","directory":"internal","first_name":"Bruno"}],
    "more":false}"#;
