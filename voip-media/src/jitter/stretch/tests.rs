use super::*;

const RATE: u32 = 48_000;

fn queue_with(samples: impl Iterator<Item = i16>, history: usize) -> PcmQueue {
    let mut pcm = PcmQueue::new(1_440, 11_520);
    let samples: Vec<i16> = samples.collect();
    pcm.room(samples.len()).copy_from_slice(&samples);
    pcm.commit(samples.len());
    let mut played = vec![0; history];
    pcm.pop(&mut played);
    pcm
}

/// A voice-like tone: 120 Hz and harmonics, 8.33 ms (400 samples) per period.
fn voice(index: usize) -> i16 {
    let phase = index as f32 / 400.0 * std::f32::consts::TAU;
    ((phase.sin() + 0.5 * (2.0 * phase).sin() + 0.3 * (3.0 * phase + 1.0).sin()) * 5_000.0) as i16
}

fn rest(pcm: &mut PcmQueue) -> Vec<i16> {
    let mut out = vec![0; pcm.len()];
    pcm.pop(&mut out);
    out
}

fn loud() -> PauseDetector {
    let mut pauses = PauseDetector::new();
    pauses.observe(&[20; 480]);
    pauses.observe(&[9_000; 480]);
    pauses
}

/// The largest step between two samples.
fn steepest(samples: &[i16]) -> i32 {
    samples
        .windows(2)
        .map(|w| (i32::from(w[1]) - i32::from(w[0])).abs())
        .max()
        .unwrap_or(0)
}

#[test]
fn whole_periods_are_cut_out_of_a_voice_without_a_click() {
    let mut pcm = queue_with((0..3_000).map(voice), 1_440);
    let done = accelerate(&mut pcm, RATE, 720, Likeness(0.8), &loud()).unwrap();
    assert!(!done.in_pause);
    assert!((398..=402).contains(&done.samples), "{}", done.samples);
    let out = rest(&mut pcm);
    assert_eq!(out.len(), 1_560 - done.samples);
    let plain: Vec<i16> = (0..3_000).map(voice).collect();
    assert!(steepest(&out) <= steepest(&plain) + 40);
}

#[test]
fn whole_periods_are_put_into_a_voice_without_a_click() {
    let mut pcm = queue_with((0..2_400).map(voice), 1_440);
    let done = decelerate(&mut pcm, RATE, 720, Likeness(0.8), &loud()).unwrap();
    assert!((398..=402).contains(&done.samples), "{}", done.samples);
    let out = rest(&mut pcm);
    assert_eq!(out.len(), 960 + done.samples);
    let plain: Vec<i16> = (0..3_000).map(voice).collect();
    assert!(steepest(&out) <= steepest(&plain) + 40);
}

#[test]
fn pauses_are_cut_as_far_as_allowed() {
    let noise = (0..3_000).map(|index| ((index * 7_919) % 41) as i16 - 20);
    let mut pcm = queue_with(noise, 1_440);
    let done = accelerate(&mut pcm, RATE, 700, Likeness(0.99), &loud()).unwrap();
    assert_eq!(
        done,
        Stretched {
            samples: 700,
            in_pause: true
        }
    );
}

#[test]
fn nothing_is_done_with_too_little_sound_or_too_little_to_gain() {
    let mut pcm = queue_with((0..1_500).map(voice), 1_440);
    assert_eq!(
        accelerate(&mut pcm, RATE, 720, Likeness(-1.0), &loud()),
        None
    );
    let mut pcm = queue_with((0..3_000).map(voice), 1_440);
    assert_eq!(
        accelerate(&mut pcm, RATE, 100, Likeness(-1.0), &loud()),
        None
    );
    assert_eq!(
        decelerate(&mut pcm, RATE, 100, Likeness(-1.0), &loud()),
        None
    );
}

#[test]
fn unlike_periods_are_left_alone() {
    let mut state = 1u32;
    let noise = (0..3_000).map(move |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 17) as i16 - 16_384
    });
    let mut pcm = queue_with(noise, 1_440);
    assert_eq!(
        accelerate(&mut pcm, RATE, 720, Likeness(0.8), &loud()),
        None
    );
}

#[test]
fn the_period_is_found_at_every_rate() {
    for rate in [8_000u32, 16_000, 48_000] {
        let period = rate as f32 / 120.0;
        let past: Vec<i16> = (0..rate as usize / 40)
            .map(|i| ((i as f32 / period * std::f32::consts::TAU).sin() * 8_000.0) as i16)
            .collect();
        let found = period_at_end(&past, rate) as f32;
        assert!(
            (found - period).abs() <= period * 0.02 + 1.0,
            "{rate}: {found} for {period}"
        );
    }
}
