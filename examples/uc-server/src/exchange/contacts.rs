use std::collections::BTreeMap;

use uc_model::{
    Contact, ContactFile, ContactId, ContactOrigin, DialPlan, ImportError, PersonalDirectory,
    PersonalDirectoryError, Rev, SearchIndex,
};
use uc_protocol::ucx::{self, Changes, ContactList, Event, ImportReport};

use super::{Exchange, Refusal, SessionId, events::Audience, wire};
use crate::store::{Kind, Owned, Write};

/// A user's personal contacts, arranged for search too.
pub(super) struct Contacts {
    directory: PersonalDirectory,
    revs: BTreeMap<ContactId, u64>,
    pub(super) index: SearchIndex,
}

impl Contacts {
    pub(super) fn new(plan: DialPlan) -> Self {
        Self {
            directory: PersonalDirectory::new(),
            revs: BTreeMap::new(),
            index: SearchIndex::with_plan(plan, []),
        }
    }

    fn restore(&mut self, contact: Contact, origin: ContactOrigin, rev: u64) {
        self.revs.insert(contact.id.clone(), rev);
        self.index.insert(contact.clone());
        self.directory.restore(contact, origin);
    }

    fn shown(&self, id: &ContactId) -> Option<ucx::KnownContact> {
        let (contact, origin) = self.directory.contact(id)?;
        let rev = self.revs.get(id).copied().unwrap_or(0);
        Some(wire::write_known(contact, Some(origin), rev))
    }
}

impl Exchange {
    /// The personal contacts of the session's user.
    pub(crate) fn contacts(&self, session: &SessionId) -> Result<ContactList, Refusal> {
        let user = self.user_of(session)?;
        Ok(ContactList {
            contacts: self.personal_contacts(user),
        })
    }

    /// Adds a personal contact by hand.
    pub(crate) fn add_contact(
        &mut self,
        session: &SessionId,
        draft: ucx::ContactDraft,
    ) -> Result<Changes, Refusal> {
        let draft = wire::read_draft(draft)?;
        let (mode, plan) = (
            self.company.system.model_mode(),
            self.company.plan().clone(),
        );
        self.edit(session, |exchange, user| {
            let id = exchange.new_id("contact", user, exchange.next_rev(user));
            let id = ContactId::new(id).map_err(|_| Refusal::NotFound)?;
            let directory = &mut exchange.contacts_of(user)?.directory;
            directory.add(draft.into_contact(id.clone()), mode, &plan)?;
            exchange.tell_contact(user, &id);
            Ok(())
        })
    }

    /// Changes a personal contact by hand.
    pub(crate) fn change_contact(
        &mut self,
        session: &SessionId,
        id: &str,
        draft: ucx::ContactDraft,
    ) -> Result<Changes, Refusal> {
        let draft = wire::read_draft(draft)?;
        let id = ContactId::new(id).map_err(|_| Refusal::NotFound)?;
        let (mode, plan) = (
            self.company.system.model_mode(),
            self.company.plan().clone(),
        );
        self.edit(session, |exchange, user| {
            let directory = &mut exchange.contacts_of(user)?.directory;
            directory.change(draft.into_contact(id.clone()), mode, &plan)?;
            exchange.tell_contact(user, &id);
            Ok(())
        })
    }

    /// Deletes a personal contact. One that is gone already is no failure.
    pub(crate) fn delete_contact(
        &mut self,
        session: &SessionId,
        id: &str,
    ) -> Result<Changes, Refusal> {
        let id = ContactId::new(id).map_err(|_| Refusal::NotFound)?;
        let mode = self.company.system.model_mode();
        self.edit(session, |exchange, user| {
            let contacts = exchange.contacts_of(user)?;
            match contacts.directory.delete(&id, mode) {
                Err(PersonalDirectoryError::NoSuchContact) => return Ok(()),
                deleted => deleted?,
            }
            contacts.index.remove(&id);
            contacts.revs.remove(&id);
            exchange.tell_contact_gone(user, &id);
            exchange.forget_favourite(user, &id);
            Ok(())
        })
    }

