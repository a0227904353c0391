use std::{
    fs,
    io::{Seek, SeekFrom, Write as _},
};

use rusqlite::Connection;

use super::*;

/// An empty folder for the files of one test.
fn place(name: &str) -> PathBuf {
    let name = format!("uc-store-{name}-{}", std::process::id());
    let place = std::env::temp_dir().join(name);
    let _ = fs::remove_dir_all(&place);
    place
}

fn opened(path: &Path) -> SqliteStore {
    SqliteStore::open(path).expect("it opens")
}

#[tokio::test]
async fn it_is_a_store() {
    let place = place("conformance");
    let store = opened(&place.join("deep/er/store.sqlite"));
    crate::conformance::store::all(&store).await;
    drop(store);
    fs::remove_dir_all(place).unwrap();
}

#[tokio::test]
async fn what_was_written_is_there_after_opening_again() {
    let place = place("again");
    let path = place.join("store.sqlite");
    let store = opened(&path);
    store.put("key", b"value").await.unwrap();
    store.close().await;
    assert_eq!(store.get("key").await, Err(StoreError::Unavailable));
    assert_eq!(opened(&path).get("key").await, Ok(Some(b"value".to_vec())));
    fs::remove_dir_all(place).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn its_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = place("owner");
    let path = place.join("store.sqlite");
    fs::create_dir_all(&place).unwrap();
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let store = opened(&path);
    store.put("key", b"value").await.unwrap();
    let files = fs::read_dir(&place).unwrap().map(|entry| entry.unwrap());
    let rights: Vec<_> = files
        .map(|file| file.metadata().unwrap().permissions().mode() & 0o777)
        .collect();
    assert_eq!(rights, [0o600; 3], "the file and its two companions");
    drop(store);
    fs::remove_dir_all(place).unwrap();
}

#[test]
fn what_is_no_database_is_set_aside_whole_and_the_next_opening_begins_anew() {
    let place = place("garbage");
    let path = place.join("store.sqlite");
    fs::create_dir_all(&place).unwrap();
    let garbage = "no database ".repeat(1000);
    for number in 1..=2 {
        fs::write(&path, &garbage).unwrap();
        let set_aside = place.join(format!("store.sqlite.damaged-{number}"));
        let error = SqliteStore::open(&path).expect_err("it is damaged");
        let path = path.clone();
        assert_eq!(fs::read_to_string(&set_aside).unwrap(), garbage);
        assert_eq!(error, OpenStoreError::Damaged { path, set_aside });
    }
    opened(&path);
    fs::remove_dir_all(place).unwrap();
}

#[tokio::test]
async fn damage_that_is_met_later_is_set_aside_and_nothing_is_written_any_more() {
    let place = place("later");
    let path = place.join("store.sqlite");
    let store = opened(&path);
    for number in 0..100 {
        let key = format!("key {number}");
        store.put(&key, &[7; 3000]).await.unwrap();
    }
    // The last to close it empties the log into the file.
    store.close().await;
    let size = fs::metadata(&path).unwrap().len();
    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.seek(SeekFrom::Start(4096)).unwrap();
    file.write_all(&vec![0xff; size as usize - 4096]).unwrap();
    let store = opened(&path);
    assert_eq!(store.entries("").await, Err(StoreError::Damaged));
    assert_eq!(store.put("key", b"value").await, Err(StoreError::Damaged));
    let aside = fs::metadata(place.join("store.sqlite.damaged-1")).unwrap();
    assert_eq!(aside.len(), size, "kept whole for whoever can mend it");
    assert_eq!(opened(&path).entries("").await, Ok(Vec::new()));
    fs::remove_dir_all(place).unwrap();
}

#[test]
fn a_newer_layout_and_another_programs_database_are_left_alone() {
    let place = place("newer");
    let path = place.join("store.sqlite");
    drop(opened(&path));
    let other = Connection::open(&path).unwrap();
    other.pragma_update(None, "user_version", 99).unwrap();
    let newer = OpenStoreError::NewerLayout {
        path: path.clone(),
        found: 99,
        known: 1,
    };
    assert_eq!(SqliteStore::open(&path).expect_err("newer"), newer);
    other.pragma_update(None, "application_id", 5).unwrap();
    let foreign = OpenStoreError::Foreign(path.clone());
    assert_eq!(SqliteStore::open(&path).expect_err("foreign"), foreign);
    let kept: i64 = other
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 99);
    fs::remove_dir_all(place).unwrap();
}

#[tokio::test]
async fn who_waits_too_long_for_another_program_is_told() {
    let place = place("locked");
    let path = place.join("store.sqlite");
    let store = opened(&path);
    store.put("key", b"before").await.unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(store.put("key", b"now").await, Err(StoreError::Locked));
    assert_eq!(store.get("key").await, Ok(Some(b"before".to_vec())));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(store.put("key", b"after").await, Ok(()));
    store.close().await;
    other
        .pragma_update(None, "locking_mode", "EXCLUSIVE")
        .unwrap();
    other.execute_batch("BEGIN EXCLUSIVE; COMMIT").unwrap();
    let locked = OpenStoreError::Locked(path.clone());
    assert_eq!(SqliteStore::open(&path).expect_err("locked"), locked);
    fs::remove_dir_all(place).unwrap();
}

#[test]
fn a_folder_that_cannot_be_made_is_told() {
    let place = place("nowhere");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("file"), "in the way").unwrap();
    let path = place.join("file/store.sqlite");
    let told = SqliteStore::open(&path).expect_err("there is no folder");
    assert_eq!(told, OpenStoreError::Unavailable(path));
    fs::remove_dir_all(place).unwrap();
}
