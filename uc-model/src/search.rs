use std::{cmp::Ordering, collections::BTreeMap};

use crate::{Contact, ContactId, DialPlan, Directory, PhoneNumber};

mod blocks;
mod fold;
mod query;
mod ranking;
mod words;

pub use query::SearchQuery;
pub use ranking::Ranking;

use blocks::Blocks;
use query::Beginnings;
use words::{Token, Words};

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Matches<'a> {
    /// The best ones, best first.
    pub contacts: Vec<&'a Contact>,
    /// Whether there are more.
    pub more: bool,
}

/// Contacts arranged for search as you type, and for finding whose number calls.
///
/// Every word of every name, and every number, is one token in a sorted array of its directory,
/// kept in blocks so that one changed contact touches a few blocks only. A search finds the first
/// token of the first word by bisection and walks on from there until it has enough.
///
/// With a [`DialPlan`] numbers are kept in canonical form, and what is typed is understood as an
/// extension or a local, national or international number alike.
///
/// **Order.** Preferred contacts by their [`Ranking`]; then by directory; then by the word that
/// the query's first word begins (so an exact match comes first), by last name, first name and
/// id: the same contacts always come in the same order.
#[derive(Debug, Default)]
pub struct SearchIndex {
    plan: Option<DialPlan>,
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    by_id: BTreeMap<ContactId, u32>,
    /// The tokens of each directory, in the order of [`Directory::ALL`].
    tokens: [Blocks; Directory::ALL.len()],
}

#[derive(Debug)]
struct Entry {
    contact: Contact,
    words: Words,
}

impl SearchIndex {
    /// No contacts, and numbers as they are written.
    pub fn new() -> Self {
        Self::default()
    }

    /// These contacts, their numbers understood by `plan`; of two with the same id the later one
    /// counts.
    pub fn with_plan(plan: DialPlan, contacts: impl IntoIterator<Item = Contact>) -> Self {
        let mut index = Self {
            plan: Some(plan),
            ..Self::default()
        };
        index.fill(contacts);
        index
    }

    /// How many contacts there are.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// One contact.
    pub fn contact(&self, id: &ContactId) -> Option<&Contact> {
        Some(&self.entry(*self.by_id.get(id)?).contact)
    }

    /// All contacts, in the order of their ids.
    pub fn contacts(&self) -> impl Iterator<Item = &Contact> {
        self.by_id.values().map(|slot| &self.entry(*slot).contact)
    }

    /// Adds a contact; gives the one it replaces.
    pub fn insert(&mut self, contact: Contact) -> Option<Contact> {
        let replaced = self.remove(&contact.id);
        let slot = self.place(contact);
        for token in self.entry(slot).words.tokens(slot).collect::<Vec<_>>() {
            let directory = self.directory(slot);
            let mut tokens = std::mem::take(&mut self.tokens[directory]);
            tokens.insert(token, |other| self.token_order(other, &token).is_lt());
            self.tokens[directory] = tokens;
        }
        replaced
    }

    /// Removes a contact.
    pub fn remove(&mut self, id: &ContactId) -> Option<Contact> {
        let slot = self.by_id.remove(id)?;
        for token in self.entry(slot).words.tokens(slot).collect::<Vec<_>>() {
            let directory = self.directory(slot);
            let mut tokens = std::mem::take(&mut self.tokens[directory]);
            tokens.remove(|other| self.token_order(other, &token).is_lt());
            self.tokens[directory] = tokens;
        }
        self.free.push(slot);
        self.entries[slot as usize]
            .take()
            .map(|entry| entry.contact)
    }

