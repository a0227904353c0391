//! What is done to samples between codecs and devices: conversion of rates, mixing, levels, tones.
//!
//! Everything here is deterministic, does no I/O, and allocates nothing after construction.

mod dtmf;
mod fader;
mod level;
mod limiter;
mod mixer;
mod oscillator;
mod resample;
mod tone;
mod tune;

pub use dtmf::{DtmfDetector, DtmfDigit, DtmfEvent, DtmfGenerator, DtmfQueueFull, DtmfTiming};
pub use fader::{Fader, Gain};
pub use level::{Level, LevelMeter};
pub use limiter::Limiter;
pub use mixer::{Mixer, MixerFull, PartyId};
pub(crate) use resample::resample_all;
pub use resample::{FrameResampler, Resampler};
pub use tone::{Burst, Tone, ToneGenerator, ToneKind, TonePlan};
pub use tune::Tune;
