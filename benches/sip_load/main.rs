//! `cargo xtask bench sip`: many accounts and calls over SIP, with a real server and real far ends.
//!
//! Kamailio is the server, sipp the far end; all run on this computer. Beside each figure stands what sipp
//! alone needs for the same at the same server, in the same run. Progress goes to standard error.
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]
#![expect(clippy::unwrap_used, reason = "a bench that can't go on panics")]

#[path = "../../uc-session/tests/sip/kamailio.rs"]
#[expect(dead_code, reason = "tests use more of it")]
mod kamailio;
#[path = "../soak/open.rs"]
mod open;
#[path = "../../uc-session/tests/sip/sipp.rs"]
#[expect(dead_code, reason = "tests use more of it")]
mod sipp;
#[path = "../../uc-session/tests/sip/wait.rs"]
mod wait;

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Parser;
use serde_json::{Value, json};
use tokio::{
    task::{JoinSet, block_in_place},
    time::{sleep, timeout},
};
use uc_session::{Client, MediaProfile, VoipEngine};

use kamailio::{DOMAIN, Kamailio};
use sipp::{Counts, Script};

#[derive(Debug, Parser)]
struct Arguments {
    /// Accounts that are signed in by this process.
    #[arg(long, default_value_t = 1_000)]
    accounts: usize,
    /// Calls whose time is measured.
    #[arg(long, default_value_t = 200)]
    calls: u32,
    /// How long calls come in.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

type Failed = Box<dyn Error>;

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let arguments = Arguments::parse();
    let server = Kamailio::start("").ok_or("there is no Kamailio to call through")?;
    let engine = VoipEngine::null()?.profiles([MediaProfile::PlainRtp]);
    let engine = Arc::new(engine);
    let report = json!({
        "registrations": registrations(&server, &engine, arguments.accounts).await?,
        "set_up": set_up(&server, &engine, arguments.calls).await?,
        "incoming": incoming(&server, &engine, arguments.seconds).await?,
    });
    if arguments.json {
        println!("{report}");
    } else {
        println!("{report:#}");
    }
    Ok(())
}

async fn sign_in(
    address: String,
    number: String,
    engine: Arc<VoipEngine>,
) -> Result<Client, uc_session::SignInError> {
    let client = Client::builder(&address, &format!("{number}@{DOMAIN}"));
    let client = client.password("secret".to_owned()).media(engine);
    client.sign_in().await
}

/// How many accounts sign in a second, and what each takes while it is signed in.
async fn registrations(
    server: &Kamailio,
    engine: &Arc<VoipEngine>,
    accounts: usize,
) -> Result<Value, Failed> {
    let numbers: Vec<String> = (0..accounts).map(|at| (10_000 + at).to_string()).collect();
    // Whatever is made once for all is made before.
    let first = sign_in(server.address("udp"), "100".to_owned(), Arc::clone(engine)).await?;
    let mut report = json!({ "accounts": accounts });
    for transport in ["udp", "tcp"] {
        eprintln!("{accounts} accounts sign in by {transport}");
        let address = server.address(transport);
        let (heap, tasks, files) = (open::allocated(), open::tasks(), open::open_files("self"));
        let began = Instant::now();
        let clients = sign_in_all(&address, &numbers, engine).await?;
        let took = began.elapsed().as_secs_f64();
        let each = |after: isize, before: isize| rounded((after - before) as f64 / accounts as f64);
        report[transport] = json!({
            "a_second": rounded(accounts as f64 / took),
            "heap_kb_per_account": each(open::allocated(), heap) / 1_024.0,
            "tasks_per_account": each(open::tasks() as isize, tasks as isize),
            "files_per_account": each(open::open_files("self") as isize, files as isize),
        });
        for client in clients {
            client.sign_out().await;
        }
    }
    first.sign_out().await;
    eprintln!("the same by sipp");
    let register = include_str!("register.xml");
    let limits = [accounts as u32, 100_000, AT_ONCE as u32];
    let began = Instant::now();
    let script = block_in_place(|| Script::calling_often(server, register, &numbers, limits));
    let counts = block_in_place(|| script.counts());
    let sipp = accounts as f64 / began.elapsed().as_secs_f64();
    report["sipp_udp"] = json!({ "a_second": rounded(sipp), "failed": counts.failed });
    let ours = report["udp"]["a_second"].as_f64().unwrap_or_default();
    report["ratio_to_sipp"] = json!(rounded(ours / sipp));
    Ok(report)
}

async fn sign_in_all(
    address: &str,
    numbers: &[String],
    engine: &Arc<VoipEngine>,
) -> Result<Vec<Client>, Failed> {
    let mut clients = Vec::new();
    let mut under_way = JoinSet::new();
    for number in numbers {
        if under_way.len() >= AT_ONCE
            && let Some(done) = under_way.join_next().await
        {
            clients.push(done??);
        }
        under_way.spawn(sign_in(
            address.to_owned(),
            number.clone(),
            Arc::clone(engine),
        ));
    }
    while let Some(done) = under_way.join_next().await {
        clients.push(done??);
    }
    Ok(clients)
}

