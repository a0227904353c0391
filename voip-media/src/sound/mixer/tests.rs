use super::*;

const FRAME: usize = 480;

fn mixer(parties: usize) -> (Mixer, Vec<PartyId>) {
    let mut mixer = Mixer::new(SampleRate::HZ_48000, parties).unwrap();
    let ids: Vec<PartyId> = (0..parties).map(|_| mixer.add().unwrap()).collect();
    // Everybody has been faded in.
    for id in &ids {
        mixer.put(*id, &[0; FRAME]);
    }
    mixer.advance();
    (mixer, ids)
}

/// A voice of its own for each party: noise from a small generator.
fn voice(party: usize, frame: usize, loudness: i32) -> [i16; FRAME] {
    let mut state = (party as u32 + 1).wrapping_mul(2_654_435_761) + frame as u32 * 97;
    std::array::from_fn(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 16) as i32 % loudness) as i16
    })
}

#[test]
fn each_of_sixteen_hears_exactly_the_others() {
    let (mut mixer, ids) = mixer(16);
    let mut before = [[0_i32; FRAME]; 16];
    for number in 0..20 {
        let voices: Vec<_> = (0..16).map(|party| voice(party, number, 1_500)).collect();
        for (id, voice) in ids.iter().zip(&voices) {
            mixer.put(*id, voice);
        }
        for (listener, id) in ids.iter().enumerate() {
            let mut heard = [0; FRAME];
            mixer.take(*id, &mut heard);
            let mut expected = [0; FRAME];
            for (_, voice) in voices.iter().enumerate().filter(|(n, _)| *n != listener) {
                for (sum, sample) in expected.iter_mut().zip(voice) {
                    *sum += i32::from(*sample);
                }
            }
            // The limiter's millisecond: 48 samples of the frame before come first.
            let delayed = before[listener][FRAME - 48..].iter().chain(&expected);
            for (heard, expected) in heard.iter().zip(delayed) {
                assert_eq!(i32::from(*heard), *expected);
            }
            before[listener] = expected;
        }
        mixer.advance();
    }
}

#[test]
fn a_recording_holds_all_voices() {
    let (mut mixer, ids) = mixer(3);
    for id in &ids {
        mixer.put(*id, &[100; FRAME]);
    }
    let mut all = [0; FRAME];
    mixer.take_all(&mut all);
    assert_eq!(all[48..], [300; FRAME - 48]);
}

#[test]
fn whoever_puts_nothing_is_silent() {
    let (mut mixer, ids) = mixer(2);
    mixer.put(ids[0], &[100; FRAME]);
    mixer.advance();
    let mut heard = [9; FRAME];
    mixer.take(ids[1], &mut heard);
    assert_eq!(heard[48..], [0; FRAME - 48]);
}

#[test]
fn a_second_frame_replaces_the_first() {
    let (mut mixer, ids) = mixer(2);
    mixer.put(ids[0], &[100; FRAME]);
    mixer.put(ids[0], &[7; FRAME]);
    let mut heard = [0; FRAME];
    mixer.take(ids[1], &mut heard);
    assert_eq!(heard[48..], [7; FRAME - 48]);
}

#[test]
fn sixteen_shouting_at_once_are_limited_not_clipped() {
    let (mut mixer, ids) = mixer(16);
    for number in 0..50 {
        for (party, id) in ids.iter().enumerate() {
            mixer.put(*id, &voice(party, number, 32_767));
        }
        for id in &ids {
            let mut heard = [0; FRAME];
            mixer.take(*id, &mut heard);
            let loudest = heard.iter().map(|sample| sample.unsigned_abs()).max();
            assert!(loudest.unwrap() <= 29_204);
        }
        mixer.advance();
    }
}

#[test]
fn a_gain_makes_one_party_louder_or_mute_for_all_others() {
    let (mut mixer, ids) = mixer(3);
    mixer.set_gain(ids[0], Gain::from_db(6.02));
    mixer.set_gain(ids[1], Gain::SILENT);
    for _ in 0..2 {
        mixer.advance();
        mixer.put(ids[0], &[1_000; FRAME]);
        mixer.put(ids[1], &[500; FRAME]);
    }
    let mut heard = [0; FRAME];
    mixer.take(ids[2], &mut heard);
    assert!(heard[48..].iter().all(|sample| sample.abs_diff(2_000) <= 1));
    mixer.take(ids[0], &mut heard);
    assert_eq!(
        heard[48..],
        [0; FRAME - 48],
        "its own voice isn't heard at any gain"
    );
}

#[test]
fn coming_and_muting_make_no_click() {
    let (mut mixer, ids) = mixer(2);
    let newcomer_place = {
        mixer.remove(ids[1]);
        mixer.add().unwrap()
    };
    let mut heard = Vec::new();
    for number in 0..6 {
        if number == 3 {
            mixer.set_gain(newcomer_place, Gain::SILENT);
        }
        mixer.put(newcomer_place, &[10_000; FRAME]);
        let mut frame = [0; FRAME];
        mixer.take(ids[0], &mut frame);
        heard.extend(frame);
        mixer.advance();
    }
    let steps = heard.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
    assert!(steps.max().unwrap() <= 41, "1.5 / 384 of 10,000");
    assert_eq!(heard[1_000], 10_000);
    assert_eq!(heard[6 * FRAME - 1], 0);
}

#[test]
fn a_full_conference_says_so_and_a_place_is_free_again_after_leaving() {
    let (mut mixer, ids) = mixer(16);
    assert_eq!(mixer.add(), Err(MixerFull));
    mixer.put(ids[3], &[100; FRAME]);
    mixer.remove(ids[3]);
    assert_eq!(mixer.len(), 15);
    let newcomer = mixer.add().unwrap();
    let mut heard = [0; FRAME];
    mixer.take(ids[0], &mut heard);
    assert_eq!(heard, [0; FRAME], "what the one that left had put is gone");
    // The old id doesn't speak for the newcomer.
    mixer.put(ids[3], &[100; FRAME]);
    mixer.set_gain(ids[3], Gain::SILENT);
    mixer.remove(ids[3]);
    mixer.take(ids[3], &mut heard);
    assert_eq!((heard, mixer.len()), ([0; FRAME], 16));
    assert_ne!(newcomer, ids[3]);
}

#[test]
fn short_and_long_frames_do_no_harm() {
    let (mut mixer, ids) = mixer(2);
    mixer.put(ids[0], &[5; 100]);
    mixer.put(ids[0], &[5; 1_000]);
    mixer.put(ids[0], &[5; 100]);
    let mut heard = [0; 1_000];
    mixer.take(ids[1], &mut heard);
    assert_eq!((heard[48], heard[147], heard[148]), (5, 5, 0));
    mixer.take(ids[1], &mut []);
}

#[test]
fn rates_without_whole_milliseconds_have_no_mixer() {
    assert!(Mixer::new(SampleRate::HZ_44100, 4).is_none());
    assert!(Mixer::new(SampleRate::HZ_8000, 4).is_some());
}
