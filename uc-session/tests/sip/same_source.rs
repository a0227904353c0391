//! The same source, `examples/voice-bot`, with three servers: the embedded one, Kamailio, and the fake.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{task::block_in_place, time::timeout};
use uc_session::{Client, ClientBuilder, Trust, VoipEngine, fake::FakeServer};

use crate::{
    baresip::{Baresip, Sound, read_wav},
    bot,
    ear::{hears, share_of, tone},
    kamailio::Kamailio,
    person::{PATIENCE, address_of},
};

const BOT_HZ: f64 = 700.0;
const CALLER_HZ: f64 = 1_000.0;
/// Long enough that the caller hears it and the bot the caller.
const LENGTH: Duration = Duration::from_secs(5);

/// A folder of its own with what the bot says, and what it will have heard.
struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Self {
        let name = format!("uc-voice-bot-{name}-{}", std::process::id());
        let files = Self(std::env::temp_dir().join(name));
        fs::create_dir_all(&files.0).unwrap();
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 48_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut said = hound::WavWriter::create(files.said(), spec).unwrap();
        for at in 0..48_000 * LENGTH.as_secs() {
            let phase = std::f64::consts::TAU * BOT_HZ * at as f64 / 48_000.0;
            said.write_sample((phase.sin() * 8_000.0) as i16).unwrap();
        }
        said.finalize().unwrap();
        files
    }

    fn said(&self) -> PathBuf {
        self.0.join("said.wav")
    }

    fn heard(&self) -> PathBuf {
        self.0.join("heard.wav")
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The bot serves a call of whoever `calls`, and has heard them.
async fn serves(name: &str, client: ClientBuilder, calls: impl AsyncFnOnce()) {
    let files = Files::new(name);
    let client = bot::sign_in(client, &files.said(), &files.heard())
        .await
        .unwrap();
    let answers = tokio::spawn(async move {
        let call = client.incoming().await.expect("the session lives");
        bot::serve(call, LENGTH).await.unwrap();
        client.sign_out().await;
    });
    calls().await;
    answers.await.unwrap();
    assert!(holds(&files.heard(), CALLER_HZ), "{name}: nothing was kept");
}

/// Whether a tone is most of what a file holds at its loudest.
fn holds(file: &Path, hertz: f64) -> bool {
    let samples = read_wav(&fs::read(file).unwrap());
    let windows = samples.chunks_exact(4_800);
    let so = windows.filter(|window| share_of(window, hertz) > 0.8);
    so.count() > 10
}

/// A client calls the bot and hears it.
async fn client_calls(client: ClientBuilder, number: &str) {
    let sound = tone(CALLER_HZ);
    let engine = VoipEngine::new(Arc::new(sound.clone())).unwrap();
    let client = client.media(Arc::new(engine)).sign_in().await.unwrap();
    let call = client.call(number).await.unwrap();
    timeout(PATIENCE, call.connected()).await.unwrap().unwrap();
    hears(&sound, BOT_HZ).await;
    timeout(PATIENCE, call.ended()).await.unwrap();
    client.sign_out().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_source_serves_the_embedded_server() {
    let server = uc_server::Server::builder().start().await.unwrap();
    let client = |user: &str| {
        Client::builder(&server.address().to_string(), user)
            .password(format!("demo-{user}"))
            .trust(Trust::Pin(server.fingerprint()))
    };
    serves("embedded", client("330"), async || {
        client_calls(client("331"), "330").await;
    })
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_source_serves_a_fake() {
    let server = FakeServer::new()
        .with_user("330", "secret", "Rosa", "Bot")
        .with_user("331", "secret", "Bruno", "Caller");
    let client = |user: &str| {
        Client::builder("pbx.office.test", user)
            .password("secret".to_owned())
            .trust(Trust::AcceptFirst)
            .backend(server.backend())
    };
    serves("fake", client("330"), async || {
        client_calls(client("331"), "330").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_source_serves_a_sip_server_and_a_telephone() {
    let Some(server) = Kamailio::start("") else {
        return;
    };
    let client = Client::builder(&server.address("tls"), &address_of("100"))
        .password("secret".to_owned())
        .trust(Trust::AcceptFirst);
    let telephone =
        block_in_place(|| Baresip::start(&server, "101", CALLER_HZ as u32, Sound::Sdes));
    serves("sip", client, async || {
        block_in_place(|| {
            telephone.command("dial", "sip:100@office.test");
            telephone.hears(BOT_HZ);
        });
    })
    .await;
}
