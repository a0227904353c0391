//! Keys that a user presses in a call.

use std::{sync::atomic::Ordering::Relaxed, time::Duration};

use crate::{
    DtmfDigit, DtmfError,
    rtp::{KeyTone, MAX_TONES},
    session::{driver::Driver, media::MediaCommand},
};

/// Keys to be sent, each held down for `length`.
pub(super) fn tones(digits: &[DtmfDigit], length: Duration) -> Result<Vec<KeyTone>, DtmfError> {
    if !(SHORTEST..=LONGEST).contains(&length) {
        return Err(DtmfError::Duration);
    }
    if digits.len() > MAX_TONES {
        return Err(DtmfError::TooMany);
    }
    let tone = |digit: &DtmfDigit| KeyTone {
        digit: *digit,
        length,
        pause: PAUSE,
    };
    Ok(digits.iter().map(tone).collect())
}

impl Driver {
    /// All of them, or none and why.
    pub(super) fn send_tones(&mut self, tones: &[KeyTone]) -> Result<(), DtmfError> {
        if !self.established {
            return Err(DtmfError::NotConnected);
        }
        if self.shared.intent().held || !self.negotiation.direction().sends() {
            return Err(DtmfError::Held);
        }
        let agreed = self.negotiation.agreed.as_ref();
        if agreed.is_none_or(|agreed| agreed.formats.event().is_none()) {
            return Err(DtmfError::NotNegotiated);
        }
        let waiting = &self.shared.counters.tones_waiting;
        if waiting.load(Relaxed) as usize + tones.len() > MAX_TONES {
            return Err(DtmfError::TooMany);
        }
        waiting.fetch_add(tones.len() as u32, Relaxed);
        let id = self.place.id;
        for tone in tones {
            let press = MediaCommand::Press { id, tone: *tone };
            if !self.place.engine.media.send(press) {
                self.shared.counters.tones_waiting.fetch_sub(1, Relaxed);
            }
        }
        Ok(())
    }
}

/// Shorter ones are not recognised everywhere (ITU-T Q.24: 40 ms).
const SHORTEST: Duration = Duration::from_millis(40);
/// A duration has 16 bits of the RTP clock: 1.37 s at 48 kHz.
const LONGEST: Duration = Duration::from_secs(1);
/// Between keys (ITU-T Q.24: 40 ms at least); room for the repeated ends of a key.
const PAUSE: Duration = Duration::from_millis(70);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_held_down_for_forty_milliseconds_to_a_second() {
        let digits = [DtmfDigit::from_char('1').expect("a key")];
        let length = |milliseconds| tones(&digits, Duration::from_millis(milliseconds)).err();
        assert_eq!(length(39), Some(DtmfError::Duration));
        assert_eq!(length(40), None);
        assert_eq!(length(1_000), None);
        assert_eq!(length(1_001), Some(DtmfError::Duration));
    }

    #[test]
    fn more_keys_than_can_wait_are_refused() {
        let digits = [DtmfDigit::from_char('1').expect("a key"); MAX_TONES + 1];
        let length = Duration::from_millis(100);
        assert_eq!(tones(&digits, length).err(), Some(DtmfError::TooMany));
        assert_eq!(tones(&digits[1..], length).map(|t| t.len()), Ok(MAX_TONES));
    }
}
