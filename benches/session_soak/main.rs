//! `cargo xtask soak session`: two clients each for two users at a server of its own process; every few
//! seconds something goes wrong (a cut, packets that vanish, a killed server, a jump of the clock, a
//! reconnection), and all the while the users change things.
//!
//! After each trouble all clients must show the same as a client that has just signed in, with every
//! acknowledged change once. After half of the time and at the end everything is tidied up: what
//! is allocated then may differ by 64 KiB at most. When all clients are gone, tasks and open files
//! are those of the beginning.

#[path = "../soak/mod.rs"]
mod soak;

mod agreement;
mod changes;
mod run;
mod shown;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::Parser;

use run::Soak;
use soak::{Failed, ServerProcess};

#[derive(Debug, Parser)]
struct Arguments {
    /// How long, in minutes.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Prints JSON lines.
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
    let mut soak = Soak::begin().await?;
    let report = soak.run(length, arguments.json).await?;
    drop(soak);
    println!("{report}");
    Ok(())
}
