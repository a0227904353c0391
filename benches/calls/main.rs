//! `cargo xtask bench calls`: how many calls a core carries, what one more costs in memory, and how long
//! a call takes to come about while a hundred are up.
//!
//! Two processes of clients, each on a core of its own (by `taskset`, where there is one), call each
//! other over UDP on the loopback interface: Opus as clients speak it by default, both ways,
//! encrypted. Calls are added until more than a thousandth of what is played was made up, twice in a row. Beside it,
//! in the same processes and with the same sound, what the codec alone would allow: how often 20 ms can be
//! encoded and decoded in 20 ms while both cores do that. Progress goes to standard error.
#![forbid(unsafe_code)]
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

#[path = "../setup.rs"]
mod setup;
mod sound;
mod worker;

use std::error::Error;

use clap::Parser;
use serde_json::{Value, json};

use worker::Worker;

#[derive(Debug, Parser)]
struct Arguments {
    /// Seconds of each step.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How many calls are measured from click to sound.
    #[arg(long, default_value_t = 200)]
    calls: usize,
    /// How many others are up meanwhile.
    #[arg(long, default_value_t = 100)]
    up: usize,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
    /// Is one of the two processes instead, and obeys standard input.
    #[arg(long, hide = true)]
    serve: bool,
}

type Failed = Box<dyn Error>;

fn main() -> Result<(), Failed> {
    let arguments = Arguments::parse();
    if arguments.serve {
        let runtime = tokio::runtime::Builder::new_current_thread();
        return run(runtime, worker::serve());
    }
    let mut report = load(arguments.seconds)?;
    eprintln!("from click to sound, with {} calls up", arguments.up);
    let runtime = tokio::runtime::Builder::new_multi_thread();
    let setup = run(runtime, setup::measure(arguments.calls, arguments.up))?;
    report["setup"] = setup;
    if arguments.json {
        println!("{report}");
    } else {
        println!("{report:#}");
    }
    Ok(())
}

fn run<T>(
    mut runtime: tokio::runtime::Builder,
    work: impl Future<Output = Result<T, Failed>>,
) -> Result<T, Failed> {
    runtime.enable_all().build()?.block_on(work)
}

/// Adds calls until there are too many.
fn load(seconds: u64) -> Result<Value, Failed> {
    let (mut near, mut far) = (Worker::start(0)?, Worker::start(1)?);
    let before = codec_us(&mut near, &mut far)?;
    let step = ((20_000.0 / before * STEP).round() as usize).max(1);
    let (mut steps, mut carried, mut memory) = (Vec::new(), 0, Vec::new());
    let (mut calls, mut more, mut too_much) = (0, FIRST, false);
    loop {
        connect(&mut near, &mut far, more)?;
        calls += more;
        let measured = [&mut near, &mut far].map(|worker| worker.measure(seconds));
        let [near_side, far_side] = worker::both(measured)?;
        let concealed = number(&near_side, "concealed").max(number(&far_side, "concealed"));
        let core = number(&near_side, "core");
        memory.push((calls as f64, number(&near_side, "resident_kb")));
        eprintln!(
            "{calls} calls: {:.3} % made up, {:.0} % of the core, {:.0} us a call",
            concealed * 100.0,
            core * 100.0,
            core * 20_000.0 / calls as f64
        );
        steps.push(json!({
            "calls": calls,
            "concealed_share": concealed,
            "core": rounded(core),
            "resident_kb": number(&near_side, "resident_kb"),
        }));
        // Neighbours may have had the core for a moment: only twice in a row it was too much.
        match (concealed >= TOO_MUCH, too_much) {
            (true, true) => break,
            (true, false) => (more, too_much) = (0, true),
            (false, _) => {
                carried = calls;
                (more, too_much) = (step, false);
            }
        }
        if calls as f64 > 20_000.0 / before * 1.5 {
            break;
        }
    }
    for worker in [&mut near, &mut far] {
        worker.ask(&json!({"close": true}))?;
    }
    // A shared machine is not as fast all the time: the faster codec sets the limit.
    let after = codec_us(&mut near, &mut far)?;
    let codec_us = before.min(after);
    let limit = 20_000.0 / codec_us;
    let pinned = near.pinned && far.pinned;
    near.end()?;
    far.end()?;
    Ok(json!({
        "pinned": pinned,
        "codec_us_per_20_ms": {"before": rounded(before), "after": rounded(after)},
        "codec_limit_calls": rounded(limit),
        "calls_on_a_core": carried,
        "share_of_codec_limit": rounded(carried as f64 / limit),
        "memory_kb_per_call": rounded(slope(&memory)),
        "steps": steps,
    }))
}

/// What 20 ms take the codec alone, while both cores do that: calls keep both busy, and they may
/// share what is in them.
fn codec_us(near: &mut Worker, far: &mut Worker) -> Result<f64, Failed> {
    let both = worker::both([near.codec(), far.codec()])?;
    let us = number(&both[0], "us");
    let limit = 20_000.0 / us;
    eprintln!("20 ms of Opus take {us:.0} us both ways: {limit:.1} calls at most");
    Ok(us)
}

/// So many calls more.
fn connect(near: &mut Worker, far: &mut Worker, calls: usize) -> Result<(), Failed> {
    for begin in (0..calls).step_by(AT_ONCE) {
        let count = AT_ONCE.min(calls - begin);
        let offers = near.ask(&json!({"offer": count}))?;
        let answers = far.ask(&json!({"answer": offers["offers"]}))?;
        near.ask(&json!({"accept": answers["answers"]}))?;
        far.ask(&json!({"connected": true}))?;
    }
    Ok(())
}

/// What one more call takes: the slope of the line through all steps.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len().max(1) as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let (mut above, mut below) = (0.0, 0.0);
    for point in points {
        above += (point.0 - x) * (point.1 - y);
        below += (point.0 - x).powi(2);
    }
    if below > 0.0 { above / below } else { 0.0 }
}

fn number(object: &Value, key: &str) -> f64 {
    object[key].as_f64().unwrap_or(f64::NAN)
}

fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// Of what is played: 0.1 %.
const TOO_MUCH: f64 = 0.001;
/// Calls of the first step.
const FIRST: usize = 10;
/// Calls of each further step, as a share of the codec's limit.
const STEP: f64 = 0.05;
/// Handshakes that run side by side.
const AT_ONCE: usize = 4;
