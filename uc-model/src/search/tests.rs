use proptest::prelude::*;

use super::*;
use crate::{Favourites, GroupName, NumberKind, Timestamp, TypedNumber};

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
    assert!(index.is_empty() && index.tokens.iter().all(Blocks::is_empty));
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
fn scan<'a>(
    contacts: &'a BTreeMap<ContactId, Contact>,
    text: &str,
    ranking: &Ranking,
    limit: usize,
) -> Vec<&'a str> {
    let plan = plan();
    let query = SearchQuery::new(text).meanings(Some(&plan));
    let Some(first) = query.first() else {
        return Vec::new();
    };
    let mut found: Vec<_> = contacts
        .values()
        .map(|contact| (Words::of(contact, Some(&plan)), contact))
        .filter(|(words, _)| {
            query
                .iter()
                .all(|word| word.iter().any(|start| words.has(start)))
        })
        .collect();
    found.sort_by_cached_key(|(words, contact)| {
        let word = first
            .iter()
            .enumerate()
            .find_map(|(at, start)| Some((at, words.begins(start)?)));
        (
            ranking.place(&contact.id),
            contact.directory,
            word.map(|(at, word)| (at, word.to_vec())),
            words.names().to_vec(),
            contact.id.clone(),
        )
    });
    found
        .iter()
        .take(limit)
        .map(|(_, contact)| contact.id.as_str())
        .collect()
}

fn plan() -> DialPlan {
    let plan = DialPlan::germany().in_area("89").unwrap();
    plan.with_system_number("7007").unwrap()
}

fn in_munich() -> SearchIndex {
    let contacts = [
        contact("1", "Anna", "Müller", "+49 (89) 7007-98765"),
        contact("2", "Bernd", "Mueller", "98766"),
        contact("3", "Clara", "Mulder", "030 901820"),
        contact("4", "Diana", "Weiß", "0031 20 5241111"),
        contact("5", "Emil", "Notruf", "112"),
    ];
    SearchIndex::with_plan(plan(), contacts)
}

#[test]
fn numbers_are_found_in_any_format() {
    let index = in_munich();
    let find = |text: &str| ids(&index.search(&SearchQuery::new(text), 20));
    for text in [
        "98765",
        "7007987",
        "7007-98765",
        "089 7007-98765",
        "0049 89 700798765",
        "+49 (89) 7007-98765",
        "+49 (0)89 700798765",
        "4989700798765",
        "müller 0897007",
        "0897007 müller",
    ] {
        assert!(
            find(text).split(' ').any(|id| id == "1"),
            "{text}: {}",
            find(text)
        );
        assert!(!find(text).contains('3'), "{text}");
    }
    assert_eq!(find("9876"), "1 2");
    assert_eq!(find("+4930"), "3");
    assert_eq!(find("003120"), "4");
    assert_eq!(find("112"), "5");
    assert_eq!(find("00"), "", "not yet a number");
}

#[test]
fn a_caller_is_known_however_the_number_is_written() {
    let mut index = in_munich();
    let owner = |index: &SearchIndex, text: &str| {
        let contact = index.by_number(&PhoneNumber::new(text).unwrap());
        contact.map(|contact| contact.id.as_str().to_owned())
    };
    for text in [
        "98765",
        "700798765",
        "089700798765",
        "004989700798765",
        "+49 (89) 7007-98765",
    ] {
        assert_eq!(owner(&index, text).as_deref(), Some("1"), "{text}");
    }
    assert_eq!(owner(&index, "9876"), None, "a beginning is not enough");
    assert_eq!(owner(&index, "+31 20 5241111").as_deref(), Some("4"));
    let mut personal = contact("6", "Anna", "Privat", "98765");
    personal.directory = Directory::Personal;
    index.insert(personal);
    assert_eq!(
        owner(&index, "98765").as_deref(),
        Some("6"),
        "one's own name for it"
    );
    let named: SearchIndex = [contact("7", "", "98765", "1")].into_iter().collect();
    assert_eq!(
        owner(&named, "98765"),
        None,
        "a name of digits is no number"
    );
}

