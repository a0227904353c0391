//! What tests need of any client.

use std::{future::Future, panic::Location, sync::Arc, time::Duration};

use tokio::time::{sleep, timeout};
use uc_server::RunningServer;
use uc_session::{Client, ClientBuilder, Event, Events, Trust, fake::TokioClock};

/// What `user` needs to sign in, but for sound.
pub(crate) fn builder(server: &RunningServer, user: &str) -> ClientBuilder {
    Client::builder(&server.address().to_string(), user)
        .password(format!("demo-{user}"))
        .trust(Trust::Pin(server.fingerprint()))
        .clock(Arc::new(TokioClock::new()))
}

/// The first event that fits.
pub(crate) async fn event(events: &mut Events, fits: impl Fn(&Event) -> bool) -> Event {
    within(async {
        loop {
            let event = events.next().await.expect("the client lives");
            if fits(&event) {
                return event;
            }
        }
    })
    .await
}

/// `work`, unless it takes so long that something is wrong.
#[track_caller]
pub(crate) fn within<T>(work: impl Future<Output = T>) -> impl Future<Output = T> {
    let place = Location::caller();
    async move {
        let done = timeout(PATIENCE, work).await;
        done.unwrap_or_else(|_| panic!("it should not take so long at {place}"))
    }
}

/// Waits until `holds`.
pub(crate) async fn until(holds: impl Fn() -> bool) {
    within(async {
        while !holds() {
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

/// Much longer than anything here takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
