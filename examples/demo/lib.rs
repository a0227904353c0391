//! The demonstration: an embedded server, two clients, one call with real speech, and the measure
//! of what arrived; and the office, where ten people use every function. `main.rs` is the program around
//! it. The server's program takes its virtual people, the staff, from here.
#![forbid(unsafe_code)]

mod controls;
mod impairment;
mod office;
mod report;
mod run;
mod similarity;
mod sound;
pub mod speech;
mod staff;
mod stage;

pub use controls::{Control, controls};
pub use impairment::{ParseImpairmentError, parse_impairment};
pub use office::{ConferenceReport, OfficeReport, run_office};
pub use report::{Report, Step};
pub use run::{DemoError, Options, run};
pub use similarity::{compare, similarity};
pub use sound::{Sound, SoundFileError};
pub use staff::{Pace, Staff, StaffError};
