//! The server's end of WSI: which command is which step of the exchange. The same users, calls and
//! presences as over UCX; calls are those of the desk phones.

mod convert;
mod events;
mod polls;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use uc_protocol::{
    ucx::{
        Clear, Describe, Device, Directory, MakeCall, PresenceUpdate, Secret,
        paths::{DirectoryQuery, EventsQuery},
    },
    wsi::{
        Answer, CallService, Command, CommandError, Connection, DeviceState, Done, Login, MadeCall,
        Names, Presence, Presences, Query, QueryError, Refusal, encode_events,
    },
};

pub(crate) use self::polls::Polls;
use crate::{
    exchange::{self, Exchange, Millis, SessionId},
    http::{Body, new_token},
    store::StoreError,
    switchboard::Switchboard,
};

/// The request, where the path is one of WSI.
pub(crate) fn query_of(path: &str) -> Option<Result<Query, QueryError>> {
    match Query::parse(path) {
        Err(QueryError::OtherPath) => None,
        query => Some(query),
    }
}

/// Answers one request. A refusal is an answer like any other: HTTP's status says nothing of it.
pub(crate) async fn handle(
    board: &Arc<Switchboard>,
    method: &Method,
    query: Result<Query, QueryError>,
) -> Response<Body> {
    let (Ok(query), &Method::GET) = (query, method) else {
        return respond(StatusCode::BAD_REQUEST, XML, Vec::new());
    };
    let name = query.command().to_owned();
    let command = match Command::read(&query, &Names::default()) {
        Ok(command) => command,
        Err(CommandError::Unknown) => return respond(StatusCode::NOT_FOUND, XML, Vec::new()),
        Err(error) => {
            let refusal = Refusal::Other(error.to_string());
            return respond(StatusCode::OK, XML, refusal.encode(&name));
        }
    };
    tracing::trace!(command = command.0.name(), "request");
    let kind = match command.0 {
        Command::GetEvents { .. } => JSON,
        _ => XML,
    };
    match answer(board, command, &name).await {
        Ok(body) => respond(StatusCode::OK, kind, body),
        Err(refusal) => {
            tracing::debug!(?refusal, "request refused");
            respond(StatusCode::OK, XML, refusal.encode(&name))
        }
    }
}

async fn answer(
    board: &Arc<Switchboard>,
    (command, id): (Command, Option<Secret>),
    name: &str,
) -> Result<Vec<u8>, Refusal> {
    if let Command::Login { user, password } = command {
        return Ok(sign_in(board, &user, password)
            .await?
            .encode(name, &names()));
    }
    let session = session_of(&id.ok_or(Refusal::NotLoggedIn)?);
    board
        .look(|exchange, now| exchange.touch(&session, now))
        .map_err(convert::refusal)?;
    match command {
        Command::Logout => {
            board.polls.end(&session);
            let ended = session.clone();
            let step = move |exchange: &mut Exchange, now| exchange.sign_out(&ended, now);
            board.perform(step).await.map_err(unavailable)?;
            Ok(Done.encode(name, &names()))
        }
        Command::EventStart { device } => {
            own_device(board, &session, &device)?;
            let own = board.look(|exchange, _| is_own_number(exchange, &session, &device))?;
            let query = EventsQuery {
                calls: false,
                phone: (!own).then(|| device.clone()),
            };
            let subscription = board
                .subscribe(&session, None, &query)
                .map_err(convert::refusal)?;
            board.polls.begin(&session, subscription);
            Ok(Done.encode(name, &names()))
        }
        Command::EventStop { device } => {
            own_device(board, &session, &device)?;
            board.polls.end(&session);
            Ok(Done.encode(name, &names()))
        }
        Command::GetEvents { device } => {
            own_device(board, &session, &device)?;
            let events = board.polls.wait(&session, &device, POLL).await?;
            // Somebody who has waited so long is still there.
            let _ = board.look(|exchange, now| exchange.touch(&session, now));
            Ok(encode_events(&events, &names()))
        }
        Command::GetServerParam => Ok(Done.encode(name, &names())),
        command => {
            let step = step(command, session, name.to_owned());
            board.perform(step).await.map_err(unavailable)?
        }
    }
}

async fn sign_in(board: &Switchboard, user: &str, password: Secret) -> Result<Login, Refusal> {
    let id = Secret(new_token());
    let session = session_of(&id);
    let signed_in = board.sign_in(user, password, session.clone()).await;
    let entered = signed_in.map_err(unavailable)?.map_err(convert::refusal)?;
    if entered.must_change_password {
        let step = move |exchange: &mut Exchange, now| exchange.sign_out(&session, now);
        board.perform(step).await.map_err(unavailable)?;
        return Err(convert::refusal(exchange::Refusal::PasswordChangeRequired));
    }
    Ok(Login {
        session: id,
        count: 1,
        version: convert::version(&board.hello),
    })
}

