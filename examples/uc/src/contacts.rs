use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use uc_model::{
    Contact, ContactDraft, ContactId, ContactOrigin, Directory, ImportFormat, ImportReport,
    KnownContact, NumberKind, PhoneNumber, Redacted, TextEncoding, TypedNumber, contacts_to_csv,
};
use uc_session::Client;

use crate::{account::Account, failure::Failure, output::Output};

/// What to do with the personal contacts.
#[derive(Debug, Subcommand)]
pub(crate) enum ContactsCommand {
    /// Lists the personal contacts.
    List,
    /// Shows one contact of any directory.
    Show {
        /// Which, as `list` and `search` name it with --json.
        id: ContactId,
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
    let client = account.sign_in().await?;
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
    let client = account.sign_in().await?;
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
            for known in client.view().personal_contacts() {
                output.line(&contact_line(&known.contact), &known_json(known));
            }
        }
        ContactsCommand::Show { id } => show(output, &client.contact(id).await?),
        ContactsCommand::Add(fields) => {
            let draft = fields.onto(ContactDraft::default());
            show(output, &client.add_contact(draft).await?);
        }
        ContactsCommand::Edit { id, fields } => {
            let draft = fields.onto(client.contact(id).await?.into());
            show(output, &client.change_contact(id, draft).await?);
        }
        ContactsCommand::Delete { id } => {
            client.delete_contact(id).await?;
            output.line("Deleted.", &json!({ "deleted": id.as_str() }));
        }
        ContactsCommand::Import { file, format } => {
            let bytes = std::fs::read(file).map_err(|_| Failure::File(file.clone()))?;
            let report = client.import_contacts(&bytes, (*format).into()).await?;
            tell_import(output, &report);
        }
        ContactsCommand::Export { file } => export(client, output, file.as_ref())?,
    }
    Ok(())
}

fn show(output: &Output, contact: &Contact) {
    output.line(&contact_line(contact), &contact_json(contact));
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
            std::fs::write(file, csv).map_err(|_| Failure::File(file.clone()))?;
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
    let kind = match kind {
        "internal" => NumberKind::Internal,
        "business" => NumberKind::Business,
        "private" => NumberKind::Private,
        "mobile" => NumberKind::Mobile,
        _ => return Err("the kind is internal, business, private or mobile".to_owned()),
    };
    let number = PhoneNumber::new(number).map_err(|error| error.to_string())?;
    Ok(TypedNumber { kind, number })
}

/// One line about a contact.
pub(crate) fn contact_line(contact: &Contact) -> String {
    let numbers: Vec<&str> = contact.numbers.iter().map(|n| n.number.as_str()).collect();
    let name = contact.display_name();
    let name = name.as_ref().map_or("", |name| name.expose());
    format!("{name:<30} {}", numbers.join("  "))
}

/// A contact for a program. A number that isn't canonical is flagged (DIR-7).
pub(crate) fn contact_json(contact: &Contact) -> Value {
    let kind = |kind: NumberKind| format!("{kind:?}").to_lowercase();
    let numbers: Vec<Value> = contact
        .numbers
        .iter()
        .map(|n| {
            json!({
                "kind": kind(n.kind),
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
