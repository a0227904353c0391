//! People with a client each.

use std::{sync::Arc, time::Duration};

use tokio::time::timeout;
use uc_session::{Call, Client, Trust, VoipEngine};
use voip_media::LoopbackBackend;

use crate::{
    ear::{hears, tone},
    kamailio::{DOMAIN, Kamailio},
};

/// A signed-in user whose microphone hears a tone.
pub(crate) struct Person {
    pub(crate) client: Client,
    pub(crate) sound: LoopbackBackend,
    hertz: f64,
}

impl Person {
    /// User `number` by way of `transport`.
    pub(crate) async fn new(server: &Kamailio, transport: &str, number: &str, hertz: f64) -> Self {
        Self::with(server, transport, number, hertz, |engine| engine).await
    }

    /// The same with another engine.
    pub(crate) async fn with(
        server: &Kamailio,
        transport: &str,
        number: &str,
        hertz: f64,
        change: impl FnOnce(VoipEngine) -> VoipEngine,
    ) -> Self {
        Self::at(&server.address(transport), number, hertz, change).await
    }

    /// The same at an address of the server.
    pub(crate) async fn at(
        address: &str,
        number: &str,
        hertz: f64,
        change: impl FnOnce(VoipEngine) -> VoipEngine,
    ) -> Self {
        let sound = tone(hertz);
        let engine = VoipEngine::new(Arc::new(sound.clone())).unwrap();
        let engine = change(engine);
        let client = Client::builder(address, &address_of(number))
            .password("secret".to_owned())
            .trust(Trust::AcceptFirst)
            .media(Arc::new(engine))
            .sign_in()
            .await
            .unwrap();
        Self::of(client, sound, hertz)
    }

    /// Whoever has signed in already.
    pub(crate) const fn of(client: Client, sound: LoopbackBackend, hertz: f64) -> Self {
        Self {
            client,
            sound,
            hertz,
        }
    }

    /// The next call that rings.
    pub(crate) async fn rings(&self) -> Call {
        let incoming = timeout(PATIENCE, self.client.incoming()).await;
        incoming.expect("nothing rings").unwrap()
    }
}

/// A user's whole address.
pub(crate) fn address_of(number: &str) -> String {
    format!("{number}@{DOMAIN}")
}

/// A call from one to the other, answered, with sound both ways.
pub(crate) async fn talk(one: &Person, number: &str, other: &Person) -> (Call, Call) {
    let mine = one.client.call(number).await.unwrap();
    let theirs = other.rings().await;
    theirs.answer().await.unwrap();
    timeout(PATIENCE, mine.connected())
        .await
        .expect("not connected in time")
        .unwrap();
    hear_each_other(one, other).await;
    (mine, theirs)
}

pub(crate) async fn hear_each_other(one: &Person, other: &Person) {
    hears(&one.sound, other.hertz).await;
    hears(&other.sound, one.hertz).await;
}

/// Waits until a call is so.
pub(crate) async fn becomes(call: &Call, wanted: impl Fn(&uc_model::Call) -> bool) {
    let seen = async {
        let mut seen = call.status();
        while !wanted(&seen.call) {
            seen = call.changed(&seen).await.expect("the call runs");
        }
    };
    timeout(PATIENCE, seen)
        .await
        .expect("the call doesn't become so");
}

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
