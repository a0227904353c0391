//! Which request is which step of the exchange: one module a resource. A new resource is a module
//! here and a line in [`step`].

mod account;
mod calls;
pub(super) mod contact_imports;
mod contacts;
mod conversations;
mod directory;
mod favourites;
mod messages;
mod telephone;

use http::Method;
use uc_protocol::ucx::{Problem, paths::Route};

use super::{
    body::Received,
    reply::{self, Reply},
};
use crate::exchange::{Exchange, Millis, SessionId};

/// A request of a signed-in user, read whole.
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) route: Route,
    pub(super) session: SessionId,
    pub(super) body: Received,
}

/// One step of the exchange, decoded and ready.
pub(super) type Step = Box<dyn FnOnce(&mut Exchange, Millis) -> Reply + Send>;

/// What is asked, or why it can't be understood.
pub(super) fn step(ask: Ask) -> Result<Step, Problem> {
    match ask.route {
        Route::Session
        | Route::Snapshot
        | Route::Me
        | Route::MyPresence
        | Route::MyVisibility
        | Route::MyProfile
        | Route::MySettings
        | Route::MyPhoto => account::step(ask),
        Route::MyCallMe
        | Route::MyForwarding
        | Route::MyDialMethod
        | Route::MyKeys
        | Route::MyKey(_) => telephone::step(ask),
        Route::Directory(_) | Route::DirectoryEntry(_) => directory::step(ask),
        Route::Favourites => favourites::step(ask),
        Route::Messages | Route::ConversationReceived(_) => messages::step(ask),
        Route::Contacts | Route::Contact(_) => contacts::step(ask),
        Route::Calls | Route::Call(_) | Route::CallService(..) | Route::Pickups => calls::step(ask),
        Route::Conversations
        | Route::Conversation(_)
        | Route::ConversationRead(_)
        | Route::ConversationEntry(..) => conversations::step(ask),
        // The rest is answered before.
        _ => Err(reply::wrong_method()),
    }
}
