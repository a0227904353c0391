use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::{
    Call, CallId, Connection, ConnectionState, Delivery, DeviceKind, MessageText, Party,
    SearchQuery, Update,
};

fn plan() -> DialPlan {
    let plan = DialPlan::germany().in_area("89").unwrap();
    plan.with_system_number("7007").unwrap()
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::new(text).unwrap()
}

fn id(text: &str) -> ConversationId {
    ConversationId::new(text).unwrap()
}

fn call(id: &str, direction: CallDirection, outcome: CallOutcome, at: i64) -> ConversationEntry {
    ConversationEntry::Call {
        id: EntryId::new(id).unwrap(),
        direction,
        outcome,
        route: CallRoute::Direct,
        at: Timestamp(at),
        duration_s: 0,
    }
}

fn missed(id: &str, at: i64) -> ConversationEntry {
    call(id, CallDirection::Incoming, CallOutcome::Unanswered, at)
}

fn dialled(id: &str, at: i64) -> ConversationEntry {
    call(id, CallDirection::Outgoing, CallOutcome::Answered, at)
}

fn message(id: &str, direction: CallDirection, at: i64) -> ConversationEntry {
    ConversationEntry::Message(ChatMessage {
        id: EntryId::new(id).unwrap(),
        direction,
        at: Timestamp(at),
        text: MessageText::new("hello").unwrap(),
        delivery: Delivery::Delivered,
    })
}

/// A history and a counter for its revisions and conversations.
struct Book(History, u64);

impl Book {
    fn new(grouping: ConversationGrouping) -> Self {
        Self(History::new(grouping, plan()), 0)
    }

    fn rev(&mut self) -> Rev {
        self.1 += 1;
        Rev(self.1)
    }

    fn record(&mut self, to: &str, entry: ConversationEntry) -> Vec<Update> {
        let rev = self.rev();
        let fresh = id(&format!("v{}", rev.0));
        self.0.record(&number(to), None, None, entry, fresh, rev)
    }

    fn unread(&self, id: &str) -> u32 {
        let mut all = self.0.conversations();
        all.find(|known| known.id.as_str() == id).unwrap().unread
    }

    fn list(&self, calls: &[Arc<Call>], filter: &ConversationFilter) -> String {
        let all: Vec<_> = self.0.conversations().cloned().map(Arc::new).collect();
        let grouping = ConversationGrouping::default();
        let list = ConversationList::of(&all, calls, filter, grouping, &plan());
        let row = |(known, calls): &(Arc<Conversation>, Vec<CallId>)| {
            format!("{}{}", known.number, "!".repeat(calls.len()))
        };
        let rows: Vec<_> = list.rows.iter().map(row).collect();
        format!(
            "{} {}/{}",
            rows.join(" "),
            list.new_calls.len(),
            list.unread
        )
    }
}

#[test]
fn the_nine_kinds_of_calls() {
    use CallDirection::{Incoming, Outgoing};
    use CallOutcome::{Answered, Unanswered};
    use HistoryKind as K;
    for (direction, route, answered, unanswered) in [
        (Incoming, CallRoute::Direct, K::Incoming, K::Missed),
        (Incoming, CallRoute::Group, K::GroupIncoming, K::GroupMissed),
        (
            Incoming,
            CallRoute::TransferredOrPickedUp,
            K::TransferredOrPickedUp,
            K::TransferredOrPickedUp,
        ),
        (
            Outgoing,
            CallRoute::Direct,
            K::Outgoing,
            K::OutgoingUnanswered,
        ),
        (
            Outgoing,
            CallRoute::Group,
            K::GroupOutgoing,
            K::GroupOutgoingUnanswered,
        ),
        (
            Outgoing,
            CallRoute::TransferredOrPickedUp,
            K::Outgoing,
            K::OutgoingUnanswered,
        ),
    ] {
        for (outcome, kind) in [(Answered, answered), (Unanswered, unanswered)] {
            assert_eq!(HistoryKind::of(direction, outcome, route), kind);
            let is_missed = direction == Incoming
                && outcome == Unanswered
                && route != CallRoute::TransferredOrPickedUp;
            assert_eq!(kind.is_missed(), is_missed, "{kind:?}");
        }
    }
}

