//! `cargo xtask bench model`: what searching 100,000 contacts, applying a million events and showing a
//! history of 100,000 calls after a start cost, beside what one would write instead, in the same run: a
//! linear search, a JSON file, a map of JSON values, a table, and as a limit a plain vector indexed by
//! number.
//!
//! Other programs may run beside it: each keystroke is the best of five tries, and the nanoseconds of an
//! event are the median over batches of a thousand.
//!
//! A *keystroke* is one search for the 20 best of what was typed so far, with 50 favourites and
//! 100 recent contacts. An *event* changes a user's presence (nine in ten) or a call, and tells
//! what changed.

mod store;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    collections::HashMap,
    hint::black_box,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Instant,
};

use clap::Parser;
use serde_json::{Value, json};
use uc_model::{
    Call, CallDirection, CallId, Connection, ConnectionState, Contact, ContactId, DeviceKind,
    DialPlan, Directory, Favourites, GroupName, NumberKind, Party, PhoneNumber, Presence,
    PresenceState, Ranking, Rev, SearchIndex, SearchQuery, State, Timestamp, TypedNumber, Update,
    UserId, UserPresence,
};

#[derive(Debug, Parser)]
struct Arguments {
    /// How many contacts.
    #[arg(long, default_value_t = 100_000)]
    contacts: usize,
    /// How many events, in thousands.
    #[arg(long, default_value_t = 1000)]
    thousand_events: usize,
    /// How many calls are in the history, in hundreds.
    #[arg(long, default_value_t = 1000)]
    hundred_calls: usize,
    /// Prints one JSON object.
    #[arg(long)]
    json: bool,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let report = json!({
        "search": search(arguments.contacts),
        "events": events(arguments.thousand_events * 1000),
        "store": store::first_view(arguments.hundred_calls * 100)?,
    });
    match arguments.json {
        true => println!("{report}"),
        false => println!("{report:#}"),
    }
    Ok(())
}

fn search(count: usize) -> Value {
    let empty = LIVE.load(Relaxed);
    let contacts: Vec<Contact> = (0..count).map(contact).collect();
    let bare = LIVE.load(Relaxed);
    let typed = typed(&contacts);
    let file = Value::from(contacts.iter().map(as_json).collect::<Vec<_>>()).to_string();
    let (read_json, listed) = timed(|| serde_json::from_str::<Vec<Value>>(&file));
    let listed = listed.unwrap_or_default();
    drop(file);
    let before = LIVE.load(Relaxed);
    let plan = plan();
    let (build, mut index) = timed(|| SearchIndex::with_plan(plan, contacts));
    // The contacts moved in: what is more than they were is the index.
    let index_bytes = LIVE.load(Relaxed) + (bare - empty) - before;
    let ranking = ranking(count);
    let keystrokes = each(&typed, |text| {
        black_box(
            index
                .search_ranked(&SearchQuery::new(text), &ranking, 20)
                .more,
        );
    });
    let few: Vec<String> = typed
        .iter()
        .step_by(typed.len() / 60 + 1)
        .cloned()
        .collect();
    let linear = each(&few, |text| {
        black_box(scan(&listed, text));
    });
    let changed: Vec<usize> = (0..2000).map(|at| at * 37 % count).collect();
    let change = each(&changed, |at| drop(index.insert(contact(*at))));
    json!({
        "contacts": count,
        "keystrokes": typed.len(),
        "us_a_keystroke": micros(keystrokes),
        "us_a_keystroke_linear": micros(linear),
        "us_a_changed_contact": micros(change),
        "ms_to_build": build / 1e6,
        "ms_to_read_a_json_file": read_json / 1e6,
        "bytes_a_contact_itself": (bare - empty) / count,
        "bytes_a_contact_of_index": index_bytes.saturating_sub(bare - empty) / count,
    })
}

fn events(count: usize) -> Value {
    let (ours, allocations) = model(count, usize::MAX);
    let (viewed, _) = model(count, 1000);
    let (always, _) = model(count / 10, 1);
    json!({
        "events": count,
        "users": USERS,
        "ns_an_event": ours,
        "allocations_an_event": allocations,
        "ns_an_event_with_a_view_and_its_changes_each_1000": viewed,
        "ns_an_event_with_a_view_and_its_changes_each": always,
        "ns_an_event_in_a_map_of_json_values": map_of_values(count),
        "ns_an_event_in_a_vector_by_number": vector(count),
    })
}

