//! Carries out what the exchange wants of the system's own sound, and tells it what came of it.

use std::sync::Arc;

use tokio::{sync::mpsc, task::JoinHandle};
use uc_model::Timestamp;
use uc_protocol::ucx::{Description, DescriptionKind};

use crate::{
    exchange::{Millis, Role, SoundStep, read_state},
    sound::{
        Announcement, EndpointRole, PhoneVoice, ReturnTime, SoundConfig, SoundError, SoundEvent,
        Sounds,
    },
    switchboard::Switchboard,
};

/// The tasks between the exchange and its sound.
#[derive(Debug)]
pub(crate) struct Sounding {
    sounds: Arc<Sounds>,
    tasks: [JoinHandle<()>; 2],
}

impl Sounding {
    /// Begins with the steps that wait already.
    pub(crate) fn start(
        board: &Arc<Switchboard>,
        config: SoundConfig,
        steps: mpsc::UnboundedReceiver<SoundStep>,
    ) -> Self {
        let (sounds, events) = Sounds::new(config);
        let sounds = Arc::new(sounds);
        // Apart from each other, since a step may wait for events to be taken.
        let acting = act(sounds.clone(), board.clone(), steps);
        let listening = listen(board.clone(), events);
        Self {
            sounds,
            tasks: [tokio::spawn(acting), tokio::spawn(listening)],
        }
    }

    /// Ends the tasks, without waiting.
    pub(crate) fn abort(&self) {
        for task in &self.tasks {
            task.abort();
        }
    }

    /// Ends all sound, and waits until sockets and threads are gone.
    pub(crate) async fn end(self) {
        for task in self.tasks {
            task.abort();
            let _ = task.await;
        }
        self.sounds.close_all().await;
    }
}

async fn act(
    sounds: Arc<Sounds>,
    board: Arc<Switchboard>,
    mut steps: mpsc::UnboundedReceiver<SoundStep>,
) {
    while let Some(step) = steps.recv().await {
        let (leg, outcome) = match step {
            SoundStep::Open { leg, role } => {
                let opened = sounds.open(&leg, endpoint_role(role)).await;
                (leg, opened.map(|()| None))
            }
            SoundStep::AcceptOffer {
                leg,
                generation,
                sdp,
            } => {
                let answer = sounds.accept_offer(&leg, generation, &sdp).await;
                let answer = answer.map(|sdp| Description {
                    generation,
                    kind: DescriptionKind::Answer,
                    sdp,
                });
                (leg, answer.map(Some))
            }
            SoundStep::Offer { leg, generation } => {
                let offer = sounds.offer(&leg, generation).await;
                let offer = offer.map(|sdp| Description {
                    generation,
                    kind: DescriptionKind::Offer,
                    sdp,
                });
                (leg, offer.map(Some))
            }
            SoundStep::AcceptAnswer { leg, sdp } => {
                let accepted = sounds.accept_answer(&leg, &sdp).await;
                (leg, accepted.map(|()| None))
            }
            SoundStep::Hold { leg, held } => {
                sounds.hold(&leg, held);
                continue;
            }
            SoundStep::Candidates { leg, candidates } => {
                // One that can't be used is no end of a call.
                let _ = sounds.add_candidates(&leg, &candidates).await;
                continue;
            }
            SoundStep::Close { leg } => {
                sounds.close(&leg).await;
                continue;
            }
        };
        tell(&board, leg, outcome).await;
    }
}

/// What came of an offer, or that a leg has no sound.
async fn tell(board: &Switchboard, leg: String, outcome: Result<Option<Description>, SoundError>) {
    let told = match outcome {
        Ok(None) | Err(SoundError::Late | SoundError::Unknown) => return,
        Ok(Some(answer)) => {
            board
                .perform(move |exchange, _| exchange.endpoint_described(&leg, answer))
                .await
        }
        Err(error) => {
            tracing::warn!(%error, "a call has no sound");
            board
                .perform(move |exchange, now| exchange.endpoint_failed(&leg, now))
                .await
        }
    };
    if let Err(error) = told {
        tracing::error!(%error, "what came of the sound can't be written");
    }
}

async fn listen(board: Arc<Switchboard>, mut events: mpsc::Receiver<SoundEvent>) {
    while let Some(event) = events.recv().await {
        let told = match event {
            SoundEvent::Candidates { leg, candidates } => {
                board
                    .perform(move |exchange, _| exchange.endpoint_candidates(&leg, candidates))
                    .await
            }
            SoundEvent::Failed { leg, error } => {
                tracing::warn!(%error, "a call has lost its sound");
                board
                    .perform(move |exchange, now| exchange.endpoint_failed(&leg, now))
                    .await
            }
        };
        if let Err(error) = told {
            tracing::error!(%error, "what came of the sound can't be written");
        }
    }
}

fn endpoint_role(role: Role) -> EndpointRole {
    match role {
        Role::Conference(name) => EndpointRole::Conference(name),
        Role::Waiting => EndpointRole::MusicOnHold,
        Role::Phone(user) => EndpointRole::Phone(PhoneVoice::of(&user)),
        Role::ConferencePhone { user, conference } => EndpointRole::ConferencePhone {
            voice: PhoneVoice::of(&user),
            conference,
        },
        Role::Announcement { reason, until } => EndpointRole::Announcement(Announcement {
            reason: reason.map(read_state),
            until: until.and_then(time_of_day),
            records: true,
        }),
    }
}

/// In UTC, as nobody says where the caller is.
fn time_of_day(until: Millis) -> Option<ReturnTime> {
    let at = Timestamp(until).calendar();
    let [hour, minute] = [at.hour, at.minute].map(|part| u8::try_from(part).ok());
    ReturnTime::new(hour?, minute?)
}
