use std::{error::Error, path::Path, time::Duration};

use tokio::time::sleep;
use uc_session::{Call, CallError, Client, ClientBuilder};

/// Signs in; every call then hears the one WAV file and is kept in the other.
pub(crate) async fn sign_in(
    client: ClientBuilder,
    said: &Path,
    heard: &Path,
) -> Result<Client, Box<dyn Error>> {
    let client = client.wav(Some(said), Some(heard))?;
    Ok(client.sign_in().await?)
}

/// Answers a call and ends it after so long, unless the caller does.
pub(crate) async fn serve(call: Call, length: Duration) -> Result<(), CallError> {
    call.answer().await?;
    call.connected().await?;
    tokio::select! {
        _ = call.ended() => Ok(()),
        () = sleep(length) => call.hang_up().await,
    }
}
