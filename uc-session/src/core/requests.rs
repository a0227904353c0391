use uc_model::{Capability, ContactId, Directory, ImportFormat, ImportReport, Presence, Redacted};

use super::{
    Reply, Ticket,
    io::{Io, Purpose},
    roster,
};
use crate::{
    client::Found,
    error::{EditError, ServiceError},
    port::{BackendError, ContactFileBytes, Edit, Outcome, ServerChange, Service},
};

/// Searches, edits and changes of the own presence: one question, one answer, at most
/// [`MOST_UNDER_WAY`] at once. The time-out is the command's.
#[derive(Debug)]
pub(super) struct Requests;

impl Requests {
    pub(super) fn search(
        &self,
        io: &mut Io,
        ticket: Ticket,
        query: Redacted<String>,
        directory: Option<Directory>,
        limit: u32,
    ) {
        let service = Service::Search {
            query,
            directory,
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

    pub(super) fn import(
        &self,
        io: &mut Io,
        ticket: Ticket,
        file: ContactFileBytes,
        format: ImportFormat,
    ) {
        let key = io.request_key();
        let service = Service::ImportContacts { file, format, key };
        let purpose = Purpose::Import(ticket);
        if let Err(error) = ask(io, purpose, Capability::EditContacts, service) {
            io.reply(ticket, Reply::Import(Err(error.into())));
        }
    }

    pub(super) fn contact(&self, io: &mut Io, ticket: Ticket, id: ContactId) {
        let service = Service::Contact(id);
        let purpose = Purpose::Contact(ticket);
        if let Err(error) = ask(io, purpose, Capability::DirectorySearch, service) {
            io.reply(ticket, Reply::Contact(Err(error)));
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

/// What an import has given.
pub(super) fn imported(
    result: Result<Outcome, BackendError>,
) -> Result<(ImportReport, Vec<ServerChange>), EditError> {
    match result {
        Ok(Outcome::Imported { report, changes }) => Ok((report, changes)),
        Ok(_) => Err(BackendError::Malformed.into()),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn looked_up(io: &mut Io, ticket: Ticket, result: Result<Outcome, BackendError>) {
    let contact = match result {
        Ok(Outcome::Contact(contact)) => Ok(*contact),
        Ok(_) => Err(BackendError::Malformed.into()),
        Err(error) => Err(error.into()),
    };
    io.reply(ticket, Reply::Contact(contact));
}

fn ask(
    io: &mut Io,
    purpose: Purpose,
    wanted: Capability,
    service: Service,
) -> Result<(), ServiceError> {
    if io.link.is_none() {
        return Err(ServiceError::NotConnected);
    }
    if !io.can(wanted) {
        return Err(ServiceError::Unsupported);
    }
    if io.count(Purpose::is_request) >= MOST_UNDER_WAY {
        return Err(ServiceError::TooMany);
    }
    io.service(purpose, service);
    Ok(())
}

/// Requests that wait for the server at once (our choice).
const MOST_UNDER_WAY: usize = 32;
