use http::Method;
use uc_protocol::ucx::{Problem, SendMessage, paths::Route};

use super::{Ask, Step};
use crate::http::reply;

/// Instant messages.
pub(super) fn step(ask: Ask) -> Result<Step, Problem> {
    let session = ask.session;
    Ok(match (ask.method, ask.route) {
        (Method::POST, Route::Messages) => {
            let message: SendMessage = ask.body.decode()?;
            Box::new(move |exchange, now| exchange.send_message(&session, message, now).into())
        }
        (Method::POST, Route::ConversationReceived(id)) => {
            Box::new(move |exchange, _| exchange.confirm_messages(&session, &id).into())
        }
        _ => return Err(reply::wrong_method()),
    })
}
