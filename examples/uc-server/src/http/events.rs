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

#[cfg(test)]
mod tests {
    use uc_protocol::ucx::{
        Configuration, Hello, Mode, PresenceState, PresenceUpdate, paths::EventsQuery,
    };

    use super::*;
    use crate::{
        company::Company,
        exchange::{Exchange, SessionId},
        fault::Faults,
        store::{Journal, Saved},
        switchboard::{Clock, Switchboard},
    };

    async fn board() -> (Arc<Switchboard>, SessionId) {
        let clock = Clock::start();
        let exchange = Exchange::new(
            Company::twelve(),
            "e1".into(),
            Saved::default(),
            clock.now(),
        );
        let (journal, _) = Journal::start(None).unwrap();
        let hello = Hello {
            server: String::new(),
            version: String::new(),
            ucx: vec![1],
            mode: Mode::Smart,
            configuration: Configuration::default(),
            location: None,
        };
        let board = Arc::new(Switchboard::new(
            exchange,
            journal,
            mpsc::unbounded_channel().0,
            clock,
            hello,
            Faults::none(),
        ));
        let session = SessionId::of_token("330");
        let id = session.clone();
        let signed_in = board.perform(|exchange, now| {
            exchange.sign_in("330", crate::exchange::Verdict::Fits, id, now)
        });
        signed_in.await.unwrap().unwrap();
        (board, session)
    }

    async fn set_presence(board: &Switchboard, session: &SessionId) {
        let update = PresenceUpdate {
            state: PresenceState::Break,
            until: None,
            note: None,
        };
        let set = board.perform(|exchange, _| exchange.set_presence(session, update));
        set.await.unwrap().unwrap();
    }

    async fn next(body: &mut EventBody) -> Option<String> {
        let frame = body.frame().await?.unwrap();
        Some(String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_stream_has_a_comment_at_once_and_every_ten_seconds() {
        let (board, session) = board().await;
        let mut body = EventBody::new(
            board
                .subscribe(&session, None, &EventsQuery::default())
                .unwrap(),
        );
        let start = time::Instant::now();
        for seconds in [0, 10, 20] {
            assert_eq!(next(&mut body).await.as_deref(), Some(":\n\n"));
            assert_eq!(start.elapsed().as_secs(), seconds);
        }
    }

    #[tokio::test]
    async fn missed_events_come_first_and_then_the_live_ones_without_a_gap() {
        let (board, session) = board().await;
        set_presence(&board, &session).await;
        set_presence(&board, &session).await;
        let seen = "e1-1".parse().ok();
        let mut body = EventBody::new(
            board
                .subscribe(&session, seen.as_ref(), &EventsQuery::default())
                .unwrap(),
        );
        set_presence(&board, &session).await;
        for number in [2, 3] {
            let event = next(&mut body).await.unwrap();
            assert!(
                event.starts_with(&format!("id: e1-{number}\ndata: ")),
                "{event}"
            );
        }
    }

    #[tokio::test]
    async fn a_subscriber_that_lags_gets_what_was_queued_then_a_reset_then_the_end() {
        let (board, session) = board().await;
        let mut body = EventBody::new(
            board
                .subscribe(&session, None, &EventsQuery::default())
                .unwrap(),
        );
        for _ in 0..300 {
            set_presence(&board, &session).await;
        }
        for number in 1..=256 {
            let event = next(&mut body).await.unwrap();
            assert!(event.starts_with(&format!("id: e1-{number}\n")), "{event}");
        }
        let reset = next(&mut body).await.unwrap();
        assert!(reset.contains("\"reset\""), "{reset}");
        assert_eq!(next(&mut body).await, None);
    }

    #[tokio::test]
    async fn an_open_stream_counts_until_it_is_dropped() {
        let (board, session) = board().await;
        let body = EventBody::new(
            board
                .subscribe(&session, None, &EventsQuery::default())
                .unwrap(),
        );
        let day = 24 * 3_600_000;
        let reachable =
            |at| board.look(move |exchange, now| exchange.is_reachable("330", now + at));
        assert!(reachable(day));
        drop(body);
        assert!(reachable(0) && !reachable(day));
    }
}
