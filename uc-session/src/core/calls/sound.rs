use std::time::Duration;

use super::Key;
use crate::{
    core::{MediaCommand, MediaOutcome, Why, io::Io},
    port::{
        BackendError, Candidates, DescriptionKind, MediaError, MediaEvent, MediaIntent,
        SessionDescription,
    },
    view,
};

/// The rounds of offer and answer of one call's sound (RFC 3264, JSEP). One media command runs at
/// a time; what came meanwhile is looked at when it has ended, because every description and every
/// list of candidates is kept whole.
///
/// ```text
///   Opening ─▶ Stable ─ we want ─▶ Offering ─▶ Sending ─▶ Offered ─ their answer ─▶ Accepting
///                ▲ │                              │ refused    │ 10 s, but not the first   │
///                │ │                              ▼            ▼                           │
///                │ │                           RollingBack ◀───┘                           │
///                │ └ their offer ─▶ Answering ─▶ Replying            │                     │
///                └──────────────────────────────────┴────────────────┴─────────────────────┘
/// ```
///
/// `Sending` and `Replying` last as long as the service that carries the description; all other
/// states but `Stable`, `Offered` and `Closed` as long as their media command: both have deadlines.
/// The first offer's `Offered` lasts as long as it rings, which is the server's to end; `Stable`
/// waits for wishes, and where the call is being answered for the far end's offer, 15 s long. `Closed` is the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Opening,
    Stable,
    Offering { restart: bool },
    Sending,
    Offered { until: Option<Duration> },
    Accepting,
    Answering,
    Replying,
    RollingBack,
    Adding,
    Closed,
}

/// What the far end has said last.
#[derive(Debug, Default)]
pub(super) struct Remote {
    pub(super) description: Option<SessionDescription>,
    pub(super) candidates: Option<Candidates>,
}

/// What is wanted of a call's sound.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish {
    pub(super) muted: bool,
    pub(super) held: bool,
    /// Whoever is held may hear music.
    pub(super) music: bool,
    pub(super) conference: Option<u64>,
}

/// What a step asks of the call.
#[derive(Debug, PartialEq)]
pub(super) enum Made {
    /// Nothing.
    Nothing,
    /// To send this.
    Description(SessionDescription),
    /// To end the sound: it can't be connected.
    Failed(MediaError),
}

/// See [`State`].
#[derive(Debug)]
pub(super) struct Sound {
    key: Key,
    state: State,
    first: DescriptionKind,
    /// The newest round, ours or theirs.
    generation: u32,
    /// Rounds that were completed.
    rounds: u32,
    intent: MediaIntent,
    /// What the newest completed round was made with.
    agreed_held: bool,
    /// The same of the round that is being made: what is wanted may change before it is there.
    making_held: bool,
    /// The next round looks for a new path.
    restart: bool,
    /// The round that is being made does.
    restarting: bool,
    tries: u32,
    /// No further round before; `None` once that has passed.
    not_before: Option<Duration>,
    connect_by: Option<Duration>,
    added: usize,
    added_complete: bool,
    found: Vec<String>,
    found_complete: bool,
    pub(super) report: view::Sound,
}

impl Sound {
    /// Opens the sound of an outgoing (`Offer` comes first) or an incoming call.
    /// `seen` is the newest round that the call had with a former far end, else 0.
    pub(super) fn open(io: &mut Io, key: Key, first: DescriptionKind, seen: u32) -> Self {
        io.media(key, MediaCommand::Open);
        Self {
            key,
            state: State::Opening,
            first,
            generation: seen,
            rounds: 0,
            intent: MediaIntent {
                number: 0,
                muted: false,
                held: false,
                music: false,
                conference: None,
            },
            agreed_held: false,
            making_held: false,
            restart: false,
            restarting: false,
            tries: 0,
            not_before: None,
            connect_by: None,
            added: 0,
            added_complete: false,
            found: Vec::new(),
            found_complete: false,
            report: view::Sound::Connecting,
        }
    }

