//! A [`Store`] in a file of SQLite's.

mod database;

use std::{
    fmt,
    path::{Path, PathBuf},
    thread,
};

use async_trait::async_trait;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use self::database::Database;
use crate::port::{Batch, Durability, Store, StoreError};

/// Why a store can't be opened. The file is as it was, unless the text says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpenStoreError {
    /// It can't be made, read or written.
    #[error("{0} can't be opened: check the disk and the folder's rights")]
    Unavailable(PathBuf),
    /// Another program holds it.
    #[error("{0} is in use by another program: end it, or try again in a moment")]
    Locked(PathBuf),
    /// Its content can't be read. It was renamed, whole; opening again makes an empty one.
    #[error(
        "{path} was damaged and is now called {set_aside}: start again to begin with an empty one"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What it is called now.
        set_aside: PathBuf,
    },
    /// A newer version of this program wrote it.
    #[error(
        "{path} was written by a newer version (layout {found}, known up to {known}): update this \
         program"
    )]
    NewerLayout {
        /// The file.
        path: PathBuf,
        /// Its layout.
        found: i64,
        /// The newest that this version knows.
        known: i64,
    },
    /// A database of another program.
    #[error("{0} belongs to another program: name another file")]
    Foreign(PathBuf),
}

/// A [`Store`] in one file, in the folder where its two companions `-wal` and `-shm` find room.
///
/// - **Threads**: one of its own, so that a disk that is slow to confirm (4 to 28 ms are usual now
///   and then) delays nobody but those who wait for it. Batches that wait at the same time are
///   confirmed together. Dropping the store ends the thread once it has written what was asked;
///   [`close`](SqliteStore::close) waits for that.
/// - **Whose it is**: the file is readable and writable for its owner only (mode 0600; elsewhere
///   than on Unix as the folder says). It holds what the user sees anyway: names, numbers, texts
///   of messages; no password and no session.
/// - **Torn**: never. A damaged file is renamed, whole, with its companions, and everything answers
///   [`StoreError::Damaged`] until the store is opened anew.
/// - **Other programs** may have it open; who waits for another's write more than 2 s gets
///   [`StoreError::Locked`].
pub struct SqliteStore {
    path: PathBuf,
    jobs: mpsc::Sender<Job>,
}

/// What the thread is asked; an answer nobody waits for any more is dropped.
enum Job {
    Get(String, oneshot::Sender<Result<Option<Vec<u8>>, StoreError>>),
    Entries(String, oneshot::Sender<Result<Entries, StoreError>>),
    Write(Writing),
    Close(oneshot::Sender<Result<(), StoreError>>),
}

/// Keys with their values.
type Entries = Vec<(String, Vec<u8>)>;

struct Writing {
    batch: Batch,
    durability: Durability,
    done: oneshot::Sender<Result<(), StoreError>>,
}

impl SqliteStore {
    /// Opens the file, made with its folder where it is missing. Blocks for as long as the disk
    /// takes, and at most 2 s for another program.
    ///
    /// # Errors
    /// See [`OpenStoreError`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenStoreError> {
        let path = path.as_ref().to_owned();
        let database = Database::open(&path)?;
        let (jobs, waiting) = mpsc::channel(MOST_JOBS);
        let thread = thread::Builder::new().name("uc-store".into());
        thread
            .spawn(move || work(database, waiting))
            .map_err(|_| OpenStoreError::Unavailable(path.clone()))?;
        Ok(Self { path, jobs })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Closes the file and ends the thread, after everything that was asked before; afterwards
    /// everything answers [`StoreError::Unavailable`].
    pub async fn close(&self) {
        let _ = self.ask(Job::Close).await;
    }

    async fn ask<T>(
        &self,
        job: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Job,
    ) -> Result<T, StoreError> {
        let (done, answer) = oneshot::channel();
        let sent = self.jobs.send(job(done)).await;
        sent.map_err(|_| StoreError::Unavailable)?;
        answer.await.unwrap_or(Err(StoreError::Unavailable))
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.ask(|done| Job::Get(key.to_owned(), done)).await
    }

    async fn entries(&self, prefix: &str) -> Result<Entries, StoreError> {
        self.ask(|done| Job::Entries(prefix.to_owned(), done)).await
    }

    async fn write(&self, batch: Batch, durability: Durability) -> Result<(), StoreError> {
        let writing = |done| {
            Job::Write(Writing {
                batch,
                durability,
                done,
            })
        };
        self.ask(writing).await
    }
}

/// The thread: one job after the other, until nobody can ask any more.
fn work(mut database: Database, mut waiting: mpsc::Receiver<Job>) {
    let mut next = None;
    while let Some(job) = next.take().or_else(|| waiting.blocking_recv()) {
        match job {
            Job::Get(key, done) => drop(done.send(database.get(&key))),
            Job::Entries(prefix, done) => drop(done.send(database.entries(&prefix))),
            Job::Write(first) => next = write(&mut database, first, &mut waiting),
            Job::Close(done) => {
                drop((database, waiting));
                let _ = done.send(Ok(()));
                return;
            }
        }
    }
}

/// Writes what waits in one go, so that the disk confirms once; gives the job that came between.
fn write(
    database: &mut Database,
    first: Writing,
    waiting: &mut mpsc::Receiver<Job>,
) -> Option<Job> {
    let mut group = vec![first];
    let mut next = None;
    while group.len() < MOST_IN_ONE_GO && next.is_none() {
        match waiting.try_recv() {
            Ok(Job::Write(writing)) => group.push(writing),
            Ok(other) => next = Some(other),
            Err(_) => break,
        }
    }
    let lasting = group
        .iter()
        .any(|writing| writing.durability == Durability::Lasting);
    let batches = group.iter().map(|writing| &writing.batch);
    let done = database.write(batches, lasting);
    for writing in group {
        let _ = writing.done.send(done.clone());
    }
    next
}

/// Jobs that wait (our choice); more wait in their callers.
const MOST_JOBS: usize = 256;
/// Batches that are confirmed together (our choice).
const MOST_IN_ONE_GO: usize = 256;

#[cfg(test)]
mod tests;
