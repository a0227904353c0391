//! `cargo xtask plots`: the pictures of docs/jitter-buffer.md, from seeded networks and from the
//! document's own table. No recorded data is needed.

mod delay;
mod network;
mod svg;
mod trade_off;

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::process::{cargo, run};
use crate::workspace::Workspace;

/// Makes all plots anew.
pub(crate) fn plots() -> Outcome {
    let folder = Workspace::read()?.target.join("plots");
    std::fs::create_dir_all(&folder).map_err(Failure::file(&folder))?;
    for network in network::ALL {
        let (arrivals, timeline) = play(&network, &folder)?;
        let chart = delay::chart(network.title, &arrivals, &timeline)?;
        write(&format!("delay-{}", network.name), &chart)?;
    }
    let document = Path::new(DOCUMENT);
    let text = std::fs::read_to_string(document).map_err(Failure::file(document))?;
    write("trade-off", &trade_off::chart(&text)?)
}

/// Runs jitter-lab on a network; the arrivals and what was played, as text.
fn play(network: &network::Network, folder: &Path) -> Outcome<(String, String)> {
    let path = |kind: &str| folder.join(format!("{}.{kind}", network.name));
    let trace = path("trace");
    let arrivals = network.arrivals();
    std::fs::write(&trace, &arrivals).map_err(Failure::file(&trace))?;
    let timeline = path("timeline");
    run(cargo()
        .args([
            "run",
            "--quiet",
            "--profile",
            "ci",
            "--package",
            "voip-media",
        ])
        .args(["--example", "jitter-lab", "--", "--packets", "voice"])
        .args(["--seconds", &network::SECONDS.to_string(), "--trace"])
        .arg(&trace)
        .arg("--timeline")
        .arg(&timeline)
        .arg("--out")
        .arg(path("raw")))?;
    let played = std::fs::read_to_string(&timeline).map_err(Failure::file(&timeline))?;
    Ok((arrivals, played))
}

fn write(name: &str, chart: &str) -> Outcome {
    let path = PathBuf::from(FOLDER).join(format!("{name}.svg"));
    std::fs::write(&path, chart).map_err(Failure::file(&path))?;
    println!("{}", path.display());
    Ok(())
}

fn malformed(program: &'static str, line: &str) -> Failure {
    Failure::Output {
        program,
        reason: format!("{line:?} is not in the form expected"),
    }
}

const DOCUMENT: &str = "docs/jitter-buffer.md";
const FOLDER: &str = "docs/plots";
