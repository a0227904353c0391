//! People with a client each, at the embedded server.

use std::{sync::Arc, time::Duration};

use tokio::time::{sleep, timeout};
use uc_server::{RunningServer, Server};
use uc_session::{Client, VoipEngine};
use voip_media::{LoopbackBackend, Tune};

pub(crate) use crate::ear::{hears, tone};
use crate::{
    client::{PATIENCE, builder},
    ear::{WINDOW, share_of},
};

/// A signed-in user whose microphone hears a tone and whose loudspeaker remembers.
pub(crate) struct Person {
    pub(crate) client: Client,
    pub(crate) sound: LoopbackBackend,
}

pub(crate) async fn person(server: &RunningServer, user: &str, hertz: f64) -> Person {
    let sound = tone(hertz);
    let engine = VoipEngine::new(Arc::new(sound.clone())).unwrap();
    let client = builder(server, user)
        .media(Arc::new(engine))
        .sign_in()
        .await
        .unwrap();
    Person { client, sound }
}

/// The same, with answers that name one codec only.
pub(crate) async fn choosing_one_codec(server: &RunningServer, user: &str, hertz: f64) -> Person {
    let sound = tone(hertz);
    let engine = VoipEngine::new(Arc::new(sound.clone())).unwrap();
    let engine = Arc::new(engine.codec_preselection(true));
    let client = builder(server, user).media(engine).sign_in().await.unwrap();
    Person { client, sound }
}

/// Two people who can call each other: Rosa (330) at 440 Hz, Bruno (331) at 1,000 Hz.
pub(crate) async fn rosa_and_bruno() -> (RunningServer, Person, Person) {
    let server = Server::builder().start().await.unwrap();
    let rosa = person(&server, "330", ROSA_HZ).await;
    let bruno = person(&server, "331", BRUNO_HZ).await;
    (server, rosa, bruno)
}

pub(crate) const ROSA_HZ: f64 = 440.0;
pub(crate) const BRUNO_HZ: f64 = 1_000.0;
pub(crate) const CLARA_HZ: f64 = 700.0;

impl Person {
    /// Waits until 100 ms in a row are mostly a tone of `hertz`.
    pub(crate) async fn hears(&self, hertz: f64) {
        hears(&self.sound, hertz).await;
    }

    /// Waits until 100 ms in a row are mostly two tones.
    pub(crate) async fn hears_both(&self, one: f64, other: f64) {
        let mut heard = self.sound.take_played();
        let hearing = async {
            loop {
                heard.extend(self.sound.take_played());
                let last = &heard[heard.len().saturating_sub(WINDOW)..];
                let shares = [one, other].map(|hertz| share_of(last, hertz));
                let both = shares.iter().all(|share| *share > 0.15);
                if last.len() == WINDOW && both && shares[0] + shares[1] > 0.8 {
                    return;
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        let in_time = timeout(PATIENCE, hearing).await;
        assert!(in_time.is_ok(), "not both {one} Hz and {other} Hz");
    }

    /// Waits until something is played that isn't silence.
    pub(crate) async fn hears_something(&self) {
        self.sound.take_played();
        let hearing = async {
            while !self
                .sound
                .take_played()
                .iter()
                .any(|sample| sample.unsigned_abs() > 1_000)
            {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let in_time = timeout(PATIENCE, hearing).await;
        assert!(in_time.is_ok(), "nothing is heard");
    }

    /// Waits until 100 ms in a row are mostly notes of the music that those hear who are held.
    pub(crate) async fn hears_music(&self) {
        let mut heard = self.sound.take_played();
        heard.clear();
        let hearing = async {
            loop {
                heard.extend(self.sound.take_played());
                let last = &heard[heard.len().saturating_sub(WINDOW)..];
                let notes: f64 = Tune::NOTES.iter().map(|note| share_of(last, *note)).sum();
                if last.len() == WINDOW && notes > 0.8 {
                    return;
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        let in_time = timeout(PATIENCE, hearing).await;
        assert!(in_time.is_ok(), "no music in {} samples", heard.len());
    }

    /// Waits until nothing but silence is played for 200 ms, if anything.
    pub(crate) async fn hears_nothing(&self) {
        let silent = async {
            loop {
                self.sound.take_played();
                sleep(Duration::from_millis(200)).await;
                let heard = self.sound.take_played();
                if heard.iter().all(|sample| sample.unsigned_abs() < 100) {
                    return;
                }
            }
        };
        let in_time = timeout(PATIENCE, silent).await;
        assert!(in_time.is_ok(), "the sound goes on");
    }
}
