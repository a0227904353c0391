//! `cargo xtask bench media`: the media core beside its peers, as `benches/README.md`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::failure::{Failure, Outcome};
use crate::process::{cargo, text};

/// What is known of a trace: recorded figures of libwebrtc's NetEQ on the same packets (mean delay
/// in ms, concealed ms of 119 s), and the receiver's clock.
struct Trace {
    row: &'static str,
    file: &'static str,
    packets: &'static str,
    drift_ppm: &'static str,
    libwebrtc: Option<(u32, u32)>,
}

const fn trace(row: &'static str, file: &'static str, libwebrtc: (u32, u32)) -> Trace {
    Trace {
        row,
        file,
        packets: "packets.bin",
        drift_ppm: "0",
        libwebrtc: Some(libwebrtc),
    }
}

const TRACES: [Trace; 12] = [
    trace("clean", "clean", (72, 50)),
    trace("gauss10", "gauss10", (101, 56)),
    trace("gauss30", "gauss30", (146, 132)),
    trace("pareto", "pareto", (144, 2853)),
    trace("wifi", "wifi", (118, 2481)),
    trace("ge5", "ge5", (68, 5757)),
    Trace {
        packets: "packets_fec.bin",
        libwebrtc: None,
        ..trace("ge5 with in-band FEC", "ge5", (0, 0))
    },
    trace("lte", "lte", (203, 4117)),
    trace("step", "step", (157, 234)),
    Trace {
        drift_ppm: "100",
        ..trace("gauss10, receiver +100 ppm", "gauss10", (107, 56))
    },
    Trace {
        drift_ppm: "-100",
        ..trace("gauss10, receiver -100 ppm", "gauss10", (103, 56))
    },
    trace("mm_TMobileLTEshortup", "mm_TMobileLTEshortup", (240, 1052)),
];

/// Measures everything; `benches/README.md` is written anew. Without the recorded traces, which
/// aren't part of the repository, their rows are left out, and that is said.
pub(super) fn measure(root: &Path, target: &Path) -> Outcome<Value> {
    let folder = traces_folder(root);
    let rows = match &folder {
        Some(folder) => jitter_rows(folder, target)?,
        None => {
            eprintln!(
                "no traces at ../shared/data/net or $UC_TEST_DATA/net: jitter buffer left out"
            );
            Vec::new()
        }
    };
    eprintln!("codecs, ciphers, and the peer's jitter buffer in real time: about two minutes");
    let program = program(folder.as_deref())?;
    let report = json!({"bench": "media", "jitter": rows, "others": program});
    let page = root.join("benches/README.md");
    std::fs::write(&page, table(&report)).map_err(Failure::file(&page))?;
    Ok(report)
}

fn traces_folder(root: &Path) -> Option<PathBuf> {
    let data = std::env::var_os("UC_TEST_DATA").map_or(root.join("../shared/data"), PathBuf::from);
    Some(data.join("net")).filter(|folder| folder.join("packets.bin").is_file())
}

fn jitter_rows(folder: &Path, target: &Path) -> Outcome<Vec<Value>> {
    let mut build = cargo();
    build.args(["build", "--release", "--quiet", "--package", "voip-media"]);
    text(build.args(["--example", "jitter-lab"]))?;
    let lab = target.join("release/examples/jitter-lab");
    let mut rows = Vec::new();
    for trace in &TRACES {
        eprintln!("jitter buffer: {}", trace.row);
        let sound = run_lab(&lab, folder, trace, "opus", target)?;
        let cost = run_lab(&lab, folder, trace, "l16", target)?;
        rows.push(json!({
            "trace": trace.row,
            "file": trace.file,
            "delay_ms": sound["e2e_mean_ms"],
            "concealed_ms": sound["concealed_ms"],
            "libwebrtc": trace.libwebrtc,
            "insert_ns": {"mean": cost["insert_ns_mean"], "p99": cost["insert_ns_p99"]},
            "get_ns": {"mean": cost["get_ns_mean"], "p99": cost["get_ns_p99"]},
            "allocations": cost["allocations"],
        }));
    }
    Ok(rows)
}

fn run_lab(lab: &Path, folder: &Path, trace: &Trace, codec: &str, target: &Path) -> Outcome<Value> {
    let mut command = Command::new(lab);
    command
        .arg("--packets")
        .arg(folder.join(trace.packets))
        .arg("--trace")
        .arg(folder.join(format!("trace_{}.txt", trace.file)))
        .args(["--drift-ppm", trace.drift_ppm, "--codec", codec])
        .arg("--out")
        .arg(target.join("jitter-lab.raw"));
    parsed("jitter-lab", &text(&mut command)?)
}

fn program(folder: Option<&Path>) -> Outcome<Value> {
    let mut command = cargo();
    command.args(["run", "--release", "--quiet", "--package", "benches"]);
    command.args(["--bin", "media", "--features", "neural", "--", "--json"]);
    if let Some(folder) = folder {
        command.arg("--traces").arg(folder);
    }
    parsed("the bench media", &text(&mut command)?)
}

fn parsed(program: &'static str, printed: &str) -> Outcome<Value> {
    serde_json::from_str(printed).map_err(|error| Failure::Output {
        program,
        reason: error.to_string(),
    })
}

