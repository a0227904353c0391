//! [`MediaEngine`] and [`MediaSession`].

use uc_model::Digits;

use super::soon;
use crate::port::{MediaEngine, MediaError, MediaEvent, MediaIntent, MediaSession};

/// Every promise of a [`MediaEngine`].
pub async fn all(engine: &dyn MediaEngine) {
    offer_and_answer_connect_both_sides(engine).await;
    an_intent_is_acknowledged_by_its_number(engine).await;
    a_held_call_is_renegotiated(engine).await;
    an_offer_can_be_rolled_back(engine).await;
    an_answer_without_an_offer_is_refused(engine).await;
    bad_descriptions_are_refused_and_the_session_lives_on(engine).await;
    a_closed_session_says_so(engine).await;
    candidates_that_make_no_sense_do_no_harm(engine).await;
    keys_are_queued_in_a_call_and_refused_outside(engine).await;
}

async fn open(engine: &dyn MediaEngine) -> Box<dyn MediaSession> {
    soon("opening", engine.open())
        .await
        .expect("a session opens")
}

/// Runs one round from `from` to `to`.
async fn round(from: &dyn MediaSession, to: &dyn MediaSession) {
    let offer = soon("an offer", from.offer(false))
        .await
        .expect("an offer is made");
    let answer = soon("an answer", to.accept_offer(&offer))
        .await
        .expect("it is answered");
    soon("taking the answer", from.accept_answer(&answer))
        .await
        .expect("the answer is taken");
}

/// Takes the sessions' events, hands candidates over, until both are connected.
async fn connect(one: &dyn MediaSession, other: &dyn MediaSession) {
    let mut connected = [false; 2];
    while connected != [true; 2] {
        let (index, event) = tokio::select! {
            event = one.next_event() => (0, event),
            event = other.next_event() => (1, event),
        };
        match event.expect("a session that is not closed goes on") {
            MediaEvent::Connected => connected[index] = true,
            MediaEvent::Failed(error) => panic!("the path failed: {error}"),
            MediaEvent::Candidates(found) => {
                let far = [other, one][index];
                let added = far.add_candidates(&found.candidates, found.complete).await;
                added.expect("the far end's candidates are taken");
            }
            _ => {}
        }
    }
}

/// One round of offer and answer, with the candidates found later, connects both.
pub async fn offer_and_answer_connect_both_sides(engine: &dyn MediaEngine) {
    let (one, other) = (open(engine).await, open(engine).await);
    round(&*one, &*other).await;
    soon("the connection", connect(&*one, &*other)).await;
    soon("closing", one.close()).await;
    soon("closing", other.close()).await;
}

/// What is applied is acknowledged; a lower number changes nothing.
pub async fn an_intent_is_acknowledged_by_its_number(engine: &dyn MediaEngine) {
    let (one, other) = (open(engine).await, open(engine).await);
    round(&*one, &*other).await;
    soon("the connection", connect(&*one, &*other)).await;
    for (number, muted) in [(1, true), (2, false), (7, true)] {
        one.apply(MediaIntent {
            number,
            muted,
            held: false,
            music: false,
            conference: None,
        });
        assert_eq!(soon("the acknowledgement", applied(&*one)).await, number);
    }
    one.apply(MediaIntent {
        number: 3,
        muted: false,
        held: false,
        music: false,
        conference: None,
    });
    one.apply(MediaIntent {
        number: 8,
        muted: false,
        held: false,
        music: false,
        conference: None,
    });
    assert_eq!(soon("the acknowledgement", applied(&*one)).await, 8);
    one.close().await;
    other.close().await;
}

async fn applied(session: &dyn MediaSession) -> u64 {
    loop {
        if let Some(MediaEvent::Applied { number }) = session.next_event().await {
            return number;
        }
    }
}

/// Hold and retrieve are rounds inside the call, by either side.
pub async fn a_held_call_is_renegotiated(engine: &dyn MediaEngine) {
    let (one, other) = (open(engine).await, open(engine).await);
    round(&*one, &*other).await;
    soon("the connection", connect(&*one, &*other)).await;
    for (number, held) in [(1, true), (2, false)] {
        one.apply(MediaIntent {
            number,
            muted: false,
            held,
            music: false,
            conference: None,
        });
        round(&*one, &*other).await;
    }
    other.apply(MediaIntent {
        number: 1,
        muted: false,
        held: true,
        music: false,
        conference: None,
    });
    round(&*other, &*one).await;
    one.close().await;
    other.close().await;
}

