//! Reading a WAV file into 48 kHz mono.

use std::{
    fs::File,
    io::{BufReader, Read},
    path::Path,
};

use hound::{SampleFormat, WavReader, WavSpec};

use super::file_error;
use crate::{AudioError, SampleRate, sound::resample_all};

/// The whole file, converted.
pub(super) fn read(path: &Path) -> Result<Vec<i16>, AudioError> {
    let file = File::open(path).map_err(|error| file_error(path, error))?;
    decode(BufReader::new(file)).map_err(|reason| file_error(path, reason))
}

fn decode(file: impl Read) -> Result<Vec<i16>, String> {
    let mut reader = WavReader::new(file).map_err(|error| error.to_string())?;
    let spec = reader.spec();
    let Some(rate) = SampleRate::from_hz(spec.sample_rate) else {
        return Err(format!(
            "its rate is {} Hz, 4 to 384 kHz are possible",
            spec.sample_rate
        ));
    };
    if spec.channels == 0 {
        return Err("it has no channels".to_owned());
    }
    let mono = match spec.sample_format {
        SampleFormat::Float => mix(reader.samples::<f32>(), spec, |sample| {
            (sample * 32_768.0) as i16
        }),
        SampleFormat::Int => mix(reader.samples::<i32>(), spec, |sample| {
            to_16_bits(sample, spec.bits_per_sample)
        }),
    }?;
    Ok(resample_all(&mono, rate, SampleRate::HZ_48000))
}

/// All channels added up to one, evenly.
fn mix<S>(
    samples: impl Iterator<Item = hound::Result<S>>,
    spec: WavSpec,
    to_16_bits: impl Fn(S) -> i16,
) -> Result<Vec<i16>, String> {
    let channels = usize::from(spec.channels);
    let limit = MAX_SECONDS * spec.sample_rate as usize;
    let mut mono = Vec::new();
    let (mut sum, mut summed) = (0_i32, 0);
    for sample in samples {
        sum += i32::from(to_16_bits(sample.map_err(|error| error.to_string())?));
        summed += 1;
        if summed == channels {
            mono.push((sum / i32::from(spec.channels)) as i16);
            (sum, summed) = (0, 0);
        }
        if mono.len() > limit {
            return Err("it is longer than an hour".to_owned());
        }
    }
    Ok(mono)
}

fn to_16_bits(sample: i32, bits: u16) -> i16 {
    match bits {
        ..=16 => (sample << (16 - bits)) as i16,
        _ => (sample >> (bits - 16)) as i16,
    }
}

/// Hertz.
const MAX_SECONDS: usize = 3_600;

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use hound::WavWriter;
    use proptest::prelude::*;

    use super::*;

    fn spec(channels: u16, sample_rate: u32, bits_per_sample: u16) -> WavSpec {
        let sample_format = SampleFormat::Int;
        WavSpec {
            channels,
            sample_rate,
            bits_per_sample,
            sample_format,
        }
    }

    fn file<S: hound::Sample>(spec: WavSpec, samples: impl IntoIterator<Item = S>) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
        for sample in samples {
            writer.write_sample(sample).unwrap();
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_48_khz_file_is_taken_as_it_is() {
        let bytes = file(spec(1, 48_000, 16), [1_i16, -2, i16::MAX, i16::MIN]);
        assert_eq!(decode(&bytes[..]), Ok(vec![1, -2, i16::MAX, i16::MIN]));
    }

    #[test]
    fn channels_are_mixed_evenly() {
        let bytes = file(spec(2, 48_000, 16), [100_i16, 300, i16::MAX, i16::MAX]);
        assert_eq!(decode(&bytes[..]), Ok(vec![200, i16::MAX]));
    }

    #[test]
    fn all_sample_sizes_become_16_bits() {
        assert_eq!(
            decode(&file(spec(1, 48_000, 8), [64_i8, -128])[..]),
            Ok(vec![16_384, -32_768])
        );
        assert_eq!(
            decode(&file(spec(1, 48_000, 24), [0x40_00_00])[..]),
            Ok(vec![0x4000])
        );
        assert_eq!(
            decode(&file(spec(1, 48_000, 32), [i32::MIN])[..]),
            Ok(vec![i16::MIN])
        );
        let float = WavSpec {
            sample_format: SampleFormat::Float,
            ..spec(1, 48_000, 32)
        };
        let bytes = file(float, [0.5_f32, -1.0, 7.0]);
        assert_eq!(decode(&bytes[..]), Ok(vec![16_384, i16::MIN, i16::MAX]));
    }

    #[test]
    fn other_rates_keep_their_duration() {
        for rate in [8_000, 16_000, 44_100] {
            let bytes = file(spec(1, rate, 16), vec![0_i16; rate as usize]);
            assert_eq!(
                decode(&bytes[..]).map(|pcm| pcm.len()),
                Ok(48_000),
                "{rate} Hz"
            );
        }
    }

    #[test]
    fn impossible_rates_are_refused_with_the_reason() {
        let reason = decode(&file(spec(1, 1_000, 16), [0_i16])[..]).unwrap_err();
        assert_eq!(reason, "its rate is 1000 Hz, 4 to 384 kHz are possible");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read(Path::new("no/such/file.wav")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the sound file no/such/file.wav can't be used: ")
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode(&bytes[..]);
        }

        #[test]
        fn no_damage_makes_the_reader_panic(at in 0_usize..60, value: u8, cut in 0_usize..80) {
            let mut bytes = file(spec(2, 16_000, 16), [5_i16; 20]);
            bytes[at] = value;
            bytes.truncate(bytes.len() - cut.min(bytes.len()));
            let _ = decode(&bytes[..]);
        }
    }
}
