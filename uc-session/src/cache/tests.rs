use proptest::{collection::vec, option, prelude::*, sample::select};
use uc_model::{
    CallDirection, CallOutcome, CallRoute, ChatMessage, Contact, ContactOrigin, Conversation,
    ConversationEntry, Delivery, DeliveryFailure, Directory, EntryId, Favourites, GroupName,
    KnownContact, MessageText, NumberKind, PhoneNumber, Rev, TypedNumber, Update, UserId,
    UserPresence,
};

use super::*;
use crate::fake::MemoryStore;

fn id() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9_.@-]{1,20}"
}

fn calls() -> impl Strategy<Value = ConversationEntry> {
    let routes = [
        CallRoute::Direct,
        CallRoute::Group,
        CallRoute::TransferredOrPickedUp,
    ];
    let parts = (
        id(),
        any::<[bool; 2]>(),
        select(routes.to_vec()),
        any::<i64>(),
        any::<u32>(),
    );
    parts.prop_map(
        |(id, [incoming, answered], route, at, duration_s)| ConversationEntry::Call {
            id: EntryId::new(id).unwrap(),
            direction: direction(incoming),
            outcome: match answered {
                true => CallOutcome::Answered,
                false => CallOutcome::Unanswered,
            },
            route,
            at: Timestamp(at),
            duration_s,
        },
    )
}

fn messages() -> impl Strategy<Value = ConversationEntry> {
    let stages = vec![
        Delivery::Waiting,
        Delivery::Sending,
        Delivery::Sent,
        Delivery::Delivered,
        Delivery::Failed(DeliveryFailure::Unreachable),
        Delivery::Failed(DeliveryFailure::NoReceiver),
        Delivery::Failed(DeliveryFailure::Refused),
        Delivery::Failed(DeliveryFailure::ChatOff),
        Delivery::Failed(DeliveryFailure::TimedOut),
    ];
    let parts = (
        id(),
        any::<bool>(),
        any::<i64>(),
        "[a-zäא😀]{1,30}",
        select(stages),
    );
    parts.prop_map(|(id, incoming, at, text, delivery)| {
        ConversationEntry::Message(ChatMessage {
            id: EntryId::new(id).unwrap(),
            direction: direction(incoming),
            at: Timestamp(at),
            text: MessageText::new(text).unwrap(),
            delivery,
        })
    })
}

fn direction(incoming: bool) -> CallDirection {
    match incoming {
        true => CallDirection::Incoming,
        false => CallDirection::Outgoing,
    }
}

prop_compose! {
    fn conversations()(
        id in id(),
        rev: u64,
        contact in option::of(id()),
        number in "[0-9]{1,12}",
        name in option::of(".{0,20}"),
        unread: u32,
        entries in vec(prop_oneof![calls(), messages()], 0..6),
    ) -> Conversation {
        Conversation {
            id: ConversationId::new(id).unwrap(),
            rev: Rev(rev),
            contact: contact.map(|id| ContactId::new(id).unwrap()),
            number: PhoneNumber::new(number).unwrap(),
            name: name.map(Redacted::new),
            unread,
            entries,
        }
    }
}

prop_compose! {
    fn contacts()(
        id in id(),
        rev: u64,
        directory in select(Directory::ALL.to_vec()),
        names in ["\\PC{0,10}", "\\PC{0,10}"],
        numbers in vec("[0-9]{1,12}", 0..4),
        email in option::of(".{0,20}"),
        user in option::of(id()),
        origin in option::of(select(vec![ContactOrigin::Manual, ContactOrigin::Imported])),
    ) -> KnownContact {
        let kinds = [
            NumberKind::Internal,
            NumberKind::Business,
            NumberKind::Private,
            NumberKind::Mobile,
        ];
        let [first, last] = names;
        let number = |(number, kind)| TypedNumber { kind, number: PhoneNumber::new(number).unwrap() };
        KnownContact {
            rev: Rev(rev),
            origin,
            contact: Contact {
                id: ContactId::new(id).unwrap(),
                directory,
                first_name: first.into(),
                last_name: last.into(),
                numbers: numbers.into_iter().zip(kinds).map(number).collect(),
                email: email.map(Redacted::new),
                user: user.map(|id| UserId::new(id).unwrap()),
            },
        }
    }
}

fn conversation(id: &str, rev: u64) -> Conversation {
    Conversation {
        id: ConversationId::new(id).unwrap(),
        rev: Rev(rev),
        contact: None,
        number: PhoneNumber::new("331").unwrap(),
        name: Some("Bruno Birke".to_owned().into()),
        unread: 1,
        entries: Vec::new(),
    }
}

