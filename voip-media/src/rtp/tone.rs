//! Keys of a telephone as RTP events (RFC 4733). Pure: time is the RTP clock, and comes from outside.

mod exercise;

use std::{collections::VecDeque, time::Duration};

#[doc(hidden)]
pub use exercise::exercise_tones;

use crate::{DtmfDigit, MediaTime, SampleRate, Ssrc};

/// What an event packet carries (RFC 4733 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TonePayload {
    pub(crate) event: u8,
    /// The key is up again.
    pub(crate) end: bool,
    /// In −dBm0, 0 to 63.
    pub(crate) volume: u8,
    /// Since the packet's timestamp, in units of the RTP clock.
    pub(crate) duration: u16,
}

impl TonePayload {
    /// Reads a payload; `None` if it is too short. What follows the first event is passed over.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let [event, flags, high, low] = *payload.first_chunk()?;
        Some(Self {
            event,
            end: flags & END != 0,
            volume: flags & VOLUME,
            duration: u16::from_be_bytes([high, low]),
        })
    }

    /// The payload.
    pub(crate) fn octets(self) -> [u8; LENGTH] {
        let [high, low] = self.duration.to_be_bytes();
        let end = if self.end { END } else { 0 };
        [self.event, end | self.volume & VOLUME, high, low]
    }
}

/// A key to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeyTone {
    pub(crate) digit: DtmfDigit,
    /// How long it is held down.
    pub(crate) length: Duration,
    /// Pause before the next one.
    pub(crate) pause: Duration,
}

/// An event packet to be sent, without its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TonePacket {
    pub(crate) payload: [u8; LENGTH],
    /// When the key went down.
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
}

/// What is due at the end of a packet time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ToneDue {
    /// Goes out in place of the sound; without it the sound does.
    pub(crate) instead: Option<TonePacket>,
    /// Goes out beside it: the end of the last key once more.
    pub(crate) repeat: Option<TonePacket>,
    /// A key is up.
    pub(crate) done: bool,
}

/// Sends keys one after the other: idle → down (a packet each packet time, with the same
/// timestamp and growing duration) → pause (the sound goes on) → idle. The end is said three times
/// (RFC 4733 §2.5.1.4), a packet time apart. Time passes in [`ToneSender::poll`] only.
#[derive(Debug)]
pub(crate) struct ToneSender {
    clock: SampleRate,
    queue: VecDeque<KeyTone>,
    state: State,
    repeat: Option<(TonePacket, u8)>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Idle,
    Down {
        tone: KeyTone,
        since: u32,
        passed: u32,
    },
    Pause {
        left: u32,
    },
}

impl ToneSender {
    /// For events at this clock, the sound's.
    pub(crate) fn new(clock: SampleRate) -> Self {
        Self {
            clock,
            queue: VecDeque::with_capacity(MAX_TONES),
            state: State::Idle,
            repeat: None,
        }
    }

    /// Adds a key; whether there was room.
    pub(crate) fn push(&mut self, tone: KeyTone) -> bool {
        let room = self.queue.len() < MAX_TONES;
        if room {
            self.queue.push_back(tone);
        }
        room
    }

    /// Forgets what isn't sent yet; how many keys that were.
    pub(crate) fn clear(&mut self) -> u32 {
        let down = matches!(self.state, State::Down { .. });
        let count = self.queue.len() as u32 + u32::from(down);
        self.queue.clear();
        self.state = State::Idle;
        self.repeat = None;
        count
    }

    /// A packet time of `units` that began at `timestamp` is over.
    pub(crate) fn poll(&mut self, timestamp: u32, units: u32) -> ToneDue {
        let repeat = self.take_repeat();
        if let State::Pause { left } = self.state {
            self.state = match left.checked_sub(units) {
                Some(left) if left > 0 => State::Pause { left },
                _ => State::Idle,
            };
            return ToneDue {
                repeat,
                ..ToneDue::default()
            };
        }
        let (instead, done) = self.press(timestamp, units);
        ToneDue {
            instead,
            repeat,
            done,
        }
    }

