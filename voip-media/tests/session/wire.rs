//! A wire between two sessions that can be cut: descriptions are changed so that all packets go
//! through two sockets of ours, each of which is one side to the other.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering::Relaxed},
    },
};

use tokio::net::UdpSocket;

pub(crate) struct Wire {
    /// What the far side takes for the near one, and the other way round.
    near: SocketAddr,
    far: SocketAddr,
    state: Arc<AtomicU8>,
    ends: std::sync::Mutex<Option<tokio::sync::oneshot::Sender<SocketAddr>>>,
    task: tokio::task::JoinHandle<()>,
}

const WHOLE: u8 = 0;
const CUT: u8 = 1;
const NO_ANSWERS: u8 = 2;

impl Wire {
    pub(crate) async fn new() -> Self {
        let near = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        let far = UdpSocket::bind("127.0.0.1:0").await.expect("a socket");
        let state = Arc::new(AtomicU8::new(WHOLE));
        let (ends, caller) = tokio::sync::oneshot::channel();
        Self {
            near: near.local_addr().expect("bound"),
            far: far.local_addr().expect("bound"),
            state: Arc::clone(&state),
            ends: std::sync::Mutex::new(Some(ends)),
            task: tokio::spawn(carry(near, far, caller, state)),
        }
    }

    /// The near side's description as the far side is to see it.
    pub(crate) fn near(&self, sdp: &str) -> String {
        let ends = self.ends.lock().expect("not poisoned").take();
        let _ = ends.expect("one offer").send(host_address(sdp));
        redirect(sdp, self.near)
    }

    /// The far side's description as the near side is to see it.
    pub(crate) fn far(&self, sdp: &str) -> String {
        redirect(sdp, self.far)
    }

    pub(crate) fn cut(&self) {
        self.state.store(CUT, Relaxed);
    }

    pub(crate) fn mend(&self) {
        self.state.store(WHOLE, Relaxed);
    }

    /// Answers to checks are lost from now on, the rest is not.
    pub(crate) fn lose_answers(&self) {
        self.state.store(NO_ANSWERS, Relaxed);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The near side's address is known from its offer, the far side's from its first packet.
async fn carry(
    near: UdpSocket,
    far: UdpSocket,
    caller: tokio::sync::oneshot::Receiver<SocketAddr>,
    state: Arc<AtomicU8>,
) {
    let Ok(mut caller) = caller.await else { return };
    let mut callee = None;
    let (mut left, mut right) = ([0; 2_048], [0; 2_048]);
    loop {
        tokio::select! {
            Ok((length, from)) = near.recv_from(&mut left) => {
                callee = Some(from);
                let datagram = &left[..length];
                if passes(datagram, &state) {
                    let _ = far.send_to(datagram, caller).await;
                }
            }
            Ok((length, from)) = far.recv_from(&mut right) => {
                caller = from;
                let datagram = &right[..length];
                if let Some(callee) = callee.filter(|_| passes(datagram, &state)) {
                    let _ = near.send_to(datagram, callee).await;
                }
            }
        }
    }
}

fn passes(datagram: &[u8], state: &AtomicU8) -> bool {
    match state.load(Relaxed) {
        CUT => false,
        // STUN binding success.
        NO_ANSWERS => !datagram.starts_with(&[1, 1]),
        _ => true,
    }
}

/// The first candidate's address.
fn host_address(sdp: &str) -> SocketAddr {
    let line = sdp.lines().find(|line| line.starts_with("a=candidate:"));
    let fields: Vec<_> = line.expect("a candidate").split(' ').collect();
    let address = format!("{}:{}", fields[4], fields[5]);
    address.parse().expect("an address")
}

/// With one candidate, at `address`.
fn redirect(sdp: &str, address: SocketAddr) -> String {
    let mut text = String::new();
    for line in sdp.split_inclusive('\n') {
        if line.starts_with("a=candidate:") {
            if !text.contains("a=candidate:") {
                let (ip, port) = (address.ip(), address.port());
                text += &format!("a=candidate:1 1 udp 2130706431 {ip} {port} typ host\r\n");
            }
        } else {
            text += line;
        }
    }
    text
}
