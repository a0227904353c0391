//! What sounds on the media thread: the streams of the three roles, and the tones.

use tokio::sync::oneshot;

use crate::{
    AudioError, AudioRole, CaptureStream, PlayoutStream, ToneGenerator,
    session::{
        media::MAX_FRAMES,
        sound::{Numbered, SoundFailure, SoundStream},
        stream::FRAME,
    },
};

/// Microphone, loudspeaker and ringer, as far as there are any.
#[derive(Default)]
pub(super) struct Places {
    microphone: Option<Numbered<dyn CaptureStream>>,
    loudspeaker: Option<Numbered<dyn PlayoutStream>>,
    ringer: Option<Numbered<dyn PlayoutStream>>,
}

impl Places {
    /// Puts a stream in its place; gives the former one, to be dropped elsewhere.
    pub(super) fn exchange(&mut self, stream: SoundStream) -> SoundStream {
        match stream {
            SoundStream::Microphone(new) => {
                SoundStream::Microphone(std::mem::replace(&mut self.microphone, new))
            }
            SoundStream::Loudspeaker(new) => {
                SoundStream::Loudspeaker(std::mem::replace(&mut self.loudspeaker, new))
            }
            SoundStream::Ringer(new) => {
                SoundStream::Ringer(std::mem::replace(&mut self.ringer, new))
            }
        }
    }

    /// What the microphone has, if there is one, and if it has a clock.
    pub(super) fn available(&self) -> Option<Option<usize>> {
        let microphone = self.microphone.as_ref();
        microphone.map(|microphone| microphone.stream.available())
    }

    /// Reads from the microphone; without one, the frame stays as it is.
    pub(super) fn read(&mut self, frame: &mut [i16]) {
        if let Some(microphone) = &mut self.microphone {
            microphone.stream.read(frame);
        }
    }

    /// What the loudspeaker wants, if there is one, and if it has a clock.
    pub(super) fn wanted(&self) -> Option<Option<usize>> {
        let loudspeaker = self.loudspeaker.as_ref();
        loudspeaker.map(|loudspeaker| loudspeaker.stream.wanted())
    }

    /// Plays on the loudspeaker; one without a clock, a file, gets only what is `heard`.
    pub(super) fn write(&mut self, frame: &[i16], heard: bool) {
        if let Some(Numbered { stream, .. }) = &mut self.loudspeaker
            && (heard || stream.wanted().is_some())
        {
            stream.write(frame);
        }
    }

    /// Plays the ringer's tone for `due` ticks, or as much as the device wants. Without a device, the tone
    /// goes on unheard.
    pub(super) fn ring(&mut self, due: usize, ring: &mut TonePlayer) {
        let wanted = self.ringer.as_ref().map(|ringer| ringer.stream.wanted());
        let frames = match wanted {
            Some(Some(wanted)) => (wanted / FRAME).min(MAX_FRAMES),
            Some(None) | None if ring.plays() => due,
            Some(None) | None => 0,
        };
        for _ in 0..frames {
            let mut frame = [0; FRAME];
            ring.fill(&mut frame);
            if let Some(ringer) = &mut self.ringer {
                ringer.stream.write(&frame);
            }
        }
    }

    /// Tells which streams have ended by themselves.
    pub(super) fn report(&mut self, on_failure: &mut dyn FnMut(SoundFailure)) {
        let mut report = |role, number, error: Option<AudioError>| {
            if let Some(error) = error {
                on_failure(SoundFailure {
                    role,
                    number,
                    error,
                });
            }
        };
        if let Some(Numbered { number, stream }) = &mut self.microphone {
            report(AudioRole::Microphone, *number, stream.take_error());
        }
        if let Some(Numbered { number, stream }) = &mut self.loudspeaker {
            report(AudioRole::Loudspeaker, *number, stream.take_error());
        }
        if let Some(Numbered { number, stream }) = &mut self.ringer {
            report(AudioRole::Ringer, *number, stream.take_error());
        }
    }
}

/// A tone that sounds until it is stopped.
#[derive(Default)]
pub(super) struct TonePlayer {
    tone: Option<ToneGenerator>,
    over: Option<oneshot::Sender<()>>,
}

impl TonePlayer {
    pub(super) const fn plays(&self) -> bool {
        self.tone.is_some()
    }

    /// Instead of the one before.
    pub(super) fn start(&mut self, tone: ToneGenerator) {
        self.tone = Some(tone);
    }

    /// Fades out and answers when that is over; without a tone, the answer is the end of the channel.
    pub(super) fn stop(&mut self, over: oneshot::Sender<()>) {
        if let Some(tone) = &mut self.tone {
            tone.stop();
            self.over = Some(over);
        }
    }

    /// Adds what comes next.
    pub(super) fn mix(&mut self, mix: &mut [i32; FRAME]) {
        let mut frame = [0; FRAME];
        self.fill(&mut frame);
        for (sum, sample) in mix.iter_mut().zip(&frame) {
            *sum += i32::from(*sample);
        }
    }

    /// Fills a frame of silence with what comes next.
    fn fill(&mut self, frame: &mut [i16; FRAME]) {
        let Some(tone) = &mut self.tone else { return };
        tone.fill(frame);
        if tone.is_over() {
            self.tone = None;
            if let Some(over) = self.over.take() {
                let _ = over.send(());
            }
        }
    }
}
