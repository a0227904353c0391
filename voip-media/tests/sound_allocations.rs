//! Nothing between codecs and devices allocates once it is made: mixing, limiting, conversion of
//! rates, tones, keys.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use voip_media::{
    DtmfDetector, DtmfDigit, DtmfGenerator, DtmfTiming, Fader, FrameResampler, Gain, LevelMeter,
    Mixer, PartyId, Resampler, SampleRate, Tone, ToneGenerator, ToneKind, TonePlan,
};

/// The system's allocator, counted per thread.
struct Counting;

// SAFETY: every call goes to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that ends has no cell any more, and isn't the one that is measured.
        let _counted = ALLOCATIONS.try_with(|cell| cell.set(cell.get() + 1));
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps `dealloc`'s contract.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

fn allocations(run: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.with(Cell::get);
    run();
    ALLOCATIONS.with(Cell::get) - before
}

const RATE: SampleRate = SampleRate::HZ_48000;

#[test]
fn the_count_sees_an_allocation() {
    let count = allocations(|| drop(std::hint::black_box(vec![1; 100])));
    assert_eq!(count, 1);
}

#[test]
fn a_conference_of_sixteen_allocates_nothing() {
    let mut mixer = Mixer::new(RATE, 16).expect("whole milliseconds");
    let mut ids = [None::<PartyId>; 16];
    let mut frame = [0; 480];
    let count = allocations(|| {
        for round in 0..50_i16 {
            let place = usize::from(round.unsigned_abs()) % 16;
            if let Some(left) = ids[place].take() {
                mixer.remove(left);
            }
            ids[place] = mixer.add().ok();
            for id in ids.iter().flatten() {
                mixer.put(*id, &[20_000 - round; 480]);
                mixer.set_gain(*id, Gain::from_db(f32::from(round) - 40.0));
            }
            for id in ids.iter().flatten() {
                mixer.take(*id, &mut frame);
            }
            mixer.take_all(&mut frame);
            mixer.advance();
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn conversion_of_rates_allocates_nothing() {
    let rates = [
        SampleRate::HZ_8000,
        SampleRate::HZ_16000,
        SampleRate::HZ_44100,
    ];
    for rate in rates {
        let mut up = FrameResampler::new(rate, RATE).expect("whole frames");
        let mut down = FrameResampler::new(RATE, rate).expect("whole frames");
        let mut steered = Resampler::new(rate, RATE);
        let (mut low, mut high) = ([0; 480], [0; 480]);
        let length = rate.hz() as usize / 100;
        let count = allocations(|| {
            for round in 0..100 {
                up.process(&low[..length], &mut high);
                down.process(&high, &mut low[..length]);
                steered.set_speed(1.0 + f64::from(round % 7) * 1e-4);
                steered.process(|| Some(100), &mut high);
            }
        });
        assert_eq!(count, 0, "{rate:?}");
    }
}

#[test]
fn tones_keys_fades_and_levels_allocate_nothing() {
    let mut tone = ToneGenerator::new(Tone::new(TonePlan::Germany, ToneKind::Busy), RATE);
    let mut keys = DtmfGenerator::new(RATE);
    let mut detector = DtmfDetector::new(RATE).expect("whole pieces");
    let mut fader = Fader::new(RATE, Gain::UNITY);
    let mut meter = LevelMeter::new(RATE);
    let seven = DtmfDigit::from_char('7').expect("a key");
    let mut frame = [0; 480];
    let mut heard = 0;
    let count = allocations(|| {
        for round in 0..200 {
            tone.fill(&mut frame);
            fader.fade_to(if round % 2 == 0 {
                Gain::SILENT
            } else {
                Gain::UNITY
            });
            fader.apply(&mut frame);
            meter.measure(&frame);
            let _ = keys.press(seven, DtmfTiming::default());
            keys.fill(&mut frame);
            detector.handle(&frame);
            while detector.poll_event().is_some() {
                heard += 1;
            }
        }
    });
    assert_eq!(count, 0);
    assert_eq!(heard, 20, "ten pressed and released");
}
