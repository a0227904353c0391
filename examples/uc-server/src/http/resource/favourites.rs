use http::Method;
use uc_protocol::ucx::{FavouriteChange, Problem, paths::Route};

use super::{Ask, Step};
use crate::http::reply;

/// The user's favourites.
pub(super) fn step(ask: Ask) -> Result<Step, Problem> {
    let session = ask.session;
    Ok(match (ask.method, ask.route) {
        (Method::GET, Route::Favourites) => {
            Box::new(move |exchange, _| exchange.favourites(&session).into())
        }
        (Method::POST, Route::Favourites) => {
            let change: FavouriteChange = ask.body.decode()?;
            Box::new(move |exchange, _| exchange.change_favourites(&session, change).into())
        }
        _ => return Err(reply::wrong_method()),
    })
}