/// What takes no waiting.
fn step(
    command: Command,
    session: SessionId,
    name: String,
) -> impl FnOnce(&mut Exchange, Millis) -> Result<Vec<u8>, Refusal> {
    move |exchange, now| {
        let session = &session;
        match command {
            Command::MakeCall { from, to } => {
                let made = make_call(exchange, session, &from, to, now)?;
                Ok(made.encode(&name, &names()))
            }
            Command::Call {
                service,
                connection,
            } => {
                serve(exchange, session, service, &connection, now)?;
                Ok(Done.encode(&name, &names()))
            }
            Command::GetDeviceState { device } => {
                let state = device_state(exchange, session, &device)?;
                Ok(state.encode(&name, &names()))
            }
            Command::SetPresence { user, presence } => {
                set_presence(exchange, session, &user, presence)?;
                Ok(Done.encode(&name, &names()))
            }
            Command::GetPresence => {
                let snapshot = exchange.snapshot(session).map_err(convert::refusal)?;
                let people = snapshot.presences.iter().filter_map(convert::person);
                let people = people.collect();
                Ok(Presences { people }.encode(&name, &names()))
            }
            Command::SearchBook { text, limit } => {
                let query = DirectoryQuery {
                    q: text,
                    limit: Some(limit),
                    directory: Some(Directory::Internal),
                };
                let found = exchange.search(session, &query).map_err(convert::refusal)?;
                Ok(convert::book(found).encode(&name, &names()))
            }
            _ => Err(Refusal::Other(CommandError::NotServed.to_string())),
        }
    }
}

fn make_call(
    exchange: &mut Exchange,
    session: &SessionId,
    from: &str,
    to: String,
    now: Millis,
) -> Result<MadeCall, Refusal> {
    is_own(exchange, session, from)?;
    let request = MakeCall {
        to,
        device: Device::DeskPhone,
        description: None,
    };
    let call = exchange.make_call(session, request, now);
    Ok(MadeCall {
        call: Some(call.map_err(convert::refusal)?.id),
    })
}

fn serve(
    exchange: &mut Exchange,
    session: &SessionId,
    service: CallService,
    connection: &Connection,
    now: Millis,
) -> Result<(), Refusal> {
    is_own(exchange, session, &connection.device)?;
    let id = &connection.call;
    let at_desk = exchange.call(session, id).map_err(convert::refusal)?.device;
    if at_desk != Device::DeskPhone {
        return Err(convert::refusal(exchange::Refusal::NotFound));
    }
    let served = match service {
        CallService::Answer => exchange.answer(session, id, Describe { description: None }, now),
        CallService::Clear => exchange.clear(session, id, &Clear::default(), now),
        CallService::Hold => exchange.hold(session, id),
        CallService::Retrieve => exchange.retrieve(session, id),
        _ => return Err(Refusal::Other(CommandError::NotServed.to_string())),
    };
    served.map(drop).map_err(convert::refusal)
}

fn device_state(
    exchange: &Exchange,
    session: &SessionId,
    device: &str,
) -> Result<DeviceState, Refusal> {
    is_own(exchange, session, device)?;
    let snapshot = exchange.snapshot(session).map_err(convert::refusal)?;
    let at_desk = snapshot.calls.into_iter();
    let at_desk = at_desk.filter(|call| call.device == Device::DeskPhone);
    Ok(DeviceState {
        calls: at_desk.map(|call| convert::call(call, device)).collect(),
    })
}

fn set_presence(
    exchange: &mut Exchange,
    session: &SessionId,
    user: &str,
    presence: Presence,
) -> Result<(), Refusal> {
    let snapshot = exchange.snapshot(session).map_err(convert::refusal)?;
    if snapshot.me.user != user {
        return Err(Refusal::Other("no such user".to_owned()));
    }
    let update = PresenceUpdate {
        state: convert::state(presence),
        until: None,
        note: None,
    };
    let set = exchange.set_presence(session, update);
    set.map(drop).map_err(convert::refusal)
}

/// A client sees and moves its own device only: its user's number, or one of the telephones that share
/// it.
fn is_own(exchange: &Exchange, session: &SessionId, device: &str) -> Result<(), Refusal> {
    let own = is_own_number(exchange, session, device)?;
    let own = own || exchange.has_assigned(session, device);
    own.then_some(()).ok_or(Refusal::NotMonitored)
}

fn is_own_number(exchange: &Exchange, session: &SessionId, device: &str) -> Result<bool, Refusal> {
    let own = exchange.extension(session).map_err(convert::refusal)?;
    Ok(own == device)
}

fn own_device(board: &Switchboard, session: &SessionId, device: &str) -> Result<(), Refusal> {
    board.look(|exchange, _| is_own(exchange, session, device))
}

/// WSI's sessions are no tokens of UCX.
fn session_of(id: &Secret) -> SessionId {
    SessionId::of_token(&format!("wsi {}", id.0))
}

fn unavailable(_: StoreError) -> Refusal {
    Refusal::Other("the server can't store changes now".to_owned())
}

fn names() -> Names {
    Names::default()
}

fn respond(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Full::new(Bytes::from(body)).boxed_unsync());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

const XML: &str = "text/xml; charset=utf-8";
const JSON: &str = "application/json";
/// How long a poll waits for an event: shorter than the silence after which a client probes.
const POLL: Duration = Duration::from_secs(uc_protocol::limits::HEARTBEAT_S);
