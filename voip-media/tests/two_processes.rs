//! `examples/two-processes.rs` as a user runs it: two programs, two files spoken, two recorded.

#[path = "session/sound.rs"]
mod sound;

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use hound::{SampleFormat, WavSpec, WavWriter};
use sound::{share_of, tone};

/// Built beside this test.
fn program() -> PathBuf {
    let test = env::current_exe().expect("a test has a path");
    let built = test.ancestors().nth(2).expect("target/PROFILE/deps");
    let program = built.join("examples/two-processes");
    let shown = program.display();
    assert!(
        program.exists(),
        "{shown}: cargo build --example two-processes builds it"
    );
    program
}

fn speak(path: &Path, hertz: f32) {
    let spec = WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: SampleFormat::Int,
    };
    let mut file = WavWriter::create(path, spec).expect("a file");
    for at in 0..96_000 {
        file.write_sample(tone(hertz, at)).expect("written");
    }
    file.finalize().expect("complete");
}

/// The share of a tone in half a second from the middle of a recording.
fn heard(path: &Path, hertz: f32) -> f32 {
    let file = hound::WavReader::open(path).expect("a recording");
    let samples: Vec<i16> = file.into_samples().map(|one| one.expect("whole")).collect();
    assert!(samples.len() > 72_000, "only {} samples", samples.len());
    share_of(&samples[48_000..72_000], hertz)
}

fn side(role: &str, address: &str, folder: &Path) -> Child {
    let mut command = Command::new(program());
    command.args([role, address]);
    command.args([folder.join(role), folder.join(format!("{role}-heard"))]);
    command.stdout(Stdio::null()).spawn().expect("it starts")
}

#[test]
fn two_processes_hear_each_other_without_a_session() {
    let folder = env::temp_dir().join(format!("two-processes-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    speak(&folder.join("answer"), 440.0);
    speak(&folder.join("call"), 1_000.0);
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("bound").to_string();
    drop(free);

    let mut answering = side("answer", &address, &folder);
    // It listens as soon as it can; the caller asks again until then.
    let called = (0..50).any(|_| {
        let status = side("call", &address, &folder).wait().expect("it ends");
        if !status.success() {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        status.success()
    });
    assert!(called);
    assert!(answering.wait().expect("it ends").success());
    let (near, far) = (folder.join("call-heard"), folder.join("answer-heard"));
    assert!(heard(&near, 440.0) > 0.9 && heard(&far, 1_000.0) > 0.9);
    fs::remove_dir_all(&folder).expect("removed");
}
