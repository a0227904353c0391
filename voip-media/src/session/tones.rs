//! Tones that this computer's user hears: before, beside and without calls.

use crate::{AudioRole, Engine, SampleRate, Tone, ToneGenerator};

impl Engine {
    /// Plays a tone to the loudspeaker until it is stopped, instead of the one that sounds. Needs no
    /// session, and opens no microphone; with sessions, it is mixed in (call waiting). If the loudspeaker
    /// can't be opened, nothing is heard.
    ///
    /// ```no_run
    /// # async fn example(engine: voip_media::Engine) {
    /// use voip_media::{Tone, ToneKind, TonePlan};
    ///
    /// engine.play_tone(Tone::new(TonePlan::Germany, ToneKind::Ringback)).await;
    /// // … the far side answers:
    /// engine.stop_tone().await;
    /// # }
    /// ```
    pub async fn play_tone(&self, tone: Tone) {
        let generator = ToneGenerator::new(tone, SampleRate::HZ_48000);
        self.sound().play(AudioRole::Loudspeaker, generator).await;
    }

    /// Fades the tone out, which takes 8 ms. Without one, nothing happens.
    pub async fn stop_tone(&self) {
        self.sound().stop(AudioRole::Loudspeaker).await;
    }

    /// Tells by the ringer that somebody calls, until it is stopped: [`Tone::RINGING`] or one of your own.
    /// The ringer may be another device than the loudspeaker ([`EngineBuilder::device`](crate::EngineBuilder::device),
    /// [`Engine::choose_device`]); it is opened for the time it rings.
    pub async fn ring(&self, tone: Tone) {
        let generator = ToneGenerator::new(tone, SampleRate::HZ_48000);
        self.sound().play(AudioRole::Ringer, generator).await;
    }

    /// Fades the ringing out, which takes 8 ms. Without any, nothing happens.
    pub async fn stop_ringing(&self) {
        self.sound().stop(AudioRole::Ringer).await;
    }
}