#[test]
fn another_format_is_another_conversation_unless_grouped_by_number() {
    let formats = [
        "+49 (89) 7007-98765",
        "+4989700798765",
        "98765",
        "089700798765",
    ];
    for (grouping, conversations) in [
        (ConversationGrouping::default(), 3),
        (ConversationGrouping::ByFormat, 3),
        (ConversationGrouping::ByNumber, 1),
    ] {
        let mut book = Book::new(grouping);
        for (at, format) in formats.into_iter().enumerate() {
            book.record(format, dialled(&format!("e{at}"), at as i64));
        }
        assert_eq!(
            book.0.conversations().count(),
            conversations,
            "{grouping:?}"
        );
        let found = book.0.with_number(&number("+49 89 700798765")).unwrap();
        assert_eq!(found.number.as_str(), "+49 (89) 7007-98765");
    }
}

#[test]
fn the_newest_conversation_is_first_and_the_newest_event_last_inside() {
    let mut book = Book::new(ConversationGrouping::ByFormat);
    book.record("321", dialled("a", 10));
    book.record("322", dialled("b", 30));
    book.record("321", missed("c", 20));
    book.record("321", dialled("late", 15));
    assert_eq!(book.list(&[], &ConversationFilter::All), "322 321 0/1");
    let entries = &book.0.with_number(&number("321")).unwrap().entries;
    let order: Vec<_> = entries.iter().map(|entry| entry.id().as_str()).collect();
    assert_eq!(order, ["a", "late", "c"]);
}

#[test]
fn active_and_held_calls_stand_on_top() {
    let mut book = Book::new(ConversationGrouping::ByFormat);
    book.record("321", dialled("a", 10));
    book.record("322", dialled("b", 30));
    let running = |id: &str, to: &str, local| {
        Arc::new(Call {
            id: CallId::new(id).unwrap(),
            rev: Rev(1),
            direction: CallDirection::Outgoing,
            device: DeviceKind::DeskPhone,
            local,
            remote: Connection {
                party: Party {
                    number: number(to),
                    name: None,
                    user: None,
                },
                state: ConnectionState::Connected,
            },
            members: Vec::new(),
            started: Timestamp(0),
            answered: None,
            cause: None,
        })
    };
    let calls = [
        running("1", "321", ConnectionState::Hold),
        running("2", "400", ConnectionState::Connected),
        running("3", "322", ConnectionState::Null),
    ];
    assert_eq!(book.list(&calls, &ConversationFilter::All), "321! 322 1/0");
    let unread = book.list(&calls, &ConversationFilter::Unread);
    assert_eq!(unread, "321! 1/0", "a filter hides no call");
}

#[test]
fn missed_calls_and_received_messages_are_unread_until_they_are_looked_at() {
    use CallDirection::{Incoming, Outgoing};
    let mut book = Book::new(ConversationGrouping::ByFormat);
    book.record("321", missed("a", 1));
    book.record("321", call("b", Incoming, CallOutcome::Answered, 2));
    book.record("321", call("c", Outgoing, CallOutcome::Unanswered, 3));
    book.record("321", message("d", Incoming, 4));
    book.record("321", message("e", Outgoing, 5));
    assert_eq!(book.unread("v1"), 2);
    let known = book.0.conversations().next().unwrap();
    let unread: Vec<_> = known.unread_entries().map(|e| e.id().as_str()).collect();
    assert_eq!(unread, ["d", "a"]);
    let rev = book.rev();
    assert!(book.0.mark_read(&id("v1"), rev).is_some());
    assert_eq!(book.unread("v1"), 0);
    assert_eq!(book.0.mark_read(&id("v1"), rev), None);
    book.record("321", missed("f", 6));
    assert_eq!(book.unread("v1"), 1);
}

#[test]
fn an_entry_told_again_replaces_the_former_one_and_counts_once() {
    let mut book = Book::new(ConversationGrouping::ByFormat);
    book.record("321", missed("a", 1));
    let updates = book.record("321", missed("a", 1));
    assert_eq!((updates.len(), book.unread("v1")), (1, 1));
    assert_eq!(book.0.conversations().next().unwrap().entries.len(), 1);
}

