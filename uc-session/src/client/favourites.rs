use uc_model::{ContactId, FavouriteChange, FavouriteError, GroupName, Mode, PhoneNumber};

use super::Client;
use crate::{
    error::{EditError, ServiceError},
    port::{BackendError, Edit},
};

/// The user's favourites (FAV-1, FAV-2), on all of the user's clients at once. The favourites
/// themselves and who they are stand in the [`View`](crate::View).
impl Client {
    /// Makes one change of the favourites. What the rules forbid is told before anything is sent.
    ///
    /// # Errors
    /// See [`EditError`]; `Unsupported` where only UC Smart makes this change.
    pub async fn change_favourites(&self, change: FavouriteChange) -> Result<(), EditError> {
        let edit = Edit::Favourites(change);
        if !self.capabilities().has(edit.capability()) {
            return Err(ServiceError::Unsupported.into());
        }
        let Edit::Favourites(change) = &edit else {
            unreachable!("it was made above");
        };
        self.check(change).await?;
        self.edit(edit).await.map(drop)
    }

    /// Adds a contact of any directory at the end of a group, which is created where it doesn't
    /// exist.
    ///
    /// # Errors
    /// See [`EditError`].
    pub async fn add_favourite(
        &self,
        contact: &ContactId,
        group: &GroupName,
    ) -> Result<(), EditError> {
        let (contact, group) = (contact.clone(), group.clone());
        self.change_favourites(FavouriteChange::Add { contact, group })
            .await
    }

    /// Takes a contact out of a group.
    ///
    /// # Errors
    /// See [`EditError`].
    pub async fn remove_favourite(
        &self,
        contact: &ContactId,
        group: &GroupName,
    ) -> Result<(), EditError> {
        let (contact, group) = (contact.clone(), group.clone());
        self.change_favourites(FavouriteChange::Remove { contact, group })
            .await
    }

    /// Sets the number that the call button dials; `None`: the first one.
    ///
    /// # Errors
    /// See [`EditError`].
    pub async fn set_default_number(
        &self,
        contact: &ContactId,
        number: Option<PhoneNumber>,
    ) -> Result<(), EditError> {
        let contact = contact.clone();
        self.change_favourites(FavouriteChange::SetDefaultNumber { contact, number })
            .await
    }

    /// Makes the change on a copy.
    async fn check(&self, change: &FavouriteChange) -> Result<(), EditError> {
        let view = self.view();
        let looked_up = match change {
            FavouriteChange::Add { contact, .. }
            | FavouriteChange::SetDefaultNumber { contact, .. } => {
                match self.contact(contact).await {
                    Err(ServiceError::Backend(BackendError::NotFound)) => {
                        return Err(FavouriteError::NoSuchContact.into());
                    }
                    found => Some(found?),
                }
            }
            _ => None,
        };
        let mode = view.user.as_ref().and_then(|user| user.mode);
        let mode = mode.unwrap_or(Mode::Suite);
        let mut copy = view.favourites().clone();
        copy.make(change, mode, |_| looked_up.as_ref())?;
        Ok(())
    }
}
