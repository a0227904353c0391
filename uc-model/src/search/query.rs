use std::fmt;

use super::words;
use crate::{DialPlan, Directory, PhoneNumber};

/// What a person typed into the search field (DIR-2): first letters of names, in any order and
/// case, with or without umlauts, or the first digits of a number in any format. A trailing `*`
/// means nothing more than its absence does.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SearchQuery {
    words: Vec<Typed>,
    directory: Option<Directory>,
}

#[derive(Clone, PartialEq, Eq)]
struct Typed {
    folded: Box<[u8]>,
    /// As typed, where it may be the beginning of a number.
    number: Option<Box<str>>,
}

/// What a word of a contact may begin with to match one typed word; the better ones first.
#[derive(Debug)]
pub(super) struct Beginnings(Vec<Box<[u8]>>);

impl SearchQuery {
    /// Reads what was typed. Only the first 8 words, and of each the first 64 bytes, count.
    pub fn new(text: &str) -> Self {
        let text = text.trim().trim_end_matches('*');
        let typed = |text: &str| -> Vec<Typed> {
            let number = is_number(text).then(|| text.into());
            let words = words::of_query(text, MAX_WORDS);
            let typed = words.into_iter().map(|folded| Typed {
                folded,
                number: number.clone(),
            });
            typed.collect()
        };
        // A text that could be a number is one word, spaces and all.
        let mut words = match is_number(text) {
            true => typed(text),
            false => text.split_whitespace().flat_map(typed).collect(),
        };
        words.truncate(MAX_WORDS);
        Self {
            words,
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

    /// Whether a name and number match, without an index.
    pub(crate) fn matches(&self, name: &str, number: &PhoneNumber, plan: &DialPlan) -> bool {
        let known = words::Words::of_text(name, number, plan);
        let meanings = self.meanings(Some(plan));
        let found = |word: &Beginnings| word.iter().any(|start| known.has(start));
        !self.is_empty() && meanings.iter().all(found)
    }

    /// The directories to look into, the preferred one first.
    pub(super) fn directories(&self) -> impl Iterator<Item = Directory> {
        let wanted = self.directory;
        let all = Directory::ALL.into_iter();
        all.filter(move |directory| wanted.is_none_or(|wanted| wanted == *directory))
    }

    /// For each word what it may mean.
    pub(super) fn meanings(&self, plan: Option<&DialPlan>) -> Vec<Beginnings> {
        let meanings = self.words.iter().map(|typed| match (plan, &typed.number) {
            (Some(plan), Some(number)) => Beginnings::of_number(plan, number),
            _ => Beginnings(vec![typed.folded.clone()]),
        });
        meanings.collect()
    }
}

impl Beginnings {
    fn of_number(plan: &DialPlan, typed: &str) -> Self {
        let beginnings = plan.beginnings(typed).into_iter();
        let bytes = beginnings.map(|text| Box::<[u8]>::from(words::cut(&text)));
        Self(bytes.filter(|bytes| !bytes.is_empty()).collect())
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(AsRef::as_ref)
    }
}

/// Shows nothing of what was typed: it is usually a name.
impl fmt::Debug for SearchQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchQuery")
            .field("words", &self.words.len())
            .field("directory", &self.directory)
            .finish()
    }
}

fn is_number(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_digit() || b" +()/-:;.*#".contains(&b);
    text.bytes().any(|b| b.is_ascii_digit()) && text.bytes().all(allowed)
}

/// Most words of a query that count (our choice).
const MAX_WORDS: usize = 8;
