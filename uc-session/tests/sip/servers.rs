//! Several servers of one domain, found by a name server of our own.

use std::{net::UdpSocket, sync::Arc, thread};

use hickory_resolver::config::{ConnectionConfig, NameServerConfig};
use tokio::time::timeout;
use uc_protocol::sip::flow::Transport;
use uc_session::{Client, Dns, Event, Locate, SipBackend, SipConfig, SrvRecord, Trust, VoipEngine};

use crate::{
    ear::tone,
    kamailio::{DOMAIN, Kamailio},
    person::{PATIENCE, Person, talk},
};

/// A name server that knows the SRV records of one service; for everything else there is no such name.
fn name_server(service: &str, records: Vec<SrvRecord>) -> NameServerConfig {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let known = labels(service);
    thread::spawn(move || {
        let mut question = [0; 512];
        while let Ok((length, asker)) = socket.recv_from(&mut question) {
            let answer = answer(&question[..length], &known, &records);
            let _ = socket.send_to(&answer, asker);
        }
    });
    let mut udp = ConnectionConfig::udp();
    udp.port = address.port();
    let mut server = NameServerConfig::udp(address.ip());
    server.connections = vec![udp];
    server
}

/// RFC 1035 §4.1, RFC 2782.
fn answer(question: &[u8], known: &[u8], records: &[SrvRecord]) -> Vec<u8> {
    let name = &question[12..];
    let end = name.iter().position(|octet| *octet == 0).unwrap() + 5;
    let asked = name[..end].to_ascii_lowercase();
    let is_known = asked.starts_with(known) && asked[known.len()..] == [0, 0, 33, 0, 1];
    let records = if is_known { records } else { &[] };
    let mut answer = question[..2].to_vec();
    let code = if is_known { 0 } else { 3 };
    answer.extend([0x81, 0x80 | code, 0, 1, 0, records.len() as u8, 0, 0, 0, 0]);
    answer.extend(&name[..end]);
    for record in records {
        let mut data = Vec::new();
        for number in [record.priority, record.weight, record.port] {
            data.extend(number.to_be_bytes());
        }
        data.extend(labels(&record.target));
        data.push(0);
        answer.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60]);
        answer.extend((data.len() as u16).to_be_bytes());
        answer.extend(data);
    }
    answer
}

/// A name without its end.
fn labels(name: &str) -> Vec<u8> {
    let parts = name.split('.');
    let octets = parts.flat_map(|part| [&[part.len() as u8], part.as_bytes()].concat());
    octets.collect()
}

fn record(priority: u16, server: &Kamailio) -> SrvRecord {
    SrvRecord {
        priority,
        weight: 1,
        target: "localhost".to_owned(),
        port: server.plain_port(),
    }
}

#[tokio::test]
async fn servers_are_found_by_name_servers() {
    let known = SrvRecord {
        priority: 1,
        weight: 2,
        target: "one.office.test".to_owned(),
        port: 5070,
    };
    let server = name_server("_sip._tcp.office.test", vec![known.clone()]);
    let dns = Dns::by(vec![server]).unwrap();
    let found = dns.srv("_sip._tcp.office.test").await.unwrap();
    let with_dot = SrvRecord {
        target: "one.office.test.".to_owned(),
        ..known
    };
    assert_eq!(found, [with_dot]);
    assert_eq!(dns.srv("_sip._udp.office.test").await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn when_a_server_of_the_domain_fails_the_next_one_serves() {
    let (Some(first), Some(second)) = (Kamailio::start(""), Kamailio::start("")) else {
        return;
    };
    let records = vec![record(20, &second), record(10, &first)];
    let server = name_server("_sip._tcp.office.test", records);
    let mut config = SipConfig::default();
    config.transport = Transport::Tcp;
    config.locator = Some(Arc::new(Dns::by(vec![server]).unwrap()));
    let sound = tone(440.0);
    let rosa = Client::builder(DOMAIN, "100")
        .password("secret".to_owned())
        .trust(Trust::AcceptFirst)
        .backend(Arc::new(SipBackend::new(config)))
        .media(Arc::new(VoipEngine::new(Arc::new(sound.clone())).unwrap()))
        .sign_in()
        .await
        .unwrap();
    let rosa = Person::of(rosa, sound, 440.0);
    // She is at the first one by priority: a colleague there reaches her.
    let bruno = Person::new(&first, "udp", "101", 1_000.0).await;
    let (mine, _) = talk(&bruno, "100", &rosa).await;
    mine.hang_up().await.unwrap();

    let clara = Person::new(&second, "udp", "102", 700.0).await;
    let mut events = rosa.client.events();
    drop(first);
    let back = async { while events.next().await != Some(Event::ConnectionRestored) {} };
    timeout(PATIENCE, back)
        .await
        .expect("no other server is tried");
    let (mine, _) = talk(&clara, "100", &rosa).await;
    mine.hang_up().await.unwrap();
}
