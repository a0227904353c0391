use uc_model::{Contact, ContactId, PhoneNumber, SearchIndex, SearchQuery, TypedNumber, UserId};
use uc_protocol::ucx::{
    ContactResource, Directory, NumberKind, SearchResults, paths::DirectoryQuery,
};

use super::{Exchange, Refusal};
use crate::company::{Company, User};

impl Exchange {
    /// Searches the internal directory by the rules of `uc-model`.
    pub(crate) fn search(&self, query: &DirectoryQuery) -> Result<SearchResults, Refusal> {
        let limit = usize::from(query.limit.unwrap_or(DEFAULT_LIMIT));
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Refusal::Value("a search asks for 1 to 100 matches"));
        }
        let found = self.directory.search(&SearchQuery::new(&query.q), limit);
        let user = |contact: &&Contact| self.company.user(contact.user.as_ref()?.as_str());
        Ok(SearchResults {
            contacts: found
                .contacts
                .iter()
                .filter_map(user)
                .map(resource)
                .collect(),
            more: found.more,
        })
    }
}

/// The internal directory, arranged for search. Names and numbers were checked when the company
/// was read; what is no id or number isn't found.
pub(super) fn index(company: &Company) -> SearchIndex {
    let mut index = SearchIndex::default();
    for contact in company.users().iter().filter_map(contact) {
        index.insert(contact);
    }
    index
}

fn contact(user: &User) -> Option<Contact> {
    let numbers = user.numbers.iter().filter_map(|number| {
        Some(TypedNumber {
            kind: match number.kind {
                NumberKind::Internal => uc_model::NumberKind::Internal,
                NumberKind::Business => uc_model::NumberKind::Business,
                NumberKind::Mobile => uc_model::NumberKind::Mobile,
                _ => uc_model::NumberKind::Private,
            },
            number: PhoneNumber::new(&number.number).ok()?,
        })
    });
    Some(Contact {
        id: contact_id(&user.me.user)?,
        directory: uc_model::Directory::Internal,
        first_name: user.first_name.clone().into(),
        last_name: user.last_name.clone().into(),
        numbers: numbers.collect(),
        email: user.email.clone().map(Into::into),
        user: UserId::new(&user.me.user).ok(),
    })
}

fn resource(user: &User) -> ContactResource {
    ContactResource {
        id: contact_id(&user.me.user).map_or_else(String::new, |id| id.to_string()),
        directory: Directory::Internal,
        first_name: user.first_name.clone(),
        last_name: user.last_name.clone(),
        numbers: user.numbers.clone(),
        email: user.email.clone(),
        user: Some(user.me.user.clone()),
    }
}

/// The directory entry of a user.
pub(super) fn contact_id(user: &str) -> Option<ContactId> {
    ContactId::new(format!("internal.{user}")).ok()
}

const DEFAULT_LIMIT: u8 = 20;
const MAX_LIMIT: usize = 100;
