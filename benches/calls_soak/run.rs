use std::{collections::BTreeMap, time::Duration};

use serde_json::json;
use tokio::{task::JoinSet, time::sleep};

use crate::{
    person::Person,
    soak::{Chance, Failed, MOST_DIFFERENCE, ServerProcess, allocated, now, open_files, tasks},
};

/// The server's process, the people, and what they have asked.
pub(crate) struct Soak {
    pub(crate) server: ServerProcess,
    pub(crate) people: Vec<Person>,
    pub(crate) chance: Chance,
    /// What is under way: what it is, and whether it was granted.
    pub(crate) asked: JoinSet<(&'static str, bool)>,
    /// Its names, to be told where it isn't answered.
    pub(crate) names: Vec<&'static str>,
    /// What was granted and what was refused.
    pub(crate) counts: BTreeMap<&'static str, [u32; 2]>,
    pub(crate) cuts: u32,
    pub(crate) kills: u32,
    pub(crate) rounds: u32,
    /// From the first hang-up to the end of all calls.
    pub(crate) slowest_rest: Duration,
    seed: u64,
    quiet: bool,
}

impl Soak {
    pub(crate) async fn begin(seed: u64, quiet: bool) -> Result<Self, Failed> {
        Ok(Self {
            server: ServerProcess::begin().await?,
            people: Vec::new(),
            chance: Chance::new(seed),
            asked: JoinSet::new(),
            names: Vec::new(),
            counts: BTreeMap::new(),
            cuts: 0,
            kills: 0,
            rounds: 0,
            slowest_rest: Duration::ZERO,
            seed,
            quiet,
        })
    }

    pub(crate) async fn run(&mut self, length: Duration) -> Result<serde_json::Value, Failed> {
        let before = (tasks(), open_files("self"));
        for (nth, number) in NUMBERS.into_iter().enumerate() {
            let (listen, sha256) = (self.server.listen, self.server.sha256);
            let seed = self.seed.wrapping_add(nth as u64);
            self.people
                .push(Person::signed_in(number, seed, listen, sha256).await?);
        }
        // What is made once (tables, caches, buffers) is made before the measure.
        self.fill_memories().await?;
        self.rounds(length / 10).await?;
        self.tidy_up().await?;
        self.rounds(length * 45 / 100).await?;
        let first = self.tidy_up().await?;
        let calls_first = self.calls();
        self.rounds(length * 45 / 100).await?;
        let second = self.tidy_up().await?;
        for person in self.people.drain(..) {
            person.client.sign_out().await;
        }
        // Events that are still to come twice.
        sleep(Duration::from_secs(3)).await;
        let after = (tasks(), open_files("self"));
        let difference = (second.0 - first.0).abs();
        // Anything stuck has ended the run by an error.
        let report = json!({
            "rounds": self.rounds, "calls": [calls_first, self.calls()], "cuts": self.cuts, "kills": self.kills,
            "granted_refused": self.counts, "stuck": 0, "slowest_rest_s": self.slowest_rest.as_secs_f64(),
            "heap_half": first.0, "heap_end": second.0, "heap_difference": difference,
            "server_files": [first.1, second.1], "left_allocated": allocated(),
            "tasks": [before.0, after.0], "open_files": [before.1, after.1],
        });
        if difference > MOST_DIFFERENCE {
            return Err(format!("what is allocated differs: {report}").into());
        }
        if before != after || first.1 != second.1 {
            return Err(format!("something was left open: {report}").into());
        }
        Ok(report)
    }

    async fn rounds(&mut self, length: Duration) -> Result<(), Failed> {
        let begun = now();
        while begun.elapsed() < length {
            self.round().await?;
            self.rounds += 1;
            if self.rounds.is_multiple_of(10) && !self.quiet {
                let (rounds, calls) = (self.rounds, self.calls());
                eprintln!("{rounds} rounds, {calls} calls: all over, nothing stuck");
            }
        }
        Ok(())
    }

    /// Calls that came about.
    fn calls(&self) -> u32 {
        let made = ["call", "consult", "pick up"].map(|what| self.counts.get(what));
        made.into_iter().flatten().map(|counts| counts[0]).sum()
    }
}

/// Each has a client.
pub(crate) const NUMBERS: [&str; 6] = ["330", "331", "332", "333", "334", "335"];
