//! A network between one client and its server that a test can cut, hush and mend.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// What the network does with packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Whole,
    /// Connections break, and new ones too.
    Cut,
    /// What is sent is lost, and connections that lost something are dead for ever.
    Hushed,
}

/// A way to a server; dropping it cuts it.
pub(crate) struct Cable {
    pub(crate) address: SocketAddr,
    state: Arc<watch::Sender<State>>,
    /// The connection that is dead though the others live.
    severed: Arc<watch::Sender<Option<usize>>>,
    carrying: JoinHandle<()>,
}

impl Cable {
    /// A cable that ends at `server`.
    pub(crate) async fn to(server: SocketAddr) -> Self {
        Self::lay(Some(server)).await
    }

    /// An HTTP proxy: it leads wherever `CONNECT` says.
    pub(crate) async fn proxy() -> Self {
        Self::lay(None).await
    }

    async fn lay(server: Option<SocketAddr>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(watch::Sender::new(State::Whole));
        let severed = Arc::new(watch::Sender::new(None));
        let (seen, dead) = (Arc::clone(&state), Arc::clone(&severed));
        let carrying = tokio::spawn(async move {
            let mut carried = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let severed = is(dead.subscribe(), Some(carried.len()));
                carried.spawn(carry(near, server, seen.subscribe(), severed));
            }
        });
        Self {
            address,
            state,
            severed,
            carrying,
        }
    }

    pub(crate) fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    pub(crate) fn hush(&self) {
        self.state.send_replace(State::Hushed);
    }

    /// Lets one connection, by the order in which they were made, carry nothing any more.
    pub(crate) fn sever(&self, connection: usize) {
        self.severed.send_replace(Some(connection));
    }

    pub(crate) fn mend(&self) {
        self.state.send_replace(State::Whole);
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

async fn carry(
    mut near: TcpStream,
    server: Option<SocketAddr>,
    state: watch::Receiver<State>,
    severed: impl Future<Output = ()>,
) {
    let now = *state.borrow();
    match now {
        State::Whole => {}
        State::Cut => return,
        State::Hushed => return dead(near, state).await,
    }
    let far = match server {
        Some(server) => Some(server),
        None => asked(&mut near).await,
    };
    let Some(far) = far else { return };
    let Ok(mut far) = TcpStream::connect(far).await else {
        return;
    };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
        () = is(state.clone(), State::Cut) => {}
        () = is(state.clone(), State::Hushed) => dead(near, state).await,
        () = severed => dead(near, state).await,
    }
}

/// Waits until it is so.
async fn is<T: PartialEq>(mut seen: watch::Receiver<T>, wanted: T) {
    let _ = seen.wait_for(|seen| *seen == wanted).await;
}

/// Takes what is sent to nowhere, until somebody closes.
async fn dead(mut near: TcpStream, state: watch::Receiver<State>) {
    let mut lost = vec![0; 4096];
    loop {
        tokio::select! {
            read = near.read(&mut lost) => if !matches!(read, Ok(1..)) { return },
            () = is(state.clone(), State::Cut) => return,
        }
    }
}

/// Reads `CONNECT`, answers that it is done, and says where to.
async fn asked(near: &mut TcpStream) -> Option<SocketAddr> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(near.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let far = head
        .strip_prefix("CONNECT ")?
        .split(' ')
        .next()?
        .parse()
        .ok()?;
    near.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
        .await
        .ok()?;
    Some(far)
}