    /// The best `limit` matches, nobody preferred.
    pub fn search(&self, query: &SearchQuery, limit: usize) -> Matches<'_> {
        self.search_ranked(query, &Ranking::new(), limit)
    }

    /// The best `limit` matches.
    pub fn search_ranked(
        &self,
        query: &SearchQuery,
        ranking: &Ranking,
        limit: usize,
    ) -> Matches<'_> {
        let words = query.meanings(self.plan.as_ref());
        let enough = limit.saturating_add(1);
        let mut slots = self.preferred(query, &words, ranking);
        for directory in query.directories().filter(|_| !words.is_empty()) {
            self.add_from(directory, &words, enough, &mut slots);
        }
        let more = slots.len() > limit;
        slots.truncate(limit);
        Matches {
            contacts: slots
                .iter()
                .map(|slot| &self.entry(*slot).contact)
                .collect(),
            more,
        }
    }

    /// The best `limit` matches of several indexes: the preferred ones of all of them first, then
    /// what each has, in the order of the indexes.
    pub fn search_together<'a>(
        indexes: &[&'a Self],
        query: &SearchQuery,
        ranking: &Ranking,
        limit: usize,
    ) -> Matches<'a> {
        let found = indexes
            .iter()
            .map(|index| index.search_ranked(query, ranking, limit));
        let (mut preferred, mut others, mut more) = (Vec::new(), Vec::new(), false);
        for matches in found {
            more |= matches.more;
            let is_preferred = |contact: &&Contact| ranking.prefers(&contact.id);
            let (first, rest): (Vec<_>, Vec<_>) =
                matches.contacts.into_iter().partition(is_preferred);
            preferred.extend(first);
            others.extend(rest);
        }
        preferred.sort_by_key(|contact| ranking.place(&contact.id));
        preferred.extend(others);
        more |= preferred.len() > limit;
        preferred.truncate(limit);
        Matches {
            contacts: preferred,
            more,
        }
    }

    /// Whose number this is, however either is written; of several the one in the first
    /// directory, by name.
    pub fn by_number(&self, number: &PhoneNumber) -> Option<&Contact> {
        let wanted = self.number_word(number);
        let wanted = words::cut(&wanted);
        let owners = self.tokens.iter().flat_map(|tokens| {
            let from = tokens.from(|token| self.text_before(token, wanted));
            from.take_while(|token| self.entry(token.slot).words.text(token) == wanted)
        });
        let mut contacts = owners.map(|token| &self.entry(token.slot).contact);
        contacts.find(|contact| {
            let mut numbers = contact.numbers.iter();
            numbers.any(|one| words::cut(&self.number_word(&one.number)) == wanted)
        })
    }

    fn number_word(&self, number: &PhoneNumber) -> String {
        match &self.plan {
            Some(plan) => plan.key(number).digits().to_owned(),
            None => words::digits(number.as_str()),
        }
    }

    /// The preferred contacts that match, in their order.
    fn preferred(&self, query: &SearchQuery, words: &[Beginnings], ranking: &Ranking) -> Vec<u32> {
        let Some(first) = words.first() else {
            return Vec::new();
        };
        let directories: Vec<_> = query.directories().collect();
        let known = ranking.preferred().filter_map(|id| self.by_id.get(id));
        let mut found: Vec<u32> = known.copied().collect();
        found.retain(|slot| {
            let wanted = directories.contains(&self.entry(*slot).contact.directory);
            wanted && self.is_match(*slot, words)
        });
        found.sort_by(|a, b| {
            let place = |slot: &u32| ranking.place(&self.entry(*slot).contact.id);
            let by_rank = place(a).cmp(&place(b));
            by_rank.then_with(|| self.compare(*a, *b, first))
        });
        found
    }

    /// Adds the matches of one directory, in order, until there are `enough`.
    fn add_from(
        &self,
        directory: Directory,
        words: &[Beginnings],
        enough: usize,
        found: &mut Vec<u32>,
    ) {
        let tokens = &self.tokens[directory as usize];
        match self.rarest_other_word(tokens, words) {
            _ if found.len() >= enough => {}
            Some(word) => self.add_by_word(tokens, word, words, enough, found),
            None => self.add_in_order(tokens, words, enough, found),
        }
    }

    /// Walks the tokens of the first word, which stand in the order of the results.
    fn add_in_order(
        &self,
        tokens: &Blocks,
        words: &[Beginnings],
        enough: usize,
        found: &mut Vec<u32>,
    ) {
        for token in words[0].iter().flat_map(|start| self.range(tokens, start)) {
            if found.len() >= enough {
                break;
            }
            if !found.contains(&token.slot) && self.is_match(token.slot, words) {
                found.push(token.slot);
            }
        }
    }

    /// All matches, found by a word that few contacts have, then put in order.
    fn add_by_word(
        &self,
        tokens: &Blocks,
        word: &Beginnings,
        words: &[Beginnings],
        enough: usize,
        found: &mut Vec<u32>,
    ) {
        let having = word.iter().flat_map(|start| self.range(tokens, start));
        let mut slots: Vec<u32> = having.map(|token| token.slot).collect();
        slots.sort_unstable();
        slots.dedup();
        slots.retain(|slot| !found.contains(slot) && self.is_match(*slot, words));
        slots.sort_by(|a, b| self.compare(*a, *b, &words[0]));
        slots.truncate(enough.saturating_sub(found.len()));
        found.extend(slots);
    }

    /// A word after the first that so few contacts have that looking at all of those is less work
    /// than walking in order.
    fn rarest_other_word<'q>(
        &self,
        tokens: &Blocks,
        words: &'q [Beginnings],
    ) -> Option<&'q Beginnings> {
        let (first, others) = words.split_first()?;
        let count = |word: &Beginnings| -> usize {
            word.iter().map(|start| self.count(tokens, start)).sum()
        };
        let counted = others.iter().map(|word| (count(word), word));
        let (rarest, word) = counted.min_by_key(|(count, _)| *count)?;
        (rarest.saturating_mul(RARITY) < count(first)).then_some(word)
    }

    fn is_match(&self, slot: u32, words: &[Beginnings]) -> bool {
        let known = &self.entry(slot).words;
        words
            .iter()
            .all(|word| word.iter().any(|start| known.has(start)))
    }

    fn compare(&self, a: u32, b: u32, first: &Beginnings) -> Ordering {
        let (a, b) = (self.entry(a), self.entry(b));
        a.contact
            .directory
            .cmp(&b.contact.directory)
            .then_with(|| matched(a, first).cmp(&matched(b, first)))
            .then_with(|| order(a, b))
    }

    fn entry(&self, slot: u32) -> &Entry {
        let entry = self.entries[slot as usize].as_ref();
        entry.expect("tokens and ids point to contacts that are there")
    }

    fn place(&mut self, contact: Contact) -> u32 {
        let id = contact.id.clone();
        let entry = Some(Entry::of(contact, self.plan.as_ref()));
        let slot = match self.free.pop() {
            Some(slot) => {
                self.entries[slot as usize] = entry;
                slot
            }
            None => {
                let len = self.entries.len();
                if len == self.entries.capacity() {
                    self.entries.reserve_exact(len / SPARE + 1);
                }
                self.entries.push(entry);
                slot_of(len)
            }
        };
        self.by_id.insert(id, slot);
        slot
    }

    fn directory(&self, slot: u32) -> usize {
        self.entry(slot).contact.directory as usize
    }

    /// The tokens that begin with `word`, in order.
    fn range<'a>(&'a self, tokens: &'a Blocks, word: &'a [u8]) -> impl Iterator<Item = &'a Token> {
        tokens
            .from(|token| self.text_before(token, word))
            .take_while(move |token| self.text_begins(token, word))
    }

    /// How many tokens begin with `word`.
    fn count(&self, tokens: &Blocks, word: &[u8]) -> usize {
        let start = tokens.place(|token| self.text_before(token, word));
        let end =
            tokens.place(|token| self.text_before(token, word) || self.text_begins(token, word));
        tokens.count(start, end)
    }

    fn fill(&mut self, contacts: impl IntoIterator<Item = Contact>) {
        let unique: BTreeMap<ContactId, Contact> = contacts
            .into_iter()
            .map(|contact| (contact.id.clone(), contact))
            .collect();
        let plan = self.plan.as_ref();
        let entries = unique.into_values();
        self.entries = entries.map(|one| Some(Entry::of(one, plan))).collect();
        let mut tokens: [Vec<Token>; Directory::ALL.len()] = Default::default();
        for slot in (0..self.entries.len()).map(slot_of) {
            tokens[self.directory(slot)].extend(self.entry(slot).words.tokens(slot));
        }
        // Made of sorted ids at once, a map is full; filled one by one, half of it is empty.
        let ids = self
            .entries
            .iter()
            .flatten()
            .map(|one| one.contact.id.clone());
        self.by_id = ids.zip((0..).map(slot_of)).collect();
        self.tokens = tokens.map(|mut tokens| {
            tokens.sort_unstable_by(|a, b| self.token_order(a, b));
            Blocks::from_sorted(&tokens)
        });
    }

    fn token_order(&self, a: &Token, b: &Token) -> Ordering {
        let (left, right) = (self.entry(a.slot), self.entry(b.slot));
        a.head
            .cmp(&b.head)
            .then_with(|| left.words.text(a).cmp(right.words.text(b)))
            .then_with(|| order(left, right))
    }

    fn text_before(&self, token: &Token, word: &[u8]) -> bool {
        match token.head.cmp(&words::head(word)) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => self.entry(token.slot).words.text(token) < word,
        }
    }

    fn text_begins(&self, token: &Token, word: &[u8]) -> bool {
        if word.len() <= words::HEAD_BYTES {
            return words::head_begins(token.head, word);
        }
        self.entry(token.slot).words.text(token).starts_with(word)
    }
}

