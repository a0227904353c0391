use std::time::Duration;

/// A snapshot of a jitter buffer's counters. Samples are samples at the decoder's rate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JitterStats {
    /// Delay that the buffer adds now over the fastest recent packets.
    pub current_delay: Duration,
    /// Delay over the fastest recent packets that it is aiming at.
    pub target_delay: Duration,
    /// Packets taken.
    pub inserted_packets: u64,
    /// Packets that came too late.
    pub late_packets: u64,
    /// Packets that came twice.
    pub duplicate_packets: u64,
    /// Packets refused: empty, too large, malformed, or out of line.
    pub refused_packets: u64,
    /// Packets thrown away because the buffer was full or the delay past its maximum.
    pub discarded_packets: u64,
    /// Packets that never came in time.
    pub lost_packets: u64,
    /// Times that the stream started anew.
    pub restarts: u64,
    /// Samples decoded from packets.
    pub decoded_samples: u64,
    /// Samples decoded from in-band redundancy.
    pub fec_samples: u64,
    /// Samples made up because speech was missing.
    pub concealed_samples: u64,
    /// Samples of lost speech in whose place nothing was played: the gap was skipped, wholly or in
    /// part.
    pub skipped_samples: u64,
    /// Times that concealment began.
    pub concealment_events: u64,
    /// Samples of comfort noise played while the far side sent nothing on purpose.
    pub comfort_noise_samples: u64,
    /// Silent samples before the stream began or after it had stopped.
    pub silent_samples: u64,
    /// Samples in packets that came too late.
    pub late_samples: u64,
    /// Samples thrown away because the buffer was full or the delay past its maximum.
    pub discarded_samples: u64,
    /// Samples removed to play faster.
    pub accelerated_samples: u64,
    /// Samples added to play slower.
    pub decelerated_samples: u64,
    /// Samples given to the caller.
    pub played_samples: u64,
}

/// What a frame that [`JitterBuffer::get`](super::JitterBuffer::get) gave mostly is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlayedKind {
    /// Nothing has come yet, or the stream has stopped.
    Silence,
    /// Decoded speech.
    Speech,
    /// Decoded speech, a part of it played faster.
    Accelerated,
    /// Decoded speech, a part of it played slower.
    Decelerated,
    /// Speech from the redundancy in a later packet.
    Fec,
    /// Made up, at least in part.
    Concealed,
    /// Comfort noise in a pause in which the far side sends nothing.
    ComfortNoise,
}

/// A frame was played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Played {
    /// What it is.
    pub kind: PlayedKind,
    /// The RTP timestamp of the frame's first sample. `None` while nothing is playing; frozen
    /// while speech is made up.
    pub timestamp: Option<u32>,
}

impl PlayedKind {
    /// The kind that says more about a frame that holds both.
    pub(super) fn heavier(self, other: Self) -> Self {
        if self.weight() >= other.weight() {
            self
        } else {
            other
        }
    }

    fn weight(self) -> u8 {
        match self {
            Self::Silence => 0,
            Self::Speech => 1,
            Self::Accelerated => 2,
            Self::Decelerated => 3,
            Self::ComfortNoise => 4,
            Self::Fec => 5,
            Self::Concealed => 6,
        }
    }
}
