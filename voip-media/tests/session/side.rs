//! One side of a call in tests: an engine with a tone for a microphone, and a session.

use std::{sync::Arc, time::Duration};

use voip_media::{AudioSession, Engine, Intent, SessionConfig, SessionEvent};

use crate::sound::ToneBackend;

pub(crate) const LOW: f32 = 440.0;
pub(crate) const HIGH: f32 = 1_000.0;

pub(crate) struct Side {
    #[allow(dead_code, reason = "not every test binary needs the engine")]
    pub(crate) engine: Engine,
    pub(crate) sound: Arc<ToneBackend>,
    pub(crate) session: AudioSession,
}

#[allow(dead_code, reason = "not every test binary uses all of it")]
impl Side {
    pub(crate) fn new(hertz: f32, config: SessionConfig) -> Self {
        let sound = ToneBackend::new(hertz);
        let engine = Engine::builder(sound.clone())
            .session(config)
            .build()
            .expect("an engine");
        let session = engine.open().expect("a session");
        Self {
            engine,
            sound,
            session,
        }
    }

    pub(crate) async fn until(&self, wanted: impl Fn(&SessionEvent) -> bool) -> SessionEvent {
        until(&self.session, wanted).await
    }

    /// Puts an intent in force.
    pub(crate) async fn applied(&self, intent: Intent) {
        self.session.apply(intent);
        let number = intent.number;
        self.until(|event| *event == SessionEvent::Applied { number })
            .await;
    }

    /// Holds or retrieves on this side; the far side learns it with the next offer.
    pub(crate) async fn hold(&self, number: u64, held: bool) {
        let intent = Intent {
            number,
            muted: false,
            held,
            music: false,
        };
        self.applied(intent).await;
    }

    /// Whether it hears a tone once what is on its way has arrived, on a busy machine a little later.
    pub(crate) async fn hears(&self, hertz: f32) -> bool {
        for _ in 0..5 {
            speak(400).await;
            if self.sound.share_of(hertz, 200) > 0.8 {
                return true;
            }
        }
        false
    }

    /// Whether it comes to hear a tone.
    pub(crate) async fn comes_to_hear(&self, hertz: f32) -> bool {
        for _ in 0..100 {
            if self.sound.share_of(hertz, 200) > 0.8 {
                return true;
            }
            speak(100).await;
        }
        false
    }
}

#[allow(dead_code, reason = "not every test binary waits for events")]
pub(crate) async fn until(
    session: &AudioSession,
    wanted: impl Fn(&SessionEvent) -> bool,
) -> SessionEvent {
    let search = async {
        loop {
            let event = session.next_event().await.expect("not closed");
            if wanted(&event) {
                return event;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), search)
        .await
        .expect("in time")
}

/// A round of offer and answer.
#[allow(dead_code, reason = "not every test binary has two sides")]
pub(crate) async fn negotiate(caller: &AudioSession, callee: &AudioSession) {
    let offer = caller.offer().await.expect("an offer");
    answered(caller, callee, &offer).await;
}

/// The other half of a round: an offer of `caller` is answered and the answer taken.
#[allow(dead_code, reason = "not every test binary has two sides")]
pub(crate) async fn answered(caller: &AudioSession, callee: &AudioSession, offer: &str) {
    let answer = callee.accept_offer(offer).await.expect("an answer");
    caller.accept_answer(&answer).await.expect("accepted");
}

/// A call in which both sides hear each other.
#[allow(dead_code, reason = "not every test binary has two sides")]
pub(crate) async fn call(config: SessionConfig) -> (Side, Side) {
    let (caller, callee) = sides(config);
    negotiate(&caller.session, &callee.session).await;
    caller.until(is_first_audio).await;
    callee.until(is_first_audio).await;
    (caller, callee)
}

/// Two sides that don't know each other yet.
#[allow(dead_code, reason = "not every test binary has two sides")]
pub(crate) fn sides(config: SessionConfig) -> (Side, Side) {
    (Side::new(LOW, config.clone()), Side::new(HIGH, config))
}

#[allow(dead_code, reason = "not every test binary waits for events")]
pub(crate) fn is_first_audio(event: &SessionEvent) -> bool {
    matches!(event, SessionEvent::FirstAudio { .. })
}

/// The default configuration with a change.
#[allow(dead_code, reason = "not every test binary configures")]
pub(crate) fn config(change: impl FnOnce(&mut SessionConfig)) -> SessionConfig {
    let mut config = SessionConfig::default();
    change(&mut config);
    config
}

pub(crate) async fn speak(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}
