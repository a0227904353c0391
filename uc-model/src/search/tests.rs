use proptest::prelude::*;

use super::*;
use crate::{NumberKind, PhoneNumber, TypedNumber};

fn contact(id: &str, first: &str, last: &str, number: &str) -> Contact {
    Contact {
        id: ContactId::new(id).unwrap(),
        directory: Directory::Internal,
        first_name: first.to_owned().into(),
        last_name: last.to_owned().into(),
        numbers: PhoneNumber::new(number)
            .map(|number| TypedNumber {
                kind: NumberKind::Internal,
                number,
            })
            .into_iter()
            .collect(),
        email: None,
        user: None,
    }
}

fn company() -> SearchIndex {
    let mut speed_dial = contact("7", "", "Taxi Müller", "0 89/123");
    speed_dial.directory = Directory::System;
    [
        contact("1", "Anna", "Müller", "330"),
        contact("2", "Bernd", "Mueller", "331"),
        contact("3", "Clara", "Mulder", "332"),
        contact("4", "Anna-Lena", "Weiß", "+49 89 1234-5"),
        contact("5", "Dieter", "Anders", "333"),
        contact("6", "Anna", "Anders", "334"),
        speed_dial,
    ]
    .into_iter()
    .collect()
}

fn ids(matches: &Matches<'_>) -> String {
    let ids: Vec<_> = matches.contacts.iter().map(|c| c.id.as_str()).collect();
    ids.join(" ")
}

fn find(text: &str) -> String {
    ids(&company().search(&SearchQuery::new(text), 20))
}

#[test]
fn umlauts_are_found_however_they_are_written() {
    for text in ["Müller", "mueller", "MULLER", "muller*", "müll", " mull "] {
        assert_eq!(find(text), "1 2 7", "{text}");
    }
    assert_eq!(find("mül"), "3 1 2 7");
    assert_eq!(find("muel*"), "3 1 2 7");
    assert_eq!(find("weiss"), "4");
    assert_eq!(find("weiß"), "4");
}

#[test]
fn first_letters_of_any_word_are_enough() {
    assert_eq!(find("mu"), "3 1 2 7");
    assert_eq!(find("l"), "4");
    assert_eq!(find("taxi"), "7");
    assert_eq!(find("nna"), "");
}

#[test]
fn the_word_found_decides_the_order_then_the_names() {
    assert_eq!(find("an"), "6 5 1 4");
    assert_eq!(find("anna"), "6 1 4");
}

#[test]
fn several_words_must_all_be_found_in_any_order() {
    assert_eq!(find("anna mu"), "1");
    assert_eq!(find("mu anna"), "1");
    assert_eq!(find("anna-lena w"), "4");
    assert_eq!(find("anna x"), "");
}

#[test]
fn numbers_are_found_by_their_first_digits() {
    assert_eq!(
        find("33"),
        "6 5 3 2 1".split(' ').rev().collect::<Vec<_>>().join(" ")
    );
    assert_eq!(find("+49 (89) 123"), "4");
    assert_eq!(find("4989"), "4");
    assert_eq!(find("089"), "7");
    assert_eq!(find("89"), "");
}

#[test]
fn nothing_typed_finds_nothing() {
    for text in ["", " ", "*", "-", "***"] {
        assert!(SearchQuery::new(text).is_empty(), "{text:?}");
        assert_eq!(find(text), "");
    }
}

#[test]
fn one_directory_can_be_searched_alone() {
    let query = SearchQuery::new("mu").in_directory(Directory::System);
    assert_eq!(ids(&company().search(&query, 20)), "7");
}

#[test]
fn a_limit_says_whether_there_are_more() {
    let company = company();
    let query = SearchQuery::new("mu");
    let some = company.search(&query, 2);
    assert_eq!((ids(&some).as_str(), some.more), ("3 1", true));
    let all = company.search(&query, 4);
    assert_eq!((all.contacts.len(), all.more), (4, false));
    assert!(company.search(&query, 0).more);
}

#[test]
fn a_changed_contact_is_found_by_its_new_name_only() {
    let mut company = company();
    let before = company
        .insert(contact("1", "Anna", "Zöllner", "330"))
        .unwrap();
    assert_eq!(before.last_name.expose(), "Müller");
    assert_eq!(ids(&company.search(&SearchQuery::new("zoe"), 20)), "1");
    assert_eq!(ids(&company.search(&SearchQuery::new("müll"), 20)), "2 7");
    assert_eq!(company.len(), 7);
    let id = ContactId::new("1").unwrap();
    assert!(company.remove(&id).is_some() && company.remove(&id).is_none());
    assert_eq!(ids(&company.search(&SearchQuery::new("zoe"), 20)), "");
    assert!(company.contact(&id).is_none());
    assert_eq!(company.contacts().count(), 6);
}

