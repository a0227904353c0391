//! `cargo xtask bench call-setup`: how long a call takes to ring and to be heard.
//!
//! One embedded server and two clients in one process, over TLS and UDP on the loopback interface,
//! everything real but the sound (silence, encoded with Opus). Calls follow one another.
//! *Click to ring* runs from `Client::call` until the other client has the ringing call; *click to
//! audio* from `Call::answer` until both sides have played a sample that was not made up.
#![forbid(unsafe_code)]

use std::{
    error::Error,
    time::{Duration, Instant},
};

use clap::Parser;
use serde_json::{Value, json};
use uc_server::{RunningServer, Server};
use uc_session::{Call, Client, Trust};

#[derive(Debug, Parser)]
struct Arguments {
    /// How many calls.
    #[arg(long, default_value_t = 200)]
    calls: usize,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let server = Server::builder().start().await?;
    let caller = sign_in(&server, "330").await?;
    let callee = sign_in(&server, "331").await?;
    let (mut ring, mut audio) = (Vec::new(), Vec::new());
    for number in 0..arguments.calls {
        let (ring_ms, audio_ms) = one_call(&caller, &callee).await?;
        ring.push(ring_ms);
        audio.push(audio_ms);
        if number % 50 == 49 {
            eprintln!("{} of {} calls", number + 1, arguments.calls);
        }
    }
    caller.sign_out().await;
    callee.sign_out().await;
    server.stop().await;
    let report = json!({
        "calls": arguments.calls,
        "click_to_ring_ms": percentiles(&mut ring),
        "click_to_audio_ms": percentiles(&mut audio),
    });
    if arguments.json {
        println!("{report}");
    } else {
        println!("{report:#}");
    }
    Ok(())
}

async fn sign_in(server: &RunningServer, user: &str) -> Result<Client, Box<dyn Error>> {
    Ok(Client::builder(&server.address().to_string(), user)
        .password(format!("demo-{user}"))
        .trust(Trust::Pin(server.fingerprint()))
        .null_sound()?
        .sign_in()
        .await?)
}

async fn one_call(caller: &Client, callee: &Client) -> Result<(f64, f64), Box<dyn Error>> {
    let clicked = now();
    let rings = async { (callee.incoming().await, ms(clicked)) };
    let (outgoing, (incoming, ring_ms)) = tokio::join!(caller.call("331"), rings);
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
