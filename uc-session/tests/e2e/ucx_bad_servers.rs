//! The UCX backend at servers that misbehave: each slip is a typed error, and the link lives on.

use std::{sync::Arc, time::Duration};

use uc_model::{DeviceKind, FailureCause, PhoneNumber};
use uc_session::port::{
    BackendError, BackendEvent, Cursor, DialFailure, Operation, Outcome, RequestKey, ServerAddress,
    Service,
};

use crate::{
    party::{LINK, Party},
    rogue::{Heard, Rogue, Say, event, good, problem},
};

async fn signed_in_at(rogue: &Rogue) -> Party {
    let party = Party::new();
    party.dial(rogue.address).await.unwrap();
    party.sign_in("330", "secret").await.unwrap();
    party
}

fn hello_is(text: &'static str) -> impl Fn(&Heard) -> Say {
    move |heard| match heard.path.as_str() {
        "/uc/v1/hello" => Say::Json(200, text.into()),
        _ => good(heard),
    }
}

#[tokio::test]
async fn dialling_shows_the_certificate_and_sends_nothing() {
    let rogue = Rogue::start(good).await;
    let party = Party::new();
    let Ok(Outcome::Dialed(certificate)) = party.dial(rogue.address).await else {
        panic!("no certificate");
    };
    assert_eq!(certificate.sha256, rogue.sha256);
    assert_eq!(certificate.subject, certificate.issuer);
    assert!(certificate.not_before < certificate.not_after);
    assert!(
        certificate.not_after < 100_000_000_000,
        "seconds, not milliseconds"
    );
    party.close().await;
    rogue.deserted().await;
    assert_eq!(rogue.requests(), 0);
}

#[tokio::test]
async fn an_address_that_cannot_be_one_is_an_unknown_name() {
    let party = Party::new();
    let address = ServerAddress {
        host: "no such host".into(),
        port: 1,
    };
    let dialed = party
        .execute(Operation::Dial {
            link: LINK,
            address,
        })
        .await;
    assert_eq!(dialed, Err(BackendError::Dial(DialFailure::NameNotFound)));
}

