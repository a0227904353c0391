//! How good a call sounds, estimated from what the network did: the E-model.

mod narrowband;

use std::time::Duration;

use crate::{CodecKind, LossRate, SampleRate};

/// What the E-model is told about one direction of a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EmodelInput {
    /// From the speaker's mouth to the listener's ear: devices, packets, network, jitter buffer.
    pub one_way_delay: Duration,
    /// The share of speech that had to be made up.
    pub loss: LossRate,
    /// The share of speech that came from redundancy (in-band FEC) instead of its own packet.
    pub recovered: LossRate,
    /// How much longer the runs of lost packets are than with random loss (ITU-T G.107 §7.5); 1 if
    /// loss is random. Less than 1 counts as 1, more than 8 as 8.
    pub burst_ratio: f64,
    /// The codec.
    pub codec: CodecKind,
}

impl EmodelInput {
    /// A perfect network: no delay, no loss.
    pub const fn new(codec: CodecKind) -> Self {
        Self {
            one_way_delay: Duration::ZERO,
            loss: LossRate(0.0),
            recovered: LossRate(0.0),
            burst_ratio: 1.0,
            codec,
        }
    }
}

/// A mean opinion score in conversation, estimated (MOS-CQE, ITU-T P.800.1): 1 (bad) to 4.5
/// (excellent). Opus, G.722 and L16 above 8 kHz are rated as wideband speech (MOS-CQEW), G.711 as
/// narrowband (MOS-CQEN); scores of the two kinds don't compare.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Mos(f64);

impl Mos {
    /// The score, 1 to 4.5.
    pub const fn value(self) -> f64 {
        self.0
    }
}

/// The estimated quality of a call.
///
/// **G.711** is rated by ITU-T G.107 (06/2015) with all parameters at their defaults (table 3: its
/// rating without delay and loss is 93.2), equipment impairment 0 and packet-loss robustness 4.3,
/// the value of ITU-T G.113 appendix I for G.711 without concealment: what the jitter buffer adds
/// isn't credited.
///
/// **Opus** is rated by ITU-T G.107.1 (06/2019), the wideband version: the highest rating is 129;
/// delay costs what it costs in G.107; echo is taken as cancelled; a rating becomes a score as in
/// G.107 after division by 1.29. The ITU has published *no impairment factors for Opus*. The
/// values here were fitted to P.862.2 (wideband PESQ) scores of this codec at 24 kb/s, complexity
/// 5, in the manner of P.834.1, by reading each score as the E-model's:
///
/// | condition | P.862.2 | follows |
/// |---|---|---|
/// | no loss | 4.33 | equipment impairment 13, as G.113 has for G.722 at 64 kb/s |
/// | 10 % random loss, concealed | 2.16 | packet-loss robustness 3.3 |
/// | 10 % random loss, FEC with one packet of look-ahead | 3.41 | speech from FEC counts 11 % of lost speech |
///
/// **G.722** is rated as Opus is, by its own impairment of 13 (G.113 appendix IV) and, as the ITU gives none for
/// G.722 without concealment of its own, G.711's robustness; **L16** likewise without impairment, at 8 kHz
/// as G.711.
///
/// The row of Opus is one voice sample, one bitrate and an instrumental model that knows nothing of
/// conversation: good for comparing calls of this SDK, not for comparing it with others.
pub fn mos(input: EmodelInput) -> Mos {
    score(rating(&input))
}

/// The rating factor, up to 100; of Opus the wideband one, brought to that scale.
pub(crate) fn rating(input: &EmodelInput) -> f64 {
    match input.codec {
        CodecKind::Opus => wideband(&OPUS, input),
        CodecKind::G722 => wideband(&G722, input),
        CodecKind::L16(rate) if rate > SampleRate::HZ_8000 => wideband(&L16, input),
        CodecKind::Pcmu | CodecKind::Pcma | CodecKind::L16(_) => narrowband_rating(input),
    }
}

/// Rating factor to score (ITU-T G.107 annex B).
fn score(rating: f64) -> Mos {
    // The polynomial dips below 1 up to a rating of 6.5: there the score is 1, too.
    let rating = rating.clamp(0.0, 100.0);
    let mos = 1.0 + 0.035 * rating + rating * (rating - 60.0) * (100.0 - rating) * 7e-6;
    Mos(mos.clamp(1.0, 4.5))
}

fn narrowband_rating(input: &EmodelInput) -> f64 {
    let delay = input.one_way_delay.as_secs_f64() * 1_000.0;
    narrowband::rating_without_equipment(delay) - G711.effective(input)
}

fn wideband(equipment: &Equipment, input: &EmodelInput) -> f64 {
    let delay = input.one_way_delay.as_secs_f64() * 1_000.0;
    let rating = WIDEBAND_MAXIMUM - delay_impairment(delay) - equipment.effective(input);
    rating / WIDEBAND_SCALE
}

/// What a codec does to speech.
struct Equipment {
    /// Ie: without loss.
    impairment: f64,
    /// Bpl: how well it bears loss.
    robustness: f64,
    /// What a share of speech from redundancy counts as, in lost speech.
    recovered_weight: f64,
}

impl Equipment {
    /// Ie,eff of G.107 §7.5, with loss.
    fn effective(&self, input: &EmodelInput) -> f64 {
        let per_cent = |share: LossRate| within(f64::from(share.0), 0.0, 1.0) * 100.0;
        let loss = per_cent(input.loss) + self.recovered_weight * per_cent(input.recovered);
        let burst_ratio = within(input.burst_ratio, 1.0, MAX_BURST_RATIO);
        let share = loss / (loss / burst_ratio + self.robustness);
        self.impairment + (MAX_EQUIPMENT_IMPAIRMENT - self.impairment) * share
    }
}

/// The nearest value in a range; what is no number becomes the lowest.
fn within(value: f64, lowest: f64, highest: f64) -> f64 {
    if value > lowest {
        value.min(highest)
    } else {
        lowest
    }
}

/// Idd of G.107 §7.4: long delay, even without any echo; `delay` in milliseconds.
fn delay_impairment(delay: f64) -> f64 {
    if delay <= NOTICED_DELAY_MS {
        return 0.0;
    }
    let x = (delay / NOTICED_DELAY_MS).log2();
    let sixth = |x: f64| (1.0 + x.powi(6)).powf(1.0 / 6.0);
    25.0 * (sixth(x) - 3.0 * sixth(x / 3.0) + 2.0)
}

const G711: Equipment = Equipment {
    impairment: 0.0,
    robustness: 4.3,
    recovered_weight: 0.0,
};
const G722: Equipment = Equipment {
    impairment: 13.0,
    robustness: 4.3,
    recovered_weight: 0.0,
};
const L16: Equipment = Equipment {
    impairment: 0.0,
    robustness: 4.3,
    recovered_weight: 0.0,
};
const OPUS: Equipment = Equipment {
    impairment: 13.0,
    robustness: 3.3,
    recovered_weight: 0.11,
};
/// The rating of a wideband call without any impairment (G.107.1).
const WIDEBAND_MAXIMUM: f64 = 129.0;
/// Wideband ratings to narrowband ones (G.107.1).
const WIDEBAND_SCALE: f64 = 1.29;
/// What total loss costs (G.107 §7.5).
const MAX_EQUIPMENT_IMPAIRMENT: f64 = 95.0;
/// Milliseconds: up to here, delay isn't noticed (mT of G.107 §7.4, default).
const NOTICED_DELAY_MS: f64 = 100.0;
/// Beyond, G.107's formula isn't validated.
const MAX_BURST_RATIO: f64 = 8.0;

#[cfg(test)]
mod tests;