fn favourites() -> Favourites {
    let mut favourites = Favourites::new();
    for (contact, group) in [("c1", "Team"), ("c2", "Team"), ("c1", "Müller & Söhne")] {
        let group = GroupName::new(group).unwrap();
        favourites
            .add(ContactId::new(contact).unwrap(), &group)
            .unwrap();
    }
    favourites
}

async fn keeper(store: &Arc<MemoryStore>, name: &str, user: &str) -> Arc<Keeper> {
    let (keeper, loaded) = Keeper::open(Arc::clone(store) as _, name, user, true).await;
    loaded.expect("nothing is damaged");
    Arc::new(keeper)
}

async fn kept(
    store: &Arc<MemoryStore>,
    name: &str,
    user: &str,
) -> Result<Option<Cached>, CacheError> {
    Keeper::open(Arc::clone(store) as _, name, user, true)
        .await
        .1
}

/// A store in which `state` was kept for 330 under "office".
async fn stored(state: &State) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::default());
    let keeper = keeper(&store, "office", "330").await;
    keeper
        .save(state.clone(), Outboxes::default(), Timestamp(7))
        .await
        .unwrap();
    store
}

fn state(conversations: Vec<Conversation>) -> State {
    let mut state = State::new();
    state.replace(Snapshot {
        conversations,
        favourites: (Rev(1), favourites()),
        ..Snapshot::default()
    });
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_kept_comes_back(
        conversations in vec(conversations(), 0..4),
        contacts in vec(contacts(), 0..4),
    ) {
        let mut state = state(conversations);
        for contact in contacts {
            state.apply(Update::Contact(contact));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let cached = runtime.block_on(async {
            kept(&stored(&state).await, "office", "330").await
        });
        let cached = cached.unwrap().unwrap();
        prop_assert_eq!(cached.at, Timestamp(7));
        let mut shown = State::new();
        shown.replace(cached.state);
        prop_assert_eq!(shown.changes_since(&state), []);
    }

    #[test]
    fn no_bytes_are_fatal(row: Vec<u8>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let loaded = runtime.block_on(async {
            let store = stored(&state(Vec::new())).await;
            store.put("cache/office/conversation/x", &row).await.unwrap();
            kept(&store, "office", "330").await
        });
        prop_assert_eq!(loaded, Err(CacheError::Unreadable));
    }
}

#[tokio::test]
async fn only_what_changed_is_written_and_what_is_gone_is_removed() {
    let mut state = state(vec![conversation("a", 1), conversation("b", 2)]);
    let store = Arc::new(MemoryStore::default());
    let keeper = keeper(&store, "office", "330").await;
    Arc::clone(&keeper)
        .save(state.clone(), Outboxes::default(), Timestamp(1))
        .await
        .unwrap();
    state.apply(Update::Conversation(conversation("b", 3)));
    state.apply(Update::ConversationDeleted {
        id: ConversationId::new("a").unwrap(),
        rev: Rev(4),
    });
    let batch = keeper.changes(&state, &Outboxes::default(), Timestamp(2));
    let changes: Vec<_> = batch
        .changes()
        .map(|(key, value)| (key, value.is_some()))
        .collect();
    assert_eq!(
        changes,
        [
            ("cache/office/conversation/b", true),
            ("cache/office/conversation/a", false),
            ("cache/office/head", true),
        ]
    );
    keeper
        .save(state.clone(), Outboxes::default(), Timestamp(2))
        .await
        .unwrap();
    let cached = kept(&store, "office", "330").await.unwrap().unwrap();
    assert_eq!(cached.state.conversations, [conversation("b", 3)]);
    assert_eq!(cached.at, Timestamp(2));
}

#[tokio::test]
async fn presences_are_not_kept() {
    let mut state = state(Vec::new());
    state.apply(Update::Presence(UserPresence {
        user: UserId::new("331").unwrap(),
        rev: Rev(9),
        presence: uc_model::Presence::of(uc_model::PresenceState::Lunch),
    }));
    let cached = kept(&stored(&state).await, "office", "330")
        .await
        .unwrap()
        .unwrap();
    assert!(cached.state.presences.is_empty());
}

#[tokio::test]
async fn another_users_is_thrown_away_without_a_word() {
    let store = stored(&state(vec![conversation("a", 1)])).await;
    assert_eq!(kept(&store, "office", "331").await, Ok(None));
    assert_eq!(kept(&store, "office", "330").await, Ok(None), "it is gone");
}

#[tokio::test]
async fn another_versions_and_leftovers_are_named_and_thrown_away() {
    for (key, value, error) in [
        (
            "head",
            r#"{"version":1,"user":"330","at":1}"#,
            CacheError::OtherVersion,
        ),
        ("head", r#"{"version":2}"#, CacheError::Unreadable),
        ("favourites", "7", CacheError::Unreadable),
        ("voicemail/1", "{}", CacheError::Unreadable),
    ] {
        let store = stored(&state(Vec::new())).await;
        store
            .put(&format!("cache/office/{key}"), value.as_bytes())
            .await
            .unwrap();
        assert_eq!(kept(&store, "office", "330").await, Err(error), "{key}");
        assert_eq!(kept(&store, "office", "330").await, Ok(None), "{key}");
    }
    let store = stored(&state(Vec::new())).await;
    store.remove("cache/office/head").await.unwrap();
    assert_eq!(
        kept(&store, "office", "330").await,
        Err(CacheError::Unreadable)
    );
}

#[tokio::test]
async fn names_do_not_reach_into_each_other() {
    let store = Arc::new(MemoryStore::default());
    for name in ["a", "a/b", "a%2Fb", "a/"] {
        let keeper = keeper(&store, name, name).await;
        keeper
            .save(state(Vec::new()), Outboxes::default(), Timestamp(1))
            .await
            .unwrap();
    }
    Cached::forget(&*store, "a/b").await.unwrap();
    for (name, there) in [("a", true), ("a/b", false), ("a%2Fb", true), ("a/", true)] {
        let cached = kept(&store, name, name).await.unwrap();
        assert_eq!(cached.is_some(), there, "{name}");
    }
}

fn waiting() -> Outboxes {
    let mut outbox = Outbox::new();
    for (id, text) in [("a", "one"), ("b", "two"), ("c", "three")] {
        let (id, text) = (EntryId::new(id).unwrap(), MessageText::new(text).unwrap());
        outbox.write(id, text, Timestamp(3)).unwrap();
    }
    outbox.failed(&EntryId::new("b").unwrap(), DeliveryFailure::TimedOut);
    outbox.next_to_send();
    by_number(&[(PhoneNumber::new("+49 30 331").unwrap(), outbox)])
}

#[tokio::test]
async fn messages_that_wait_are_kept_those_on_their_way_wait_again_and_none_is_left_behind() {
    let store = Arc::new(MemoryStore::default());
    let keeper = keeper(&store, "office", "330").await;
    let save = |unsent| Arc::clone(&keeper).save(State::new(), unsent, Timestamp(1));
    save(waiting()).await.unwrap();
    let cached = kept(&store, "office", "330").await.unwrap().unwrap();
    let (to, outbox) = &cached.unsent[0];
    assert_eq!(to.as_str(), "+49 30 331");
    let found: Vec<_> = outbox
        .messages()
        .map(|own| (own.id.as_str(), own.text.expose(), own.at, own.delivery))
        .collect();
    let failed = Delivery::Failed(DeliveryFailure::TimedOut);
    assert_eq!(
        found,
        [
            ("a", "one", Timestamp(3), Delivery::Waiting),
            ("b", "two", Timestamp(3), failed),
            ("c", "three", Timestamp(3), Delivery::Waiting),
        ]
    );
    save(Outboxes::default()).await.unwrap();
    let cached = kept(&store, "office", "330").await.unwrap().unwrap();
    assert!(cached.unsent.is_empty());
}

#[tokio::test]
async fn where_no_texts_are_wanted_none_is_kept_and_those_of_earlier_are_thrown_away() {
    let text = |entry: &ConversationEntry| matches!(entry, ConversationEntry::Message(_));
    let mut talked = conversation("a", 1);
    let message = |id: &str| ChatMessage {
        id: EntryId::new(id).unwrap(),
        direction: CallDirection::Incoming,
        at: Timestamp(1),
        text: MessageText::new("hush").unwrap(),
        delivery: Delivery::Delivered,
    };
    talked.entries = vec![ConversationEntry::Message(message("m"))];
    let state = state(vec![talked]);
    let store = stored(&state).await;
    let open =
        |store: &Arc<MemoryStore>| Keeper::open(Arc::clone(store) as _, "office", "330", false);
    let (keeper, loaded) = open(&store).await;
    assert_eq!(loaded, Ok(None), "it had texts");
    assert_eq!(store.entries("").await, Ok(Vec::new()));
    let keeper = Arc::new(keeper);
    keeper.save(state, waiting(), Timestamp(2)).await.unwrap();
    for (key, value) in store.entries("").await.unwrap() {
        assert!(!String::from_utf8(value).unwrap().contains("hush"), "{key}");
        assert!(!key.contains("unsent"));
    }
    let cached = open(&store).await.1.unwrap().unwrap();
    let conversation = &cached.state.conversations[0];
    assert!(!conversation.entries.iter().any(text) && cached.unsent.is_empty());
}
