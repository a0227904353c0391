use std::f32::consts::TAU;

use super::*;
use crate::{
    Codec, CodecKind, L16Codec, SeqNum, Ssrc,
    session::link::{TaskEnds, link},
};

const CHOICE: CodecChoice = CodecChoice {
    kind: CodecKind::L16(SampleRate::HZ_48000),
    payload_type: PayloadType(96),
};
/// What the user wants, before anything else.
const TALKING: Control = Control {
    number: 0,
    connected: true,
    sends: true,
    plays: true,
    muted: false,
    music: false,
    paused: false,
};

/// A session whose packets hold the samples themselves, and the microphone before it.
struct Bench {
    stream: SessionStream,
    task: TaskEnds,
    microphone: usize,
    sent: Vec<i16>,
}

impl Bench {
    fn new() -> Self {
        let codec = L16Codec::new(SampleRate::HZ_48000);
        let encoder = codec.encoder(TICK).unwrap();
        let units = FRAME as u32;
        let send = SendPath::new(encoder, CHOICE, units, SampleRate::HZ_48000).unwrap();
        let decoder = codec.decoder().unwrap();
        let receive = vec![ReceivePath::new(CHOICE, decoder, Complexity::MAX).unwrap()];
        let (media, task) = link();
        let packetizer = Packetizer::new(Ssrc(1), SeqNum(1), 0);
        let mut stream =
            SessionStream::new(1, media, Arc::default(), packetizer, Sounds::default());
        stream.configure(CodecSet {
            send,
            receive,
            beside: Beside::default(),
        });
        Self {
            stream,
            task,
            microphone: 0,
            sent: Vec::new(),
        }
    }

    /// 10 ms of a tone of 440 Hz, loud enough for a click to be seen.
    fn captured(&mut self) -> [i16; FRAME] {
        let frame = std::array::from_fn(|n| {
            let angle = TAU * 440.0 * ((self.microphone + n) % 48_000) as f32 / 48_000.0;
            (angle.cos() * 20_000.0) as i16
        });
        self.microphone += FRAME;
        frame
    }

    fn speak(&mut self, frames: usize) {
        for _ in 0..frames {
            let frame = self.captured();
            self.stream.capture(&frame);
            while let Ok(packet) = self.task.outgoing.pop() {
                let payload = &packet.packet()[HEADER..];
                let samples = payload.chunks_exact(2);
                self.sent
                    .extend(samples.map(|octets| i16::from_be_bytes([octets[0], octets[1]])));
            }
        }
    }

    fn control(&mut self, change: impl FnOnce(&mut Control)) {
        let mut control = TALKING;
        change(&mut control);
        self.stream.control(control, &[]);
    }

    fn largest_step(&self) -> u16 {
        let steps = self.sent.windows(2);
        steps.map(|pair| pair[0].abs_diff(pair[1])).max().unwrap()
    }
}

/// The tone itself moves by 1,152 a sample; a cut at its height would be 20,000.
const NATURAL_STEP: u16 = 1_160;
const FADING_STEP: u16 = NATURAL_STEP + 80;

#[test]
fn muting_and_unmuting_a_call_makes_no_click() {
    let mut bench = Bench::new();
    bench.control(|_| ());
    for muted in [false, true, false, true, false] {
        bench.control(|control| control.muted = muted);
        bench.speak(5);
    }
    assert_eq!(bench.sent.len(), 25 * FRAME);
    assert!(
        bench.largest_step() <= FADING_STEP,
        "{}",
        bench.largest_step()
    );
    assert!(
        bench.sent[6 * FRAME..10 * FRAME]
            .iter()
            .all(|sample| *sample == 0)
    );
}

#[test]
fn holding_fades_out_within_the_packet_and_retrieving_fades_in() {
    let mut bench = Bench::new();
    bench.control(|_| ());
    bench.speak(5);
    bench.control(|control| control.sends = false);
    assert!(bench.stream.sends(), "for the fade's length");
    bench.speak(5);
    assert_eq!(bench.sent.len(), 6 * FRAME, "and not a packet longer");
    assert_eq!(bench.sent[6 * FRAME - 1], 0);
    assert!(!bench.stream.sends());
    bench.control(|_| ());
    bench.speak(5);
    assert!(
        bench.largest_step() <= FADING_STEP,
        "{}",
        bench.largest_step()
    );
    assert!(
        bench.sent[8 * FRAME..]
            .iter()
            .any(|sample| *sample > 19_900)
    );
}

