//! Calls between two sessions of one process, over real UDP sockets.

#[path = "session/sound.rs"]
mod sound;

use std::{sync::Arc, time::Duration};

use sound::ToneBackend;
use voip_media::{AudioSession, CodecKind, Engine, SessionConfig, SessionEvent};

const LOW: f32 = 440.0;
const HIGH: f32 = 1_000.0;

struct Side {
    engine: Engine,
    sound: Arc<ToneBackend>,
    session: AudioSession,
}

impl Side {
    fn new(hertz: f32, config: SessionConfig) -> Self {
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

    async fn until(&self, wanted: impl Fn(&SessionEvent) -> bool) -> SessionEvent {
        let search = async {
            loop {
                let event = self.session.next_event().await.expect("not closed");
                if wanted(&event) {
                    return event;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), search)
            .await
            .expect("in time")
    }
}

/// A call between `caller` and `callee`.
async fn connect(caller: &Side, callee: &Side) {
    let offer = caller.session.offer().await.expect("an offer");
    let answer = callee
        .session
        .accept_offer(&offer)
        .await
        .expect("an answer");
    caller
        .session
        .accept_answer(&answer)
        .await
        .expect("accepted");
}

async fn pair(config: SessionConfig) -> (Side, Side) {
    let (caller, callee) = (Side::new(LOW, config.clone()), Side::new(HIGH, config));
    connect(&caller, &callee).await;
    (caller, callee)
}

fn is_first_audio(event: &SessionEvent) -> bool {
    matches!(event, SessionEvent::FirstAudio { .. })
}

async fn speak(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

#[tokio::test]
async fn two_sessions_hear_each_others_tone() {
    let (caller, callee) = pair(SessionConfig::default()).await;
    caller.until(is_first_audio).await;
    callee.until(is_first_audio).await;
    speak(700).await;
    println!(
        "{:#?}\n{:#?}",
        caller.session.stats(),
        callee.session.stats()
    );
    assert!(
        caller.sound.share_of(HIGH, 300) > 0.9,
        "{}",
        caller.sound.share_of(HIGH, 300)
    );
    assert!(
        callee.sound.share_of(LOW, 300) > 0.9,
        "{}",
        callee.sound.share_of(LOW, 300)
    );
    for side in [&caller, &callee] {
        let stats = side.session.stats();
        assert_eq!(stats.codec, Some(CodecKind::Opus));
        assert!(stats.packets_received > 20);
        assert_eq!(stats.packets_lost, 0);
        side.session.close().await;
        side.engine.close().await;
    }
}
