use std::sync::Arc;

use tokio::time::{sleep, timeout};
use uc_model::{Presence, PresenceState};
use uc_server::{Attendance, RunningServer, User};
use uc_session::{Call, Client, Trust, VoipEngine};
use voip_media::WavBackend;

use super::{Pace, StaffError, dice::Dice};
use crate::speech;

/// One virtual person.
#[derive(Debug)]
pub(super) struct Colleague {
    client: Client,
    user: String,
    number: String,
    attendance: Attendance,
    pace: Pace,
    dice: Dice,
}

impl Colleague {
    pub(super) async fn signed_in(
        server: &RunningServer,
        user: &User,
        seed: u64,
        pace: Pace,
    ) -> Result<Self, StaffError> {
        let words = match seed % 2 {
            0 => speech::first_file(),
            _ => speech::second_file(),
        };
        let voice = WavBackend::new().play(words)?.repeat();
        let client = Client::builder(&server.address().to_string(), user.user_name())
            .password(format!("demo-{}", user.extension()))
            .trust(Trust::Pin(server.fingerprint()))
            .media(Arc::new(VoipEngine::new(Arc::new(voice))?))
            .sign_in()
            .await?;
        Ok(Self {
            client,
            user: user.user_name().to_owned(),
            number: user.extension().to_owned(),
            attendance: server.attendance(),
            pace,
            dice: Dice::new(seed),
        })
    }

    pub(super) async fn sign_out(&self) {
        self.client.sign_out().await;
    }

    /// Calls one of `all` or is away for a while, again and again.
    pub(super) async fn work(&self, all: &[Self]) {
        loop {
            sleep(self.dice.time(&self.pace.idle)).await;
            if !self.is_free() {
                continue;
            }
            match self.dice.number(4) {
                0 => self.is_away().await,
                _ => self.calls_one_of(all).await,
            }
        }
    }

    /// Takes the calls that ring, one after the other.
    pub(super) async fn answer(&self) {
        while let Some(call) = self.client.incoming().await {
            sleep(self.dice.time(&self.pace.ring)).await;
            // Whoever has signed in as this user answers for themselves.
            if self.is_alone() && call.answer().await.is_ok() {
                self.talk(&call).await;
            }
        }
    }

    async fn calls_one_of(&self, all: &[Self]) {
        let others = all.iter().filter(|other| other.number != self.number);
        let free: Vec<_> = others.filter(|other| other.is_free()).collect();
        let Some(other) = free.get(self.dice.number(free.len())) else {
            return;
        };
        // Somebody else may have been faster: then it isn't answered, or refused.
        let Ok(call) = self.client.call(&other.number).await else {
            return;
        };
        let patience = 2 * self.pace.ring.end;
        if let Ok(Ok(())) = timeout(patience, call.connected()).await {
            self.talk(&call).await;
        } else {
            let _ = call.hang_up().await;
        }
    }

    /// Talks, one time in three with a pause, until one of the two hangs up.
    async fn talk(&self, call: &Call) {
        let length = self.dice.time(&self.pace.talk);
        let talking = async {
            sleep(length / 2).await;
            if self.dice.number(3) == 0 && call.hold().await.is_ok() {
                sleep(length / 4).await;
                let _ = call.retrieve().await;
            }
            sleep(length / 2).await;
        };
        tokio::select! {
            () = talking => drop(call.hang_up().await),
            _ = call.ended() => {}
        }
    }

    async fn is_away(&self) {
        let away = AWAY[self.dice.number(AWAY.len())];
        let _ = self.client.set_presence(Presence::of(away)).await;
        sleep(self.dice.time(&self.pace.away)).await;
        let office = Presence::of(PresenceState::Office);
        let _ = self.client.set_presence(office).await;
    }

    /// Whether nobody has signed in as the same user.
    fn is_alone(&self) -> bool {
        self.attendance.clients_of(&self.user) == 1
    }

    /// Whether a colleague may call, and would be answered.
    fn is_free(&self) -> bool {
        let view = self.client.view();
        let own = view.user.as_ref().and_then(|me| view.presence(&me.user));
        let at_work = own.is_none_or(|own| own.state == PresenceState::Office);
        at_work && view.calls.is_empty() && self.is_alone()
    }
}

/// Where somebody may be for a short while.
const AWAY: [PresenceState; 4] = [
    PresenceState::Meeting,
    PresenceState::Break,
    PresenceState::Lunch,
    PresenceState::OutOfOffice,
];