#[test]
fn an_entry_a_conversation_and_all_are_deleted() {
    let mut book = Book::new(ConversationGrouping::ByFormat);
    book.record("321", missed("a", 1));
    book.record("321", missed("b", 2));
    book.record("322", missed("c", 3));
    let entry = |text: &str| EntryId::new(text).unwrap();
    let rev = book.rev();
    let Some(Update::Conversation(left)) = book.0.delete_entry(&id("v1"), &entry("a"), rev) else {
        panic!("the conversation stays");
    };
    assert_eq!((left.unread, left.entries.len(), left.rev), (1, 1, rev));
    assert_eq!(book.0.delete_entry(&id("v1"), &entry("a"), rev), None);
    let gone = book.0.delete_entry(&id("v1"), &entry("b"), rev);
    let deleted = |text, rev| Update::ConversationDeleted { id: id(text), rev };
    assert_eq!(
        gone,
        Some(deleted("v1", rev)),
        "with its last entry it goes"
    );
    assert_eq!(book.0.delete(&id("v1"), rev), None);
    book.record("323", missed("d", 4));
    let mut revs = 100;
    let all = book.0.delete_all(|| {
        revs += 1;
        Rev(revs)
    });
    assert_eq!(all, [deleted("v3", Rev(101)), deleted("v5", Rev(102))]);
    assert_eq!(book.0.conversations().count(), 0);
}

#[test]
fn deleting_a_read_entry_leaves_the_unread_count() {
    let mut book = Book::new(ConversationGrouping::ByFormat);
    book.record("321", missed("a", 1));
    let rev = book.rev();
    book.0.mark_read(&id("v1"), rev);
    book.record("321", missed("b", 2));
    book.0
        .delete_entry(&id("v1"), &EntryId::new("a").unwrap(), rev);
    assert_eq!(book.unread("v1"), 1);
}

#[test]
fn lists_are_filtered() {
    let mut book = Book::new(ConversationGrouping::ByFormat);
    book.record("321", dialled("a", 1));
    book.record("089 7007-322", missed("b", 2));
    book.record("323", message("c", CallDirection::Outgoing, 3));
    let name = Redacted::new("Anna Müller".to_owned());
    let entry = dialled("d", 4);
    book.0.record(
        &number("+4930901820"),
        Some(&name),
        None,
        entry,
        id("n"),
        Rev(9),
    );
    let filtered = |filter| book.list(&[], &filter);
    assert_eq!(filtered(ConversationFilter::Unread), "089 7007-322 0/1");
    assert_eq!(filtered(ConversationFilter::Missed), "089 7007-322 0/1");
    assert_eq!(filtered(ConversationFilter::Messages), "323 0/1");
    let matching = |text| filtered(ConversationFilter::Matching(SearchQuery::new(text)));
    assert_eq!(matching("mueller"), "+4930901820 0/1");
    assert_eq!(matching("030 90"), "+4930901820 0/1");
    assert_eq!(matching("32"), "323 089 7007-322 321 0/1");
    assert_eq!(matching("x"), " 0/1");
}

#[test]
fn a_number_becomes_a_personal_contact() {
    let mut book = Book::new(ConversationGrouping::ByFormat);
    let name = Redacted::new("Anna Maria Müller".to_owned());
    let to = number("089 7007-98765");
    book.0
        .record(&to, Some(&name), None, missed("a", 1), id("n"), Rev(9));
    let known = book.0.conversations().next().unwrap();
    let contact = known.new_contact(ContactId::new("p1").unwrap(), &plan());
    assert_eq!(contact.directory, Directory::Personal);
    assert_eq!(contact.first_name.expose(), "Anna Maria");
    assert_eq!(contact.last_name.expose(), "Müller");
    assert_eq!(contact.numbers[0].number.as_str(), "+4989700798765");
    assert_eq!(contact.numbers[0].kind, NumberKind::Internal);
}

#[test]
fn a_history_is_bounded() {
    let mut book = Book::new(ConversationGrouping::ByFormat);
    for at in 0..=History::MAX_ENTRIES as i64 {
        book.record("321", missed(&format!("e{at}"), at));
    }
    let known = book.0.conversations().next().unwrap();
    assert_eq!(known.entries.len(), History::MAX_ENTRIES);
    assert_eq!(known.unread as usize, History::MAX_ENTRIES);
    assert_eq!(known.entries[0].id().as_str(), "e1");
    let mut last = Vec::new();
    for at in 0..History::MAX_CONVERSATIONS as i64 {
        last = book.record(&format!("1{at:05}"), dialled("e", at));
    }
    assert_eq!(book.0.conversations().count(), History::MAX_CONVERSATIONS);
    assert!(matches!(&last[1], Update::ConversationDeleted { id, .. } if id.as_str() == "v1"));
}

