use std::{cmp::Ordering, collections::BTreeMap};

use crate::{Contact, ContactId, Directory};

mod fold;
mod words;

use words::{Token, Words};

/// What a person typed into the search field (DIR-2): first letters of names, in any order and
/// case, with or without umlauts, or the first digits of a number. A trailing `*` means nothing
/// more than its absence does.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SearchQuery {
    words: Vec<Box<[u8]>>,
    directory: Option<Directory>,
}

/// Shows nothing of what was typed: it is usually a name.
impl std::fmt::Debug for SearchQuery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SearchQuery")
            .field("words", &self.words.len())
            .field("directory", &self.directory)
            .finish()
    }
}

impl SearchQuery {
    /// Reads what was typed. Only the first 8 words, and of each the first 64 bytes, count.
    pub fn new(text: &str) -> Self {
        Self {
            words: words::of_query(text, MAX_QUERY_WORDS),
            directory: None,
        }
    }

    /// The same search in one directory.
    #[must_use]
    pub fn in_directory(mut self, directory: Directory) -> Self {
        self.directory = Some(directory);
        self
    }

    /// Whether nothing was typed that could be found; such a search finds nothing.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Matches<'a> {
    /// The best ones, best first.
    pub contacts: Vec<&'a Contact>,
    /// Whether there are more.
    pub more: bool,
}

/// Contacts arranged for search as you type.
///
/// Every word of every name, and every number, is one token in a sorted array, kept in blocks so
/// that one changed contact touches a few blocks only. A search finds the first token of the
/// first word by bisection and walks on from there until it has enough.
///
/// **Order.** By the word that the query's first word begins (so an exact match comes first),
/// then by last name, first name and id: the same contacts always come in the same order.
#[derive(Debug, Default)]
pub struct SearchIndex {
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    by_id: BTreeMap<ContactId, u32>,
    /// Sorted blocks of sorted tokens; none is empty.
    blocks: Vec<Vec<Token>>,
}

#[derive(Debug)]
struct Entry {
    contact: Contact,
    words: Words,
}

