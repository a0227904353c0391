//! What endpoints say: generated, or from WAV files.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use voip_media::{
    AudioBackend, AudioError, CaptureStream, DeviceChoice, HoldMusic, LoopbackBackend, OwnSound,
    Script, WavBackend,
};

use super::{Announcement, PhoneVoice, SoundError, lock, recording::Ear};

/// Sounds that endpoints share.
#[derive(Debug)]
pub(super) struct Library {
    folder: Option<PathBuf>,
    /// The file, once it was looked for.
    music: OnceLock<HoldMusic>,
    /// Other files that were read.
    files: Mutex<BTreeMap<PathBuf, WavBackend>>,
}

/// What one endpoint says.
pub(super) struct Voice {
    capture: Box<dyn CaptureStream>,
    /// Samples, where it ends.
    length: usize,
}

impl Library {
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            music: OnceLock::new(),
            files: Mutex::default(),
        }
    }

    /// What those hear who are held.
    pub(super) fn music(&self) -> Result<HoldMusic, SoundError> {
        if let Some(music) = self.music.get() {
            return Ok(music.clone());
        }
        let path = self.folder.as_ref().map(|folder| folder.join(MUSIC));
        let music = match path.filter(|path| path.is_file()) {
            Some(path) => HoldMusic::wav(path)?,
            None => HoldMusic::tune(),
        };
        Ok(self.music.get_or_init(|| music).clone())
    }

    /// The same for those who wait for a call to go on, from its beginning.
    pub(super) fn waiting(&self) -> Result<Voice, SoundError> {
        Ok(Voice {
            capture: self.music()?.stream(),
            length: 0,
        })
    }

    /// An announcement, once.
    pub(super) fn announcement(&self, announcement: &Announcement) -> Result<Voice, SoundError> {
        let spoken = match self.find(&announcement.file())? {
            Some(file) => Some(all_of(&file)?),
            None => None,
        };
        let sound = announcement.sound(spoken);
        let source = LoopbackBackend::new(Script::new().samples(&sound));
        Voice::of(&source, sound.len())
    }

    /// A phone's voice, again and again.
    pub(super) fn phone(voice: &PhoneVoice) -> Result<Voice, SoundError> {
        match voice {
            PhoneVoice::Tone(hertz) => {
                // Whole hertz: a second ends where it begins.
                let hertz = f64::from((*hertz).clamp(LOWEST_HERTZ, HIGHEST_HERTZ));
                let second = Script::new().tone(hertz, PEAK, Duration::from_secs(1));
                Voice::of(&LoopbackBackend::repeating(second), 0)
            }
            PhoneVoice::File(path) => Voice::of(&WavBackend::new().play(path)?.repeat(), 0),
        }
    }

    /// A file of the folder, if it is there.
    fn find(&self, name: &str) -> Result<Option<WavBackend>, AudioError> {
        let Some(path) = self.folder.as_ref().map(|folder| folder.join(name)) else {
            return Ok(None);
        };
        if let Some(known) = lock(&self.files).get(&path) {
            return Ok(Some(known.clone()));
        }
        if !Path::is_file(&path) {
            return Ok(None);
        }
        let read = WavBackend::new().play(&path)?;
        lock(&self.files).insert(path, read.clone());
        Ok(Some(read))
    }
}

impl Voice {
    fn of(source: &dyn AudioBackend, length: usize) -> Result<Self, SoundError> {
        let capture = source.open_capture(&DeviceChoice::Default)?;
        Ok(Self { capture, length })
    }

    /// With what hears the other side; one that waits for the voice's end hears it.
    pub(super) fn heard_by(self, ear: Ear) -> OwnSound {
        let speech = Speech {
            capture: self.capture,
            left: self.length,
            over: Arc::clone(&ear.begins),
        };
        OwnSound {
            capture: Box::new(speech),
            playout: Box::new(ear),
        }
    }
}

/// Speaks, and says when that is over.
struct Speech {
    capture: Box<dyn CaptureStream>,
    left: usize,
    over: Arc<AtomicBool>,
}

impl CaptureStream for Speech {
    fn available(&self) -> Option<usize> {
        None
    }

    fn read(&mut self, frame: &mut [i16]) -> usize {
        let before = self.left;
        self.left = before.saturating_sub(frame.len());
        if before > 0 && self.left == 0 {
            self.over.store(true, Relaxed);
        }
        self.capture.read(frame)
    }

    fn take_error(&mut self) -> Option<AudioError> {
        None
    }
}

fn all_of(file: &WavBackend) -> Result<Vec<i16>, AudioError> {
    let mut samples = vec![0; file.clip_samples()];
    file.open_capture(&DeviceChoice::Default)?
        .read(&mut samples);
    Ok(samples)
}

const MUSIC: &str = "music.wav";
/// What a telephone carries.
const LOWEST_HERTZ: u16 = 100;
const HIGHEST_HERTZ: u16 = 3_400;
/// Of a sample; −15 dBov.
const PEAK: i16 = 8_000;
