use uc_model::{PasswordChange, Photo, PresenceVisibility, Profile, Rev, ServerSettings, UserId};

use super::Client;
use crate::{
    core::{Reply, Request},
    error::{EditError, PasswordError, ServiceError},
    port::{AccountEdit, Edit, FetchedPhoto},
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

    /// Fetches a user's photo, unless it still has the revision that is `known`.
    pub async fn photo(
        &self,
        user: &UserId,
        known: Option<Rev>,
    ) -> Result<FetchedPhoto, ServiceError> {
        let user = user.clone();
        match self.ask(Request::Photo { user, known }).await {
            Some(Reply::Photo(result)) => result,
            _ => Err(ServiceError::Closed),
        }
    }
}
