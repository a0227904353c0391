use proptest::prelude::*;

use super::*;
use crate::{
    CallDirection, Connection, ConnectionState, DeviceKind, Directory, FailureCause, Favourites,
    GroupName, LineState, NumberKind, Party, PhoneNumber, PresenceState, Timestamp, TypedNumber,
};

fn presence(user: &str, rev: u64, state: PresenceState) -> UserPresence {
    UserPresence {
        user: UserId::new(user).unwrap(),
        rev: Rev(rev),
        presence: Presence::of(state),
    }
}

fn call(id: &str, rev: u64, local: ConnectionState) -> Call {
    let party = Party {
        number: PhoneNumber::new("331").unwrap(),
        name: None,
        user: None,
    };
    Call {
        id: CallId::new(id).unwrap(),
        rev: Rev(rev),
        direction: CallDirection::Incoming,
        device: DeviceKind::Voip,
        local,
        remote: Connection {
            party,
            state: ConnectionState::Connected,
        },
        members: Vec::new(),
        started: Timestamp(0),
        answered: None,
        cause: (local == ConnectionState::Null).then_some(FailureCause::Normal),
    }
}

fn conversation(id: &str, rev: u64, unread: u32) -> Conversation {
    Conversation {
        id: ConversationId::new(id).unwrap(),
        rev: Rev(rev),
        contact: None,
        number: PhoneNumber::new("331").unwrap(),
        name: None,
        unread,
        entries: Vec::new(),
    }
}

fn deleted(id: &str, rev: u64) -> Update {
    Update::ConversationDeleted {
        id: ConversationId::new(id).unwrap(),
        rev: Rev(rev),
    }
}

fn ringing(id: &str, rev: u64) -> Update {
    Update::Call(call(id, rev, ConnectionState::Alerting))
}

fn over(id: &str, rev: u64) -> Update {
    Update::Call(call(id, rev, ConnectionState::Null))
}

#[test]
fn news_that_is_not_newer_changes_nothing() {
    let mut state = State::new();
    let user = UserId::new("330").unwrap();
    let update = Update::Presence(presence("330", 5, PresenceState::Lunch));
    assert_eq!(
        state.apply(update.clone()),
        Some(Change::Presence(user.clone()))
    );
    assert_eq!(state.apply(update), None);
    let older = Update::Presence(presence("330", 4, PresenceState::Home));
    assert_eq!(state.apply(older), None);
    assert_eq!(
        state.presence(&user),
        Some(&Presence::of(PresenceState::Lunch))
    );
}

#[test]
fn a_newer_revision_with_the_same_presence_is_no_change() {
    let mut state = State::new();
    state.apply(Update::Presence(presence("330", 5, PresenceState::Lunch)));
    let again = Update::Presence(presence("330", 6, PresenceState::Lunch));
    assert_eq!(state.apply(again), None);
    let between = Update::Presence(presence("330", 6, PresenceState::Home));
    assert_eq!(state.apply(between), None, "the newer revision was kept");
}

#[test]
fn a_call_comes_changes_and_ends_once() {
    let mut state = State::new();
    let id = CallId::new("c1").unwrap();
    assert_eq!(
        state.apply(ringing("c1", 1)),
        Some(Change::CallAdded(id.clone()))
    );
    let connected = Update::Call(call("c1", 2, ConnectionState::Connected));
    assert_eq!(state.apply(connected), Some(Change::CallChanged(id)));
    let Some(Change::CallEnded(ended)) = state.apply(over("c1", 3)) else {
        panic!("the call doesn't end");
    };
    assert_eq!(ended.cause, Some(FailureCause::Normal));
    assert_eq!(state.calls().len(), 0);
    assert_eq!(state.apply(over("c1", 3)), None);
}

#[test]
fn late_news_does_not_bring_back_what_is_gone() {
    let mut state = State::new();
    state.apply(ringing("c1", 1));
    state.apply(over("c1", 3));
    assert_eq!(state.apply(ringing("c1", 2)), None);
    state.apply(Update::Conversation(conversation("v1", 4, 0)));
    let id = ConversationId::new("v1").unwrap();
    assert_eq!(
        state.apply(deleted("v1", 6)),
        Some(Change::ConversationDeleted(id))
    );
    assert_eq!(
        state.apply(Update::Conversation(conversation("v1", 5, 1))),
        None
    );
    assert_eq!(state.conversations().len(), 0);
}

#[test]
fn a_removal_that_comes_first_counts() {
    let mut state = State::new();
    assert_eq!(state.apply(over("c1", 3)), None);
    assert_eq!(state.apply(ringing("c1", 2)), None);
    assert_eq!(state.apply(deleted("v1", 6)), None);
    assert_eq!(
        state.apply(Update::Conversation(conversation("v1", 5, 1))),
        None
    );
    let anew = Update::Conversation(conversation("v1", 7, 1));
    assert!(state.apply(anew).is_some());
}

