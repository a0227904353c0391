use http::Method;
use uc_protocol::ucx::{
    Candidates, Clear, Deflect, Describe, DirectedPickup, HeldCall, MakeCall, NewDestination,
    Problem,
    paths::{CallService, Route},
};

use super::{Ask, Step};
use crate::{
    exchange::SessionId,
    http::{
        body::Received,
        reply::{self, Reply},
    },
};

/// The user's calls.
pub(super) fn step(ask: Ask) -> Result<Step, Problem> {
    let session = ask.session;
    Ok(match (ask.method, ask.route) {
        (Method::POST, Route::Calls) => {
            let request: MakeCall = ask.body.decode()?;
            Box::new(move |exchange, now| Reply::made(exchange.make_call(&session, request, now)))
        }
        (Method::POST, Route::Pickups) => {
            let request: DirectedPickup = ask.body.decode()?;
            Box::new(move |exchange, now| Reply::made(exchange.pick_up(&session, &request, now)))
        }
        (Method::GET, Route::Call(id)) => {
            Box::new(move |exchange, _| exchange.call(&session, &id).into())
        }
        (Method::POST, Route::CallService(id, service)) => {
            return service_step(session, id, service, &ask.body);
        }
        _ => return Err(reply::wrong_method()),
    })
}

fn service_step(
    session: SessionId,
    id: String,
    service: CallService,
    body: &Received,
) -> Result<Step, Problem> {
    Ok(match service {
        CallService::Answer => {
            let request: Describe = body.decode()?;
            Box::new(move |exchange, now| exchange.answer(&session, &id, request, now).into())
        }
        CallService::Clear => {
            let request: Clear = body.decode_or_default()?;
            Box::new(move |exchange, now| exchange.clear(&session, &id, &request, now).into())
        }
        CallService::Hold => Box::new(move |exchange, _| exchange.hold(&session, &id).into()),
        CallService::Retrieve => {
            Box::new(move |exchange, _| exchange.retrieve(&session, &id).into())
        }
        CallService::Deflect => {
            let to: Deflect = body.decode()?;
            Box::new(move |exchange, now| exchange.deflect(&session, &id, &to, now).into())
        }
        CallService::SingleStepTransfer => {
            let to: NewDestination = body.decode()?;
            Box::new(move |exchange, now| {
                let transferred = exchange.single_step_transfer(&session, &id, &to, now);
                transferred.into()
            })
        }
        CallService::Consult => {
            let request: MakeCall = body.decode()?;
            Box::new(move |exchange, now| {
                Reply::made(exchange.consult(&session, &id, request, now))
            })
        }
        CallService::Alternate => {
            let held: HeldCall = body.decode()?;
            Box::new(move |exchange, _| exchange.alternate(&session, &id, &held).into())
        }
        CallService::Reconnect => {
            let held: HeldCall = body.decode()?;
            Box::new(move |exchange, now| exchange.reconnect(&session, &id, &held, now).into())
        }
        CallService::Transfer => {
            let held: HeldCall = body.decode()?;
            Box::new(move |exchange, now| exchange.transfer(&session, &id, &held, now).into())
        }
        CallService::Conference => {
            let held: HeldCall = body.decode()?;
            Box::new(move |exchange, now| exchange.conference(&session, &id, &held, now).into())
        }
        CallService::Description => {
            let request: Describe = body.decode()?;
            Box::new(move |exchange, _| exchange.describe(&session, &id, request).into())
        }
        CallService::Candidates => {
            let request: Candidates = body.decode()?;
            Box::new(
                move |exchange, _| match exchange.trickle(&session, &id, request) {
                    Ok(()) => Reply::empty(),
                    Err(refusal) => Reply::problem(&refusal.problem()),
                },
            )
        }
        CallService::Confirm => Box::new(move |exchange, _| exchange.confirm(&session, &id).into()),
        _ => return Err(reply::wrong_method()),
    })
}
