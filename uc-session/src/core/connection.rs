mod current;
mod entry;
#[cfg(test)]
mod tests;

use std::time::Duration;

use uc_model::Redacted;

use super::{
    Config, Reply, Ticket, Why,
    backoff::{Backoff, FAST_EVERY},
    io::{Io, Purpose},
    liveness::{Liveness, PATIENCE, SHORT_PATIENCE, Silence},
    race::Race,
};
use crate::{
    error::SignInError,
    events::Event,
    port::{
        BackendError, BackendEvent, Cursor, LinkId, Operation, Outcome, ServerAddress,
        ServerChange, StateSnapshot,
    },
    view::{self, LostReason},
};
use current::Buffer;

/// The way to the server: found, signed in, subscribed, current; lost and found again.
///
/// ```text
///           sign in                won               signed in
///   Idle ─────────────▶ Racing ─────────▶ Entering ───────────▶ Subscribing
///                        ▲   │ lost       (or resume)   refused      │ accepted
///                        │   ▼                 │ └──────▶ Ended      ▼
///                        │  Waiting ◀──────────┴──── broken ──── Fetching
///                        │     │ time                                │ snapshot
///                        └─────┘  ▲                                  ▼
///                                 └─────── silent, broken ───────── Live ──▶ Ended
///                                                            session ended
/// ```
///
/// Before the connection was live for the first time every failure ends it, with a reply to the
/// sign-in (a patient one only what can't pass by itself); afterwards `Waiting` follows. `Waiting` and `Racing` have the timers of [`Backoff`] and
/// [`Race`]; the command of `Entering`, `Subscribing` and `Fetching` has a deadline; `Live` has
/// [`Liveness`]. `Idle` waits for the application, `Ended` is the end: no time-out.
#[derive(Debug)]
enum Phase {
    Idle,
    Racing(Box<Race>),
    Entering(LinkId),
    Subscribing(LinkId, Buffer),
    Fetching(LinkId, Buffer),
    Live(LinkId, Liveness, Option<Buffer>),
    Waiting { until: Duration },
    Ended,
}

/// What a command of the connection was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Dial(LinkId),
    SignIn(LinkId),
    NewPassword(LinkId),
    Resume(LinkId),
    Subscribe(LinkId),
    Snapshot(LinkId),
    Probe(LinkId),
}

/// What the rest of the core must know.
#[derive(Debug)]
pub(super) enum Signal {
    /// The whole state.
    Snapshot(Box<StateSnapshot>),
    /// A change of it.
    Change(ServerChange),
    /// Services can be asked.
    Live,
    /// They can't any more; the connection is being restored.
    Lost,
    /// They can't for good.
    Ended,
}

/// See [`Phase`].
#[derive(Debug)]
pub(super) struct Connection {
    config: Config,
    phase: Phase,
    ticket: Option<Ticket>,
    was_live: bool,
    just_live: bool,
    /// The event stream may be dead though the server answers.
    stream_doubted: bool,
    /// Whether calls may ring here, as the event stream was opened last.
    told_calls: bool,
    /// It was told that the connection is lost, and not yet that it is back.
    told_lost: bool,
    /// There is a session that can be resumed.
    has_session: bool,
    signed_in_at: Option<Duration>,
    cursor: Option<Cursor>,
    backoff: Backoff,
    last_round: Duration,
    strangers: Vec<(ServerAddress, [u8; 32])>,
    signals: Vec<Signal>,
}

impl Connection {
    pub(super) const fn new(config: Config) -> Self {
        Self {
            config,
            phase: Phase::Idle,
            ticket: None,
            was_live: false,
            just_live: false,
            stream_doubted: false,
            told_calls: false,
            told_lost: false,
            has_session: false,
            signed_in_at: None,
            cursor: None,
            backoff: Backoff::new(),
            last_round: Duration::ZERO,
            strangers: Vec::new(),
            signals: Vec::new(),
        }
    }

    /// Whether the connection was live before.
    pub(super) const fn was_live(&self) -> bool {
        self.was_live
    }

    /// The link over which the session could be ended.
    pub(super) const fn link(&self) -> Option<LinkId> {
        match &self.phase {
            Phase::Entering(link)
            | Phase::Subscribing(link, _)
            | Phase::Fetching(link, _)
            | Phase::Live(link, ..) => Some(*link),
            Phase::Idle | Phase::Racing(_) | Phase::Waiting { .. } | Phase::Ended => None,
        }
    }

    /// The name that signed in.
    pub(super) fn user_name(&self) -> &str {
        &self.config.user
    }

    /// The password that holds from now on.
    pub(super) fn password_changed(&mut self, new: Redacted<String>) {
        self.config.password = new;
    }

    pub(super) fn sign_in(&mut self, io: &mut Io, ticket: Ticket) {
        match self.phase {
            Phase::Idle => {
                self.ticket = Some(ticket);
                self.race(io);
            }
            _ => io.reply(ticket, Reply::SignIn(Err(SignInError::Closed))),
        }
    }

