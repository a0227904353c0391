use std::time::Duration;

use tokio::time::{sleep, timeout};
use uc_session::{Client, Connection, Event, Trust};

use crate::{
    changes::{LONGEST, PATIENCE},
    run::{Seat, Soak, Truth, USERS},
    shown::{entries, note, shown},
    soak::{Failed, now},
};

impl Soak {
    /// Waits until all clients are there and show the same as a fresh one of their user.
    pub(crate) async fn settle(&mut self) -> Result<(), Failed> {
        for user in USERS {
            self.hear_at_last(user).await?;
        }
        let begun = now();
        loop {
            let difference = self.difference().await;
            self.listen()?;
            match difference {
                None => return Ok(()),
                Some(difference) if begun.elapsed() > LONGEST => {
                    return Err(format!("still different: {difference}").into());
                }
                Some(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    }

    async fn difference(&self) -> Option<String> {
        let away = |seat: &&Seat| seat.client.view().connection != Connection::Live;
        if let Some(seat) = self.seats.iter().find(away) {
            return Some(format!("a client of {} is not there", seat.user));
        }
        for user in USERS {
            let fresh = Client::builder(&self.server.listen.to_string(), user)
                .password(format!("demo-{user}"))
                .trust(Trust::Pin(self.server.sha256))
                .sign_in();
            let Ok(Ok(fresh)) = timeout(PATIENCE, fresh).await else {
                return Some("the server isn't there".into());
            };
            let wanted = shown(&fresh);
            fresh.sign_out().await;
            for (number, seat) in self
                .seats
                .iter()
                .enumerate()
                .filter(|(_, seat)| seat.user == user)
            {
                if let Some(what) = shown(&seat.client).differs_from(&wanted) {
                    return Some(format!("client {number} {what}"));
                }
                let Truth {
                    said,
                    called,
                    tried,
                } = self.truth[user];
                if said > 0 && note(&seat.client, user) != Some(said) {
                    return Some(format!("client {number} has lost what was said"));
                }
                let entries = entries(&seat.client);
                if entries < called.min(MOST_ENTRIES) || entries > tried {
                    return Some(format!(
                        "client {number} has {entries} calls; {called} were made, {tried} tried"
                    ));
                }
            }
        }
        None
    }

    /// Reads what was told: nothing twice, nothing older than what was told before.
    pub(crate) fn listen(&mut self) -> Result<(), Failed> {
        for (number, seat) in self.seats.iter_mut().enumerate() {
            while let Ok(Some(event)) = poll_now(seat.events.next()) {
                self.counts.events += 1;
                match event {
                    Event::Presence { user, presence } => {
                        let before = seat.heard.insert(user, presence.clone());
                        if before.as_ref() == Some(&presence) {
                            return Err(format!("client {number} was told a presence twice").into());
                        }
                    }
                    Event::Conversation(conversation) => {
                        let mut ids: Vec<_> = conversation
                            .entries
                            .iter()
                            .map(|entry| entry.id())
                            .collect();
                        ids.sort();
                        ids.dedup();
                        if ids.len() < conversation.entries.len() {
                            return Err(format!("client {number} has an entry twice").into());
                        }
                    }
                    Event::PresenceGone(user) => drop(seat.heard.remove(&user)),
                    Event::Lagged(_) => seat.heard.clear(),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// What a future gives without waiting.
fn poll_now<T>(future: impl Future<Output = T>) -> Result<T, ()> {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(done) => Ok(done),
        std::task::Poll::Pending => Err(()),
    }
}

/// The server keeps so many entries of a conversation.
const MOST_ENTRIES: usize = 100;