impl SearchIndex {
    /// No contacts.
    pub fn new() -> Self {
        Self::default()
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
            self.insert_token(token);
        }
        replaced
    }

    /// Removes a contact.
    pub fn remove(&mut self, id: &ContactId) -> Option<Contact> {
        let slot = self.by_id.remove(id)?;
        for token in self.entry(slot).words.tokens(slot).collect::<Vec<_>>() {
            self.remove_token(&token);
        }
        self.free.push(slot);
        self.entries[slot as usize]
            .take()
            .map(|entry| entry.contact)
    }

    /// The best `limit` matches.
    pub fn search(&self, query: &SearchQuery, limit: usize) -> Matches<'_> {
        let mut slots = match self.rarest_other_word(query) {
            _ if query.is_empty() => Vec::new(),
            Some(word) => self.all_by(word, query),
            None => self.first_by_order(query, limit.saturating_add(1)),
        };
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

    /// Walks the tokens of the first word, which stand in the order of the results, until there
    /// are enough.
    fn first_by_order(&self, query: &SearchQuery, enough: usize) -> Vec<u32> {
        let mut found = Vec::new();
        for token in self.range(&query.words[0]) {
            if found.len() == enough {
                break;
            }
            if !found.contains(&token.slot) && self.is_match(token.slot, query) {
                found.push(token.slot);
            }
        }
        found
    }

    /// All matches, found by a word that few contacts have, then put in order.
    fn all_by(&self, word: &[u8], query: &SearchQuery) -> Vec<u32> {
        let mut found: Vec<u32> = self.range(word).map(|token| token.slot).collect();
        found.sort_unstable();
        found.dedup();
        found.retain(|slot| self.is_match(*slot, query));
        found.sort_by(|a, b| self.compare(*a, *b, &query.words[0]));
        found
    }

    /// A word after the first that so few contacts have that looking at all of those is less work
    /// than walking in order.
    fn rarest_other_word<'q>(&self, query: &'q SearchQuery) -> Option<&'q [u8]> {
        let (first, others) = query.words.split_first()?;
        let counted = others.iter().map(|word| (self.count(word), word));
        let (count, word) = counted.min_by_key(|(count, _)| *count)?;
        (count.saturating_mul(RARITY) < self.count(first)).then_some(word)
    }

    fn is_match(&self, slot: u32, query: &SearchQuery) -> bool {
        let entry = self.entry(slot);
        query
            .directory
            .is_none_or(|wanted| entry.contact.directory == wanted)
            && query
                .words
                .iter()
                .all(|word| entry.words.begins(word).is_some())
    }

    fn compare(&self, a: u32, b: u32, first: &[u8]) -> Ordering {
        let (a, b) = (self.entry(a), self.entry(b));
        let by_word = a.words.begins(first).cmp(&b.words.begins(first));
        by_word.then_with(|| order(a, b))
    }

    fn entry(&self, slot: u32) -> &Entry {
        let entry = self.entries[slot as usize].as_ref();
        entry.expect("tokens and ids point to contacts that are there")
    }

    fn place(&mut self, contact: Contact) -> u32 {
        let id = contact.id.clone();
        let entry = Some(Entry {
            words: Words::of(&contact),
            contact,
        });
        let slot = match self.free.pop() {
            Some(slot) => {
                self.entries[slot as usize] = entry;
                slot
            }
            None => {
                self.entries.push(entry);
                u32::try_from(self.entries.len() - 1).expect("memory ends before 2^32 contacts")
            }
        };
        self.by_id.insert(id, slot);
        slot
    }

    /// The tokens that begin with `word`, in order.
    fn range<'a>(&'a self, word: &'a [u8]) -> impl Iterator<Item = &'a Token> {
        let (block, inside) = self.position(|token| self.text_before(token, word));
        let blocks = self.blocks.get(block..).unwrap_or_default();
        blocks
            .iter()
            .flatten()
            .skip(inside)
            .take_while(move |token| self.text_begins(token, word))
    }

    /// How many tokens begin with `word`.
    fn count(&self, word: &[u8]) -> usize {
        let start = self.position(|token| self.text_before(token, word));
        let end =
            self.position(|token| self.text_before(token, word) || self.text_begins(token, word));
        let between: usize = self.blocks[start.0..end.0].iter().map(Vec::len).sum();
        between + end.1 - start.1
    }

    /// The first token for which `before` is false, as block and place inside it.
    fn position(&self, before: impl Fn(&Token) -> bool) -> (usize, usize) {
        let block = self
            .blocks
            .partition_point(|block| block.last().is_some_and(&before));
        let inside = self
            .blocks
            .get(block)
            .map_or(0, |block| block.partition_point(before));
        (block, inside)
    }

    fn insert_token(&mut self, token: Token) {
        let (mut block, mut inside) =
            self.position(|other| self.token_order(other, &token).is_lt());
        if block == self.blocks.len() {
            // After everything: at the end of the last block.
            match block.checked_sub(1) {
                None => self.blocks.push(Vec::new()),
                Some(last) => (block, inside) = (last, self.blocks[last].len()),
            }
        }
        let tokens = &mut self.blocks[block];
        tokens.insert(inside, token);
        if tokens.len() > BLOCK_TOKENS {
            let half = tokens.split_off(BLOCK_TOKENS / 2);
            self.blocks.insert(block + 1, half);
        }
    }

    fn remove_token(&mut self, token: &Token) {
        let (block, inside) = self.position(|other| self.token_order(other, token).is_lt());
        self.blocks[block].remove(inside);
        if self.blocks[block].is_empty() {
            self.blocks.remove(block);
        }
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

impl FromIterator<Contact> for SearchIndex {
    /// Arranges many contacts at once; of two with the same id the later one counts.
    fn from_iter<I: IntoIterator<Item = Contact>>(contacts: I) -> Self {
        let unique: BTreeMap<ContactId, Contact> = contacts
            .into_iter()
            .map(|contact| (contact.id.clone(), contact))
            .collect();
        let mut index = Self::new();
        let mut tokens = Vec::new();
        for contact in unique.into_values() {
            let slot = index.place(contact);
            tokens.extend(index.entry(slot).words.tokens(slot));
        }
        tokens.sort_unstable_by(|a, b| index.token_order(a, b));
        // Half full, so that a new contact seldom splits a block.
        index.blocks = tokens
            .chunks(BLOCK_TOKENS / 2)
            .map(<[Token]>::to_vec)
            .collect();
        index
    }
}

/// By last name, first name and id.
fn order(a: &Entry, b: &Entry) -> Ordering {
    a.words
        .names()
        .cmp(b.words.names())
        .then_with(|| a.contact.id.cmp(&b.contact.id))
}

/// Most tokens of a block (our choice: 8 KiB of 16-byte tokens move in well under a microsecond).
const BLOCK_TOKENS: usize = 512;
/// How many times rarer than the first word another must be, to search by it instead (our choice).
const RARITY: usize = 16;
/// Most words of a query that count (our choice).
const MAX_QUERY_WORDS: usize = 8;

#[cfg(test)]
mod tests;