    /// Goes on with the key that is down, or puts the next one down.
    fn press(&mut self, timestamp: u32, units: u32) -> (Option<TonePacket>, bool) {
        let (tone, since, passed) = match self.state {
            State::Down {
                tone,
                since,
                passed,
            } => (tone, since, passed),
            State::Idle | State::Pause { .. } => match self.queue.pop_front() {
                Some(tone) => (tone, timestamp, 0),
                None => return (None, false),
            },
        };
        let length = self.units(tone.length).min(u32::from(u16::MAX));
        let marker = passed == 0;
        let passed = passed + units;
        let end = passed >= length;
        let payload = TonePayload {
            event: tone.digit.event(),
            end,
            volume: SENT_VOLUME,
            duration: passed.min(length) as u16,
        };
        let packet = TonePacket {
            payload: payload.octets(),
            timestamp: since,
            marker,
        };
        self.state = if end {
            let again = TonePacket {
                marker: false,
                ..packet
            };
            self.repeat = Some((again, END_REPEATS));
            State::Pause {
                left: self.units(tone.pause),
            }
        } else {
            State::Down {
                tone,
                since,
                passed,
            }
        };
        (Some(packet), end)
    }

    fn take_repeat(&mut self) -> Option<TonePacket> {
        let (packet, left) = self.repeat.take()?;
        self.repeat = (left > 1).then_some((packet, left - 1));
        Some(packet)
    }

    fn units(&self, time: Duration) -> u32 {
        self.clock.samples_in(time) as u32
    }
}

/// Hears each key once, from whichever of its packets comes first: the start may be lost, and so may
/// the end. What it remembers is bounded.
#[derive(Debug, Default)]
pub(crate) struct ToneReceiver {
    /// Events heard last, the newest first.
    known: [Option<Known>; KNOWN],
    source: Option<Ssrc>,
    heard_at: MediaTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    timestamp: u32,
    event: u8,
    ended: bool,
}

/// What an event packet says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ToneHeard {
    /// A key, if it is news.
    pub(crate) digit: Option<DtmfDigit>,
    /// The time in the stream of the sound that this packet stands in for; none if it only repeats
    /// an end.
    pub(crate) instead_of: Option<u32>,
}

impl ToneReceiver {
    /// Takes an event packet of this clock.
    pub(crate) fn handle(
        &mut self,
        (ssrc, clock): (Ssrc, SampleRate),
        timestamp: u32,
        payload: &[u8],
        now: MediaTime,
    ) -> ToneHeard {
        let Some(tone) = TonePayload::parse(payload) else {
            return ToneHeard::default();
        };
        let long_ago = now.since(self.heard_at) > MEMORY;
        if self.source.replace(ssrc) != Some(ssrc) || long_ago {
            self.known = [None; KNOWN];
        }
        self.heard_at = now;
        let usual = clock.samples_in(USUAL_PACKET_TIME) as u32;
        let before = u32::from(tone.duration).saturating_sub(usual);
        let instead_of = timestamp.wrapping_add(before);
        let event = tone.event;
        if let Some(known) = self.find(timestamp, event) {
            let repeated = known.ended;
            known.ended |= tone.end;
            return ToneHeard {
                digit: None,
                instead_of: (!repeated).then_some(instead_of),
            };
        }
        // A key held down for longer than the duration can say goes on as a further event (RFC
        // 4733 §2.5.1.3).
        let part = timestamp.wrapping_sub(u32::from(u16::MAX));
        let goes_on = self.find(part, event).is_some();
        self.known.rotate_right(1);
        self.known[0] = Some(Known {
            timestamp,
            event,
            ended: tone.end,
        });
        ToneHeard {
            digit: DtmfDigit::from_event(event).filter(|_| !goes_on),
            instead_of: Some(instead_of),
        }
    }

    fn find(&mut self, timestamp: u32, event: u8) -> Option<&mut Known> {
        let known = self.known.iter_mut().flatten();
        known
            .into_iter()
            .find(|known| known.timestamp == timestamp && known.event == event)
    }
}

/// Octets of an event's payload.
pub(crate) const LENGTH: usize = 4;
/// Keys that can wait to be sent.
pub(crate) const MAX_TONES: usize = 64;
const END: u8 = 0x80;
const VOLUME: u8 = 0x3f;
/// −10 dBm0, as browsers send.
const SENT_VOLUME: u8 = 10;
/// Beyond the first (RFC 4733 §2.5.1.4).
const END_REPEATS: u8 = 2;
/// What nearly everybody sends.
const USUAL_PACKET_TIME: Duration = Duration::from_millis(20);
/// Events whose late packets are still recognised.
const KNOWN: usize = 8;
/// Later, the same timestamp would be another event.
const MEMORY: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
