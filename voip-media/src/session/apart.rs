//! Sessions with sound of their own, beside the devices that an engine's sessions share.

use std::fmt;

use crate::{CaptureStream, PlayoutStream, session::stream::FRAME};

/// What a session speaks and hears instead of the engine's devices
/// ([`crate::Engine::open_apart`]): an announcement, music, a recording, a participant that is a
/// program.
///
/// The engine's clock is theirs: 10 ms are read every 10 ms while the session sends, and written
/// while it plays, whatever [`CaptureStream::available`] and [`PlayoutStream::wanted`] say. Neither
/// is asked for an error. They are dropped by the session's task, not by the media thread.
pub struct OwnSound {
    /// What the far side hears.
    pub capture: Box<dyn CaptureStream>,
    /// What hears the far side.
    pub playout: Box<dyn PlayoutStream>,
}

impl OwnSound {
    /// The next 10 ms to be sent.
    pub(crate) fn read(&mut self) -> [i16; FRAME] {
        let mut frame = [0; FRAME];
        self.capture.read(&mut frame);
        frame
    }

    /// Hands over 10 ms that were received.
    pub(crate) fn write(&mut self, mix: &[i32; FRAME]) {
        // The sound of one session: it fits.
        let frame = mix.map(|sample| sample.clamp(i16::MIN.into(), i16::MAX.into()) as i16);
        self.playout.write(&frame);
    }
}

impl fmt::Debug for OwnSound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnSound").finish_non_exhaustive()
    }
}
