//! UCX over HTTP/1.1: which request is which step of the exchange.

mod body;
mod events;
mod exercise;
mod reply;
mod resource;

use std::sync::Arc;

use http::{Method, Request, Response, header};
use hyper::body::Incoming;
use ring::digest;
use uc_model::{Photo, PhotoError};
use uc_protocol::{
    limits::{MAX_BODY_BYTES, MAX_FILE_BYTES},
    ucx::{
        EventId, PasswordUpdate, Problem, ProblemType, Resource, Secret, Session, SignIn,
        paths::{EventsQuery, Route},
    },
};

use crate::{
    exchange::{Answer, Exchange, Refusal, SessionId},
    switchboard::Switchboard,
    wsi,
};
use body::read;
pub use exercise::exercise_requests;
pub(crate) use reply::Body;
use reply::Reply;
use resource::{Ask, Step};

/// Answers one request. Whatever is wrong with it, there is an answer.
pub(crate) async fn handle(
    board: Arc<Switchboard>,
    mut request: Request<Incoming>,
) -> Response<Body> {
    board.faults.delay().await;
    let answered = answer(&board, &mut request).await;
    body::drain(request).await;
    answered.unwrap_or_else(|problem| {
        tracing::debug!(kind = ?problem.kind, "request refused");
        Reply::problem(&problem).into_response()
    })
}

async fn answer(
    board: &Arc<Switchboard>,
    request: &mut Request<Incoming>,
) -> Result<Response<Body>, Problem> {
    let path = request.uri().path_and_query().map_or("", |p| p.as_str());
    if let Some(query) = wsi::query_of(path) {
        return Ok(wsi::handle(board, request.method(), query).await);
    }
    if board.hello.ucx.is_empty() {
        return Err(reply::plain(ProblemType::NotFound));
    }
    let route = Route::parse(path).ok_or_else(|| reply::plain(ProblemType::NotFound))?;
    tracing::trace!(method = %request.method(), "request");
    let mut allowed = route.allow().split(", ");
    if !allowed.any(|method| method == request.method().as_str()) {
        return Ok(reply::not_allowed(route.allow()));
    }
    match (request.method(), route) {
        (&Method::GET, Route::Hello) => Ok(Reply::ok(&board.hello).into_response()),
        (&Method::POST, Route::Session) => sign_in(board, request).await,
        (&Method::PUT, Route::MyPassword) => change_password(board, request).await,
        (&Method::DELETE, Route::Session) => {
            let session = identify(board, request)?;
            serve(board, session, Route::Session, request).await
        }
        (&Method::PUT, Route::MyPhoto) => {
            let session = authorize(board, request)?;
            set_photo(board, session, request).await
        }
        (&Method::GET, Route::UserPhoto(user)) => {
            let session = authorize(board, request)?;
            photo(board, &session, &user, request)
        }
        (&Method::GET, Route::Events(query)) => {
            let session = authorize(board, request)?;
            subscribe(board, &session, &query, request)
        }
        (_, route) => {
            let session = authorize(board, request)?;
            serve(board, session, route, request).await
        }
    }
}

/// The session of the bearer token, unless its user has to change the password first.
fn authorize(board: &Switchboard, request: &Request<Incoming>) -> Result<SessionId, Problem> {
    let session = identify(board, request)?;
    board
        .look(|exchange, now| exchange.admit(&session, now))
        .map_err(Refusal::problem)?;
    Ok(session)
}

/// The session of the bearer token (RFC 6750 §2.1).
fn identify(board: &Switchboard, request: &Request<Incoming>) -> Result<SessionId, Problem> {
    let header = request.headers().get(header::AUTHORIZATION);
    let token = header
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or_else(|| reply::plain(ProblemType::NotSignedIn))?;
    let session = SessionId::of_token(token);
    board
        .look(|exchange, now| exchange.touch(&session, now))
        .map_err(|refusal| refusal.problem())?;
    Ok(session)
}

async fn sign_in(
    board: &Switchboard,
    request: &mut Request<Incoming>,
) -> Result<Response<Body>, Problem> {
    let request: SignIn = read(request.body_mut(), MAX_BODY_BYTES).await?.decode()?;
    let token = new_token();
    let session = SessionId::of_token(&token);
    let entered = board
        .sign_in(&request.user, request.password, session)
        .await
        .map_err(|_| reply::plain(ProblemType::Unavailable))?
        .map_err(|refusal| refusal.problem())?;
    let session = Session {
        session: Secret(token),
        me: entered.me,
        must_change_password: entered.must_change_password,
        missing_licences: entered.missing_licences,
        phone: Some(entered.phone),
        assigned_phones: entered.assigned_phones,
    };
    Ok(Reply::new(201, &session).into_response())
}

async fn change_password(
    board: &Switchboard,
    request: &mut Request<Incoming>,
) -> Result<Response<Body>, Problem> {
    let session = identify(board, request)?;
    let update: PasswordUpdate = read(request.body_mut(), MAX_BODY_BYTES).await?.decode()?;
    board
        .change_password(&session, update)
        .await
        .map_err(|_| reply::plain(ProblemType::Unavailable))?
        .map_err(Refusal::problem)?;
    Ok(Reply::empty().into_response())
}

