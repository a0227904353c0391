//! What codecs of a fixed number of octets a sample have in common: packets of whole samples.

use std::time::Duration;

use super::CodecError;
use crate::SampleRate;

/// Samples of a packet of `packet_time`, as long as RFC 3551 §4.2 allows.
pub(super) fn frame_samples(rate: SampleRate, packet_time: Duration) -> Result<usize, CodecError> {
    let samples = rate.samples_in(packet_time);
    (1..=longest(rate))
        .contains(&samples)
        .then_some(samples)
        .ok_or(CodecError::Settings)
}

/// `samples`, if that many can be in a packet.
pub(super) fn if_possible(rate: SampleRate, samples: usize) -> Option<usize> {
    (1..=longest(rate)).contains(&samples).then_some(samples)
}

/// Refuses what isn't one packet's sound.
pub(super) fn check_frame(wanted: usize, got: usize) -> Result<(), CodecError> {
    if wanted == got {
        Ok(())
    } else {
        Err(CodecError::Buffer { wanted, got })
    }
}

/// The first `wanted` places of a caller's buffer.
pub(super) fn front<T>(out: &mut [T], wanted: usize) -> Result<&mut [T], CodecError> {
    let got = out.len();
    out.get_mut(..wanted)
        .ok_or(CodecError::Buffer { wanted, got })
}

/// 200 ms, the longest packet that RFC 3551 §4.2 wants accepted, in samples.
const fn longest(rate: SampleRate) -> usize {
    rate.hz() as usize / 5
}
