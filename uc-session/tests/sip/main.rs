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
#[path = "../../../voip-media/tests/session/namespace.rs"]
#[cfg(target_os = "linux")]
mod namespace;
#[cfg(target_os = "linux")]
mod network;
mod pages;
mod person;
mod same_source;
mod scripts;
#[cfg(feature = "srv")]
mod servers;
#[expect(dead_code, reason = "the bench uses more of it")]
mod sipp;
mod telephones;
mod wait;
