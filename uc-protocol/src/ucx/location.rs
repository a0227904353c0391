use serde::{Deserialize, Serialize};

/// A country whose dialling is known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Country {
    /// Germany.
    De,
    /// The Netherlands.
    Nl,
    /// The United Kingdom.
    Gb,
    /// The United States.
    Us,
}

/// Where the system stands, and how numbers are dialled there (NUM-1). All codes are digits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// The country.
    pub country: Country,
    /// The area code without its prefix, such as `89`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area_code: Option<String>,
    /// The digits between area code and extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_number: Option<String>,
    /// The digits that seize an outside line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trunk_code: Option<String>,
    /// Digits of the shortest and of the longest extension.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extension_digits: Option<[u8; 2]>,
    /// The emergency numbers, at most 16, in place of the country's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<Vec<String>>,
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Location")
            .field("country", &self.country)
            .finish_non_exhaustive()
    }
}
