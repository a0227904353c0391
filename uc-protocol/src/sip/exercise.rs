use super::{
    Address, DialogInfo, Headers, Message, StreamItem, StreamReader, Uri, Via, digest::Challenge,
};

/// Takes any octets as a datagram: what is read survives being written, and so does each typed
/// header field.
#[doc(hidden)]
pub fn exercise_message(bytes: &[u8]) {
    let Ok(message) = Message::read(bytes) else {
        return;
    };
    let mut written = Vec::new();
    message.write(&mut written);
    // Latin-1 becomes longer, perhaps too long.
    if let Ok(again) = Message::read(&written) {
        assert!(again == message, "{message:?} became {again:?}");
    }
    let _ = message.check();
    exercise_headers(message.headers());
    if let Message::Request(request) = &message {
        survives_uri(&request.uri);
    }
}

fn exercise_headers(headers: &Headers) {
    let addresses = [
        headers.from(),
        headers.to(),
        headers.refer_to(),
        headers.referred_by(),
    ];
    let contacts = headers.contacts().unwrap_or_default();
    let routes = ["Route", "Record-Route", "Path"].map(|name| headers.routes(name));
    let read = addresses.into_iter().flatten().chain(contacts);
    for address in read.chain(routes.into_iter().flatten()) {
        let again: Result<Address, _> = address.to_string().parse();
        assert!(
            again.as_ref() == Ok(&address),
            "{address:?} became {again:?}"
        );
        survives_uri(&address.uri);
        let _ = address.replaces();
    }
    for via in headers.vias().unwrap_or_default() {
        let again: Result<Via, _> = via.to_string().parse();
        assert!(again.as_ref() == Ok(&via), "{via:?} became {again:?}");
        let _ = (via.received(), via.rport());
    }
    if let Some(Ok(replaces)) = headers.replaces() {
        assert_eq!(replaces.to_string().parse(), Ok(replaces));
    }
    let _ = (
        headers.cseq(),
        headers.call_id(),
        headers.session_expires(),
        headers.min_se(),
    );
    let _ = (
        headers.rack(),
        headers.rseq(),
        headers.retry_after(),
        headers.reason(),
    );
    let _ = (
        headers.expires(),
        headers.event(),
        headers.subscription_state(),
    );
    let _ = (
        Challenge::strongest(headers, false),
        Challenge::strongest(headers, true),
    );
}

fn survives_uri(uri: &Uri) {
    let again: Result<Uri, _> = uri.to_string().parse();
    assert!(again.as_ref() == Ok(uri), "{uri:?} became {again:?}");
    assert!(uri.same_as(uri));
}

/// Takes any octets as what a watched telephone tells: what is read survives being written.
#[doc(hidden)]
pub fn exercise_dialog_info(bytes: &[u8]) {
    if let Ok(info) = DialogInfo::read(bytes) {
        let again = DialogInfo::read(&info.write());
        assert!(again.as_ref() == Ok(&info), "{info:?} became {again:?}");
    }
}

/// Takes any octets as a stream, whole and in small pieces: the same comes out.
#[doc(hidden)]
pub fn exercise_stream(bytes: &[u8]) {
    let bytes = &bytes[..bytes.len().min(crate::limits::MAX_SIP_BACKLOG_BYTES)];
    let whole = divide(bytes, bytes.len().max(1));
    for size in [1, 2, 7] {
        assert!(
            divide(bytes, size) == whole,
            "pieces of {size} bytes give something else"
        );
    }
}

type Divided = Vec<Result<StreamItem, super::SipError>>;

fn divide(bytes: &[u8], size: usize) -> Divided {
    let mut reader = StreamReader::new();
    let mut divided = Vec::new();
    for piece in bytes.chunks(size) {
        reader.push(piece);
        loop {
            match reader.next() {
                Ok(None) => break,
                Ok(Some(item)) => divided.push(Ok(item)),
                Err(super::SipError::Unframeable) => {
                    divided.push(Err(super::SipError::Unframeable));
                    return divided;
                }
                Err(error) => divided.push(Err(error)),
            }
        }
    }
    divided
}
