//! Conferences and mailboxes over real connections, heard by real sessions.
#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

mod callers;
mod client;

use std::time::Duration;

use callers::{Caller, SCALE, share_of, tones};
use client::{Client, Events, answer, server};
use serde_json::{Value, json};
use uc_protocol::ucx::{CallResource, Cause, ConnectionState};
use voip_media::SessionEvent;

/// Somebody with a client, a microphone that hears a tone, and ears.
struct Person {
    client: Client,
    events: Events,
    sound: Caller,
}

impl Person {
    async fn signed_in(server: &uc_server::RunningServer, user: &str, hertz: f64) -> Self {
        let client = Client::signed_in(server, user).await;
        Self {
            events: client.events(None).await,
            client,
            sound: Caller::new(user, hertz),
        }
    }

    async fn until(&mut self, fits: impl Fn(&CallResource) -> bool) -> CallResource {
        loop {
            let next = self.events.next().await.expect("the stream goes on");
            match next {
                uc_protocol::ucx::Event::Call(call) if fits(&call) => return call,
                _ => {}
            }
        }
    }

    async fn answers(&mut self) -> String {
        let ringing = self
            .until(|call| call.local == ConnectionState::Alerting)
            .await;
        let answered = self.client.service(&ringing.id, "answer", answer(1)).await;
        answered.call().id
    }

    /// Offers to the server's end of the call as it says, and hears what it has.
    async fn offers_to_the_server(&mut self, call: &CallResource) {
        assert!(call.offers);
        let generation = call.generation + 1;
        let sdp = self.sound.session.offer().await.unwrap();
        let offer = json!({"description": {"generation": generation, "kind": "offer", "sdp": sdp}});
        self.client
            .service(&call.id, "description", offer)
            .await
            .call();
        self.takes_the_answer(&call.id, generation).await;
    }

    async fn takes_the_answer(&mut self, id: &str, generation: u32) {
        let described = |call: &CallResource| {
            let fits =
                |description: &uc_protocol::ucx::Description| description.generation == generation;
            call.id == id && call.description.as_ref().is_some_and(fits)
        };
        let call = self.until(described).await;
        let answer = call.description.unwrap().sdp;
        self.sound.session.accept_answer(&answer).await.unwrap();
        self.sound
            .until(|event| *event == SessionEvent::Connected)
            .await;
    }

    async fn hears(&self, others: [f64; 2], own: f64) {
        let share = |heard: &[i16], hertz| share_of(heard, 48_000, hertz);
        let fits = |heard: &[i16]| {
            let quietest = others
                .map(|other| share(heard, other))
                .into_iter()
                .fold(1.0, f64::min);
            quietest > 0.1 && share(heard, own) < quietest / 4.0
        };
        self.sound.hears(Duration::from_secs(1), fits).await;
    }
}

#[tokio::test]
async fn three_hear_each_other_in_a_conference() {
    const HERTZ: [f64; 3] = [400.0, 700.0, 1_200.0];
    let server = server().await;
    let mut host = Person::signed_in(&server, "331", HERTZ[0]).await;
    let mut one = Person::signed_in(&server, "330", HERTZ[1]).await;
    let mut other = Person::signed_in(&server, "332", HERTZ[2]).await;
    let held = host.client.call("330").await.id;
    let at_one = one.answers().await;
    let consult = client::make_call("332");
    let consult = host.client.service(&held, "consult", consult).await;
    assert_eq!(consult.status, 201);
    let active = consult.call().id;
    let at_other = other.answers().await;
    host.until(|call| call.id == active && call.local == ConnectionState::Connected)
        .await;
    let joined = host
        .client
        .service(&active, "conference", json!({"held": held}))
        .await;
    let joined = joined.call();
    assert_eq!(joined.members.len(), 2);
    host.offers_to_the_server(&joined).await;
    for (person, id) in [(&mut one, &at_one), (&mut other, &at_other)] {
        let call = person
            .until(|call| call.id == *id && call.members.len() == 2)
            .await;
        person.offers_to_the_server(&call).await;
    }
    host.hears([HERTZ[1], HERTZ[2]], HERTZ[0]).await;
    one.hears([HERTZ[0], HERTZ[2]], HERTZ[1]).await;
    other.hears([HERTZ[0], HERTZ[1]], HERTZ[2]).await;

    one.client.service(&at_one, "clear", json!({})).await.call();
    other.sound.hears_tone(HERTZ[0]).await;
    host.client
        .service(&active, "clear", json!({}))
        .await
        .call();
    let over = other
        .until(|call| call.local == ConnectionState::Null)
        .await;
    assert_eq!(over.cause, Some(Cause::Normal));
    for person in [host, one, other] {
        person.sound.hangs_up().await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_mailbox_says_why_nobody_answers() {
    let server = server().await;
    let mut away = Client::signed_in(&server, "331").await;
    let lunch: Value = json!({"state": "lunch"});
    away.put("/uc/v1/me/presence", lunch).await;
    let mut caller = Person::signed_in(&server, "330", 400.0).await;
    let sdp = caller.sound.session.offer().await.unwrap();
    let offer = json!({"generation": 1, "kind": "offer", "sdp": sdp});
    let call = json!({"to": "331", "device": "voip", "description": offer});
    let call = caller.client.post("/uc/v1/calls", call).await.call();
    assert_eq!(call.remote, ConnectionState::Connected);
    caller.takes_the_answer(&call.id, 1).await;
    // Lunch is A, G, A, G; two of them show that it isn't another's.
    let announced = |heard: &[i16]| {
        let notes = tones(heard, 48_000, &SCALE);
        notes.windows(2).any(|two| two == [4, 3])
    };
    caller.sound.hears(Duration::from_secs(1), announced).await;
    caller
        .client
        .service(&call.id, "clear", json!({}))
        .await
        .call();
    caller.sound.hangs_up().await;
    server.stop().await;
}
