use std::{collections::BTreeMap, sync::Arc};

use futures_util::stream::{BoxStream, StreamExt};

use super::{Done, Run};
use crate::{
    call::{Record, SoundSource},
    core::{CommandId, Input, MediaCommand, MediaId, MediaOutcome},
    locked,
    port::{Alert, MediaEngine, MediaError, MediaSession, SoundChange},
};

/// The media sessions of a client's calls.
pub(super) struct Sounds {
    engine: Option<Arc<dyn MediaEngine>>,
    sounds: BTreeMap<MediaId, Sound>,
    /// How the user is to be told of a call, and how that is being done.
    alert: Alert,
    alerting: Alert,
    is_alerting: bool,
}

/// One call's sound, from the command that opens it to the one that closes it.
#[derive(Default)]
struct Sound {
    session: Option<Arc<dyn MediaSession>>,
    record: Option<Arc<Record>>,
}

impl Sounds {
    pub(super) const fn new(engine: Option<Arc<dyn MediaEngine>>) -> Self {
        Self {
            engine,
            sounds: BTreeMap::new(),
            alert: Alert::None,
            alerting: Alert::None,
            is_alerting: false,
        }
    }

    /// Waits for what happens to the devices.
    pub(super) fn changes(&self) -> Option<Run> {
        Some(watch(self.engine.as_ref()?.changes()?))
    }

    /// How the user is to be told of a call from now on. One change follows the other.
    pub(super) fn alert(&mut self, alert: Alert) -> Option<Run> {
        self.alert = alert;
        if self.is_alerting || self.alerting == alert {
            return None;
        }
        let engine = self.engine.clone()?;
        self.alerting = alert;
        self.is_alerting = true;
        Some(Box::pin(async move {
            engine.alert(alert).await;
            Done::Alerted
        }))
    }

    /// That has been done.
    pub(super) fn alerted(&mut self) -> Option<Run> {
        self.is_alerting = false;
        self.alert(self.alert)
    }

    /// At the end nothing rings.
    pub(super) async fn silence(&self) {
        if self.alerting != Alert::None
            && let Some(engine) = &self.engine
        {
            engine.alert(Alert::None).await;
        }
    }

    /// A session is open: it is listened to, or closed if nobody wants it any more.
    pub(super) fn opened(&mut self, media: MediaId, session: Box<dyn MediaSession>) -> Option<Run> {
        let session: Arc<dyn MediaSession> = Arc::from(session);
        let Some(sound) = self.sounds.get_mut(&media) else {
            return Some(Box::pin(async move {
                session.close().await;
                Done::Nothing
            }));
        };
        sound.session = Some(Arc::clone(&session));
        sound.attach();
        Some(listen(media, session))
    }

    /// Says whose sound it is.
    pub(super) fn bind(&mut self, media: MediaId, record: &Option<Arc<Record>>) {
        if let Some(sound) = self.sounds.get_mut(&media) {
            sound.record.clone_from(record);
            sound.attach();
        }
    }

    /// The last figures of a session that is about to be closed.
    pub(super) fn part(&self, media: MediaId) {
        if let Some(Sound {
            session: Some(session),
            record: Some(record),
        }) = self.sounds.get(&media)
        {
            *locked(&record.sound) = SoundSource::Ended(Box::new(session.stats()));
        }
    }

    /// The future that carries out a command.
    pub(super) fn run(&mut self, id: CommandId, media: MediaId, command: MediaCommand) -> Run {
        if command == MediaCommand::Open {
            self.sounds.insert(media, Sound::default());
            return open(self.engine.clone(), id, media);
        }
        let closing = command == MediaCommand::Close;
        let session = match closing {
            true => self.sounds.remove(&media).and_then(|sound| sound.session),
            false => self
                .sounds
                .get(&media)
                .and_then(|sound| sound.session.clone()),
        };
        if let (Some(session), MediaCommand::Apply(intent)) = (&session, &command) {
            session.apply(*intent);
        }
        Box::pin(async move {
            let result = match session {
                Some(session) => apply(&*session, command).await,
                None if closing => Ok(MediaOutcome::Done),
                None => Err(MediaError::Closed),
            };
            Done::Input(Input::MediaCompleted { id, result })
        })
    }
}

impl Sound {
    fn attach(&self) {
        if let (Some(session), Some(record)) = (&self.session, &self.record) {
            *locked(&record.sound) = SoundSource::Live(Arc::clone(session));
        }
    }
}

fn open(engine: Option<Arc<dyn MediaEngine>>, id: CommandId, media: MediaId) -> Run {
    Box::pin(async move {
        let opened = match engine {
            Some(engine) => engine.open().await,
            None => Err(MediaError::Closed),
        };
        match opened {
            Ok(session) => Done::Opened(id, media, session),
            Err(error) => Done::Input(Input::MediaCompleted {
                id,
                result: Err(error),
            }),
        }
    })
}

async fn apply(
    session: &dyn MediaSession,
    command: MediaCommand,
) -> Result<MediaOutcome, MediaError> {
    let description = |sdp: String| MediaOutcome::Description(sdp.into());
    match command {
        MediaCommand::Offer { ice_restart } => session.offer(ice_restart).await.map(description),
        MediaCommand::AcceptOffer(sdp) => session.accept_offer(sdp.expose()).await.map(description),
        MediaCommand::AcceptAnswer(sdp) => {
            session.accept_answer(sdp.expose()).await?;
            Ok(MediaOutcome::Done)
        }
        MediaCommand::RollBack => session.roll_back().await.map(|()| MediaOutcome::Done),
        MediaCommand::AddCandidates(found) => {
            session
                .add_candidates(&found.candidates, found.complete)
                .await?;
            Ok(MediaOutcome::Done)
        }
        MediaCommand::SendDigits(digits) => {
            session.send_digits(&digits).await?;
            Ok(MediaOutcome::Done)
        }
        MediaCommand::Close => {
            session.close().await;
            Ok(MediaOutcome::Done)
        }
        MediaCommand::Open | MediaCommand::Bind { .. } | MediaCommand::Apply(_) => {
            Ok(MediaOutcome::Done)
        }
    }
}

/// Waits for the next change of the devices.
pub(super) fn watch(mut changes: BoxStream<'static, SoundChange>) -> Run {
    Box::pin(async move {
        match changes.next().await {
            Some(change) => Done::Changed(change, changes),
            None => Done::Nothing,
        }
    })
}

/// Waits for the session's next event.
pub(super) fn listen(media: MediaId, session: Arc<dyn MediaSession>) -> Run {
    Box::pin(async move {
        match session.next_event().await {
            Some(event) => Done::Spoke(media, Input::Media { media, event }, session),
            None => Done::Nothing,
        }
    })
}
