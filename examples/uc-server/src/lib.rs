//! An embedded UC server for demos and tests: users, presence, directory and call routing over
//! UCX and WSI. Never a telephone system to sell.
//!
//! ```no_run
//! # async fn demo() -> Result<(), uc_server::StartError> {
//! let server = uc_server::Server::builder().start().await?;
//! println!("sign in as 330 with the password demo-330 at https://{}", server.address());
//! server.stop().await;
//! # Ok(())
//! # }
//! ```
//!
//! Inside: `exchange` is the sans-IO core with all rules; `store` makes its changes durable and
//! tells the subscribers; `http` and `wsi` turn requests into steps of the core. The sound of a call between
//! two clients never passes through the server; `sound` makes that of calls that end here. It runs on
//! the caller's tokio runtime, one thread for the store, and one for sound while there is any.
#![forbid(unsafe_code)]

mod attendance;
mod certificate;
mod company;
mod connection;
mod exchange;
mod fault;
mod http;
mod password;
mod server;
mod sound;
mod sounding;
mod store;
mod switchboard;
mod system;
mod wsi;

pub use attendance::Attendance;
pub use certificate::{Certificate, CertificateError};
pub use company::{Company, CompanyError, User};
#[doc(hidden)]
pub use http::exercise_requests;
pub use server::{RunningServer, Server, StartError, Storage};
pub use sound::{
    Announcement, EndpointRole, PhoneVoice, Recording, ReturnTime, SoundConfig, SoundError,
    SoundEvent, Sounds,
};
pub use store::StoreError;
pub use uc_protocol::ucx::{Configuration, Mode};