#[test]
fn an_old_removal_does_not_remove_what_is_newer() {
    let mut state = State::new();
    state.apply(Update::Conversation(conversation("v1", 7, 0)));
    assert_eq!(state.apply(deleted("v1", 6)), None);
    state.apply(ringing("c1", 8));
    assert_eq!(state.apply(over("c1", 7)), None);
    assert_eq!((state.conversations().len(), state.calls().len()), (1, 1));
}

#[test]
fn removals_are_remembered_in_bounded_room() {
    let mut state = State::new();
    for rev in 1..=1000 {
        state.apply(over(&format!("c{rev}"), rev));
    }
    assert_eq!(state.removed.revs.len(), MAX_REMOVED);
    assert_eq!(
        state.apply(ringing("c1", 1)),
        None,
        "forgotten, but below the floor"
    );
    assert!(state.apply(ringing("c1001", 1001)).is_some());
}

#[test]
fn a_view_does_not_change() {
    let mut state = State::new();
    state.apply(ringing("c1", 1));
    let view = state.clone();
    state.apply(over("c1", 2));
    assert_eq!((view.calls().len(), state.calls().len()), (1, 0));
}

#[test]
fn a_snapshot_gives_the_differences() {
    let mut state = State::new();
    state.apply(Update::Presence(presence("1", 1, PresenceState::Office)));
    state.apply(Update::Presence(presence("2", 2, PresenceState::Office)));
    state.apply(ringing("c1", 3));
    state.apply(ringing("c2", 4));
    state.apply(Update::Conversation(conversation("v1", 5, 0)));
    state.apply(Update::Conversation(conversation("v2", 6, 0)));
    let changes = state.replace(Snapshot {
        as_of: Rev(20),
        presences: vec![
            presence("2", 2, PresenceState::Home),
            presence("3", 12, PresenceState::Office),
        ],
        calls: vec![
            call("c2", 13, ConnectionState::Connected),
            call("c3", 14, ConnectionState::Alerting),
            call("c4", 15, ConnectionState::Null),
        ],
        conversations: vec![conversation("v2", 6, 0), conversation("v3", 16, 1)],
        ..Snapshot::default()
    });
    insta::assert_debug_snapshot!(changes);
    assert_eq!(
        state.apply(ringing("c4", 20)),
        None,
        "older than the snapshot"
    );
    assert!(state.apply(ringing("c5", 21)).is_some());
}

#[test]
fn a_snapshot_of_a_new_numbering_replaces_everything() {
    let mut state = State::new();
    state.apply(Update::Conversation(conversation("v1", 900, 0)));
    let changes = state.replace(Snapshot {
        as_of: Rev(2),
        conversations: vec![conversation("v1", 1, 3)],
        ..Snapshot::default()
    });
    let id = ConversationId::new("v1").unwrap();
    assert_eq!(changes, [Change::Conversation(id.clone())]);
    assert_eq!(state.conversation(&id).unwrap().unread, 3);
    assert!(
        state
            .apply(Update::Conversation(conversation("v1", 3, 0)))
            .is_some()
    );
}

fn updates() -> impl Strategy<Value = Vec<Update>> {
    let states = [
        PresenceState::Office,
        PresenceState::Lunch,
        PresenceState::Home,
    ];
    let one = (0..5_usize, 0..3_usize, 0..3_usize).prop_map(move |(kind, which, state)| {
        let id = format!("x{which}");
        match kind {
            0 => Update::Presence(presence(&id, 0, states[state])),
            1 if state == 0 => over(&id, 0),
            1 => ringing(&id, 0),
            2 => Update::Conversation(conversation(&id, 0, state as u32)),
            3 => deleted(&id, 0),
            _ if state == 0 => Update::ContactDeleted {
                id: ContactId::new(&id).unwrap(),
                rev: Rev(0),
            },
            _ => Update::Contact(contact(&id, state)),
        }
    });
    proptest::collection::vec(one, 0..40).prop_map(|updates| {
        let numbered = updates.into_iter().zip(1..);
        numbered
            .map(|(update, rev)| with_rev(update, Rev(rev)))
            .collect()
    })
}

fn with_rev(mut update: Update, new: Rev) -> Update {
    match &mut update {
        Update::Presence(presence) => presence.rev = new,
        Update::Line(line) => line.rev = new,
        Update::Favourites { rev, .. } | Update::Account { rev, .. } => *rev = new,
        Update::Call(call) => call.rev = new,
        Update::Conversation(conversation) => conversation.rev = new,
        Update::ConversationDeleted { rev, .. } | Update::ContactDeleted { rev, .. } => *rev = new,
        Update::Contact(contact) => contact.rev = new,
    }
    update
}

