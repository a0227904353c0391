use http::Method;
use uc_protocol::ucx::{
    PresenceUpdate, Problem, Profile, SettingsUpdate, VisibilityUpdate, paths::Route,
};

use super::{Ask, Step};
use crate::http::reply::{self, Reply};

/// The session, the state, the presence and what is kept for the user.
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
        (Method::GET, Route::Me) => Box::new(move |exchange, _| exchange.account(&session).into()),
        (Method::PUT, Route::MyVisibility) => {
            let VisibilityUpdate { visibility } = ask.body.decode()?;
            Box::new(move |exchange, _| exchange.set_visibility(&session, visibility).into())
        }
        (Method::PUT, Route::MyProfile) => {
            let profile: Profile = ask.body.decode()?;
            Box::new(move |exchange, _| exchange.set_profile(&session, profile).into())
        }
        (Method::PUT, Route::MySettings) => {
            let update: SettingsUpdate = ask.body.decode()?;
            Box::new(move |exchange, _| exchange.set_settings(&session, update).into())
        }
        (Method::DELETE, Route::MyPhoto) => {
            Box::new(move |exchange, _| exchange.set_photo(&session, None).into())
        }
        (Method::PUT, Route::MyPresence) => {
            let update: PresenceUpdate = ask.body.decode()?;
            Box::new(move |exchange, _| exchange.set_presence(&session, update).into())
        }
        _ => return Err(reply::wrong_method()),
    })
}
