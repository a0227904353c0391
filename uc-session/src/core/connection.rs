#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use uc_model::{InitialPassword, PasswordChange, Redacted, UserName};

use super::{
    Config, Reply, Ticket, Why,
    backoff::{Backoff, FAST_EVERY},
    io::{Io, Purpose},
    liveness::{Liveness, PATIENCE, SHORT_PATIENCE, Silence},
    race::{Finish, Race},
};
use crate::{
    error::SignInError,
    events::Event,
    port::{
        BackendError, BackendEvent, Certificate, Cursor, LinkId, Operation, Outcome, ServerAddress,
        ServerChange, Service, SignedIn, StateSnapshot,
    },
    view::{self, LostReason},
};

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

/// Changes that came before the snapshot they may be newer than.
#[derive(Debug, Default)]
struct Buffer {
    changes: Vec<(Cursor, ServerChange)>,
    /// The server has started over, or too much came: one more snapshot is needed.
    stale: bool,
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
            Step::Subscribe(link) if self.is_subscribing(link) => {
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

    fn race(&mut self, io: &mut Io) {
        self.last_round = io.time();
        self.phase = Phase::Racing(Box::new(Race::new(io, &self.config)));
    }

    fn dialled(&mut self, io: &mut Io, link: LinkId, result: Result<Outcome, BackendError>) {
        let Phase::Racing(race) = &mut self.phase else {
            // Closed long ago; once more, for a backend that made it in the meantime.
            return io.close(link);
        };
        self.last_round = race.round_began;
        match race.dialled(io, &self.config, link, result) {
            None => {}
            Some(Finish::Won { link, strangers }) => {
                self.report(io, strangers);
                self.enter(io, link);
            }
            Some(Finish::Lost { error, strangers }) => {
                if self.was_live {
                    self.report(io, strangers);
                }
                self.give_up(io, error);
            }
        }
    }

    /// Tells of each foreign certificate once.
    fn report(&mut self, io: &mut Io, strangers: Vec<(ServerAddress, Certificate)>) {
        for (address, certificate) in strangers {
            let known = (address.clone(), certificate.sha256);
            if !self.strangers.contains(&known) && self.strangers.len() < MOST_STRANGERS {
                self.strangers.push(known);
                io.event(Event::CertificateStranger {
                    address,
                    certificate,
                });
            }
        }
    }

    fn enter(&mut self, io: &mut Io, link: LinkId) {
        self.phase = Phase::Entering(link);
        if self.has_session {
            let step = Purpose::Connection(Step::Resume(link));
            io.operate(step, Operation::Resume { link });
            return;
        }
        let operation = Operation::SignIn {
            link,
            user: self.config.user.clone(),
            password: self.config.password.clone(),
        };
        io.operate(Purpose::Connection(Step::SignIn(link)), operation);
    }

    fn entered(&mut self, io: &mut Io, link: LinkId, result: Result<Outcome, BackendError>) {
        match result {
            Ok(Outcome::SignedIn(user)) if user.must_change_password => {
                return self.change_initial_password(io, link, user);
            }
            Ok(Outcome::SignedIn(user)) => self.signed_in(io, user),
            Ok(Outcome::Done) => {}
            Ok(_) => return self.broken(io, BackendError::Malformed),
            Err(BackendError::NotSignedIn) if self.has_session => return self.session_gone(io),
            Err(error) => return self.refused(io, error),
        }
        self.subscribe(io, link);
    }

    fn subscribe(&mut self, io: &mut Io, link: LinkId) {
        self.phase = Phase::Subscribing(link, Buffer::default());
        let after = self.cursor.clone();
        let operation = Operation::Subscribe { link, after };
        io.operate(Purpose::Connection(Step::Subscribe(link)), operation);
    }

    /// An initial password is changed to the one that was given for it, by the rules of the mode;
    /// without one, or where another client has to do it, the sign-in ends (CONN-4).
    fn change_initial_password(&mut self, io: &mut Io, link: LinkId, user: SignedIn) {
        let mode = user.mode;
        self.signed_in(io, user);
        let change = match (mode.initial_password(), self.config.new_password.clone()) {
            (InitialPassword::ChangeElsewhere, _) => {
                return self.reject(io, SignInError::PasswordChangeElsewhere);
            }
            (InitialPassword::ChangeHere, None) => {
                return self.reject(io, SignInError::PasswordChangeRequired);
            }
            (InitialPassword::ChangeHere, Some(new)) => PasswordChange {
                old: Some(self.config.password.clone()),
                repeated: new.clone(),
                new,
            },
        };
        let name = UserName::new(&self.config.user);
        let checked = name.map_or(Ok(()), |name| change.check(mode, &name, true));
        if let Err(error) = checked {
            return self.reject(io, error.into());
        }
        let service = Service::ChangePassword(change);
        let step = Purpose::Connection(Step::NewPassword(link));
        io.operate(step, Operation::Service { link, service });
    }

    fn new_password_set(
        &mut self,
        io: &mut Io,
        link: LinkId,
        result: Result<Outcome, BackendError>,
    ) {
        match result {
            Ok(_) => {
                if let Some(new) = self.config.new_password.take() {
                    self.password_changed(new);
                }
                self.subscribe(io, link);
            }
            Err(error) => self.broken(io, error),
        }
    }

    /// The sign-in can't go on: the session is left, nobody tries again.
    fn reject(&mut self, io: &mut Io, error: SignInError) {
        self.leave(io);
        if self.was_live {
            io.event(Event::SessionEnded);
        }
        self.end(io, error);
    }

    fn signed_in(&mut self, io: &mut Io, user: SignedIn) {
        io.change().user = Some(Arc::new(user));
        self.has_session = true;
        self.cursor = None;
    }

    /// A sign-in that failed: for good if the server has said no.
    fn refused(&mut self, io: &mut Io, error: BackendError) {
        let for_good = matches!(
            error,
            BackendError::BadCredentials | BackendError::AccountLocked | BackendError::NoLicence
        );
        if for_good && self.was_live {
            self.leave(io);
            io.event(Event::SessionEnded);
            return self.end(io, SignInError::Backend(error));
        }
        self.broken(io, error);
    }

    fn subscribed(&mut self, io: &mut Io, link: LinkId, result: Result<Outcome, BackendError>) {
        match result {
            Ok(_) => {
                if let Phase::Subscribing(_, buffer) = &mut self.phase {
                    self.phase = Phase::Fetching(link, std::mem::take(buffer));
                }
                fetch(io, link);
            }
            Err(BackendError::NotSignedIn) => self.session_gone(io),
            Err(error) => self.broken(io, error),
        }
    }

    fn fetched(&mut self, io: &mut Io, result: Result<Outcome, BackendError>) {
        let (link, buffer) = match &mut self.phase {
            Phase::Fetching(link, buffer) => (*link, buffer),
            Phase::Live(link, _, Some(buffer)) => (*link, buffer),
            _ => return,
        };
        let snapshot = match result {
            Ok(Outcome::Snapshot(snapshot)) => snapshot,
            Ok(_) => return self.fail(io, LostReason::NoSnapshot(BackendError::Malformed)),
            Err(BackendError::NotSignedIn) => return self.session_gone(io),
            Err(error) => return self.fail(io, LostReason::NoSnapshot(error)),
        };
        if std::mem::take(&mut buffer.stale) {
            return fetch(io, link);
        }
        let changes = std::mem::take(&mut buffer.changes);
        self.cursor = Some(snapshot.as_of.clone());
        let known = snapshot.rev;
        self.signals.push(Signal::Snapshot(snapshot));
        for (cursor, change) in changes {
            if change.rev() > known {
                self.cursor = Some(cursor);
                self.signals.push(Signal::Change(change));
            }
        }
        self.current(io, link);
    }

    /// The state is whole.
    fn current(&mut self, io: &mut Io, link: LinkId) {
        if let Phase::Live(_, _, buffer) = &mut self.phase {
            *buffer = None;
            return;
        }
        self.phase = Phase::Live(link, Liveness::new(io.time()), None);
        io.link = Some(link);
        io.change().connection = view::Connection::Live;
        self.just_live = true;
        self.signals.push(Signal::Live);
    }

    /// The signals of a snapshot have been obeyed: says that the connection is live.
    pub(super) fn settled(&mut self, io: &mut Io) {
        if !std::mem::take(&mut self.just_live) {
            return;
        }
        if std::mem::take(&mut self.told_lost) {
            io.event(Event::ConnectionRestored);
        }
        self.was_live = true;
        if let Some(ticket) = self.ticket.take() {
            io.reply(ticket, Reply::SignIn(Ok(())));
        }
    }

    fn change(&mut self, cursor: Cursor, change: ServerChange) {
        match &mut self.phase {
            Phase::Live(_, _, None) => {
                self.cursor = Some(cursor);
                self.signals.push(Signal::Change(change));
            }
            Phase::Subscribing(_, buffer)
            | Phase::Fetching(_, buffer)
            | Phase::Live(_, _, Some(buffer)) => buffer.push(cursor, change),
            Phase::Idle
            | Phase::Racing(_)
            | Phase::Entering(_)
            | Phase::Waiting { .. }
            | Phase::Ended => {}
        }
    }

    /// The server can't continue: everything is fetched again.
    fn reset(&mut self, io: &mut Io, cursor: Option<Cursor>) {
        self.cursor = cursor;
        match &mut self.phase {
            Phase::Live(link, _, buffer @ None) => {
                *buffer = Some(Buffer::default());
                fetch(io, *link);
            }
            Phase::Subscribing(_, buffer) => buffer.changes.clear(),
            Phase::Fetching(_, buffer) | Phase::Live(_, _, Some(buffer)) => {
                buffer.changes.clear();
                buffer.stale = true;
            }
            Phase::Idle
            | Phase::Racing(_)
            | Phase::Entering(_)
            | Phase::Waiting { .. }
            | Phase::Ended => {}
        }
    }

    fn probed(&mut self, io: &mut Io, result: Result<Outcome, BackendError>) {
        let Phase::Live(_, liveness, _) = &mut self.phase else {
            return;
        };
        match result {
            Ok(_) => liveness.heard(io.time()),
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
            Phase::Live(link, liveness, _) => probe(io, *link, liveness, patience),
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

    /// The way into the session broke before it was live (again).
    fn broken(&mut self, io: &mut Io, error: BackendError) {
        self.leave(io);
        self.give_up(io, SignInError::Backend(error));
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

    /// An attempt has failed: the next one follows, or the sign-in has failed.
    fn give_up(&mut self, io: &mut Io, error: SignInError) {
        if !self.was_live {
            match passing(&error).filter(|_| self.config.patient) {
                None => return self.end(io, error),
                Some(_) if self.told_lost => {}
                Some(reason) => self.tell_lost(io, LostReason::NotReached(reason)),
            }
        }
        let until = self
            .backoff
            .next(self.last_round, io.time(), &mut io.random);
        self.phase = Phase::Waiting { until };
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

    fn is_entering(&self, link: LinkId) -> bool {
        matches!(self.phase, Phase::Entering(current) if current == link)
    }

    fn is_subscribing(&self, link: LinkId) -> bool {
        matches!(self.phase, Phase::Subscribing(current, _) if current == link)
    }

    fn take_signals(&mut self) -> Vec<Signal> {
        std::mem::take(&mut self.signals)
    }
}

impl Buffer {
    fn push(&mut self, cursor: Cursor, change: ServerChange) {
        if self.changes.len() < MOST_BUFFERED {
            self.changes.push((cursor, change));
        } else {
            self.changes.clear();
            self.stale = true;
        }
    }
}

fn fetch(io: &mut Io, link: LinkId) {
    io.operate(
        Purpose::Connection(Step::Snapshot(link)),
        Operation::Snapshot { link },
    );
}

fn probe(io: &mut Io, link: LinkId, liveness: &mut Liveness, patience: Duration) {
    liveness.probing(io.time(), patience);
    let purpose = Purpose::Connection(Step::Probe(link));
    if !io.is_under_way(|other| other == purpose) {
        io.operate(purpose, Operation::Probe { link });
    }
}

/// Why an attempt failed, if another may succeed without anybody's doing.
fn passing(error: &SignInError) -> Option<BackendError> {
    match error {
        SignInError::Unreachable { lan, .. } => Some(BackendError::Dial(*lan)),
        SignInError::Backend(
            error @ (BackendError::Dial(_)
            | BackendError::Broken { .. }
            | BackendError::TimedOut
            | BackendError::Unavailable
            | BackendError::NotSignedIn
            | BackendError::Closed),
        ) => Some(error.clone()),
        _ => None,
    }
}

/// Changes kept until the snapshot is there; more make another snapshot necessary (our choice).
const MOST_BUFFERED: usize = 1024;
/// Foreign certificates that are told of; an address may show a new one each time (our choice).
const MOST_STRANGERS: usize = 16;
/// A session that ends more often isn't entered again by itself (our choice).
const SIGN_IN_PAUSE: Duration = Duration::from_secs(60);
