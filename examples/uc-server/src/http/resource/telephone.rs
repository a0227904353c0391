use http::Method;
use uc_protocol::ucx::{
    CallMeUpdate, DialMethodUpdate, ForwardingEntry, FunctionKey, Problem, paths::Route,
};

use super::{Ask, Step};
use crate::http::reply;

/// Where the user's calls go, how the user dials, and the keys of the desk phone.
pub(super) fn step(ask: Ask) -> Result<Step, Problem> {
    let session = ask.session;
    Ok(match (ask.method, ask.route) {
        (Method::PUT, Route::MyCallMe) => {
            let update: CallMeUpdate = ask.body.decode()?;
            Box::new(move |exchange, _| exchange.set_call_me(&session, &update).into())
        }
        (Method::PUT, Route::MyForwarding) => {
            let entry: ForwardingEntry = ask.body.decode()?;
            Box::new(move |exchange, _| exchange.set_forwarding(&session, &entry).into())
        }
        (Method::PUT, Route::MyDialMethod) => {
            let update: DialMethodUpdate = ask.body.decode()?;
            Box::new(move |exchange, _| exchange.set_dial_method(&session, update).into())
        }
        (Method::GET, Route::MyKeys) => {
            Box::new(move |exchange, _| exchange.function_keys(&session).into())
        }
        (Method::PUT, Route::MyKey(number)) => {
            let key: FunctionKey = ask.body.decode()?;
            Box::new(move |exchange, _| exchange.program_key(&session, number, key).into())
        }
        _ => return Err(reply::wrong_method()),
    })
}
