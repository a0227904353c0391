//! A client as small as it gets: one TLS connection, requests as JSON, an event stream.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "test code, of which each test program uses a part"
)]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring::default_provider},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};
use uc_protocol::{
    sse,
    ucx::{CallResource, Event, Problem, Resource, Snapshot, decode},
};
use uc_server::{RunningServer, Server, Storage};

/// Longer than anything here takes; reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Client {
    address: SocketAddr,
    pub token: Option<String>,
    sender: http1::SendRequest<Full<Bytes>>,
}

/// A status with a body.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn resource<T: Resource>(&self, status: u16) -> T {
        assert_eq!(
            self.status,
            status,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        decode(&self.body).unwrap()
    }

    pub fn call(&self) -> CallResource {
        assert!(self.status == 200 || self.status == 201, "{}", self.status);
        decode(&self.body).unwrap()
    }

    /// The problem's kind as it stands on the wire, after `urn:ucx:problem:`.
    pub fn problem(&self) -> String {
        let problem: Problem = decode(&self.body).unwrap();
        assert_eq!(problem.status, self.status);
        let kind = self.json()["type"].as_str().unwrap().to_owned();
        kind.trim_start_matches("urn:ucx:problem:").to_owned()
    }
}

impl Client {
    pub async fn connect(address: SocketAddr) -> Self {
        Self {
            address,
            token: None,
            sender: open(address).await,
        }
    }

    pub async fn signed_in(server: &RunningServer, user: &str) -> Self {
        let mut client = Self::connect(server.address()).await;
        let answer = client.sign_in(user, &format!("demo-{user}")).await;
        let session: uc_protocol::ucx::Session = answer.resource(201);
        client.token = Some(session.session.0);
        client
    }

    /// The same session on a new connection.
    pub async fn again(&self, address: SocketAddr) -> Self {
        Self {
            token: self.token.clone(),
            ..Self::connect(address).await
        }
    }

    pub async fn sign_in(&mut self, user: &str, password: &str) -> Answer {
        let body = json!({"user": user, "password": password, "client": "test"});
        self.post("/uc/v1/session", body).await
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, Vec::new(), &[]).await
    }

    pub async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.send("POST", path, body.to_string().into_bytes(), &[])
            .await
    }

    pub async fn put(&mut self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, body.to_string().into_bytes(), &[])
            .await
    }

    pub async fn delete(&mut self, path: &str) -> Answer {
        self.send("DELETE", path, Vec::new(), &[]).await
    }

    pub async fn snapshot(&mut self) -> Snapshot {
        self.get("/uc/v1/snapshot").await.resource(200)
    }

    /// Calls, and expects it to ring.
    pub async fn call(&mut self, to: &str) -> CallResource {
        self.post("/uc/v1/calls", make_call(to)).await.resource(201)
    }

    /// A request to a call's sub-resource.
    pub async fn service(&mut self, call: &str, service: &str, body: Value) -> Answer {
        self.post(&format!("/uc/v1/calls/{call}/{service}"), body)
            .await
    }

    pub async fn send(
        &mut self,
        method: &str,
        path: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let request = self.request(method, path, body, headers);
        self.sender.ready().await.unwrap();
        let sent = timeout(PATIENCE, self.sender.send_request(request)).await;
        let response = sent.unwrap().unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap();
        Answer {
            status,
            body: body.to_bytes().to_vec(),
        }
    }

    /// Sends a request whose answer is not waited for.
    pub async fn try_send(&mut self, method: &str, path: &str) -> Result<u16, hyper::Error> {
        let request = self.request(method, path, Vec::new(), &[]);
        let response: Response<Incoming> = self.sender.send_request(request).await?;
        Ok(response.status().as_u16())
    }

    pub async fn events(&self, last: Option<&str>) -> Events {
        let mut connection = self.again(self.address).await;
        let last: Vec<_> = last.iter().map(|id| ("last-event-id", *id)).collect();
        let request = connection.request("GET", "/uc/v1/events", Vec::new(), &last);
        connection.sender.ready().await.unwrap();
        let response = connection.sender.send_request(request).await.unwrap();
        assert_eq!(response.status(), 200);
        Events {
            body: response.into_body(),
            parser: sse::Parser::new(),
            last: None,
            _sender: connection.sender,
        }
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        body: Vec<u8>,
        headers: &[(&str, &str)],
    ) -> Request<Full<Bytes>> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "test");
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Full::new(body.into())).unwrap()
    }
}

/// An open event stream.
pub struct Events {
    body: Incoming,
    parser: sse::Parser,
    /// The id of the newest event.
    pub last: Option<String>,
    _sender: http1::SendRequest<Full<Bytes>>,
}

impl Events {
    /// The next event; `None` where the stream has ended.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some(item) = self.parser.pop() {
                if let sse::Item::Event(raw) = item {
                    self.last = raw.id;
                    return Some(decode(raw.data.as_bytes()).unwrap());
                }
            }
            let frame = timeout(PATIENCE, self.body.frame())
                .await
                .expect("no event came");
            let data = frame?.ok()?.into_data().unwrap();
            self.parser.push(&data).unwrap();
        }
    }

    /// The next event that isn't by the way.
    pub async fn call(&mut self) -> CallResource {
        loop {
            match self.next().await {
                Some(Event::Call(call)) => return call,
                // What was dialled, and what colleagues' telephones do.
                Some(Event::Account(_) | Event::Presence(_)) => {}
                other => panic!("a call was expected, not {other:?}"),
            }
        }
    }
}

pub fn make_call(to: &str) -> Value {
    json!({"to": to, "device": "voip", "description": offer(1)})
}

pub fn offer(generation: u32) -> Value {
    json!({"generation": generation, "kind": "offer", "sdp": SDP})
}

pub fn answer(generation: u32) -> Value {
    json!({"description": {"generation": generation, "kind": "answer", "sdp": SDP}})
}

pub async fn server() -> RunningServer {
    Server::builder().start().await.unwrap()
}

pub fn durable(directory: &TestDirectory) -> Server {
    Server::builder().storage(Storage::Directory(directory.0.clone()))
}

/// A directory that goes with the test.
pub struct TestDirectory(pub std::path::PathBuf);

impl TestDirectory {
    pub fn new(name: &str) -> Self {
        let name = format!("uc-server-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for TestDirectory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

async fn open(address: SocketAddr) -> http1::SendRequest<Full<Bytes>> {
    let stream = timeout(PATIENCE, tls(address)).await.unwrap();
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

pub async fn tls(address: SocketAddr) -> TlsStream<TcpStream> {
    let provider = Arc::new(default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await.unwrap()
}

/// Trust isn't what these tests are about.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

pub const SDP: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 127.0.0.1\r\na=rtpmap:111 opus/48000/2\r\n\
    a=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n\
    a=setup:actpass\r\na=fingerprint:sha-256 \
    00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n";
