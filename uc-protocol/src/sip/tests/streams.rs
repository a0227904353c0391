use super::*;

fn invite(call: &str) -> Vec<u8> {
    wire(&format!(
        "INVITE sip:b@c SIP/2.0\n{}l: LENGTH\n\nv=0\n",
        FIELDS.replace("c1@", call)
    ))
}

/// All that a stream gives until it waits or ends.
fn all(reader: &mut StreamReader) -> Vec<Result<StreamItem, SipError>> {
    let mut items = Vec::new();
    loop {
        match reader.next() {
            Ok(None) => return items,
            Ok(Some(item)) => items.push(Ok(item)),
            Err(error) => {
                items.push(Err(error));
                if error == SipError::Unframeable {
                    return items;
                }
            }
        }
    }
}

fn given(bytes: &[u8]) -> Vec<Result<StreamItem, SipError>> {
    exercise_stream(bytes);
    let mut reader = StreamReader::new();
    reader.push(bytes);
    all(&mut reader)
}

fn message(bytes: &[u8]) -> Result<StreamItem, SipError> {
    Ok(StreamItem::Message(Message::read(bytes).unwrap()))
}

#[test]
fn messages_come_one_after_the_other() {
    let (one, two) = (invite("one@"), invite("two@"));
    let items = given(&[&one[..], &two[..]].concat());
    assert!(items == [message(&one), message(&two)]);
}

#[test]
fn a_message_waits_for_its_body() {
    let bytes = invite("one@");
    let mut reader = StreamReader::new();
    for byte in &bytes[..bytes.len() - 1] {
        reader.push(&[*byte]);
        assert!(reader.next().unwrap().is_none());
    }
    reader.push(&bytes[bytes.len() - 1..]);
    assert!(all(&mut reader) == [message(&bytes)]);
}

#[test]
fn one_line_end_is_a_pong_and_two_end_with_a_ping() {
    let (pong, ping) = (Ok(StreamItem::Pong), Ok(StreamItem::Ping));
    assert!(given(b"\r\n") == [pong.clone()]);
    assert!(given(b"\r\n\r\n") == [pong.clone(), ping.clone()]);
    let call = invite("one@");
    let items = given(&[b"\r\n", &call[..], b"\r\n\r\n\r"].concat());
    assert!(items == [pong.clone(), message(&call), pong, ping]);
}

#[test]
fn a_broken_message_of_known_length_is_skipped() {
    let good = invite("two@");
    let broken = [
        (
            format!("INVITE sip:b@c SIP/2.0\nno colon\n{FIELDS}l: LENGTH\n\nv=0\n"),
            SipError::Line(2),
        ),
        (
            format!("INVITE sip:b@c SIP/3.0\n{FIELDS}l: LENGTH\n\nv=0\n"),
            SipError::Version,
        ),
        (
            format!("nonsense\n{FIELDS}l: LENGTH\n\nINVITE\n\n\n"),
            SipError::StartLine,
        ),
    ];
    for (text, error) in broken {
        let items = given(&[&wire(&text)[..], &good[..]].concat());
        assert!(items == [Err(error), message(&good)], "{error:?}");
    }
}

#[test]
fn a_message_that_is_too_large_is_skipped() {
    let head = wire(&format!("INVITE sip:b@c SIP/2.0\n{FIELDS}l: 100000\n\n"));
    let good = invite("two@");
    let bytes = [&head[..], &[b'x'; 100_000], &good[..]].concat();
    let items = given(&bytes);
    assert!(
        items
            == [
                Err(SipError::TooLarge(head.len() + 100_000)),
                message(&good)
            ]
    );
}

#[test]
fn a_stream_that_cannot_be_divided_ends() {
    for text in [
        format!("INVITE sip:b@c SIP/2.0\n{FIELDS}\n"),
        format!("INVITE sip:b@c SIP/2.0\n{FIELDS}l: x\n\n"),
        format!("INVITE sip:b@c SIP/2.0\n{FIELDS}l: 1\nl: 2\n\n"),
        "nonsense\n\n".to_owned(),
        format!("{}\n", "x".repeat(70_000)),
        format!(
            "INVITE sip:b@c SIP/2.0\n{}l: 0\n\n",
            "a: b\n".repeat(20_000)
        ),
    ] {
        let good = invite("two@");
        let items = given(&[&wire(&text)[..], &good[..]].concat());
        assert!(items == [Err(SipError::Unframeable)]);
    }
}

#[test]
fn nobody_can_make_a_reader_hold_more_than_its_limit() {
    let mut reader = StreamReader::new();
    for _ in 0..100 {
        reader.push(&[b'x'; 10_000]);
    }
    assert_eq!(reader.next().unwrap_err(), SipError::Unframeable);
    reader.push(&invite("one@"));
    assert_eq!(reader.next().unwrap_err(), SipError::Unframeable);
}
