//! The office: ten people of the embedded server's company who use every function of their telephones.
//!
//! Each speaks a tone of their own, so that who hears whom is measured. A scene that goes wrong is told,
//! tidied up, and the next one is played.

mod basics;
mod conference;
mod ears;
mod error;
mod handover;
mod person;
mod play;
mod routing;
mod waiting;

use std::fmt;

use serde::Serialize;
use uc_server::{RunningServer, Server};

use self::{error::SceneError, person::Person};
use crate::{DemoError, Options, Step, run, stage::Stage};

/// What became of the office.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OfficeReport {
    /// How long it took.
    pub seconds: f64,
    /// What the recordings of the conference hold; none where it didn't come about.
    pub conference: Option<ConferenceReport>,
    /// What was done.
    pub steps: Vec<Step>,
}

/// Who is heard in the recordings of a conference.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ConferenceReport {
    /// How many took part.
    pub parties: usize,
    /// The share of the quietest voice of another in a recording, 0 to 1; of all recordings the least.
    pub quietest_other: f64,
    /// The share of one's own voice in the own recording, 0 to 1; of all recordings the most.
    pub loudest_own: f64,
}

impl OfficeReport {
    /// Whether every step came out as it should.
    pub fn is_ok(&self) -> bool {
        self.steps.iter().all(|step| step.ok)
    }
}

impl fmt::Display for OfficeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(conference) = &self.conference {
            let (other, own) = (conference.quietest_other, conference.loudest_own);
            writeln!(f, "  parties of the conference{:>21}", conference.parties)?;
            writeln!(f, "  quietest voice of another{other:>21.3}")?;
            writeln!(f, "  loudest own voice{own:>29.6}")?;
        }
        let failed = self.steps.iter().filter(|step| !step.ok);
        let failed: Vec<_> = failed.map(|step| step.name).collect();
        match failed.as_slice() {
            [] => writeln!(f, "  all {} steps ok", self.steps.len()),
            failed => writeln!(f, "  FAILED: {}", failed.join(", ")),
        }
    }
}

/// Lets ten people use everything; `progress` is told each step as it is done. The recordings of the
/// conference go into the folder.
///
/// # Errors
/// What keeps the office from opening. What goes wrong in it is a step of the report that isn't ok.
pub async fn run_office(
    options: &Options,
    progress: impl FnMut(&Step) + Send,
) -> Result<OfficeReport, DemoError> {
    let began = run::now();
    std::fs::create_dir_all(&options.folder).map_err(DemoError::Folder)?;
    let mut stage = Stage::new(progress);
    let server = Server::builder().start().await?;
    let office = Office::open(server, options).await?;
    stage.done("ten people signed in over TLS", true);
    stage.play_basics(&office).await;
    stage.play_routing(&office).await;
    stage.play_handover(&office).await;
    let conference = stage.play_conference(&office, options).await;
    office.close().await;
    stage.done("all signed out", true);
    Ok(OfficeReport {
        seconds: run::ms(began) / 1000.0,
        conference,
        steps: stage.steps,
    })
}

/// The server and its ten people.
struct Office {
    server: RunningServer,
    people: [Person; 10],
}

impl Office {
    async fn open(server: RunningServer, options: &Options) -> Result<Self, DemoError> {
        let enters = |nth: usize| Person::signed_in(&server, NUMBERS[nth], HERTZ[nth], options);
        let people = [
            enters(0).await?,
            enters(1).await?,
            enters(2).await?,
            enters(3).await?,
            enters(4).await?,
            enters(5).await?,
            enters(6).await?,
            enters(7).await?,
            enters(8).await?,
            enters(9).await?,
        ];
        Ok(Self { server, people })
    }

    /// Waits until nobody telephones any more.
    async fn rest(&self) -> Result<(), SceneError> {
        let quiet = || self.people.iter().all(|one| one.client.calls().is_empty());
        error::until("the end of all calls", quiet).await
    }

    /// Ends whatever a scene that went wrong has left.
    async fn tidy_up(&self) {
        for person in &self.people {
            for call in person.client.calls() {
                // What can't be hung up shows itself as the next scene's trouble.
                let _ = call.hang_up().await;
            }
            let _ = person.comes_back().await;
        }
        let _ = self.rest().await;
    }

    async fn close(self) {
        for person in &self.people {
            person.client.sign_out().await;
        }
        self.server.stop().await;
    }
}

/// The extensions of the built-in company's first ten users.
const NUMBERS: [&str; 10] = [
    "330", "331", "332", "333", "334", "335", "336", "337", "338", "339",
];
/// Their voices in hertz: whole periods in 200 ms, so that they are told apart completely; no one's
/// double, no key of a telephone, no note of an announcement.
const HERTZ: [f64; 10] = [
    410.0, 490.0, 560.0, 630.0, 720.0, 1_110.0, 1_290.0, 1_430.0, 1_570.0, 1_710.0,
];
