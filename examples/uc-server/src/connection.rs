use std::{io, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time,
};
use tokio_rustls::TlsAcceptor;
use uc_protocol::limits::MAX_HEADER_BYTES;

use crate::{http::handle, switchboard::Switchboard};

/// How far a server has come in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Serving.
    Running,
    /// Finishing what has begun.
    Stopping,
    /// Dropping everything.
    Killed,
}

/// Accepts and serves connections until the phase changes; returns when all of them are gone.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: TlsAcceptor,
    board: Arc<Switchboard>,
    mut phase: watch::Receiver<Phase>,
) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    let reached = loop {
        tokio::select! {
            reached = next(&mut phase) => break reached,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                let Some(stream) = accepted_stream(accepted).await else { continue };
                let Ok(permit) = room.clone().try_acquire_owned() else {
                    tracing::warn!("connection refused: {MAX_CONNECTIONS} are open");
                    continue;
                };
                let serving = connection(stream, tls.clone(), board.clone(), phase.clone());
                connections.spawn(async move {
                    serving.await;
                    drop(permit);
                });
            }
        }
    };
    drop(listener);
    if reached == Phase::Stopping {
        board.end_streams();
        let all = async { while connections.join_next().await.is_some() {} };
        let _ = time::timeout(STOP_TIMEOUT, all).await;
    }
    connections.shutdown().await;
}

/// The phase after the running one. A server that was dropped is killed.
async fn next(phase: &mut watch::Receiver<Phase>) -> Phase {
    let changed = phase.wait_for(|phase| *phase != Phase::Running).await;
    changed.map_or(Phase::Killed, |phase| *phase)
}

async fn accepted_stream(
    accepted: io::Result<(TcpStream, std::net::SocketAddr)>,
) -> Option<TcpStream> {
    match accepted {
        Ok((stream, _)) => prepare(&stream).ok().map(|()| stream),
        Err(error) => {
            // Out of file descriptors, mostly: it will not be better at once.
            tracing::warn!(%error, "a connection couldn't be accepted");
            time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// Sends small answers at once, and notices a peer that has vanished by unacknowledged heartbeats:
/// without a limit of its own, TCP goes on for a quarter of an hour (RFC 5482 §1).
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    #[cfg(target_os = "linux")]
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(VANISHED_TIMEOUT))?;
    Ok(())
}

async fn connection(
    stream: TcpStream,
    tls: TlsAcceptor,
    board: Arc<Switchboard>,
    mut phase: watch::Receiver<Phase>,
) {
    let mut cuts = board.faults.cuts();
    let stream = board.faults.wrap(stream);
    let handshake = time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream));
    let made = tokio::select! {
        made = handshake => made,
        _ = cuts.changed() => return,
        _ = next(&mut phase) => return,
    };
    let Ok(Ok(stream)) = made else {
        return tracing::debug!("no TLS connection was made");
    };
    let service = service_fn(|request| {
        let board = board.clone();
        async move { Ok::<_, std::convert::Infallible>(handle(board, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return log_end(ended),
        _ = cuts.changed() => return,
        _ = next(&mut phase) => connection.as_mut().graceful_shutdown(),
    }
    log_end(connection.await);
}

fn log_end(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended");
    }
}

/// Connections at once; each costs two buffers and a TLS state.
const MAX_CONNECTIONS: usize = 512;
/// How long bytes may stay unacknowledged: two heartbeats, and time for TCP to try again.
#[cfg(target_os = "linux")]
const VANISHED_TIMEOUT: Duration = Duration::from_secs(30);
/// How long TLS may take.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may be without a whole request header: this is also the keep-alive time.
const HEADER_TIMEOUT: Duration = Duration::from_secs(75);
/// How long requests have to finish when the server stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(2);
/// How long nothing is accepted after accepting failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