    /// Which of the client's sounds this is.
    pub(super) const fn key(&self) -> Key {
        self.key
    }

    /// The far end takes part, or this user wants to: from now on the sound has to come about.
    pub(super) fn expect(&mut self, io: &Io) {
        if self.rounds == 0 && self.connect_by.is_none() && self.report == view::Sound::Connecting {
            self.connect_by = Some(io.time() + CONNECT_LIMIT);
        }
    }

    /// What the user wants now; a repetition changes nothing.
    pub(super) fn want(&mut self, io: &mut Io, wish: Wish) {
        let Wish {
            muted,
            held,
            music,
            conference,
        } = wish;
        let number = self.intent.number;
        let intent = MediaIntent {
            number,
            muted,
            held,
            music: held && music,
            conference: conference.filter(|_| !held),
        };
        if intent == self.intent {
            return;
        }
        if self.intent.held != held {
            self.tries = 0;
        }
        self.intent = MediaIntent {
            number: number + 1,
            ..intent
        };
        self.apply(io);
    }

    /// An intent reaches the session once there is one.
    fn apply(&self, io: &mut Io) {
        if !matches!(self.state, State::Opening | State::Closed) {
            io.media(self.key, MediaCommand::Apply(self.intent));
        }
    }

    /// Does the next thing there is to do. `free`: further rounds can be had now.
    pub(super) fn advance(&mut self, io: &mut Io, remote: &Remote, free: bool) {
        match self.state {
            State::Stable => self.advance_stable(io, remote, free),
            State::Offered { .. } => {
                let answer = self.description(remote, DescriptionKind::Answer);
                if let Some(answer) = answer.filter(|d| d.generation == self.generation) {
                    self.state = State::Accepting;
                    io.media(self.key, MediaCommand::AcceptAnswer(answer.sdp.clone()));
                }
            }
            State::Opening
            | State::Offering { .. }
            | State::Sending
            | State::Accepting
            | State::Answering
            | State::Replying
            | State::RollingBack
            | State::Adding
            | State::Closed => {}
        }
    }

    fn advance_stable(&mut self, io: &mut Io, remote: &Remote, free: bool) {
        let offer = self.description(remote, DescriptionKind::Offer);
        if let Some(offer) = offer.filter(|d| d.generation > self.generation) {
            self.generation = offer.generation;
            self.making_held = self.intent.held;
            self.state = State::Answering;
            io.media(self.key, MediaCommand::AcceptOffer(offer.sdp.clone()));
        } else if free && self.wants_round() && self.not_before.is_none() {
            let restart = self.restart;
            self.making_held = self.intent.held;
            self.state = State::Offering { restart };
            io.media(
                self.key,
                MediaCommand::Offer {
                    ice_restart: restart,
                },
            );
        } else if let Some(candidates) = self.unseen(remote) {
            self.state = State::Adding;
            io.media(self.key, MediaCommand::AddCandidates(candidates));
        }
    }

