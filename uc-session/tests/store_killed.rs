//! A program that is killed while it writes: nothing acknowledged is lost, nothing is torn.
#![cfg(all(feature = "sqlite", unix))]
#![expect(clippy::unwrap_used, reason = "a test that can't go on panics")]

use std::{
    env, fs,
    io::{BufRead, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

use proptest::test_runner::{RngAlgorithm, TestRng};
use uc_session::{
    SqliteStore,
    port::{Batch, Durability, Store},
};

/// The test itself is also the program that is killed: named by this variable, it writes into a
/// store until it ends.
const WRITE_INTO: &str = "UC_TEST_WRITE_INTO";
const KILLS: u32 = 500;
/// Longer than a program needs to open the store and to write a few times.
const LONGEST_LIFE: Duration = Duration::from_millis(60);

#[test]
fn killed_at_500_random_points_it_loses_nothing_acknowledged_and_tears_nothing() {
    if let Some(path) = env::var_os(WRITE_INTO) {
        return write_for_ever(path.as_ref());
    }
    let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("store-killed");
    let _ = fs::remove_dir_all(&place);
    let path = place.join("store.sqlite");
    let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &[4; 32]);
    let mut acknowledged = 0;
    let mut written = 0;
    for kill in 0..KILLS {
        let life = LONGEST_LIFE.mul_f64(f64::from(random_u32(&mut random)) / f64::from(u32::MAX));
        let last = killed_after(life, &path);
        written += u32::from(last.is_some());
        acknowledged = last.unwrap_or(acknowledged).max(acknowledged);
        let found = read(&path);
        assert!(
            found >= acknowledged,
            "{found} after {acknowledged} at kill {kill}"
        );
    }
    assert!(
        written > KILLS / 5,
        "only {written} programs lived long enough to write"
    );
    let database = rusqlite::Connection::open(&path).unwrap();
    let whole: String = database
        .pragma_query_value(None, "integrity_check", |row| row.get(0))
        .unwrap();
    assert_eq!(whole, "ok");
    let files = fs::read_dir(&place)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let aside = files.filter(|name| name.to_string_lossy().contains("damaged"));
    assert_eq!(aside.count(), 0, "nothing was ever set aside");
}

fn random_u32(random: &mut TestRng) -> u32 {
    use proptest::prelude::Rng;
    random.next_u32()
}

/// Runs the writing program for so long; gives the last number that it said was written.
fn killed_after(life: Duration, path: &Path) -> Option<u64> {
    let mut program = Command::new(env::current_exe().unwrap())
        .args(["--nocapture", "--test-threads=1"])
        .env(WRITE_INTO, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let said = program.stdout.take().unwrap();
    let listening = thread::spawn(move || last_number(said));
    // The life of a process is measured by the clock on the wall.
    thread::sleep(life);
    end(&mut program);
    listening.join().unwrap()
}

fn end(program: &mut Child) {
    program.kill().unwrap();
    program.wait().unwrap();
}

fn last_number(said: ChildStdout) -> Option<u64> {
    let lines = BufReader::new(said).lines().map_while(Result::ok);
    let numbers =
        lines.filter_map(|line| line.strip_prefix("wrote ")?.strip_suffix('.')?.parse().ok());
    numbers.last()
}

#[tokio::main(flavor = "current_thread")]
async fn write_for_ever(path: &Path) {
    let store = SqliteStore::open(path).unwrap();
    for number in newest(&store).await + 1.. {
        let lasting = store.write(both(number), Durability::Lasting);
        let cached = store.write(cache(number), Durability::Cached);
        let (lasting, cached) = tokio::join!(lasting, cached);
        lasting.unwrap();
        cached.unwrap();
        println!("wrote {number}.");
        std::io::stdout().flush().unwrap();
    }
}

/// Two keys that always agree, and one that comes and goes.
fn both(number: u64) -> Batch {
    let mut batch = Batch::new();
    batch.put("left", number.to_be_bytes());
    match number % 2 {
        0 => batch.remove("even"),
        _ => batch.put("even", "no"),
    }
    batch.put("right", number.to_be_bytes());
    batch
}

/// Large enough to fill many pages, over and over again.
fn cache(number: u64) -> Batch {
    let mut batch = Batch::new();
    for part in 0..4 {
        batch.put(
            format!("cache/{}/{part}", number % 8),
            vec![number as u8; 3000],
        );
    }
    batch.put("cached", number.to_be_bytes());
    batch
}

async fn newest(store: &SqliteStore) -> u64 {
    let newest = store.get("right").await.unwrap();
    newest.map_or(0, |bytes| u64::from_be_bytes(bytes.try_into().unwrap()))
}

/// What the store holds after a kill, proved whole.
#[tokio::main(flavor = "current_thread")]
async fn read(path: &Path) -> u64 {
    let store = SqliteStore::open(path).unwrap();
    let number = newest(&store).await;
    if number > 0 {
        let left = store.get("left").await.unwrap();
        assert_eq!(left, Some(number.to_be_bytes().to_vec()), "half a batch");
        let odd = store.get("even").await.unwrap().is_some();
        assert_eq!(odd, number % 2 == 1, "half a batch");
    }
    for chunk in store.entries("cache/").await.unwrap().chunks(4) {
        let first = chunk[0].1[0];
        let same = chunk.iter().all(|(_, value)| *value == vec![first; 3000]);
        assert!(chunk.len() == 4 && same, "half a batch of the cache");
    }
    let cached = store.get("cached").await.unwrap();
    let cached = cached.map_or(0, |bytes| u64::from_be_bytes(bytes.try_into().unwrap()));
    store.close().await;
    number.min(cached)
}
