//! The server's state: subscribed to, fetched whole, followed by its changes.

use uc_model::AssignedPhoneError;

use super::{Connection, Phase, Signal, Step};
use crate::{
    core::{
        Reply,
        io::{Io, Purpose},
        liveness::Liveness,
    },
    events::Event,
    port::{BackendError, Cursor, LinkId, Operation, Outcome, ServerChange},
    view::{self, LostReason},
};

/// Changes that came before the snapshot they may be newer than.
#[derive(Debug, Default)]
pub(super) struct Buffer {
    changes: Vec<(Cursor, ServerChange)>,
    /// The server has started over, or too much came: one more snapshot is needed.
    stale: bool,
}

impl Connection {
    pub(super) fn subscribe(&mut self, io: &mut Io, link: LinkId) {
        self.phase = Phase::Subscribing(link, Buffer::default());
        self.open_stream(io, link);
    }

    fn open_stream(&mut self, io: &mut Io, link: LinkId) {
        self.told_calls = io.view.voip().is_on();
        let operation = Operation::Subscribe {
            link,
            after: self.cursor.clone(),
            calls: self.told_calls,
            phone: self.config.phone.clone(),
        };
        io.operate(Purpose::Connection(Step::Subscribe(link)), operation);
    }

    /// Calls are to ring here from now on, or not any more: only a stream says that.
    pub(in crate::core) fn voip_changed(&mut self, io: &mut Io) {
        if self.told_calls != io.view.voip().is_on() {
            self.renew(io);
        }
    }

    pub(super) fn subscribed(
        &mut self,
        io: &mut Io,
        link: LinkId,
        result: Result<Outcome, BackendError>,
    ) {
        match (result, &mut self.phase) {
            (Ok(_), Phase::Subscribing(_, buffer)) => {
                self.phase = Phase::Fetching(link, std::mem::take(buffer));
                fetch(io, link);
            }
            // Renewed: it goes on after the last event, or begins with a reset.
            (Ok(_), _) => self.voip_changed(io),
            (Err(BackendError::NotSignedIn), _) => self.session_gone(io),
            (Err(BackendError::NotAssigned), _) => {
                self.reject(io, AssignedPhoneError::NotAssigned.into());
            }
            (Err(error), Phase::Live(..)) => self.fail(io, LostReason::Closed(error)),
            (Err(error), _) => self.broken(io, error),
        }
    }

    /// Opens the event stream anew in place of one that may be dead. A probe can't tell: it goes
    /// over another connection. While a snapshot is on its way there is no place to go on after, so
    /// it waits for that.
    pub(super) fn renew(&mut self, io: &mut Io) {
        let Phase::Live(link, _, None) = self.phase else {
            return;
        };
        self.stream_doubted = false;
        let purpose = Purpose::Connection(Step::Subscribe(link));
        if !io.is_under_way(|other| other == purpose) {
            self.open_stream(io, link);
        }
    }

    pub(super) fn fetched(&mut self, io: &mut Io, result: Result<Outcome, BackendError>) {
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
            if self.stream_doubted {
                self.renew(io);
            }
            return self.voip_changed(io);
        }
        self.phase = Phase::Live(link, Liveness::new(io.time()), None);
        io.link = Some(link);
        io.change().connection = view::Connection::Live;
        self.just_live = true;
        self.signals.push(Signal::Live);
        self.voip_changed(io);
    }

    /// The signals of a snapshot have been obeyed: says that the connection is live.
    pub(in crate::core) fn settled(&mut self, io: &mut Io) {
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

    pub(super) fn change(&mut self, cursor: Cursor, change: ServerChange) {
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
    pub(super) fn reset(&mut self, io: &mut Io, cursor: Option<Cursor>) {
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

/// Changes kept until the snapshot is there; more make another snapshot necessary (our choice).
const MOST_BUFFERED: usize = 1024;