/// An offer that was forgotten stands in nobody's way.
pub async fn an_offer_can_be_rolled_back(engine: &dyn MediaEngine) {
    let (one, other) = (open(engine).await, open(engine).await);
    round(&*one, &*other).await;
    soon("the connection", connect(&*one, &*other)).await;
    soon("an offer", one.offer(false))
        .await
        .expect("an offer is made");
    soon("rolling back", one.roll_back())
        .await
        .expect("it is forgotten");
    round(&*other, &*one).await;
    round(&*one, &*other).await;
    one.close().await;
    other.close().await;
}

/// Descriptions come in the order of RFC 3264.
pub async fn an_answer_without_an_offer_is_refused(engine: &dyn MediaEngine) {
    let (one, other) = (open(engine).await, open(engine).await);
    let offer = one.offer(false).await.expect("an offer is made");
    let answer = other.accept_offer(&offer).await.expect("it is answered");
    let third = open(engine).await;
    assert_eq!(
        third.accept_answer(&answer).await,
        Err(MediaError::WrongState)
    );
    one.accept_answer(&answer)
        .await
        .expect("the answer is taken");
    assert_eq!(
        one.accept_answer(&answer).await,
        Err(MediaError::WrongState)
    );
    for session in [one, other, third] {
        session.close().await;
    }
}

/// A description that can't be used is a typed error, and a better one is taken afterwards.
pub async fn bad_descriptions_are_refused_and_the_session_lives_on(engine: &dyn MediaEngine) {
    let (one, other) = (open(engine).await, open(engine).await);
    let nonsense = other.accept_offer("nonsense").await;
    assert_eq!(nonsense.err(), Some(MediaError::Malformed));
    let silent = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
    let silent = other.accept_offer(silent).await;
    assert_eq!(silent.err(), Some(MediaError::NoAudio));
    round(&*one, &*other).await;
    soon("the connection", connect(&*one, &*other)).await;
    one.close().await;
    other.close().await;
}

/// After the end there are no events, and requests fail; figures stay.
pub async fn a_closed_session_says_so(engine: &dyn MediaEngine) {
    let session = open(engine).await;
    soon("closing", session.close()).await;
    let end = async { while session.next_event().await.is_some() {} };
    soon("the end of events", end).await;
    assert_eq!(session.offer(false).await.err(), Some(MediaError::Closed));
    assert_eq!(
        session.add_candidates(&[], true).await,
        Err(MediaError::Closed)
    );
    session.apply(MediaIntent {
        number: 1,
        muted: true,
        held: true,
        music: false,
        conference: None,
    });
    let _ = session.stats();
    soon("closing again", session.close()).await;
}

/// Candidates come from a stranger's client: rubbish is dropped, not fatal.
pub async fn candidates_that_make_no_sense_do_no_harm(engine: &dyn MediaEngine) {
    let (one, other) = (open(engine).await, open(engine).await);
    round(&*one, &*other).await;
    let rubbish = ["".to_owned(), "candidate:".to_owned(), "x".repeat(5000)];
    // Taken or refused, as it likes.
    let _ = one.add_candidates(&rubbish, false).await;
    soon("the connection", connect(&*one, &*other)).await;
    one.close().await;
    other.close().await;
}

/// Keys need a connected session that isn't held; what was refused can be sent afterwards.
pub async fn keys_are_queued_in_a_call_and_refused_outside(engine: &dyn MediaEngine) {
    let (one, other) = (open(engine).await, open(engine).await);
    let keys = Digits::new("12#").expect("these are keys");
    round(&*one, &*other).await;
    soon("the connection", connect(&*one, &*other)).await;
    assert_eq!(soon("queueing", one.send_digits(&keys)).await, Ok(()));
    for (number, held, refusal) in [(1, true, Err(MediaError::Held)), (2, false, Ok(()))] {
        one.apply(MediaIntent {
            number,
            muted: true,
            held,
            music: false,
            conference: None,
        });
        round(&*one, &*other).await;
        assert_eq!(soon("the acknowledgement", applied(&*one)).await, number);
        assert_eq!(soon("queueing", one.send_digits(&keys)).await, refusal);
    }
    one.close().await;
    assert_eq!(one.send_digits(&keys).await, Err(MediaError::Closed));
    other.close().await;
}
