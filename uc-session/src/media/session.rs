use std::{sync::Mutex, time::Duration};

use async_trait::async_trait;
use uc_model::Digits;
use voip_media::{AudioSession, ConferenceId, DtmfDigit, Engine, Intent};

use super::translate;
use crate::{
    locked,
    port::{MediaError, MediaEvent, MediaIntent, MediaSession, MediaStats},
};

/// One call's sound. The engine's session has the same life: dropped, it ends at once.
#[derive(Debug)]
pub(super) struct VoipSession {
    session: AudioSession,
    engine: Engine,
    conference: Mutex<Option<u64>>,
}

impl VoipSession {
    pub(super) fn new(session: AudioSession, engine: Engine) -> Self {
        Self {
            session,
            engine,
            conference: Mutex::default(),
        }
    }
}

#[async_trait]
impl MediaSession for VoipSession {
    async fn offer(&self, ice_restart: bool) -> Result<String, MediaError> {
        let offer = if ice_restart {
            self.session.restart_ice().await
        } else {
            self.session.offer().await
        };
        offer.map_err(translate::negotiation_error)
    }

    async fn accept_offer(&self, sdp: &str) -> Result<String, MediaError> {
        let answer = self.session.accept_offer(sdp).await;
        answer.map_err(translate::negotiation_error)
    }

    async fn accept_answer(&self, sdp: &str) -> Result<(), MediaError> {
        let taken = self.session.accept_answer(sdp).await;
        taken.map_err(translate::negotiation_error)
    }

    async fn roll_back(&self) -> Result<(), MediaError> {
        let forgotten = self.session.roll_back().await;
        forgotten.map_err(translate::negotiation_error)
    }

    async fn add_candidates(
        &self,
        candidates: &[String],
        _complete: bool,
    ) -> Result<(), MediaError> {
        let added = self.session.add_remote_candidates(candidates).await;
        added.map_err(translate::negotiation_error)
    }

    async fn send_digits(&self, digits: &Digits) -> Result<(), MediaError> {
        let keys = digits.expose().chars();
        let keys: Vec<DtmfDigit> = keys.filter_map(DtmfDigit::from_char).collect();
        let sent = self.session.send_dtmf(&keys, KEY).await;
        sent.map_err(translate::digits_error)
    }

    fn apply(&self, intent: MediaIntent) {
        let mut conference = locked(&self.conference);
        if *conference != intent.conference {
            *conference = intent.conference;
            let wanted = intent.conference.map(ConferenceId::of);
            self.engine.place(wanted, &self.session);
        }
        self.session.apply(Intent {
            number: intent.number,
            muted: intent.muted,
            held: intent.held,
            music: intent.music,
        });
    }

    async fn next_event(&self) -> Option<MediaEvent> {
        loop {
            if let Some(event) = translate::event(self.session.next_event().await?) {
                return Some(event);
            }
        }
    }

    fn stats(&self) -> MediaStats {
        translate::stats(&self.session.stats())
    }

    async fn close(&self) {
        self.session.close().await;
    }
}

/// How long a key is held down (usual; ETSI ES 201 235-2 asks for 65 ms at least).
const KEY: Duration = Duration::from_millis(100);
