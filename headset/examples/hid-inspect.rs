//! Prints what the buttons and lamps of a headset are, from its report descriptor.
//!
//! `hid-inspect FILE.hex [--json]` reads a descriptor in hexadecimal.
use std::process::ExitCode;

use headset::{Inspection, read_hex};

const USAGE: &str = "usage: hid-inspect FILE.hex|--list|PATH [--json]
  FILE.hex  a report descriptor as bytes in hexadecimal, # begins a comment
  --list    every HID device of this computer (built with --features hidapi)
  PATH      a device's path as --list shows it (built with --features hidapi)
  --json    one JSON object for each device";

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    arguments.retain(|argument| argument != "--json");
    let result = match arguments.as_slice() {
        [what] if what == "--help" || what == "-h" => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        [what] => inspect(what),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(inspection) if json => println!("{}", inspection.json()),
        Ok(inspection) => print!("{inspection}"),
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn inspect(path: &str) -> Result<Inspection, String> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let bytes = read_hex(&text).map_err(|error| format!("{path}: {error}"))?;
    Ok(Inspection::of(&bytes))
}
