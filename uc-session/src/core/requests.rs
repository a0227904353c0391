use uc_model::{Capability, Presence, Redacted};

use super::{
    Reply, Ticket,
    io::{Io, Purpose},
    roster,
};
use crate::{
    client::Found,
    error::{EditError, ServiceError},
    port::{BackendError, Edit, Outcome, ServerChange, Service},
};

/// Searches, edits and changes of the own presence: one question, one answer, at most
/// [`MOST_UNDER_WAY`] at once. The time-out is the command's.
#[derive(Debug)]
pub(super) struct Requests;

impl Requests {
    pub(super) fn search(&self, io: &mut Io, ticket: Ticket, query: Redacted<String>, limit: u32) {
        let service = Service::Search {
            query,
            limit: limit.clamp(1, 100),
        };
        let wanted = Capability::DirectorySearch;
        if let Err(error) = ask(io, Purpose::Search(ticket), wanted, service) {
            io.reply(ticket, Reply::Search(Err(error)));
        }
    }

    pub(super) fn set_presence(&self, io: &mut Io, ticket: Ticket, presence: Presence) {
        let service = Service::SetPresence(presence);
        if let Err(error) = ask(io, Purpose::Presence(ticket), Capability::Presence, service) {
            io.reply(ticket, Reply::Presence(Err(error)));
        }
    }

    pub(super) fn edit(&self, io: &mut Io, ticket: Ticket, edit: Edit) {
        let (wanted, key) = (edit.capability(), io.request_key());
        let service = Service::Edit { edit, key };
        if let Err(error) = ask(io, Purpose::Edit(ticket), wanted, service) {
            io.reply(ticket, Reply::Edit(Err(error.into())));
        }
    }

    pub(super) fn found(&self, io: &mut Io, ticket: Ticket, result: Result<Outcome, BackendError>) {
        let found = match result {
            Ok(Outcome::Found { contacts, more }) => Ok(Found { contacts, more }),
            Ok(_) => Err(BackendError::Malformed.into()),
            Err(error) => Err(error.into()),
        };
        io.reply(ticket, Reply::Search(found));
    }

    pub(super) fn presence_set(
        &self,
        io: &mut Io,
        ticket: Ticket,
        result: Result<Outcome, BackendError>,
    ) {
        let set = match result {
            Ok(Outcome::Presence(update)) => {
                roster::apply(io, ServerChange::Presence(update));
                Ok(())
            }
            Ok(Outcome::Done) => Ok(()),
            Ok(_) => Err(BackendError::Malformed.into()),
            Err(error) => Err(error.into()),
        };
        io.reply(ticket, Reply::Presence(set));
    }
}

/// What an edit has changed.
pub(super) fn edited(
    result: Result<Outcome, BackendError>,
) -> Result<Vec<ServerChange>, EditError> {
    match result {
        Ok(Outcome::Edited(changes)) => Ok(changes),
        Ok(_) => Err(BackendError::Malformed.into()),
        Err(error) => Err(error.into()),
    }
}

fn ask(
    io: &mut Io,
    purpose: Purpose,
    wanted: Capability,
    service: Service,
) -> Result<(), ServiceError> {
    let waiting = |purpose| {
        matches!(
            purpose,
            Purpose::Search(_) | Purpose::Presence(_) | Purpose::Edit(_)
        )
    };
    if io.link.is_none() {
        return Err(ServiceError::NotConnected);
    }
    if !io.can(wanted) {
        return Err(ServiceError::Unsupported);
    }
    if io.count(waiting) >= MOST_UNDER_WAY {
        return Err(ServiceError::TooMany);
    }
    io.service(purpose, service);
    Ok(())
}

/// Requests that wait for the server at once (our choice).
const MOST_UNDER_WAY: usize = 32;
