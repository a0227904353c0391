use std::time::Duration;

use uc_model::Timestamp;

use super::{Why, io::Io};
use crate::{
    cache::{self, CacheError, Cached},
    events::Event,
    view::{Known, Outboxes},
};

/// When what is known is saved for the next start.
///
/// ```text
///   Off     Waiting ── time ──▶ Saving ── done, failed ──▶ Waiting
/// ```
///
/// Saved at once when the server's state is there for the first time and when messages that wait have
/// changed (they are nowhere else), then [`PAUSE`] after a change, every [`REFRESH`] without one (so
/// that "as of" stays true), [`RETRY`] after a failure, and at the end. Before the server has told
/// anything only changes of the messages are saved: what else is stored is as good.
#[derive(Debug)]
pub(super) struct Keeping {
    stage: Stage,
    /// The last moment, of the wall clock, at which the view was the server's.
    known_at: i64,
    changed: bool,
    /// The messages that wait, as they were seen last.
    unsent: Outboxes,
    /// A failure was told, and none since has been a success.
    told: bool,
    last: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Off,
    Waiting(Duration),
    Saving,
}

impl Keeping {
    /// Shows what was kept. `cached` is `None` where nothing shall be kept.
    pub(super) fn new(io: &mut Io, cached: Option<Result<Option<Cached>, CacheError>>) -> Self {
        let stage = match &cached {
            None => Stage::Off,
            Some(_) => Stage::Waiting(io.time()),
        };
        let mut known_at = 0;
        match cached {
            Some(Ok(Some(Cached { at, state, unsent }))) => {
                io.change().state.replace(state);
                io.view.outboxes = cache::by_number(&unsent);
                io.view.as_of = Known::Cached { at };
                known_at = at.0;
            }
            Some(Err(error)) => io.event(Event::CacheFailed(error)),
            Some(Ok(None)) | None => {}
        }
        Self {
            stage,
            known_at,
            changed: false,
            unsent: io.view.outboxes.clone(),
            told: false,
            last: false,
        }
    }

    /// Sees what has happened.
    pub(super) fn settle(&mut self, io: &mut Io) {
        if io.link.is_some() {
            self.known_at = io.now.wall_ms;
        }
        if std::mem::take(&mut io.unsaved) {
            self.changed_by(io.time() + PAUSE);
        }
        if self.stage != Stage::Off && self.unsent != io.view.outboxes {
            self.unsent = io.view.outboxes.clone();
            self.changed_by(io.time());
        }
    }

    /// Something is to be saved at `due`.
    fn changed_by(&mut self, due: Duration) {
        self.changed = true;
        if let Stage::Waiting(at) = &mut self.stage {
            *at = (*at).min(due);
        }
    }

    pub(super) fn next_timeout(&self, io: &Io) -> Option<(Duration, Why)> {
        match self.stage {
            Stage::Waiting(at) if self.is_new(io) => Some((at, Why::Save)),
            // The command's own deadline.
            Stage::Waiting(_) | Stage::Off | Stage::Saving => None,
        }
    }

    pub(super) fn handle_timeout(&mut self, io: &mut Io) {
        if self.next_timeout(io).is_some_and(|(at, _)| io.time() >= at) {
            self.save(io);
        }
    }

    /// Whether there is something to save.
    fn is_new(&self, io: &Io) -> bool {
        match io.view.as_of {
            Known::Live => true,
            Known::Cached { .. } => self.changed,
            Known::Nothing => false,
        }
    }

    /// Takes what became of a save.
    pub(super) fn saved(&mut self, io: &mut Io, result: Result<(), CacheError>) {
        let pause = match &result {
            Ok(()) if self.changed => PAUSE,
            Ok(()) => REFRESH,
            Err(_) => RETRY,
        };
        self.stage = Stage::Waiting(io.time() + pause);
        if self.last {
            return self.save_changes(io);
        }
        let told = std::mem::replace(&mut self.told, result.is_err());
        if let Err(error) = result
            && !told
        {
            io.event(Event::CacheFailed(error));
        }
    }

    /// Saves for the last time.
    pub(super) fn close(&mut self, io: &mut Io) {
        self.last = true;
        if self.is_new(io) && matches!(self.stage, Stage::Waiting(_)) {
            self.save(io);
        }
    }

    fn save_changes(&mut self, io: &mut Io) {
        if std::mem::take(&mut self.changed) {
            self.save(io);
        }
    }

    fn save(&mut self, io: &mut Io) {
        self.changed = false;
        self.stage = Stage::Saving;
        io.save(Timestamp(self.known_at));
    }
}

#[cfg(test)]
mod tests;

/// After a change: others often follow at once (our choice; so much may be lost of a cache).
const PAUSE: Duration = Duration::from_secs(2);
/// Without a change (our choice).
const REFRESH: Duration = Duration::from_secs(300);
/// After a failure (our choice: a disk that is full stays full for a while).
const RETRY: Duration = Duration::from_secs(30);
