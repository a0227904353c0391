use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::{
    AudioBackend, AudioError, DeviceChoice, SessionEvent, ToneGenerator,
    session::{
        media::{MediaCommand, MediaHandle, SoundStream},
        shared::SessionShared,
    },
};

/// Microphone and loudspeaker of an engine: opened for the first session that offers or answers,
/// closed after the last one, opened again when they fail.
pub(crate) struct SoundPort {
    backend: Arc<dyn AudioBackend>,
    capture: DeviceChoice,
    playout: DeviceChoice,
    media: MediaHandle,
    state: tokio::sync::Mutex<PortState>,
    listeners: Mutex<Vec<Weak<SessionShared>>>,
}

struct PortState {
    users: usize,
    /// A tone is played.
    tone: bool,
    errors: Option<mpsc::Receiver<AudioError>>,
    keeper: Option<JoinHandle<mpsc::Receiver<AudioError>>>,
    stop: Option<oneshot::Sender<()>>,
}

impl SoundPort {
    pub(crate) fn new(
        backend: Arc<dyn AudioBackend>,
        capture: DeviceChoice,
        playout: DeviceChoice,
        media: MediaHandle,
        errors: mpsc::Receiver<AudioError>,
    ) -> Self {
        let state = PortState {
            users: 0,
            tone: false,
            errors: Some(errors),
            keeper: None,
            stop: None,
        };
        Self {
            backend,
            capture,
            playout,
            media,
            state: tokio::sync::Mutex::new(state),
            listeners: Mutex::new(Vec::new()),
        }
    }

    /// A session needs sound. Devices that can't be opened are reported to it and tried again.
    pub(crate) async fn acquire(self: &Arc<Self>, session: &Arc<SessionShared>) {
        let mut state = self.state.lock().await;
        self.add_listener(session);
        state.users += 1;
        if state.users > 1 {
            return;
        }
        let failed = self.open(state.tone).await;
        if let Some(error) = &failed {
            self.tell(&SessionEvent::AudioDevice(error.clone()));
        }
        if let Some(errors) = state.errors.take() {
            let (stop, stopped) = oneshot::channel();
            state.stop = Some(stop);
            let keeper = keep(Arc::downgrade(self), errors, stopped, failed.is_some());
            state.keeper = Some(tokio::spawn(keeper));
        }
    }

    /// A session needs it no more.
    pub(crate) async fn release(&self) {
        let mut state = self.state.lock().await;
        state.users = state.users.saturating_sub(1);
        if state.users > 0 {
            return;
        }
        state.stop = None;
        if let Some(keeper) = state.keeper.take() {
            state.errors = keeper.await.ok();
        }
        self.exchange(SoundStream::Capture(None)).await;
        if !state.tone {
            self.exchange(SoundStream::Playout(None)).await;
        }
    }

    /// A tone needs the loudspeaker, and no microphone.
    pub(crate) async fn play(&self, tone: ToneGenerator) {
        let mut state = self.state.lock().await;
        if !std::mem::replace(&mut state.tone, true) && state.users == 0 {
            self.open_playout().await;
        }
        self.media.send(MediaCommand::Tone(tone));
    }

    /// Fades the tone out; closes the loudspeaker if no session needs it.
    pub(crate) async fn stop(&self) {
        let mut state = self.state.lock().await;
        if !std::mem::take(&mut state.tone) {
            return;
        }
        let (reply, over) = oneshot::channel();
        self.media.send(MediaCommand::StopTone(reply));
        // A loudspeaker that has failed may never ask for the rest.
        let _ = tokio::time::timeout(FADED, over).await;
        if state.users == 0 {
            tokio::time::sleep(PLAYED).await;
            self.exchange(SoundStream::Playout(None)).await;
        }
    }

    fn add_listener(&self, session: &Arc<SessionShared>) {
        let mut listeners = self
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.strong_count() > 0);
        listeners.push(Arc::downgrade(session));
    }

    fn tell(&self, event: &SessionEvent) {
        let listeners = self
            .listeners
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for session in listeners.iter().filter_map(Weak::upgrade) {
            session.events.push(event.clone());
        }
    }

    /// Opens both directions side by side, since one may take its time; what works is used as soon
    /// as it does. The first error, if there is one.
    async fn open(&self, playout_is_open: bool) -> Option<AudioError> {
        let (backend, choice) = (Arc::clone(&self.backend), self.capture.clone());
        let capture = self.open_one(move || backend.open_capture(&choice), SoundStream::Capture);
        if playout_is_open {
            return capture.await;
        }
        let (capture_error, playout_error) = tokio::join!(capture, self.open_playout());
        capture_error.or(playout_error)
    }

    async fn open_playout(&self) -> Option<AudioError> {
        let (backend, choice) = (Arc::clone(&self.backend), self.playout.clone());
        self.open_one(move || backend.open_playout(&choice), SoundStream::Playout)
            .await
    }

    async fn open_one<T: Send + 'static>(
        &self,
        open: impl FnOnce() -> Result<T, AudioError> + Send + 'static,
        direction: fn(Option<T>) -> SoundStream,
    ) -> Option<AudioError> {
        let (stream, error) = match tokio::task::spawn_blocking(open).await.ok()? {
            Ok(stream) => (Some(stream), None),
            Err(error) => (None, Some(error)),
        };
        self.exchange(direction(stream)).await;
        error
    }

    /// Closing a device may block: not on the media thread, and not here.
    async fn exchange(&self, stream: SoundStream) {
        let (reply, former) = oneshot::channel();
        if self.media.send(MediaCommand::Stream { stream, reply })
            && let Ok(former) = former.await
        {
            let _ = tokio::task::spawn_blocking(move || drop(former)).await;
        }
    }
}

/// Watches for errors and opens the devices again, until `stopped`.
async fn keep(
    port: Weak<SoundPort>,
    mut errors: mpsc::Receiver<AudioError>,
    mut stopped: oneshot::Receiver<()>,
    mut failed: bool,
) -> mpsc::Receiver<AudioError> {
    loop {
        let retry = async {
            match failed {
                true => tokio::time::sleep(RETRY).await,
                false => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = &mut stopped => return errors,
            Some(error) = errors.recv() => {
                let Some(port) = port.upgrade() else { return errors };
                port.tell(&SessionEvent::AudioDevice(error));
                failed = true;
            }
            () = retry => {
                let Some(port) = port.upgrade() else { return errors };
                failed = port.open(false).await.is_some();
                if !failed {
                    port.tell(&SessionEvent::AudioRecovered);
                }
            }
        }
    }
}

/// The end of a tone: its fade, and a tick or two.
const FADED: Duration = Duration::from_millis(100);
/// What a loudspeaker still holds when the last sample has been handed over.
const PLAYED: Duration = Duration::from_millis(60);
/// Between attempts to open devices that have failed.
const RETRY: Duration = Duration::from_secs(1);
