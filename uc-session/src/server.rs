//! The [`Backend`] of whatever server answers.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use uc_protocol::{net::Dialer, wsi::Name};

use crate::{
    line, locked,
    port::{Backend, BackendError, EventSink, LinkId, Operation, Outcome, ServerAddress},
    ucx::{UcxBackend, UcxConfig},
    wsi::{WsiBackend, WsiConfig},
};

/// The UC functions of a server: over UCX where it is spoken, over WSI alone where it isn't.
///
/// Which it is, is found out at each sign-in, on the same connection: a server that doesn't know
/// UCX's `hello` is asked in WSI. An application never needs to know: it asks the capability set.
pub struct ServerBackend {
    ucx: UcxBackend,
    wsi: WsiBackend,
    dialer: Dialer,
    /// As of the last sign-in.
    spoken: Mutex<Spoken>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Spoken {
    #[default]
    Ucx,
    Wsi,
}

impl ServerBackend {
    /// A backend without a connection. Does no I/O. Connections are made as `ucx` says.
    pub fn new(ucx: UcxConfig, wsi: WsiConfig) -> Self {
        Self {
            dialer: Dialer::new(ucx.connection.clone()),
            ucx: UcxBackend::new(ucx),
            wsi: WsiBackend::new(wsi),
            spoken: Mutex::default(),
        }
    }

    /// See [`WsiBackend::relied_on`]; nothing while UCX is spoken.
    pub fn relied_on(&self) -> Vec<Name> {
        self.wsi.relied_on()
    }

    /// The line is there for whichever interface turns out to be spoken.
    async fn dial(&self, id: LinkId, address: &ServerAddress) -> Result<Outcome, BackendError> {
        let (line, certificate) = line::dial(&self.dialer, address).await?;
        self.ucx.adopt(id, Arc::clone(&line));
        self.wsi.adopt(id, line);
        Ok(Outcome::Dialed(certificate))
    }

    async fn sign_in(
        &self,
        operation: Operation,
        sink: &Arc<dyn EventSink>,
    ) -> Result<Outcome, BackendError> {
        let (spoken, outcome) = match self.ucx.execute(operation.clone(), sink).await {
            Err(BackendError::NoUcx) => (Spoken::Wsi, self.wsi.execute(operation, sink).await),
            outcome => (Spoken::Ucx, outcome),
        };
        if outcome.is_ok() {
            *locked(&self.spoken) = spoken;
        }
        outcome
    }

    fn spoken(&self) -> &dyn Backend {
        match *locked(&self.spoken) {
            Spoken::Ucx => &self.ucx,
            Spoken::Wsi => &self.wsi,
        }
    }
}

impl Default for ServerBackend {
    fn default() -> Self {
        Self::new(UcxConfig::default(), WsiConfig::default())
    }
}

impl fmt::Debug for ServerBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerBackend")
            .field("spoken", &*locked(&self.spoken))
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Backend for ServerBackend {
    async fn execute(
        &self,
        operation: Operation,
        sink: &Arc<dyn EventSink>,
    ) -> Result<Outcome, BackendError> {
        match operation {
            Operation::Dial { link, address } => self.dial(link, &address).await,
            operation @ Operation::SignIn { .. } => self.sign_in(operation, sink).await,
            operation @ Operation::Close { .. } => {
                self.ucx.execute(operation.clone(), sink).await?;
                self.wsi.execute(operation, sink).await
            }
            operation => self.spoken().execute(operation, sink).await,
        }
    }
}
