use std::{sync::Arc, time::Duration};

use tokio::time::{sleep, timeout};
use uc_model::{FailureCause, Presence, PresenceState};
use uc_server::RunningServer;
use uc_session::{Call, CallError, Client, Trust, VoipEngine};
use voip_media::{LoopbackBackend, Script, Tune};

use super::{
    ears,
    error::{SceneError, WAIT, until, within},
};
use crate::{DemoError, Options};

/// Somebody with a client, a voice, and ears that remember.
pub(super) struct Person {
    pub(super) client: Client,
    pub(super) number: &'static str,
    /// The tone that this person speaks.
    pub(super) hertz: f64,
    sound: LoopbackBackend,
}

impl Person {
    pub(super) async fn signed_in(
        server: &RunningServer,
        number: &'static str,
        hertz: f64,
        options: &Options,
    ) -> Result<Self, DemoError> {
        let voice = Script::new().tone(hertz, PEAK, Duration::from_secs(1));
        let sound = LoopbackBackend::repeating(voice);
        let engine = VoipEngine::new(Arc::new(sound.clone()))?.impaired(options.impairment);
        let client = Client::builder(&server.address().to_string(), number)
            .password(format!("demo-{number}"))
            .trust(Trust::Pin(server.fingerprint()))
            .media(Arc::new(engine))
            .sign_in()
            .await?;
        Ok(Self {
            client,
            number,
            hertz,
            sound,
        })
    }

    /// Calls `other`, and both ends of the call that rings.
    pub(super) async fn rings(&self, other: &Self) -> Result<(Call, Call), SceneError> {
        let outgoing = within("a call", self.client.call(other.number)).await??;
        Ok((outgoing, other.incoming().await?))
    }

    /// Calls `other` who answers, and both ends of the call.
    pub(super) async fn talks_to(&self, other: &Self) -> Result<(Call, Call), SceneError> {
        let (outgoing, incoming) = self.rings(other).await?;
        within("an answer", incoming.answer()).await??;
        connected(&outgoing).await?;
        connected(&incoming).await?;
        Ok((outgoing, incoming))
    }

    /// The next call that rings here.
    pub(super) async fn incoming(&self) -> Result<Call, SceneError> {
        let call = within("the ringing", self.client.incoming()).await?;
        call.ok_or(SceneError::Missing("the ringing"))
    }

    /// Takes the next call.
    pub(super) async fn answers(&self) -> Result<Call, SceneError> {
        let call = self.incoming().await?;
        within("an answer", call.answer()).await??;
        Ok(call)
    }

    /// A call to `number` must fail like this.
    pub(super) async fn is_refused(
        &self,
        number: &str,
        wanted: FailureCause,
    ) -> Result<(), SceneError> {
        let refused = within("a refusal", self.client.call(number)).await?;
        match refused {
            Err(CallError::Ended(cause)) if cause == wanted => Ok(()),
            Err(CallError::Ended(cause)) => Err(SceneError::Cause {
                wanted,
                came: Some(cause),
            }),
            Err(error) => Err(error.into()),
            Ok(_) => Err(SceneError::Wrong("a call was refused")),
        }
    }

    /// Goes somewhere, and the server knows.
    pub(super) async fn is(&self, state: PresenceState) -> Result<(), SceneError> {
        let presence = self.client.set_presence(Presence::of(state));
        Ok(within("a presence", presence).await??)
    }

    /// Calls reach this person again.
    pub(super) async fn comes_back(&self) -> Result<(), SceneError> {
        self.is(PresenceState::Office).await
    }

    /// Waits until this person is heard, and nobody else.
    pub(super) async fn hears(&self, other: &Self) -> Result<(), SceneError> {
        self.hears_tones(&[other.hertz]).await
    }

    /// Waits until all these people are heard, and nobody else.
    pub(super) async fn hears_all(&self, others: &[&Self]) -> Result<(), SceneError> {
        let voices: Vec<_> = others.iter().map(|other| other.hertz).collect();
        self.hears_tones(&voices).await
    }

    /// Waits until 200 ms in a row hold these tones and little else.
    pub(super) async fn hears_tones(&self, voices: &[f64]) -> Result<(), SceneError> {
        self.hears_what(voices, ears::are_heard).await
    }

    async fn hears_what(
        &self,
        voices: &[f64],
        are_heard: fn(&[i16], &[f64]) -> bool,
    ) -> Result<(), SceneError> {
        let mut heard = self.sound.take_played();
        heard.clear();
        let hearing = timeout(WAIT, async {
            while heard.len() < ears::WINDOW || !are_heard(&heard, voices) {
                sleep(Duration::from_millis(20)).await;
                heard.extend(self.sound.take_played());
                heard.drain(..heard.len().saturating_sub(ears::WINDOW));
            }
        });
        let in_time = hearing.await;
        in_time.map_err(|_| SceneError::NotHeard {
            hearer: self.number,
            shares: voices
                .iter()
                .map(|hz| ears::share_of(&heard, *hz))
                .collect(),
        })
    }

    /// Waits until music is heard, as by whoever is held.
    pub(super) async fn hears_music(&self) -> Result<(), SceneError> {
        self.hears_what(&Tune::NOTES, ears::is_music).await
    }

    /// Waits until nothing is heard for 200 ms, if any sound is played at all.
    pub(super) async fn hears_nothing(&self) -> Result<(), SceneError> {
        let silent = timeout(WAIT, async {
            loop {
                self.sound.take_played();
                sleep(Duration::from_millis(200)).await;
                if ears::is_silence(&self.sound.take_played()) {
                    return;
                }
            }
        });
        silent.await.map_err(|_| SceneError::NotSilent(self.number))
    }

    /// What was heard since somebody asked last.
    pub(super) fn take_heard(&self) -> Vec<i16> {
        self.sound.take_played()
    }
}

/// Waits until both have taken the call and its sound is connected.
pub(super) async fn connected(call: &Call) -> Result<(), SceneError> {
    Ok(within("the sound of a call", call.connected()).await??)
}

/// Waits for the call's end, which must have this cause.
pub(super) async fn ended(call: &Call, wanted: FailureCause) -> Result<(), SceneError> {
    let came = within("the end of a call", call.ended()).await?;
    match came == Some(wanted) {
        true => Ok(()),
        false => Err(SceneError::Cause { wanted, came }),
    }
}

/// Ends the call here, and it is over at the other end too.
pub(super) async fn hang_up(here: &Call, there: &Call) -> Result<(), SceneError> {
    within("hanging up", here.hang_up()).await??;
    ended(there, FailureCause::Normal).await
}

/// Waits until the call shows `number` at the far end.
pub(super) async fn shows(call: &Call, number: &str) -> Result<(), SceneError> {
    let shown = || call.state().remote.party.number.as_str() == number;
    until("the far end's new number", shown).await
}

/// Eight together stay below full scale; −18 dBov.
const PEAK: i16 = 4_000;
