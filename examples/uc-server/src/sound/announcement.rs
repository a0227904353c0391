//! What a caller is told who can't reach somebody (PRES-3): a signature of tones for the reason, the time of
//! return as keys, and a tone that says that one may speak now.

use std::{f64::consts::TAU, time::Duration};

use uc_model::PresenceState;
use voip_media::{DtmfDigit, DtmfGenerator, DtmfTiming, SampleRate, Tune};

/// Why somebody can't be reached, and until when, as far as the caller may know (PRES-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announcement {
    /// The presence that is to be told. Where nothing is, and for the office, it only says that nobody
    /// answers.
    pub reason: Option<PresenceState>,
    /// The expected time of return.
    pub until: Option<ReturnTime>,
    /// Whether a message is taken; otherwise silence follows (VM-3).
    pub records: bool,
}

/// A time of day, to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReturnTime {
    hour: u8,
    minute: u8,
}

impl ReturnTime {
    /// From 0:00 to 23:59; there is none beyond.
    pub fn new(hour: u8, minute: u8) -> Option<Self> {
        (hour < 24 && minute < 60).then_some(Self { hour, minute })
    }

    /// Four digits, such as `1405`.
    fn digits(self) -> String {
        format!("{:02}{:02}", self.hour, self.minute)
    }
}

impl Announcement {
    /// The name of a WAV file that replaces the signature.
    pub(super) fn file(&self) -> String {
        match self.reason.and_then(name) {
            Some(reason) => format!("away-{reason}.wav"),
            None => "away.wav".to_owned(),
        }
    }

    /// All of it, at 48 kHz, with `spoken` in place of the signature.
    pub(super) fn sound(&self, spoken: Option<Vec<i16>>) -> Vec<i16> {
        let mut sound = spoken.unwrap_or_else(|| signature(self.reason));
        if let Some(until) = self.until {
            sound.extend(silence(PAUSE).chain(keys(&until.digits())));
        }
        if self.records {
            sound.extend(silence(PAUSE).chain(tone(BEEP_HERTZ, BEEP)));
        }
        sound
    }
}

/// Four notes of the scale, different for each reason, no two alike in a row.
pub(super) const fn notes(reason: Option<PresenceState>) -> [usize; 4] {
    match reason {
        Some(PresenceState::Meeting) => [0, 1, 2, 3],
        Some(PresenceState::Sick) => [3, 2, 1, 0],
        Some(PresenceState::Break) => [0, 2, 0, 2],
        Some(PresenceState::OutOfOffice) => [2, 0, 3, 1],
        Some(PresenceState::Holiday) => [0, 2, 3, 4],
        Some(PresenceState::Lunch) => [4, 3, 4, 3],
        Some(PresenceState::Home) => [4, 2, 1, 0],
        Some(PresenceState::DoNotDisturb) => [1, 0, 1, 0],
        _ => [2, 3, 2, 0],
    }
}

fn signature(reason: Option<PresenceState>) -> Vec<i16> {
    let note = |note: usize| tone(SCALE[note], NOTE).chain(silence(GAP));
    notes(reason).into_iter().flat_map(note).collect()
}

fn tone(hertz: f64, length: Duration) -> impl Iterator<Item = i16> {
    let step = hertz * TAU / f64::from(SampleRate::HZ_48000.hz());
    let samples = 0..SampleRate::HZ_48000.samples_in(length);
    samples.map(move |n| ((n as f64 * step).sin() * PEAK) as i16)
}

fn silence(length: Duration) -> impl Iterator<Item = i16> {
    std::iter::repeat_n(0, SampleRate::HZ_48000.samples_in(length))
}

/// Digits as keys sound.
fn keys(digits: &str) -> Vec<i16> {
    let rate = SampleRate::HZ_48000;
    let mut generator = DtmfGenerator::new(rate);
    let timing = DtmfTiming::new(KEY, GAP);
    for digit in digits.chars().filter_map(DtmfDigit::from_char) {
        // Four fit.
        let _ = generator.press(digit, timing);
    }
    let mut sound = vec![0; digits.len() * (rate.samples_in(KEY) + rate.samples_in(GAP))];
    generator.fill(&mut sound);
    sound
}

/// What stands for a reason in file names.
const fn name(reason: PresenceState) -> Option<&'static str> {
    Some(match reason {
        PresenceState::Meeting => "meeting",
        PresenceState::Sick => "sick",
        PresenceState::Break => "break",
        PresenceState::OutOfOffice => "out-of-office",
        PresenceState::Holiday => "holiday",
        PresenceState::Lunch => "lunch",
        PresenceState::Home => "home",
        PresenceState::DoNotDisturb => "do-not-disturb",
        _ => return None,
    })
}

/// C, D, E, G and A in hertz: whole numbers, more than 50 apart, so that 20 ms of a note can be told
/// from its neighbour. No key of a telephone and no tone of a network lies there.
const SCALE: [f64; 5] = Tune::NOTES;
/// Of a sample; −15 dBov.
const PEAK: f64 = 8_000.0;
const NOTE: Duration = Duration::from_millis(250);
const GAP: Duration = Duration::from_millis(80);
const KEY: Duration = Duration::from_millis(120);
const PAUSE: Duration = Duration::from_millis(300);
/// As answering machines have it.
const BEEP_HERTZ: f64 = 1_000.0;
const BEEP: Duration = Duration::from_millis(400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_signature_and_a_file_of_its_own() {
        let reasons = PresenceState::ALL.map(Some).into_iter().chain([None]);
        let told: Vec<_> = reasons
            .filter(|r| r.is_none_or(|r| name(r).is_some()))
            .collect();
        assert_eq!(told.len(), 9, "eight reasons, and none");
        for (index, reason) in told.iter().enumerate() {
            for other in &told[..index] {
                assert_ne!(notes(*reason), notes(*other));
            }
            assert!(notes(*reason).windows(2).all(|pair| pair[0] != pair[1]));
        }
    }

    #[test]
    fn a_time_of_day_has_four_digits() {
        let digits = |hour, minute| ReturnTime::new(hour, minute).map(ReturnTime::digits);
        assert_eq!(digits(9, 5).as_deref(), Some("0905"));
        assert_eq!(digits(23, 59).as_deref(), Some("2359"));
        assert_eq!((digits(24, 0), digits(0, 60)), (None, None));
    }
}