fn whole(state: &State) -> String {
    let presences: Vec<_> = state.presences().collect();
    let calls: Vec<_> = state.calls().collect();
    let conversations: Vec<_> = state.conversations().collect();
    let contacts: Vec<_> = state.contacts().collect();
    format!("{presences:?} {calls:?} {conversations:?} {contacts:?}")
}

fn contact(id: &str, numbers: usize) -> KnownContact {
    let number = TypedNumber {
        kind: NumberKind::Mobile,
        number: PhoneNumber::new("321").unwrap(),
    };
    KnownContact {
        rev: Rev(0),
        contact: Contact {
            id: ContactId::new(id).unwrap(),
            directory: Directory::Personal,
            first_name: String::new().into(),
            last_name: String::new().into(),
            numbers: vec![number; numbers],
            email: None,
            user: None,
        },
        origin: None,
    }
}

fn line(user: &str, rev: u64, line: LineState) -> UserLine {
    UserLine {
        user: UserId::new(user).unwrap(),
        rev: Rev(rev),
        line,
    }
}

#[test]
fn lines_are_idle_until_told_otherwise() {
    let mut state = State::new();
    let anna = UserId::new("1").unwrap();
    assert_eq!(state.line(&anna), LineState::Idle);
    let idle = Update::Line(line("1", 1, LineState::Idle));
    assert_eq!(state.apply(idle), None, "no news");
    let rings = Update::Line(line("1", 3, LineState::RingingExternal));
    assert_eq!(state.apply(rings), Some(Change::Line(anna.clone())));
    let late = Update::Line(line("1", 2, LineState::BusyInternal));
    assert_eq!(state.apply(late), None);
    let changes = state.replace(Snapshot {
        as_of: Rev(4),
        ..Snapshot::default()
    });
    assert_eq!(changes, [Change::Line(anna)]);
}

#[test]
fn the_account_is_replaced_by_a_newer_one() {
    let mut state = State::new();
    let told = |rev, in_mulap| Update::Account {
        rev: Rev(rev),
        account: Account {
            in_mulap,
            ..Account::default()
        },
    };
    assert_eq!(state.apply(told(1, false)), None, "nothing as before");
    assert_eq!(state.apply(told(3, true)), Some(Change::Account));
    assert_eq!(state.apply(told(2, false)), None, "it is older");
    assert!(state.account().in_mulap);
    let changes = state.replace(Snapshot::default());
    assert_eq!(changes, [Change::Account]);
}

#[test]
fn favourites_are_replaced_by_newer_ones() {
    let mut state = State::new();
    let mut favourites = Favourites::new();
    let told = |rev, favourites: &Favourites| Update::Favourites {
        rev: Rev(rev),
        favourites: favourites.clone(),
    };
    assert_eq!(state.apply(told(1, &favourites)), None, "none as before");
    favourites.create(&GroupName::new("team").unwrap()).unwrap();
    let view = state.clone();
    assert_eq!(state.apply(told(3, &favourites)), Some(Change::Favourites));
    assert_eq!(state.changes_since(&view), [Change::Favourites]);
    assert_eq!(state.apply(told(2, &Favourites::new())), None);
    assert_eq!(state.favourites(), &favourites);
}

#[test]
fn what_changed_between_two_views_is_told_once() {
    let mut state = State::new();
    state.apply(Update::Presence(presence("1", 1, PresenceState::Office)));
    state.apply(ringing("c1", 2));
    let view = state.clone();
    assert_eq!(state.changes_since(&view), []);
    for (rev, state_now) in [(3, PresenceState::Lunch), (4, PresenceState::Home)] {
        state.apply(Update::Presence(presence("1", rev, state_now)));
    }
    state.apply(over("c1", 5));
    state.apply(ringing("c2", 6));
    let changes = state.changes_since(&view);
    let user = UserId::new("1").unwrap();
    let added = Change::CallAdded(CallId::new("c2").unwrap());
    assert_eq!(changes[..2], [Change::Presence(user), added]);
    assert!(matches!(&changes[2..], [Change::CallEnded(call)] if call.id.as_str() == "c1"));
}

proptest! {
    #[test]
    fn order_and_repetition_make_no_difference(
        (updates, shuffled) in updates().prop_flat_map(|u| {
            let twice = u.iter().chain(&u).cloned().collect::<Vec<_>>();
            (Just(u), Just(twice).prop_shuffle())
        }),
    ) {
        let mut in_order = State::new();
        for update in updates {
            in_order.apply(update);
        }
        let mut in_disorder = State::new();
        for update in shuffled {
            in_disorder.apply(update);
        }
        prop_assert_eq!(whole(&in_order), whole(&in_disorder));
    }
}