#[test]
fn favourites_come_first_then_recent_ones_then_directories() {
    let mut index = company();
    let mut personal = contact("8", "Olga", "Muster", "1");
    personal.directory = Directory::Personal;
    index.insert(personal);
    let mut ranking = Ranking::new();
    let find = |ranking: &Ranking| ids(&index.search_ranked(&SearchQuery::new("mu"), ranking, 20));
    assert_eq!(find(&ranking), "8 3 1 2 7");
    let id = |id: &str| ContactId::new(id).unwrap();
    ranking.spoken_to(id("2"), Timestamp(10));
    ranking.spoken_to(id("1"), Timestamp(20));
    ranking.spoken_to(id("5"), Timestamp(30));
    assert_eq!(find(&ranking), "1 2 8 3 7");
    let mut favourites = Favourites::new();
    let group = GroupName::new("team").unwrap();
    for contact in ["7", "2"] {
        favourites.add(id(contact), &group).unwrap();
    }
    ranking.set_favourites(&favourites);
    assert_eq!(find(&ranking), "2 7 1 8 3");
    let three = index.search_ranked(&SearchQuery::new("mu"), &ranking, 3);
    assert_eq!((ids(&three).as_str(), three.more), ("2 7 1", true));
    let internal = SearchQuery::new("mu").in_directory(Directory::Internal);
    assert_eq!(ids(&index.search_ranked(&internal, &ranking, 20)), "2 1 3");
}

#[test]
fn only_the_hundred_most_recent_are_remembered() {
    let mut ranking = Ranking::new();
    for at in 0..=Ranking::RECENT as i64 {
        ranking.spoken_to(ContactId::new(format!("c{at}")).unwrap(), Timestamp(at));
    }
    assert_eq!(ranking.preferred().count(), Ranking::RECENT);
    assert!(ranking.preferred().all(|contact| contact.as_str() != "c0"));
}

#[derive(Debug, Clone)]
enum Step {
    Insert(u16, String, String, String, usize),
    Remove(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let name = "[abäeu]{0,3}( [abs]{1,2})?|[a-c]{9,12}";
    let step = prop_oneof![
        4 => (0..300_u16, name, name, "[0-3]{1,4}|0?0?(49)?89[0-3]{1,3}", 0..5_usize)
            .prop_map(|(id, first, last, number, directory)| {
                Step::Insert(id, first, last, number, directory)
            }),
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
        queries in proptest::collection::vec("[abäeu]{1,2}( [abs]{1,2}){0,2}|[a-c]{9,10}|[0-3]{1,3}|[+]49[0-3]{0,2}", 8),
        preferred in proptest::collection::vec((0..300_u16, any::<bool>(), 0..9_i64), 0..20),
        limit in 1..30_usize,
    ) {
        let mut contacts = BTreeMap::new();
        let mut index = SearchIndex::with_plan(plan(), []);
        for (number, step) in steps.into_iter().enumerate() {
            if number == built {
                index = SearchIndex::with_plan(plan(), contacts.values().cloned());
            }
            match step {
                Step::Insert(id, first, last, digits, directory) => {
                    let mut contact = contact(&id.to_string(), &first, &last, &digits);
                    contact.directory = Directory::ALL[directory];
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
        let mut ranking = Ranking::new();
        let mut favourites = Favourites::new();
        for (id, favourite, at) in preferred {
            let id = ContactId::new(id.to_string()).unwrap();
            match favourite {
                true => drop(favourites.add(id, &GroupName::new("all").unwrap())),
                false => ranking.spoken_to(id, Timestamp(at)),
            }
        }
        ranking.set_favourites(&favourites);
        for text in queries {
            let query = SearchQuery::new(&text);
            let matches = index.search_ranked(&query, &ranking, limit);
            let found: Vec<&str> = matches.contacts.iter().map(|c| c.id.as_str()).collect();
            prop_assert_eq!(&found, &scan(&contacts, &text, &ranking, limit), "{}", text);
            let all = scan(&contacts, &text, &ranking, usize::MAX).len();
            prop_assert_eq!(matches.more, all > limit);
        }
    }

    #[test]
    fn any_text_is_searched_without_panic(text in ".*") {
        let _ = company().search(&SearchQuery::new(&text), 20);
    }
}
