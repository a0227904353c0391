use super::*;

mod fields;
mod properties;
mod streams;
mod torture;
mod uris;

/// A message from lines that end with `\n`; `LENGTH` becomes the length of its body.
fn wire(text: &str) -> Vec<u8> {
    let text = text.replace('\n', "\r\n");
    let body = text
        .split_once("\r\n\r\n")
        .map_or(0, |(_, body)| body.len());
    text.replace("LENGTH", &body.to_string()).into_bytes()
}

/// What must be readable.
fn read(text: &str) -> Message {
    Message::read(&wire(text)).unwrap()
}

fn write(message: &Message) -> Vec<u8> {
    let mut written = Vec::new();
    message.write(&mut written);
    written
}

fn request(message: Message) -> Request {
    match message {
        Message::Request(request) => request,
        Message::Response(_) => panic!("a response"),
    }
}

fn headers(lines: &[(&str, &str)]) -> Headers {
    let mut headers = Headers::new();
    for (name, value) in lines {
        headers.push(name, *value);
    }
    headers
}

/// What every message needs, after the first line.
const FIELDS: &str = "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1\nMax-Forwards: 70\n\
    From: <sip:alice@example.com>;tag=a1\nTo: <sip:bob@example.com>\nCall-ID: c1@192.0.2.1\n\
    CSeq: 1 INVITE\n";
