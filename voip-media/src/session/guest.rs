//! Programs that take part in a conference without a call.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
};

use tokio::{runtime::Handle, sync::oneshot};

use crate::{
    JoinError, Limiter, OwnSound, SampleRate,
    session::{
        media::{MediaCommand, MediaHandle},
        stream::FRAME,
    },
};

/// A program's part in a conference ([`crate::Engine::attend`]); it leaves when this is dropped.
pub struct Attendance {
    id: u64,
    away: Arc<AtomicBool>,
    media: MediaHandle,
    runtime: Handle,
}

impl Attendance {
    pub(crate) async fn begin(
        media: MediaHandle,
        conference: u64,
        sound: OwnSound,
    ) -> Result<Self, JoinError> {
        let runtime = Handle::try_current().map_err(|_| JoinError::NoRuntime)?;
        let id = NEXT_GUEST.fetch_add(1, Relaxed);
        let away = Arc::<AtomicBool>::default();
        let guest = Box::new(Guest {
            id,
            conference,
            voice: [0; FRAME],
            sound,
            away: Arc::clone(&away),
            limiter: Limiter::new(SampleRate::HZ_48000).expect("48 kHz has whole milliseconds"),
        });
        // Before it is waited for: whoever gives up waiting takes the program out again.
        let attendance = Self {
            id,
            away,
            media,
            runtime,
        };
        let (reply, taken) = oneshot::channel();
        attendance.media.send(MediaCommand::Attend { guest, reply });
        match taken.await {
            Ok(Ok(())) => Ok(attendance),
            Ok(Err(_)) => Err(JoinError::Full),
            Err(_) => Err(JoinError::Closed),
        }
    }

    /// While it is away, it neither hears nor is heard, and its sound stands still.
    pub fn set_away(&self, away: bool) {
        self.away.store(away, Relaxed);
    }
}

impl Drop for Attendance {
    fn drop(&mut self) {
        let (reply, dismissed) = oneshot::channel();
        let id = self.id;
        self.media.send(MediaCommand::Dismiss { id, reply });
        // The sound is dropped there, not by the media thread.
        self.runtime.spawn(dismissed);
    }
}

impl fmt::Debug for Attendance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attendance")
            .field("away", &self.away)
            .finish_non_exhaustive()
    }
}

/// The same on the media thread.
pub(crate) struct Guest {
    pub(super) id: u64,
    pub(super) conference: u64,
    /// What it says in this frame.
    pub(super) voice: [i16; FRAME],
    sound: OwnSound,
    away: Arc<AtomicBool>,
    limiter: Limiter,
}

impl Guest {
    /// Reads what it says in this frame.
    pub(super) fn speak(&mut self) {
        self.voice = match self.away.load(Relaxed) {
            true => [0; FRAME],
            false => self.sound.read(),
        };
    }

    /// Hands it what the others say: `all` but its own voice.
    pub(super) fn hear(&mut self, all: &[i32; FRAME]) {
        if self.away.load(Relaxed) {
            return;
        }
        let mut others = *all;
        for (sum, own) in others.iter_mut().zip(&self.voice) {
            *sum -= i32::from(*own);
        }
        let mut frame = [0; FRAME];
        self.limiter.process(&others, &mut frame);
        self.sound.write(&frame.map(i32::from));
    }
}

static NEXT_GUEST: AtomicU64 = AtomicU64::new(1);
