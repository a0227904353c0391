//! How soon a client shows yesterday's conversations, beside what one would write instead.

use std::{
    error::Error,
    path::{Path, PathBuf},
    sync::Arc,
};

use rusqlite::Connection;
use serde_json::{Value, json};
use uc_model::{
    CallDirection, CallOutcome, CallRoute, Conversation, ConversationEntry, ConversationId,
    EntryId, PhoneNumber, Rev, Timestamp,
};
use uc_session::{
    Client, ClientBuilder, SqliteStore, Trust,
    fake::FakeServer,
    port::{BackendEvent, Cursor, ServerChange, Store},
};

use crate::timed;

type Failed = Box<dyn Error>;

/// A client's view of `events` calls in the history, from the opening of its file on; the same of one
/// JSON file; and the newest conversation's entries out of a table, which is the least that could be shown.
pub(crate) fn first_view(events: usize) -> Result<Value, Failed> {
    let folder = std::env::temp_dir().join(format!("uc-bench-model-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let measured = measure(&folder, events);
    std::fs::remove_dir_all(&folder)?;
    measured
}

fn measure(folder: &Path, events: usize) -> Result<Value, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ours = folder.join("client.db");
    runtime.block_on(fill(&ours, events))?;
    let table = folder.join("table.db");
    fill_table(&table, events)?;
    let file = folder.join("history.json");
    std::fs::write(&file, json_file(events).to_string())?;

    let view = best(|| runtime.block_on(start(&ours, events)))?;
    let rows = best(|| newest_rows(&table))?;
    let all_rows = best(|| all_rows(&table, events))?;
    let json = best(|| {
        let read: Value = serde_json::from_slice(&std::fs::read(&file)?)?;
        read.as_array().map(drop).ok_or_else(|| "no list".into())
    })?;
    Ok(json!({
        "events": events,
        "ms_to_first_view": view,
        "bytes_an_event_on_disk": std::fs::metadata(&ours)?.len() as usize / events.max(1),
        "ms_to_read_a_json_file": json,
        "ms_to_read_one_conversation_from_a_table": rows,
        "ms_to_read_a_whole_table": all_rows,
    }))
}

/// The least of some tries, in milliseconds.
fn best(mut work: impl FnMut() -> Result<(), Failed>) -> Result<f64, Failed> {
    let mut least = f64::INFINITY;
    for _ in 0..TRIES {
        let (spent, done) = timed(&mut work);
        done?;
        least = least.min(spent / 1e6);
    }
    Ok(least)
}

fn builder(server: &FakeServer, store: Arc<SqliteStore>) -> ClientBuilder {
    Client::builder("pbx.example", "330")
        .password("secret".to_owned())
        .trust(Trust::Pin(FakeServer::certificate().sha256))
        .backend(server.backend())
        .cache(store as Arc<dyn Store>, "office")
}

/// A day at a server with such a history.
async fn fill(path: &Path, events: usize) -> Result<(), Failed> {
    let server = FakeServer::new().with_user("330", "secret", "Rosa", "Weber");
    let store = Arc::new(SqliteStore::open(path)?);
    let client = builder(&server, Arc::clone(&store)).sign_in().await?;
    for number in 0..events / ENTRIES {
        let change = ServerChange::Conversation(Box::new(conversation(number)));
        let cursor = Cursor(format!("e-{number}"));
        server.send("330", BackendEvent::Change { cursor, change });
    }
    while client.view().conversations().len() < events / ENTRIES {
        tokio::task::yield_now().await;
    }
    client.sign_out().await;
    store.close().await;
    Ok(())
}

/// The next morning, before the server answers.
async fn start(path: &Path, events: usize) -> Result<(), Failed> {
    let server = FakeServer::new();
    server.set_silent(true);
    let store = Arc::new(SqliteStore::open(path)?);
    let client = builder(&server, store).start().await?;
    let view = client.view();
    let entries = view.conversations().map(|known| known.entries.len());
    match entries.sum::<usize>() {
        all if all == events => Ok(()),
        some => Err(format!("{some} instead of {events} events").into()),
    }
}

fn conversation(number: usize) -> Conversation {
    let first = number * ENTRIES;
    let call = |at: usize| ConversationEntry::Call {
        id: EntryId::new(format!("entry-{at}")).expect("made of a number"),
        direction: CallDirection::Incoming,
        outcome: CallOutcome::Answered,
        route: CallRoute::Direct,
        at: Timestamp(1_700_000_000_000 + 60_000 * at as i64),
        duration_s: 95,
    };
    Conversation {
        id: ConversationId::new(format!("conversation-{number}")).expect("made of a number"),
        rev: Rev(number as u64 + 1_000),
        contact: None,
        number: PhoneNumber::new(format!("0891{number:05}")).expect("digits"),
        name: Some(format!("Caller {number}").into()),
        unread: 0,
        entries: (first..first + ENTRIES).map(call).collect(),
    }
}

fn json_file(events: usize) -> Value {
    let entry = |at: usize| {
        json!({
            "id": format!("entry-{at}"), "number": format!("0891{:05}", at / ENTRIES),
            "name": format!("Caller {}", at / ENTRIES), "direction": "incoming",
            "answered": true, "at": 1_700_000_000_000_usize + 60_000 * at, "seconds": 95,
        })
    };
    (0..events).map(entry).collect()
}

fn fill_table(path: &PathBuf, events: usize) -> Result<(), Failed> {
    let mut table = Connection::open(path)?;
    table.execute_batch(
        "CREATE TABLE entry (conversation INTEGER, at INTEGER, id TEXT, incoming INTEGER,
         answered INTEGER, seconds INTEGER);
         CREATE INDEX newest ON entry (conversation, at);",
    )?;
    let filling = table.transaction()?;
    for at in 0..events {
        filling.execute(
            "INSERT INTO entry VALUES (?1, ?2, ?3, 1, 1, 95)",
            (at / ENTRIES, at, format!("entry-{at}")),
        )?;
    }
    filling.commit()?;
    Ok(())
}

fn newest_rows(path: &PathBuf) -> Result<(), Failed> {
    let read = read_rows(path, "WHERE conversation = 0")?;
    (read == ENTRIES)
        .then_some(())
        .ok_or_else(|| format!("{read} rows").into())
}

fn all_rows(path: &PathBuf, events: usize) -> Result<(), Failed> {
    let read = read_rows(path, "")?;
    (read == events)
        .then_some(())
        .ok_or_else(|| format!("{read} rows").into())
}

fn read_rows(path: &PathBuf, wanted: &str) -> Result<usize, Failed> {
    let table = Connection::open(path)?;
    let query = format!("SELECT id, at, incoming, answered, seconds FROM entry {wanted}");
    let mut query = table.prepare(&query)?;
    let rows = query.query_map((), |row| {
        let read: (String, i64, bool, bool, u32) = row.try_into()?;
        Ok(read)
    })?;
    let rows: Vec<_> = rows.collect::<Result<_, _>>()?;
    Ok(rows.len())
}

/// Calls in each conversation.
const ENTRIES: usize = 100;
/// How often each is tried.
const TRIES: usize = 7;
