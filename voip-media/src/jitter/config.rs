use std::time::Duration;

/// How a jitter buffer works. All memory is taken from these figures at construction.
#[derive(Debug, Clone, PartialEq)]
pub struct JitterConfig {
    /// Packets that can wait at once; rounded up to a power of two, 16 to 4,096. When one more
    /// comes, the oldest are thrown away. Default 256 (5.1 s of 20 ms packets).
    pub max_packets: usize,
    /// Longest payload in bytes that is accepted, 1 to 65,535. Default 1,500 (an Ethernet frame).
    /// Memory: `max_packets` × `max_payload` bytes.
    pub max_payload: usize,
    /// Delay that the buffer adds at least over the fastest packets, 0 to 2 s. Default 0.
    pub min_delay: Duration,
    /// Delay over the fastest packets beyond which speech is thrown away, 60 ms to 4 s.
    /// Default 1.2 s.
    pub max_delay: Duration,
    /// What concealment costs: milliseconds of delay that are worth as much as one concealed
    /// millisecond per second, 0.1 to 100. Larger values buffer more. Default 2.8.
    pub concealment_weight: f32,
}

impl Default for JitterConfig {
    fn default() -> Self {
        Self {
            max_packets: 256,
            max_payload: 1_500,
            min_delay: Duration::ZERO,
            max_delay: Duration::from_millis(1_200),
            concealment_weight: 2.8,
        }
    }
}

impl JitterConfig {
    /// The same with every figure brought into its range.
    pub(super) fn in_range(&self) -> Self {
        let weight = if self.concealment_weight.is_finite() {
            self.concealment_weight.clamp(0.1, 100.0)
        } else {
            Self::default().concealment_weight
        };
        Self {
            max_packets: self.max_packets.clamp(16, 4_096).next_power_of_two(),
            max_payload: self.max_payload.clamp(1, 65_535),
            min_delay: self.min_delay.min(Duration::from_secs(2)),
            max_delay: self
                .max_delay
                .clamp(Duration::from_millis(60), Duration::from_secs(4))
                .max(self.min_delay.min(Duration::from_secs(2))),
            concealment_weight: weight,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absurd_figures_are_brought_into_range() {
        let config = JitterConfig {
            max_packets: usize::MAX,
            max_payload: 0,
            min_delay: Duration::from_secs(1_000),
            max_delay: Duration::ZERO,
            concealment_weight: f32::NAN,
        }
        .in_range();
        assert_eq!(config.max_packets, 4_096);
        assert_eq!(config.max_payload, 1);
        assert_eq!(config.min_delay, Duration::from_secs(2));
        assert_eq!(config.max_delay, Duration::from_secs(2));
        assert_eq!(config.concealment_weight, 2.8);
    }

    #[test]
    fn defaults_are_in_range() {
        assert_eq!(JitterConfig::default().in_range(), JitterConfig::default());
    }
}
