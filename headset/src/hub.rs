//! Headsets behind Plantronics Hub, the program that Plantronics (Poly) ships with them: a service on this
//! computer that speaks of calls, not of reports.

mod answer;
mod exercise;
mod http;
mod machine;

use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

use thiserror::Error;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

#[doc(hidden)]
pub use self::exercise::exercise_hub;
use self::{http::Http, machine::HubMachine, machine::Request};
use crate::{CallControlDevice, Calls, DeviceError, DeviceEvent, Moment};

/// Why no headset can be used through Plantronics Hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum HubError {
    /// Nothing listens at its port.
    #[error("Plantronics Hub isn't running: install or start it")]
    NotRunning,
    /// It has no headset.
    #[error("Plantronics Hub has no headset: plug one in")]
    NoHeadset,
    /// It took longer than 2 s to answer.
    #[error("Plantronics Hub doesn't answer")]
    TimedOut,
    /// The connection broke before the answer was whole, or it is no HTTP.
    #[error("the connection to Plantronics Hub broke")]
    Broken,
    /// It answers with this HTTP status.
    #[error("Plantronics Hub answers with the HTTP status {0}")]
    Status(u16),
    /// An answer is longer than 64 KiB.
    #[error("an answer of Plantronics Hub is too long")]
    TooLong,
    /// An answer is not what the service is known to give.
    #[error("an answer of Plantronics Hub isn't understood")]
    Malformed,
    /// The system gave no thread or no timer for it.
    #[error("the system has no means left to talk to Plantronics Hub")]
    System,
}

/// Which Hub, and as whom. It is this computer's always: nothing is sent to any other address than 127.0.0.1.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HubConfig {
    /// The application's name, under which the Hub knows its calls; two that run at once need two. At most 64
    /// characters count.
    pub application: Box<str>,
    /// Its TCP port. Default 32017, without TLS.
    pub port: u16,
}

impl HubConfig {
    /// The Hub at its usual port.
    pub fn new(application: &str) -> Self {
        Self {
            application: application.chars().take(64).collect(),
            port: 32_017,
        }
    }

    /// At another port.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }
}

/// The headset that Plantronics Hub has.
///
/// Has a thread of its own, as the service has to be asked again and again and may be slow: no method but
/// [`CallControlDevice::wait`] blocks. The Hub is asked four times a second during calls and every two seconds
/// without. Gone is the headset when it is unplugged, and also when the Hub ends or answers what isn't understood.
///
/// Dropping it ends its calls at the Hub, and the thread within some seconds.
pub struct HubHeadset {
    model: Box<str>,
    calls: watch::Sender<Calls>,
    events: Receiver<DeviceEvent>,
    /// What [`CallControlDevice::wait`] received.
    waiting: Option<DeviceEvent>,
}

impl fmt::Debug for HubHeadset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubHeadset")
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

impl HubHeadset {
    /// Asks the Hub for its headset; blocks for some seconds at most.
    pub fn connect(config: &HubConfig) -> Result<Self, HubError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|_| HubError::System)?;
        let (calls, told) = watch::channel(Calls::NONE);
        let (sender, events) = sync_channel(MOST_EVENTS);
        let (connected, model) = sync_channel(1);
        let hub = Hub {
            http: Http::new(config.port),
            application: config.application.clone(),
            started: Instant::now(),
        };
        std::thread::Builder::new()
            .name("headset-hub".to_owned())
            .spawn(move || runtime.block_on(hub.run(&connected, told, &sender)))
            .map_err(|_| HubError::System)?;
        // A thread that ends without a word has lost its Hub.
        let model = model.recv().unwrap_or(Err(HubError::Broken))?;
        Ok(Self {
            model,
            calls,
            events,
            waiting: None,
        })
    }
}

impl CallControlDevice for HubHeadset {
    fn model(&self) -> &str {
        &self.model
    }

