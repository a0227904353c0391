//! One leg's sound.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
};

use tokio::{sync::mpsc, task::JoinHandle};
use uc_protocol::ucx::Candidates;
use voip_media::{Attendance, AudioSession, Intent, SessionEvent};

use super::{Recording, Room, SoundError, SoundEvent, lock};

/// What an endpoint has beside its session.
#[derive(Debug, Default)]
pub(super) struct Ways {
    #[expect(dead_code, reason = "given up when the endpoint is dropped")]
    room: Option<Room>,
    recording: Option<Arc<Recording>>,
}

impl Ways {
    pub(super) fn in_room(room: Room) -> Self {
        Self {
            room: Some(room),
            ..Self::default()
        }
    }

    pub(super) fn recorded(recording: Option<Arc<Recording>>) -> Self {
        Self {
            recording,
            ..Self::default()
        }
    }
}

/// What sounds at a leg.
pub(super) struct Endpoint {
    ends: End,
    ways: Ways,
}

/// Where its sound goes.
enum End {
    /// To a client.
    Client(Line),
    /// Into a conference, with no client between; until it is closed.
    Conference(Mutex<Option<Attendance>>),
}

/// A session and the task that passes on what it tells.
struct Line {
    session: Arc<AudioSession>,
    /// Of the offer that was answered last.
    generation: Arc<AtomicU32>,
    /// How often it was held and retrieved.
    intents: AtomicU64,
    telling: JoinHandle<()>,
}

impl Endpoint {
    pub(super) fn new(
        leg: &str,
        session: AudioSession,
        ways: Ways,
        events: mpsc::Sender<SoundEvent>,
    ) -> Self {
        let (session, generation) = (Arc::new(session), Arc::default());
        let telling = tell(
            leg.to_owned(),
            Arc::clone(&session),
            Arc::clone(&generation),
            events,
        );
        Self {
            ends: End::Client(Line {
                session,
                generation,
                intents: AtomicU64::new(0),
                telling: tokio::spawn(telling),
            }),
            ways,
        }
    }

    /// A phone's, in a conference.
    pub(super) fn attending(attendance: Attendance, room: Room, recording: Arc<Recording>) -> Self {
        Self {
            ends: End::Conference(Mutex::new(Some(attendance))),
            ways: Ways {
                room: Some(room),
                recording: Some(recording),
            },
        }
    }

    pub(super) async fn offer(&self, generation: u32) -> Result<String, SoundError> {
        let line = self.line()?;
        let offer = line.session.offer().await?;
        line.generation.store(generation, Relaxed);
        Ok(offer)
    }

    pub(super) async fn accept_answer(&self, sdp: &str) -> Result<(), SoundError> {
        Ok(self.line()?.session.accept_answer(sdp).await?)
    }

    /// Steps of one leg come one after the other.
    pub(super) fn hold(&self, held: bool) {
        match &self.ends {
            End::Client(line) => line.session.apply(Intent {
                number: line.intents.fetch_add(1, Relaxed) + 1,
                muted: false,
                held,
                music: true,
            }),
            End::Conference(attendance) => {
                if let Some(attendance) = &*lock(attendance) {
                    attendance.set_away(held);
                }
            }
        }
    }

    pub(super) async fn accept_offer(
        &self,
        generation: u32,
        sdp: &str,
    ) -> Result<String, SoundError> {
        let line = self.line()?;
        if generation < line.generation.load(Relaxed) {
            return Err(SoundError::Late);
        }
        let answer = line.session.accept_offer(sdp).await?;
        line.generation.store(generation, Relaxed);
        Ok(answer)
    }

    pub(super) async fn add_candidates(&self, candidates: &Candidates) -> Result<(), SoundError> {
        let line = self.line()?;
        if candidates.generation < line.generation.load(Relaxed) {
            return Ok(());
        }
        let lines = &candidates.candidates;
        Ok(line.session.add_remote_candidates(lines).await?)
    }

    pub(super) fn recording(&self) -> Option<Arc<Recording>> {
        self.ways.recording.clone()
    }

    pub(super) async fn close(&self) {
        match &self.ends {
            End::Client(line) => line.session.close().await,
            End::Conference(attendance) => drop(lock(attendance).take()),
        }
    }

    fn line(&self) -> Result<&Line, SoundError> {
        match &self.ends {
            End::Client(line) => Ok(line),
            End::Conference(_) => Err(SoundError::Unknown),
        }
    }
}

/// The task has the session, too.
impl Drop for Line {
    fn drop(&mut self) {
        self.telling.abort();
    }
}

/// Passes on what concerns the client and the driver, until the session is closed.
async fn tell(
    leg: String,
    session: Arc<AudioSession>,
    generation: Arc<AtomicU32>,
    events: mpsc::Sender<SoundEvent>,
) {
    while let Some(event) = session.next_event().await {
        let candidates = |candidates, complete| SoundEvent::Candidates {
            leg: leg.clone(),
            candidates: Candidates {
                generation: generation.load(Relaxed),
                candidates,
                complete,
            },
        };
        let told = match event {
            SessionEvent::LocalCandidate(line) => candidates(vec![line], false),
            SessionEvent::GatheringComplete => candidates(Vec::new(), true),
            SessionEvent::Failed(error) => {
                tracing::warn!(%error, "the server's own sound of a leg has failed");
                SoundEvent::Failed {
                    leg: leg.clone(),
                    error,
                }
            }
            _ => continue,
        };
        if events.send(told).await.is_err() {
            return;
        }
    }
}
