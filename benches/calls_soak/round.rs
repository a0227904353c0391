use std::time::Duration;

use tokio::time::sleep;
use uc_model::{Action, ConnectionState};
use uc_session::{Call, CallError};

use crate::{
    person::Person,
    run::{NUMBERS, Soak},
    soak::{Failed, Way},
};

impl Soak {
    /// Some steps, one soon after the other, none waiting for what became of the one before.
    pub(crate) async fn round(&mut self) -> Result<(), Failed> {
        // Every third round without: then nothing excuses a failed request.
        let calm = self.chance.below(3) == 0;
        for person in &self.people {
            person.whims.switch(!calm);
        }
        // Every tenth round the server dies in the middle and comes back.
        let dies = self.chance.below(10) == 0;
        let steps = 16 + self.chance.below(32);
        for step in 0..steps {
            if dies && step == steps / 2 {
                self.kill_server().await?;
            }
            match self.chance.below(14) {
                0 if !calm => self.cut(),
                1 => self.both_hang_up(),
                _ => self.step(),
            }
            sleep(Duration::from_millis(self.chance.below(200))).await;
        }
        for person in &self.people {
            person.whims.switch(false);
        }
        self.come_to_rest().await
    }

    /// Somebody does something that is possible now.
    fn step(&mut self) {
        // Half of the time whoever has most to do: otherwise few would ever get to a second call.
        let who = match self.chance.below(2) {
            0 => self.busiest(),
            _ => self.somebody(),
        };
        let calls = self.people[who].client.calls();
        let in_state = |wanted| calls.iter().find(|call| call.state().local == wanted);
        let ringing = in_state(ConnectionState::Alerting);
        let held = in_state(ConnectionState::Hold);
        let active = in_state(ConnectionState::Connected);
        match (ringing, active, held) {
            (Some(call), None, _) => self.at_ringing(call.clone()),
            (Some(call), ..) if self.chance.below(2) == 0 => self.at_ringing(call.clone()),
            (_, Some(active), Some(held)) => self.between(active.clone(), held.clone()),
            (_, Some(call), None) => self.inside(call.clone()),
            (_, None, Some(call)) => {
                let call = call.clone();
                self.ask("retrieve", async move { call.retrieve().await });
            }
            (None, None, None) => self.begin_call(who),
        }
    }

    fn begin_call(&mut self, who: usize) {
        let client = self.people[who].client.clone();
        let to = self.number_of_another(who);
        let rings = self.rings_at_another(who);
        match (self.chance.below(3), rings) {
            (0, Some(at)) => self.ask("pick up", async move { client.pick_up(at).await.map(drop) }),
            _ => self.ask("call", async move { client.call(to).await.map(drop) }),
        }
    }

    /// The number of somebody else at whom it rings.
    fn rings_at_another(&self, who: usize) -> Option<&'static str> {
        let others = self
            .people
            .iter()
            .filter(|other| other.number != NUMBERS[who]);
        let rings = |other: &&Person| {
            other
                .client
                .view()
                .calls
                .values()
                .any(|one| one.rings_here())
        };
        let ringing = others.into_iter().find(rings);
        ringing.map(|other| other.number)
    }

    fn at_ringing(&mut self, call: Call) {
        let to = NUMBERS[self.somebody()];
        match self.chance.below(8) {
            0 => self.ask("reject", async move { call.reject().await }),
            1 => self.ask("deflect", async move { call.deflect(to).await }),
            _ => self.ask("answer", async move { call.answer().await }),
        }
    }

    /// With one call that isn't held; it may still ring at the other.
    fn inside(&mut self, call: Call) {
        let to = NUMBERS[self.somebody()];
        let consults = call.allowed_actions().has(Action::Consult);
        match self.chance.below(12) {
            0 => self.ask("hang up", async move { call.hang_up().await }),
            1 => self.ask("hold", async move { call.hold().await }),
            2 => self.ask("keys", async move { call.send_digits("42#").await }),
            3 => self.ask(
                "transfer blindly",
                async move { call.transfer_to(to).await },
            ),
            4 => self.ask("mute", async move {
                call.set_muted(true).await?;
                call.set_muted(false).await
            }),
            _ if consults => self.ask("consult", async move { call.consult(to).await.map(drop) }),
            _ => {}
        }
    }

    fn between(&mut self, call: Call, held: Call) {
        match self.chance.below(8) {
            0 => self.ask("alternate", async move { call.alternate(&held).await }),
            1 => self.ask("reconnect", async move { call.reconnect(&held).await }),
            2 | 3 => self.ask("transfer", async move { call.transfer(&held).await }),
            4 => self.ask("hang up", async move { call.hang_up().await }),
            _ => self.ask("conference", async move { call.conference(&held).await }),
        }
    }

    /// Both ends of a call hang up at once.
    fn both_hang_up(&mut self) {
        let (one, other) = (self.somebody(), self.somebody());
        let here = self.people[one].call_with(NUMBERS[other]);
        let there = self.people[other].call_with(NUMBERS[one]);
        for call in here.into_iter().chain(there) {
            self.ask("hang up", async move { call.hang_up().await });
        }
    }

    /// Somebody has no connection for a while.
    fn cut(&mut self) {
        let who = self.somebody();
        let dropping = self.chance.below(3) == 0;
        let pause = Duration::from_millis(100 + self.chance.below(2_000));
        let (way, client) = (
            self.people[who].way.clone(),
            self.people[who].client.clone(),
        );
        self.cuts += 1;
        self.names.push("cut");
        self.asked.spawn(async move {
            way.send_replace(if dropping { Way::Dropping } else { Way::Cut });
            sleep(pause).await;
            way.send_replace(Way::Open);
            client.network_changed();
            ("cut", true)
        });
    }

    /// The server dies and comes back with what it has written.
    async fn kill_server(&mut self) -> Result<(), Failed> {
        self.kills += 1;
        self.server.stop();
        sleep(Duration::from_millis(self.chance.below(1_000))).await;
        self.server.start().await
    }

    /// Asks without waiting; what came of it is counted at the end of the round.
    pub(crate) fn ask(
        &mut self,
        what: &'static str,
        request: impl Future<Output = Result<(), CallError>> + Send + 'static,
    ) {
        self.names.push(what);
        self.asked
            .spawn(async move { (what, request.await.is_ok()) });
    }

    /// Who rings, or has most calls.
    fn busiest(&self) -> usize {
        let weight = |who: &usize| {
            let view = self.people[*who].client.view();
            let rings = view.calls.values().any(|one| one.rings_here());
            (rings, view.calls.len())
        };
        (0..NUMBERS.len()).max_by_key(weight).unwrap_or_default()
    }

    fn somebody(&mut self) -> usize {
        self.chance.below(NUMBERS.len() as u64) as usize
    }

    fn number_of_another(&mut self, who: usize) -> &'static str {
        let ahead = 1 + self.chance.below(NUMBERS.len() as u64 - 1) as usize;
        NUMBERS[(who + ahead) % NUMBERS.len()]
    }
}
