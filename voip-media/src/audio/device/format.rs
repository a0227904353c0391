//! Which of a device's formats to use.

use cpal::{
    BufferSize, SampleFormat, StreamConfig, SupportedBufferSize, SupportedStreamConfigRange,
    traits::DeviceTrait,
};

use super::refusal;
use crate::{AudioDirection, AudioError, SampleRate};

/// A format to open a device with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Format {
    pub(super) config: StreamConfig,
    pub(super) sample: SampleFormat,
}

impl Format {
    /// The same with buffers as the system likes them.
    pub(super) fn with_default_buffers(mut self) -> Self {
        self.config.buffer_size = BufferSize::Default;
        self
    }
}

/// The format of `device` that needs the least conversion.
pub(super) fn choose(
    device: &cpal::Device,
    direction: AudioDirection,
) -> Result<Format, AudioError> {
    let ranges: Result<Vec<_>, _> = match direction {
        AudioDirection::Capture => device.supported_input_configs().map(Iterator::collect),
        AudioDirection::Playout => device.supported_output_configs().map(Iterator::collect),
    };
    let ranges = ranges.map_err(|error| refusal(direction, &error))?;
    nearest(&ranges).ok_or(AudioError::Format(direction))
}

fn nearest(ranges: &[SupportedStreamConfigRange]) -> Option<Format> {
    ranges
        .iter()
        .filter_map(|range| Some((cost(range)?, range)))
        .min_by_key(|(cost, _)| *cost)
        .map(|(_, range)| Format {
            config: StreamConfig {
                channels: range.channels(),
                sample_rate: rate(range),
                buffer_size: buffer_size(range),
            },
            sample: range.sample_format(),
        })
}

/// Conversion of the rate costs most, then of the format, then channels to mix or to fill.
fn cost(range: &SupportedStreamConfigRange) -> Option<(u32, u8, u16)> {
    let rate = rate(range);
    if range.channels() == 0 || !USABLE_RATES.contains(&rate) {
        return None;
    }
    let format = match range.sample_format() {
        SampleFormat::I16 => 0,
        SampleFormat::F32 => 1,
        SampleFormat::I32 | SampleFormat::I24 => 2,
        SampleFormat::U16 | SampleFormat::F64 => 3,
        SampleFormat::U8 | SampleFormat::I8 => 4,
        _ => return None,
    };
    Some((rate.abs_diff(OUR_RATE), format, range.channels()))
}

/// The rate within the range that is nearest to ours.
fn rate(range: &SupportedStreamConfigRange) -> u32 {
    OUR_RATE.clamp(
        range.min_sample_rate(),
        range.max_sample_rate().max(range.min_sample_rate()),
    )
}

fn buffer_size(range: &SupportedStreamConfigRange) -> BufferSize {
    let wanted = rate(range) / BUFFERS_PER_SECOND;
    match range.buffer_size() {
        SupportedBufferSize::Range { min, max } if min <= max => {
            BufferSize::Fixed(wanted.clamp(*min, *max))
        }
        _ => BufferSize::Fixed(wanted),
    }
}

/// The rate of a chosen format.
pub(super) fn usable(rate: u32) -> SampleRate {
    SampleRate::from_hz(rate).expect("a format is chosen within the usable rates")
}

const OUR_RATE: u32 = SampleRate::HZ_48000.hz();
/// Hertz.
const USABLE_RATES: std::ops::RangeInclusive<u32> = 8_000..=384_000;
/// Buffers of 10 ms. Some systems' defaults are as long as 2 s.
const BUFFERS_PER_SECOND: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn range(channels: u16, rates: (u32, u32), sample: SampleFormat) -> SupportedStreamConfigRange {
        let buffers = SupportedBufferSize::Range {
            min: 32,
            max: 4_096,
        };
        SupportedStreamConfigRange::new(channels, rates.0, rates.1, buffers, sample)
    }

    #[test]
    fn what_needs_no_conversion_is_preferred() {
        let ranges = [
            range(2, (44_100, 48_000), SampleFormat::F32),
            range(2, (44_100, 48_000), SampleFormat::I16),
            range(1, (8_000, 96_000), SampleFormat::I16),
            range(1, (44_100, 44_100), SampleFormat::I16),
        ];
        let format = nearest(&ranges).unwrap();
        assert_eq!(
            (format.config.channels, format.config.sample_rate),
            (1, 48_000)
        );
        assert_eq!(format.sample, SampleFormat::I16);
        assert_eq!(format.config.buffer_size, BufferSize::Fixed(480));
    }

    #[test]
    fn the_nearest_rate_is_taken_where_ours_is_missing() {
        let both = [
            range(1, (8_000, 8_000), SampleFormat::I16),
            range(6, (44_100, 44_100), SampleFormat::U8),
        ];
        assert_eq!(nearest(&both).unwrap().config.sample_rate, 44_100);
        let high = [range(2, (96_000, 192_000), SampleFormat::F32)];
        assert_eq!(nearest(&high).unwrap().config.sample_rate, 96_000);
    }

    #[test]
    fn buffers_stay_within_what_the_device_offers() {
        let buffers = SupportedBufferSize::Range {
            min: 1_024,
            max: 4_096,
        };
        let range = SupportedStreamConfigRange::new(2, 48_000, 48_000, buffers, SampleFormat::I16);
        assert_eq!(buffer_size(&range), BufferSize::Fixed(1_024));
        let unknown = SupportedBufferSize::Unknown;
        let range = SupportedStreamConfigRange::new(2, 48_000, 48_000, unknown, SampleFormat::I16);
        assert_eq!(buffer_size(&range), BufferSize::Fixed(480));
    }

    #[test]
    fn a_device_without_a_usable_format_has_none() {
        assert_eq!(nearest(&[]), None);
        assert_eq!(
            nearest(&[range(0, (48_000, 48_000), SampleFormat::I16)]),
            None
        );
        assert_eq!(
            nearest(&[range(1, (4_000, 4_000), SampleFormat::I16)]),
            None
        );
    }
}
