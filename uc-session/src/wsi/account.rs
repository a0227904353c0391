//! Who is signed in: the session, and what it has learnt.

use std::sync::{Arc, Mutex, MutexGuard};

use uc_model::{Rev, Timestamp};
use uc_protocol::{
    net::{Request, Response},
    ucx::Secret,
    wsi::{Answer, Command, Names, WsiError},
};

use super::{desk::Desk, failure};
use crate::{clock::Clock, line::Line, locked, port::BackendError};

/// A signed-in user. Survives the line it was made on.
pub(super) struct Account {
    pub(super) user: String,
    session: Secret,
    names: Arc<Names>,
    clock: Arc<dyn Clock>,
    desk: Mutex<Desk>,
}

impl Account {
    /// `after`: the newest revision that an earlier account has given.
    pub(super) fn new(
        user: String,
        session: Secret,
        names: Arc<Names>,
        clock: Arc<dyn Clock>,
        after: Rev,
    ) -> Self {
        Self {
            desk: Mutex::new(Desk::new(user.clone(), after)),
            user,
            session,
            names,
            clock,
        }
    }

    pub(super) fn names(&self) -> &Names {
        &self.names
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp(self.clock.now().wall_ms)
    }

    pub(super) fn desk(&self) -> MutexGuard<'_, Desk> {
        locked(&self.desk)
    }

    /// The telephone that is controlled: the user's internal number, which is also the user's name,
    /// or the number of an assigned telephone.
    pub(super) fn device(&self) -> String {
        self.desk().device().to_owned()
    }

    /// Controls this telephone from now on.
    pub(super) fn control(&self, device: &str) {
        let mut desk = self.desk();
        if desk.device() != device {
            *desk = Desk::new(device.to_owned(), desk.rev());
        }
    }

    /// Sends a command and reads its answer.
    pub(super) async fn ask<T: Answer>(
        &self,
        line: &Line,
        command: &Command,
    ) -> Result<T, BackendError> {
        let response = self.send(line, command).await?;
        let answer = T::decode(command.name(), response.bytes(), &self.names);
        let answer = answer.map_err(|error: WsiError| failure::of_answer(error))?;
        answer.map_err(|refusal| failure::of_refusal(&refusal, &self.names))
    }

    /// Sends a command. One that only reads is sent once more where the connection had broken.
    pub(super) async fn send(
        &self,
        line: &Line,
        command: &Command,
    ) -> Result<Response, BackendError> {
        let query = command.query(&self.names, Some(&self.session));
        let request = Request::wsi(&query);
        if command.only_reads() {
            return line.read(line.link(), request).await;
        }
        let sent = line.exchange(line.link(), request).await;
        sent.map_err(failure::never_again)
    }
}
