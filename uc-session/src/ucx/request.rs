//! Which request carries out which service, and what its answer means.

use uc_model::{CallId, Directory};
use uc_protocol::{
    net::{Request, Response},
    ucx::{
        self as wire,
        paths::{CallService, DirectoryQuery, Route},
    },
};

use super::{account, call, contact, contact_import, edit, keys, presence, session};
use crate::port::{BackendError, Beside, Outcome, Service};

/// A service as it is sent, and how its answer is read.
pub(super) struct Exchange {
    pub(super) request: Request,
    pub(super) answer: Answer,
}

/// What a good answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Contacts,
    Presence,
    Edit,
    /// The report; the contacts themselves are fetched then.
    Import,
    Contact,
    Call,
    Photo,
    FunctionKeys,
    Nothing,
}

impl Exchange {
    /// Writes `service`.
    pub(super) fn of(service: Service) -> Result<Self, BackendError> {
        let (request, answer) = match service {
            Service::Search {
                query,
                directory,
                limit,
            } => {
                let route = search(query.into_inner(), directory, limit)?;
                (Request::get(route), Answer::Contacts)
            }
            Service::Contact(id) => {
                let route = Route::DirectoryEntry(id.as_str().into());
                (Request::get(route), Answer::Contact)
            }
            Service::ImportContacts { file, format, key } => {
                let route = Route::ContactImports(contact_import::write_format(format)?);
                let request = Request::post(route).file(file.0.to_vec());
                (request.idempotency_key(&key.0), Answer::Import)
            }
            Service::SetPresence(presence) => {
                let body = presence::write(&presence)?;
                (
                    Request::put(Route::MyPresence).body(&body),
                    Answer::Presence,
                )
            }
            Service::Edit { edit, key } => (edit::write(edit, &key)?, Answer::Edit),
            Service::ChangePassword(change) => {
                let body = account::write_password(change);
                (Request::put(Route::MyPassword).body(&body), Answer::Nothing)
            }
            Service::Photo { user, known } => {
                let route = Route::UserPhoto(user.as_str().into());
                let request = Request::get(route).unless_at(known.map(|rev| rev.0));
                (request, Answer::Photo)
            }
            Service::FunctionKeys => (Request::get(Route::MyKeys), Answer::FunctionKeys),
            Service::ProgramKey { number, key } => {
                let request = Request::put(Route::MyKey(number)).body(&keys::write(&key)?);
                (request, Answer::FunctionKeys)
            }
            Service::MakeCall {
                to,
                device,
                description,
                key,
            } => {
                let body = call::write_make(&to, device, description.as_ref())?;
                let request = Request::post(Route::Calls).body(&body);
                (request.idempotency_key(&key.0), Answer::Call)
            }
            Service::Consult {
                call,
                to,
                device,
                description,
                key,
            } => {
                let body = call::write_make(&to, device, description.as_ref())?;
                let request = post(&call, CallService::Consult).body(&body);
                (request.idempotency_key(&key.0), Answer::Call)
            }
            Service::PickUp { number, key } => {
                let request = Request::post(Route::Pickups).body(&call::write_pickup(&number));
                (request.idempotency_key(&key.0), Answer::Call)
            }
            of_a_call => return Self::of_call(of_a_call),
        };
        Ok(Self { request, answer })
    }

    fn of_call(service: Service) -> Result<Self, BackendError> {
        let describe = |description| call::write_describe(description);
        let (request, answer) = match service {
            Service::Answer { call, description } => {
                let body = describe(description.as_ref());
                (post(&call, CallService::Answer).body(&body), Answer::Call)
            }
            Service::Describe { call, description } => {
                let body = describe(Some(&description));
                (
                    post(&call, CallService::Description).body(&body),
                    Answer::Call,
                )
            }
            Service::Clear { call, cause } => {
                let body = call::write_clear(cause);
                (post(&call, CallService::Clear).body(&body), Answer::Call)
            }
            Service::Candidates { call, candidates } => {
                let body = call::write_candidates(candidates);
                (
                    post(&call, CallService::Candidates).body(&body),
                    Answer::Nothing,
                )
            }
            Service::Hold { call } => (post(&call, CallService::Hold), Answer::Call),
            Service::Retrieve { call } => (post(&call, CallService::Retrieve), Answer::Call),
            Service::Deflect { call, to } => {
                let body = call::write_deflect(to.as_ref());
                (post(&call, CallService::Deflect).body(&body), Answer::Call)
            }
            Service::SingleStepTransfer { call, to } => {
                let body = call::write_destination(&to);
                let post = post(&call, CallService::SingleStepTransfer);
                (post.body(&body), Answer::Call)
            }
            Service::Beside {
                service,
                call,
                held,
            } => {
                let body = call::write_held(&held);
                (post(&call, beside(service)).body(&body), Answer::Call)
            }
            Service::Confirm { call } => (post(&call, CallService::Confirm), Answer::Call),
            Service::Search { .. }
            | Service::SetPresence(_)
            | Service::Edit { .. }
            | Service::ImportContacts { .. }
            | Service::Contact(_)
            | Service::ChangePassword(_)
            | Service::Photo { .. }
            | Service::FunctionKeys
            | Service::ProgramKey { .. }
            | Service::MakeCall { .. }
            | Service::Consult { .. }
            | Service::GenerateDigits { .. }
            | Service::PickUp { .. } => {
                return Err(BackendError::Unsupported);
            }
        };
        Ok(Self { request, answer })
    }
}

const fn beside(service: Beside) -> CallService {
    match service {
        Beside::Alternate => CallService::Alternate,
        Beside::Reconnect => CallService::Reconnect,
        Beside::Transfer => CallService::Transfer,
        Beside::Conference => CallService::Conference,
    }
}

impl Answer {
    /// Reads `response`.
    pub(super) fn read(self, response: &Response) -> Result<Outcome, BackendError> {
        Ok(match self {
            Self::Contacts => contact::read_results(decode(response)?)?,
            Self::Presence => Outcome::Presence(presence::read(decode(response)?)?),
            Self::Edit => Outcome::Edited(session::read_changes(decode(response)?)?),
            Self::Import => Outcome::Imported {
                report: contact_import::read_report(decode(response)?),
                changes: Vec::new(),
            },
            Self::Contact => Outcome::Contact(Box::new(contact::read(decode(response)?)?)),
            Self::Photo => account::read_photo(response)?,
            Self::FunctionKeys => Outcome::FunctionKeys(keys::read(decode(response)?)?),
            Self::Call => Outcome::Call(Box::new(call::read(decode(response)?)?)),
            Self::Nothing => Outcome::Done,
        })
    }
}

fn decode<T: wire::Resource>(response: &Response) -> Result<T, BackendError> {
    response.decode().map_err(|_| BackendError::Malformed)
}

fn post(call: &CallId, service: CallService) -> Request {
    Request::post(Route::CallService(call.as_str().into(), service))
}

/// The contract's limits: 1 to 100 matches.
fn search(q: String, directory: Option<Directory>, limit: u32) -> Result<Route, BackendError> {
    let limit = u8::try_from(limit.clamp(1, 100)).expect("100 fits in a byte");
    let directory = match directory {
        Some(directory) => {
            let name = contact::write_directory(directory);
            Some(name.ok_or(BackendError::Unsupported)?)
        }
        None => None,
    };
    Ok(Route::Directory(DirectoryQuery {
        q,
        limit: Some(limit),
        directory,
    }))
}
