use std::sync::Arc;

use uc_model::{
    Contact, ContactDraft, ContactFile, ContactId, DialPlan, Directory, ImportError, ImportFormat,
    ImportReport, PersonalDirectory, PersonalDirectoryError, Redacted,
};
use uc_protocol::limits::MAX_FILE_BYTES;

use super::{Client, Found};
use crate::{
    core::{Reply, Request},
    error::{EditError, ServiceError},
    port::{BackendError, ContactEdit, ContactFileBytes, Edit, ServerChange},
    search_field::SearchField,
};

/// Directories and personal contacts. The personal contacts themselves stand in the
/// [`View`](crate::View).
impl Client {
    /// Searches all directories for what a person typed: first letters of names, or the beginning
    /// of a number in any format. Favourites come first, then those spoken to lately, then by
    /// directory (DIR-2).
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn search(&self, query: &str) -> Result<Found, ServiceError> {
        self.search_in(query, None).await
    }

    /// The same in one directory (DIR-1).
    ///
    /// # Errors
    /// See [`ServiceError`].
    pub async fn search_directory(
        &self,
        directory: Directory,
        query: &str,
    ) -> Result<Found, ServiceError> {
        self.search_in(query, Some(directory)).await
    }

    /// A field that searches as a person types (DIR-2).
    pub fn search_field(&self) -> SearchField {
        SearchField::new(self.clone())
    }

    async fn search_in(
        &self,
        query: &str,
        directory: Option<Directory>,
    ) -> Result<Found, ServiceError> {
        let request = Request::Search {
            query: Redacted::new(query.to_owned()),
            directory,
            limit: SEARCH_LIMIT,
        };
        match self.ask(request).await {
            Some(Reply::Search(result)) => result,
            _ => Err(ServiceError::Closed),
        }
    }

    /// The details of a contact of any directory (DIR-3): from the view where it is kept, else from
    /// the server.
    ///
    /// # Errors
    /// See [`ServiceError`]; `NotFound` where there is none.
    pub async fn contact(&self, id: &ContactId) -> Result<Contact, ServiceError> {
        if let Some(known) = self.view().contact(id) {
            return Ok(known.contact.clone());
        }
        match self.ask(Request::Contact(id.clone())).await {
            Some(Reply::Contact(result)) => result,
            _ => Err(ServiceError::Closed),
        }
    }

    /// Adds a personal contact (DIR-4, CONV-5); the server brings its numbers into canonical form
    /// where it can (DIR-7).
    ///
    /// # Errors
    /// See [`EditError`]. Nothing is sent where the contact can't be so.
    pub async fn add_contact(&self, draft: ContactDraft) -> Result<Contact, EditError> {
        draft.check()?;
        if self.view().personal_contacts().count() >= PersonalDirectory::CAPACITY {
            return Err(PersonalDirectoryError::Full.into());
        }
        self.put_contact(ContactEdit::Add(draft)).await
    }

    /// Changes a personal contact; from now on no import touches it (DIR-4, DIR-6).
    ///
    /// # Errors
    /// See [`EditError`].
    pub async fn change_contact(
        &self,
        id: &ContactId,
        draft: ContactDraft,
    ) -> Result<Contact, EditError> {
        draft.check()?;
        let edit = ContactEdit::Change(id.clone(), draft);
        self.put_contact(edit).await
    }

    /// Deletes a personal contact (DIR-4). One that is gone already is no error.
    ///
    /// # Errors
    /// See [`EditError`].
    pub async fn delete_contact(&self, id: &ContactId) -> Result<(), EditError> {
        let edit = Edit::Contacts(ContactEdit::Delete(id.clone()));
        self.edit(edit).await.map(drop)
    }

    /// Imports a file of contacts, whole or not at all, and reports what became of each (DIR-5,
    /// DIR-6). Reads the file here first, which takes some milliseconds for each megabyte.
    ///
    /// # Errors
    /// See [`EditError`]. A file that can't be read isn't sent.
    pub async fn import_contacts(
        &self,
        file: &[u8],
        format: ImportFormat,
    ) -> Result<ImportReport, EditError> {
        if file.len() > MAX_FILE_BYTES {
            return Err(ImportError::TooLarge.into());
        }
        // Which numbers are canonical makes no difference to whether the file can be read.
        ContactFile::read(file, format, &DialPlan::germany())?;
        let file = ContactFileBytes(Arc::from(file));
        match self.ask(Request::ImportContacts { file, format }).await {
            Some(Reply::Import(result)) => result,
            _ => Err(ServiceError::Closed.into()),
        }
    }

    async fn put_contact(&self, edit: ContactEdit) -> Result<Contact, EditError> {
        let changes = self.edit(Edit::Contacts(edit)).await?;
        let mut contacts = changes.into_iter().filter_map(|change| match change {
            ServerChange::Contact(known) => Some(known.contact),
            _ => None,
        });
        let contact = contacts.next();
        contact.ok_or_else(|| BackendError::Malformed.into())
    }
}

/// As many matches as a search asks for.
const SEARCH_LIMIT: u32 = 50;
