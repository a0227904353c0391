use std::sync::Arc;

use tokio::sync::broadcast::{self, error::RecvError};
use uc_model::{
    CallId, ChatMessage, ContactId, Conversation, ConversationId, KnownContact, LineState,
    PhoneNumber, Presence, Redacted, UserId,
};

use crate::{
    cache::CacheError,
    port::{Certificate, MediaError, ServerAddress, SoundChange},
    view::{CallStatus, LostReason},
};

/// What happened. The state after it is in [`Client::view`](crate::Client::view).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The connection is lost; the client restores it by itself.
    ConnectionLost {
        /// Why.
        reason: LostReason,
    },
    /// The connection is back and the view is current; what changed meanwhile was told before.
    ConnectionRestored,
    /// Somebody's presence has changed.
    Presence {
        /// Whose.
        user: UserId,
        /// What it is now.
        presence: Presence,
    },
    /// A colleague's telephone does something else (PRES-6).
    Line {
        /// Whose.
        user: UserId,
        /// What it does.
        line: LineState,
    },
    /// Somebody's presence isn't known any more.
    PresenceGone(UserId),
    /// What the server keeps for the user is different: see
    /// [`View::account`](crate::View::account).
    Account,
    /// A call rings here.
    CallRinging(Arc<CallStatus>),
    /// A call is new or has changed.
    CallChanged(Arc<CallStatus>),
    /// A call is over; `call.cause` says why.
    CallEnded(Arc<CallStatus>),
    /// A sound device has come or gone, or another one is used; with or without calls.
    SoundChanged(SoundChange),
    /// A sound device of a call is gone or back; the call goes on.
    SoundDevice {
        /// Which call.
        call: CallId,
        /// What happened.
        error: MediaError,
    },
    /// The far end of a call has pressed a key (CALL-8).
    Digit {
        /// Which call.
        call: CallId,
        /// The key: `0` to `9`, `*`, `#`, `A` to `D`.
        digit: Redacted<char>,
    },
    /// A conversation is new or has changed.
    Conversation(Arc<Conversation>),
    /// A conversation is gone.
    ConversationDeleted(ConversationId),
    /// A contact that the client keeps is new or has changed.
    Contact(Arc<KnownContact>),
    /// A contact that the client keeps is gone.
    ContactDeleted(ContactId),
    /// The favourites are others.
    Favourites,
    /// An own message has come further, or has failed: it waits, is on its way, or the server has
    /// it, and it stands in its conversation from then on.
    Message {
        /// The number it is for.
        to: PhoneNumber,
        /// The message.
        message: ChatMessage,
    },
    /// An address answered with a certificate nobody has accepted; the other address was used.
    CertificateStranger {
        /// Where.
        address: ServerAddress,
        /// The certificate.
        certificate: Certificate,
    },
    /// What was kept of the last session can't be shown, or what is known can't be kept for the
    /// next. Told once for each series of failures; the client works all the same.
    CacheFailed(CacheError),
    /// An event of the server could not be read and was dropped.
    Undecodable {
        /// How many so far.
        total: u64,
    },
    /// The server has ended the session and the kept password didn't help: sign in again. The
    /// client is closed.
    SessionEnded,
    /// This subscription was too slow and has lost this many events: start again from
    /// [`Client::view`](crate::Client::view).
    Lagged(u64),
}

/// A subscription to a client's events; see [`Client::events`](crate::Client::events).
#[derive(Debug)]
pub struct Events(pub(crate) broadcast::Receiver<Event>);

impl Events {
    /// The next event; `None` once the client is closed and every event was read. Dropping the
    /// future loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        match self.0.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(lost)) => Some(Event::Lagged(lost)),
            Err(RecvError::Closed) => None,
        }
    }
}
