//! What the far side of a held call hears.

use std::{fmt, path::Path, sync::Arc};

use crate::{
    AudioError, CaptureStream, Fader, Gain, SampleRate, Tune, WavBackend, audio::ClipCapture,
    session::stream::FRAME,
};

/// Music for the far side of a call that this side holds ([`crate::SessionConfig::hold_music`]).
/// Each time it begins where it was left.
#[derive(Clone, PartialEq)]
pub struct HoldMusic {
    /// `None`: the tune.
    clip: Option<Arc<[i16]>>,
}

impl HoldMusic {
    /// A [`Tune`] of our own, made while it is played.
    pub const fn tune() -> Self {
        Self { clip: None }
    }

    /// A WAV file, again and again; of the kinds that [`WavBackend::play`] reads.
    ///
    /// # Errors
    /// [`AudioError::File`] if it can't be read or isn't such a file.
    pub fn wav(path: impl AsRef<Path>) -> Result<Self, AudioError> {
        let clip = WavBackend::new().play(path)?.clip();
        Ok(Self { clip: Some(clip) })
    }

    /// The music from its beginning, without end.
    pub fn stream(&self) -> Box<dyn CaptureStream> {
        match &self.clip {
            Some(clip) => Box::new(ClipCapture::new(Arc::clone(clip), true)),
            None => Box::new(TuneStream(Tune::new())),
        }
    }
}

impl fmt::Debug for HoldMusic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let samples = self.clip.as_ref().map(|clip| clip.len());
        f.debug_struct("HoldMusic")
            .field("samples", &samples)
            .finish()
    }
}

struct TuneStream(Tune);

impl CaptureStream for TuneStream {
    fn available(&self) -> Option<usize> {
        None
    }

    fn read(&mut self, frame: &mut [i16]) -> usize {
        self.0.fill(frame);
        frame.len()
    }

    fn take_error(&mut self) -> Option<AudioError> {
        None
    }
}

/// A session's music, and how it takes the place of what is said.
pub(crate) struct MusicPlayer {
    stream: Box<dyn CaptureStream>,
    voice: Fader,
    music: Fader,
}

impl MusicPlayer {
    pub(crate) fn new(music: &HoldMusic) -> Self {
        Self {
            stream: music.stream(),
            voice: Fader::new(SampleRate::HZ_48000, Gain::UNITY),
            music: Fader::new(SampleRate::HZ_48000, Gain::SILENT),
        }
    }

    /// Whether music is to be heard from now on, or what is said.
    pub(crate) fn play(&mut self, plays: bool) {
        let [voice, music] = match plays {
            true => [Gain::SILENT, Gain::UNITY],
            false => [Gain::UNITY, Gain::SILENT],
        };
        self.voice.fade_to(voice);
        self.music.fade_to(music);
    }

    /// Puts music in place of 10 ms of what is said.
    pub(crate) fn apply(&mut self, frame: &mut [i16; FRAME]) {
        self.voice.apply(frame);
        if self.music.is_silent() {
            return;
        }
        let mut music = [0; FRAME];
        self.stream.read(&mut music);
        self.music.apply(&mut music);
        for (sample, music) in frame.iter_mut().zip(music) {
            *sample = sample.saturating_add(music);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn music_takes_the_place_of_what_is_said_without_a_step() {
        let mut player = MusicPlayer::new(&HoldMusic::tune());
        let said = [1_000; FRAME];
        let mut heard = Vec::new();
        for frame in 0..30 {
            match frame {
                10 => player.play(true),
                20 => player.play(false),
                _ => {}
            }
            let mut sound = said;
            player.apply(&mut sound);
            heard.extend(sound);
        }
        assert!(heard[..10 * FRAME].iter().all(|sample| *sample == 1_000));
        let music = &heard[11 * FRAME..20 * FRAME];
        let mean = music.iter().map(|s| i32::from(*s)).sum::<i32>() / music.len() as i32;
        assert!(
            mean.abs() < 100 && music.iter().any(|s| *s > 3_000),
            "{mean}"
        );
        assert!(heard[21 * FRAME..].iter().all(|sample| *sample == 1_000));
        let steps = heard.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
        assert!(steps.max().unwrap() < 1_000);
    }
}
