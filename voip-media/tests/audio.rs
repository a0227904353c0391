//! Every sound backend that needs no hardware keeps the rules of [`AudioBackend`].
#![allow(clippy::unwrap_used, reason = "a test that can't go on should panic")]

use std::{path::PathBuf, sync::Arc, time::Duration};

use voip_media::{
    AudioBackend, AudioDirection, AudioError, DeviceChoice, DeviceId, LoopbackBackend, NullBackend,
    Script, SplitBackend, WavBackend,
};

const FRAME: usize = 480;

/// A file name under the build's own directory for temporary files.
fn temporary(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name)
}

fn tone() -> Script {
    Script::new().tone(440.0, 8_000, Duration::from_millis(100))
}

fn backends() -> Vec<Arc<dyn AudioBackend>> {
    let loopback = Arc::new(LoopbackBackend::new(tone()));
    vec![
        Arc::new(NullBackend),
        loopback.clone(),
        Arc::new(WavBackend::new().record(temporary("conformance.wav"))),
        Arc::new(SplitBackend {
            capture: loopback,
            playout: Arc::new(NullBackend),
        }),
    ]
}

fn write_wav(name: &str, rate: u32, samples: &[i16]) -> PathBuf {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let path = temporary(name);
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    for sample in samples {
        writer.write_sample(*sample).unwrap();
    }
    writer.finalize().unwrap();
    path
}

fn read_wav(path: &PathBuf) -> Vec<i16> {
    let mut reader = hound::WavReader::open(path).unwrap();
    assert_eq!(reader.spec().sample_rate, 48_000);
    assert_eq!(reader.spec().channels, 1);
    reader.samples().collect::<Result<_, _>>().unwrap()
}

fn capture(backend: &dyn AudioBackend, samples: usize) -> (Vec<i16>, usize) {
    let mut stream = backend.open_capture(&DeviceChoice::Default).unwrap();
    let mut pcm = vec![0; samples];
    let real = pcm.chunks_mut(FRAME).map(|frame| stream.read(frame)).sum();
    (pcm, real)
}

#[test]
fn each_direction_has_one_default_device_and_it_opens() {
    for backend in backends() {
        for direction in [AudioDirection::Capture, AudioDirection::Playout] {
            let devices = backend.devices().unwrap();
            let of_direction: Vec<_> = devices
                .iter()
                .filter(|d| d.direction == direction)
                .collect();
            assert_eq!(of_direction.iter().filter(|d| d.is_default).count(), 1);
            let choice = DeviceChoice::Fixed(of_direction[0].id.clone());
            match direction {
                AudioDirection::Capture => drop(backend.open_capture(&choice).unwrap()),
                AudioDirection::Playout => drop(backend.open_playout(&choice).unwrap()),
            }
        }
    }
}

#[test]
fn a_device_that_is_not_listed_is_not_found() {
    let absent = DeviceChoice::Fixed(DeviceId("absent".to_owned()));
    for backend in backends() {
        let capture = backend.open_capture(&absent).err();
        assert_eq!(capture, Some(AudioError::NotFound(AudioDirection::Capture)));
        let playout = backend.open_playout(&absent).err();
        assert_eq!(playout, Some(AudioError::NotFound(AudioDirection::Playout)));
    }
}

#[test]
fn streams_move_to_the_media_thread_and_outlive_their_backend() {
    for backend in backends() {
        let mut capture = backend.open_capture(&DeviceChoice::Default).unwrap();
        let mut playout = backend.open_playout(&DeviceChoice::Default).unwrap();
        drop(backend);
        let media_thread = std::thread::spawn(move || {
            for _ in 0..20 {
                let mut frame = [7; FRAME];
                let real = capture.read(&mut frame);
                assert!(frame[real..].iter().all(|sample| *sample == 0));
                playout.write(&frame);
            }
            (capture.take_error(), playout.take_error())
        });
        assert_eq!(media_thread.join().unwrap(), (None, None));
    }
}