    /// Ends it, without a word to the server.
    pub(super) fn close(&mut self, io: &mut Io) {
        self.leave(io);
        self.end(io, SignInError::Closed);
        self.signals.clear();
    }

    /// Takes what became of a command.
    pub(super) fn completed(
        &mut self,
        io: &mut Io,
        step: Step,
        result: Result<Outcome, BackendError>,
    ) -> Vec<Signal> {
        match step {
            Step::Dial(link) => self.dialled(io, link, result),
            Step::SignIn(link) | Step::Resume(link) if self.is_entering(link) => {
                self.entered(io, link, result);
            }
            Step::NewPassword(link) if self.is_entering(link) => {
                self.new_password_set(io, link, result);
            }
            Step::Subscribe(link) if self.link() == Some(link) => {
                self.subscribed(io, link, result);
            }
            Step::Snapshot(link) if self.link() == Some(link) => self.fetched(io, result),
            Step::Probe(link) if self.link() == Some(link) => self.probed(io, result),
            Step::SignIn(_)
            | Step::NewPassword(_)
            | Step::Resume(_)
            | Step::Subscribe(_)
            | Step::Snapshot(_)
            | Step::Probe(_) => {}
        }
        self.take_signals()
    }

    /// Takes an event of the stream; those of other links are old.
    pub(super) fn handle_event(
        &mut self,
        io: &mut Io,
        link: LinkId,
        event: BackendEvent,
    ) -> Vec<Signal> {
        if self.link() != Some(link) {
            return Vec::new();
        }
        if let Phase::Live(_, liveness, _) = &mut self.phase {
            liveness.heard(io.time());
        }
        match event {
            BackendEvent::Heartbeat => {}
            BackendEvent::Change { cursor, change } => self.change(cursor, change),
            BackendEvent::Reset { cursor } => self.reset(io, cursor),
            BackendEvent::Digit { call, digit } => {
                if io.view.calls.contains_key(&call) {
                    io.event(Event::Digit { call, digit });
                }
            }
            BackendEvent::Undecodable => {
                io.change().undecodable += 1;
                let total = io.view.undecodable;
                io.event(Event::Undecodable { total });
            }
            BackendEvent::StreamEnded(BackendError::NotSignedIn) | BackendEvent::SessionEnded => {
                self.session_gone(io);
            }
            BackendEvent::StreamEnded(error) => self.fail(io, LostReason::Closed(error)),
        }
        self.take_signals()
    }

    /// The system says that the network has changed.
    pub(super) fn handle_network_change(&mut self, io: &mut Io) -> Vec<Signal> {
        self.doubt(io, SHORT_PATIENCE);
        self.take_signals()
    }

    /// Somebody wants another connection, whatever the present one is worth.
    pub(super) fn handle_reconnect(&mut self, io: &mut Io) -> Vec<Signal> {
        if matches!(self.phase, Phase::Live(..)) {
            self.lose(io, LostReason::Asked);
            self.leave(io);
            self.race(io);
        } else {
            self.doubt(io, SHORT_PATIENCE);
        }
        self.take_signals()
    }

    /// The computer seems to have slept.
    pub(super) fn handle_clock_jump(&mut self, io: &mut Io) -> Vec<Signal> {
        self.doubt(io, PATIENCE);
        self.take_signals()
    }

    /// A service broke or was not answered in time: is it the whole connection?
    pub(super) fn handle_suspicion(&mut self, io: &mut Io) {
        if let Phase::Live(link, liveness, _) = &mut self.phase {
            probe(io, *link, liveness, PATIENCE);
        }
    }

    /// A service was answered with "not signed in".
    pub(super) fn handle_session_gone(&mut self, io: &mut Io) -> Vec<Signal> {
        if matches!(self.phase, Phase::Live(..)) {
            self.session_gone(io);
        }
        self.take_signals()
    }

    pub(super) fn next_timeout(&self) -> Option<(Duration, Why)> {
        match &self.phase {
            Phase::Racing(race) => {
                let fast = self.was_live && self.backoff.is_fast(race.round_began);
                let again = fast.then_some((race.round_began + FAST_EVERY, Why::Reconnect));
                race.next_timeout()
                    .into_iter()
                    .chain(again)
                    .min_by_key(|(at, _)| *at)
            }
            Phase::Live(_, liveness, _) => Some(liveness.next_timeout()),
            Phase::Waiting { until } => Some((*until, Why::Reconnect)),
            // The deadline of the command that is under way.
            Phase::Entering(_) | Phase::Subscribing(..) | Phase::Fetching(..) => None,
            Phase::Idle | Phase::Ended => None,
        }
    }

