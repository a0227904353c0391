use super::*;

async fn pair(bind: &str) -> Option<(UdpSocket, Flow)> {
    let server = UdpSocket::bind(bind).await.ok()?;
    let dialed = dialer()
        .dial(Transport::Udp, &address(server.local_addr()))
        .await
        .unwrap();
    assert!(dialed.certificate().is_none());
    let flow = dialed.into_flow();
    server.connect(flow.local_addr()).await.unwrap();
    Some((server, flow))
}

#[tokio::test]
async fn messages_go_and_come_in_both_families() {
    for bind in ["127.0.0.1:0", "[::1]:0"] {
        // A computer may have no IPv6.
        let Some((server, flow)) = pair(bind).await else {
            continue;
        };
        assert_eq!(flow.peer_addr(), server.local_addr().unwrap());
        flow.send(&options(3)).await.unwrap();
        let mut buffer = [0; 2048];
        let length = server.recv(&mut buffer).await.unwrap();
        assert!(Message::read(&buffer[..length]).unwrap() == options(3));
        server.send(&bytes(&ok())).await.unwrap();
        assert!(message(&flow).await == ok());
    }
}

#[tokio::test]
async fn what_others_send_is_never_seen() {
    let (server, flow) = pair("127.0.0.1:0").await.unwrap();
    let stranger = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    stranger
        .send_to(&bytes(&options(0)), flow.local_addr())
        .await
        .unwrap();
    server.send(&bytes(&ok())).await.unwrap();
    assert!(message(&flow).await == ok());
}

#[tokio::test]
async fn signs_of_life_and_rubbish_are_told_apart() {
    let (server, flow) = pair("127.0.0.1:0").await.unwrap();
    for datagram in [
        &b""[..],
        b"\0\0\0\0",
        b"\r\n",
        b"\r\n\r\n",
        b"rubbish",
        b"INVITE x\r\n\r\n",
    ] {
        server.send(datagram).await.unwrap();
    }
    let expected = [
        Received::Pong,
        Received::Ping,
        Received::Unreadable(SipError::NoEnd),
        Received::Unreadable(SipError::StartLine),
    ];
    for received in expected {
        assert_eq!(flow.receive().await.unwrap(), received);
    }
    flow.ping().await.unwrap();
    let mut buffer = [0; 8];
    let length = server.recv(&mut buffer).await.unwrap();
    assert_eq!(&buffer[..length], b"\r\n\r\n");
}

#[tokio::test]
async fn nobody_at_the_port_is_refused_until_somebody_comes() {
    let (server, flow) = pair("127.0.0.1:0").await.unwrap();
    let port = server.local_addr().unwrap();
    drop(server);
    flow.send(&options(0)).await.unwrap();
    assert_eq!(flow.receive().await.unwrap_err(), FlowError::Refused);
    let server = UdpSocket::bind(port).await.unwrap();
    server
        .send_to(&bytes(&ok()), flow.local_addr())
        .await
        .unwrap();
    assert!(message(&flow).await == ok());
}

#[tokio::test]
async fn a_message_that_no_datagram_holds_is_refused() {
    let (_server, flow) = pair("127.0.0.1:0").await.unwrap();
    let head = bytes(&options(10_000)).len() - 10_000;
    for length in [65_535, 65_536] {
        let error = flow.send(&options(length - head)).await.unwrap_err();
        assert_eq!(error, FlowError::TooLarge(length));
    }
    flow.send(&options(0)).await.unwrap();
}