    /// Imports a file, whole or not at all. What changed is told one by one, but where that is much:
    /// then the user's clients fetch the whole.
    pub(crate) fn import_contacts(
        &mut self,
        session: &SessionId,
        file: &Result<ContactFile, ImportError>,
    ) -> Result<ImportReport, Refusal> {
        let user = self.user_of(session)?.to_owned();
        PersonalDirectory::check_mode(self.company.system.model_mode())?;
        let rev = self.next_rev(&user);
        let prefix = self.new_id("contact", &user, rev);
        let mut ids = (1..).map(|at| ContactId::new(format!("{prefix}.{at}")));
        let fallback = ContactId::new(&prefix).map_err(|_| Refusal::NotFound)?;
        let contacts = self.contacts_of(&user)?;
        let before = contacts.directory.clone();
        let next = || ids.next().and_then(Result::ok).unwrap_or(fallback.clone());
        let report = contacts
            .directory
            .import(file.as_ref().map_err(|error| *error)?, next)?;
        let after = contacts.directory.contacts();
        let different = after
            .filter(|(contact, origin)| before.contact(&contact.id) != Some((*contact, *origin)));
        let changed: Vec<_> = different.map(|(contact, _)| contact.id.clone()).collect();
        self.tell_import(&user, &changed);
        Ok(wire::write_report(report))
    }

    /// How numbers are written here.
    pub(crate) fn plan(&self) -> &DialPlan {
        self.company.plan()
    }

    /// A user's personal contacts as the user's clients see them.
    pub(super) fn personal_contacts(&self, user: &str) -> Vec<ucx::KnownContact> {
        let contacts = &self.users[user].contacts;
        let all = contacts.directory.contacts();
        all.filter_map(|(contact, _)| contacts.shown(&contact.id))
            .collect()
    }

    pub(super) fn take_up_contact(&mut self, saved: &Owned) {
        let Some(state) = self.users.get_mut(&saved.user) else {
            return;
        };
        let known = saved.read().and_then(wire::read_known);
        if let Some((contact, origin, rev)) = known {
            state.contacts.restore(contact, origin, rev);
        }
    }

    fn tell_import(&mut self, user: &str, changed: &[ContactId]) {
        if changed.len() <= MOST_TOLD {
            for id in changed {
                self.tell_contact(user, id);
            }
            return;
        }
        let rev = self.next_rev(user);
        for id in changed {
            self.keep_contact(user, id, rev);
        }
        self.log(user, Event::Reset, Audience::Everybody);
    }

    fn tell_contact(&mut self, user: &str, id: &ContactId) {
        let rev = self.next_rev(user);
        if let Some(shown) = self.keep_contact(user, id, rev) {
            self.log(user, Event::Contact(shown), Audience::Everybody);
            self.name_conversations(user, id);
        }
    }

    fn tell_contact_gone(&mut self, user: &str, id: &ContactId) {
        let rev = self.next_rev(user);
        let write = Write::OwnedGone(user.to_owned(), Kind::Contact, id.to_string());
        self.effects.writes.push(write);
        let id = id.to_string();
        self.log(user, Event::ContactDeleted { id, rev }, Audience::Everybody);
    }

    /// Writes a new or changed contact down.
    fn keep_contact(&mut self, user: &str, id: &ContactId, rev: u64) -> Option<ucx::KnownContact> {
        let contacts = &mut self.users.get_mut(user)?.contacts;
        let contact = contacts.directory.contact(id)?.0.clone();
        contacts.index.insert(contact);
        contacts.revs.insert(id.clone(), rev);
        let shown = contacts.shown(id)?;
        let owned = Owned::new(user, Kind::Contact, id.as_str(), &shown);
        self.effects.writes.push(Write::Owned(owned));
        Some(shown)
    }

    /// Conversations with the contact's numbers, and nobody yet, are now the contact's (CONV-5).
    fn name_conversations(&mut self, user: &str, id: &ContactId) {
        let mut rev = self.next_rev(user);
        let Some(state) = self.users.get_mut(user) else {
            return;
        };
        let Some((contact, _)) = state.contacts.directory.contact(id) else {
            return;
        };
        let next = || {
            rev += 1;
            Rev(rev - 1)
        };
        let updates = state.history.identify(contact, next);
        self.tell_history(user, updates);
    }

    fn contacts_of(&mut self, user: &str) -> Result<&mut Contacts, Refusal> {
        let state = self.users.get_mut(user).ok_or(Refusal::NotSignedIn)?;
        Ok(&mut state.contacts)
    }
}

/// Contacts of one import that are told one by one; more and clients fetch the whole (our choice:
/// less than a subscriber's queue holds).
const MOST_TOLD: usize = 100;
