//! What SIP messages cost: an INVITE with a session description is read and written, by ours and by
//! `rsipstack`'s messages. A second reading looks into the header fields that every request needs.

use criterion::{Criterion, criterion_group, criterion_main};
use rsipstack::sip::{
    SipMessage,
    prelude::{HeadersExt, ToTypedHeader},
};
use uc_protocol::sip::Message;

const HEAD: &str = "INVITE sip:+498912345678@pbx.example.com;user=phone SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.17:5060;branch=z9hG4bK776asdhds8f;rport\r\n\
    Max-Forwards: 70\r\n\
    From: \"Alice Example\" <sip:330@pbx.example.com>;tag=1928301774\r\n\
    To: <sip:+498912345678@pbx.example.com;user=phone>\r\n\
    Call-ID: a84b4c76e66710d3a7f1e0c2@192.0.2.17\r\n\
    CSeq: 314159 INVITE\r\n\
    Contact: <sip:330@192.0.2.17:5060;transport=udp>;+sip.instance=\"<urn:uuid:5c1b>\"\r\n\
    Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, REFER, NOTIFY, INFO\r\n\
    Supported: 100rel, timer, replaces, outbound\r\n\
    Session-Expires: 1800;refresher=uac\r\n\
    User-Agent: bench/1.0\r\n\
    Content-Type: application/sdp\r\n";

const BODY: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.17\r\ns=-\r\nc=IN IP4 192.0.2.17\r\nt=0 0\r\n\
    m=audio 40000 RTP/SAVP 9 8 0 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:8 PCMA/8000\r\n\
    a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n\
    a=ptime:20\r\na=sendrecv\r\n";

fn invite() -> Vec<u8> {
    format!("{HEAD}Content-Length: {}\r\n\r\n{BODY}", BODY.len()).into_bytes()
}

fn reading(criterion: &mut Criterion) {
    let bytes = invite();
    let mut group = criterion.benchmark_group("sip/read");
    group.bench_function("ours", |bencher| {
        bencher.iter(|| Message::read(&bytes).expect("a good INVITE"));
    });
    group.bench_function("rsipstack", |bencher| {
        bencher.iter(|| SipMessage::try_from(&bytes[..]).expect("a good INVITE"));
    });
    group.finish();
    let mut group = criterion.benchmark_group("sip/read-and-look");
    group.bench_function("ours", |bencher| {
        bencher.iter(|| {
            let message = Message::read(&bytes).expect("a good INVITE");
            let headers = message.headers();
            let (from, to) = (headers.from(), headers.to());
            let read = (
                from.is_ok(),
                to.is_ok(),
                headers.via().is_ok(),
                headers.cseq().is_ok(),
            );
            assert_eq!(read, (true, true, true, true));
        });
    });
    group.bench_function("rsipstack", |bencher| {
        bencher.iter(|| {
            let message = SipMessage::try_from(&bytes[..]).expect("a good INVITE");
            let from = message.from_header().and_then(|h| h.typed());
            let to = message.to_header().and_then(|h| h.typed());
            let via = message.via_header().and_then(|h| h.typed());
            let cseq = message.cseq_header().and_then(|h| h.typed());
            let read = (from.is_ok(), to.is_ok(), via.is_ok(), cseq.is_ok());
            assert_eq!(read, (true, true, true, true));
        });
    });
}

fn writing(criterion: &mut Criterion) {
    let bytes = invite();
    let mut group = criterion.benchmark_group("sip/write");
    let ours = Message::read(&bytes).expect("a good INVITE");
    let mut written = Vec::new();
    group.bench_function("ours", |bencher| {
        bencher.iter(|| {
            written.clear();
            ours.write(&mut written);
        });
    });
    let theirs = SipMessage::try_from(&bytes[..]).expect("a good INVITE");
    group.bench_function("rsipstack", |bencher| bencher.iter(|| theirs.to_bytes()));
}

criterion_group!(benches, reading, writing);
criterion_main!(benches);
