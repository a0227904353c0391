//! What the server keeps for the user: profile, photo, password, redial list.

use std::{
    fs,
    io::{IsTerminal, stdin},
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};
use serde_json::json;
use uc_model::{
    Capability, PasswordChange, PasswordChangeError, PhoneNumber, Photo, Profile, Redacted, UserId,
};
use uc_session::{Client, PasswordError};

use crate::{account::Account, failure::Failure, output::Output};

/// What to do with the own profile.
#[derive(Debug, Subcommand)]
pub(crate) enum MeCommand {
    /// Shows what others are told.
    Show,
    /// Sets what others are told; what isn't named stays, an empty text removes it.
    Set(ProfileArguments),
}

/// What others are told.
#[derive(Debug, Args)]
pub(crate) struct ProfileArguments {
    /// The mobile number in canonical form, such as "+49 171 1234567".
    #[arg(long)]
    mobile: Option<String>,
    /// The private or another external number in canonical form.
    #[arg(long)]
    private: Option<String>,
    /// The e-mail address.
    #[arg(long)]
    email: Option<String>,
}

/// What to do with photos.
#[derive(Debug, Subcommand)]
pub(crate) enum PhotoCommand {
    /// Sets the own photo: JPG or PNG, at least 40 by 40 pixels, at most 512 kB.
    Set {
        /// The file.
        file: PathBuf,
    },
    /// Removes the own photo.
    Delete,
    /// Saves a user's photo as a PNG file.
    Save {
        /// Whose: the user name, in practice the internal number.
        whose: String,
        /// The file.
        file: PathBuf,
    },
}

pub(crate) async fn me(
    account: &Account,
    output: &Output,
    command: &MeCommand,
) -> Result<(), Failure> {
    let client = account.sign_in_for(output, Capability::Profile).await?;
    let result = match command {
        MeCommand::Show => Ok(()),
        MeCommand::Set(wish) => set_profile(&client, wish).await,
    };
    if result.is_ok() {
        show_profile(&client, output);
    }
    client.sign_out().await;
    result
}

async fn set_profile(client: &Client, wish: &ProfileArguments) -> Result<(), Failure> {
    let mut profile = client.view().account().profile.clone();
    if let Some(mobile) = &wish.mobile {
        profile.mobile = number(mobile)?;
    }
    if let Some(private) = &wish.private {
        profile.private = number(private)?;
    }
    if let Some(email) = &wish.email {
        let email = Some(email.clone()).filter(|email| !email.is_empty());
        profile.email = email.map(Redacted::new);
    }
    Ok(client.set_profile(profile).await?)
}

fn number(text: &str) -> Result<Option<PhoneNumber>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = PhoneNumber::new(text);
    number
        .map(Some)
        .map_err(|_| Failure::Option("this is no telephone number"))
}

fn show_profile(client: &Client, output: &Output) {
    let view = client.view();
    let Profile {
        mobile,
        private,
        email,
    } = &view.account().profile;
    let mobile = mobile.as_ref().map(PhoneNumber::as_str);
    let private = private.as_ref().map(PhoneNumber::as_str);
    let email = email.as_ref().map(|email| email.expose().as_str());
    let photo = view.account().photo.is_some();
    output.line(
        &format!(
            "Mobile:  {}\nPrivate: {}\nE-mail:  {}\nPhoto:   {}",
            mobile.unwrap_or("-"),
            private.unwrap_or("-"),
            email.unwrap_or("-"),
            if photo { "yes" } else { "no" },
        ),
        &json!({ "mobile": mobile, "private": private, "email": email, "photo": photo }),
    );
}

pub(crate) async fn photo(
    account: &Account,
    output: &Output,
    command: &PhotoCommand,
) -> Result<(), Failure> {
    let client = account.sign_in_for(output, Capability::Photo).await?;
    let result = match command {
        PhotoCommand::Set { file } => set_photo(&client, file).await,
        PhotoCommand::Delete => client.delete_photo().await.map_err(Into::into),
        PhotoCommand::Save { whose, file } => fetch_photo(&client, whose, file).await,
    };
    client.sign_out().await;
    result.map(|()| output.line("Done.", &json!({ "done": true })))
}

