//! WSI: the web services interface that OpenScape Business publishes, as far as public sources
//! tell of it. XML over `GET`, events as JSON by a long poll.
//!
//! **No real system was at hand.** What public traces and working scripts prove is fixed in code and
//! held by the transcripts in `uc-protocol/wsi-transcripts.txt`, byte for byte. Everything else
//! follows ECMA-323 (CSTA XML) and was never seen on a wire: each such name stands in one table,
//! [`Names`], which an application can override where its system says otherwise.
//!
//! ```
//! use uc_protocol::wsi::{Answer, Command, Login, Names};
//!
//! let names = Names::default();
//! let query = Command::GetServerParam.query(&names, None);
//! assert_eq!(query.path(), "/cgi-bin/gadgetapi?cmd=GetServerParam");
//!
//! let answer = b"<LOGIN><ID>0</ID><ERROR>1</ERROR></LOGIN>";
//! let refused = Login::decode("Login", answer, &names)?;
//! assert!(refused.is_err());
//! # Ok::<(), uc_protocol::wsi::WsiError>(())
//! ```
//!
//! Pure and shared by client and server. The password stands in the query of a [`Command::Login`]
//! and the session in every other one, so `Debug` of commands and queries shows names only.

mod answer;
mod command;
mod document;
mod error;
mod event;
mod exercise;
mod names;
mod presence;
mod query;

pub use answer::{Answer, CallFailure, Done, Login, MadeCall, Refusal, Version};
pub use command::{CallService, Command, CommandError, Connection};
pub use document::{
    BookEntry, BookNumber, BookNumberKind, DeviceCall, DeviceState, PersonPresence, PhoneBook,
    Presences,
};
pub use error::WsiError;
pub use event::{CallEvent, CallEventKind, Event, Hook, decode_events, encode_events};
#[doc(hidden)]
pub use exercise::{exercise_answers, exercise_events, exercise_query};
pub use names::{Name, Names};
pub use presence::Presence;
pub use query::{Query, QueryError};

#[cfg(test)]
mod tests;
