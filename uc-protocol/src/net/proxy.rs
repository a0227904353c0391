use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{HostPort, ProxyError};

/// Asks a proxy for a tunnel (RFC 9110 §9.3.6).
pub(super) async fn connect(stream: &mut TcpStream, target: &HostPort) -> Result<(), ProxyError> {
    let broken = |error: std::io::Error| ProxyError::Broken(error.kind());
    let request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(broken)?;
    let mut head = Vec::with_capacity(256);
    // Byte by byte: what follows the head belongs to TLS.
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_HEAD_BYTES {
            return Err(ProxyError::NotHttp);
        }
        head.push(stream.read_u8().await.map_err(broken)?);
    }
    match status(&head) {
        Some(200..=299) => Ok(()),
        Some(status) => Err(ProxyError::Status(status)),
        None => Err(ProxyError::NotHttp),
    }
}

/// The status of an HTTP/1.x answer.
fn status(head: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(head.split(|b| *b == b'\r').next()?).ok()?;
    let (version, rest) = line.split_once(' ')?;
    let code = rest.get(..3)?;
    (version.starts_with("HTTP/1.") && code.bytes().all(|b| b.is_ascii_digit()))
        .then(|| code.parse().ok())?
}

/// Longest answer of a proxy, in bytes (our choice: real ones have a few hundred).
const MAX_HEAD_BYTES: usize = 8 * 1024;