    fn wait(&mut self, timeout: Duration) -> Result<(), DeviceError> {
        if self.waiting.is_none() {
            self.waiting = match self.events.recv_timeout(timeout) {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Err(DeviceError::Gone),
            };
        }
        Ok(())
    }

    fn poll(&mut self, _now: Moment) -> Result<Option<DeviceEvent>, DeviceError> {
        loop {
            let event = match self
                .waiting
                .take()
                .map_or_else(|| self.events.try_recv(), Ok)
            {
                Ok(event) => event,
                Err(TryRecvError::Empty) => return Ok(None),
                Err(TryRecvError::Disconnected) => return Err(DeviceError::Gone),
            };
            // Between the Hub's word and this the calls may have changed.
            match event {
                DeviceEvent::Request(action) if !self.calls.borrow().allow(action) => {}
                event => return Ok(Some(event)),
            }
        }
    }

    fn set_calls(&mut self, _now: Moment, calls: Calls) -> Result<(), DeviceError> {
        self.calls.send(calls).map_err(|_| DeviceError::Gone)
    }
}

/// The thread's side.
struct Hub {
    http: Http,
    application: Box<str>,
    started: Instant,
}

type Connected = SyncSender<Result<Box<str>, HubError>>;

impl Hub {
    async fn run(
        self,
        connected: &Connected,
        calls: watch::Receiver<Calls>,
        events: &SyncSender<DeviceEvent>,
    ) {
        let model = match timeout(PATIENCE, self.connect()).await {
            Ok(Ok(model)) => model,
            Ok(Err(error)) => return drop(connected.send(Err(error))),
            Err(_) => return drop(connected.send(Err(HubError::TimedOut))),
        };
        let mut machine = HubMachine::new(self.now(), &model);
        if connected.send(Ok(model)).is_ok() {
            // Whatever it is, for the application the headset is gone; it may ask for it anew.
            let _ = self.serve(&mut machine, calls, events).await;
        }
        let _ = timeout(PATIENCE, self.leave(&mut machine)).await;
    }

    /// Makes the application known; what it had at the Hub before is forgotten.
    async fn connect(&self) -> Result<Box<str>, HubError> {
        for request in [Request::UnRegister, Request::Register, Request::Activate] {
            // Registered already, or not yet: both are normal, and answered as errors.
            self.get(&request).await?;
        }
        answer::model(&self.get(&Request::Info).await?)
    }

    /// Until the headset, the Hub or the application's interest is gone.
    async fn serve(
        &self,
        machine: &mut HubMachine,
        mut calls: watch::Receiver<Calls>,
        events: &SyncSender<DeviceEvent>,
    ) -> Result<(), HubError> {
        loop {
            machine.handle_calls(*calls.borrow_and_update());
            while let Some(request) = machine.poll_request(self.now()) {
                let body = self.get(&request).await?;
                machine.handle_answer(self.now(), &request, &body)?;
                while let Some(event) = machine.poll_event() {
                    // An application that doesn't ask for 64 events misses the next.
                    let _ = events.try_send(event);
                }
            }
            tokio::select! {
                changed = calls.changed() => if changed.is_err() { return Ok(()) },
                () = sleep_until(self.started + machine.due().0) => {}
            }
        }
    }

    /// Ends what is left of the calls, and is forgotten.
    async fn leave(&self, machine: &mut HubMachine) -> Result<(), HubError> {
        machine.handle_calls(Calls::NONE);
        while let Some(request) = machine.poll_change() {
            self.get(&request).await?;
        }
        self.get(&Request::UnRegister).await.map(drop)
    }

    async fn get(&self, request: &Request) -> Result<Vec<u8>, HubError> {
        self.http.get(&request.path(&self.application)).await
    }

    fn now(&self) -> Moment {
        Moment(self.started.elapsed())
    }
}

/// Events that wait for the application (our choice), then new ones are lost.
const MOST_EVENTS: usize = 64;

/// So long it may take to connect, and to leave (our choice).
const PATIENCE: Duration = Duration::from_secs(5);
