use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use uc_model::{
    Capability, Contact, ContactDraft, ContactId, ContactOrigin, Directory, ImportFormat,
    ImportReport, KnownContact, NumberKind, PersonalDirectoryError, PhoneNumber, Photo, Redacted,
    TextEncoding, TypedNumber, UserId, contacts_to_csv,
};
use uc_session::{Client, EditError, ServiceError, port::BackendError};

use crate::{
    account::Account,
    failure::Failure,
    me::save_photo,
    output::Output,
    people::{presence_json, presence_line},
};

/// What to do with the personal contacts.
#[derive(Debug, Subcommand)]
pub(crate) enum ContactsCommand {
    /// Lists the personal contacts.
    List,
    /// Shows one contact of any directory, with presence and photo where it is a colleague.
    Show {
        /// Which, as `list` and `search` name it.
        id: ContactId,
        /// Saves the photo as this PNG file.
        #[arg(long, value_name = "FILE")]
        photo: Option<PathBuf>,
    },
    /// Adds a personal contact.
    Add(Fields),
    /// Changes a personal contact: what is given replaces what was there.
    Edit {
        /// Which.
        id: ContactId,
        #[command(flatten)]
        fields: Fields,
    },
    /// Deletes a personal contact.
    Delete {
        /// Which.
        id: ContactId,
    },
    /// Imports a file of contacts, and says what became of each.
    Import {
        /// The file.
        file: PathBuf,
        /// What it is.
        #[arg(long, default_value = "csv")]
        format: Format,
    },
    /// Writes the personal contacts as CSV, to standard output or into a file.
    Export {
        /// The file, made anew.
        file: Option<PathBuf>,
    },
}

/// What a contact is made of.
#[derive(Debug, Args)]
pub(crate) struct Fields {
    /// First name.
    #[arg(long)]
    first: Option<String>,
    /// Last name.
    #[arg(long)]
    last: Option<String>,
    /// A number with its kind, for example business=+49301234; several may be given.
    #[arg(long = "number", value_name = "KIND=NUMBER", value_parser = read_number)]
    numbers: Vec<TypedNumber>,
    /// E-mail address.
    #[arg(long)]
    email: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// Comma-separated values in UTF-8.
    Csv,
    /// Comma-separated values in Windows-1252, as older versions of Outlook write them.
    CsvWindows,
    /// Comma-separated values in UTF-16.
    CsvUtf16,
    /// XML.
    Xml,
}

/// Where to search.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Where {
    Personal,
    Internal,
    System,
    General,
    External,
}

/// Prints the matches, best first.
pub(crate) async fn search(
    account: &Account,
    output: &Output,
    query: &str,
    place: Option<Where>,
) -> Result<(), Failure> {
    let client = account.sign_in(output).await?;
    let found = match place {
        Some(place) => client.search_directory(place.into(), query).await,
        None => client.search(query).await,
    };
    client.sign_out().await;
    let found = found?;
    for contact in &found.contacts {
        output.line(&contact_line(contact), &contact_json(contact));
    }
    if found.more {
        output.progress("There are more; type more letters.");
    }
    if found.contacts.is_empty() {
        output.progress("Nobody found.");
    }
    Ok(())
}

/// Carries out one command.
pub(crate) async fn contacts(
    account: &Account,
    output: &Output,
    command: &ContactsCommand,
) -> Result<(), Failure> {
    let client = account.sign_in(output).await?;
    let done = carry_out(&client, output, command).await;
    client.sign_out().await;
    done
}

