//! What sound costs between codecs and devices, for 10 ms: a conference of 16 beside the naive mix that adds
//! up all others for each, conversion of rates, the DTMF detector.

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use voip_media::{DtmfDetector, FrameResampler, Limiter, Mixer, PartyId, Resampler, SampleRate};

const RATE: SampleRate = SampleRate::HZ_48000;
const FRAME: usize = 480;
const PARTIES: usize = 16;

/// A voice of its own for each: noise, mostly soft enough not to be limited.
fn voice(party: usize, samples: usize) -> Vec<i16> {
    let mut state = party as u32 + 1;
    (0..samples)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((state >> 16) as i32 % 1_500) as i16
        })
        .collect()
}

fn conference(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mixer/conference-10ms");
    for parties in [4, 8, PARTIES] {
        let voices: Vec<_> = (0..parties).map(|party| voice(party, FRAME)).collect();
        let mut mixer = Mixer::new(RATE, parties).expect("48 kHz has whole milliseconds");
        let ids: Vec<PartyId> = (0..parties).flat_map(|_| mixer.add()).collect();
        group.bench_function(BenchmarkId::new("minus-one", parties), |bencher| {
            let mut heard = [0; FRAME];
            bencher.iter(|| {
                for (id, voice) in ids.iter().zip(&voices) {
                    mixer.put(*id, voice);
                }
                for id in &ids {
                    mixer.take(*id, &mut heard);
                }
                mixer.advance();
                heard[0]
            });
        });
        let mut limiters: Vec<Limiter> = (0..parties).flat_map(|_| Limiter::new(RATE)).collect();
        group.bench_function(BenchmarkId::new("naive", parties), |bencher| {
            let mut heard = [0; FRAME];
            bencher.iter(|| {
                for (listener, limiter) in limiters.iter_mut().enumerate() {
                    limiter.process(&others(&voices, listener), &mut heard);
                }
                heard[0]
            });
        });
    }
}

fn others(voices: &[Vec<i16>], listener: usize) -> [i32; FRAME] {
    let mut sum = [0; FRAME];
    for (_, voice) in voices.iter().enumerate().filter(|(n, _)| *n != listener) {
        for (sum, sample) in sum.iter_mut().zip(voice) {
            *sum += i32::from(*sample);
        }
    }
    sum
}

fn resample(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mixer/resample-10ms");
    for (from, to) in [
        (SampleRate::HZ_8000, RATE),
        (RATE, SampleRate::HZ_8000),
        (SampleRate::HZ_16000, RATE),
        (RATE, SampleRate::HZ_16000),
        (SampleRate::HZ_44100, RATE),
    ] {
        let input = voice(1, from.hz() as usize / 100);
        let mut output = vec![0; to.hz() as usize / 100];
        let name = format!("{}-to-{}", from.hz(), to.hz());
        let mut resampler = FrameResampler::new(from, to).expect("10 ms are whole samples");
        group.bench_function(BenchmarkId::new("frames", &name), |bencher| {
            bencher.iter(|| resampler.process(&input, &mut output));
        });
        let mut resampler = Resampler::new(from, to);
        resampler.set_speed(1.000_1);
        let mut source = input.iter().copied().cycle();
        group.bench_function(BenchmarkId::new("steered", &name), |bencher| {
            bencher.iter(|| resampler.process(|| source.next(), &mut output));
        });
    }
}

fn dtmf(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mixer/dtmf-detector-10ms");
    for rate in [SampleRate::HZ_8000, RATE] {
        let frame = voice(1, rate.hz() as usize / 100);
        let mut detector = DtmfDetector::new(rate).expect("the rate has whole pieces of 5 ms");
        group.bench_function(BenchmarkId::from_parameter(rate.hz()), |bencher| {
            bencher.iter(|| {
                detector.handle(&frame);
                detector.poll_event()
            });
        });
    }
}

criterion_group!(benches, conference, resample, dtmf);
criterion_main!(benches);
