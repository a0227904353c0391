use proptest::prelude::*;

use super::*;

fn read(pieces: &[&[u8]]) -> (Vec<Item>, Result<(), EventTooLong>) {
    let mut parser = Parser::new();
    let mut items = Vec::new();
    let mut result = Ok(());
    for piece in pieces {
        result = parser.push(piece);
        items.extend(std::iter::from_fn(|| parser.pop()));
    }
    (items, result)
}

fn event(id: Option<&str>, name: &str, data: &str) -> Item {
    Item::Event(RawEvent {
        id: id.map(Into::into),
        name: name.into(),
        data: data.into(),
    })
}

#[test]
fn all_three_line_ends_are_the_same() {
    for end in ["\n", "\r", "\r\n"] {
        let stream = ["id: e-1", "event: x", "data: a", "data:b", "", ""].join(end);
        let (items, _) = read(&[stream.as_bytes()]);
        assert_eq!(items, [event(Some("e-1"), "x", "a\nb")], "{end:?}");
    }
}

#[test]
fn comments_are_signs_of_life_even_inside_an_event() {
    let (items, _) = read(&[b":\n\n: hello\ndata: a\n:\ndata: b\n\n"]);
    let expected = [
        Item::Comment,
        Item::Comment,
        Item::Comment,
        event(None, "", "a\nb"),
    ];
    assert_eq!(items, expected);
}

#[test]
fn a_byte_order_mark_is_skipped_at_the_start_only() {
    let (items, _) = read(&[b"\xEF", b"\xBB\xBFdata: a\n\n\xEF\xBB\xBFdata: b\n\n"]);
    assert_eq!(items, [event(None, "", "a")]);
}

#[test]
fn an_id_without_data_counts_for_the_next_event() {
    let (items, _) = read(&[b"id: e-7\n\ndata: a\n\nid\ndata: b\n\n"]);
    assert_eq!(items, [event(Some("e-7"), "", "a"), event(None, "", "b")]);
}

#[test]
fn an_id_with_a_nul_and_unknown_fields_are_ignored() {
    let (items, _) = read(&[b"id: e\0\nretry: 1\nfoo\ndata: a\n\n"]);
    assert_eq!(items, [event(None, "", "a")]);
}

#[test]
fn only_one_space_after_the_colon_is_dropped() {
    let (items, _) = read(&[b"data:  a\n\ndata\n\n"]);
    assert_eq!(items, [event(None, "", " a"), event(None, "", "")]);
}

#[test]
fn an_unfinished_event_is_not_given_out() {
    assert_eq!(read(&[b"data: a\n"]).0, []);
}

#[test]
fn an_endless_line_is_a_typed_error_and_stays_one() {
    let mut parser = Parser::new();
    parser.push(b"data: before\n\n").unwrap();
    let piece = [b'x'; 1024];
    for _ in 0..MAX_EVENT_BYTES / 1024 {
        parser.push(&piece).unwrap();
    }
    assert_eq!(parser.push(b"x"), Err(EventTooLong));
    assert_eq!(parser.push(b"\n\ndata: after\n\n"), Err(EventTooLong));
    assert_eq!(parser.pop(), Some(event(None, "", "before")));
    assert_eq!(parser.pop(), None);
    assert!(parser.line.capacity() <= 2 * MAX_EVENT_BYTES);
}

#[test]
fn endless_short_data_lines_are_a_typed_error() {
    let mut parser = Parser::new();
    let lines = b"data: aaaaaaaa\n".repeat(1024);
    let failed = (0..MAX_EVENT_BYTES / lines.len() + 1).any(|_| parser.push(&lines).is_err());
    assert!(failed);
}

#[test]
fn endless_signs_of_life_are_no_error() {
    let mut parser = Parser::new();
    for _ in 0..MAX_EVENT_BYTES {
        parser.push(b":\n").unwrap();
        assert_eq!(parser.pop(), Some(Item::Comment));
    }
}

#[test]
fn debug_shows_no_data() {
    let shown = format!("{:?}", event(Some("e-1"), "", "Anna"));
    assert!(!shown.contains("Anna"), "{shown}");
}

fn streams() -> impl Strategy<Value = Vec<u8>> {
    let parts: Vec<&[u8]> = vec![
        b"data: a",
        b"data",
        b"id: e-1",
        b"event:x",
        b":",
        b"\n",
        b"\r",
        b"\r\n",
        b"\xEF\xBB\xBF",
        b"\xC3",
        b"\xBC",
        b"\0",
    ];
    let part = proptest::sample::select(parts);
    proptest::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_split_gives_the_same_items(stream in streams(), cuts in proptest::collection::vec(0..200_usize, 0..8)) {
        let mut cuts: Vec<usize> = cuts.into_iter().map(|c| c.min(stream.len())).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|w| &stream[w[0]..w[1]]).collect();
        prop_assert_eq!(read(&pieces), read(&[&stream]));
    }

    #[test]
    fn what_is_written_is_read(number: u64, data in "(?s).*") {
        let id: EventId = format!("epoch1-{number}").parse().unwrap();
        let mut stream = Vec::new();
        write_event(&mut stream, Some(&id), &data);
        write_heartbeat(&mut stream);
        let lines = data.replace("\r\n", "\n").replace('\r', "\n");
        let (items, result) = read(&[&stream]);
        prop_assert_eq!(result, Ok(()));
        prop_assert_eq!(items, vec![event(Some(&id.to_string()), "", &lines), Item::Comment]);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes: Vec<u8>) {
        let _ = read(&[&bytes]);
    }
}
