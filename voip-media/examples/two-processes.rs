//! A call between two processes, without server or session: each is one side, and the two
//! descriptions go over a TCP connection.
//!
//! ```text
//! two-processes answer 127.0.0.1:5004 question.wav heard-here.wav
//! two-processes call 127.0.0.1:5004 answer.wav heard-there.wav
//! ```
use std::{env, error::Error, sync::Arc};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Duration, sleep},
};
use voip_media::{Engine, SessionEvent, WavBackend};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [role, address, spoken, heard] = &arguments[..] else {
        return Err("give: call|answer ADDRESS WAV-TO-SPEAK WAV-TO-RECORD".into());
    };
    let sound = Arc::new(WavBackend::new().play(spoken)?.record(heard));
    let length = Duration::from_millis(sound.clip_samples() as u64 / 48 + 500);
    let engine = Engine::builder(sound).build()?;
    let session = engine.open()?;
    if role == "call" {
        let mut far = TcpStream::connect(address).await?;
        say(&mut far, &session.offer().await?).await?;
        session.accept_answer(&hear(&mut far).await?).await?;
    } else {
        let (mut far, _) = TcpListener::bind(address).await?.accept().await?;
        let offer = hear(&mut far).await?;
        say(&mut far, &session.accept_offer(&offer).await?).await?;
    }
    while session.next_event().await != Some(SessionEvent::Connected) {}
    sleep(length).await;
    println!("{:#?}", session.stats());
    engine.close().await;
    Ok(())
}

/// Sends a description and says that it is all.
async fn say(far: &mut TcpStream, description: &str) -> std::io::Result<()> {
    far.write_all(description.as_bytes()).await?;
    far.shutdown().await
}

/// Takes all of a description.
async fn hear(far: &mut TcpStream) -> std::io::Result<String> {
    let mut description = String::new();
    far.read_to_string(&mut description).await?;
    Ok(description)
}
