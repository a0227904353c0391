//! `cargo xtask soak session`: two clients each for two users at a server of its own process; every few
//! seconds something goes wrong (a cut, packets that vanish, a killed server, a jump of the clock, a
//! reconnection), and all the while the users change things.
//!
//! After each trouble all clients must show the same as a client that has just signed in, with every
//! acknowledged change once. After half of the time and at the end everything is tidied up: what
//! is allocated then may differ by 64 KiB at most. When all clients are gone, tasks and open files
//! are those of the beginning.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    collections::BTreeMap,
    error::Error,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicIsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use clap::Parser;
use serde_json::json;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    runtime::Handle,
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};
use uc_model::{Conversation, ConversationId, Presence, PresenceState, Redacted, UserId};
use uc_server::{Server, Storage};
use uc_session::{
    CallError, Client, Connection, Event, Events, Trust, fake::TokioClock, port::BackendError,
};

#[derive(Debug, Parser)]
struct Arguments {
    /// How long, in minutes.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Prints JSON lines.
    #[arg(long)]
    json: bool,
    /// Is the server instead: keeps everything in this folder.
    #[arg(long, hide = true)]
    serve: Option<PathBuf>,
    /// Where the server listens.
    #[arg(long, hide = true)]
    at: Option<SocketAddr>,
}

type Failed = Box<dyn Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failed> {
    let arguments = Arguments::parse();
    if let (Some(folder), Some(listen)) = (&arguments.serve, arguments.at) {
        let server = Server::builder()
            .storage(Storage::Directory(folder.clone()))
            .listen(listen);
        let _running = server.start().await?;
        return std::future::pending().await;
    }
    let mut soak = Soak::begin().await?;
    let report = soak
        .run(
            Duration::from_secs_f64(60.0 * arguments.minutes),
            arguments.json,
        )
        .await?;
    drop(soak);
    println!("{report}");
    Ok(())
}

/// The server's process, the clients, and what must be true of them.
struct Soak {
    folder: PathBuf,
    listen: SocketAddr,
    sha256: [u8; 32],
    server: Option<Child>,
    seats: Vec<Seat>,
    random: u64,
    truth: BTreeMap<&'static str, Truth>,
    said: u64,
    /// What users have said and nobody has answered yet; one each.
    unanswered: BTreeMap<&'static str, (u64, JoinHandle<bool>)>,
    counts: Counts,
}

/// What must be true of a user.
#[derive(Clone, Copy, Default)]
struct Truth {
    /// The number said last; 0 where nobody knows whether it was taken.
    said: u64,
    /// Calls in vain since the history was tidied up: acknowledged, and tried.
    called: usize,
    tried: usize,
}

#[derive(Default)]
struct Counts {
    cycles: u32,
    changes: u32,
    events: u64,
    cuts: u32,
    drops: u32,
    kills: u32,
    jumps: u32,
    reconnects: u32,
}

/// A client, its way to the server, and what it was told.
struct Seat {
    user: &'static str,
    client: Client,
    events: Events,
    clock: Arc<TokioClock>,
    way: Arc<watch::Sender<Way>>,
    heard: BTreeMap<UserId, Presence>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    Cut,
    Dropping,
}

