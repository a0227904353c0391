use std::{collections::BTreeMap, time::Duration};

use uc_model::{CallId, FailureCause};

use super::Key;
use crate::{
    core::{
        Why,
        io::{Io, Purpose},
    },
    port::{BackendError, Outcome, Service},
};

/// Calls that are over here while the server doesn't know it: it could not be told, or its answer was
/// lost. It is told until it answers, because the other would go on listening to nobody; a
/// hang-up that arrives twice does no harm.
#[derive(Debug, Default)]
pub(super) struct Untold(BTreeMap<Key, HangUp>);

#[derive(Debug)]
struct HangUp {
    call: CallId,
    cause: Option<FailureCause>,
    /// When it is told once more; `None` while it is on its way, or there is no connection.
    at: Option<Duration>,
}

impl Untold {
    pub(super) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Remembers a hang-up, to be told after a pause or with the next connection.
    pub(super) fn add(&mut self, io: &mut Io, call: CallId, cause: Option<FailureCause>) {
        if self.0.len() < MOST_UNTOLD {
            let at = io.link.map(|_| io.time() + AGAIN);
            self.0.insert(Key(io.number()), HangUp { call, cause, at });
        }
    }

    /// There is a connection: all are told.
    pub(super) fn connection_live(&mut self, io: &mut Io) {
        for (key, hang_up) in &mut self.0 {
            hang_up.tell(io, *key);
        }
    }

    /// The server has answered; or it is told again.
    pub(super) fn told(&mut self, io: &Io, key: Key, result: &Result<Outcome, BackendError>) {
        let unanswered = matches!(
            result,
            Err(BackendError::Broken { .. } | BackendError::TimedOut | BackendError::Closed)
        );
        match self.0.get_mut(&key) {
            Some(hang_up) if unanswered => hang_up.at = io.link.map(|_| io.time() + AGAIN),
            _ => {
                self.0.remove(&key);
            }
        }
    }

    pub(super) fn next_timeout(&self) -> Option<(Duration, Why)> {
        let moments = self.0.values().filter_map(|hang_up| hang_up.at);
        moments.min().map(|at| (at, Why::Resend))
    }

    pub(super) fn handle_timeout(&mut self, io: &mut Io) {
        let now = io.time();
        for (key, hang_up) in &mut self.0 {
            if hang_up.at.is_some_and(|at| now >= at) {
                hang_up.tell(io, *key);
            }
        }
    }
}

impl HangUp {
    fn tell(&mut self, io: &mut Io, key: Key) {
        let clear = Service::Clear {
            call: self.call.clone(),
            cause: self.cause,
        };
        self.at = None;
        io.service(Purpose::HangUp(key), clear);
    }
}

/// The pause before the server is told once more (our choice).
const AGAIN: Duration = Duration::from_secs(5);
/// Hang-ups kept at once (our choice).
const MOST_UNTOLD: usize = 64;
