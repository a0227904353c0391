//! Prints what the buttons and lamps of a headset are, from its report descriptor.
//!
//! `hid-inspect FILE.hex|--list|PATH [--json]`
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
            Ok(())
        }
        [what] if what == "--list" => devices::list(json),
        [what] => inspect(what).map(|inspection| show(&inspection, json)),
        _ => Err(USAGE.to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn show(inspection: &Inspection, json: bool) {
    if json {
        println!("{}", inspection.json());
    } else {
        print!("{inspection}");
    }
}

/// A file is text; what is none of that is a device.
fn inspect(path: &str) -> Result<Inspection, String> {
    if !std::path::Path::new(path).is_file() {
        return devices::inspect(path);
    }
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let bytes = read_hex(&text).map_err(|error| format!("{path}: {error}"))?;
    Ok(Inspection::of(&bytes))
}

#[cfg(feature = "hidapi")]
mod devices {
    use headset::{HidTransport, Inspection, UsbHeadsets};

    pub(crate) fn list(json: bool) -> Result<(), String> {
        let mut usb = UsbHeadsets::new().map_err(|error| error.to_string())?;
        for (key, name) in usb.list().map_err(|error| error.to_string())? {
            if !json {
                println!("{} {:04x}:{:04x} {name}", key.path, key.vendor, key.product);
            }
            match usb.open(&key, &name) {
                Ok(device) => super::show(&Inspection::of(device.descriptor()), json),
                Err(error) => eprintln!("{error}"),
            }
        }
        Ok(())
    }

    pub(crate) fn inspect(path: &str) -> Result<Inspection, String> {
        let mut usb = UsbHeadsets::new().map_err(|error| error.to_string())?;
        let list = usb.list().map_err(|error| error.to_string())?;
        let found = list.into_iter().find(|(key, _)| key.path == path);
        let (key, name) = found.ok_or_else(|| format!("{path} is neither a file nor a device"))?;
        let device = usb.open(&key, &name).map_err(|error| error.to_string())?;
        Ok(Inspection::of(device.descriptor()))
    }
}

#[cfg(not(feature = "hidapi"))]
mod devices {
    use headset::Inspection;

    const NEEDED: &str = "devices need a build with --features hidapi";

    pub(crate) fn list(_json: bool) -> Result<(), String> {
        Err(NEEDED.to_owned())
    }

    pub(crate) fn inspect(path: &str) -> Result<Inspection, String> {
        Err(format!("{path} is no file; {NEEDED}"))
    }
}
