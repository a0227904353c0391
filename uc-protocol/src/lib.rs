//! What crosses the wire between a unified-communications client and its server.
//!
//! [`ucx`] holds the JSON resources of UCX and the rules for its event stream; [`wsi`] the XML and
//! JSON of the vendor's own interface, of which a part is inferred and never met a real system;
//! [`sdp`] checks session descriptions before anybody acts on them. All are pure and serve client and
//! server. [`sip`] holds the messages of SIP, behind the feature of that name.
//! The transport (hyper, rustls, tokio) sits behind the feature `net`.
//!
//! The package is taken by path or git: an unrelated crate of a similar name is in the registry.
#![forbid(unsafe_code)]

pub mod limits;
#[cfg(feature = "net")]
pub mod net;
pub mod sdp;
#[cfg(feature = "sip")]
pub mod sip;
pub mod sse;
pub mod ucx;
pub mod wsi;
mod xml;

pub use xml::XmlError;
