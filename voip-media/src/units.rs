use std::time::Duration;

/// A point on the media clock: microseconds since an origin that the caller chose once. Passed in
/// everywhere; no part of this crate but the drivers reads a clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MediaTime(u64);

impl MediaTime {
    /// From microseconds since the origin.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the origin.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// The time that has passed since `earlier`; zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    /// This time and `duration` more, saturating.
    #[must_use]
    pub const fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.as_micros() as u64))
    }
}

/// Samples per second of one channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SampleRate(u32);

impl SampleRate {
    /// 8 kHz (G.711).
    pub const HZ_8000: Self = Self(8_000);
    /// 16 kHz (G.722).
    pub const HZ_16000: Self = Self(16_000);
    /// 44.1 kHz (compact discs, and some devices).
    pub const HZ_44100: Self = Self(44_100);
    /// 48 kHz (Opus, and the rate of all audio streams of this crate).
    pub const HZ_48000: Self = Self(48_000);

    /// From hertz, 4,000 to 384,000; there is none beyond.
    pub const fn from_hz(hz: u32) -> Option<Self> {
        match hz {
            4_000..=384_000 => Some(Self(hz)),
            _ => None,
        }
    }

    /// Hertz.
    pub const fn hz(self) -> u32 {
        self.0
    }

    /// Samples in `duration`, rounded down.
    pub const fn samples_in(self, duration: Duration) -> usize {
        (duration.as_micros() as u64 * self.0 as u64 / 1_000_000) as usize
    }
}

/// An RTP payload type, 0 to 127 (RFC 3550 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PayloadType(pub u8);

/// An RTP sequence number; wraps at 65,536 (RFC 3550 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SeqNum(pub u16);

impl SeqNum {
    /// How far `self` is ahead of `earlier`, −32,768 to 32,767 (RFC 1982 serial arithmetic).
    pub const fn distance_from(self, earlier: Self) -> i16 {
        self.0.wrapping_sub(earlier.0) as i16
    }
}

/// A synchronisation source (RFC 3550 §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ssrc(pub u32);

/// Bits per second of a codec, without packet headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bitrate(pub u32);

/// An encoder's or decoder's effort, 0 (cheap) to 10 (best), as Opus counts it (RFC 6716 §2.1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Complexity(pub u8);

impl Complexity {
    /// The highest.
    pub const MAX: Self = Self(10);
    /// What a new decoder has: the least with all that [`crate::Decoder::set_complexity`] names.
    pub const DECODER: Self = Self(7);
}

/// A share of lost packets, 0.0 to 1.0.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd)]
pub struct LossRate(pub f32);
