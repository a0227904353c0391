//! `cargo xtask soak calls`: six users with a client each at a server of its own process call, answer,
//! refuse, pass on, hold, consult, transfer, confer and pick up at random, with real media (silence). Meanwhile events
//! come late and twice, connections are cut, the server is killed and started again, and both ends
//! hang up at once.
//!
//! After each round everybody hangs up once. Then every request must have been answered, and every
//! call must be over, at all clients and at the server, as a client sees it that has just signed in.
//! After half of the time and at the end everything is tidied up: what is allocated then may differ by
//! 64 KiB at most. When all clients are gone, tasks and open files, here and at the server, are those
//! of the beginning.

#[path = "../soak/mod.rs"]
mod soak;

mod person;
mod rest;
mod round;
mod run;
mod unreliable;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Parser;

use run::Soak;
use soak::{Failed, ServerProcess};

#[derive(Debug, Parser)]
struct Arguments {
    /// How long, in minutes.
    #[arg(long, default_value_t = 15.0)]
    minutes: f64,
    /// Another number, another course of events.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Prints only the report, one JSON object.
    #[arg(long)]
    json: bool,
    /// Is the server instead: keeps everything in this folder.
    #[arg(long, hide = true)]
    serve: Option<PathBuf>,
    /// Where the server listens.
    #[arg(long, hide = true)]
    at: Option<SocketAddr>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failed> {
    let arguments = Arguments::parse();
    if let (Some(folder), Some(listen)) = (&arguments.serve, arguments.at) {
        return ServerProcess::serve(folder, listen).await;
    }
    let length = Duration::from_secs_f64(60.0 * arguments.minutes);
    let mut soak = Soak::begin(arguments.seed, arguments.json).await?;
    let report = soak.run(length).await?;
    drop(soak);
    println!("{report}");
    Ok(())
}
