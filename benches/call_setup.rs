//! `cargo xtask bench call-setup`: how long a call takes to ring and to be heard.
#![forbid(unsafe_code)]

#[path = "setup.rs"]
mod setup;

use std::error::Error;

use clap::Parser;

#[derive(Debug, Parser)]
struct Arguments {
    /// How many calls.
    #[arg(long, default_value_t = 200)]
    calls: usize,
    /// How many others are up meanwhile.
    #[arg(long, default_value_t = 0)]
    up: usize,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let report = setup::measure(arguments.calls, arguments.up).await?;
    if arguments.json {
        println!("{report}");
    } else {
        println!("{report:#}");
    }
    Ok(())
}
