use std::collections::{BTreeMap, BTreeSet};

use crate::{ContactId, Favourites, Timestamp};

/// Whom a user is likely to mean: favourites come first, then those spoken to lately, then the
/// directories in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranking {
    favourites: BTreeSet<ContactId>,
    recent: BTreeMap<ContactId, Timestamp>,
}

impl Ranking {
    /// How many contacts are remembered as recent.
    pub const RECENT: usize = 100;

    /// Nobody is preferred.
    pub const fn new() -> Self {
        Self {
            favourites: BTreeSet::new(),
            recent: BTreeMap::new(),
        }
    }

    /// Prefers these favourites and no others.
    pub fn set_favourites(&mut self, favourites: &Favourites) {
        self.favourites = favourites.contacts().cloned().collect();
    }

    /// Remembers when somebody was spoken or written to; past [`RECENT`](Self::RECENT) the one
    /// longest ago is forgotten.
    pub fn spoken_to(&mut self, contact: ContactId, at: Timestamp) {
        let last = self.recent.entry(contact).or_insert(at);
        *last = at.max(*last);
        if self.recent.len() > Self::RECENT {
            let oldest = self.recent.iter().min_by_key(|(_, at)| **at);
            let oldest = oldest.map(|(contact, _)| contact.clone());
            oldest.and_then(|contact| self.recent.remove(&contact));
        }
    }

    /// Whether somebody comes before others.
    pub(super) fn prefers(&self, contact: &ContactId) -> bool {
        self.favourites.contains(contact) || self.recent.contains_key(contact)
    }

    /// Everybody who is preferred, each once.
    pub(super) fn preferred(&self) -> impl Iterator<Item = &ContactId> {
        let others = self
            .recent
            .keys()
            .filter(|contact| !self.favourites.contains(*contact));
        self.favourites.iter().chain(others)
    }

    /// What puts one before another: the smaller, the sooner.
    pub(super) fn place(
        &self,
        contact: &ContactId,
    ) -> (bool, std::cmp::Reverse<Option<Timestamp>>) {
        let recent = self.recent.get(contact).copied();
        (
            !self.favourites.contains(contact),
            std::cmp::Reverse(recent),
        )
    }
}
