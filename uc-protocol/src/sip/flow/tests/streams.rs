use super::*;
use crate::net::tests::acceptor;

/// Reads as much as a message has, and answers.
async fn answer<S: AsyncReadExt + AsyncWriteExt + Unpin>(mut stream: S) {
    let mut request = vec![0; bytes(&options(3)).len()];
    stream.read_exact(&mut request).await.unwrap();
    assert!(Message::read(&request).unwrap() == options(3));
    for piece in bytes(&ok()).chunks(50) {
        stream.write_all(piece).await.unwrap();
        stream.flush().await.unwrap();
    }
    let _ = stream.read(&mut [0]).await;
}

#[tokio::test]
async fn messages_go_and_come_by_tcp() {
    let server = Server::tcp(answer).await;
    let dialed = dialer()
        .dial(Transport::Tcp, &server.address)
        .await
        .unwrap();
    assert!(dialed.certificate().is_none());
    let flow = dialed.into_flow();
    assert_eq!(flow.peer_addr().port(), server.address.port());
    assert!(flow.local_addr().ip().is_loopback());
    flow.send(&options(3)).await.unwrap();
    assert!(message(&flow).await == ok());
}

#[tokio::test]
async fn a_certificate_is_shown_before_messages_go_by_tls() {
    let acceptor = acceptor();
    let server = Server::tcp(move |stream| {
        let acceptor = acceptor.clone();
        async move { answer(acceptor.accept(stream).await.unwrap()).await }
    })
    .await;
    let dialed = dialer()
        .dial(Transport::Tls, &server.address)
        .await
        .unwrap();
    let certificate = dialed.certificate().unwrap();
    assert_eq!(certificate.subject, certificate.issuer);
    let flow = dialed.into_flow();
    flow.send(&options(3)).await.unwrap();
    assert!(message(&flow).await == ok());
}

#[tokio::test]
async fn a_port_without_tls_is_named() {
    let server = Server::saying("SIP/2.0 400 Bad Request\r\n\r\n").await;
    let error = dialer()
        .dial(Transport::Tls, &server.address)
        .await
        .unwrap_err();
    assert_eq!(error, DialError::NotTls);
}

#[tokio::test]
async fn a_ping_is_answered_and_sent() {
    let (told, pongs) = oneshot::channel();
    let told = std::sync::Mutex::new(Some(told));
    let server = Server::tcp(move |mut stream| {
        let told = told.lock().unwrap().take().unwrap();
        async move {
            stream.write_all(b"\r\n\r\n").await.unwrap();
            let mut heard = [0; 6];
            stream.read_exact(&mut heard).await.unwrap();
            let _ = told.send(heard);
            stream.write_all(b"\r\n").await.unwrap();
            let _ = stream.read(&mut [0]).await;
        }
    })
    .await;
    let flow = server.flow(Transport::Tcp).await;
    assert_eq!(flow.receive().await.unwrap(), Received::Pong);
    assert_eq!(flow.receive().await.unwrap(), Received::Ping);
    flow.ping().await.unwrap();
    assert_eq!(&pongs.await.unwrap(), b"\r\n\r\n\r\n");
    assert_eq!(flow.receive().await.unwrap(), Received::Pong);
}

#[tokio::test]
async fn a_broken_message_is_told_and_the_next_one_comes() {
    let mut both = b"INVITE x SIP/2.0\r\nl: 3\r\n\r\nabc".to_vec();
    both.extend(bytes(&ok()));
    let flow = Server::saying(both).await.flow(Transport::Tcp).await;
    let broken = Received::Unreadable(SipError::RequestUri);
    assert_eq!(flow.receive().await.unwrap(), broken);
    assert!(message(&flow).await == ok());
}

#[tokio::test]
async fn what_is_no_sip_ends_the_flow() {
    let server = Server::saying("220 mail.example.com\r\n\r\n").await;
    let flow = server.flow(Transport::Tcp).await;
    assert_eq!(flow.receive().await.unwrap_err(), FlowError::NotSip);
    assert_eq!(flow.receive().await.unwrap_err(), FlowError::NotSip);
}

#[tokio::test]
async fn a_server_that_closes_is_noticed() {
    let server = Server::tcp(|stream| async move { drop(stream) }).await;
    let flow = server.flow(Transport::Tcp).await;
    assert_eq!(flow.receive().await.unwrap_err(), FlowError::Closed);
}

#[tokio::test]
async fn dropping_a_flow_closes_it() {
    let (closed, seen) = oneshot::channel();
    let closed = std::sync::Mutex::new(Some(closed));
    let server = Server::tcp(move |mut stream| {
        let closed = closed.lock().unwrap().take().unwrap();
        async move {
            let _ = stream.read(&mut [0]).await;
            let _ = closed.send(());
        }
    })
    .await;
    drop(server.flow(Transport::Tcp).await);
    seen.await.unwrap();
}

#[tokio::test]
async fn giving_up_loses_no_part_of_what_comes() {
    let (go, wait) = tokio::sync::mpsc::channel::<()>(1);
    let wait = std::sync::Mutex::new(Some(wait));
    let server = Server::tcp(move |mut stream| {
        let mut wait = wait.lock().unwrap().take().unwrap();
        async move {
            for piece in bytes(&ok()).chunks(20) {
                stream.write_all(piece).await.unwrap();
                wait.recv().await;
            }
            let _ = stream.read(&mut [0]).await;
        }
    })
    .await;
    let flow = server.flow(Transport::Tcp).await;
    let received = loop {
        match flow.receive().now_or_never() {
            Some(received) => break received.unwrap(),
            None => {
                let _ = go.try_send(());
                tokio::task::yield_now().await;
            }
        }
    };
    assert!(received == Received::Message(ok()));
}

#[tokio::test]
async fn giving_up_sends_no_message_in_part() {
    let (go, wait) = oneshot::channel::<()>();
    let (told, heard) = oneshot::channel();
    let once = std::sync::Mutex::new(Some((wait, told)));
    let server = Server::tcp(move |mut stream| {
        let (wait, told) = once.lock().unwrap().take().unwrap();
        async move {
            wait.await.unwrap();
            let mut all = Vec::new();
            stream.read_to_end(&mut all).await.unwrap();
            told.send(all).unwrap();
        }
    })
    .await;
    let flow = server.flow(Transport::Tcp).await;
    // Until the socket takes no more; what is given up is finished by the next one.
    let (mut begun, mut given_up) = (0, 0);
    while given_up < 3 {
        begun += 1;
        tokio::task::yield_now().await;
        if flow.send(&options(60_000)).now_or_never().is_none() {
            given_up += 1;
        }
    }
    go.send(()).unwrap();
    flow.send(&options(1)).await.unwrap();
    drop(flow);
    let mut expected = bytes(&options(60_000)).repeat(begun);
    expected.extend(bytes(&options(1)));
    assert!(heard.await.unwrap() == expected);
}

#[tokio::test]
async fn a_server_that_takes_nothing_does_not_fill_our_memory() {
    let server = Server::tcp(|stream| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let flow = server.flow(Transport::Tcp).await;
    let error = loop {
        tokio::task::yield_now().await;
        if let Some(Err(error)) = flow.send(&options(60_000)).now_or_never() {
            break error;
        }
    };
    assert_eq!(error, FlowError::Stalled);
}
