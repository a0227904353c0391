//! The demonstration as a test: what `cargo xtask demo` promises, and that its measure can tell.

use std::path::PathBuf;

use demo::{Options, Report, controls, parse_impairment, run};

/// What a good call must reach.
const ALIKE: f32 = 0.95;

/// One demonstration at a time: quality is measured in real time, on few cores.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

async fn demonstrate(name: &str, impairment: Option<&str>) -> (Report, PathBuf) {
    let _turn = TURN.lock().await;
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let impairment = impairment.map(|text| parse_impairment(text).expect("well formed"));
    let options = Options {
        folder: folder.clone(),
        impairment,
    };
    let report = run(&options, |step| eprintln!("{name}: {}", step.name)).await;
    (report.expect("the demonstration runs to its end"), folder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_with_real_speech_arrives_as_it_was_said() {
    let (report, folder) = demonstrate("unimpaired", None).await;
    assert!(report.is_ok(), "{report}");
    assert!(report.similarity >= ALIKE, "{report}");
    assert!(report.mos >= 4.2, "{report}");
    for control in controls(&folder).expect("the recordings are there") {
        assert!(
            control.similarity < ALIKE,
            "{control:?} can't be told from the right sound"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_third_of_the_packets_lost_is_heard_in_the_recording() {
    let (report, _) = demonstrate("a-third-lost", Some("loss=30")).await;
    assert!(report.is_ok(), "the call itself survives: {report}");
    assert!(report.similarity < ALIKE, "{report}");
    assert!(report.mos < 3.0, "{report}");
    assert!((0.2..0.4).contains(&report.loss), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quality_falls_with_loss_and_jitter() {
    let mut scores = Vec::new();
    for text in [
        "loss=0,jitter=0",
        "loss=1,jitter=5",
        "loss=3,jitter=10",
        "loss=5,jitter=20",
        "loss=10,jitter=40",
    ] {
        let (report, _) = demonstrate(text, Some(text)).await;
        assert!(report.is_ok(), "{text}: {report}");
        scores.push(report.mos);
    }
    assert!(
        scores.is_sorted_by(|better, worse| better > worse),
        "{scores:?}"
    );
}
