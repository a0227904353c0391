use http::Method;
use uc_protocol::ucx::{ContactDraft, Problem, paths::Route};

use super::{Ask, Step};
use crate::http::reply::{self, Reply};

/// The user's personal contacts.
pub(super) fn step(ask: Ask) -> Result<Step, Problem> {
    let session = ask.session;
    Ok(match (ask.method, ask.route) {
        (Method::GET, Route::Contacts) => {
            Box::new(move |exchange, _| exchange.contacts(&session).into())
        }
        (Method::POST, Route::Contacts) => {
            let draft: ContactDraft = ask.body.decode()?;
            Box::new(move |exchange, _| Reply::made(exchange.add_contact(&session, draft)))
        }
        (Method::PUT, Route::Contact(id)) => {
            let draft: ContactDraft = ask.body.decode()?;
            Box::new(move |exchange, _| exchange.change_contact(&session, &id, draft).into())
        }
        (Method::DELETE, Route::Contact(id)) => {
            Box::new(move |exchange, _| exchange.delete_contact(&session, &id).into())
        }
        _ => return Err(reply::wrong_method()),
    })
}
