use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::json;
use tokio::{sync::watch, task::JoinHandle, time::sleep};
use uc_model::{Presence, PresenceState, UserId};
use uc_session::{Client, Events, Trust, fake::TokioClock};

use crate::soak::{
    Chance, Failed, MOST_DIFFERENCE, ServerProcess, Way, allocated, lay_way, now, open_files, tasks,
};

/// The server's process, the clients, and what must be true of them.
pub(crate) struct Soak {
    pub(crate) server: ServerProcess,
    pub(crate) seats: Vec<Seat>,
    pub(crate) chance: Chance,
    pub(crate) truth: BTreeMap<&'static str, Truth>,
    pub(crate) said: u64,
    /// What users have said and nobody has answered yet; one each.
    pub(crate) unanswered: BTreeMap<&'static str, (u64, JoinHandle<bool>)>,
    pub(crate) counts: Counts,
}

/// What must be true of a user.
#[derive(Clone, Copy, Default)]
pub(crate) struct Truth {
    /// The number said last; 0 where nobody knows whether it was taken.
    pub(crate) said: u64,
    /// Calls in vain since the history was tidied up: acknowledged, and tried.
    pub(crate) called: usize,
    pub(crate) tried: usize,
}

#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) cycles: u32,
    pub(crate) changes: u32,
    pub(crate) events: u64,
    pub(crate) cuts: u32,
    pub(crate) drops: u32,
    pub(crate) kills: u32,
    pub(crate) jumps: u32,
    pub(crate) reconnects: u32,
}

/// A client, its way to the server, and what it was told.
pub(crate) struct Seat {
    pub(crate) user: &'static str,
    pub(crate) client: Client,
    pub(crate) events: Events,
    pub(crate) clock: Arc<TokioClock>,
    pub(crate) way: Arc<watch::Sender<Way>>,
    pub(crate) heard: BTreeMap<UserId, Presence>,
}

impl Soak {
    pub(crate) async fn begin() -> Result<Self, Failed> {
        Ok(Self {
            server: ServerProcess::begin().await?,
            seats: Vec::new(),
            chance: Chance::new(7),
            truth: USERS.iter().map(|user| (*user, Truth::default())).collect(),
            said: 0,
            unanswered: BTreeMap::new(),
            counts: Counts::default(),
        })
    }

    pub(crate) async fn run(
        &mut self,
        length: Duration,
        json: bool,
    ) -> Result<serde_json::Value, Failed> {
        let before = (tasks(), open_files("self"));
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
        let after = (tasks(), open_files("self"));
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
            let (address, way) = lay_way(self.server.listen).await?;
            let clock = Arc::new(TokioClock::new());
            let client = Client::builder(&address.to_string(), user)
                .password(format!("demo-{user}"))
                .trust(Trust::Pin(self.server.sha256))
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
        let seat = self.chance.below(4) as usize;
        let pause = Duration::from_millis(100 + self.chance.below(1900));
        match self.chance.below(6) {
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
                self.server.stop();
                sleep(pause).await;
                self.server.start().await?;
            }
            3 => {
                self.counts.jumps += 1;
                let ms = self.chance.below(7_200_000) as i64 - 3_600_000;
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
        Ok(allocated())
    }
}

/// Each has two clients.
pub(crate) const USERS: [&str; 2] = ["330", "331"];
/// More events than a ring of a client's holds, by twos and by two users.
const RING: usize = 70;
