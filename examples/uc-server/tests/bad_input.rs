//! Whatever a client sends: an answer that helps, and the connection lives on.

mod client;

use std::time::Duration;

use client::{Client, server, tls};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

#[tokio::test]
async fn bodies_that_cannot_be_read_are_answered_and_the_connection_is_kept() {
    let server = server().await;
    let mut client = Client::signed_in(&server, "330").await;
    let nested = [b"[".repeat(10_000), b"]".repeat(10_000)].concat();
    let cases: [(&[u8], u16, &str); 6] = [
        (b"", 400, "malformed"),
        (b"{\"to\": \"33", 400, "malformed"),
        (b"\xff\xfe", 400, "malformed"),
        (b"[1, 2]", 400, "malformed"),
        (&nested, 400, "malformed"),
        (&vec![b' '; 3 * 1024 * 1024], 413, "too-large"),
    ];
    for (body, status, kind) in cases {
        let answer = client
            .send("POST", "/uc/v1/calls", body.to_vec(), &[])
            .await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, kind));
    }
    assert_eq!(client.get("/uc/v1/snapshot").await.status, 200);
}

#[tokio::test]
async fn a_hundred_megabytes_are_refused_and_others_are_served() {
    let server = server().await;
    let client = Client::signed_in(&server, "330").await;
    let mut stream = tls(server.address()).await;
    let head = format!(
        "POST /uc/v1/calls HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {}\r\n\
         content-length: 100000000\r\n\r\n",
        client.token.clone().unwrap(),
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let (mut reading, mut writing) = tokio::io::split(stream);
    let flood = tokio::spawn(async move {
        let piece = vec![b' '; 64 * 1024];
        while writing.write_all(&piece).await.is_ok() {}
    });
    let _ = reading.read_to_end(&mut answer).await;
    flood.await.unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("urn:ucx:problem:too-large"), "{answer}");
    let mut other = client.again(server.address()).await;
    assert_eq!(other.get("/uc/v1/snapshot").await.status, 200);
}

#[tokio::test]
async fn a_request_refused_before_its_body_came_leaves_the_connection_open() {
    let server = server().await;
    let client = Client::signed_in(&server, "330").await;
    let good = format!("authorization: Bearer {}\r\n", client.token.unwrap());
    let bad_key = format!("{good}idempotency-key: \r\n");
    let refused = [
        ("POST /uc/v1/calls", "", 401),
        ("POST /uc/v1/contacts", bad_key.as_str(), 422),
        ("PATCH /uc/v1/calls", good.as_str(), 405),
        ("POST /uc/v1/nowhere", good.as_str(), 404),
    ];
    let mut stream = tls(server.address()).await;
    let mut expected = Vec::new();
    for (line, headers, status) in refused {
        let head = format!("{line} HTTP/1.1\r\nhost: test\r\n{headers}content-length: 2\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        // The server has time to refuse it.
        tokio::time::sleep(Duration::from_millis(100)).await;
        stream.write_all(b"{}").await.unwrap();
        expected.push(status.to_string());
    }
    let last = "GET /uc/v1/hello HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";
    stream.write_all(last.as_bytes()).await.unwrap();
    expected.push("200".to_owned());
    let mut answers = Vec::new();
    let _ = stream.read_to_end(&mut answers).await;
    let answers = String::from_utf8_lossy(&answers);
    let statuses: Vec<_> = answers
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| &answer[..3])
        .collect();
    assert_eq!(statuses, expected, "{answers}");
}

#[tokio::test]
async fn unknown_paths_methods_and_ids_are_problems() {
    let server = server().await;
    let mut client = Client::signed_in(&server, "330").await;
    for path in [
        "/",
        "/uc/v2/hello",
        "/uc/v1/calls/nowhere",
        "/uc/v1/calls/%2e%2e%2f",
    ] {
        let answer = client.get(path).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (404, "not-found"),
            "{path}"
        );
    }
    let answer = client.delete("/uc/v1/snapshot").await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (405, "malformed")
    );
    assert_eq!(client.get("/uc/v1/hello").await.status, 200);
}

#[tokio::test]
async fn a_description_without_sound_is_refused() {
    let server = server().await;
    let mut client = Client::signed_in(&server, "330").await;
    let mut call = client::make_call("331");
    call["description"]["sdp"] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n".into();
    let answer = client.post("/uc/v1/calls", call).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (422, "refused-value")
    );
}

#[tokio::test]
async fn headers_without_end_are_cut_off() {
    let server = server().await;
    let mut stream = tls(server.address()).await;
    stream
        .write_all(b"GET /uc/v1/hello HTTP/1.1\r\nhost: test\r\nx: ")
        .await
        .unwrap();
    let flood = vec![b'x'; 1024 * 1024];
    let _ = stream.write_all(&flood).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8_lossy(&answer);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );
    Client::signed_in(&server, "330").await;
}

#[tokio::test]
async fn plain_http_gets_no_answer_and_harms_nobody() {
    let server = server().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream
        .write_all(b"GET /uc/v1/hello HTTP/1.1\r\nhost: test\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"));
    Client::signed_in(&server, "330").await;
}

#[tokio::test]
async fn connections_without_tls_take_no_room_for_ever() {
    let server = server().await;
    for _ in 0..600 {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(b"hello\r\n\r\n").await.unwrap();
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
    Client::signed_in(&server, "330").await;
}
