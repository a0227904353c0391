use std::path::Path;

use rusqlite::{Connection, OptionalExtension, ToSql, Transaction, params};
use serde::{Serialize, de::DeserializeOwned};

use super::{Kind, Owned, Saved, SavedSession, StoreError, Write};
use crate::exchange::{Answer, AnswerKey};

/// The database file.
pub(crate) struct Database {
    connection: Connection,
}

impl Database {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = Connection::open(path)?;
        connection.set_prepared_statement_cache_capacity(32);
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        match found {
            0 => {
                connection.execute_batch(SCHEMA)?;
                connection.pragma_update(None, "user_version", LAYOUT)?;
            }
            1 | 2 => {
                if found == 1 {
                    connection.execute_batch(FROM_1)?;
                }
                connection.execute_batch(FROM_2)?;
                connection.pragma_update(None, "user_version", LAYOUT)?;
            }
            LAYOUT => {}
            _ => {
                return Err(StoreError::Layout {
                    found,
                    expected: LAYOUT,
                });
            }
        }
        Ok(Self { connection })
    }

    /// The epoch of the event numbers: the same as long as nothing that was acknowledged can be
    /// lost, else `fresh`. Only the end of a boot of the machine (`boot`, where it is known) can
    /// lose something: a loss of power, with `synchronous=NORMAL`.
    pub(crate) fn epoch(&self, fresh: &str, boot: &str) -> Result<String, StoreError> {
        if self.meta("boot")?.as_deref() == Some(boot)
            && let Some(epoch) = self.meta("epoch")?
        {
            return Ok(epoch);
        }
        self.set_meta("epoch", fresh)?;
        self.set_meta("boot", boot)?;
        Ok(fresh.to_owned())
    }

    /// Makes every later write of an event fail.
    #[cfg(test)]
    pub(super) fn break_for_test(&self) {
        self.connection.execute_batch("DROP TABLE events").unwrap();
    }

    fn meta(&self, key: &str) -> Result<Option<String>, StoreError> {
        let query = "SELECT value FROM meta WHERE key = ?1";
        let known = self.connection.query_row(query, [key], |row| row.get(0));
        Ok(known.optional()?)
    }

    fn set_meta(&self, key: &str, value: &str) -> Result<(), StoreError> {
        let write = "INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)";
        self.connection.execute(write, [key, value])?;
        Ok(())
    }

    pub(crate) fn load(&self) -> Result<Saved, StoreError> {
        Ok(Saved {
            failed_sign_ins: self.rows("SELECT user, failed FROM accounts", |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?,
            presences: self.bodies("SELECT user, body FROM presences")?,
            presence_revisions: self.rows(
                "SELECT reader, subject, rev FROM presence_revisions",
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )?,
            sessions: self.sessions()?,
            calls: self
                .bodies("SELECT id, body FROM calls")?
                .into_iter()
                .map(|(_, call)| call)
                .collect(),
            owned: self.owned()?,
            events: self.bodies("SELECT user, body FROM events ORDER BY user, number")?,
            answers: self.answers()?,
        })
    }

    /// Writes all or nothing.
    pub(crate) fn apply<'a>(
        &mut self,
        writes: impl IntoIterator<Item = &'a Write>,
    ) -> Result<(), StoreError> {
        let transaction = self.connection.transaction()?;
        for write in writes {
            apply(&transaction, write)?;
        }
        Ok(transaction.commit()?)
    }

    fn sessions(&self) -> Result<Vec<SavedSession>, StoreError> {
        let query = "SELECT id, user, signed_in FROM sessions";
        let rows = self.rows(query, |row| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?))
        })?;
        rows.into_iter()
            .map(|(id, user, signed_in)| {
                Ok(SavedSession {
                    id: serde_json::from_str(&id)?,
                    user,
                    signed_in,
                })
            })
            .collect()
    }

    fn owned(&self) -> Result<Vec<Owned>, StoreError> {
        let query = "SELECT user, kind, id, body FROM owned";
        let rows = self.rows(query, |row| {
            let kind: String = row.get(1)?;
            let kind = Kind::ALL.into_iter().find(|known| known.name() == kind);
            let read = |kind| {
                Ok(Owned {
                    user: row.get(0)?,
                    kind,
                    id: row.get(2)?,
                    body: row.get(3)?,
                })
            };
            kind.map(read).transpose()
        })?;
        Ok(rows.into_iter().flatten().collect())
    }

    fn answers(&self) -> Result<Vec<(AnswerKey, Answer)>, StoreError> {
        let query = "SELECT user, key, body FROM answers";
        let rows = self.rows(query, |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?))
        })?;
        rows.into_iter()
            .map(|(user, key, body)| Ok((AnswerKey { user, key }, serde_json::from_str(&body)?)))
            .collect()
    }

    fn bodies<T: DeserializeOwned>(&self, query: &str) -> Result<Vec<(String, T)>, StoreError> {
        let rows = self.rows(query, |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
        rows.into_iter()
            .map(|(key, body)| Ok((key, serde_json::from_str(&body)?)))
            .collect()
    }

    fn rows<T>(
        &self,
        query: &str,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.connection.prepare(query)?;
        let rows = statement.query_map([], read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn apply(to: &Transaction<'_>, write: &Write) -> Result<(), StoreError> {
    match write {
        Write::FailedSignIns(user, count) => run(
            to,
            "INSERT OR REPLACE INTO accounts (user, failed) VALUES (?1, ?2)",
            params![user, count],
        ),
        Write::Presence(user, presence) => run(
            to,
            "INSERT OR REPLACE INTO presences (user, body) VALUES (?1, ?2)",
            params![user, json(presence)?],
        ),
        Write::PresenceRevision(reader, subject, rev) => run(
            to,
            "INSERT OR REPLACE INTO presence_revisions (reader, subject, rev) VALUES (?1, ?2, ?3)",
            params![reader, subject, rev],
        ),
        Write::Session(session) => run(
            to,
            "INSERT OR REPLACE INTO sessions (id, user, signed_in) VALUES (?1, ?2, ?3)",
            params![json(&session.id)?, session.user, session.signed_in],
        ),
        Write::SessionGone(id) => run(to, "DELETE FROM sessions WHERE id = ?1", params![json(id)?]),
        Write::Call(id, call) => run(
            to,
            "INSERT OR REPLACE INTO calls (id, body) VALUES (?1, ?2)",
            params![id, json(call)?],
        ),
        Write::CallGone(id) => run(to, "DELETE FROM calls WHERE id = ?1", params![id]),
        Write::Owned(owned) => run(
            to,
            "INSERT OR REPLACE INTO owned (user, kind, id, body) VALUES (?1, ?2, ?3, ?4)",
            params![owned.user, owned.kind.name(), owned.id, owned.body],
        ),
        Write::OwnedGone(user, kind, id) => run(
            to,
            "DELETE FROM owned WHERE user = ?1 AND kind = ?2 AND id = ?3",
            params![user, kind.name(), id],
        ),
        Write::Event(user, logged) => run(
            to,
            "INSERT OR REPLACE INTO events (user, number, body) VALUES (?1, ?2, ?3)",
            params![user, logged.number, json(&**logged)?],
        ),
        Write::EventsBefore(user, number) => run(
            to,
            "DELETE FROM events WHERE user = ?1 AND number < ?2",
            params![user, number],
        ),
        Write::Answer(key, answer) => run(
            to,
            "INSERT OR REPLACE INTO answers (user, key, body) VALUES (?1, ?2, ?3)",
            params![key.user, key.key, json(answer)?],
        ),
        Write::AnswerGone(key) => run(
            to,
            "DELETE FROM answers WHERE user = ?1 AND key = ?2",
            params![key.user, key.key],
        ),
    }
}

fn run(to: &Transaction<'_>, statement: &str, values: &[&dyn ToSql]) -> Result<(), StoreError> {
    to.prepare_cached(statement)?.execute(values)?;
    Ok(())
}

fn json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    Ok(serde_json::to_string(value)?)
}

/// Counts up with every change of the schema or of a body (SQLite's `user_version`).
const LAYOUT: i64 = 3;

/// From layout 1, in which conversations had a table of their own.
const FROM_1: &str = "
BEGIN;
CREATE TABLE owned (user TEXT, kind TEXT, id TEXT, body TEXT NOT NULL,
    PRIMARY KEY (user, kind, id)) WITHOUT ROWID;
INSERT INTO owned SELECT user, 'conversation', id, body FROM conversations;
DROP TABLE conversations;
COMMIT;
";

/// From layout 2, in which calls were otherwise made up: those that ran are over.
const FROM_2: &str = "DELETE FROM calls;";

const SCHEMA: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE accounts (user TEXT PRIMARY KEY, failed INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE presences (user TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE presence_revisions (reader TEXT, subject TEXT, rev INTEGER NOT NULL,
    PRIMARY KEY (reader, subject)) WITHOUT ROWID;
CREATE TABLE sessions (id TEXT PRIMARY KEY, user TEXT NOT NULL, signed_in INTEGER NOT NULL);
CREATE TABLE calls (id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE owned (user TEXT, kind TEXT, id TEXT, body TEXT NOT NULL,
    PRIMARY KEY (user, kind, id)) WITHOUT ROWID;
CREATE TABLE events (user TEXT, number INTEGER, body TEXT NOT NULL, PRIMARY KEY (user, number));
CREATE TABLE answers (user TEXT, key TEXT, body TEXT NOT NULL, PRIMARY KEY (user, key));
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_lasts_as_long_as_the_machine_runs() {
        let database = Database::open(":memory:".as_ref()).unwrap();
        assert_eq!(database.epoch("e1", "boot 1").unwrap(), "e1");
        assert_eq!(database.epoch("e2", "boot 1").unwrap(), "e1");
        assert_eq!(database.epoch("e3", "boot 2").unwrap(), "e3");
    }

    #[test]
    fn a_database_of_another_layout_is_refused_and_kept() {
        let name = format!("uc-server-layout-{}.sqlite", std::process::id());
        let path = std::env::temp_dir().join(name);
        drop(Database::open(&path).unwrap());
        let other = Connection::open(&path).unwrap();
        other.pragma_update(None, "user_version", 99).unwrap();
        drop(other);
        let refused = Database::open(&path).map(|_| ());
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(
            refused,
            Err(StoreError::Layout {
                found: 99,
                expected: LAYOUT
            })
        ));
    }

    #[test]
    fn a_database_of_layout_1_keeps_its_conversations() {
        let name = format!("uc-server-layout-1-{}.sqlite", std::process::id());
        let path = std::env::temp_dir().join(name);
        drop(Database::open(&path).unwrap());
        let old = Connection::open(&path).unwrap();
        old.execute_batch(
            "DROP TABLE owned;
            CREATE TABLE conversations (user TEXT, id TEXT, body TEXT NOT NULL, PRIMARY KEY (user, id));
            INSERT INTO conversations VALUES ('330', 'v1', '7');
            PRAGMA user_version = 1;",
        )
        .unwrap();
        drop(old);
        let saved = Database::open(&path).unwrap().load().unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(
            saved.owned,
            [Owned::new("330", Kind::Conversation, "v1", &7)]
        );
    }

    #[test]
    fn what_is_no_database_is_refused() {
        let name = format!("uc-server-no-database-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, "no database ".repeat(200)).unwrap();
        let refused = Database::open(&path).map(|_| ());
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(refused, Err(StoreError::Database(_))));
    }
}
