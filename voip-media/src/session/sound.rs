use std::{
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::{
    AudioBackend, AudioError, DeviceChoice, SessionEvent,
    session::{
        media::{MediaCommand, MediaHandle, SoundStreams},
        shared::SessionShared,
    },
};

/// Microphone and loudspeaker of an engine: opened for the first session that connects, closed
/// after the last one, opened again when they fail.
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
        let failed = self.open().await;
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
        self.exchange(SoundStreams::default()).await;
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

    /// Opens both directions; what works is used. The first error, if there is one.
    async fn open(&self) -> Option<AudioError> {
        let backend = Arc::clone(&self.backend);
        let (capture, playout) = (self.capture.clone(), self.playout.clone());
        let opened = tokio::task::spawn_blocking(move || {
            (
                backend.open_capture(&capture),
                backend.open_playout(&playout),
            )
        });
        let (capture, playout) = opened.await.ok()?;
        let (capture, capture_error) = split(capture);
        let (playout, playout_error) = split(playout);
        self.exchange(SoundStreams { capture, playout }).await;
        capture_error.or(playout_error)
    }

    /// Closing a device may block: not on the media thread, and not here.
    async fn exchange(&self, streams: SoundStreams) {
        let (reply, former) = oneshot::channel();
        if self.media.send(MediaCommand::Streams { streams, reply })
            && let Ok(former) = former.await
        {
            let _ = tokio::task::spawn_blocking(move || drop(former)).await;
        }
    }
}

fn split<T>(result: Result<T, AudioError>) -> (Option<T>, Option<AudioError>) {
    match result {
        Ok(value) => (Some(value), None),
        Err(error) => (None, Some(error)),
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
                failed = port.open().await.is_some();
                if !failed {
                    port.tell(&SessionEvent::AudioRecovered);
                }
            }
        }
    }
}

/// Between attempts to open devices that have failed.
const RETRY: Duration = Duration::from_secs(1);