proptest! {
    #[test]
    fn unread_never_exceeds_what_asks_for_attention(
        steps in proptest::collection::vec((0..5_u8, 0..3_usize, 0..9_i64), 0..60),
    ) {
        let mut book = Book::new(ConversationGrouping::ByFormat);
        for (what, to, at) in steps {
            let entry = EntryId::new(format!("e{at}")).unwrap();
            let to = ["321", "322", "323"][to];
            let known = book.0.with_number(&number(to)).map(|known| known.id.clone());
            let rev = book.rev();
            match (what, known) {
                (0, _) => drop(book.record(to, missed(entry.as_str(), at))),
                (1, _) => drop(book.record(to, dialled(&format!("d{at}"), at))),
                (2, Some(id)) => drop(book.0.mark_read(&id, rev)),
                (3, Some(id)) => drop(book.0.delete_entry(&id, &entry, rev)),
                (4, Some(id)) => drop(book.0.delete(&id, rev)),
                _ => {}
            }
            for known in book.0.conversations() {
                prop_assert_eq!(known.unread_entries().count(), known.unread as usize);
                prop_assert!(known.entries.is_sorted_by_key(ConversationEntry::at));
                prop_assert!(!known.entries.is_empty());
            }
        }
    }
}

#[test]
fn a_contact_takes_the_conversations_with_its_numbers_that_are_nobodys() {
    let mut book = Book::new(ConversationGrouping::ByFormat);
    book.record("+49 (171) 3920030", missed("e1", 1));
    book.record("0171 3920030", missed("e2", 2));
    book.record("321", missed("e3", 3));
    let known = book.0.with_number(&number("0171 3920030")).unwrap().clone();
    let mut contact = known.new_contact(ContactId::new("p1").unwrap(), &plan());
    contact.last_name = "Linde".to_owned().into();
    let mut revs = 10..;
    let mut identify = |book: &mut Book, contact: &Contact| {
        let updates = book.0.identify(contact, || Rev(revs.next().unwrap()));
        updates.len()
    };
    assert_eq!(identify(&mut book, &contact), 2);
    assert_eq!(identify(&mut book, &contact), 0, "all is so already");
    let other = known.new_contact(ContactId::new("p2").unwrap(), &plan());
    assert_eq!(identify(&mut book, &other), 0, "they are somebody's");
    contact.first_name = "Lena".to_owned().into();
    contact.numbers.clear();
    assert_eq!(identify(&mut book, &contact), 2, "a new name is shown");
    let named = book.0.with_number(&number("+49 171 3920030")).unwrap();
    assert_eq!(named.name.as_ref().unwrap().expose(), "Lena Linde");
    assert_eq!(named.rev, Rev(12));
    assert_eq!(book.0.with_number(&number("321")).unwrap().contact, None);
}

#[test]
fn a_message_is_unconfirmed_until_it_is_delivered() {
    let mut book = Book::new(ConversationGrouping::ByFormat);
    let sent = |id: &str, direction| {
        let mut entry = message(id, direction, 1);
        let ConversationEntry::Message(message) = &mut entry else {
            unreachable!("it is a message");
        };
        message.delivery = Delivery::Sent;
        entry
    };
    book.record("321", sent("m1", CallDirection::Incoming));
    book.record("321", sent("m2", CallDirection::Outgoing));
    book.record("321", missed("e1", 2));
    let id = book.0.with_number(&number("321")).unwrap().id.clone();
    let m1 = EntryId::new("m1").unwrap();
    assert_eq!(book.0.unconfirmed(&id), std::slice::from_ref(&m1));
    assert_eq!(book.0.having(&m1).map(|known| &known.id), Some(&id));
    let updates = book.0.deliver(std::slice::from_ref(&m1), || Rev(9));
    assert!(matches!(&updates[..], [Update::Conversation(known)] if known.rev == Rev(9)));
    assert!(book.0.unconfirmed(&id).is_empty());
    assert!(book.0.deliver(&[m1], || Rev(10)).is_empty(), "once");
}
