//! A telephone on the terminal: `uc console`.

mod draw;
mod offer;
mod phone;
mod popup;
mod scene;
mod terminal;
#[cfg(test)]
mod tests;

use std::{
    io::{IsTerminal, stdin, stdout},
    time::Duration,
};

use clap::Args;
use tokio::{
    task::JoinSet,
    time::{Instant, Interval, MissedTickBehavior, interval},
};
use uc_model::{FailureCause, Presence, Redacted};
use uc_session::{Client, Event, Events, Found, ServiceError};

use self::{
    phone::{Effect, Input, Phone},
    popup::Request,
    scene::{Person, Scene},
    terminal::{Terminal, Touch},
};
use crate::{
    account::Account,
    failure::Failure,
    headsets::Headsets,
    output::Output,
    people::Names,
    sound::{self, SoundArguments},
    words::Words,
};

/// How to talk.
#[derive(Debug, Args)]
pub(crate) struct ConsoleArguments {
    #[command(flatten)]
    sound: SoundArguments,
}

/// Shows the telephone until its user quits.
pub(crate) async fn console(
    account: &Account,
    output: &Output,
    wish: &ConsoleArguments,
) -> Result<(), Failure> {
    if !(stdin().is_terminal() && stdout().is_terminal()) {
        return Err(Failure::NoTerminal);
    }
    let settings = account.settings_here().await?;
    let client = account
        .sign_in_with(output, |builder| wish.sound.apply(builder))
        .await?;
    let headsets = Headsets::of(&client, &wish.sound, &settings).await;
    let shown = show(&client, output, wish, headsets).await;
    client.sign_out().await;
    shown
}

async fn show(
    client: &Client,
    output: &Output,
    wish: &ConsoleArguments,
    headsets: Headsets,
) -> Result<(), Failure> {
    let mut desk = Desk::new(client, output, wish, headsets);
    let mut terminal = Terminal::take().map_err(Failure::Terminal)?;
    let mut touches = terminal::touches();
    let stop = stop_signal();
    tokio::pin!(stop);
    loop {
        terminal.draw(&desk.phone).map_err(Failure::Terminal)?;
        let effect = tokio::select! {
            touch = touches.recv() => match touch {
                Some(Touch::Key(key)) => desk.phone.handle(Input::Key(key)),
                Some(Touch::Resized) => None,
                None => return Ok(()),
            },
            () = desk.news() => None,
            () = &mut stop => return Ok(()),
        };
        match effect {
            Some(Effect::Quit) => return Ok(()),
            Some(Effect::Ask(request)) => desk.ask(request),
            None => {}
        }
    }
}

/// The telephone, what feeds it and what it asks for.
struct Desk<'a> {
    client: Client,
    wish: &'a ConsoleArguments,
    words: Words,
    phone: Phone,
    events: Events,
    headsets: Headsets,
    /// Why the connection was lost.
    trouble: Option<String>,
    names: Names,
    at_work: JoinSet<Told>,
    /// A search is at work; the text typed last waits for its end.
    searches: bool,
    typed: Option<Redacted<String>>,
    clock: Interval,
    started: Instant,
}

/// What came of something that was asked.
enum Told {
    Nothing,
    Failed(Failure),
    Names(Names),
    Found(Redacted<String>, Result<Found, ServiceError>),
}

impl<'a> Desk<'a> {
    fn new(
        client: &Client,
        output: &Output,
        wish: &'a ConsoleArguments,
        headsets: Headsets,
    ) -> Self {
        let mut at_work = JoinSet::new();
        let asked = client.clone();
        at_work.spawn(async move { Told::Names(Names::of(&asked).await) });
        let mut clock = interval(Duration::from_secs(1));
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut desk = Self {
            client: client.clone(),
            wish,
            words: output.words(),
            phone: Phone::default(),
            events: client.events(),
            headsets,
            trouble: None,
            names: Names::of_oneself(client),
            at_work,
            searches: false,
            typed: None,
            clock,
            started: Instant::now(),
        };
        desk.refresh();
        desk
    }

