//! The SDK end to end: real TLS, real UDP, the embedded server, and servers of bad manners.
#![expect(clippy::unwrap_used, reason = "a test that can't go on panics")]

#[cfg(feature = "media")]
mod assigned_phones;
#[cfg(all(feature = "headset", feature = "media"))]
mod buttons;
#[cfg(feature = "media")]
mod cable;
#[cfg(feature = "media")]
mod calls;
mod chat;
mod client;
mod conformance;
mod contacts;
mod conversations;
#[cfg(feature = "media")]
mod desk_phones;
#[cfg(feature = "media")]
mod devices;
mod diagnosis;
mod directories;
#[cfg(feature = "media")]
#[path = "../ear/mod.rs"]
mod ear;
#[cfg(feature = "media")]
mod elsewhere;
mod faults;
mod favourites;
#[cfg(feature = "media")]
mod handover;
#[cfg(feature = "media")]
mod media_faults;
#[cfg(feature = "media")]
mod office;
#[cfg(feature = "media")]
mod outages;
mod party;
mod people;
mod place;
mod profiles;
#[cfg(feature = "media")]
mod recovery;
mod rogue;
#[cfg(feature = "media")]
mod tampering;
mod texts;
mod ucx_bad_servers;
mod ucx_server;
mod wsi;
#[cfg(feature = "media")]
mod yesterday;
