use super::fold::fold;
use crate::{Contact, DialPlan, PhoneNumber};

/// The folded words of one contact: last name, first name, then the digits of its numbers (of
/// their canonical form, where a dial plan is known), each followed by a NUL, which sorts before any letter.
#[derive(Debug, Default)]
pub(super) struct Words {
    text: Box<[u8]>,
    /// Bytes of the names' words.
    names: usize,
}

/// One word of one contact.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    /// The word's first eight bytes, big-endian, so that most comparisons need no look at it.
    pub(super) head: u64,
    /// Whose.
    pub(super) slot: u32,
    start: u16,
    len: u16,
}

impl Words {
    pub(super) fn of(contact: &Contact, plan: Option<&DialPlan>) -> Self {
        let mut text = Vec::new();
        for name in [&contact.last_name, &contact.first_name] {
            push_name(&mut text, name.expose());
        }
        let names = text.len();
        for number in &contact.numbers {
            match plan {
                Some(plan) => push(&mut text, plan.key(&number.number).digits()),
                None => push(&mut text, &digits(number.number.as_str())),
            }
        }
        Self {
            text: text.into(),
            names,
        }
    }

    pub(super) fn of_text(name: &str, number: &PhoneNumber, plan: &DialPlan) -> Self {
        let mut text = Vec::new();
        push_name(&mut text, name);
        let names = text.len();
        push(&mut text, plan.key(number).digits());
        Self {
            text: text.into(),
            names,
        }
    }

    /// The names, to sort by.
    pub(super) fn names(&self) -> &[u8] {
        &self.text[..self.names]
    }

    /// Whether a word begins with `start`.
    pub(super) fn has(&self, start: &[u8]) -> bool {
        self.split().any(|word| word.starts_with(start))
    }

    /// The smallest word that begins with `start`.
    pub(super) fn begins(&self, start: &[u8]) -> Option<&[u8]> {
        self.split().filter(|word| word.starts_with(start)).min()
    }

    pub(super) fn text(&self, token: &Token) -> &[u8] {
        let start = usize::from(token.start);
        &self.text[start..start + usize::from(token.len)]
    }

    /// A token for each word, the same word once.
    pub(super) fn tokens(&self, slot: u32) -> impl Iterator<Item = Token> {
        let mut seen: Vec<&[u8]> = Vec::new();
        let mut start = 0;
        self.split().filter_map(move |word| {
            let token = Token {
                head: head(word),
                slot,
                start: u16::try_from(start).expect("a contact's words are cut off before 64 KiB"),
                len: u16::try_from(word.len()).expect("a word is cut off before 64 KiB"),
            };
            start += word.len() + 1;
            let is_new = !seen.contains(&word);
            seen.push(word);
            is_new.then_some(token)
        })
    }

    fn split(&self) -> impl Iterator<Item = &[u8]> {
        self.text.split(|b| *b == 0).filter(|word| !word.is_empty())
    }
}

/// The words of a query. A text that could be a number is one word, spaces and all.
pub(super) fn of_query(text: &str, most: usize) -> Vec<Box<[u8]>> {
    let is_number = text.bytes().any(|b| b.is_ascii_digit())
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || b" +()/-:;.*#".contains(&b));
    let folded = if is_number { digits(text) } else { fold(text) };
    let words = folded.split(' ').filter(|word| !word.is_empty());
    words.take(most).map(|word| cut(word).into()).collect()
}

/// The first eight bytes, big-endian, filled up with NULs.
pub(super) fn head(word: &[u8]) -> u64 {
    let mut bytes = [0; HEAD_BYTES];
    let len = word.len().min(HEAD_BYTES);
    bytes[..len].copy_from_slice(&word[..len]);
    u64::from_be_bytes(bytes)
}

/// Whether a word with this head begins with `start`, which has at most [`HEAD_BYTES`] bytes.
pub(super) fn head_begins(head: u64, start: &[u8]) -> bool {
    head.to_be_bytes().starts_with(start)
}

/// What a keypad would send, without a leading `+`.
pub(super) fn digits(number: &str) -> String {
    let kept = |c: &char| c.is_ascii_digit() || *c == '*' || *c == '#';
    number.chars().filter(kept).collect()
}

fn push_name(text: &mut Vec<u8>, name: &str) {
    for word in fold(name).split(' ').filter(|word| !word.is_empty()) {
        push(text, word);
    }
}

fn push(text: &mut Vec<u8>, word: &str) {
    if text.len() < MAX_CONTACT_BYTES && !word.is_empty() {
        text.extend_from_slice(cut(word));
        text.push(0);
    }
}

pub(super) fn cut(word: &str) -> &[u8] {
    &word.as_bytes()[..word.len().min(MAX_WORD_BYTES)]
}

/// Bytes of a token that are compared without a look at its contact.
pub(super) const HEAD_BYTES: usize = 8;
/// Longest word that is told apart from others with the same beginning, in bytes (our choice).
const MAX_WORD_BYTES: usize = 64;
/// Bytes of one contact after which no further words are searchable (our choice: a bound for
/// what a directory can send; names and numbers have a tenth of it).
const MAX_CONTACT_BYTES: usize = 8 * 1024;
