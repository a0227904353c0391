use crate::NumberKind;

/// What a column or element holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    FirstName,
    LastName,
    FullName,
    Email,
    Number(NumberKind),
}

impl Field {
    /// The field of a heading in English, German or Dutch, as Outlook names them, in any case and
    /// with any spaces; `None` for what isn't kept.
    pub(super) fn named(heading: &str) -> Option<Self> {
        let plain: String = heading
            .chars()
            .flat_map(char::to_lowercase)
            .filter(|c| c.is_alphanumeric())
            .collect();
        let name = plain.trim_end_matches(|c: char| c.is_ascii_digit());
        HEADINGS
            .iter()
            .find(|(_, names)| names.contains(&name))
            .map(|(field, _)| *field)
    }
}

const HEADINGS: [(Field, &[&str]); 8] = [
    (
        Field::FirstName,
        &["firstname", "givenname", "vorname", "voornaam"],
    ),
    (
        Field::LastName,
        &[
            "lastname",
            "surname",
            "familyname",
            "nachname",
            "achternaam",
        ],
    ),
    (
        Field::FullName,
        &[
            "name",
            "fullname",
            "displayname",
            "naam",
            "anzeigename",
            "weergavenaam",
        ],
    ),
    (
        Field::Email,
        &[
            "email",
            "emailaddress",
            "mail",
            "emailadresse",
            "emailadres",
        ],
    ),
    (
        Field::Number(NumberKind::Internal),
        &[
            "internal",
            "extension",
            "internalphone",
            "intern",
            "durchwahl",
            "toestel",
        ],
    ),
    (
        Field::Number(NumberKind::Business),
        &[
            "businessphone",
            "business",
            "phone",
            "telephone",
            "phonenumber",
            "workphone",
            "companymainphone",
            "telefon",
            "telefongeschäftlich",
            "telefongeschaeftlich",
            "telefoon",
            "telefoonopwerk",
            "telefoonwerk",
            "zakelijketelefoon",
        ],
    ),
    (
        Field::Number(NumberKind::Private),
        &[
            "homephone",
            "home",
            "private",
            "privatephone",
            "otherphone",
            "external",
            "telefonprivat",
            "telefonandere",
            "weiterestelefon",
            "telefoonthuis",
            "telefoonprivé",
            "anderetelefoon",
            "overigetelefoon",
        ],
    ),
    (
        Field::Number(NumberKind::Mobile),
        &[
            "mobilephone",
            "mobile",
            "cellphone",
            "mobiltelefon",
            "mobil",
            "handy",
            "mobieletelefoon",
            "mobiel",
        ],
    ),
];