async fn carry_out(
    client: &Client,
    output: &Output,
    command: &ContactsCommand,
) -> Result<(), Failure> {
    match command {
        ContactsCommand::List => {
            let view = client.view();
            for known in view.personal_contacts() {
                output.line(&contact_line(&known.contact), &known_json(known));
            }
            if view.personal_contacts().next().is_none() {
                output.progress(match client.capabilities().has(Capability::EditContacts) {
                    true => "There are no personal contacts; add one with uc contacts add.",
                    false => "There are no personal contacts, and they aren't added here.",
                });
            }
        }
        ContactsCommand::Show { id, photo } => {
            let contact = found(client, id).await?;
            show_details(client, output, &contact, photo.as_deref()).await?;
        }
        ContactsCommand::Add(fields) => {
            let draft = fields.onto(ContactDraft::default());
            show(output, &client.add_contact(draft).await?);
        }
        ContactsCommand::Edit { id, fields } => {
            let draft = fields.onto(found(client, id).await?.into());
            show(output, &client.change_contact(id, draft).await?);
        }
        ContactsCommand::Delete { id } => {
            if client.view().contact(id).is_none() {
                // A server takes what is gone for deleted.
                return Err(EditError::from(PersonalDirectoryError::NoSuchContact).into());
            }
            client.delete_contact(id).await?;
            output.line("Deleted.", &json!({ "deleted": id.as_str() }));
        }
        ContactsCommand::Import { file, format } => {
            let bytes = std::fs::read(file).map_err(|error| Failure::file(file, error))?;
            let report = client.import_contacts(&bytes, (*format).into()).await?;
            tell_import(output, &report);
        }
        ContactsCommand::Export { file } => export(client, output, file.as_ref())?,
    }
    Ok(())
}

async fn found(client: &Client, id: &ContactId) -> Result<Contact, Failure> {
    match client.contact(id).await {
        Err(ServiceError::Backend(BackendError::NotFound)) => Err(Failure::NoContact),
        other => Ok(other?),
    }
}

fn show(output: &Output, contact: &Contact) {
    output.line(&contact_line(contact), &contact_json(contact));
}

/// Everything that there is to know of a contact (DIR-3).
async fn show_details(
    client: &Client,
    output: &Output,
    contact: &Contact,
    save_as: Option<&Path>,
) -> Result<(), Failure> {
    let view = client.view();
    let user = contact.user.as_ref();
    let presence = user.and_then(|user| Some((user, view.presence(user)?)));
    let photo = photo(client, user).await?;
    let mut plain = contact_line(contact);
    for TypedNumber { kind, number } in &contact.numbers {
        plain.push_str(&format!("\n  {:<9} {}", kind_name(*kind), number.as_str()));
    }
    if let Some(email) = &contact.email {
        plain.push_str(&format!("\n  e-mail    {}", email.expose()));
    }
    if let Some((user, presence)) = presence {
        let line = presence_line(output.words(), user, None, presence);
        plain.push_str(&format!("\n  user      {line}"));
    }
    if user.is_some() {
        let there = if photo.is_some() { "yes" } else { "no" };
        plain.push_str(&format!("\n  photo     {there}"));
    }
    let mut value = contact_json(contact);
    value["presence"] = presence.map_or(Value::Null, |(user, presence)| {
        presence_json(user, None, presence)
    });
    value["photo"] = photo.is_some().into();
    output.line(&plain, &value);
    match (save_as, photo) {
        (None, _) => Ok(()),
        (Some(file), Some(photo)) => save_photo(&photo, file),
        (Some(_), None) => Err(Failure::NoPhoto),
    }
}

async fn photo(client: &Client, user: Option<&UserId>) -> Result<Option<Arc<Photo>>, Failure> {
    match user {
        Some(user) if client.capabilities().has(Capability::Photo) => {
            Ok(client.photo(user).await?)
        }
        _ => Ok(None),
    }
}

fn tell_import(output: &Output, report: &ImportReport) {
    let skipped: Vec<Value> = report
        .skipped
        .iter()
        .map(|(line, reason)| json!({ "line": line, "reason": reason.to_string() }))
        .collect();
    let mut plain = format!(
        "{} added, {} changed, {} skipped, {} with a number that isn't canonical.",
        report.added.len(),
        report.changed.len(),
        report.skipped.len(),
        report.flagged.len(),
    );
    for (line, reason) in &report.skipped {
        plain.push_str(&format!("\nline {line}: {reason}"));
    }
    let value = json!({
        "added": report.added,
        "changed": report.changed,
        "flagged": report.flagged,
        "skipped": skipped,
    });
    output.line(&plain, &value);
}

