use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
};

/// What tests do to a server's connections. Not for production.
#[derive(Debug, Clone)]
pub(crate) struct Faults {
    silence: Arc<Silence>,
    delay_ms: Arc<AtomicU64>,
    cuts: watch::Sender<u64>,
}

impl Faults {
    pub(crate) fn none() -> Self {
        Self {
            silence: Arc::new(Silence::default()),
            delay_ms: Arc::new(AtomicU64::new(0)),
            cuts: watch::Sender::new(0),
        }
    }

    pub(crate) fn silence(&self, on: bool) {
        self.silence.set(on);
    }

    pub(crate) fn set_delay(&self, delay: Duration) {
        let delay = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.delay_ms.store(delay, Ordering::Relaxed);
    }

    /// Waits as long as tests want every answer to take.
    pub(crate) async fn delay(&self) {
        let delay = self.delay_ms.load(Ordering::Relaxed);
        if delay > 0 {
            tokio::time::sleep(Duration::from_millis(delay)).await;
        }
    }

    pub(crate) fn cut_connections(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Changes when connections are to be cut.
    pub(crate) fn cuts(&self) -> watch::Receiver<u64> {
        self.cuts.subscribe()
    }

    /// A stream that obeys [`Faults::silence`].
    pub(crate) fn wrap<S>(&self, stream: S) -> Silenceable<S> {
        Silenceable {
            stream,
            silence: self.silence.clone(),
        }
    }
}

/// A stream that can fall silent without being closed, as if all packets were dropped.
pub(crate) struct Silenceable<S> {
    stream: S,
    silence: Arc<Silence>,
}

#[derive(Debug, Default)]
struct Silence(Mutex<Silenced>);

#[derive(Debug, Default)]
struct Silenced {
    on: bool,
    waiting: Vec<Waker>,
}

impl Silence {
    fn set(&self, on: bool) {
        let waiting = {
            let mut silenced = self.lock();
            silenced.on = on;
            std::mem::take(&mut silenced.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Whether there is silence; then the task is woken at its end.
    fn holds(&self, context: &Context<'_>) -> bool {
        let mut silenced = self.lock();
        if silenced.on
            && !silenced
                .waiting
                .iter()
                .any(|w| w.will_wake(context.waker()))
        {
            silenced.waiting.push(context.waker().clone());
        }
        silenced.on
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Silenced> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Silenceable<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.silence.holds(context) {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Silenceable<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.silence.holds(context) {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.silence.holds(context) {
            return Poll::Pending;
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
