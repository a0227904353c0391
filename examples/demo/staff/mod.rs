//! The staff: virtual people who keep the embedded server's company alive.
//!
//! Each is a client of `uc-session`, as a person's would be. They call each other, and nobody who has
//! signed in from outside; who calls them is answered.

mod colleague;
mod dice;

use std::{ops::Range, sync::Arc, time::Duration};

use thiserror::Error;
use tokio::task::JoinSet;
use uc_server::{Company, RunningServer};
use uc_session::{SignInError, port::MediaError};
use voip_media::AudioError;

use self::colleague::Colleague;

/// How lively the staff is: from and to, each time another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// Between two things that somebody does. Default: 5 to 25 s.
    pub idle: Range<Duration>,
    /// Until a ringing call is answered. Default: 2 to 5 s.
    pub ring: Range<Duration>,
    /// How long a call lasts. Default: 10 to 40 s.
    pub talk: Range<Duration>,
    /// How long somebody is away, and calls go to the mailbox. Default: 15 to 45 s.
    pub away: Range<Duration>,
}

impl Default for Pace {
    fn default() -> Self {
        let seconds = |from, to| Duration::from_secs(from)..Duration::from_secs(to);
        Self {
            idle: seconds(5, 25),
            ring: seconds(2, 5),
            talk: seconds(10, 40),
            away: seconds(15, 45),
        }
    }
}

/// Why there is no staff.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StaffError {
    /// More are wanted than there are.
    #[error("the company has {0} people who can sign in; ask for fewer")]
    TooMany(usize),
    /// One of them couldn't sign in.
    #[error("a virtual person couldn't sign in (their passwords are the built-in ones): {0}")]
    SignIn(#[from] SignInError),
    /// What they say can't be read.
    #[error("the recorded speech can't be read: {0}")]
    Speech(#[from] AudioError),
    /// Their sound can't be made.
    #[error("there is no sound: {0}")]
    Sound(#[from] MediaError),
}

/// Virtual people at work. Dropping it ends them without signing out.
#[derive(Debug)]
pub struct Staff {
    people: Arc<[Colleague]>,
    tasks: JoinSet<()>,
}

impl Staff {
    /// Signs `count` users of the built-in company in, the last ones, so that the first stay free for
    /// people, and lets them work.
    ///
    /// # Errors
    /// See [`StaffError`]; nobody is there then.
    pub async fn arrive(
        server: &RunningServer,
        count: usize,
        pace: Pace,
    ) -> Result<Self, StaffError> {
        let company = Company::twelve();
        let can_sign_in: Vec<_> = company.users().iter().filter(|u| !u.is_locked()).collect();
        let first = can_sign_in.len().checked_sub(count);
        let first = first.ok_or(StaffError::TooMany(can_sign_in.len()))?;
        let mut people = Vec::with_capacity(count);
        for (seed, user) in can_sign_in[first..].iter().enumerate() {
            people.push(Colleague::signed_in(server, user, seed as u64, pace.clone()).await?);
        }
        let people: Arc<[_]> = people.into();
        let mut tasks = JoinSet::new();
        for nth in 0..people.len() {
            let (some, others) = (Arc::clone(&people), Arc::clone(&people));
            tasks.spawn(async move { some[nth].work(&some).await });
            tasks.spawn(async move { others[nth].answer().await });
        }
        Ok(Self { people, tasks })
    }

    /// Ends all calls and signs everybody out.
    pub async fn leave(mut self) {
        self.tasks.shutdown().await;
        for person in self.people.iter() {
            person.sign_out().await;
        }
    }
}
