use http::Method;
use uc_protocol::ucx::{ConversationList, Problem, paths::Route};

use super::{Ask, Step};
use crate::http::reply;

/// The user's conversations.
pub(super) fn step(ask: Ask) -> Result<Step, Problem> {
    let session = ask.session;
    Ok(match (ask.method, ask.route) {
        (Method::GET, Route::Conversations) => Box::new(move |exchange, _| {
            let snapshot = exchange.snapshot(&session);
            let conversations = snapshot.map(|snapshot| snapshot.conversations);
            conversations
                .map(|conversations| ConversationList { conversations })
                .into()
        }),
        (Method::DELETE, Route::Conversations) => {
            Box::new(move |exchange, _| exchange.delete_conversations(&session).into())
        }
        (Method::DELETE, Route::Conversation(id)) => {
            Box::new(move |exchange, _| exchange.delete_conversation(&session, &id).into())
        }
        (Method::POST, Route::ConversationRead(id)) => {
            Box::new(move |exchange, _| exchange.mark_read(&session, &id).into())
        }
        (Method::DELETE, Route::ConversationEntry(id, entry)) => {
            Box::new(move |exchange, _| exchange.delete_entry(&session, &id, &entry).into())
        }
        _ => return Err(reply::wrong_method()),
    })
}
