//! People who call the server's own sound: each with a tone for a microphone, and ears.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "test code, of which each test program uses a part"
)]

use std::{f64::consts::TAU, sync::Arc, time::Duration};

use tokio::time::{sleep, timeout};
use uc_server::{EndpointRole, SoundConfig, Sounds};
use voip_media::{
    AudioSession, Complexity, Engine, LoopbackBackend, Script, SessionConfig, SessionEvent, Tune,
};

pub struct Caller {
    pub engine: Engine,
    pub session: AudioSession,
    pub sound: LoopbackBackend,
    pub leg: String,
    generation: u32,
}

pub fn sounds() -> Sounds {
    Sounds::new(SoundConfig::default()).0
}

impl Caller {
    /// Somebody whose microphone hears a tone of `hertz`, in a call with a new endpoint.
    pub async fn calls(sounds: &Sounds, leg: &str, role: EndpointRole, hertz: f64) -> Self {
        sounds.open(leg, role).await.unwrap();
        let mut caller = Self::new(leg, hertz);
        caller.offers(sounds).await;
        caller
            .until(|event| *event == SessionEvent::Connected)
            .await;
        caller
    }

    pub fn new(leg: &str, hertz: f64) -> Self {
        let second = Script::new().tone(hertz, PEAK, Duration::from_secs(1));
        let sound = LoopbackBackend::repeating(second);
        let mut config = SessionConfig::default();
        // Enhancement is made for speech: it changes the levels of tones.
        config.decoder_complexity = Complexity(0);
        let engine = Engine::builder(Arc::new(sound.clone()));
        let engine = engine.session(config).build().unwrap();
        Self {
            session: engine.open().unwrap(),
            engine,
            sound,
            leg: leg.to_owned(),
            generation: 0,
        }
    }

    /// A round of offer and answer.
    pub async fn offers(&mut self, sounds: &Sounds) {
        self.generation += 1;
        let offer = self.session.offer().await.unwrap();
        let answer = sounds.accept_offer(&self.leg, self.generation, &offer);
        self.session
            .accept_answer(&answer.await.unwrap())
            .await
            .unwrap();
    }

    pub async fn until(&self, fits: impl Fn(&SessionEvent) -> bool) -> SessionEvent {
        let search = async {
            loop {
                let event = self.session.next_event().await.expect("not closed");
                if fits(&event) {
                    return event;
                }
            }
        };
        timeout(PATIENCE, search).await.expect("in time")
    }

    /// Waits until the last `length` of what it hears fits.
    pub async fn hears(&self, length: Duration, fits: impl Fn(&[i16]) -> bool) {
        let (wanted, mut heard) = (length.as_millis() as usize * 48, Vec::new());
        let hearing = async {
            loop {
                heard.extend(self.sound.take_played());
                let last = &heard[heard.len().saturating_sub(wanted)..];
                if last.len() == wanted && fits(last) {
                    return;
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        let done = timeout(PATIENCE, hearing).await;
        let last = &heard[heard.len().saturating_sub(wanted)..];
        assert!(
            done.is_ok(),
            "{} of {} samples fit not",
            last.len(),
            heard.len()
        );
    }

    /// Waits until it mostly hears a tone.
    pub async fn hears_tone(&self, hertz: f64) {
        self.hears(Duration::from_millis(300), |heard| {
            share_of(heard, 48_000, hertz) > 0.8
        })
        .await;
    }

    pub async fn hangs_up(&self) {
        self.session.close().await;
        self.engine.close().await;
    }
}

/// The share of the energy that is a tone of `hertz` (Goertzel): the mean over windows of 20 ms, for a jitter buffer
/// that stretches time moves the phase. Silent windows have none of any.
pub fn share_of(samples: &[i16], rate: usize, hertz: f64) -> f64 {
    let windows = samples.chunks_exact(rate / 50);
    let count = windows.len().max(1) as f64;
    windows
        .map(|window| share_of_window(window, rate, hertz))
        .sum::<f64>()
        / count
}

fn share_of_window(window: &[i16], rate: usize, hertz: f64) -> f64 {
    let coefficient = 2.0 * (TAU * hertz / rate as f64).cos();
    let (mut last, mut before, mut energy) = (0.0, 0.0, 0.0);
    for sample in window {
        let sample = f64::from(*sample);
        energy += sample * sample;
        (before, last) = (last, sample + coefficient * last - before);
    }
    let power = last * last + before * before - coefficient * last * before;
    let count = window.len() as f64;
    match energy < count * 10_000.0 {
        true => 0.0,
        false => 2.0 * power / (count * energy),
    }
}

/// Which of these tones sound one after the other, each for three windows of 20 ms at least; a tone
/// that is heard twice in a row counts once.
pub fn tones(samples: &[i16], rate: usize, scale: &[f64]) -> Vec<usize> {
    let (mut heard, mut run) = (Vec::new(), (None, 0));
    for window in samples.chunks_exact(rate / 50) {
        let share = |hertz: &f64| share_of_window(window, rate, *hertz);
        let best = (0..scale.len()).max_by(|a, b| share(&scale[*a]).total_cmp(&share(&scale[*b])));
        let best = best.filter(|best| share(&scale[*best]) > 0.6);
        run = match best == run.0 {
            true => (best, run.1 + 1),
            false => (best, 1),
        };
        if let Some(tone) = best.filter(|_| run.1 == 3)
            && heard.last() != Some(&tone)
        {
            heard.push(tone);
        }
    }
    heard
}

/// C, D, E, G and A, as the server's signatures and its music have them.
pub const SCALE: [f64; 5] = Tune::NOTES;
/// Eight of them fit into full scale.
const PEAK: i16 = 3_500;
/// Much longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);
