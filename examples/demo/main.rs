//! `cargo xtask demo`: two people call each other through an embedded server, with real speech; or with
//! `--office`, ten people use every function of their telephones.
#![forbid(unsafe_code)]

use std::{path::PathBuf, process::ExitCode};

use clap::Parser;
use demo::{DemoError, Options, Step, controls, parse_impairment, run, run_office};
use voip_media::Impairment;

/// Runs the SDK end to end on this computer: server, sign-in, presence, search, a call with real
/// speech, hold, retrieve, hang-up, history; then says how well the speech arrived.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask demo")]
struct Arguments {
    /// Adds loss (per cent) and jitter (standard deviation in ms), for example loss=5,jitter=20.
    #[arg(long, value_parser = parse_impairment)]
    impair: Option<Impairment>,
    /// Prints one JSON object instead of the table.
    #[arg(long)]
    json: bool,
    /// Where the recordings go.
    #[arg(long, default_value = "target/demo")]
    out: PathBuf,
    /// Compares the recordings of an earlier run with the wrong sounds: all must be unlike.
    #[arg(long)]
    controls: bool,
    /// Lets ten people use every function, up to a conference of eight, instead of the one call.
    #[arg(long, conflicts_with = "controls")]
    office: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ok = if arguments.controls {
        show_controls(&arguments).map_err(DemoError::from)
    } else if arguments.office {
        show_office(&arguments).await
    } else {
        show_run(&arguments).await
    };
    match ok {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("The demonstration stopped: {}", chain(&error));
            ExitCode::FAILURE
        }
    }
}

async fn show_run(arguments: &Arguments) -> Result<bool, DemoError> {
    eprintln!("A call with real speech; it takes about ten seconds.");
    let report = run(&options(arguments), show_step).await?;
    if arguments.json {
        println!("{}", serde_json::json!(report));
    } else {
        println!("\n{report}  recordings: {}", arguments.out.display());
    }
    Ok(report.is_ok())
}

async fn show_office(arguments: &Arguments) -> Result<bool, DemoError> {
    eprintln!("An office of ten people; it takes about a minute.");
    let report = run_office(&options(arguments), show_step).await?;
    if arguments.json {
        println!("{}", serde_json::json!(report));
    } else {
        println!("\n{report}  recordings: {}", arguments.out.display());
    }
    Ok(report.is_ok())
}

fn options(arguments: &Arguments) -> Options {
    Options {
        folder: arguments.out.clone(),
        impairment: arguments.impair,
    }
}

fn show_step(step: &Step) {
    eprintln!("  {} {}", if step.ok { "✓" } else { "✗" }, step.name);
    if let Some(problem) = &step.problem {
        eprintln!("    {problem}");
    }
}

fn show_controls(arguments: &Arguments) -> Result<bool, demo::SoundFileError> {
    let controls = controls(&arguments.out)?;
    if arguments.json {
        println!("{}", serde_json::json!(controls));
    } else {
        for control in &controls {
            println!("  {:<66}{:>8.3}", control.name, control.similarity);
        }
    }
    Ok(controls.iter().all(|control| control.similarity < 0.95))
}

/// The error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