async fn set_photo(client: &Client, file: &Path) -> Result<(), Failure> {
    let bytes = fs::read(file).map_err(|error| Failure::file(file, error))?;
    Ok(client.set_photo(Photo::from_file(&bytes)?).await?)
}

async fn fetch_photo(client: &Client, whose: &str, file: &Path) -> Result<(), Failure> {
    let user = UserId::new(whose).map_err(|_| Failure::Option("nobody has this name"))?;
    let photo = client.photo(&user).await?;
    save_photo(&*photo.ok_or(Failure::NoPhoto)?, file)
}

/// Writes a PNG file.
pub(crate) fn save_photo(photo: &Photo, file: &Path) -> Result<(), Failure> {
    fs::write(file, photo.png()).map_err(|error| Failure::file(file, error))
}

/// Where the new password comes from.
#[derive(Debug, Args)]
pub(crate) struct PasswordArguments {
    /// A file whose first line is the new password; without it, a prompt asks twice.
    #[arg(long, value_name = "FILE")]
    new_password_file: Option<PathBuf>,
}

/// Changes the password; an initial one too, where the server wants that first. A profile that
/// keeps its password keeps the new one.
pub(crate) async fn password(
    account: &Account,
    output: &Output,
    wish: &PasswordArguments,
) -> Result<(), Failure> {
    let way = account.way().await?;
    let new = new_password(wish)?;
    let client = way
        .sign_in(output, |builder| Ok(builder.new_password(new.clone())))
        .await?;
    let changed = change_password(&client, way.password(), &new).await;
    client.sign_out().await;
    changed?;
    let kept = way.replace_password(&new).await;
    output.line(
        "The password is changed; other sessions have ended.",
        &json!({ "changed": true, "password_kept": matches!(kept, Ok(true)) }),
    );
    kept.map(drop)
        .map_err(|error| Failure::OldPasswordKept(Box::new(error)))
}

async fn change_password(
    client: &Client,
    old: &Redacted<String>,
    new: &Redacted<String>,
) -> Result<(), Failure> {
    let view = client.view();
    if view
        .user
        .as_ref()
        .is_some_and(|user| user.must_change_password)
    {
        // The sign-in has changed it.
        return Ok(());
    }
    let asks = client.capabilities().has(Capability::OldPassword);
    let change = PasswordChange {
        old: asks.then(|| old.clone()),
        new: new.clone(),
        repeated: new.clone(),
    };
    Ok(client.change_password(change).await?)
}

fn new_password(wish: &PasswordArguments) -> Result<Redacted<String>, Failure> {
    if let Some(path) = &wish.new_password_file {
        let text = fs::read_to_string(path).map_err(|error| Failure::file(path, error))?;
        return Ok(text.lines().next().unwrap_or_default().to_owned().into());
    }
    if !stdin().is_terminal() {
        return Err(Failure::NoNewPassword);
    }
    let ask = |prompt| rpassword::prompt_password(prompt).map_err(|_| Failure::NoNewPassword);
    let (new, repeated) = (ask("New password: ")?, ask("Once more: ")?);
    match new == repeated {
        true => Ok(new.into()),
        // The sign-in would set an initial password before anybody compares the two.
        false => Err(PasswordError::from(PasswordChangeError::RepetitionDiffers).into()),
    }
}

/// Prints the numbers dialled last, newest first.
pub(crate) async fn redial(account: &Account, output: &Output) -> Result<(), Failure> {
    let client = account.sign_in_for(output, Capability::Redial).await?;
    if client.redial().numbers().is_empty() {
        output.progress("Nothing was dialled yet.");
    }
    for number in client.redial().numbers() {
        output.line(number.as_str(), &json!({ "number": number.as_str() }));
    }
    client.sign_out().await;
    Ok(())
}