#[tokio::test]
async fn a_server_without_ucx_is_told_apart_and_gets_no_password() {
    let no_hello = |heard: &Heard| match heard.path.as_str() {
        "/uc/v1/hello" => Say::Raw(b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n".to_vec()),
        _ => panic!("asked for {} after the 404", heard.path),
    };
    let rogue = Rogue::start(no_hello).await;
    let party = Party::new();
    party.dial(rogue.address).await.unwrap();
    assert_eq!(
        party.sign_in("330", "secret").await,
        Err(BackendError::NoUcx)
    );
    assert_eq!(rogue.requests(), 1);
}

#[tokio::test]
async fn a_later_version_of_ucx_alone_is_no_ucx() {
    let later = r#"{"server":"S","version":"9","ucx":[2],"mode":"suite","configuration":{}}"#;
    let rogue = Rogue::start(hello_is(later)).await;
    let party = Party::new();
    party.dial(rogue.address).await.unwrap();
    assert_eq!(
        party.sign_in("330", "secret").await,
        Err(BackendError::NoUcx)
    );
}

#[tokio::test]
async fn some_other_web_server_is_not_understood() {
    let rogue = Rogue::start(hello_is("<html>It works!</html>")).await;
    let party = Party::new();
    party.dial(rogue.address).await.unwrap();
    assert_eq!(
        party.sign_in("330", "secret").await,
        Err(BackendError::Malformed)
    );
}

#[tokio::test]
async fn broken_answers_are_typed_errors_and_the_link_lives_on() {
    let rogue = Rogue::start(
        |heard| match heard.path.rsplit_once("q=").unwrap_or_default().1 {
            "half&limit=5" => Say::Json(200, r#"{"contacts":["#.into()),
            "huge&limit=5" => Say::Flood(100 * 1024 * 1024),
            "deep&limit=5" => Say::Json(200, "[".repeat(10_000)),
            "shape&limit=5" => Say::Json(200, r#"{"contacts":7,"more":false}"#.into()),
            "ids&limit=5" => Say::Json(
                200,
                r#"{"contacts":[{"id":"a b","directory":"internal"}],"more":false}"#.into(),
            ),
            "noise&limit=5" => Say::Raw(vec![7; 500]),
            "hangup&limit=5" => Say::Raw(Vec::new()),
            "cut&limit=5" => Say::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec()),
            "busy&limit=5" => Say::Json(503, problem("unavailable", 503)),
            _ => good(heard),
        },
    )
    .await;
    let party = signed_in_at(&rogue).await;
    let table = [
        ("half", BackendError::Malformed),
        ("huge", BackendError::TooLarge),
        ("deep", BackendError::Malformed),
        ("shape", BackendError::Malformed),
        ("ids", BackendError::Malformed),
        ("noise", BackendError::Malformed),
        (
            "hangup",
            BackendError::Broken {
                before_answer: true,
            },
        ),
        (
            "cut",
            BackendError::Broken {
                before_answer: false,
            },
        ),
        ("busy", BackendError::Unavailable),
    ];
    for (query, error) in table {
        assert_eq!(party.search(query).await, Err(error), "{query}");
        let good = party.search("bruno").await;
        assert!(
            matches!(good, Ok(Outcome::Found { .. })),
            "after {query}: {good:?}"
        );
    }
}

#[tokio::test]
async fn what_reads_is_sent_once_more_and_what_makes_something_is_not() {
    let rogue = Rogue::start(|heard| match heard.path.as_str() {
        "/uc/v1/snapshot" | "/uc/v1/calls" => Say::Raw(Vec::new()),
        _ => good(heard),
    })
    .await;
    let party = signed_in_at(&rogue).await;
    let broken = Err(BackendError::Broken {
        before_answer: true,
    });
    let before = rogue.requests();
    assert_eq!(
        party.execute(Operation::Snapshot { link: LINK }).await,
        broken
    );
    assert_eq!(rogue.requests() - before, 2);
    let make = Service::MakeCall {
        to: PhoneNumber::new("331").unwrap(),
        device: DeviceKind::Voip,
        description: None,
        key: RequestKey("key-1".into()),
    };
    let before = rogue.requests();
    assert_eq!(party.ask(make).await, broken);
    assert_eq!(rogue.requests() - before, 1);
}

#[tokio::test]
async fn a_call_carries_its_key_and_every_request_its_session() {
    let rogue = Rogue::start(|heard| {
        let head = heard.head.to_ascii_lowercase();
        let open = matches!(heard.path.as_str(), "/uc/v1/hello" | "/uc/v1/session");
        assert_eq!(
            !open,
            head.contains("authorization: bearer token-of-330"),
            "{}",
            heard.path
        );
        if heard.path == "/uc/v1/calls" {
            assert!(head.contains("idempotency-key: key-1"));
            assert!(heard.body.contains(r#""to":"+49 30 1""#));
            let refused = r#"{"type":"urn:ucx:problem:call-failed","status":422,"cause":"busy"}"#;
            return Say::Json(422, refused.into());
        }
        good(heard)
    })
    .await;
    let party = signed_in_at(&rogue).await;
    let make = Service::MakeCall {
        to: PhoneNumber::new("+49 30 1").unwrap(),
        device: DeviceKind::Voip,
        description: None,
        key: RequestKey("key-1".into()),
    };
    let made = party.ask(make).await;
    assert_eq!(made, Err(BackendError::CallFailed(FailureCause::Busy)));
}

#[tokio::test]
async fn unreadable_events_are_counted_one_by_one_and_the_stream_goes_on() {
    let rogue = Rogue::start(good).await;
    let party = signed_in_at(&rogue).await;
    assert_eq!(
        party.subscribe(Some(&Cursor("e1-1".into()))).await,
        Ok(Outcome::Subscribed)
    );
    rogue.push(&event("e1-2", "{"));
    rogue.push(&event(
        "e1-3",
        r#"{"type":"presence","user":"a b","rev":3,"state":"lunch"}"#,
    ));
    rogue.push(&event("e1-4", &"[".repeat(10_000)));
    rogue.push(&event("e1-5", r#"{"type":"of_tomorrow"}"#));
    rogue.push(&event(
        "e1-6",
        r#"{"type":"presence","user":"331","rev":6,"state":"home"}"#,
    ));
    for _ in 0..3 {
        assert_eq!(party.sink.next().await, BackendEvent::Undecodable);
    }
    let told = party.sink.next().await;
    assert!(matches!(told, BackendEvent::Change { cursor, .. } if cursor.0 == "e1-6"));
}

#[tokio::test]
async fn an_event_without_an_end_ends_the_stream() {
    let rogue = Rogue::start(good).await;
    let party = signed_in_at(&rogue).await;
    party.subscribe(None).await.unwrap();
    let endless = "data: ".to_owned() + &"x".repeat(300 * 1024);
    rogue.push(&endless);
    let ended = BackendEvent::StreamEnded(BackendError::TooLarge);
    assert_eq!(party.sink.next().await, ended);
}

#[tokio::test]
async fn an_answer_that_is_no_stream_is_no_subscription() {
    let rogue = Rogue::start(|heard| match heard.path.as_str() {
        "/uc/v1/events" => Say::Json(200, "{}".into()),
        _ => good(heard),
    })
    .await;
    let party = signed_in_at(&rogue).await;
    assert_eq!(party.subscribe(None).await, Err(BackendError::Malformed));
    assert_eq!(
        party.subscribe(Some(&Cursor("?".into()))).await,
        Err(BackendError::RefusedValue)
    );
}

#[tokio::test]
async fn a_full_sink_makes_the_backend_wait_and_loses_nothing() {
    let rogue = Rogue::start(good).await;
    let party = signed_in_at(&rogue).await;
    party.subscribe(None).await.unwrap();
    let presence = r#"{"type":"presence","user":"331","rev":1,"state":"home"}"#;
    let burst: String = (1..=200)
        .map(|n| event(&format!("e1-{n}"), presence))
        .collect();
    rogue.push(&burst);
    for n in 1..=200 {
        let told = party.sink.next().await;
        let expected = format!("e1-{n}");
        assert!(matches!(told, BackendEvent::Change { cursor, .. } if cursor.0 == expected));
    }
}

#[tokio::test]
async fn closing_ends_stream_requests_and_connections() {
    let rogue = Rogue::start(|heard| match heard.path.as_str() {
        "/uc/v1/directory?q=slow&limit=5" => Say::Nothing,
        _ => good(heard),
    })
    .await;
    let party = signed_in_at(&rogue).await;
    party.subscribe(None).await.unwrap();
    let before = rogue.requests();
    let (answer, ()) = tokio::join!(party.search("slow"), async {
        while rogue.requests() == before {
            tokio::task::yield_now().await;
        }
        party.close().await;
    });
    assert_eq!(answer, Err(BackendError::Closed));
    rogue.deserted().await;
    assert!(
        party.sink.is_empty().await,
        "whoever closes needs not be told"
    );
    assert_eq!(party.search("x").await, Err(BackendError::Closed));
    party.close().await;
}

#[tokio::test]
async fn dropping_the_backend_leaves_no_connection_behind() {
    let rogue = Rogue::start(good).await;
    let party = signed_in_at(&rogue).await;
    party.subscribe(None).await.unwrap();
    party.search("x").await.unwrap();
    drop(party.backend);
    rogue.deserted().await;
}

#[tokio::test]
async fn dropping_a_request_closes_its_connection_only() {
    let rogue = Rogue::start(|heard| match heard.path.as_str() {
        "/uc/v1/directory?q=slow&limit=5" => Say::Nothing,
        _ => good(heard),
    })
    .await;
    let party = signed_in_at(&rogue).await;
    party.subscribe(None).await.unwrap();
    let before = rogue.requests();
    tokio::select! {
        _ = party.search("slow") => panic!("nobody answers"),
        () = async { while rogue.requests() == before { tokio::task::yield_now().await } } => {}
    }
    assert!(party.search("bruno").await.is_ok());
    rogue.push(&event("e1-2", "{"));
    assert_eq!(party.sink.next().await, BackendEvent::Undecodable);
}

#[tokio::test]
async fn a_probe_gives_up_before_other_requests_do() {
    let silent = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let is_silent = Arc::clone(&silent);
    let rogue = Rogue::start(move |heard| {
        if is_silent.load(std::sync::atomic::Ordering::SeqCst) {
            return Say::Nothing;
        }
        good(heard)
    })
    .await;
    let party = signed_in_at(&rogue).await;
    let probe = || party.execute(Operation::Probe { link: LINK });
    assert_eq!(probe().await, Ok(Outcome::Done));
    silent.store(true, std::sync::atomic::Ordering::SeqCst);
    tokio::time::pause();
    let start = tokio::time::Instant::now();
    assert_eq!(probe().await, Err(BackendError::TimedOut));
    let probed = start.elapsed();
    assert_eq!(party.search("x").await, Err(BackendError::TimedOut));
    let searched = start.elapsed() - probed;
    assert!(probed < searched, "{probed:?} against {searched:?}");
    assert!(Duration::from_secs(15) + probed < Duration::from_secs(25));
}

#[tokio::test]
async fn a_stream_that_falls_silent_is_over_though_probes_are_answered() {
    let rogue = Rogue::start(good).await;
    let party = signed_in_at(&rogue).await;
    party.subscribe(None).await.unwrap();
    rogue.push(&event("e1-1", "{"));
    assert_eq!(party.sink.next().await, BackendEvent::Undecodable);
    let probe = || party.execute(Operation::Probe { link: LINK });
    assert_eq!(probe().await, Ok(Outcome::Done));
    tokio::time::pause();
    let start = tokio::time::Instant::now();
    let over = BackendEvent::StreamEnded(BackendError::TimedOut);
    assert_eq!(party.sink.next().await, over);
    assert!(start.elapsed() < Duration::from_secs(25));
}

#[tokio::test]
async fn a_request_before_the_sign_in_is_refused_here() {
    let rogue = Rogue::start(good).await;
    let party = Party::new();
    party.dial(rogue.address).await.unwrap();
    assert_eq!(party.search("x").await, Err(BackendError::NotSignedIn));
    let resumed = party.execute(Operation::Resume { link: LINK }).await;
    assert_eq!(resumed, Err(BackendError::NotSignedIn));
    assert_eq!(rogue.requests(), 0);
}