/// The file is looked at by the model's rule, away from the threads that serve others.
async fn set_photo(
    board: &Switchboard,
    session: SessionId,
    request: &mut Request<Incoming>,
) -> Result<Response<Body>, Problem> {
    let file = read(request.body_mut(), MAX_BODY_BYTES).await?;
    let photo = tokio::task::spawn_blocking(move || Photo::from_file(file.bytes()));
    let photo = photo.await.unwrap_or(Err(PhotoError::Damaged));
    let photo = photo.map_err(|error| Refusal::from(error).problem())?;
    let step = move |exchange: &mut Exchange, _| exchange.set_photo(&session, Some(&photo)).into();
    perform(board, Box::new(step)).await
}

fn photo(
    board: &Switchboard,
    session: &SessionId,
    user: &str,
    request: &Request<Incoming>,
) -> Result<Response<Body>, Problem> {
    let found = board.look(|exchange, _| exchange.photo(session, user));
    let (rev, file) = found.map_err(Refusal::problem)?;
    let known = request.headers().get(header::IF_NONE_MATCH);
    let known = known.is_some_and(|known| known.as_bytes() == format!("\"{rev}\"").as_bytes());
    Ok(reply::png(rev, (!known).then_some(&file)))
}

fn subscribe(
    board: &Arc<Switchboard>,
    session: &SessionId,
    query: &EventsQuery,
    request: &Request<Incoming>,
) -> Result<Response<Body>, Problem> {
    let last = request.headers().get("last-event-id");
    // What is no event id is answered like an id of an unknown epoch: with a reset.
    let last: Option<EventId> = last.map(|value| {
        let id = value.to_str().ok().and_then(|text| text.parse().ok());
        id.unwrap_or_else(|| EventId {
            epoch: "".into(),
            number: 0,
        })
    });
    let subscription = board
        .subscribe(session, last.as_ref(), query)
        .map_err(|refusal| refusal.problem())?;
    Ok(events::respond(subscription))
}

/// Anything else of a signed-in user. What changes something and has an `Idempotency-Key` is
/// answered once.
async fn serve(
    board: &Switchboard,
    session: SessionId,
    route: Route,
    request: &mut Request<Incoming>,
) -> Result<Response<Body>, Problem> {
    let method = request.method().clone();
    let key = match method {
        Method::GET => None,
        _ => idempotency_key(request)?,
    };
    let most = match route {
        Route::ContactImports(_) => MAX_FILE_BYTES,
        _ => MAX_BODY_BYTES,
    };
    let body = read(request.body_mut(), most).await?;
    let keyed = key.map(|key| (key, fingerprint(&method, &route, body.bytes())));
    let owner = session.clone();
    let ask = Ask {
        method,
        route,
        session,
        body,
    };
    let step = match ask.route {
        Route::ContactImports(format) => {
            let plan = board.look(|exchange, _| exchange.plan().clone());
            resource::contact_imports::step(ask, format, plan).await?
        }
        _ => resource::step(ask)?,
    };
    match keyed {
        Some((key, fingerprint)) => perform(board, once(owner, key, fingerprint, step)).await,
        None => perform(board, step).await,
    }
}

/// The step, or what the same request was answered before.
fn once(session: SessionId, key: String, fingerprint: Vec<u8>, step: Step) -> Step {
    Box::new(move |exchange, now| {
        let Some(key) = exchange.answer_key(&session, key) else {
            return step(exchange, now);
        };
        match exchange.recall(&key, &fingerprint, now) {
            Err(refusal) => return Reply::problem(&refusal.problem()),
            Ok(Some(answer)) => return Reply::recalled(answer),
            Ok(None) => {}
        }
        let reply = step(exchange, now);
        let answer = Answer {
            request: fingerprint,
            status: reply.status(),
            body: reply.text(),
            at: now,
        };
        exchange.remember(key, answer);
        reply
    })
}

async fn perform(board: &Switchboard, step: Step) -> Result<Response<Body>, Problem> {
    let reply = board.perform(step).await;
    let reply = reply.map_err(|_| reply::plain(ProblemType::Unavailable))?;
    Ok(reply.into_response())
}

fn idempotency_key(request: &Request<Incoming>) -> Result<Option<String>, Problem> {
    let Some(value) = request.headers().get("idempotency-key") else {
        return Ok(None);
    };
    let key = value.to_str().ok();
    let key = key.filter(|key| (1..=MAX_KEY_BYTES).contains(&key.len()));
    let key = key.ok_or_else(|| reply::refused("an idempotency key has 1 to 128 ASCII characters"));
    key.map(|key| Some(key.to_owned()))
}

fn fingerprint(method: &Method, route: &Route, body: &[u8]) -> Vec<u8> {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(method.as_str().as_bytes());
    hash.update(route.path().as_bytes());
    hash.update(&[0]);
    hash.update(body);
    hash.finish().as_ref().to_vec()
}

/// 256 random bits as hexadecimal digits.
pub(crate) fn new_token() -> String {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Our choice: a UUID has 36.
const MAX_KEY_BYTES: usize = 128;

fn encode<T: Resource>(resource: &T) -> Vec<u8> {
    uc_protocol::ucx::encode(resource)
}
