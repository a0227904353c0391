use std::path::Path;

use serde::Serialize;

use crate::{
    Sound, SoundFileError, compare,
    run::{CALLEE, CALLER, recording},
    speech,
};

/// A comparison that must come out badly, to show that the measure can tell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Control {
    /// What was compared.
    pub name: &'static str,
    /// How alike it was.
    pub similarity: f32,
}

/// The negative controls on the recordings of an earlier run in `folder`.
pub fn controls(folder: &Path) -> Result<Vec<Control>, SoundFileError> {
    let heard_by_callee = Sound::read(&recording(folder, CALLEE))?;
    let heard_by_caller = Sound::read(&recording(folder, CALLER))?;
    let silence = Sound {
        rate_hz: heard_by_callee.rate_hz,
        samples: vec![0.0; heard_by_callee.samples.len()],
    };
    let (first, second) = (speech::first(), speech::second());
    let control = |name, said, heard| Control {
        name,
        similarity: compare(said, heard),
    };
    Ok(vec![
        control("silence", &first, &silence),
        control("the other speaker", &second, &first),
        control(
            "swapped: the caller's recording against the caller's own words",
            &first,
            &heard_by_caller,
        ),
        control(
            "swapped: the callee's recording against the callee's own words",
            &second,
            &heard_by_callee,
        ),
    ])
}