/// The page.
fn table(report: &Value) -> String {
    let others = &report["others"];
    let mut page = String::from(HEAD);
    page.push_str("## Jitter buffer\n\n");
    page.push_str(JITTER_HEAD);
    for row in report["jitter"].as_array().into_iter().flatten() {
        page.push_str(&jitter_line(row, &others["neteq"]));
    }
    page.push_str("\n## Codecs\n\n| 20 ms of sound | encode ns | decode ns |\n|---|---|---|\n");
    for (name, times) in others["codec_ns"].as_object().into_iter().flatten() {
        let encode = times.get("encode").map(Value::to_string);
        page.push_str(&format!(
            "| {name} | {} | {} |\n",
            encode.unwrap_or_default(),
            times["decode"]
        ));
    }
    page.push_str(
        "\n## A received packet of 160 octets\n\n| protection | part | ns |\n|---|---|---|\n",
    );
    for (name, parts) in others["receive_ns"].as_object().into_iter().flatten() {
        for (part, time) in parts.as_object().into_iter().flatten() {
            page.push_str(&format!("| {name} | {part} | {time} |\n"));
        }
    }
    let call = &others["call"];
    page.push_str(&format!(
        "\n## One call\n\n20 ms of both directions: Opus takes {} ns, everything else (RTP, ciphers, jitter \
         buffer; no devices, no sockets) {} ns, {:.2} % of it. Together {:.2} % of a core.\n",
        call["codec_ns"],
        call["ours_ns"],
        call["ours_per_codec"].as_f64().unwrap_or_default() * 100.0,
        call["share_of_a_core"].as_f64().unwrap_or_default() * 100.0,
    ));
    page
}

fn jitter_line(row: &Value, peers: &Value) -> String {
    let peer = peers
        .as_array()
        .into_iter()
        .flatten()
        .find(|peer| peer["trace"] == row["file"]);
    let of_peer =
        |field: &str, part: &str| peer.map_or("".to_owned(), |peer| peer[field][part].to_string());
    let recorded = match row["libwebrtc"].as_array() {
        Some(figures) => format!("{} / {}", figures[0], figures[1]),
        None => String::new(),
    };
    format!(
        "| {} | {} / {} | {recorded} | {} / {} | {} / {} | {} / {} | {} / {} | {} |\n",
        row["trace"].as_str().unwrap_or_default(),
        row["delay_ms"],
        row["concealed_ms"],
        row["insert_ns"]["mean"],
        row["insert_ns"]["p99"],
        of_peer("insert_ns", "mean"),
        of_peer("insert_ns", "p99"),
        row["get_ns"]["mean"],
        row["get_ns"]["p99"],
        of_peer("get_ns", "mean"),
        of_peer("get_ns", "p99"),
        row["allocations"],
    )
}

const HEAD: &str = "# What the media core costs\n\nWritten by `cargo xtask bench media`; don't edit. \
Quote ratios of one run, not nanoseconds: the machine has a say (here: two x86-64 cores, shared).\n\n";

const JITTER_HEAD: &str = "Delay: mean from sending to playout; concealed: in 119 s; on the recorded traces, \
with Opus. Costs without codec (L16 at 48 kHz), mean / 99th percentile. `neteq` 0.9.1 reads the clock itself: \
its costs are from the same run in real time, without drift, and with the cold caches of a thread that sleeps between frames. libwebrtc's figures are recorded ones on the same \
packets.\n\n| trace | ours: delay ms / concealed ms | libwebrtc | insert ns | `neteq` insert ns | get ns | \
`neteq` get ns | allocations |\n|---|---|---|---|---|---|---|---|\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Value {
        json!({
            "jitter": [{
                "trace": "wifi", "file": "wifi", "delay_ms": 87.7, "concealed_ms": 2120.0,
                "libwebrtc": [118, 2481], "insert_ns": {"mean": 73.0, "p99": 120},
                "get_ns": {"mean": 380.0, "p99": 5000}, "allocations": 0,
            }],
            "others": {
                "neteq": [{"trace": "wifi", "insert_ns": {"mean": 700, "p99": 900},
                           "get_ns": {"mean": 2000, "p99": 20000}}],
                "codec_ns": {"pcmu": {"encode": 60, "decode": 50}},
                "receive_ns": {"GCM": {"together": 250}},
                "call": {"codec_ns": 130_000.0, "ours_ns": 1_300.0, "ours_per_codec": 0.01,
                         "share_of_a_core": 0.0066},
            },
        })
    }

    #[test]
    fn each_measurement_has_its_line() {
        let page = table(&report());
        let wifi = "| wifi | 87.7 / 2120.0 | 118 / 2481 | 73.0 / 120 | 700 / 900 | 380.0 / 5000 | \
                    2000 / 20000 | 0 |\n";
        assert!(page.contains(wifi), "{page}");
        assert!(page.contains("| pcmu | 60 | 50 |\n"), "{page}");
        assert!(page.contains("| GCM | together | 250 |\n"), "{page}");
        assert!(
            page.contains("1.00 % of it. Together 0.66 % of a core"),
            "{page}"
        );
    }

    #[test]
    fn a_trace_that_no_peer_has_played_leaves_a_blank() {
        let mut report = report();
        report["others"]["neteq"] = json!([]);
        report["jitter"][0]["libwebrtc"] = Value::Null;
        assert!(table(&report).contains("| wifi | 87.7 / 2120.0 |  | 73.0 / 120 |  /  | 380.0"));
    }
}