/// Nanoseconds and allocations an event; every so many events a view is taken and compared with
/// the one before.
fn model(count: usize, view_each: usize) -> (f64, f64) {
    let mut state = State::new();
    for user in 0..USERS {
        state.apply(event(user * 10 + 1, 0));
    }
    let mut view = state.clone();
    if view_each == usize::MAX {
        view = State::new();
    }
    let (mut batches, mut allocations, mut told) = (Vec::new(), 0, 0_usize);
    for batch in 0..count / BATCH {
        let first = batch * BATCH;
        let updates: Vec<Update> = (first..first + BATCH)
            .map(|at| event(at, at + USERS * 10))
            .collect();
        let before = ALLOCATIONS.load(Relaxed);
        let (spent, ()) = timed(|| {
            for (at, update) in updates.into_iter().enumerate() {
                told += usize::from(state.apply(update).is_some());
                if view_each != usize::MAX && at % view_each == view_each - 1 {
                    let next = state.clone();
                    told += next.changes_since(&view).len();
                    view = next;
                }
            }
        });
        allocations += ALLOCATIONS.load(Relaxed) - before;
        batches.push(spent);
    }
    black_box((told, view));
    (an_event(batches), allocations as f64 / count as f64)
}

/// What a program without a model does: the parsed JSON under the user's id. Parsing isn't counted,
/// and nobody is told what changed.
fn map_of_values(count: usize) -> f64 {
    let mut known: HashMap<String, Value> = HashMap::new();
    let mut batches = Vec::new();
    for batch in 0..count / BATCH {
        let first = batch * BATCH;
        let news: Vec<(String, Value)> = (first..first + BATCH)
            .map(|at| {
                let user = user(at);
                let state = format!("{:?}", STATES[at % STATES.len()]);
                (
                    user.clone(),
                    json!({"user": user, "rev": at, "state": state}),
                )
            })
            .collect();
        let (spent, ()) = timed(|| {
            for (user, value) in news {
                black_box(known.insert(user, value));
            }
        });
        batches.push(spent);
    }
    an_event(batches)
}

/// The limit: users are numbers, nothing is checked, nobody is told.
fn vector(count: usize) -> f64 {
    let mut known: Vec<(u64, PresenceState)> = vec![(0, PresenceState::Office); USERS];
    let mut batches = Vec::new();
    for batch in 0..count / BATCH {
        let (spent, ()) = timed(|| {
            for at in batch * BATCH..(batch + 1) * BATCH {
                let place = &mut known[at.wrapping_mul(SCATTER) % USERS];
                *place = (at as u64, STATES[at % STATES.len()]);
                black_box(&place);
            }
        });
        batches.push(spent);
    }
    an_event(batches)
}

/// The median batch, per event.
fn an_event(mut batches: Vec<f64>) -> f64 {
    batches.sort_by(f64::total_cmp);
    batches.get(batches.len() / 2).copied().unwrap_or(0.0) / BATCH as f64
}

fn event(at: usize, rev: usize) -> Update {
    let rev = Rev(rev as u64 + 1);
    if at.is_multiple_of(10) {
        return Update::Call(call(at, rev));
    }
    let presence = Presence::of(STATES[at % STATES.len()]);
    Update::Presence(UserPresence {
        user: UserId::new(user(at)).expect("made of a number"),
        rev,
        presence,
    })
}

/// One of sixteen calls that go on; each fourth of its events ends it.
fn call(at: usize, rev: Rev) -> Call {
    let local = match at / 160 % 4 {
        0 => ConnectionState::Alerting,
        1 | 2 => ConnectionState::Connected,
        _ => ConnectionState::Null,
    };
    Call {
        id: CallId::new(format!("call-{}", at / 10 % 16)).expect("made of a number"),
        rev,
        direction: CallDirection::Incoming,
        device: DeviceKind::Voip,
        local,
        remote: Connection {
            party: Party {
                number: PhoneNumber::new("321").expect("a number"),
                name: None,
                user: None,
            },
            state: ConnectionState::Connected,
        },
        members: Vec::new(),
        started: Timestamp(0),
        answered: None,
        cause: None,
    }
}

fn user(at: usize) -> String {
    format!("user-{:05}", at.wrapping_mul(SCATTER) % USERS)
}

fn plan() -> DialPlan {
    DialPlan::germany().in_area("89").expect("digits")
}

/// A contact with a name and a number of its own.
fn contact(at: usize) -> Contact {
    let mixed = at.wrapping_mul(SCATTER);
    let first = FIRST[mixed % FIRST.len()];
    let middle = SYLLABLES[mixed / 7 % SYLLABLES.len()];
    let last = format!(
        "{}{middle}{}",
        LAST[mixed / 11 % LAST.len()],
        SYLLABLES[mixed / 101 % SYLLABLES.len()]
    );
    let number = format!("+49 ({}) {:07}", 30 + mixed / 3 % 60, mixed % 10_000_000);
    Contact {
        id: ContactId::new(format!("c{at}")).expect("made of a number"),
        directory: Directory::ALL[at % Directory::ALL.len()],
        first_name: first.to_owned().into(),
        last_name: last.into(),
        numbers: vec![TypedNumber {
            kind: NumberKind::Business,
            number: PhoneNumber::new(number).expect("digits"),
        }],
        email: None,
        user: None,
    }
}