fn export(client: &Client, output: &Output, file: Option<&PathBuf>) -> Result<(), Failure> {
    let view = client.view();
    let contacts: Vec<&Contact> = view.personal_contacts().map(|k| &k.contact).collect();
    let count = contacts.len();
    let csv = contacts_to_csv(contacts);
    match file {
        None => output.line(csv.trim_end(), &json!({ "csv": csv })),
        Some(file) => {
            std::fs::write(file, csv).map_err(|error| Failure::file(file, error))?;
            output.line(
                &format!("{count} contacts written."),
                &json!({ "contacts": count }),
            );
        }
    }
    Ok(())
}

impl Fields {
    /// The contact with what was given in place of what it had.
    fn onto(&self, mut draft: ContactDraft) -> ContactDraft {
        if let Some(first) = &self.first {
            draft.first_name = first.clone().into();
        }
        if let Some(last) = &self.last {
            draft.last_name = last.clone().into();
        }
        if !self.numbers.is_empty() {
            draft.numbers.clone_from(&self.numbers);
        }
        if let Some(email) = &self.email {
            draft.email = Some(email.clone().into());
        }
        draft
    }
}

fn read_number(text: &str) -> Result<TypedNumber, String> {
    let (kind, number) = text.split_once('=').unwrap_or(("business", text));
    let kind = KINDS.into_iter().find(|one| kind_name(*one) == kind);
    let kind = kind.ok_or("the kind is internal, business, private or mobile")?;
    let number = PhoneNumber::new(number).map_err(|error| error.to_string())?;
    Ok(TypedNumber { kind, number })
}

const fn kind_name(kind: NumberKind) -> &'static str {
    match kind {
        NumberKind::Internal => "internal",
        NumberKind::Business => "business",
        NumberKind::Private => "private",
        NumberKind::Mobile => "mobile",
        _ => "unknown",
    }
}

/// One line about a contact, with the name under which other commands know it.
pub(crate) fn contact_line(contact: &Contact) -> String {
    let numbers: Vec<&str> = contact.numbers.iter().map(|n| n.number.as_str()).collect();
    let name = contact.display_name();
    let name = name.as_ref().map_or("", |name| name.expose());
    let id = contact.id.as_str();
    format!("{name:<30} {:<30} {id}", numbers.join("  "))
}

/// A contact for a program. A number that isn't canonical is flagged (DIR-7).
pub(crate) fn contact_json(contact: &Contact) -> Value {
    let numbers: Vec<Value> = contact
        .numbers
        .iter()
        .map(|n| {
            json!({
                "kind": kind_name(n.kind),
                "number": n.number.as_str(),
                "canonical": n.number.is_canonical(),
            })
        })
        .collect();
    json!({
        "id": contact.id.as_str(),
        "directory": format!("{:?}", contact.directory).to_lowercase(),
        "first_name": contact.first_name.expose(),
        "last_name": contact.last_name.expose(),
        "numbers": numbers,
        "email": contact.email.as_ref().map(Redacted::expose),
    })
}

fn known_json(known: &KnownContact) -> Value {
    let mut value = contact_json(&known.contact);
    value["origin"] = match known.origin {
        Some(ContactOrigin::Imported) => "imported".into(),
        _ => "manual".into(),
    };
    value
}

impl From<Format> for ImportFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Csv => Self::Csv(TextEncoding::Utf8),
            Format::CsvWindows => Self::Csv(TextEncoding::Windows1252),
            Format::CsvUtf16 => Self::Csv(TextEncoding::Utf16),
            Format::Xml => Self::Xml,
        }
    }
}

impl From<Where> for Directory {
    fn from(place: Where) -> Self {
        match place {
            Where::Personal => Self::Personal,
            Where::Internal => Self::Internal,
            Where::System => Self::System,
            Where::General => Self::General,
            Where::External => Self::External,
        }
    }
}

const KINDS: [NumberKind; 4] = [
    NumberKind::Internal,
    NumberKind::Business,
    NumberKind::Private,
    NumberKind::Mobile,
];
