//! One link of a real server, whatever is spoken on it: an accepted connection, the requests at work
//! and what listens for events.

use std::{
    future::Future,
    sync::{Arc, Mutex},
};

use tokio::{sync::watch, task::AbortHandle};
use uc_protocol::net::{self, Dialed, Dialer, HostPort, Link, Request, RequestError, Response};

use crate::{
    locked,
    port::{BackendError, Certificate, DialFailure, ServerAddress},
    ucx::failure,
};

/// A line that was dialled and not closed yet. Dropping it closes its connections and ends its
/// listener; requests at work end with [`BackendError::Closed`].
pub(crate) struct Line {
    link: Link,
    listener: Mutex<Option<AbortHandle>>,
    closed: watch::Sender<bool>,
}

/// TCP and TLS to `address`, and the certificate to judge.
pub(crate) async fn dial(
    dialer: &Dialer,
    address: &ServerAddress,
) -> Result<(Arc<Line>, Certificate), BackendError> {
    let address = host_port(address)?;
    let dialed = dialer.dial(&address).await;
    let dialed = dialed.map_err(|error| failure::of_dial(&error))?;
    let certificate = read_certificate(dialed.certificate());
    Ok((Arc::new(Line::new(dialed)), certificate))
}

impl Line {
    fn new(dialed: Dialed) -> Self {
        Self {
            link: dialed.into_link(),
            listener: Mutex::default(),
            closed: watch::Sender::new(false),
        }
    }

    /// The connections, without anybody signed in.
    pub(crate) const fn link(&self) -> &Link {
        &self.link
    }

    /// Ends the listener and every request at work.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
        self.end_listener();
    }

    /// Sends a request once.
    pub(crate) async fn exchange(
        &self,
        link: &Link,
        request: Request,
    ) -> Result<Response, BackendError> {
        let answer = self.unless_closed(link.request(request)).await?;
        answer.map_err(|error| failure::of_request(&error))
    }

    /// Sends a request that changes nothing: where the connection broke before an answer, as an
    /// idle one may, it is sent once more on another connection.
    pub(crate) async fn read(
        &self,
        link: &Link,
        request: Request,
    ) -> Result<Response, BackendError> {
        let sent = self.unless_closed(link.request(request.clone())).await?;
        match sent {
            Err(error) if error.may_resend() => self.exchange(link, request).await,
            sent => sent.map_err(|error| failure::of_request(&error)),
        }
    }

    /// Does `work` for as long as the line is open.
    pub(crate) async fn unless_closed<T>(
        &self,
        work: impl Future<Output = Result<T, RequestError>>,
    ) -> Result<Result<T, RequestError>, BackendError> {
        let mut closed = self.closed.subscribe();
        tokio::select! {
            biased;
            _ = closed.wait_for(|closed| *closed) => Err(BackendError::Closed),
            done = work => Ok(done),
        }
    }

    /// Listens for events, in place of an older listener, until the line is closed.
    pub(crate) fn listen(&self, listener: impl Future<Output = ()> + Send + 'static) {
        self.end_listener();
        let task = tokio::spawn(listener);
        *locked(&self.listener) = Some(task.abort_handle());
        if *self.closed.borrow() {
            self.end_listener();
        }
    }

    fn end_listener(&self) {
        if let Some(listener) = locked(&self.listener).take() {
            listener.abort();
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.end_listener();
    }
}

/// The address as transports take it.
pub(crate) fn host_port(address: &ServerAddress) -> Result<HostPort, BackendError> {
    HostPort::new(&address.host, address.port)
        .map_err(|_| BackendError::Dial(DialFailure::NameNotFound))
}

/// The transport counts milliseconds, the port seconds.
pub(crate) fn read_certificate(certificate: &net::Certificate) -> Certificate {
    Certificate {
        sha256: certificate.fingerprint.0,
        subject: certificate.subject.clone(),
        issuer: certificate.issuer.clone(),
        not_before: certificate.not_before.div_euclid(1000),
        not_after: certificate.not_after.div_euclid(1000),
    }
}
