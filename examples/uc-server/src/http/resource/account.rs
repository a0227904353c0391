use http::Method;
use uc_protocol::ucx::{PresenceUpdate, Problem, paths::Route};

use super::{Ask, Step};
use crate::http::reply::{self, Reply};

/// The session, the state and the presence of the user.
pub(super) fn step(ask: Ask) -> Result<Step, Problem> {
    let session = ask.session;
    Ok(match (ask.method, ask.route) {
        (Method::DELETE, Route::Session) => Box::new(move |exchange, now| {
            exchange.sign_out(&session, now);
            Reply::empty()
        }),
        (Method::GET, Route::Snapshot) => {
            Box::new(move |exchange, _| exchange.snapshot(&session).into())
        }
        (Method::PUT, Route::MyPresence) => {
            let update: PresenceUpdate = ask.body.decode()?;
            Box::new(move |exchange, _| exchange.set_presence(&session, update).into())
        }
        _ => return Err(reply::wrong_method()),
    })
}
