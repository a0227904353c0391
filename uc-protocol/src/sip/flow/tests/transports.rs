use super::*;

#[test]
fn a_uri_says_which_transport_it_wants() {
    for (uri, expected) in [
        ("sip:a", Some(Transport::Udp)),
        ("sip:a;transport=TCP", Some(Transport::Tcp)),
        ("sip:a;transport=tls", Some(Transport::Tls)),
        ("sip:a;transport=ws", Some(Transport::Ws)),
        ("sip:a;transport=sctp", None),
        ("sips:a", Some(Transport::Tls)),
        ("sips:a;transport=tcp", Some(Transport::Tls)),
        ("sips:a;transport=ws", Some(Transport::Wss)),
        ("sips:a;transport=udp", None),
    ] {
        let uri: Uri = uri.parse().unwrap();
        assert_eq!(Transport::of(&uri), expected, "{uri}");
    }
}

#[test]
fn transports_have_names_ports_and_properties() {
    let described = Transport::ALL.map(|t| {
        (
            t.to_string(),
            t.default_port(),
            t.is_reliable(),
            t.is_secure(),
        )
    });
    let expected = [
        ("UDP", 5060, false, false),
        ("TCP", 5060, true, false),
        ("TLS", 5061, true, true),
        ("WS", 80, true, false),
        ("WSS", 443, true, true),
    ];
    assert_eq!(
        described,
        expected.map(|(name, port, r, s)| (name.to_owned(), port, r, s))
    );
    for transport in Transport::ALL {
        assert_eq!(transport.to_string().to_lowercase().parse(), Ok(transport));
    }
    assert!("SCTP".parse::<Transport>().is_err());
}

#[test]
fn without_a_runtime_there_is_a_typed_error() {
    for transport in Transport::ALL {
        let address = HostPort::new("127.0.0.1", 1).unwrap();
        let error = dialer()
            .dial(transport, &address)
            .now_or_never()
            .unwrap()
            .unwrap_err();
        assert_eq!(error, DialError::NoRuntime);
    }
}