impl Entry {
    fn of(contact: Contact, plan: Option<&DialPlan>) -> Self {
        let words = Words::of(&contact, plan);
        Self { contact, words }
    }
}

impl FromIterator<Contact> for SearchIndex {
    /// Arranges many contacts at once, numbers as they are written; of two with the same id the
    /// later one counts.
    fn from_iter<I: IntoIterator<Item = Contact>>(contacts: I) -> Self {
        let mut index = Self::new();
        index.fill(contacts);
        index
    }
}

fn slot_of(place: usize) -> u32 {
    u32::try_from(place).expect("memory ends before 2^32 contacts")
}

/// Which meaning of the first word a contact's words begin with, and the smallest such word.
fn matched<'a>(entry: &'a Entry, first: &Beginnings) -> Option<(usize, &'a [u8])> {
    first
        .iter()
        .enumerate()
        .find_map(|(at, start)| Some((at, entry.words.begins(start)?)))
}

/// By last name, first name and id.
fn order(a: &Entry, b: &Entry) -> Ordering {
    a.words
        .names()
        .cmp(b.words.names())
        .then_with(|| a.contact.id.cmp(&b.contact.id))
}

/// Entries grow by this part of themselves (our choice: twice as many, as a `Vec` takes them, would
/// cost an empty entry a contact).
const SPARE: usize = 16;
/// How many times rarer than the first word another must be, to search by it instead (our choice).
const RARITY: usize = 16;

#[cfg(test)]
mod tests;