    pub(super) fn handle_timeout(&mut self, io: &mut Io) -> Vec<Signal> {
        match &mut self.phase {
            Phase::Racing(race) => {
                race.handle_timeout(io, &self.config);
                let due = io.time() >= race.round_began + FAST_EVERY;
                if self.was_live && due && self.backoff.is_fast(race.round_began) {
                    race.begin_round(io, &self.config);
                }
            }
            Phase::Live(link, liveness, _) => match liveness.check(io.time()) {
                Silence::Bearable => {}
                Silence::Suspicious => probe(io, *link, liveness, PATIENCE),
                Silence::Deadly => self.fail(io, LostReason::Silent),
            },
            Phase::Waiting { until } if io.time() >= *until => self.race(io),
            Phase::Waiting { .. }
            | Phase::Entering(_)
            | Phase::Subscribing(..)
            | Phase::Fetching(..)
            | Phase::Idle
            | Phase::Ended => {}
        }
        self.take_signals()
    }

    fn probed(&mut self, io: &mut Io, result: Result<Outcome, BackendError>) {
        let Phase::Live(_, liveness, _) = &mut self.phase else {
            return;
        };
        match result {
            Ok(_) => {
                liveness.heard(io.time());
                if self.stream_doubted {
                    self.renew(io);
                }
            }
            Err(BackendError::NotSignedIn) => self.session_gone(io),
            // What was heard meanwhile may have waited in this computer while it slept.
            Err(BackendError::TimedOut) => self.fail(io, LostReason::Silent),
            // The deadline decides: another connection of the link may have broken by chance.
            Err(_) => {}
        }
    }

    /// Something speaks against the connection: look at once.
    fn doubt(&mut self, io: &mut Io, patience: Duration) {
        self.backoff.hurry(io.time());
        match &mut self.phase {
            Phase::Live(link, liveness, _) => {
                self.stream_doubted = true;
                probe(io, *link, liveness, patience);
            }
            Phase::Waiting { .. } => self.race(io),
            Phase::Racing(race) if self.was_live => race.begin_round(io, &self.config),
            Phase::Entering(_) | Phase::Subscribing(..) | Phase::Fetching(..) if self.was_live => {
                self.leave(io);
                self.race(io);
            }
            Phase::Racing(_)
            | Phase::Entering(_)
            | Phase::Subscribing(..)
            | Phase::Fetching(..)
            | Phase::Idle
            | Phase::Ended => {}
        }
    }

    /// The server doesn't know the session any more: the kept password is tried, once a minute.
    fn session_gone(&mut self, io: &mut Io) {
        self.has_session = false;
        let before = self.signed_in_at.replace(io.time());
        let recent = before.is_some_and(|at| io.time() < at + SIGN_IN_PAUSE);
        if !self.was_live {
            return self.broken(io, BackendError::NotSignedIn);
        }
        self.lose(io, LostReason::Closed(BackendError::NotSignedIn));
        self.leave(io);
        if recent {
            io.event(Event::SessionEnded);
            return self.end(io, SignInError::Backend(BackendError::NotSignedIn));
        }
        self.race(io);
    }

    /// The connection failed for `reason`.
    fn fail(&mut self, io: &mut Io, reason: LostReason) {
        let error = match &reason {
            LostReason::Closed(error)
            | LostReason::NoSnapshot(error)
            | LostReason::NotReached(error) => error.clone(),
            LostReason::Silent | LostReason::Asked => BackendError::TimedOut,
        };
        self.lose(io, reason);
        self.broken(io, error);
    }

    /// What was live is not any more.
    fn lose(&mut self, io: &mut Io, reason: LostReason) {
        if !matches!(self.phase, Phase::Live(..)) {
            return;
        }
        io.link = None;
        self.stream_doubted = false;
        self.tell_lost(io, reason);
        self.signals.push(Signal::Lost);
        self.backoff.hurry(io.time());
        self.last_round = Duration::ZERO;
    }

    fn tell_lost(&mut self, io: &mut Io, reason: LostReason) {
        self.told_lost = true;
        io.change().connection = view::Connection::Restoring;
        io.event(Event::ConnectionLost { reason });
    }

    /// Closes what is open.
    fn leave(&mut self, io: &mut Io) {
        if let Phase::Racing(race) = &mut self.phase {
            race.abandon(io);
        }
        if let Some(link) = self.link() {
            io.close(link);
        }
        io.link = None;
    }

    fn end(&mut self, io: &mut Io, error: SignInError) {
        self.phase = Phase::Ended;
        io.link = None;
        io.change().connection = view::Connection::Ended;
        if let Some(ticket) = self.ticket.take() {
            io.reply(ticket, Reply::SignIn(Err(error)));
        }
        self.signals.push(Signal::Ended);
    }

    fn take_signals(&mut self) -> Vec<Signal> {
        std::mem::take(&mut self.signals)
    }
}

fn probe(io: &mut Io, link: LinkId, liveness: &mut Liveness, patience: Duration) {
    liveness.probing(io.time(), patience);
    let purpose = Purpose::Connection(Step::Probe(link));
    if !io.is_under_way(|other| other == purpose) {
        io.operate(purpose, Operation::Probe { link });
    }
}

/// A session that ends more often isn't entered again by itself (our choice).
const SIGN_IN_PAUSE: Duration = Duration::from_secs(60);