    fn description<'a>(
        &self,
        remote: &'a Remote,
        kind: DescriptionKind,
    ) -> Option<&'a SessionDescription> {
        remote
            .description
            .as_ref()
            .filter(|description| description.kind == kind)
    }

    /// The far end's candidates of this round that were not added yet.
    fn unseen(&mut self, remote: &Remote) -> Option<Candidates> {
        let all = remote.candidates.as_ref()?;
        if self.rounds == 0 || all.generation != self.generation {
            return None;
        }
        let fresh = all
            .candidates
            .get(self.added..)
            .unwrap_or_default()
            .to_vec();
        let completes = all.complete && !self.added_complete;
        if fresh.is_empty() && !completes {
            return None;
        }
        self.added += fresh.len();
        self.added_complete |= all.complete;
        Some(Candidates {
            generation: all.generation,
            candidates: fresh,
            complete: all.complete,
        })
    }

    fn wants_round(&self) -> bool {
        let first = self.rounds == 0 && self.first == DescriptionKind::Offer;
        let again = self.rounds > 0 && (self.restart || self.intent.held != self.agreed_held);
        (first || again) && self.tries < MOST_TRIES
    }

    /// Takes what became of the media command under way.
    pub(super) fn completed(
        &mut self,
        io: &mut Io,
        result: Result<MediaOutcome, MediaError>,
    ) -> Made {
        match (self.state, result) {
            (State::Opening, Ok(_)) => {
                self.state = State::Stable;
                if self.intent.number > 0 || self.intent.muted {
                    self.apply(io);
                }
                Made::Nothing
            }
            (State::Offering { restart }, Ok(MediaOutcome::Description(sdp))) => {
                self.restart &= !restart;
                self.restarting = restart;
                self.generation += 1;
                self.begin_round();
                self.state = State::Sending;
                self.made(DescriptionKind::Offer, sdp)
            }
            (State::Answering, Ok(MediaOutcome::Description(sdp))) => {
                self.begin_round();
                self.state = State::Replying;
                self.made(DescriptionKind::Answer, sdp)
            }
            (State::Accepting, Ok(_)) => self.round_done(io),
            (State::RollingBack | State::Adding, _) => {
                self.state = State::Stable;
                Made::Nothing
            }
            (_, Ok(_)) => self.command_failed(io, MediaError::WrongState),
            (_, Err(error)) => self.command_failed(io, error),
        }
    }

    fn made(&self, kind: DescriptionKind, sdp: uc_model::Redacted<String>) -> Made {
        let generation = self.generation;
        Made::Description(SessionDescription {
            generation,
            kind,
            sdp,
        })
    }

    fn begin_round(&mut self) {
        self.agreed_held = self.making_held;
        self.added = 0;
        self.added_complete = false;
    }

    fn round_done(&mut self, io: &Io) -> Made {
        self.rounds += 1;
        self.tries = 0;
        self.state = State::Stable;
        if self.report == view::Sound::Connecting {
            self.connect_by = Some(io.time() + CONNECT_LIMIT);
        }
        Made::Nothing
    }

    /// A failure of the first round is the end; later ones leave the sound as it is.
    fn command_failed(&mut self, io: &mut Io, error: MediaError) -> Made {
        if self.state == State::Closed {
            return Made::Nothing;
        }
        if self.rounds == 0 || error == MediaError::WrongFingerprint {
            return Made::Failed(error);
        }
        match self.state {
            State::Accepting => self.roll_back(io),
            _ => self.state = State::Stable,
        }
        self.tries += 1;
        self.restart = false;
        Made::Nothing
    }

    /// Takes what became of the service that carried our description.
    pub(super) fn described(&mut self, io: &mut Io, result: Result<(), &BackendError>) {
        match (self.state, result) {
            (State::Sending, Ok(())) => {
                let until = (self.rounds > 0).then(|| io.time() + ANSWER_LIMIT);
                self.state = State::Offered { until };
            }
            (State::Sending, Err(error)) => {
                self.agreed_held = !self.intent.held;
                let pause = match error {
                    BackendError::Glare => {
                        // The round is the other's, whose offer carries the same number.
                        self.generation -= 1;
                        io.random.between(GLARE_LEAST, GLARE_MOST)
                    }
                    _ => {
                        self.tries += 1;
                        TRY_AGAIN
                    }
                };
                self.not_before = Some(io.time() + pause);
                self.roll_back(io);
            }
            (State::Replying, Ok(())) => {
                self.round_done(io);
            }
            (State::Replying, Err(_)) => self.state = State::Stable,
            _ => {}
        }
    }

    /// The round that was being made comes to nothing; what it was for is still wanted.
    fn roll_back(&mut self, io: &mut Io) {
        self.restart |= self.restarting;
        self.state = State::RollingBack;
        io.media(self.key, MediaCommand::RollBack);
    }

    /// The next round looks for a new path (ICE restart), beside the one in use.
    pub(super) fn restart(&mut self) {
        self.restart = true;
        self.tries = 0;
    }

    /// What was refused over the former connection may be granted over this one.
    pub(super) const fn try_anew(&mut self) {
        self.tries = 0;
    }

    /// Takes an event of the session; gives the failure that ends it.
    pub(super) fn event(&mut self, event: MediaEvent) -> Option<MediaError> {
        match event {
            MediaEvent::Connected => {
                self.connect_by = None;
                self.report = view::Sound::Connected;
            }
            MediaEvent::Candidates(mut found) => {
                let room = MOST_CANDIDATES.saturating_sub(self.found.len());
                found.candidates.truncate(room);
                self.found.append(&mut found.candidates);
                self.found_complete |= found.complete;
            }
            MediaEvent::Interrupted => {
                self.report = view::Sound::Interrupted;
                self.restart();
            }
            MediaEvent::NetworkChanged => self.restart(),
            MediaEvent::Failed(error) => return Some(error),
            // What is applied is the session's to know; an echo never makes an intent.
            MediaEvent::Applied { .. }
            | MediaEvent::Heard
            | MediaEvent::Digit(_)
            | MediaEvent::Device(_) => {}
        }
        None
    }

    /// Our candidates that were found after the description was sent.
    pub(super) fn take_found(&mut self) -> Option<Candidates> {
        let sent = !matches!(
            self.state,
            State::Opening | State::Offering { .. } | State::Answering | State::Sending
        );
        if !sent || self.generation == 0 || (self.found.is_empty() && !self.found_complete) {
            return None;
        }
        Some(Candidates {
            generation: self.generation,
            candidates: std::mem::take(&mut self.found),
            complete: std::mem::take(&mut self.found_complete),
        })
    }

    /// Ends the sound.
    pub(super) fn close(&mut self, io: &mut Io) {
        if self.state != State::Closed {
            self.state = State::Closed;
            io.media(self.key, MediaCommand::Close);
        }
    }

    pub(super) fn next_timeout(&self) -> Option<(Duration, Why)> {
        let answer = match self.state {
            State::Offered { until: Some(until) } => Some((until, Why::Renegotiation)),
            // Without a pause it begins as soon as it may, which is another input's doing.
            State::Stable if self.wants_round() => {
                self.not_before.map(|at| (at, Why::Renegotiation))
            }
            _ => None,
        };
        let connect = self.connect_by.map(|at| (at, Why::SoundConnected));
        answer.into_iter().chain(connect).min_by_key(|(at, _)| *at)
    }

    /// Gives the failure that ends the sound.
    pub(super) fn handle_timeout(&mut self, io: &mut Io) -> Option<MediaError> {
        if matches!(self.state, State::Offered { until: Some(until) } if io.time() >= until) {
            self.tries += 1;
            self.agreed_held = !self.intent.held;
            self.roll_back(io);
        }
        if self.not_before.is_some_and(|at| io.time() >= at) {
            self.not_before = None;
        }
        if self.connect_by.is_some_and(|at| io.time() >= at) {
            self.connect_by = None;
            return Some(MediaError::NoPath);
        }
        None
    }
}

/// From the end of the first round to the first packet (our choice: ICE gives up before).
const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// From an offer inside a call to its answer (our choice).
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// Rounds for the same wish that may fail (our choice).
const MOST_TRIES: u32 = 3;
/// The pause before a round that failed is tried again (our choice).
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// The pause after a glare: a part of RFC 3261 §14.1's shorter range, so that a call whose sides have both
/// lost their path is heard again within two seconds.
const GLARE_LEAST: Duration = Duration::from_millis(100);
/// See [`GLARE_LEAST`].
const GLARE_MOST: Duration = Duration::from_secs(1);
/// Candidates of one side and round (wire contract).
const MOST_CANDIDATES: usize = 64;
