//! The sound of calls by `voip-media`: a [`MediaEngine`](crate::port::MediaEngine) over its engine.

mod builder;
mod engine;
mod session;
mod translate;

pub use engine::VoipEngine;
