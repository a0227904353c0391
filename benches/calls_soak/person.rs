use std::{net::SocketAddr, sync::Arc};

use tokio::sync::watch;
use uc_session::{Call, Client, Trust};

use crate::{
    soak::{Failed, Way, lay_way},
    unreliable::{Unreliable, Whims},
};

/// A user with a client, and its way to the server.
pub(crate) struct Person {
    pub(crate) number: &'static str,
    pub(crate) client: Client,
    pub(crate) way: Arc<watch::Sender<Way>>,
    pub(crate) whims: Arc<Whims>,
}

impl Person {
    pub(crate) async fn signed_in(
        number: &'static str,
        seed: u64,
        server: SocketAddr,
        sha256: [u8; 32],
    ) -> Result<Self, Failed> {
        let (address, way) = lay_way(server).await?;
        let whims = Whims::new(seed);
        let client = Client::builder(&address.to_string(), number)
            .password(format!("demo-{number}"))
            .trust(Trust::Pin(sha256))
            .backend(Arc::new(Unreliable::new(Arc::clone(&whims))))
            .null_sound()?
            .sign_in()
            .await?;
        Ok(Self {
            number,
            client,
            way,
            whims,
        })
    }

    /// The call with this colleague.
    pub(crate) fn call_with(&self, number: &str) -> Option<Call> {
        let calls = self.client.calls();
        let with = |call: &Call| call.state().remote.party.number.as_str() == number;
        calls.into_iter().find(with)
    }
}
