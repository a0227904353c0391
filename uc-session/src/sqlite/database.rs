use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, params};

use super::{Entries, OpenStoreError};
use crate::port::{Batch, StoreError};

/// The file and the connection to it; without a connection once it was found damaged.
pub(super) struct Database {
    path: PathBuf,
    connection: Option<Connection>,
    /// Whether the next commit waits for the disk.
    lasting: bool,
}

/// Why something failed inside an opening.
enum Fault {
    Sqlite(rusqlite::Error),
    NewerLayout(i64),
    Foreign,
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Database {
    pub(super) fn open(path: &Path) -> Result<Self, OpenStoreError> {
        let unavailable = || OpenStoreError::Unavailable(path.to_owned());
        make_private(path).map_err(|_| unavailable())?;
        let connection = match connect(path) {
            Ok(connection) => connection,
            Err(Fault::NewerLayout(found)) => {
                return Err(OpenStoreError::NewerLayout {
                    path: path.to_owned(),
                    found,
                    known: LAYOUT,
                });
            }
            Err(Fault::Foreign) => return Err(OpenStoreError::Foreign(path.to_owned())),
            Err(Fault::Sqlite(error)) => {
                return Err(match judge(&error) {
                    StoreError::Damaged => OpenStoreError::Damaged {
                        path: path.to_owned(),
                        set_aside: set_aside(path).ok_or_else(unavailable)?,
                    },
                    StoreError::Locked => OpenStoreError::Locked(path.to_owned()),
                    StoreError::Unavailable => unavailable(),
                });
            }
        };
        Ok(Self {
            path: path.to_owned(),
            connection: Some(connection),
            lasting: false,
        })
    }

    pub(super) fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|connection| {
            let mut query =
                connection.prepare_cached("SELECT value FROM entries WHERE key = ?1")?;
            query.query_row([key], |row| row.get(0)).optional()
        })
    }

    pub(super) fn entries(&mut self, prefix: &str) -> Result<Entries, StoreError> {
        self.with(|connection| {
            let query = "SELECT key, value FROM entries WHERE key >= ?1 ORDER BY key";
            let mut query = connection.prepare_cached(query)?;
            let mut rows = query.query([prefix])?;
            let mut entries = Vec::new();
            while let Some(row) = rows.next()? {
                let key: String = row.get(0)?;
                if !key.starts_with(prefix) {
                    break;
                }
                entries.push((key, row.get(1)?));
            }
            Ok(entries)
        })
    }

    /// Makes the changes of all batches, or none.
    pub(super) fn write<'a>(
        &mut self,
        batches: impl Iterator<Item = &'a Batch>,
        lasting: bool,
    ) -> Result<(), StoreError> {
        let before = std::mem::replace(&mut self.lasting, lasting);
        self.with(|connection| {
            if before != lasting {
                synchronise(connection, lasting)?;
            }
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for (key, value) in batches.flat_map(Batch::changes) {
                match value {
                    Some(value) => transaction
                        .prepare_cached(PUT)?
                        .execute(params![key, value])?,
                    None => transaction.prepare_cached(REMOVE)?.execute([key])?,
                };
            }
            transaction.commit()
        })
    }

    /// Does `work`, and sets the file aside where it turns out to be damaged.
    fn with<T>(
        &mut self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let connection = self.connection.as_mut().ok_or(StoreError::Damaged)?;
        let error = match work(connection) {
            Ok(done) => return Ok(done),
            Err(error) => judge(&error),
        };
        if error == StoreError::Damaged {
            // Closed first: where files in use can't be renamed it would be kept in its place.
            self.connection = None;
            set_aside(&self.path);
        }
        Err(error)
    }
}

fn connect(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    let begun = number(&connection, "application_id")?;
    let found = number(&connection, "user_version")?;
    let empty = connection.query_row(
        "SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)",
        [],
        |row| row.get::<_, bool>(0),
    )?;
    match (begun, found) {
        (APPLICATION, found) if found > LAYOUT => return Err(Fault::NewerLayout(found)),
        (APPLICATION, _) => {}
        (0, 0) if empty => {}
        _ => return Err(Fault::Foreign),
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // What is deleted, messages for one, is overwritten in the file.
    connection.pragma_update(None, "secure_delete", true)?;
    synchronise(&connection, false)?;
    migrate(&mut connection)?;
    Ok(connection)
}

/// Brings the file from its layout to ours, in one transaction.
fn migrate(connection: &mut Connection) -> Result<(), Fault> {
    if number(connection, "user_version")? == LAYOUT {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another program may have been faster.
    let found = number(&transaction, "user_version")?;
    for step in MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", LAYOUT)?;
    transaction.commit()?;
    Ok(())
}

fn number(connection: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, pragma, |row| row.get(0))
}

fn synchronise(connection: &Connection, lasting: bool) -> rusqlite::Result<()> {
    let how = if lasting { "FULL" } else { "NORMAL" };
    connection.pragma_update(None, "synchronous", how)
}

fn judge(error: &rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked,
        // A value of another type than was written: nothing of ours does that.
        None if matches!(error, rusqlite::Error::InvalidColumnType(..)) => StoreError::Damaged,
        _ => StoreError::Unavailable,
    }
}

/// Makes the file where it is missing, in any case for its owner alone; SQLite gives its
/// companions the same rights.
fn make_private(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        make_folder(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    drop(file);
    Ok(())
}

fn make_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Renames the file and its companions to the first free name; `None` where that fails.
fn set_aside(path: &Path) -> Option<PathBuf> {
    let aside = (1..MOST_SET_ASIDE)
        .map(|number| with_ending(path, &format!(".damaged-{number}")))
        .find(|aside| !aside.exists())?;
    fs::rename(path, &aside).ok()?;
    for companion in ["-wal", "-shm"] {
        // There may be none.
        let _ = fs::rename(with_ending(path, companion), with_ending(&aside, companion));
    }
    Some(aside)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// What says that a database is ours (SQLite's `application_id`): "ucst".
const APPLICATION: i64 = 0x7563_7374;
/// The layout that this version writes (SQLite's `user_version`).
const LAYOUT: i64 = MIGRATIONS.len() as i64;
/// What leads from each layout to the next, beginning with an empty file.
const MIGRATIONS: [&str; 1] =
    ["CREATE TABLE entries (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"];
const PUT: &str = "INSERT INTO entries (key, value) VALUES (?1, ?2)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value";
const REMOVE: &str = "DELETE FROM entries WHERE key = ?1";
/// So long another program's write is waited for (our choice: longer than any disk).
const PATIENCE: Duration = Duration::from_secs(2);
/// Damaged files that are kept (our choice).
const MOST_SET_ASIDE: u32 = 1000;
