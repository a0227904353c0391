//! Answers calls with a WAV file and records them: `voice-bot SERVER USER SAID.wav HEARD.wav`, with the password
//! in UC_PASSWORD. SERVER is an OpenScape-like server, an embedded one, or `sip:pbx.example.org;transport=tls`.
//! Trusts the server's certificate unseen, as is fine for a first try on a network of your own.
#![forbid(unsafe_code)]

mod bot;

use std::{path::Path, time::Duration};

use uc_session::{Client, Trust};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [server, user, said, heard] = args.as_slice() else {
        return Err("give SERVER USER SAID.wav HEARD.wav".into());
    };
    let length = length_of(said.as_ref())?;
    let client = Client::builder(server, user).password_from_env("UC_PASSWORD")?;
    let client = client.trust(Trust::AcceptFirst);
    let client = bot::sign_in(client, said.as_ref(), heard.as_ref()).await?;
    eprintln!("waiting for calls; Ctrl-C ends");
    loop {
        let call = tokio::select! {
            call = client.incoming() => call.ok_or("the session has ended")?,
            _ = tokio::signal::ctrl_c() => break,
        };
        // A call that fails is no reason not to take the next one.
        match bot::serve(call, length).await {
            Ok(()) => eprintln!("a call was served"),
            Err(error) => eprintln!("a call failed: {error}"),
        }
    }
    client.sign_out().await;
    Ok(())
}

fn length_of(file: &Path) -> Result<Duration, String> {
    let reader = hound::WavReader::open(file);
    let reader = reader.map_err(|error| format!("{}: {error}", file.display()))?;
    let seconds = f64::from(reader.duration()) / f64::from(reader.spec().sample_rate);
    Ok(Duration::from_secs_f64(seconds))
}
