use std::{collections::BTreeSet, time::Duration};

use tokio::time::{sleep, timeout};
use uc_model::{Presence, PresenceState};
use uc_session::{Client, Connection, Trust};

use crate::{
    run::{NUMBERS, Soak},
    soak::{Failed, Way, allocated, now, open_files},
};

impl Soak {
    /// Everybody hangs up each call once; then nothing may be left, of requests and of calls.
    pub(crate) async fn come_to_rest(&mut self) -> Result<(), Failed> {
        self.hear_answers().await?;
        let begun = now();
        let mut hung_up = BTreeSet::new();
        while let Some(what) = self.is_left().await {
            if begun.elapsed() > LONGEST {
                return Err(format!("round {}: {what}", self.rounds).into());
            }
            for (who, person) in self.people.iter().enumerate() {
                for call in person.client.calls() {
                    if hung_up.insert((who, call.id().clone())) {
                        self.names.push("hang up");
                        self.asked
                            .spawn(async move { ("hang up", call.hang_up().await.is_ok()) });
                    }
                }
            }
            sleep(Duration::from_millis(50)).await;
        }
        self.hear_answers().await?;
        self.slowest_rest = self.slowest_rest.max(begun.elapsed());
        Ok(())
    }

    /// What became of everything that was asked.
    async fn hear_answers(&mut self) -> Result<(), Failed> {
        let answers = timeout(LONGEST, async {
            while let Some(answer) = self.asked.join_next().await {
                let (what, granted) = answer?;
                let place = self.names.iter().position(|name| *name == what);
                self.names.swap_remove(place.ok_or("an answer to nothing")?);
                let counts = self.counts.entry(what).or_default();
                counts[usize::from(!granted)] += 1;
            }
            Ok(())
        });
        match answers.await {
            Ok(all) => all,
            Err(_) => {
                let (round, names) = (self.rounds, &self.names);
                let seen = self.people.iter().map(|person| {
                    let calls = person.client.view().calls.clone();
                    let calls: Vec<_> = calls.values().collect();
                    format!("{}: {calls:?}", person.number)
                });
                let seen: Vec<_> = seen.collect();
                Err(format!("round {round}: never answered: {names:?}; {seen:#?}").into())
            }
        }
    }

    /// What isn't at rest, in words.
    async fn is_left(&self) -> Option<String> {
        for person in &self.people {
            let view = person.client.view();
            if view.connection != Connection::Live {
                return Some(format!("the client of {} isn't there", person.number));
            }
            if let Some(status) = view.calls.values().next() {
                let (local, remote) = (status.call.local, status.call.remote.state);
                return Some(format!(
                    "{} has {} calls left, one of them {local:?}/{remote:?} with sound {:?}",
                    person.number,
                    view.calls.len(),
                    status.sound,
                ));
            }
        }
        for number in NUMBERS {
            let fresh = Client::builder(&self.server.listen.to_string(), number)
                .password(format!("demo-{number}"))
                .trust(Trust::Pin(self.server.sha256))
                .sign_in();
            let Ok(Ok(fresh)) = timeout(PATIENCE, fresh).await else {
                return Some("the server isn't there".into());
            };
            let left = fresh.view().calls.len();
            fresh.sign_out().await;
            if left > 0 {
                return Some(format!("the server has {left} calls left of {number}"));
            }
        }
        None
    }

    /// So many calls that what clients remember of calls that are over is full.
    pub(crate) async fn fill_memories(&mut self) -> Result<(), Failed> {
        for _ in 0..REMEMBERED {
            for pair in self.people.chunks(2) {
                let call = pair[0].client.call(pair[1].number).await?;
                let rings = timeout(PATIENCE, pair[1].client.incoming()).await?;
                call.hang_up().await?;
                if let Some(rings) = rings {
                    timeout(PATIENCE, rings.ended()).await?;
                }
            }
        }
        self.come_to_rest().await
    }

    /// Everything as at the beginning; gives what is allocated then in bytes, and the server's open files.
    pub(crate) async fn tidy_up(&mut self) -> Result<(isize, usize), Failed> {
        // Connections that a trouble has cost would be made anew when they are needed.
        for person in &self.people {
            person.way.send_replace(Way::Open);
            person.client.reconnect();
        }
        // Taken by then; the views would still show the old connections at once.
        sleep(Duration::from_millis(200)).await;
        self.come_to_rest().await?;
        for person in &self.people {
            person.client.delete_all_conversations().await?;
        }
        // Events that wait in their ring are overwritten by equal ones.
        for _ in 0..RING {
            for state in [PresenceState::Meeting, PresenceState::Office] {
                let presence = Presence::of(state);
                self.people[0].client.set_presence(presence).await?;
            }
        }
        sleep(Duration::from_secs(3)).await;
        let server = self.server.child.as_ref().map(|child| child.id());
        let server = server.map_or(0, |id| open_files(&id.to_string()));
        Ok((allocated(), server))
    }
}

/// More than a client remembers of calls that are over.
const REMEMBERED: usize = 260;
/// More events than a ring of a client's holds, by twos.
const RING: usize = 140;
/// So long a request may take where nothing is wrong.
const PATIENCE: Duration = Duration::from_secs(5);
/// After so long without trouble everything must be at rest.
const LONGEST: Duration = Duration::from_secs(40);
