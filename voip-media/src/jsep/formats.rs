use crate::{CodecKind, PayloadType, SampleRate};

/// A codec and its payload type, the same both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CodecChoice {
    pub(crate) kind: CodecKind,
    pub(crate) payload_type: PayloadType,
}

/// Telephone events at a clock rate: that of the audio they stand in for (RFC 4733 §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventChoice {
    pub(crate) clock: SampleRate,
    pub(crate) payload_type: PayloadType,
}

/// The formats of an `m=` line that we know, in order of preference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Formats {
    pub(crate) codecs: Vec<CodecChoice>,
    pub(crate) events: Vec<EventChoice>,
    /// RFC 3389, for G.711.
    pub(crate) comfort_noise: Option<PayloadType>,
}

impl Formats {
    /// What we offer. What was negotiated keeps its payload type.
    pub(crate) fn offered(ours: &[CodecKind], negotiated: &Self) -> Self {
        let mut numbers = Numbers::of(negotiated);
        let codec = |kind: &CodecKind| {
            let known = negotiated.codecs.iter().find(|codec| codec.kind == *kind);
            known.copied().unwrap_or_else(|| CodecChoice {
                kind: *kind,
                payload_type: numbers.take(usual_payload_type(*kind)),
            })
        };
        let codecs: Vec<_> = ours.iter().map(codec).collect();
        let event = |clock: SampleRate| {
            let known = negotiated.events.iter().find(|event| event.clock == clock);
            known.copied().unwrap_or_else(|| EventChoice {
                clock,
                payload_type: numbers.take(usual_event_type(clock)),
            })
        };
        Self {
            events: clocks(&codecs).into_iter().map(event).collect(),
            comfort_noise: codecs.iter().any(is_g711).then_some(COMFORT_NOISE),
            codecs,
        }
    }

    /// What of `self`, the far side's, can be used with these codecs of ours; in the order of ours if
    /// they are to be `sorted`. Only the first codec stays if `one` is wanted.
    pub(crate) fn in_common(&self, ours: &[CodecKind], sorted: bool, one: bool) -> Self {
        let known = self
            .codecs
            .iter()
            .filter(|codec| ours.contains(&codec.kind));
        let mut codecs: Vec<_> = known.copied().collect();
        if sorted {
            codecs.sort_by_key(|codec| ours.iter().position(|kind| *kind == codec.kind));
        }
        codecs.dedup_by_key(|codec| codec.kind);
        if one {
            codecs.truncate(1);
        }
        let event = |clock: SampleRate| self.events.iter().find(|event| event.clock == clock);
        Self {
            events: clocks(&codecs)
                .into_iter()
                .filter_map(event)
                .copied()
                .collect(),
            comfort_noise: self.comfort_noise.filter(|_| codecs.iter().any(is_g711)),
            codecs,
        }
    }

    /// Events at the clock of the codec that is sent.
    pub(crate) fn event(&self) -> Option<EventChoice> {
        let clock = self.codecs.first()?.kind.clock_rate();
        self.events
            .iter()
            .find(|event| event.clock == clock)
            .copied()
    }

    /// Whether packets of this payload type were negotiated.
    pub(crate) fn knows(&self, payload_type: PayloadType) -> bool {
        let mut codecs = self.codecs.iter().map(|codec| codec.payload_type);
        let mut events = self.events.iter().map(|event| event.payload_type);
        codecs.any(|known| known == payload_type)
            || events.any(|known| known == payload_type)
            || self.comfort_noise == Some(payload_type)
    }

    /// The payload types and their encodings, as `a=rtpmap` says them.
    pub(crate) fn encodings(&self) -> Vec<(PayloadType, String)> {
        let codecs = self.codecs.iter();
        let events = self.events.iter();
        codecs
            .map(|codec| (codec.payload_type, encoding(codec.kind)))
            .chain(
                self.comfort_noise
                    .map(|number| (number, "CN/8000".to_owned())),
            )
            .chain(events.map(|event| {
                let encoding = format!("telephone-event/{}", event.clock.hz());
                (event.payload_type, encoding)
            }))
            .collect()
    }
}

/// Payload types that are still free.
struct Numbers(Vec<PayloadType>);

impl Numbers {
    fn of(negotiated: &Formats) -> Self {
        let codecs = negotiated.codecs.iter().map(|codec| codec.payload_type);
        let events = negotiated.events.iter().map(|event| event.payload_type);
        Self(codecs.chain(events).collect())
    }

    /// The usual one, or where that is taken the first free dynamic one (RFC 3551 §3).
    fn take(&mut self, usual: PayloadType) -> PayloadType {
        let dynamic = (96..=127).map(PayloadType);
        let free = std::iter::once(usual)
            .chain(dynamic)
            .find(|number| !self.0.contains(number));
        let number = free.unwrap_or(usual);
        self.0.push(number);
        number
    }
}

/// The RTP clocks of these codecs, each once.
fn clocks(codecs: &[CodecChoice]) -> Vec<SampleRate> {
    let mut clocks = Vec::new();
    for codec in codecs {
        let clock = codec.kind.clock_rate();
        if !clocks.contains(&clock) {
            clocks.push(clock);
        }
    }
    clocks
}

fn is_g711(codec: &CodecChoice) -> bool {
    matches!(codec.kind, CodecKind::Pcmu | CodecKind::Pcma)
}

fn encoding(kind: CodecKind) -> String {
    match kind {
        CodecKind::Opus => "opus/48000/2".to_owned(),
        CodecKind::Pcmu => "PCMU/8000".to_owned(),
        CodecKind::Pcma => "PCMA/8000".to_owned(),
        CodecKind::G722 => "G722/8000".to_owned(),
        CodecKind::L16(rate) => format!("L16/{}", rate.hz()),
    }
}

/// RFC 3551 §6; 111 is what browsers offer Opus with.
fn usual_payload_type(kind: CodecKind) -> PayloadType {
    PayloadType(match kind {
        CodecKind::Opus => 111,
        CodecKind::Pcmu => 0,
        CodecKind::Pcma => 8,
        CodecKind::G722 => 9,
        CodecKind::L16(SampleRate::HZ_44100) => 11,
        CodecKind::L16(_) => 96,
    })
}

/// What browsers offer them with.
fn usual_event_type(clock: SampleRate) -> PayloadType {
    PayloadType(match clock {
        SampleRate::HZ_48000 => 110,
        SampleRate::HZ_8000 => 126,
        _ => 101,
    })
}

/// RFC 3551 §6.
pub(crate) const COMFORT_NOISE: PayloadType = PayloadType(13);
