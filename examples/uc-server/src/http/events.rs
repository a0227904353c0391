use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame};
use tokio::{sync::mpsc, time};
use uc_protocol::{
    limits::HEARTBEAT_S,
    sse,
    ucx::{Event, EventId},
};

use super::{Body, encode};
use crate::{
    exchange::Logged,
    store::Delivery,
    switchboard::{OpenStream, Subscription},
};

/// The answer to `GET /uc/v1/events`.
pub(super) fn respond(subscription: Subscription) -> Response<Body> {
    let mut response = Response::new(EventBody::new(subscription).boxed_unsync());
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("text/event-stream");
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What was missed, then what happens, with a comment in every silence; at the end a reset where
/// the client was too slow.
struct EventBody {
    epoch: Box<str>,
    /// The newest number that this client has got or doesn't need.
    number: u64,
    reset_first: bool,
    backlog: VecDeque<Arc<Logged>>,
    deliveries: mpsc::Receiver<Delivery>,
    lagged: Arc<AtomicBool>,
    heartbeat: time::Interval,
    over: bool,
    stream: OpenStream,
}

impl EventBody {
    fn new(subscription: Subscription) -> Self {
        let backlog = subscription.backlog;
        let mut heartbeat = time::interval(Duration::from_secs(HEARTBEAT_S));
        heartbeat.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        Self {
            epoch: backlog.epoch,
            number: backlog.reset_at.unwrap_or(0),
            reset_first: backlog.reset_at.is_some(),
            backlog: backlog.events.into(),
            deliveries: subscription.deliveries,
            lagged: subscription.lagged,
            heartbeat,
            over: false,
            stream: subscription.stream,
        }
    }

    fn write(&self, event: &Event) -> Bytes {
        let id = EventId {
            epoch: self.epoch.clone(),
            number: self.number,
        };
        let data = encode(event);
        let mut out = Vec::with_capacity(data.len() + 64);
        sse::write_event(&mut out, Some(&id), &String::from_utf8_lossy(&data));
        out.into()
    }

    /// The event as this client sees it; nothing where another client's call is concerned.
    fn take(&mut self, logged: &Logged) -> Option<Bytes> {
        self.number = logged.number;
        let event = logged.view(&self.stream.session)?;
        Some(self.write(&event))
    }

    fn finish(&mut self, last: &Event) -> Bytes {
        self.over = true;
        self.write(last)
    }

    fn poll_live(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            match self.deliveries.poll_recv(context) {
                Poll::Ready(Some(Delivery::Event(logged))) => {
                    if let Some(bytes) = self.take(&logged) {
                        return Poll::Ready(Some(bytes));
                    }
                }
                Poll::Ready(Some(Delivery::Ended)) => {
                    return Poll::Ready(Some(self.finish(&Event::SessionEnded)));
                }
                Poll::Ready(None) if self.lagged.load(Ordering::Acquire) => {
                    return Poll::Ready(Some(self.finish(&Event::Reset)));
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl HttpBody for EventBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        if this.over {
            return Poll::Ready(None);
        }
        let send = |bytes| Poll::Ready(Some(Ok(Frame::data(bytes))));
        if std::mem::take(&mut this.reset_first) {
            return send(this.write(&Event::Reset));
        }
        while let Some(logged) = this.backlog.pop_front() {
            if let Some(bytes) = this.take(&logged) {
                return send(bytes);
            }
        }
        match this.poll_live(context) {
            Poll::Ready(Some(bytes)) => return send(bytes),
            Poll::Ready(None) => return Poll::Ready(None),
            Poll::Pending => {}
        }
        if this.heartbeat.poll_tick(context).is_ready() {
            let mut out = Vec::new();
            sse::write_heartbeat(&mut out);
            return send(out.into());
        }
        Poll::Pending
    }
}