#[test]
fn a_wav_file_of_any_rate_is_spoken_and_followed_by_silence() {
    for rate in [8_000, 16_000, 44_100, 48_000] {
        let samples = vec![1_000; rate as usize / 10];
        let path = write_wav(&format!("speak-{rate}.wav"), rate, &samples);
        let backend = WavBackend::new().play(&path).unwrap();
        assert_eq!(backend.clip_samples(), 4_800);
        let (pcm, real) = capture(&backend, 9_600);
        assert_eq!(real, 4_800, "{rate} Hz");
        assert!(
            pcm[480..4_320]
                .iter()
                .all(|sample| sample.abs_diff(1_000) < 5)
        );
        assert!(pcm[4_800..].iter().all(|sample| *sample == 0));
    }
}

#[test]
fn a_repeated_wav_file_never_ends() {
    let path = write_wav("repeat.wav", 48_000, &[1, 2, 3]);
    let backend = WavBackend::new().play(&path).unwrap().repeat();
    let (pcm, real) = capture(&backend, 9_600);
    assert_eq!(real, 9_600);
    assert_eq!(pcm[9_597..], [1, 2, 3]);
}

#[test]
fn what_is_played_is_in_the_file_when_the_stream_is_gone() {
    let path = temporary("recorded.wav");
    let backend = WavBackend::new().record(&path);
    let mut playout = backend.open_playout(&DeviceChoice::Default).unwrap();
    let played: Vec<i16> = (0..48_000).map(|n| (n % 30_000) as i16).collect();
    for frame in played.chunks(FRAME) {
        playout.write(frame);
    }
    drop(playout);
    assert_eq!(read_wav(&path), played);
}

#[test]
fn a_recording_of_nothing_is_a_whole_file() {
    let path = temporary("empty.wav");
    drop(
        WavBackend::new()
            .record(&path)
            .open_playout(&DeviceChoice::Default)
            .unwrap(),
    );
    assert!(read_wav(&path).is_empty());
}

#[test]
fn a_recording_that_cannot_be_made_is_named() {
    let backend = WavBackend::new().record("no/such/folder/a.wav");
    let error = backend.open_playout(&DeviceChoice::Default).err().unwrap();
    assert!(
        matches!(&error, AudioError::File { path, .. } if path.ends_with("a.wav")),
        "{error}"
    );
    assert!(WavBackend::new().play("no/such/file.wav").is_err());
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_reported_and_the_call_goes_on() {
    let full = WavBackend::new().record("/dev/full");
    // The header may already fail; else the samples do.
    let Ok(mut playout) = full.open_playout(&DeviceChoice::Default) else {
        return;
    };
    let error = (0..2_000).find_map(|_| {
        playout.write(&[1; FRAME]);
        std::thread::sleep(Duration::from_millis(5));
        playout.take_error()
    });
    assert!(matches!(error, Some(AudioError::File { .. })), "{error:?}");
}

#[test]
fn a_loopback_remembers_what_was_played_once() {
    let backend = LoopbackBackend::new(Script::new());
    let mut playout = backend.open_playout(&DeviceChoice::Default).unwrap();
    playout.write(&[1, 2]);
    playout.write(&[3]);
    assert_eq!(backend.clone().take_played(), [1, 2, 3]);
    assert!(backend.take_played().is_empty());
    playout.write(&[4]);
    drop(playout);
    assert_eq!(backend.take_played(), [4]);
}

#[test]
fn a_script_is_heard_in_order() {
    let script = Script::new()
        .samples(&[5, 6])
        .silence(Duration::from_millis(10))
        .tone(1_000.0, 10_000, Duration::from_millis(10));
    let (pcm, real) = capture(&LoopbackBackend::new(script.clone()), 1_440);
    assert_eq!(real, 962);
    assert_eq!(pcm[..3], [5, 6, 0]);
    assert_eq!(pcm[482..].iter().max(), Some(&10_000));
    let (_, real) = capture(&LoopbackBackend::repeating(script), 4_800);
    assert_eq!(real, 4_800);
}

#[test]
fn a_split_backend_takes_each_direction_from_its_own() {
    let speaker = LoopbackBackend::new(Script::new());
    let backend = SplitBackend {
        capture: Arc::new(LoopbackBackend::new(tone())),
        playout: Arc::new(speaker.clone()),
    };
    let (pcm, real) = capture(&backend, 4_800);
    assert_eq!(real, 4_800);
    let mut playout = backend.open_playout(&DeviceChoice::Default).unwrap();
    playout.write(&pcm);
    assert_eq!(speaker.take_played(), pcm);
}