    /// Waits for something that the client tells, and shows it.
    async fn news(&mut self) {
        let notice = tokio::select! {
            Some(event) = self.events.next() => self.hear(&event),
            (notice, _) = self.headsets.next() => Some(notice),
            Some(done) = self.at_work.join_next() => match done {
                Ok(told) => self.learn(told),
                Err(error) => match error.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    Err(_) => None,
                },
            },
            _ = self.clock.tick() => {
                self.phone.handle(Input::Time(self.started.elapsed()));
                None
            }
        };
        if let Some(notice) = notice {
            self.phone.handle(Input::Notice(notice.into()));
        }
        self.refresh();
    }

    fn refresh(&mut self) {
        let trouble = self.trouble.clone();
        let scene = Scene::of(&self.client.view(), &self.names, self.words, trouble);
        self.phone.handle(Input::Scene(Box::new(scene)));
    }

    /// Takes note of an event; gives what is worth a word.
    fn hear(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::ConnectionLost { reason } => self.trouble = Some(reason.to_string()),
            Event::ConnectionRestored => {
                self.trouble = None;
                return Some("The connection is back.".to_owned());
            }
            Event::CallEnded(status) => {
                let party = &status.call.remote.party;
                let who = party.name.as_ref().map(Redacted::expose);
                let who = who.map_or(party.number.as_str(), String::as_str);
                let cause = status.call.cause.unwrap_or(FailureCause::Normal);
                return Some(format!("{who}: {cause}."));
            }
            Event::SoundChanged(change) if !self.wish.sound.has_files() => {
                return Some(sound::change_line(change));
            }
            Event::SoundDevice { error, .. } => return Some(format!("sound: {error}")),
            Event::Digit { digit, .. } => {
                return Some(format!("The other has pressed {}.", digit.expose()));
            }
            _ => {}
        }
        None
    }

    fn learn(&mut self, told: Told) -> Option<String> {
        match told {
            Told::Nothing => {}
            Told::Failed(failure) => return Some(format!("Not done: {failure}.")),
            Told::Names(names) => self.names = names,
            Told::Found(text, found) => {
                self.searches = false;
                if let Some(text) = self.typed.take() {
                    self.ask(Request::Search(text));
                }
                return match found {
                    Ok(found) => {
                        self.show_found(text, &found);
                        None
                    }
                    Err(error) => Some(format!("Not found: {error}.")),
                };
            }
        }
        None
    }

    fn show_found(&mut self, text: Redacted<String>, found: &Found) {
        let view = self.client.view();
        let people = found.contacts.iter();
        let people = people.map(|contact| Person::of(&view, contact)).collect();
        self.phone.handle(Input::Found { text, people });
    }

    /// Has a request carried out, beside whatever else goes on. Searches go one after the other.
    fn ask(&mut self, request: Request) {
        if let Request::Search(text) = &request {
            if self.searches {
                self.typed = Some(text.clone());
                return;
            }
            self.searches = true;
        }
        let client = self.client.clone();
        self.at_work.spawn(async move {
            let told = carry_out(&client, request).await;
            told.unwrap_or_else(Told::Failed)
        });
    }
}

async fn carry_out(client: &Client, request: Request) -> Result<Told, Failure> {
    match request {
        Request::Call(number) => drop(client.call(number.expose()).await?),
        Request::PickUp(number) => drop(client.pick_up(number.expose()).await?),
        Request::Control(id, control) => control.carry_out(client, Some(&id)).await?,
        Request::Presence(state) => client.set_presence(Presence::of(state)).await?,
        Request::Read(id) => client.mark_read(&id).await?,
        Request::Search(text) => {
            let found = client.search(text.expose()).await;
            return Ok(Told::Found(text, found));
        }
    }
    Ok(Told::Nothing)
}

/// Ends when the system asks the program to end.
async fn stop_signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::terminate(), SignalKind::hangup()];
        if let [Ok(mut terminate), Ok(mut hang_up)] = kinds.map(signal) {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = hang_up.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
            return;
        }
    }
    let _ = tokio::signal::ctrl_c().await;
}
