use std::sync::Arc;

use uc_model::{PasswordChange, Photo, PresenceVisibility, Profile, ServerSettings, UserId};

use super::Client;
use crate::{
    core::{Reply, Request},
    error::{EditError, PasswordError, ServiceError},
    locked,
    port::{AccountEdit, BackendError, Edit, FetchedPhoto},
};

/// What the server keeps for the user, for all of the user's clients. It stands in
/// [`View::account`](crate::View::account).
impl Client {
    /// Chooses who sees the own presence (PRES-4).
    pub async fn set_visibility(&self, visibility: PresenceVisibility) -> Result<(), EditError> {
        self.edit_account(AccountEdit::SetVisibility(visibility))
            .await
    }

    /// Sets what others are told in search and details (PROF-1); what is `None` is removed.
    pub async fn set_profile(&self, profile: Profile) -> Result<(), EditError> {
        self.edit_account(AccountEdit::SetProfile(profile)).await
    }

    /// Stores the settings that belong to the person, for the first sign-in on another computer
    /// ([`Settings::at_first_sign_in`](uc_model::Settings::at_first_sign_in) with
    /// `view().account().settings`).
    pub async fn set_settings(&self, settings: ServerSettings) -> Result<(), EditError> {
        self.edit_account(AccountEdit::SetSettings(settings)).await
    }

    /// Sets the own photo (PROF-2); [`Photo::from_file`] makes one of a JPG or PNG file.
    pub async fn set_photo(&self, photo: Photo) -> Result<(), EditError> {
        self.edit_account(AccountEdit::SetPhoto(photo)).await
    }

    /// Removes the own photo.
    pub async fn delete_photo(&self) -> Result<(), EditError> {
        self.edit_account(AccountEdit::DeletePhoto).await
    }

    async fn edit_account(&self, edit: AccountEdit) -> Result<(), EditError> {
        self.edit(Edit::Account(edit)).await.map(drop)
    }

    /// Changes the password (CONN-9). What was entered is checked by the rules of the server's mode
    /// before anything is sent; the connection is always encrypted. The user's other sessions end
    /// then; this one goes on, and signs in by itself with the new password.
    pub async fn change_password(&self, change: PasswordChange) -> Result<(), PasswordError> {
        match self.ask(Request::ChangePassword(change)).await {
            Some(Reply::Password(result)) => result,
            _ => Err(ServiceError::Closed.into()),
        }
    }

    /// A user's photo as the server has it now; `None` where there is none (DIR-3). A contact's is
    /// that of its [`user`](uc_model::Contact::user).
    ///
    /// The 64 photos asked for last are kept while the client lives, and are fetched again only
    /// if they have changed; the same photo is the same `Arc`. What a server sends is checked like a
    /// stranger's file: if it isn't a photo there is an error, and everything else goes on.
    pub async fn photo(&self, user: &UserId) -> Result<Option<Arc<Photo>>, ServiceError> {
        let known = locked(&self.0.photos).get(user);
        let request = Request::Photo {
            user: user.clone(),
            known: known.as_ref().map(|(rev, _)| *rev),
        };
        let fetched = match self.ask(request).await {
            Some(Reply::Photo(result)) => result?,
            _ => return Err(ServiceError::Closed),
        };
        let (rev, photo) = match (fetched, known) {
            (FetchedPhoto::None, _) => {
                locked(&self.0.photos).forget(user);
                return Ok(None);
            }
            (FetchedPhoto::Unchanged, Some(known)) => known,
            (FetchedPhoto::Unchanged, None) => return Err(BackendError::Malformed.into()),
            (FetchedPhoto::Photo { rev, photo }, _) => (rev, Arc::new(photo)),
        };
        locked(&self.0.photos).keep(user.clone(), rev, Arc::clone(&photo));
        Ok(Some(photo))
    }
}