fn as_json(contact: &Contact) -> Value {
    json!({
        "id": contact.id.as_str(),
        "name": format!("{} {}", contact.first_name.expose(), contact.last_name.expose()),
        "number": contact.numbers[0].number.as_str(),
    })
}

/// What one would write: every contact's name and number in small letters, looked through.
fn scan(listed: &[Value], text: &str) -> usize {
    let text = text.to_lowercase();
    let found = listed.iter().filter(|one| {
        let has = |field: &str| {
            let known = one[field].as_str().unwrap_or_default().to_lowercase();
            text.split(' ').all(|word| known.contains(word))
        };
        has("name") || has("number")
    });
    found.take(20).count()
}

/// Every beginning of a name, of both names, and of a number in national form, for 150 contacts.
fn typed(contacts: &[Contact]) -> Vec<String> {
    let mut typed = Vec::new();
    for contact in contacts.iter().step_by(contacts.len() / 150 + 1) {
        let (first, last) = (contact.first_name.expose(), contact.last_name.expose());
        let digits: String = contact.numbers[0]
            .number
            .dialable()
            .chars()
            .skip(3)
            .collect();
        for whole in [
            last.clone(),
            format!("{first} {last}"),
            format!("{} {last}", &first[..1]),
            format!("0{digits}"),
        ] {
            let ends = whole.char_indices().map(|(at, c)| at + c.len_utf8());
            typed.extend(ends.map(|end| whole[..end].to_owned()));
        }
    }
    typed
}

fn ranking(count: usize) -> Ranking {
    let id = |at: usize| ContactId::new(format!("c{}", at % count)).expect("made of a number");
    let mut favourites = Favourites::new();
    let group = GroupName::new("team").expect("a name");
    for at in 0..50 {
        favourites.add(id(at * 991), &group).ok();
    }
    let mut ranking = Ranking::new();
    ranking.set_favourites(&favourites);
    for at in 0..Ranking::RECENT {
        ranking.spoken_to(id(at * 787), Timestamp(at as i64));
    }
    ranking
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let begin = Instant::now();
    let result = work();
    (begin.elapsed().as_nanos() as f64, result)
}

fn each<T>(items: &[T], mut work: impl FnMut(&T)) -> Vec<f64> {
    let mut best = |item: &T| {
        let tries = (0..TRIES).map(|_| timed(|| work(item)).0);
        tries.fold(f64::INFINITY, f64::min)
    };
    items.iter().map(&mut best).collect()
}

fn micros(mut nanos: Vec<f64>) -> Value {
    nanos.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (nanos.len() as f64 * share) as usize;
        nanos
            .get(place.min(nanos.len() - 1))
            .map(|nanos| nanos / 1000.0)
    };
    json!({"p50": at(0.5), "p99": at(0.99), "max": at(1.0)})
}

/// Counts what is allocated.
struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Relaxed);
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Users of the system, as in a large company.
const USERS: usize = 20_000;
/// Events made at once, outside of what is measured.
const BATCH: usize = 1000;
/// How often a keystroke is tried.
const TRIES: usize = 5;
/// A prime that scatters numbers.
const SCATTER: usize = 2_654_435_761;
const STATES: [PresenceState; 4] = [
    PresenceState::Office,
    PresenceState::Meeting,
    PresenceState::Lunch,
    PresenceState::Home,
];
const FIRST: [&str; 16] = [
    "Anna", "Bernd", "Clara", "Dieter", "Emma", "Frank", "Greta", "Hans", "Ida", "Jan", "Klara",
    "Lars", "Maria", "Nils", "Olga", "Peter",
];
const LAST: [&str; 24] = [
    "Müll", "Schmi", "Schnei", "Fisch", "Web", "Mey", "Wag", "Beck", "Schul", "Hoff", "Schäf",
    "Koch", "Bau", "Rich", "Klei", "Wol", "Schröd", "Neu", "Schwa", "Zimm", "Brau", "Krü", "Hart",
    "Lan",
];
const SYLLABLES: [&str; 20] = [
    "er", "mann", "stein", "berg", "dorf", "feld", "bach", "hausen", "inger", "el", "ke", "ler",
    "ner", "ert", "ing", "ow", "itz", "ski", "sen", "hoff",
];
