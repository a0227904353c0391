use http::Method;
use uc_protocol::ucx::{Problem, paths::Route};

use super::{Ask, Step};
use crate::http::reply;

/// Searches of the directories.
pub(super) fn step(ask: Ask) -> Result<Step, Problem> {
    Ok(match (ask.method, ask.route) {
        (Method::GET, Route::Directory(query)) => {
            Box::new(move |exchange, _| exchange.search(&query).into())
        }
        _ => return Err(reply::wrong_method()),
    })
}
