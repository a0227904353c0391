use crate::{ContactId, PhoneNumber, Redacted, UserId};

/// Which directory an entry comes from (DIR-1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Directory {
    /// The user's own contacts.
    Personal,
    /// The users of this system.
    Internal,
    /// Speed dials of the system: name and number only.
    System,
    /// Imported by the administrator.
    General,
    /// An outside directory (Suite).
    External,
}

impl Directory {
    /// Every directory, in the order in which what is found is shown.
    pub const ALL: [Self; 5] = [
        Self::Personal,
        Self::Internal,
        Self::System,
        Self::General,
        Self::External,
    ];
}

/// What a number of a contact is for (DIR-3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum NumberKind {
    /// An extension of this system.
    Internal,
    /// At work.
    Business,
    /// At home, or another outside number.
    Private,
    /// A mobile phone.
    Mobile,
}

/// A number with its purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedNumber {
    /// What it is for.
    pub kind: NumberKind,
    /// The number as the directory wrote it.
    pub number: PhoneNumber,
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// Its identity.
    pub id: ContactId,
    /// Where it comes from.
    pub directory: Directory,
    /// First name; may be empty.
    pub first_name: Redacted<String>,
    /// Last name; may be empty.
    pub last_name: Redacted<String>,
    /// Its numbers, the preferred one first.
    pub numbers: Vec<TypedNumber>,
    /// E-mail address.
    pub email: Option<Redacted<String>>,
    /// The user behind an internal entry, whose presence can be seen.
    pub user: Option<UserId>,
}

impl Contact {
    /// Most numbers of a contact (our choice: four of each kind).
    pub const MAX_NUMBERS: usize = 16;

    /// First and last name; `None` where there is neither.
    pub fn display_name(&self) -> Option<Redacted<String>> {
        let (first, last) = (
            self.first_name.expose().trim(),
            self.last_name.expose().trim(),
        );
        match (first, last) {
            ("", "") => None,
            ("", one) | (one, "") => Some(one.to_owned().into()),
            _ => Some(format!("{first} {last}").into()),
        }
    }
}
