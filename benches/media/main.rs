//! `cargo xtask bench media`: what the media core costs, beside its peers in the same run.
//!
//! Prints one JSON object: the jitter buffer's peer `neteq` on the recorded traces, codecs beside
//! the libraries underneath, the way of a received packet, and one call's budget. What our own
//! jitter buffer does on the traces is told by `voip-media/examples/jitter-lab.rs`.
#![forbid(unsafe_code)]
#![expect(clippy::disallowed_methods, reason = "a bench measures time")]

mod budget;
mod peer;
mod timing;

use std::{error::Error, path::PathBuf, time::Duration};

use clap::Parser;
use serde_json::json;

#[derive(Debug, Parser)]
struct Arguments {
    /// Folder with the arrival traces; without it the peer's jitter buffer is left out.
    #[arg(long)]
    traces: Option<PathBuf>,
    /// Seconds of each trace that the peer plays. It reads the clock itself, so this is real time;
    /// all traces run side by side.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Prints one JSON object on one line.
    #[arg(long)]
    json: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let neteq = match &arguments.traces {
        Some(folder) => peer::play_all(folder, Duration::from_secs(arguments.seconds))?,
        None => Vec::new(),
    };
    let report = json!({
        "neteq": neteq,
        "codec_ns": budget::codecs()?,
        "receive_ns": budget::receive()?,
        "call": budget::call()?,
    });
    if arguments.json {
        println!("{report}");
    } else {
        println!("{report:#}");
    }
    Ok(())
}
