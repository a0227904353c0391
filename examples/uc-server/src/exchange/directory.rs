use uc_protocol::ucx::{ContactResource, Directory, SearchResults, paths::DirectoryQuery};

use super::{Exchange, Refusal};
use crate::company::User;

impl Exchange {
    /// Searches the internal directory.
    pub(crate) fn search(&self, query: &DirectoryQuery) -> Result<SearchResults, Refusal> {
        let limit = usize::from(query.limit.unwrap_or(DEFAULT_LIMIT));
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Refusal::Value("a search asks for 1 to 100 matches"));
        }
        let wanted = query.q.to_lowercase();
        let wanted: Vec<_> = wanted.split_whitespace().collect();
        let fits = |user: &&User| {
            let name = user.me.name.to_lowercase();
            wanted
                .iter()
                .all(|w| name.split_whitespace().any(|part| part.starts_with(w)))
        };
        let mut found = self.company.users().iter().filter(fits);
        let contacts = found.by_ref().take(limit).map(contact).collect();
        Ok(SearchResults {
            contacts,
            more: found.next().is_some(),
        })
    }
}

fn contact(user: &User) -> ContactResource {
    ContactResource {
        id: format!("internal.{}", user.me.user),
        directory: Directory::Internal,
        first_name: user.first_name.clone(),
        last_name: user.last_name.clone(),
        numbers: user.numbers.clone(),
        email: user.email.clone(),
        user: Some(user.me.user.clone()),
    }
}

const DEFAULT_LIMIT: u8 = 20;
const MAX_LIMIT: usize = 100;
