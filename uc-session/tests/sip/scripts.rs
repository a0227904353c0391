//! Whatever a script of sipp does.

use tokio::{task::block_in_place, time::timeout};
use uc_model::{ConnectionState, FailureCause};
use uc_session::{Call, CallError, Event, VoipEngine};
use voip_media::MediaProfile;

use crate::{
    kamailio::Kamailio,
    person::{PATIENCE, Person, becomes},
    sipp::Script,
};

/// Sound as a script describes it: nobody encrypts.
fn plain(engine: VoipEngine) -> VoipEngine {
    engine.profiles([MediaProfile::PlainRtp])
}

async fn why_it_failed(call: Result<Call, CallError>) -> FailureCause {
    match call {
        Err(CallError::Ended(cause)) => cause,
        Ok(call) => timeout(PATIENCE, call.ended()).await.unwrap().unwrap(),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scripted_refusals_are_told_by_their_cause() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::with(&server, "tcp", "100", 440.0, plain).await;
    let cases = [
        ("486", "X-More: none", FailureCause::Busy),
        ("480", "X-More: none", FailureCause::Unreachable),
        ("404", "X-More: none", FailureCause::NoSuchNumber),
        ("408", "X-More: none", FailureCause::NoAnswer),
        ("488", "X-More: none", FailureCause::MediaFailed),
        ("503", "Retry-After: 5", FailureCause::Unreachable),
        ("603", "X-More: none", FailureCause::Rejected),
        (
            "302",
            "Contact: <sip:109@office.test>",
            FailureCause::NoSuchNumber,
        ),
    ];
    for (status, more, cause) in cases {
        let refuse = include_str!("scenarios/refuse.xml");
        let refuse = refuse.replace("@STATUS@", status).replace("@MORE@", more);
        let script = block_in_place(|| Script::answering(&server, &refuse));
        let call = rosa.client.call("201").await;
        assert_eq!(why_it_failed(call).await, cause, "{status}");
        block_in_place(|| script.ends());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn scripted_glare_costs_no_call() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::with(&server, "udp", "100", 440.0, plain).await;
    let script =
        block_in_place(|| Script::answering(&server, include_str!("scenarios/answer.xml")));
    let mine = rosa.client.call("201").await.unwrap();
    becomes(&mine, |call| call.local == ConnectionState::Connected).await;
    mine.hold().await.unwrap();
    // The hold is offered again after a pause of up to two seconds.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    assert!(!mine.state().is_over());
    mine.hang_up().await.unwrap();
    block_in_place(|| script.ends());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scripted_caller_wants_our_offer_and_refreshes() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::with(&server, "tcp", "100", 440.0, plain).await;
    let script = block_in_place(|| Script::calling(&server, include_str!("scenarios/call.xml")));
    let mine = rosa.rings().await;
    assert_eq!(
        mine.state().remote.party.number.as_str(),
        "sip:script@elsewhere.test"
    );
    mine.answer().await.unwrap();
    becomes(&mine, |call| call.remote.state == ConnectionState::Hold).await;
    let ended = timeout(PATIENCE, mine.ended()).await.unwrap();
    assert_eq!(ended, Some(FailureCause::Normal));
    block_in_place(|| script.ends());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_whose_ack_was_lost_is_given_again() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::with(&server, "tcp", "100", 440.0, plain).await;
    let scenario = include_str!("scenarios/lost_ack.xml");
    let script = block_in_place(|| Script::calling_attentively(&server, scenario));
    let mine = rosa.rings().await;
    mine.answer().await.unwrap();
    let ended = timeout(PATIENCE, mine.ended()).await.unwrap();
    assert_eq!(ended, Some(FailureCause::Normal));
    block_in_place(|| script.ends());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_travel_beside_the_sound_where_it_has_no_telephone_events() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let rosa = Person::with(&server, "tcp", "100", 440.0, plain).await;
    let mut events = rosa.client.events();
    let script = block_in_place(|| Script::answering(&server, include_str!("scenarios/keys.xml")));
    let mine = rosa.client.call("201").await.unwrap();
    timeout(PATIENCE, mine.connected()).await.unwrap().unwrap();
    mine.send_digits("5#").await.unwrap();
    let pressed = async {
        loop {
            if let Some(Event::Digit { digit, .. }) = events.next().await {
                break digit.into_inner();
            }
        }
    };
    assert_eq!(timeout(PATIENCE, pressed).await.unwrap(), '9');
    mine.hang_up().await.unwrap();
    block_in_place(|| script.ends());
}

/// Five seconds of what `cargo xtask bench sip` does for a minute.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_calls_a_second_are_answered() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let mut numbers = Vec::new();
    let mut answering = Vec::new();
    for number in 100..105 {
        let number = number.to_string();
        let person = Person::with(&server, "udp", &number, 440.0, plain).await;
        numbers.push(number);
        answering.push(tokio::spawn(async move {
            while let Some(call) = person.client.incoming().await {
                call.answer().await.unwrap();
            }
        }));
    }
    let often = include_str!("scenarios/often.xml").replace("@PAUSE@", "1000");
    let script = Script::calling_often(&server, &often, &numbers, [100, 20, 60]);
    let counts = block_in_place(|| script.counts());
    assert_eq!((counts.successful, counts.failed), (100, 0));
    for task in answering {
        assert!(!task.is_finished(), "a call could not be answered");
        task.abort();
    }
}