impl Soak {
    async fn begin() -> Result<Self, Failed> {
        let folder = std::env::temp_dir().join(format!("uc-soak-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        // Makes the certificate, and finds a free port.
        let storage = Storage::Directory(folder.clone());
        let first = Server::builder().storage(storage).start().await?;
        let (listen, sha256) = (first.address(), first.fingerprint());
        first.stop().await;
        let mut soak = Self {
            folder,
            listen,
            sha256,
            server: None,
            seats: Vec::new(),
            random: 7,
            truth: USERS.iter().map(|user| (*user, Truth::default())).collect(),
            said: 0,
            unanswered: BTreeMap::new(),
            counts: Counts::default(),
        };
        soak.start_server().await?;
        Ok(soak)
    }

    async fn run(&mut self, length: Duration, json: bool) -> Result<serde_json::Value, Failed> {
        let before = (tasks(), open_files());
        self.take_seats().await?;
        // What is made once (tables, caches, buffers) is made before the measure.
        self.cycles(length / 10, json).await?;
        self.tidy_up().await?;
        self.cycles(length * 45 / 100, json).await?;
        let first = self.tidy_up().await?;
        self.cycles(length * 45 / 100, json).await?;
        let second = self.tidy_up().await?;
        for seat in self.seats.drain(..) {
            seat.client.sign_out().await;
        }
        sleep(Duration::from_secs(1)).await;
        let after = (tasks(), open_files());
        let difference = (second - first).abs();
        let counts = &self.counts;
        // Anything lost, doubled or different has ended the run by an error.
        let report = json!({
            "cycles": counts.cycles, "changes": counts.changes, "events": counts.events,
            "cuts": counts.cuts, "drops": counts.drops, "kills": counts.kills,
            "jumps": counts.jumps, "reconnects": counts.reconnects,
            "lost": 0, "doubled": 0, "diverged": 0,
            "heap_half": first, "heap_end": second, "heap_difference": difference,
            "tasks": [before.0, after.0], "open_files": [before.1, after.1],
        });
        if difference > MOST_DIFFERENCE {
            return Err(format!("what is allocated differs: {report}").into());
        }
        if before != after {
            return Err(format!("something was left open: {report}").into());
        }
        Ok(report)
    }

    async fn take_seats(&mut self) -> Result<(), Failed> {
        for user in [USERS[0], USERS[0], USERS[1], USERS[1]] {
            let (address, way) = lay_way(self.listen).await?;
            let clock = Arc::new(TokioClock::new());
            let client = Client::builder(&address.to_string(), user)
                .password(format!("demo-{user}"))
                .trust(Trust::Pin(self.sha256))
                .clock(Arc::clone(&clock) as _)
                .null_sound()?
                .sign_in()
                .await?;
            let events = client.events();
            self.seats.push(Seat {
                user,
                client,
                events,
                clock,
                way,
                heard: BTreeMap::new(),
            });
        }
        Ok(())
    }

    async fn cycles(&mut self, length: Duration, json: bool) -> Result<(), Failed> {
        let begun = now();
        while begun.elapsed() < length {
            self.cycle().await?;
            self.counts.cycles += 1;
            if self.counts.cycles.is_multiple_of(20) && !json {
                let Counts {
                    cycles, changes, ..
                } = self.counts;
                eprintln!("{cycles} troubles, {changes} changes: nothing lost, doubled, diverged");
            }
        }
        Ok(())
    }

    /// One trouble, changes before, during and after it, and then the same everywhere.
    async fn cycle(&mut self) -> Result<(), Failed> {
        self.change().await?;
        self.trouble().await?;
        self.change().await?;
        self.settle().await?;
        self.change().await?;
        self.settle().await
    }

    async fn trouble(&mut self) -> Result<(), Failed> {
        let seat = self.number(4) as usize;
        let pause = Duration::from_millis(100 + self.number(1900));
        match self.number(6) {
            0 => {
                self.counts.cuts += 1;
                self.seats[seat].way.send_replace(Way::Cut);
                self.change().await?;
                sleep(pause).await;
                self.seats[seat].way.send_replace(Way::Open);
            }
            1 => {
                self.counts.drops += 1;
                self.seats[seat].way.send_replace(Way::Dropping);
                self.change().await?;
                sleep(pause).await;
                self.seats[seat].way.send_replace(Way::Open);
                self.seats[seat].client.network_changed();
            }
            2 => {
                self.counts.kills += 1;
                self.stop_server();
                sleep(pause).await;
                self.start_server().await?;
            }
            3 => {
                self.counts.jumps += 1;
                let ms = self.number(7_200_000) as i64 - 3_600_000;
                self.seats[seat].clock.jump(ms);
            }
            4 => {
                self.counts.reconnects += 1;
                self.seats[seat].client.reconnect();
            }
            _ => {
                self.counts.cuts += 1;
                for seat in &self.seats {
                    seat.way.send_replace(Way::Cut);
                }
                sleep(pause).await;
                for seat in &self.seats {
                    seat.way.send_replace(Way::Open);
                }
            }
        }
        Ok(())
    }

    /// A user says something, or calls in vain, by one of the clients. What isn't acknowledged may
    /// or may not have happened, and is said again when all is well.
    async fn change(&mut self) -> Result<(), Failed> {
        let seat = self.number(4) as usize;
        let (user, client) = (self.seats[seat].user, self.seats[seat].client.clone());
        if self.number(3) == 0 {
            self.call_in_vain(user, &client).await;
            return Ok(());
        }
        // A user's two clients could overtake each other otherwise.
        self.hear_at_last(user).await?;
        self.said += 1;
        let said = self.said;
        let mut presence = Presence::of(PresenceState::Meeting);
        presence.note = Some(Redacted::new(said.to_string()));
        let asked = tokio::spawn(async move { client.set_presence(presence).await.is_ok() });
        self.unanswered.insert(user, (said, asked));
        self.truth.entry(user).or_default().said = 0;
        // Where nothing can be answered, the trouble goes on without waiting for it.
        self.hear_answer(user, PATIENCE).await?;
        Ok(())
    }

    async fn call_in_vain(&mut self, user: &'static str, client: &Client) {
        let truth = self.truth.entry(user).or_default();
        truth.tried += 1;
        let asked = timeout(PATIENCE, client.call(NOBODY)).await;
        // Refused by the server itself: then it stands in the history.
        if matches!(
            asked,
            Ok(Err(CallError::Backend(BackendError::CallFailed(_))))
        ) {
            truth.called += 1;
            self.counts.changes += 1;
        }
    }

    /// What became of the last thing that `user` said: while that isn't known, and where it wasn't
    /// acknowledged, nothing can be demanded. False: it isn't known yet.
    async fn hear_answer(
        &mut self,
        user: &'static str,
        patience: Duration,
    ) -> Result<bool, Failed> {
        let Some((said, asked)) = self.unanswered.get_mut(user) else {
            return Ok(true);
        };
        let Ok(taken) = timeout(patience, asked).await else {
            return Ok(false);
        };
        if taken? {
            self.truth.entry(user).or_default().said = *said;
            self.counts.changes += 1;
        }
        self.unanswered.remove(user);
        Ok(true)
    }

    async fn hear_at_last(&mut self, user: &'static str) -> Result<(), Failed> {
        if self.hear_answer(user, LONGEST).await? {
            return Ok(());
        }
        Err(format!("{user} never got an answer").into())
    }

    /// Waits until all clients are there and show the same as a fresh one of their user.
    async fn settle(&mut self) -> Result<(), Failed> {
        for user in USERS {
            self.hear_at_last(user).await?;
        }
        let begun = now();
        loop {
            let difference = self.difference().await;
            self.listen()?;
            match difference {
                None => return Ok(()),
                Some(difference) if begun.elapsed() > LONGEST => {
                    return Err(format!("still different: {difference}").into());
                }
                Some(_) => sleep(Duration::from_millis(50)).await,
            }
        }
    }

    async fn difference(&self) -> Option<String> {
        let away = |seat: &&Seat| seat.client.view().connection != Connection::Live;
        if let Some(seat) = self.seats.iter().find(away) {
            return Some(format!("a client of {} is not there", seat.user));
        }
        for user in USERS {
            let fresh = Client::builder(&self.listen.to_string(), user)
                .password(format!("demo-{user}"))
                .trust(Trust::Pin(self.sha256))
                .sign_in();
            let Ok(Ok(fresh)) = timeout(PATIENCE, fresh).await else {
                return Some("the server isn't there".into());
            };
            let wanted = shown(&fresh);
            fresh.sign_out().await;
            for (number, seat) in self
                .seats
                .iter()
                .enumerate()
                .filter(|(_, seat)| seat.user == user)
            {
                if let Some(what) = shown(&seat.client).differs_from(&wanted) {
                    return Some(format!("client {number} {what}"));
                }
                let Truth {
                    said,
                    called,
                    tried,
                } = self.truth[user];
                if said > 0 && note(&seat.client, user) != Some(said) {
                    return Some(format!("client {number} has lost what was said"));
                }
                let entries = entries(&seat.client);
                if entries < called.min(MOST_ENTRIES) || entries > tried {
                    return Some(format!(
                        "client {number} has {entries} calls; {called} were made, {tried} tried"
                    ));
                }
            }
        }
        None
    }

    /// Reads what was told: nothing twice, nothing older than what was told before.
    fn listen(&mut self) -> Result<(), Failed> {
        for (number, seat) in self.seats.iter_mut().enumerate() {
            while let Ok(Some(event)) = poll_now(seat.events.next()) {
                self.counts.events += 1;
                match event {
                    Event::Presence { user, presence } => {
                        let before = seat.heard.insert(user, presence.clone());
                        if before.as_ref() == Some(&presence) {
                            return Err(format!("client {number} was told a presence twice").into());
                        }
                    }
                    Event::Conversation(conversation) => {
                        let mut ids: Vec<_> = conversation
                            .entries
                            .iter()
                            .map(|entry| entry.id())
                            .collect();
                        ids.sort();
                        ids.dedup();
                        if ids.len() < conversation.entries.len() {
                            return Err(format!("client {number} has an entry twice").into());
                        }
                    }
                    Event::PresenceGone(user) => drop(seat.heard.remove(&user)),
                    Event::Lagged(_) => seat.heard.clear(),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Everything as at the beginning; gives what is allocated then, in bytes.
    async fn tidy_up(&mut self) -> Result<isize, Failed> {
        // Connections that a trouble has cost are made anew when they are needed, so the clients
        // would have different numbers of them each time.
        for seat in &self.seats {
            seat.client.reconnect();
        }
        // Taken by then; the views would still show the old connections at once.
        sleep(Duration::from_millis(200)).await;
        self.settle().await?;
        for seat in [0, 2] {
            let (user, client) = (self.seats[seat].user, self.seats[seat].client.clone());
            client.delete_all_conversations().await?;
            client
                .set_presence(Presence::of(PresenceState::Office))
                .await?;
            self.truth.insert(user, Truth::default());
        }
        // Events that wait in their ring are overwritten by equal ones.
        for _ in 0..RING {
            for seat in [0, 2] {
                for state in [PresenceState::Home, PresenceState::Office] {
                    self.seats[seat]
                        .client
                        .set_presence(Presence::of(state))
                        .await?;
                }
            }
            self.listen()?;
        }
        self.settle().await?;
        sleep(Duration::from_secs(3)).await;
        self.listen()?;
        Ok(LIVE.load(Relaxed))
    }

    fn stop_server(&mut self) {
        if let Some(mut server) = self.server.take() {
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    async fn start_server(&mut self) -> Result<(), Failed> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("--serve")
            .arg(&self.folder)
            .arg("--at")
            .arg(self.listen.to_string());
        self.server = Some(command.stdin(Stdio::null()).spawn()?);
        let begun = now();
        while TcpStream::connect(self.listen).await.is_err() {
            if begun.elapsed() > LONGEST {
                return Err("the server doesn't start".into());
            }
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }

    /// Below `most`; the same in every run.
    fn number(&mut self, most: u64) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.random >> 33) % most
    }
}

impl Drop for Soak {
    fn drop(&mut self) {
        self.stop_server();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Who is seen how, and the history: number, entries in their order, unread.
struct Shown {
    presences: BTreeMap<UserId, Presence>,
    conversations: BTreeMap<ConversationId, Arc<Conversation>>,
}

fn shown(client: &Client) -> Shown {
    let view = client.view();
    let presences = view.presences();
    let conversations = view.conversations();
    Shown {
        presences: presences
            .map(|(user, presence)| (user.clone(), presence.clone()))
            .collect(),
        conversations: conversations
            .map(|known| (known.id.clone(), Arc::clone(known)))
            .collect(),
    }
}

impl Shown {
    /// The first difference, in words; the users and numbers are made up.
    fn differs_from(&self, wanted: &Self) -> Option<String> {
        for user in self.presences.keys().chain(wanted.presences.keys()) {
            let (here, there) = (self.presences.get(user), wanted.presences.get(user));
            if here != there {
                let words = |one: Option<&Presence>| {
                    one.map(|one| {
                        (
                            one.state,
                            one.note.as_ref().map(|note| note.expose().clone()),
                        )
                    })
                };
                let (here, there) = (words(here), words(there));
                return Some(format!("shows {user} as {here:?} instead of {there:?}"));
            }
        }
        for id in self.conversations.keys().chain(wanted.conversations.keys()) {
            let (here, there) = (self.conversations.get(id), wanted.conversations.get(id));
            if here != there {
                let words = |one: Option<&Arc<Conversation>>| {
                    one.map(|one| (one.rev, one.entries.len(), one.unread))
                };
                let (here, there) = (words(here), words(there));
                return Some(format!(
                    "shows a conversation's revision, entries and unread as {here:?} instead of {there:?}"
                ));
            }
        }
        None
    }
}

fn entries(client: &Client) -> usize {
    let view = client.view();
    view.conversations()
        .map(|conversation| conversation.entries.len())
        .sum()
}

/// The number that `user` has said last, as `client` shows it.
fn note(client: &Client, user: &str) -> Option<u64> {
    let view = client.view();
    let presence = view.presence(&UserId::new(user).ok()?)?;
    presence.note.as_ref()?.expose().parse().ok()
}

/// What a future gives without waiting.
fn poll_now<T>(future: impl Future<Output = T>) -> Result<T, ()> {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(done) => Ok(done),
        std::task::Poll::Pending => Err(()),
    }
}

/// A way from a new address to the server that can be cut, or drop what it carries.
async fn lay_way(server: SocketAddr) -> Result<(SocketAddr, Arc<watch::Sender<Way>>), Failed> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let way = Arc::new(watch::Sender::new(Way::Open));
    let weak = Arc::downgrade(&way);
    tokio::spawn(async move {
        let Some(mut gone) = weak.upgrade().map(|way| way.subscribe()) else {
            return;
        };
        loop {
            tokio::select! {
                Ok((near, _)) = listener.accept() => {
                    let Some(way) = weak.upgrade() else { return };
                    tokio::spawn(carry(near, server, way.subscribe()));
                }
                changed = gone.changed() => if changed.is_err() { return },
            }
        }
    });
    Ok((address, way))
}

/// Carries one connection; one that has lost something is dead, and closed by the next change.
async fn carry(mut near: TcpStream, server: SocketAddr, mut way: watch::Receiver<Way>) {
    if *way.borrow_and_update() == Way::Cut {
        return;
    }
    if *way.borrow() == Way::Open {
        let Ok(mut far) = TcpStream::connect(server).await else {
            return;
        };
        tokio::select! {
            _ = copy_bidirectional(&mut near, &mut far) => return,
            _ = way.changed() => {}
        }
    }
    if *way.borrow_and_update() == Way::Dropping {
        // Neither end is told: the client has to find out.
        let mut lost = [0; 1024];
        loop {
            tokio::select! {
                read = tokio::io::AsyncReadExt::read(&mut near, &mut lost) => {
                    if !matches!(read, Ok(1..)) { return }
                }
                changed = way.changed() => {
                    if changed.is_err() || *way.borrow_and_update() == Way::Cut { return }
                }
            }
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a soak lasts as long as the clock says"
)]
fn now() -> Instant {
    Instant::now()
}

fn tasks() -> usize {
    Handle::current().metrics().num_alive_tasks()
}

/// Open files and sockets; where the system doesn't tell, none.
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Counts what is allocated.
struct Counting;

static LIVE: AtomicIsize = AtomicIsize::new(0);

// SAFETY: everything is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size() as isize, Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as isize, Relaxed);
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Each has two clients.
const USERS: [&str; 2] = ["330", "331"];
/// Has no phone signed in: calls there stand in the history at once.
const NOBODY: &str = "340";
/// The server keeps so many entries of a conversation.
const MOST_ENTRIES: usize = 100;
/// So long a change may take; in trouble it isn't acknowledged.
const PATIENCE: Duration = Duration::from_secs(5);
/// After so long without trouble everything must be the same everywhere.
const LONGEST: Duration = Duration::from_secs(40);
/// More events than a ring of a client's holds, by twos and by two users.
const RING: usize = 70;
/// What may be allocated more or less after twice as much, in bytes.
const MOST_DIFFERENCE: isize = 64 * 1024;
