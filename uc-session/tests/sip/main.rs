//! Calls over SIP by way of a real server, with sound.
#![cfg(all(feature = "media", feature = "sip"))]
#![expect(clippy::unwrap_used, reason = "a test that can't go on panics")]

mod baresip;
#[path = "../../../examples/voice-bot/bot.rs"]
mod bot;
mod browser;
mod calls;
#[path = "../../../voip-media/tests/browser/chromium.rs"]
mod chromium;
mod conformance;
#[path = "../ear/mod.rs"]
mod ear;
mod kamailio;
mod pages;
mod person;
mod same_source;
mod scripts;
#[cfg(feature = "srv")]
mod servers;
mod sipp;
mod telephones;
mod wait;
