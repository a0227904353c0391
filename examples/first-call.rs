//! Calls somebody and talks: `first-call SERVER USER NUMBER`, with the password in UC_PASSWORD.
//! Trusts the server's certificate unseen, as is fine for a first try on a network of your own.
use uc_session::{Client, Trust};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let mut arg = || args.next().ok_or("give SERVER USER NUMBER");
    let client = Client::builder(&arg()?, &arg()?).password_from_env("UC_PASSWORD")?;
    let client = client.trust(Trust::AcceptFirst).sound_devices()?;
    let client = client.sign_in().await?;
    let call = client.call(&arg()?).await?;
    call.connected().await?;
    tokio::select! {
        _ = call.ended() => {}
        _ = tokio::signal::ctrl_c() => call.hang_up().await?,
    }
    client.sign_out().await;
    Ok(())
}
