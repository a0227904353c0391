//! Reading contacts from files (DIR-5): bytes become rows, rows become drafts of contacts, each
//! with the line where it stands. What is done with them is the personal directory's rule.

use thiserror::Error;

use crate::{Contact, DialPlan, NumberKind, PhoneNumber, Redacted, TypedNumber};

mod csv;
mod encoding;
mod field;
#[cfg(feature = "import")]
mod xml;

pub use csv::contacts_to_csv;
pub use encoding::TextEncoding;

use field::Field;

/// What kind of file holds the contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImportFormat {
    /// Comma-separated values with a heading line, as Outlook and Excel write them: fields
    /// separated by `,`, `;` or tabulators, in quotes where needed (RFC 4180).
    Csv(TextEncoding),
    /// XML in UTF-8: one element per contact with one element per field, or a table as Excel
    /// saves it ("XML Spreadsheet 2003"). Feature `import`.
    #[cfg(feature = "import")]
    Xml,
}

/// Why nothing of a file was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ImportError {
    /// Larger than 16 MiB.
    #[error("the file is larger than 16 MiB")]
    TooLarge,
    /// Bytes that are no text in the chosen encoding.
    #[error("line {line} can't be read in the chosen encoding; choose another one")]
    Encoding {
        /// Where.
        line: u32,
    },
    /// A quote that is never closed, or followed by something else than a separator.
    #[error("the quotes in line {line} don't match")]
    Quotes {
        /// Where the field begins.
        line: u32,
    },
    /// The file is no XML.
    #[error("the file is damaged at line {line}: it is no XML")]
    Xml {
        /// Where.
        line: u32,
    },
    /// No column that is known.
    #[error(
        "no column is called by a name that is known, such as \"Last Name\" or \"Mobile Phone\""
    )]
    NoColumns,
    /// More than 100,000 contacts.
    #[error("the file holds more than {MAX_ROWS} contacts")]
    TooManyRows,
    /// More contacts than the personal directory takes.
    #[error(
        "there would be {0} personal contacts, which is more than are possible; delete some first"
    )]
    DirectoryFull(usize),
}

/// Why one row was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum SkipReason {
    /// Neither a name nor a number.
    #[error("there is neither a name nor a number")]
    Empty,
    /// A number that can't be one.
    #[error("a number in it is no telephone number")]
    BadNumber,
    /// A field longer than 256 characters.
    #[error("a field in it has more than {MAX_FIELD} characters")]
    FieldTooLong,
    /// More than 16 numbers.
    #[error("it has more than {} numbers", Contact::MAX_NUMBERS)]
    TooManyNumbers,
    /// The same name stands in an earlier line.
    #[error("the same name stands in line {0} already")]
    Duplicate(u32),
    /// The user has changed the contact by hand (DIR-6).
    #[error("the contact was added or changed by hand and stays as it is")]
    ChangedByHand,
    /// The contact is there, the same in everything.
    #[error("the contact is known already and has not changed")]
    Unchanged,
    /// A server's reason that isn't known here.
    #[error("the server doesn't take it")]
    Other,
}

/// A contact as a file describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ContactDraft {
    /// First name; may be empty.
    pub first_name: Redacted<String>,
    /// Last name; may be empty.
    pub last_name: Redacted<String>,
    /// Its numbers, in canonical form where the dial plan finds one.
    pub numbers: Vec<TypedNumber>,
    /// E-mail address.
    pub email: Option<Redacted<String>>,
}

/// What was read of a file: per contact the line where it begins, and the contact or why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactFile(pub(crate) Vec<(u32, Result<ContactDraft, SkipReason>)>);

/// The fields of one contact, as text.
#[derive(Debug, Clone, Default)]
struct Row {
    line: u32,
    fields: Vec<(Field, String)>,
}

impl ContactFile {
    /// Reads a file. `plan` brings its numbers into canonical form (DIR-7).
    ///
    /// # Errors
    /// What makes the whole file unreadable; a single bad row doesn't.
    pub fn read(bytes: &[u8], format: ImportFormat, plan: &DialPlan) -> Result<Self, ImportError> {
        if bytes.len() > MAX_BYTES {
            return Err(ImportError::TooLarge);
        }
        let rows = match format {
            ImportFormat::Csv(encoding) => csv::read(&encoding.decode(bytes)?)?,
            #[cfg(feature = "import")]
            ImportFormat::Xml => xml::read(&TextEncoding::Utf8.decode(bytes)?)?,
        };
        let drafts = rows.into_iter().map(|row| (row.line, row.draft(plan)));
        Ok(Self(drafts.collect()))
    }

    /// How many contacts the file describes, readable or not.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it describes none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Row {
    fn draft(self, plan: &DialPlan) -> Result<ContactDraft, SkipReason> {
        let mut draft = ContactDraft::default();
        for (field, text) in self.fields {
            let text = text.trim();
            match field {
                _ if text.is_empty() => {}
                _ if text.chars().count() > MAX_FIELD => return Err(SkipReason::FieldTooLong),
                Field::FirstName => draft.first_name = text.to_owned().into(),
                Field::LastName => draft.last_name = text.to_owned().into(),
                Field::FullName => draft.name_whole(text),
                Field::Email => {
                    draft.email.get_or_insert_with(|| text.to_owned().into());
                }
                Field::Number(kind) => draft.add_number(kind, text, plan)?,
            }
        }
        match draft.has_name() || !draft.numbers.is_empty() {
            true => Ok(draft),
            false => Err(SkipReason::Empty),
        }
    }
}

impl ContactDraft {
    pub(crate) fn has_name(&self) -> bool {
        !(self.first_name.expose().is_empty() && self.last_name.expose().is_empty())
    }

    fn name_whole(&mut self, text: &str) {
        if !self.has_name() {
            let (first, last) = text.rsplit_once(' ').unwrap_or(("", text));
            self.first_name = first.trim().to_owned().into();
            self.last_name = last.to_owned().into();
        }
    }

    fn add_number(
        &mut self,
        kind: NumberKind,
        text: &str,
        plan: &DialPlan,
    ) -> Result<(), SkipReason> {
        let written = PhoneNumber::new(text).map_err(|_| SkipReason::BadNumber)?;
        let number = plan.canonical(&written).unwrap_or(written);
        match self.numbers.iter().any(|known| known.number == number) {
            true => {}
            false if self.numbers.len() >= Contact::MAX_NUMBERS => {
                return Err(SkipReason::TooManyNumbers);
            }
            false => self.numbers.push(TypedNumber { kind, number }),
        }
        Ok(())
    }
}

/// Largest file (our choice: 100,000 contacts are a tenth of it).
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Most rows of a file (our choice).
const MAX_ROWS: usize = 100_000;
/// Most columns of a row; what lies beyond is left out (our choice).
const MAX_COLUMNS: usize = 1024;
/// Longest field, in characters (our choice).
pub(crate) const MAX_FIELD: usize = 256;

#[cfg(test)]
mod tests;
