use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use thiserror::Error;
use tokio::time::{sleep, timeout};
use uc_model::{ConnectionState, Presence, PresenceState, UserId};
use uc_server::{RunningServer, Server};
use uc_session::{Call, CallError, Client, ServiceError, SignInError, Trust, port::MediaStats};
use voip_media::Impairment;

use crate::{Report, SoundFileError, Step, similarity, speech, stage::Stage};

/// How the demonstration runs.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where the recordings go; made if it isn't there.
    pub folder: PathBuf,
    /// Loss and jitter for both directions.
    pub impairment: Option<Impairment>,
}

/// Why the demonstration could not go on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The folder can't be made.
    #[error("the folder for the recordings can't be made")]
    Folder(#[source] std::io::Error),
    /// The server didn't start.
    #[error("the embedded server didn't start")]
    Server(#[from] uc_server::StartError),
    /// Sound files.
    #[error("the sound files can't be used")]
    Sound(#[from] uc_session::port::MediaError),
    /// A sign-in failed.
    #[error("the sign-in failed")]
    SignIn(#[from] SignInError),
    /// A search or a presence failed.
    #[error("the server refused a service")]
    Service(#[from] ServiceError),
    /// The call failed.
    #[error("the call failed")]
    Call(#[from] CallError),
    /// Something that should have come didn't.
    #[error("{0} did not happen within {WAIT:?}")]
    Missing(&'static str),
    /// A recording can't be read.
    #[error(transparent)]
    Recording(#[from] SoundFileError),
}

/// Runs the whole demonstration; `progress` is told each step as it is done.
pub async fn run(
    options: &Options,
    progress: impl FnMut(&Step) + Send,
) -> Result<Report, DemoError> {
    std::fs::create_dir_all(&options.folder).map_err(DemoError::Folder)?;
    let mut stage = Stage::new(progress);
    let server = Server::builder().start().await?;
    stage.done("server started", true);

    let began = now();
    let caller = sign_in(&server, CALLER, &speech::first_file(), options).await?;
    let sign_in_ms = ms(began);
    let callee = sign_in(&server, CALLEE, &speech::second_file(), options).await?;
    stage.done("two clients signed in over TLS", true);

    stage.presence(&caller, &callee).await?;
    let number = stage.search(&caller).await?;
    let call = stage.call(&caller, &callee, &number).await?;
    stage.talk().await;
    let stats = [call.outgoing.media_stats(), call.incoming.media_stats()];
    stage.hold_and_retrieve(&call).await?;
    stage.hang_up(&call, &caller, &callee).await?;
    caller.sign_out().await;
    callee.sign_out().await;
    stage.done("signed out", true);
    server.stop().await;

    let similarity = stage.compare(options)?;
    let stats = stats.map(Option::unwrap_or_default);
    Ok(Report {
        sign_in_ms,
        ring_ms: call.ring_ms,
        audio_ms: call.audio_ms,
        loss: worst(&stats, |s| s.loss),
        concealed: worst(&stats, |s| s.concealed),
        mean_delay_ms: f64::from(worst(&stats, |s| s.buffer_delay.as_secs_f32() * 1000.0)),
        mos: -worst(&stats, |s| -s.mos.unwrap_or(1.0)),
        similarity,
        steps: stage.steps,
    })
}

struct TwoSided {
    outgoing: Call,
    incoming: Call,
    ring_ms: f64,
    audio_ms: f64,
}

impl<P: FnMut(&Step) + Send> Stage<P> {
    /// Each sees the other's presence change, and that the other can be called again.
    async fn presence(&mut self, caller: &Client, callee: &Client) -> Result<(), DemoError> {
        for (who, user, sees) in [(caller, CALLER, callee), (callee, CALLEE, caller)] {
            let user = UserId::new(user).expect("the demonstration's users have valid ids");
            // In a meeting the mailbox would answer.
            for state in [PresenceState::Meeting, PresenceState::Office] {
                who.set_presence(Presence::of(state)).await?;
                until("the other's presence change", || {
                    let view = sees.view();
                    view.presence(&user).is_some_and(|p| p.state == state)
                })
                .await?;
            }
        }
        self.done("each saw the other's presence change", true);
        Ok(())
    }

    /// The callee's number by the first letters of the name.
    async fn search(&mut self, caller: &Client) -> Result<String, DemoError> {
        let found = caller.search(CALLEE_LETTERS).await?;
        let number = found
            .contacts
            .iter()
            .flat_map(|contact| contact.numbers.first())
            .map(|typed| typed.number.dialable())
            .find(|number| number == CALLEE);
        self.done("found the other by the first letters", number.is_some());
        number.ok_or(DemoError::Missing("the contact in the search's answer"))
    }

    async fn call(
        &mut self,
        caller: &Client,
        callee: &Client,
        number: &str,
    ) -> Result<TwoSided, DemoError> {
        let dialled = now();
        let rings = async {
            let call = timeout(WAIT, callee.incoming()).await.ok().flatten();
            (call.ok_or(DemoError::Missing("the ringing")), ms(dialled))
        };
        let (outgoing, (incoming, ring_ms)) = tokio::join!(caller.call(number), rings);
        let (outgoing, incoming) = (outgoing?, incoming?);
        self.done("called, and the other rang", true);

        let answered = now();
        incoming.answer().await?;
        let heard = |call: &Call| call.media_stats().is_some_and(|s| s.first_heard.is_some());
        until("the first sound on both sides", || {
            heard(&outgoing) && heard(&incoming)
        })
        .await?;
        let audio_ms = ms(answered);
        self.done("answered, and each heard the other", true);
        Ok(TwoSided {
            outgoing,
            incoming,
            ring_ms,
            audio_ms,
        })
    }

    /// Both speak at once, until the longer recording is over.
    async fn talk(&mut self) {
        let longest = speech::first().seconds().max(speech::second().seconds());
        sleep(Duration::from_secs_f64(longest + 0.5)).await;
        self.done("each said all they had to say", true);
    }

    async fn hold_and_retrieve(&mut self, call: &TwoSided) -> Result<(), DemoError> {
        call.outgoing.hold().await?;
        let held = |call: &TwoSided| {
            call.outgoing.state().local == ConnectionState::Hold
                && call.incoming.state().remote.state == ConnectionState::Hold
        };
        until("the hold on both sides", || held(call)).await?;
        sleep(SETTLE).await;
        let before = [&call.outgoing, &call.incoming].map(received);
        sleep(Duration::from_millis(600)).await;
        let after = [&call.outgoing, &call.incoming].map(received);
        self.done("held: nothing is heard here", after[0] == before[0]);
        self.done("held: music comes there", after[1] >= before[1] + 10);

        call.outgoing.retrieve().await?;
        let before = received(&call.incoming);
        until("sound after the retrieval", || {
            received(&call.incoming) > before + 25
        })
        .await?;
        let both = [&call.outgoing, &call.incoming].map(|c| c.state().local);
        self.done(
            "retrieved, and heard again",
            both == [ConnectionState::Connected; 2],
        );
        Ok(())
    }

    async fn hang_up(
        &mut self,
        call: &TwoSided,
        caller: &Client,
        callee: &Client,
    ) -> Result<(), DemoError> {
        call.outgoing.hang_up().await?;
        for side in [&call.outgoing, &call.incoming] {
            timeout(WAIT, side.ended())
                .await
                .map_err(|_| DemoError::Missing("the hang-up"))?;
        }
        self.done("hung up on both sides", true);
        until("the conversation entry on both sides", || {
            [caller, callee].iter().all(|c| {
                c.view()
                    .conversations()
                    .any(|conversation| !conversation.entries.is_empty())
            })
        })
        .await?;
        self.done("the conversation shows the call on both sides", true);
        Ok(())
    }

    /// Each side's recording against what the other said.
    fn compare(&mut self, options: &Options) -> Result<f32, DemoError> {
        let heard_by_callee =
            similarity(&speech::first_file(), &recording(&options.folder, CALLEE))?;
        let heard_by_caller =
            similarity(&speech::second_file(), &recording(&options.folder, CALLER))?;
        self.done("the recordings were compared with what was said", true);
        Ok(heard_by_callee.min(heard_by_caller))
    }
}

async fn sign_in(
    server: &RunningServer,
    user: &str,
    says: &Path,
    options: &Options,
) -> Result<Client, DemoError> {
    Ok(Client::builder(&server.address().to_string(), user)
        .password(format!("demo-{user}"))
        .trust(Trust::Pin(server.fingerprint()))
        .impairment(options.impairment)
        .wav(Some(says), Some(&recording(&options.folder, user)))?
        .sign_in()
        .await?)
}

/// The file that holds what `user` heard.
pub(crate) fn recording(folder: &Path, user: &str) -> PathBuf {
    folder.join(format!("heard-by-{user}.wav"))
}

fn received(call: &Call) -> u64 {
    call.media_stats().map_or(0, |stats| stats.received)
}

fn worst(stats: &[MediaStats; 2], figure: impl Fn(&MediaStats) -> f32) -> f32 {
    figure(&stats[0]).max(figure(&stats[1]))
}

/// Waits until `condition` holds, looking every half millisecond.
async fn until(what: &'static str, condition: impl Fn() -> bool) -> Result<(), DemoError> {
    timeout(WAIT, async {
        while !condition() {
            sleep(Duration::from_micros(500)).await;
        }
    })
    .await
    .map_err(|_| DemoError::Missing(what))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the demonstration measures real time"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

pub(crate) fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}

/// The user who calls: the first of the built-in company.
pub(crate) const CALLER: &str = "330";
/// The user who is called.
pub(crate) const CALLEE: &str = "331";
/// How the callee's name begins.
const CALLEE_LETTERS: &str = "bi";
/// Everything on one computer happens within this, or never.
const WAIT: Duration = Duration::from_secs(10);
/// What is under way when a call is held arrives within this.
const SETTLE: Duration = Duration::from_millis(300);
