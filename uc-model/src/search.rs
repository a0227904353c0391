use crate::Contact;

/// What a person typed into the search field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery;

/// Contacts arranged for search by first letters (DIR-2).
#[derive(Debug, Default)]
pub struct SearchIndex {
    _contacts: Vec<Contact>,
}
