use std::time::Duration;

use super::{
    Why,
    calls::Calls,
    connection::Connection,
    io::{Io, Purpose},
};
use crate::port::Operation;

/// The end of a client, in order, and never longer than [`PATIENCE`] for each stage.
///
/// ```text
///   No ──▶ HangingUp ──▶ SigningOut ──▶ Closing ──▶ Stopped
///             (calls)     (if wanted)    (sockets, devices)
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

    pub(super) fn handle_timeout(
        &mut self,
        io: &mut Io,
        connection: &mut Connection,
        calls: &mut Calls,
    ) {
        if self.stage != Stage::No && io.time() >= self.until {
            self.next_stage(io, connection, calls);
        }
    }

    /// Goes on as far as it can.
    pub(super) fn settle(&mut self, io: &mut Io, connection: &mut Connection, calls: &mut Calls) {
        while self.begun && self.is_done(io, calls) {
            self.next_stage(io, connection, calls);
        }
    }

    fn is_done(&self, io: &Io, calls: &Calls) -> bool {
        match self.stage {
            Stage::No => true,
            Stage::HangingUp => calls.are_quiet(),
            Stage::SigningOut => self.answered,
            Stage::Closing => !io.is_under_way(|purpose| purpose == Purpose::Close),
            Stage::Stopped => false,
        }
    }

    fn next_stage(&mut self, io: &mut Io, connection: &mut Connection, calls: &mut Calls) {
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
                Stage::Closing
            }
            Stage::Closing | Stage::Stopped => Stage::Stopped,
        };
    }
}

/// So long each stage may take (our choice; a person waits for it).
const PATIENCE: Duration = Duration::from_secs(2);