#[test]
fn who_joins_muted_is_never_heard() {
    let mut bench = Bench::new();
    bench.control(|control| control.muted = true);
    bench.speak(5);
    assert!(bench.sent.iter().all(|sample| *sample == 0));
    assert_eq!(bench.sent.len(), 5 * FRAME);
}

#[test]
fn a_lost_path_stops_the_sound_at_once() {
    let mut bench = Bench::new();
    bench.control(|_| ());
    bench.speak(3);
    bench.control(|control| control.connected = false);
    assert!(!bench.stream.sends());
    bench.speak(3);
    assert_eq!(bench.sent.len(), 3 * FRAME);
}

#[test]
fn the_far_sides_sound_fades_with_the_hold() {
    let mut bench = Bench::new();
    bench.control(|_| ());
    let mut heard = Vec::new();
    for number in 0..40_u16 {
        let frame = bench.captured();
        let payload: Vec<u8> = frame
            .iter()
            .flat_map(|sample| sample.to_be_bytes())
            .collect();
        let mut packet = vec![0x80, 96];
        packet.extend(number.to_be_bytes());
        packet.extend((u32::from(number) * FRAME as u32).to_be_bytes());
        packet.extend(7_u32.to_be_bytes());
        packet.extend(payload);
        let now = MediaTime::from_micros(u64::from(number) * 10_000);
        let view = crate::rtp::RtpView::parse(&packet).unwrap();
        assert!(
            bench
                .task
                .arrived
                .push(Arrived::new(view, now).unwrap())
                .is_ok()
        );
        bench.stream.receive();
        if number == 20 {
            bench.control(|control| control.plays = false);
        }
        if number == 30 {
            bench.control(|_| ());
        }
        let mut mix = [0; FRAME];
        bench.stream.play(&mut mix, now);
        heard.extend(mix);
    }
    let steps = heard[10 * FRAME..].windows(2);
    let largest = steps.map(|pair| pair[0].abs_diff(pair[1])).max().unwrap();
    assert!(largest <= u32::from(FADING_STEP) + 100, "{largest}");
    assert!(
        heard[21 * FRAME..30 * FRAME]
            .iter()
            .all(|sample| *sample == 0)
    );
    assert!(heard[32 * FRAME..].iter().any(|sample| *sample > 15_000));
}

/// A decoder that tells the complexity it was given.
struct Telling(Arc<std::sync::atomic::AtomicU8>);

impl Decoder for Telling {
    fn sample_rate(&self) -> SampleRate {
        SampleRate::HZ_48000
    }

    fn clock_rate(&self) -> SampleRate {
        SampleRate::HZ_48000
    }

    fn packet_samples(&self, _payload: &[u8]) -> Option<usize> {
        None
    }

    fn decode(&mut self, _payload: &[u8], _out: &mut [i16]) -> Result<usize, CodecError> {
        Ok(0)
    }

    fn has_fec(&self, _payload: &[u8]) -> bool {
        false
    }

    fn decode_fec(&mut self, _payload: &[u8], _out: &mut [i16]) -> Result<usize, CodecError> {
        Ok(0)
    }

    fn conceal(&mut self, _out: &mut [i16]) -> Option<usize> {
        None
    }

    fn set_complexity(&mut self, complexity: Complexity) -> Result<(), CodecError> {
        self.0.store(complexity.0, Relaxed);
        Ok(())
    }

    fn reset(&mut self) {}
}

#[test]
fn under_load_decoders_do_without_what_was_configured_the_new_ones_too() {
    let told = Arc::default();
    let codec = L16Codec::new(SampleRate::HZ_48000);
    let codecs = || {
        let encoder = codec.encoder(TICK).unwrap();
        let decoder = Box::new(Telling(Arc::clone(&told)));
        let choice = CodecChoice {
            payload_type: PayloadType(97),
            ..CHOICE
        };
        CodecSet {
            send: SendPath::new(encoder, CHOICE, FRAME as u32, SampleRate::HZ_48000).unwrap(),
            receive: vec![ReceivePath::new(choice, decoder, Complexity(7)).unwrap()],
            beside: Beside::default(),
        }
    };
    let mut bench = Bench::new();
    bench.stream.relieve(true);
    bench.stream.configure(codecs());
    assert_eq!(told.load(Relaxed), 0);
    bench.stream.relieve(false);
    assert_eq!(told.load(Relaxed), 7);
    bench.stream.relieve(true);
    assert_eq!(told.load(Relaxed), 0);
}
