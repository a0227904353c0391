//! Streams on their way between devices and the media thread. Opening and closing may block: neither is
//! done on the media thread nor in a task.

use std::{sync::Arc, time::Duration};

use tokio::{sync::oneshot, task::spawn_blocking};

use crate::{
    AudioBackend, AudioError, AudioRole, CaptureStream, DeviceChoice, PlayoutStream,
    session::media::{MediaCommand, MediaHandle},
};

/// What is put into a role's place on the media thread; `None`: nothing.
pub(crate) enum SoundStream {
    Microphone(Option<Numbered<dyn CaptureStream>>),
    Loudspeaker(Option<Numbered<dyn PlayoutStream>>),
    Ringer(Option<Numbered<dyn PlayoutStream>>),
}

/// A stream that can be told from the one before it.
pub(crate) struct Numbered<S: ?Sized> {
    pub(crate) number: u64,
    pub(crate) stream: Box<S>,
}

/// A stream has ended by itself.
#[derive(Debug)]
pub(crate) struct SoundFailure {
    pub(crate) role: AudioRole,
    pub(crate) number: u64,
    pub(crate) error: AudioError,
}

impl SoundStream {
    const fn none(role: AudioRole) -> Self {
        match role {
            AudioRole::Microphone => Self::Microphone(None),
            AudioRole::Loudspeaker => Self::Loudspeaker(None),
            AudioRole::Ringer => Self::Ringer(None),
        }
    }

    fn open(
        backend: &dyn AudioBackend,
        role: AudioRole,
        number: u64,
        choice: &DeviceChoice,
    ) -> Result<Self, AudioError> {
        let playout = || {
            let stream = backend.open_playout(choice)?;
            Ok(Some(Numbered { number, stream }))
        };
        Ok(match role {
            AudioRole::Microphone => {
                let stream = backend.open_capture(choice)?;
                Self::Microphone(Some(Numbered { number, stream }))
            }
            AudioRole::Loudspeaker => Self::Loudspeaker(playout()?),
            AudioRole::Ringer => Self::Ringer(playout()?),
        })
    }
}

/// Opens a device and puts it into its place; the former one sounds until then.
pub(super) async fn open(
    backend: Arc<dyn AudioBackend>,
    media: MediaHandle,
    role: AudioRole,
    number: u64,
    choice: DeviceChoice,
) -> Result<(), AudioError> {
    let open = move || SoundStream::open(backend.as_ref(), role, number, &choice);
    let Ok(opened) = spawn_blocking(open).await else {
        return Err(AudioError::Lost(role.direction()));
    };
    if let Some(former) = exchange(&media, opened?).await {
        spawn_blocking(move || drop(former));
    }
    Ok(())
}

/// Takes what is open out of its place and closes it.
pub(super) async fn close(media: MediaHandle, role: AudioRole) {
    if let Some(former) = exchange(&media, SoundStream::none(role)).await {
        let closing = spawn_blocking(move || drop(former));
        let _ = tokio::time::timeout(CLOSED, closing).await;
    }
}

/// Takes a broken stream out of its place; it is closed by and by.
pub(super) fn set_aside(media: &MediaHandle, role: AudioRole) {
    let (reply, former) = oneshot::channel();
    let stream = SoundStream::none(role);
    if media.send(MediaCommand::Stream { stream, reply }) {
        tokio::spawn(async move {
            if let Ok(former) = former.await {
                spawn_blocking(move || drop(former));
            }
        });
    }
}

async fn exchange(media: &MediaHandle, stream: SoundStream) -> Option<SoundStream> {
    let (reply, former) = oneshot::channel();
    if media.send(MediaCommand::Stream { stream, reply }) {
        former.await.ok()
    } else {
        None
    }
}

/// A sound system that doesn't answer may take for ever to close a device.
const CLOSED: Duration = Duration::from_secs(5);
