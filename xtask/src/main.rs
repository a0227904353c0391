//! The project's own commands: `cargo xtask --help`.
#![forbid(unsafe_code)]

mod bench;
mod budgets;
mod ci;
mod demo;
mod documents;
mod failure;
mod features;
mod fuzz;
mod headset_vm;
mod installed;
mod interop;
mod package;
mod plots;
mod process;
mod pulse;
mod readme;
mod schemathesis;
mod setup;
mod sip_js;
mod soak;
mod stopwatch;
mod systems;
mod test;
mod test_names;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use failure::Outcome;

/// The project's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print what is missing for continuous integration, then install it
    Setup {
        /// Only print the plan
        #[arg(long)]
        dry_run: bool,
        /// Only the servers and telephones that tests talk to (SIP)
        #[arg(long)]
        peers: bool,
    },
    /// Make a whole call between two clients and an embedded server, and measure it
    Demo {
        /// Arguments of the demonstration, for example --json, --office or --impair loss=5,jitter=20
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run the tests with programs by others and write the table of docs/interop.md
    Interop,
    /// Run every test this computer can run, and name what is left out
    Test {
        /// Only tests whose names contain this; headset-vm: headsets under a real kernel, in a micro-VM
        name: Option<String>,
    },
    /// Run every check beside the tests
    Ci {
        /// Only these steps
        steps: Vec<String>,
    },
    /// Measure
    Bench {
        /// Which benches; all when none is named
        names: Vec<String>,
        /// Print one JSON object a line
        #[arg(long)]
        json: bool,
        /// Print the names of the benches
        #[arg(long)]
        list: bool,
    },
    /// Make the plots of the documents anew
    Plots,
    /// Fuzz one target or all
    Fuzz {
        /// Which target; all when none is named
        target: Option<String>,
        /// Seconds for each target
        #[arg(long, default_value_t = 60)]
        seconds: u32,
        /// Executions for each target, however long they take
        #[arg(long, conflicts_with = "seconds")]
        runs: Option<u64>,
    },
    /// Run one thing for a long time
    Soak {
        /// What to run: call (the demonstration, again and again), calls (at random, with troubles), session
        name: String,
        /// For how long
        #[arg(long, default_value_t = 10)]
        minutes: u64,
    },
    /// Show what docs/features.md says, and check it against the tests
    Features {
        /// Print an array of objects with id, state and tests
        #[arg(long)]
        json: bool,
    },
    /// Check that the README shows examples/first-call.rs
    Readme {
        /// Write it into the README
        #[arg(long)]
        fix: bool,
    },
}

impl Command {
    fn run(self) -> Outcome {
        match self {
            Self::Setup { dry_run, peers } => setup::setup(dry_run, peers),
            Self::Demo { arguments } => demo::demo(&arguments),
            Self::Interop => interop::interop(),
            Self::Test { name } if name.as_deref() == Some(headset_vm::NAME) => headset_vm::test(),
            Self::Test { name } => test::test(name.as_deref()),
            Self::Ci { steps } => ci::ci(&steps),
            Self::Bench { list: true, .. } => {
                bench::list();
                Ok(())
            }
            Self::Bench {
                names,
                json,
                list: false,
            } => bench::bench(&names, json),
            Self::Plots => plots::plots(),
            Self::Fuzz {
                target,
                seconds,
                runs,
            } => {
                let bound = runs.map_or(fuzz::Bound::Seconds(seconds), fuzz::Bound::Runs);
                fuzz::fuzz(target.as_deref(), bound)
            }
            Self::Soak { name, minutes } => soak::soak(&name, minutes),
            Self::Features { json } => features::features(json),
            Self::Readme { fix } => readme::readme(fix),
        }
    }
}

fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    let root = workspace::root();
    let outcome = std::env::set_current_dir(&root)
        .map_err(failure::Failure::file(&root))
        .and_then(|()| command_line.command.run());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn everything_behind_demo_goes_to_the_demonstration() {
        let line = [
            "cargo xtask",
            "demo",
            "--json",
            "--impair",
            "loss=5,jitter=20",
        ];
        let parsed = CommandLine::try_parse_from(line).expect("demo takes any argument");
        let Command::Demo { arguments } = parsed.command else {
            panic!("{parsed:?}")
        };
        assert_eq!(arguments, ["--json", "--impair", "loss=5,jitter=20"]);
    }
}
