use std::time::Duration;

use super::{
    Why,
    calls::Calls,
    connection::Connection,
    io::{Io, Purpose},
    keeping::Keeping,
};
use crate::port::Operation;

/// The end of a client, in order, and never longer than [`PATIENCE`] for each stage.
///
/// ```text
///   No ──▶ HangingUp ──▶ SigningOut ──▶ Closing ──▶ Stopped
///             (calls)     (if wanted)    (sockets, devices, the last save)
/// ```
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    No,
    HangingUp,
    SigningOut,
    Closing,
    Stopped,
}

/// What a shutdown brings to its end.
pub(super) struct Parts<'a> {
    pub(super) io: &'a mut Io,
    pub(super) connection: &'a mut Connection,
    pub(super) calls: &'a mut Calls,
    pub(super) keeping: &'a mut Keeping,
}

/// See [`Stage`].
#[derive(Debug, Default)]
pub(super) struct Shutdown {
    stage: Stage,
    sign_out: bool,
    until: Duration,
    begun: bool,
    answered: bool,
}

impl Shutdown {
    /// Nothing may be asked any more.
    pub(super) fn begin(&mut self, io: &Io, sign_out: bool) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        self.sign_out = sign_out;
        self.until = io.time() + PATIENCE;
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.begun
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stage == Stage::Stopped
    }

    /// The server has answered to the sign-out, in one way or another.
    pub(super) const fn signed_out(&mut self) {
        self.answered = true;
    }

    pub(super) fn next_timeout(&self) -> Option<(Duration, Why)> {
        let waits = self.begun && self.stage != Stage::Stopped;
        waits.then_some((self.until, Why::Shutdown))
    }

    pub(super) fn handle_timeout(&mut self, parts: &mut Parts<'_>) {
        if self.stage != Stage::No && parts.io.time() >= self.until {
            self.next_stage(parts);
        }
    }

    /// Goes on as far as it can.
    pub(super) fn settle(&mut self, parts: &mut Parts<'_>) {
        while self.begun && self.is_done(parts) {
            self.next_stage(parts);
        }
    }

    fn is_done(&self, Parts { io, calls, .. }: &Parts<'_>) -> bool {
        let ending = |purpose| matches!(purpose, Purpose::Close | Purpose::Save);
        match self.stage {
            Stage::No => true,
            Stage::HangingUp => calls.are_quiet(),
            Stage::SigningOut => self.answered,
            Stage::Closing => !io.is_under_way(ending),
            Stage::Stopped => false,
        }
    }

    fn next_stage(&mut self, parts: &mut Parts<'_>) {
        let Parts {
            io,
            connection,
            calls,
            keeping,
        } = parts;
        self.until = io.time() + PATIENCE;
        self.stage = match self.stage {
            Stage::No => {
                calls.hang_up_all(io);
                Stage::HangingUp
            }
            Stage::HangingUp => {
                match connection.link().filter(|_| self.sign_out) {
                    Some(link) => {
                        io.operate(Purpose::SignOut, Operation::SignOut { link });
                    }
                    None => self.answered = true,
                }
                Stage::SigningOut
            }
            Stage::SigningOut => {
                calls.close(io);
                connection.close(io);
                keeping.close(io);
                Stage::Closing
            }
            Stage::Closing | Stage::Stopped => Stage::Stopped,
        };
    }
}

/// So long each stage may take (our choice; a person waits for it).
const PATIENCE: Duration = Duration::from_secs(2);
