//! How long a call takes to ring and to be heard, while so many others are up.
//!
//! One embedded server and all clients in one process, over TLS and UDP on the loopback interface,
//! everything real but the sound (silence). *Click to ring* runs from `Client::call` until the other
//! client has the ringing call; *click to audio* from `Call::answer` until both sides have played a
//! sample that was not made up. Calls that are measured follow one another and speak Opus; those that
//! are up speak PCMU, so that it is signalling and packets that load the machine, not a codec twice.

use std::{
    error::Error,
    fmt::Write,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use uc_server::{Company, RunningServer, Server};
use uc_session::{Call, Client, Trust, VoipEngine};
use voip_media::{CodecKind, Engine, NullBackend, SessionConfig};

/// Measures `calls` calls while `up` others are up.
pub(crate) async fn measure(calls: usize, up: usize) -> Result<Value, Box<dyn Error>> {
    let company = Company::from_toml(&company(2 * up + 2))?;
    let server = Server::builder().company(company).start().await?;
    let others = Others::call(&server, up).await?;
    let quiet = || VoipEngine::null();
    let caller = sign_in(&server, 0, quiet()?).await?;
    let callee = sign_in(&server, 1, quiet()?).await?;
    let (mut ring, mut audio) = (Vec::new(), Vec::new());
    for number in 0..calls {
        let (ring_ms, audio_ms) = one_call(&caller, &callee).await?;
        ring.push(ring_ms);
        audio.push(audio_ms);
        if number % 50 == 49 {
            eprintln!("{} of {calls} calls", number + 1);
        }
    }
    let still_up = others.heard();
    others.sign_out().await;
    caller.sign_out().await;
    callee.sign_out().await;
    server.stop().await;
    Ok(json!({
        "calls": calls,
        "calls_up": still_up,
        "click_to_ring_ms": percentiles(&mut ring),
        "click_to_audio_ms": percentiles(&mut audio),
    }))
}

/// Calls that are up while others are measured.
struct Others {
    clients: Vec<Client>,
    calls: Vec<(Call, Call)>,
}

impl Others {
    async fn call(server: &RunningServer, up: usize) -> Result<Self, Box<dyn Error>> {
        let mut others = Self {
            clients: Vec::new(),
            calls: Vec::new(),
        };
        let mut engines = Vec::new();
        for index in 0..up {
            if index % PER_ENGINE == 0 {
                let engine = || Engine::builder(Arc::new(NullBackend)).build();
                engines = vec![engine()?, engine()?];
            }
            let voip = |engine: &Engine| {
                let mut config = SessionConfig::default();
                config.codecs = vec![CodecKind::Pcmu];
                VoipEngine::over(engine.clone()).session(config)
            };
            let caller = sign_in(server, 2 * index + 2, voip(&engines[0])).await?;
            let callee = sign_in(server, 2 * index + 3, voip(&engines[1])).await?;
            let number = extension(2 * index + 3);
            let (outgoing, incoming) = tokio::join!(caller.call(&number), callee.incoming());
            let incoming = incoming.ok_or("a callee's session ended")?;
            incoming.answer().await?;
            others.calls.push((outgoing?, incoming));
            others.clients.extend([caller, callee]);
            if index % 25 == 24 {
                eprintln!("{} of {up} calls are up", index + 1);
            }
        }
        Ok(others)
    }

    /// How many have sound both ways.
    fn heard(&self) -> usize {
        let both = |(out, incoming): &&(Call, Call)| heard(out) && heard(incoming);
        self.calls.iter().filter(both).count()
    }

    async fn sign_out(self) {
        for client in self.clients {
            client.sign_out().await;
        }
    }
}

/// So many users, with the numbers from 1000 on.
fn company(users: usize) -> String {
    (0..users).fold(String::new(), |mut text, index| {
        let number = extension(index);
        let _ = writeln!(
            text,
            "[[user]]\nextension = \"{number}\"\nfirst_name = \"User\"\nlast_name = \"{number}\"\n\
             password = \"demo-{number}\"\n"
        );
        text
    })
}

fn extension(index: usize) -> String {
    (1_000 + index).to_string()
}

async fn sign_in(
    server: &RunningServer,
    index: usize,
    sound: VoipEngine,
) -> Result<Client, Box<dyn Error>> {
    let user = extension(index);
    Ok(Client::builder(&server.address().to_string(), &user)
        .password(format!("demo-{user}"))
        .trust(Trust::Pin(server.fingerprint()))
        .media(Arc::new(sound))
        .sign_in()
        .await?)
}

async fn one_call(caller: &Client, callee: &Client) -> Result<(f64, f64), Box<dyn Error>> {
    let clicked = now();
    let rings = async { (callee.incoming().await, ms(clicked)) };
    let callee_number = extension(1);
    let (outgoing, (incoming, ring_ms)) = tokio::join!(caller.call(&callee_number), rings);
    let (outgoing, incoming) = (outgoing?, incoming.ok_or("the callee's session ended")?);
    let clicked = now();
    incoming.answer().await?;
    while !(heard(&outgoing) && heard(&incoming)) {
        if clicked.elapsed() > GIVE_UP {
            return Err("a call stayed silent for five seconds".into());
        }
        tokio::time::sleep(Duration::from_micros(250)).await;
    }
    let audio_ms = ms(clicked);
    outgoing.hang_up().await?;
    outgoing.ended().await;
    incoming.ended().await;
    Ok((ring_ms, audio_ms))
}

fn heard(call: &Call) -> bool {
    call.media_stats()
        .is_some_and(|stats| stats.first_heard.is_some())
}

fn percentiles(values: &mut [f64]) -> Value {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let index = (values.len().saturating_sub(1) as f64 * share).round() as usize;
        values.get(index).map(|ms| (ms * 100.0).round() / 100.0)
    };
    json!({ "p50": at(0.5), "p99": at(0.99), "max": at(1.0) })
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn now() -> Instant {
    Instant::now()
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

/// Longer than any call takes that comes about at all.
const GIVE_UP: Duration = Duration::from_secs(5);
/// An engine carries 64 calls.
const PER_ENGINE: usize = 60;
