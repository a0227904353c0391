//! UCX over HTTP/1.1: which request is which step of the exchange.

mod body;
mod events;
mod reply;

use std::sync::Arc;

use http::{Method, Request, Response, header};
use hyper::body::Incoming;
use ring::digest;
use uc_protocol::ucx::{
    Candidates, Clear, ConversationList, Describe, EventId, MakeCall, PresenceUpdate, Problem,
    ProblemType, Resource, Secret, Session, SignIn,
    paths::{CallService, Route},
};

use crate::{
    exchange::{Answer, Exchange, Millis, SessionId},
    switchboard::Switchboard,
    wsi,
};
use body::read;
pub(crate) use reply::Body;
use reply::Reply;

/// Answers one request. Whatever is wrong with it, there is an answer.
pub(crate) async fn handle(board: Arc<Switchboard>, request: Request<Incoming>) -> Response<Body> {
    board.faults.delay().await;
    match answer(&board, request).await {
        Ok(response) => response,
        Err(problem) => {
            tracing::debug!(kind = ?problem.kind, "request refused");
            Reply::problem(&problem).into_response()
        }
    }
}

async fn answer(
    board: &Arc<Switchboard>,
    request: Request<Incoming>,
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
    match (request.method(), route) {
        (&Method::GET, Route::Hello) => Ok(Reply::ok(&board.hello).into_response()),
        (&Method::POST, Route::Session) => sign_in(board, request).await,
        (&Method::GET, Route::Events) => {
            let session = authorize(board, &request)?;
            subscribe(board, &session, &request)
        }
        (&Method::POST, route @ (Route::Calls | Route::CallService(..))) => {
            let session = authorize(board, &request)?;
            command(board, session, route, request).await
        }
        (_, route) => {
            let session = authorize(board, &request)?;
            resource(board, session, route, request).await
        }
    }
}

/// The session of the bearer token (RFC 6750 §2.1).
fn authorize(board: &Switchboard, request: &Request<Incoming>) -> Result<SessionId, Problem> {
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
    request: Request<Incoming>,
) -> Result<Response<Body>, Problem> {
    let request: SignIn = read(request.into_body()).await?.decode()?;
    let token = new_token();
    let session = SessionId::of_token(&token);
    let me = board
        .sign_in(&request.user, request.password, session)
        .await
        .map_err(|_| reply::plain(ProblemType::Unavailable))?
        .map_err(|refusal| refusal.problem())?;
    let session = Session {
        session: Secret(token),
        me,
        must_change_password: false,
    };
    Ok(Reply::new(201, &session).into_response())
}

fn subscribe(
    board: &Arc<Switchboard>,
    session: &SessionId,
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
        .subscribe(session, last.as_ref())
        .map_err(|refusal| refusal.problem())?;
    Ok(events::respond(subscription))
}

/// Requests that read or that may simply be repeated.
async fn resource(
    board: &Switchboard,
    session: SessionId,
    route: Route,
    request: Request<Incoming>,
) -> Result<Response<Body>, Problem> {
    let method = request.method().clone();
    let body = read(request.into_body()).await?;
    let step: Step = match (method, route) {
        (Method::DELETE, Route::Session) => Box::new(move |exchange, now| {
            exchange.sign_out(&session, now);
            Reply::empty()
        }),
        (Method::GET, Route::Snapshot) => {
            Box::new(move |exchange, _| Reply::from(exchange.snapshot(&session)))
        }
        (Method::GET, Route::Directory(query)) => {
            Box::new(move |exchange, _| Reply::from(exchange.search(&query)))
        }
        (Method::PUT, Route::MyPresence) => {
            let update: PresenceUpdate = body.decode()?;
            Box::new(move |exchange, _| Reply::from(exchange.set_presence(&session, update)))
        }
        (Method::GET, Route::Call(id)) => {
            Box::new(move |exchange, _| Reply::from(exchange.call(&session, &id)))
        }
        (Method::GET, Route::Conversations) => Box::new(move |exchange, _| {
            Reply::from(
                exchange
                    .snapshot(&session)
                    .map(|snapshot| ConversationList {
                        conversations: snapshot.conversations,
                    }),
            )
        }),
        _ => return Err(reply::wrong_method()),
    };
    perform(board, step).await
}

/// Requests that make or change something: answered once per `Idempotency-Key`.
async fn command(
    board: &Switchboard,
    session: SessionId,
    route: Route,
    request: Request<Incoming>,
) -> Result<Response<Body>, Problem> {
    let key = idempotency_key(&request)?;
    let body = read(request.into_body()).await?;
    let fingerprint = fingerprint(&route, body.bytes());
    let step = call_step(session.clone(), route, &body)?;
    perform(
        board,
        Box::new(move |exchange, now| {
            let Some(key) = key.and_then(|key| exchange.answer_key(&session, key)) else {
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
        }),
    )
    .await
}

fn call_step(session: SessionId, route: Route, body: &body::Received) -> Result<Step, Problem> {
    Ok(match route {
        Route::Calls => {
            let request: MakeCall = body.decode()?;
            Box::new(move |exchange, now| Reply::made(exchange.make_call(&session, request, now)))
        }
        Route::CallService(id, CallService::Answer) => {
            let request: Describe = body.decode()?;
            Box::new(move |exchange, now| Reply::from(exchange.answer(&session, &id, request, now)))
        }
        Route::CallService(id, CallService::Clear) => {
            let request: Clear = body.decode_or_default()?;
            Box::new(move |exchange, now| Reply::from(exchange.clear(&session, &id, &request, now)))
        }
        Route::CallService(id, CallService::Hold) => {
            Box::new(move |exchange, _| Reply::from(exchange.hold(&session, &id)))
        }
        Route::CallService(id, CallService::Retrieve) => {
            Box::new(move |exchange, _| Reply::from(exchange.retrieve(&session, &id)))
        }
        Route::CallService(id, CallService::Description) => {
            let request: Describe = body.decode()?;
            Box::new(move |exchange, _| Reply::from(exchange.describe(&session, &id, request)))
        }
        Route::CallService(id, CallService::Candidates) => {
            let request: Candidates = body.decode()?;
            Box::new(
                move |exchange, _| match exchange.trickle(&session, &id, request) {
                    Ok(()) => Reply::empty(),
                    Err(refusal) => Reply::problem(&refusal.problem()),
                },
            )
        }
        Route::CallService(id, CallService::Confirm) => {
            Box::new(move |exchange, _| Reply::from(exchange.confirm(&session, &id)))
        }
        _ => return Err(reply::plain(ProblemType::NotFound)),
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

fn fingerprint(route: &Route, body: &[u8]) -> Vec<u8> {
    let mut hash = digest::Context::new(&digest::SHA256);
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

/// One step of the exchange, decoded and ready.
type Step = Box<dyn FnOnce(&mut Exchange, Millis) -> Reply + Send>;

/// Our choice: a UUID has 36.
const MAX_KEY_BYTES: usize = 128;

fn encode<T: Resource>(resource: &T) -> Vec<u8> {
    uc_protocol::ucx::encode(resource)
}
