use std::time::Duration;

use thiserror::Error;
use voip_media::Impairment;

/// A text that is no impairment.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "say it as loss=5,jitter=20: loss in per cent (0 to 100), jitter as a standard deviation in ms (0 to 1000)"
)]
pub struct ParseImpairmentError;

/// Reads `loss=5,jitter=20`; either part may be missing. The seed is fixed, so that a run can be
/// repeated.
pub fn parse_impairment(text: &str) -> Result<Impairment, ParseImpairmentError> {
    let (mut loss, mut jitter_ms) = (0.0, 0.0);
    for part in text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (name, value) = part.split_once('=').ok_or(ParseImpairmentError)?;
        let value: f64 = value.trim().parse().map_err(|_| ParseImpairmentError)?;
        match name.trim() {
            "loss" if (0.0..=100.0).contains(&value) => loss = value / 100.0,
            "jitter" if (0.0..=1000.0).contains(&value) => jitter_ms = value,
            _ => return Err(ParseImpairmentError),
        }
    }
    let jitter = Duration::from_secs_f64(jitter_ms / 1000.0);
    Ok(Impairment {
        loss: loss as f32,
        jitter,
        seed: SEED,
    })
}

/// Any number does; this one is easy to recognise in a report.
const SEED: u64 = 20_26;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_and_either_alone_are_read() {
        let both = parse_impairment("loss=5, jitter=20").expect("well formed");
        assert_eq!((both.loss, both.jitter), (0.05, Duration::from_millis(20)));
        let loss = parse_impairment("loss=30").expect("well formed");
        assert_eq!((loss.loss, loss.jitter), (0.3, Duration::ZERO));
    }

    #[test]
    fn what_is_out_of_range_or_unknown_is_refused() {
        for text in [
            "loss=101",
            "jitter=-1",
            "delay=5",
            "loss",
            "loss=x",
            "jitter=NaN",
        ] {
            assert_eq!(
                parse_impairment(text).err(),
                Some(ParseImpairmentError),
                "{text}"
            );
        }
    }
}
