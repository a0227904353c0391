use http::Method;
use uc_protocol::ucx::{Problem, paths::Route};

use super::{Ask, Step};
use crate::http::reply;

/// Searches of the directories, and their entries.
pub(super) fn step(ask: Ask) -> Result<Step, Problem> {
    let session = ask.session;
    Ok(match (ask.method, ask.route) {
        (Method::GET, Route::Directory(query)) => {
            Box::new(move |exchange, _| exchange.search(&session, &query).into())
        }
        (Method::GET, Route::DirectoryEntry(id)) => {
            Box::new(move |exchange, _| exchange.contact(&session, &id).into())
        }
        _ => return Err(reply::wrong_method()),
    })
}
