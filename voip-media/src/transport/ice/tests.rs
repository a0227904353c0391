use std::{future::poll_fn, net::UdpSocket};

use tokio::time::timeout;

use super::*;
use crate::transport::{
    RECEIVE_BUFFER,
    check::tests::{PASSWORD, REQUEST},
};

/// The header of an RTP packet.
const MEDIA: [u8; 12] = [0x80, 111, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7];
const PATIENCE: Duration = Duration::from_secs(10);

/// A path whose password is that of the published request.
async fn path() -> WebrtcIce {
    let settings = IceSettings {
        servers: Vec::new(),
        include_loopback: true,
        give_up_after: PATIENCE,
    };
    let mut ice = WebrtcIce::gather(&settings).await.expect("a path");
    PASSWORD.clone_into(&mut ice.credentials.pwd);
    ice
}

fn stranger(ice: &WebrtcIce) -> UdpSocket {
    let at = ice.socket.local_addr().expect("an address");
    let (any, loopback) = if ice.socket.is_v6() {
        (
            "[::1]:0",
            SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], at.port())),
        )
    } else {
        ("127.0.0.1:0", SocketAddr::from(([127, 0, 0, 1], at.port())))
    };
    let socket = UdpSocket::bind(any).expect("a socket");
    socket.connect(loopback).expect("loopback is there");
    socket
}

/// Works until `done`, and gives the media that came.
async fn until(ice: &mut WebrtcIce, done: impl Fn(&WebrtcIce, u32) -> bool) -> u32 {
    let mut media = 0;
    let mut buffer = vec![0; RECEIVE_BUFFER];
    let work = async {
        while !done(ice, media) {
            let next = poll_fn(|context| ice.poll_receive(context, &mut buffer));
            // What is only counted is no event.
            if let Ok(IceEvent::Datagram(_)) = timeout(Duration::from_millis(20), next).await {
                media += 1;
            }
        }
    };
    timeout(PATIENCE, work).await.expect("it happens");
    media
}

#[tokio::test]
async fn media_is_taken_from_where_an_authentic_check_came_from_and_from_nowhere_else() {
    let mut ice = path().await;
    let (peer, other) = (stranger(&ice), stranger(&ice));
    peer.send(&MEDIA).expect("sent");
    assert_eq!(until(&mut ice, |ice, _| ice.drops.strangers == 1).await, 0);

    peer.send(REQUEST).expect("sent");
    let mut forged = REQUEST.to_vec();
    forged[30] ^= 1;
    other.send(&forged).expect("sent");
    peer.send(&MEDIA).expect("sent");
    other.send(&MEDIA).expect("sent");
    let done = |ice: &WebrtcIce, media| media == 1 && ice.drops.strangers == 2;
    assert_eq!(until(&mut ice, done).await, 1);
    ice.close().await;
}

#[tokio::test]
async fn addresses_found_by_checks_are_bounded_and_the_newest_stay() {
    let mut ice = path().await;
    let address = |port| SocketAddr::from(([192, 0, 2, 1], port));
    for port in 1..=20 {
        ice.found_by_check(address(port));
    }
    assert_eq!(ice.reflexive.len(), MAX_REFLEXIVE);
    assert!(ice.knows(address(20)) && !ice.knows(address(1)));
    ice.close().await;
}
