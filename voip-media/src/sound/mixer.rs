//! A conference: everybody hears everybody else.

use thiserror::Error;

use super::{Fader, Gain, Limiter};
use crate::SampleRate;

/// Mixes the sound of many parties, frame by frame of 10 ms; each hears all but itself.
///
/// All voices are added up once and each party's own is taken away again, so the cost grows with the
/// number of parties and not with its square. Sums are exact in 32 bits; each output has its own
/// [`Limiter`] (1 ms of delay). Nothing is allocated after `new`.
///
/// ```
/// use voip_media::{Mixer, SampleRate};
///
/// # fn main() -> Result<(), voip_media::MixerFull> {
/// let mut mixer = Mixer::new(SampleRate::HZ_48000, 16).expect("48 kHz has whole milliseconds");
/// let (anna, ben) = (mixer.add()?, mixer.add()?);
/// // Every 10 ms:
/// mixer.put(anna, &[100; 480]);
/// mixer.put(ben, &[200; 480]);
/// let mut frame = [0; 480];
/// mixer.take(anna, &mut frame); // Ben alone
/// mixer.take(ben, &mut frame); // Anna alone
/// mixer.take_all(&mut frame); // both: for a recording, or for a loudspeaker
/// mixer.advance();
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Mixer {
    rate: SampleRate,
    parties: Vec<Party>,
    /// All voices of this frame.
    sum: Vec<i32>,
    others: Vec<i32>,
    everybody: Limiter,
    joined: u64,
}

/// A party's place in a [`Mixer`]. One that has left is never mistaken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PartyId {
    place: usize,
    number: u64,
}

/// All places of a mixer are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the conference is full: remove a party, or make a mixer with more places")]
pub struct MixerFull;

#[derive(Debug)]
struct Party {
    /// When it joined, from 1; `None`: the place is free.
    number: Option<u64>,
    /// What it adds to the sum of this frame.
    voice: Vec<i32>,
    spoke: bool,
    fader: Fader,
    limiter: Limiter,
}

impl Mixer {
    /// For at most `places` parties, with sound of a rate that is a multiple of 1 kHz; otherwise there
    /// is none. Takes about 4 kB for a place at 48 kHz.
    pub fn new(rate: SampleRate, places: usize) -> Option<Self> {
        let limiter = Limiter::new(rate)?;
        let frame = rate.hz() as usize / 100;
        let party = |_| Party {
            number: None,
            voice: vec![0; frame],
            spoke: false,
            fader: Fader::new(rate, Gain::SILENT),
            limiter: limiter.clone(),
        };
        Some(Self {
            rate,
            parties: (0..places).map(party).collect(),
            sum: vec![0; frame],
            others: vec![0; frame],
            everybody: limiter.clone(),
            joined: 0,
        })
    }

    /// A new party; its voice is faded in.
    ///
    /// # Errors
    /// [`MixerFull`].
    pub fn add(&mut self) -> Result<PartyId, MixerFull> {
        let free = |party: &Party| party.number.is_none();
        let place = self.parties.iter().position(free).ok_or(MixerFull)?;
        self.joined += 1;
        let party = &mut self.parties[place];
        party.number = Some(self.joined);
        party.fader = Fader::new(self.rate, Gain::SILENT);
        party.fader.fade_to(Gain::UNITY);
        party.limiter.clear();
        Ok(PartyId {
            place,
            number: self.joined,
        })
    }

    /// A party leaves at once. Fade it out a frame earlier with [`Mixer::set_gain`] if it may be
    /// speaking. One that isn't there is ignored.
    pub fn remove(&mut self, id: PartyId) {
        self.withdraw(id);
        if let Some(party) = self.party(id) {
            party.number = None;
        }
    }

    /// How loud the others hear a party; [`Gain::SILENT`] mutes it. Reached within 8 ms.
    pub fn set_gain(&mut self, id: PartyId, gain: Gain) {
        if let Some(party) = self.party(id) {
            party.fader.fade_to(gain);
        }
    }

    /// The parties there are.
    pub fn len(&self) -> usize {
        let taken = |party: &&Party| party.number.is_some();
        self.parties.iter().filter(taken).count()
    }

    /// Whether nobody is there.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A party's sound of this frame: 10 ms, the rest being silence if it is shorter. Whoever puts nothing is
    /// silent; a second one replaces the first.
    pub fn put(&mut self, id: PartyId, frame: &[i16]) {
        self.withdraw(id);
        let Some(party) = self.parties.get_mut(id.place).filter(|party| party.is(id)) else {
            return;
        };
        party.speak(frame);
        for (sum, voice) in self.sum.iter_mut().zip(&party.voice) {
            *sum += voice;
        }
    }

    /// What a party hears of this frame: all others. Once a frame, after all have put theirs.
    pub fn take(&mut self, id: PartyId, frame: &mut [i16]) {
        let Some(party) = self.parties.get_mut(id.place).filter(|party| party.is(id)) else {
            return frame.fill(0);
        };
        if !party.spoke {
            return party.limiter.process(&self.sum, frame);
        }
        for ((others, sum), voice) in self.others.iter_mut().zip(&self.sum).zip(&party.voice) {
            *others = sum - voice;
        }
        party.limiter.process(&self.others, frame);
    }

    /// All voices of this frame. Once a frame, after all have put theirs.
    pub fn take_all(&mut self, frame: &mut [i16]) {
        self.everybody.process(&self.sum, frame);
    }

    /// On to the next frame.
    pub fn advance(&mut self) {
        self.sum.fill(0);
        for party in &mut self.parties {
            party.spoke = false;
        }
    }

    fn withdraw(&mut self, id: PartyId) {
        let Some(party) = self.parties.get_mut(id.place).filter(|party| party.is(id)) else {
            return;
        };
        if std::mem::take(&mut party.spoke) {
            for (sum, voice) in self.sum.iter_mut().zip(&party.voice) {
                *sum -= voice;
            }
        }
    }

    fn party(&mut self, id: PartyId) -> Option<&mut Party> {
        self.parties.get_mut(id.place).filter(|party| party.is(id))
    }
}

impl Party {
    fn is(&self, id: PartyId) -> bool {
        self.number == Some(id.number)
    }

    fn speak(&mut self, frame: &[i16]) {
        let length = frame.len().min(self.voice.len());
        let (voice, rest) = self.voice.split_at_mut(length);
        rest.fill(0);
        if self.fader.is_open() {
            for (voice, sample) in voice.iter_mut().zip(frame) {
                *voice = i32::from(*sample);
            }
        } else {
            for (voice, sample) in voice.iter_mut().zip(frame) {
                *voice = (f32::from(*sample) * self.fader.advance()).round() as i32;
            }
        }
        self.spoke = true;
    }
}

#[cfg(test)]
mod tests;
