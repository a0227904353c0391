//! The SDK end to end: real TLS, real UDP, the embedded server, and servers of bad manners.

mod party;
mod place;
mod rogue;
mod ucx_bad_servers;
mod ucx_server;