/// From the wish to call until the call is answered, and until its sound is there.
async fn set_up(server: &Kamailio, engine: &Arc<VoipEngine>, calls: u32) -> Result<Value, Failed> {
    eprintln!("{calls} calls, one after the other");
    let answers = include_str!("answer.xml");
    let _script = block_in_place(|| Script::answering_often(server, answers));
    let client = sign_in(server.address("udp"), "100".to_owned(), Arc::clone(engine)).await?;
    let mut milliseconds = Vec::new();
    let all = Instant::now();
    for _ in 0..calls {
        let began = Instant::now();
        let call = client.call("201").await?;
        call.connected().await?;
        milliseconds.push(began.elapsed().as_secs_f64() * 1_000.0);
        call.hang_up().await?;
    }
    let ours = all.elapsed();
    client.sign_out().await;
    milliseconds.sort_by(f64::total_cmp);
    eprintln!("the same by sipp");
    let often = include_str!("../../uc-session/tests/sip/scenarios/often.xml");
    let often = often.replace("@PAUSE@", "0");
    let numbers = ["201".to_owned()];
    let limits = [calls, 100_000, 1];
    let all = Instant::now();
    let script = block_in_place(|| Script::calling_often(server, &often, &numbers, limits));
    let counts = block_in_place(|| script.counts());
    let sipp = all.elapsed();
    // sipp's own clock counts in several milliseconds.
    let mean = |all: Duration| rounded(all.as_secs_f64() * 1_000.0 / f64::from(calls));
    Ok(json!({
        "calls": calls,
        "until_connected": times(&milliseconds),
        "whole_call_mean_ms": mean(ours),
        "sipp_whole_call_mean_ms": mean(sipp),
        "sipp_failed": counts.failed,
    }))
}

/// Twenty calls a second come in and last for a second each.
async fn incoming(
    server: &Kamailio,
    engine: &Arc<VoipEngine>,
    seconds: u32,
) -> Result<Value, Failed> {
    let mut clients = Vec::new();
    let mut numbers = Vec::new();
    for number in 100..110 {
        let number = number.to_string();
        clients.push(sign_in(server.address("udp"), number.clone(), Arc::clone(engine)).await?);
        numbers.push(number);
    }
    for client in &clients {
        let client = client.clone();
        tokio::spawn(async move {
            while let Some(call) = client.incoming().await {
                if let Err(error) = call.answer().await {
                    eprintln!("a call could not be answered: {error}");
                }
            }
        });
    }
    // Whatever is made once for all is made before.
    let _ = called(server, &numbers, 5, &clients).await?;
    let heap = open::allocated();
    eprintln!("{A_SECOND} calls a second for {seconds} s");
    let counts = called(server, &numbers, seconds, &clients).await?;
    let report = json!({
        "a_second": A_SECOND,
        "seconds": seconds,
        "answered": counts.successful,
        "failed": counts.failed,
        "sent_again": counts.sent_again,
        "until_answered": times(&counts.milliseconds),
        "calls_left": clients.iter().map(|client| client.view().calls.len()).sum::<usize>(),
        "heap_kb_more_at_rest": rounded((open::allocated() - heap) as f64 / 1_024.0),
    });
    for client in clients {
        client.sign_out().await;
    }
    Ok(report)
}

/// Calls come in; then all is over, and everything that is remembered of them for a while forgotten.
async fn called(
    server: &Kamailio,
    numbers: &[String],
    seconds: u32,
    clients: &[Client],
) -> Result<Counts, Failed> {
    let often = include_str!("../../uc-session/tests/sip/scenarios/often.xml");
    let often = often.replace("@PAUSE@", "1000");
    let limits = [A_SECOND * seconds, A_SECOND, 200];
    let script = block_in_place(|| Script::calling_often(server, &often, numbers, limits));
    let counts = block_in_place(|| script.counts());
    let over = async {
        while clients.iter().any(|client| !client.view().calls.is_empty()) {
            sleep(Duration::from_millis(50)).await;
        }
    };
    if timeout(Duration::from_secs(10), over).await.is_err() {
        let left = clients.iter().map(|client| client.view().calls.len());
        let left: usize = left.sum();
        let Counts {
            successful, failed, ..
        } = counts;
        return Err(format!("{left} calls never end; {successful} went well, {failed} not").into());
    }
    sleep(FORGOTTEN).await;
    Ok(counts)
}

fn times(milliseconds: &[f64]) -> Value {
    let at = |share: f64| {
        let index = (milliseconds.len() as f64 * share) as usize;
        let index = index.min(milliseconds.len().saturating_sub(1));
        rounded(milliseconds.get(index).copied().unwrap_or_default())
    };
    json!({ "p50_ms": at(0.5), "p99_ms": at(0.99) })
}

fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// Sign-ins under way at the same time.
const AT_ONCE: usize = 32;
/// Calls that come in a second.
const A_SECOND: u32 = 20;
/// Answers are kept for 32 s for requests that come again (RFC 3261 §17.2).
const FORGOTTEN: Duration = Duration::from_secs(34);
