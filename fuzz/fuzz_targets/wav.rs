//! WAV files to speak.
#![no_main]

use libfuzzer_sys::fuzz_target;
use voip_media::WavBackend;

fuzz_target!(|bytes: &[u8]| {
    let file = std::env::temp_dir().join(format!("uc-fuzz-{}.wav", std::process::id()));
    std::fs::write(&file, bytes).expect("there is room for a small file");
    let _ = WavBackend::new().play(&file);
});