#[test]
fn an_index_can_be_emptied_and_filled_again() {
    let mut index = company();
    let all: Vec<Contact> = index.contacts().cloned().collect();
    for contact in &all {
        index.remove(&contact.id);
    }
    assert!(index.is_empty() && index.blocks.is_empty());
    for contact in all {
        index.insert(contact);
    }
    assert_eq!(ids(&index.search(&SearchQuery::new("mu"), 20)), find("mu"));
}

#[test]
fn endless_names_stay_searchable_by_their_beginning() {
    let long = "x".repeat(100_000);
    let index: SearchIndex = [contact("1", &"ab ".repeat(50_000), &long, "1")]
        .into_iter()
        .collect();
    assert_eq!(ids(&index.search(&SearchQuery::new(&long), 1)), "1");
    assert_eq!(ids(&index.search(&SearchQuery::new("ab"), 1)), "1");
}

#[test]
fn debug_shows_nothing_typed() {
    let shown = format!("{:?}", SearchQuery::new("anna"));
    assert!(!shown.contains("anna"), "{shown}");
}

/// Looks at every contact: what the index must agree with.
fn scan<'a>(contacts: &'a BTreeMap<ContactId, Contact>, text: &str, limit: usize) -> Vec<&'a str> {
    let query = words::of_query(text, MAX_QUERY_WORDS);
    let Some(first) = query.first() else {
        return Vec::new();
    };
    let mut found: Vec<_> = contacts
        .values()
        .map(|contact| (Words::of(contact), contact))
        .filter(|(words, _)| query.iter().all(|word| words.begins(word).is_some()))
        .collect();
    found.sort_by(|(a, left), (b, right)| {
        let key = |words: &Words, contact: &Contact| {
            let word = words.begins(first).map(<[u8]>::to_vec);
            (word, words.names().to_vec(), contact.id.clone())
        };
        key(a, left).cmp(&key(b, right))
    });
    found
        .iter()
        .take(limit)
        .map(|(_, contact)| contact.id.as_str())
        .collect()
}

#[derive(Debug, Clone)]
enum Step {
    Insert(u16, String, String, String),
    Remove(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = "[abäeu]{0,3}( [abs]{1,2})?|[a-c]{9,12}";
    let step = prop_oneof![
        4 => (0..300_u16, name, name, "[0-3]{1,4}")
            .prop_map(|(id, first, last, number)| Step::Insert(id, first, last, number)),
        1 => (0..300_u16).prop_map(Step::Remove),
    ];
    proptest::collection::vec(step, 0..400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_index_agrees_with_looking_at_every_contact(
        steps in steps(),
        built in 0..400_usize,
        queries in proptest::collection::vec("[abäeu]{1,2}( [abs]{1,2}){0,2}|[a-c]{9,10}|[0-3]{1,3}", 8),
        limit in 1..30_usize,
    ) {
        let mut contacts = BTreeMap::new();
        let mut index = SearchIndex::new();
        for (number, step) in steps.into_iter().enumerate() {
            if number == built {
                index = contacts.values().cloned().collect();
            }
            match step {
                Step::Insert(id, first, last, digits) => {
                    let contact = contact(&id.to_string(), &first, &last, &digits);
                    let before = contacts.insert(contact.id.clone(), contact.clone());
                    prop_assert_eq!(index.insert(contact), before);
                }
                Step::Remove(id) => {
                    let id = ContactId::new(id.to_string()).unwrap();
                    prop_assert_eq!(index.remove(&id), contacts.remove(&id));
                }
            }
        }
        prop_assert_eq!(index.len(), contacts.len());
        for text in queries {
            let matches = index.search(&SearchQuery::new(&text), limit);
            let found: Vec<&str> = matches.contacts.iter().map(|c| c.id.as_str()).collect();
            prop_assert_eq!(&found, &scan(&contacts, &text, limit), "{}", text);
            prop_assert_eq!(matches.more, scan(&contacts, &text, usize::MAX).len() > limit);
        }
    }

    #[test]
    fn any_text_is_searched_without_panic(text in ".*") {
        let _ = company().search(&SearchQuery::new(&text), 20);
    }
}
