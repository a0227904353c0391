use std::collections::BTreeMap;

use uc_model::{
    Capability, ContactId, Directory, ImportFormat, ImportReport, PasswordChange, Presence,
    Redacted, Rev, UserId, UserName,
};

use super::{
    Reply, Ticket,
    io::{Io, Purpose},
    roster,
};
use crate::{
    client::Found,
    error::{EditError, PasswordError, ServiceError},
    port::{BackendError, ContactFileBytes, Edit, Outcome, ServerChange, Service},
};

/// Searches, edits, photos and changes of presence and password: one question, one answer, at most
/// [`MOST_UNDER_WAY`] at once. The time-out is the command's.
#[derive(Debug, Default)]
pub(super) struct Requests {
    /// New passwords that the server has not confirmed yet.
    passwords: BTreeMap<Ticket, Redacted<String>>,
}

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
        if let Err(error) = may_set(io, &presence) {
            return io.reply(ticket, Reply::Presence(Err(error)));
        }
        io.supersede(|purpose| matches!(purpose, Purpose::Presence(_)));
        let service = Service::SetPresence(presence);
        if let Err(error) = ask(io, Purpose::Presence(ticket), Capability::Presence, service) {
            io.reply(ticket, Reply::Presence(Err(error)));
        }
    }

    /// Checked by the rules before anything is sent.
    pub(super) fn edit(&self, io: &mut Io, ticket: Ticket, edit: Edit) {
        if let Err(error) = ask_edit(io, ticket, edit) {
            io.reply(ticket, Reply::Edit(Err(error)));
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

    /// What was entered is checked by the rules of the mode before anything is sent.
    pub(super) fn change_password(
        &mut self,
        io: &mut Io,
        ticket: Ticket,
        user: &str,
        change: PasswordChange,
    ) {
        let new = change.new.clone();
        match ask_password(io, ticket, user, change) {
            Ok(()) => drop(self.passwords.insert(ticket, new)),
            Err(error) => io.reply(ticket, Reply::Password(Err(error))),
        }
    }

    /// Gives the password that holds from now on.
    pub(super) fn password_changed(
        &mut self,
        io: &mut Io,
        ticket: Ticket,
        result: Result<Outcome, BackendError>,
    ) -> Option<Redacted<String>> {
        let new = self.passwords.remove(&ticket);
        let changed = match result {
            Ok(_) => Ok(()),
            Err(BackendError::BadCredentials) => Err(PasswordError::OldPassword),
            Err(error) => Err(ServiceError::from(error).into()),
        };
        let done = changed.is_ok();
        io.reply(ticket, Reply::Password(changed));
        new.filter(|_| done)
    }

    pub(super) fn photo(&self, io: &mut Io, ticket: Ticket, user: UserId, known: Option<Rev>) {
        let service = Service::Photo { user, known };
        if let Err(error) = ask(io, Purpose::Photo(ticket), Capability::Photo, service) {
            io.reply(ticket, Reply::Photo(Err(error)));
        }
    }

    pub(super) fn fetched(
        &self,
        io: &mut Io,
        ticket: Ticket,
        result: Result<Outcome, BackendError>,
    ) {
        let photo = match result {
            Ok(Outcome::Photo(photo)) => Ok(photo),
            Ok(_) => Err(BackendError::Malformed.into()),
            Err(error) => Err(error.into()),
        };
        io.reply(ticket, Reply::Photo(photo));
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

/// What is about the keys of the desk phone: the keys are told, or one is programmed.
pub(super) fn function_keys(io: &mut Io, ticket: Ticket, service: Service) {
    let purpose = Purpose::FunctionKeys(ticket);
    if let Err(error) = ask(io, purpose, Capability::KeyProgramming, service) {
        io.reply(ticket, Reply::FunctionKeys(Err(error)));
    }
}

pub(super) fn function_keys_told(
    io: &mut Io,
    ticket: Ticket,
    result: Result<Outcome, BackendError>,
) {
    let keys = match result {
        Ok(Outcome::FunctionKeys(keys)) => Ok(keys),
        Ok(_) => Err(BackendError::Malformed.into()),
        Err(error) => Err(error.into()),
    };
    io.reply(ticket, Reply::FunctionKeys(keys));
}

fn ask_edit(io: &mut Io, ticket: Ticket, edit: Edit) -> Result<(), EditError> {
    edit.check()?;
    let (wanted, key) = (edit.capability(), io.request_key());
    let service = Service::Edit { edit, key };
    Ok(ask(io, Purpose::Edit(ticket), wanted, service)?)
}

/// What the user may set (PRES-1); what isn't known yet, the server decides.
fn may_set(io: &Io, presence: &Presence) -> Result<(), ServiceError> {
    let Some(mode) = io.view.user.as_ref().and_then(|user| user.mode) else {
        return Ok(());
    };
    let rights = io.view.account().presence_rights(mode);
    Ok(presence.check_settable(&rights)?)
}

fn ask_password(
    io: &mut Io,
    ticket: Ticket,
    user: &str,
    change: PasswordChange,
) -> Result<(), PasswordError> {
    let mode = io.view.user.as_ref().and_then(|user| user.mode);
    if let Some((mode, name)) = mode.zip(UserName::new(user).ok()) {
        // Every backend speaks TLS and nothing else.
        change.check(mode, &name, true)?;
    }
    let service = Service::ChangePassword(change);
    ask(
        io,
        Purpose::Password(ticket),
        Capability::PasswordChange,
        service,
    )?;
    Ok(())
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

#[cfg(test)]
mod tests {
    use uc_model::PresenceState;

    use super::*;
    use crate::core::{Output, Request, rig::Rig};
    use crate::port::Operation;

    fn sets(state: PresenceState) -> impl Fn(&Operation) -> bool {
        move |operation| {
            matches!(operation, Operation::Service { service: Service::SetPresence(presence), .. }
                if presence.state == state)
        }
    }

    const BROKEN: BackendError = BackendError::Broken {
        before_answer: true,
    };

    #[test]
    fn a_presence_that_broke_is_sent_once_more_unless_a_newer_one_was_sent() {
        let mut rig = Rig::live();
        rig.request(Request::SetPresence(Presence::of(PresenceState::Lunch)));
        assert!(rig.complete(sets(PresenceState::Lunch), Err(BROKEN)));
        // Sent once more, and again on its way when the next is set.
        rig.request(Request::SetPresence(Presence::of(PresenceState::Home)));
        assert!(rig.complete(sets(PresenceState::Home), Ok(Outcome::Done)));
        assert!(rig.complete(sets(PresenceState::Lunch), Ok(Outcome::Done)));

        rig.request(Request::SetPresence(Presence::of(PresenceState::Lunch)));
        rig.request(Request::SetPresence(Presence::of(PresenceState::Home)));
        assert!(rig.complete(sets(PresenceState::Home), Ok(Outcome::Done)));
        assert!(rig.complete(sets(PresenceState::Lunch), Err(BROKEN)));
        let refused = |output: &Output| {
            matches!(
                output,
                Output::Reply {
                    reply: Some(Reply::Presence(Err(_))),
                    ..
                }
            )
        };
        assert!(rig.last.iter().any(refused), "{:?}", rig.last);
        let none = !rig.complete(sets(PresenceState::Lunch), Ok(Outcome::Done));
        assert!(none, "it would overwrite the newer one");
    }
}
