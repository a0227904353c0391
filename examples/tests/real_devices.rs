//! The README's first call, as a person runs it, talking through real sound devices: PulseAudio's
//! null sinks, which need no hardware (`voip-media/tests/pulse/start.sh` makes them).
#![cfg(feature = "device")]

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use demo::{Sound, compare, similarity, speech};
use tokio::time::{sleep, timeout};
use uc_server::Server;
use uc_session::{Client, Trust};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_call_talks_through_microphone_and_loudspeaker() {
    if std::env::var_os("UC_TEST_PULSE").is_none() {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: no PulseAudio null sinks; run voip-media/tests/pulse/start.sh first"
        );
        return;
    }
    let mut calls = Vec::new();
    for _ in 0..CALLS {
        let alike = first_call_talks().await;
        eprintln!("microphone {:.3}, loudspeaker {:.3}", alike.0, alike.1);
        if alike.0.min(alike.1) > ALIKE {
            return;
        }
        calls.push(alike);
    }
    panic!("no call was clear in both directions: {calls:?}");
}

/// A whole call: how alike what was said is to what came through the microphone to the callee, and
/// through the loudspeaker.
async fn first_call_talks() -> (f32, f32) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("real-devices");
    std::fs::create_dir_all(&folder).expect("the target folder can be written");
    let heard_by_callee = folder.join("heard-by-callee.wav");
    let loudspeaker = folder.join("loudspeaker.raw");

    let server = Server::builder().start().await.expect("the server starts");
    let callee = Client::builder(&server.address().to_string(), "331")
        .password("demo-331".to_owned())
        .trust(Trust::Pin(server.fingerprint()))
        .wav(Some(&speech::second_file()), Some(&heard_by_callee))
        .expect("the recording can be read")
        .sign_in()
        .await
        .expect("the callee signs in");

    let _ = std::fs::remove_file(&loudspeaker);
    let listening = record_loudspeaker(&loudspeaker);
    let written = || std::fs::metadata(&loudspeaker).is_ok_and(|file| file.len() > 0);
    let running = async {
        while !written() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(WAIT, running).await.expect("parec records");
    let caller = first_call(&server.address().to_string());
    let call = timeout(WAIT, callee.incoming())
        .await
        .expect("it rings")
        .expect("the client lives");
    call.answer().await.expect("it can be answered");
    call.connected().await.expect("the sound connects");
    let mut speaking = speak(&speech::first_file());
    let spoken = tokio::task::spawn_blocking(move || speaking.wait());
    spoken.await.expect("joins").expect("paplay ends");
    sleep(Duration::from_secs(2)).await;
    call.hang_up().await.expect("it can be hung up");
    end(caller).await;
    callee.sign_out().await;
    server.stop().await;
    drop(listening);

    let through_the_microphone = similarity(&speech::first_file(), &heard_by_callee).expect("WAV");
    let through_the_loudspeaker = compare(&speech::second(), &raw_sound(&loudspeaker));
    (through_the_microphone, through_the_loudspeaker)
}

/// Waits until the program has ended by itself.
async fn end(mut program: Running) {
    let ended = tokio::task::spawn_blocking(move || program.0.wait());
    let status = timeout(WAIT, ended)
        .await
        .expect("it ends by itself")
        .expect("joins");
    assert!(status.expect("the program was started").success());
}

/// A program that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `examples/first-call.rs`, built beside this test.
fn first_call(server: &str) -> Running {
    let test = std::env::current_exe().expect("a test has a path");
    let built = test.ancestors().nth(2).expect("deps in a profile's folder");
    let program = built.join("examples/first-call");
    let child = Command::new(&program)
        .args([server, "330", "331"])
        .env("UC_PASSWORD", "demo-330")
        .stdin(Stdio::null())
        .spawn();
    Running(child.unwrap_or_else(|error| {
        panic!(
            "{}: {error}; cargo test --workspace builds it",
            program.display()
        )
    }))
}

/// Speaks into the virtual microphone.
fn speak(file: &Path) -> Child {
    Command::new("paplay")
        .arg("--device=voice")
        .arg(file)
        .spawn()
        .expect("paplay is installed")
}

/// Records what the virtual loudspeaker plays.
fn record_loudspeaker(file: &Path) -> Running {
    let mut command = Command::new("parec");
    command.args([
        "--device=speaker.monitor",
        "--format=s16le",
        "--channels=1",
        "--rate=48000",
    ]);
    // Without it, PulseAudio hands over two seconds at a time.
    command.arg("--latency-msec=20");
    Running(command.arg(file).spawn().expect("parec is installed"))
}

/// What `record_loudspeaker` wrote: samples without a header, so that it can be stopped anywhere.
fn raw_sound(file: &Path) -> Sound {
    let bytes = std::fs::read(file).expect("parec has written");
    let sample = |pair: &[u8]| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0;
    Sound {
        rate_hz: 48_000,
        samples: bytes.chunks_exact(2).map(sample).collect(),
    }
}

/// How long a busy machine may take for one step.
const WAIT: Duration = Duration::from_secs(60);
/// What 0.9 is in speech: nothing missing but what the jitter buffer has stretched.
const ALIKE: f32 = 0.9;
/// On a busy machine the virtual devices stutter: one of so many calls has to be clear.
const CALLS: usize = 4;
