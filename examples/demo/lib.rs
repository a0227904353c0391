//! The demonstration: an embedded server, two clients, one call with real speech, and the measure
//! of what arrived. `main.rs` is the program around it.
#![forbid(unsafe_code)]

mod controls;
mod impairment;
mod report;
mod run;
mod similarity;
mod sound;
pub mod speech;

pub use controls::{Control, controls};
pub use impairment::{ParseImpairmentError, parse_impairment};
pub use report::{Report, Step};
pub use run::{DemoError, Options, run};
pub use similarity::{compare, similarity};
pub use sound::{Sound, SoundFileError};
