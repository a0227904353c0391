//! What is done to samples between codecs and devices: conversion of rates, mixing, levels, tones.
//!
//! Everything here is deterministic, does no I/O, and allocates nothing after construction.

mod resample;

pub(crate) use resample::resample_all;
pub use resample::{FrameResampler, Resampler};
