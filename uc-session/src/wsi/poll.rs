//! The long poll: one request after another, each answered when something has happened.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};
use uc_protocol::wsi::{Answer, Command, Done, Event, Refusal, decode_events};

use super::{account::Account, convert, desk::Applied};
use crate::{
    line::Line,
    port::{BackendError, BackendEvent, Cursor, EventSink, LinkId, ServerChange},
};

/// Polls until the line or the session ends.
pub(super) async fn listen(
    line: Weak<Line>,
    account: Arc<Account>,
    link: LinkId,
    resumed: bool,
    sink: Arc<dyn EventSink>,
) {
    if resumed {
        // Nothing is replayed: what happened meanwhile is known only by asking.
        sink.deliver(link, BackendEvent::Reset { cursor: None })
            .await;
    }
    let end = loop {
        let soonest = Instant::now() + SHORTEST_POLL;
        let Some(line) = line.upgrade() else {
            return;
        };
        let polled = poll(&line, &account).await;
        drop(line);
        let events = match polled {
            Ok(events) => events,
            Err(end) => break end,
        };
        if events.is_empty() {
            sink.deliver(link, BackendEvent::Heartbeat).await;
            sleep_until(soonest).await;
        }
        for event in read(&account, &events) {
            sink.deliver(link, event).await;
        }
    };
    tracing::debug!(link = link.0, %end, "long poll over");
    let last = match end {
        BackendError::NotSignedIn => BackendEvent::SessionEnded,
        end => BackendEvent::StreamEnded(end),
    };
    sink.deliver(link, last).await;
}

/// One poll. What is no list of events is a refusal, or nothing that can be understood.
async fn poll(line: &Line, account: &Account) -> Result<Vec<Event>, BackendError> {
    let device = account.device();
    let command = Command::GetEvents { device };
    let response = account.send(line, &command).await?;
    let unread = match decode_events(response.bytes(), account.names()) {
        Ok(events) => return Ok(events),
        Err(unread) => unread,
    };
    match Done::decode(command.name(), response.bytes(), account.names()) {
        Ok(Err(Refusal::NotLoggedIn)) => Err(BackendError::NotSignedIn),
        // The server has forgotten that we listen: begin again.
        Ok(Err(_)) => Err(BackendError::Broken {
            before_answer: false,
        }),
        Ok(Ok(Done)) => Ok(Vec::new()),
        Err(_) => Err(super::failure::of_answer(unread)),
    }
}

/// What the events of one answer come to. Whatever they leave open is asked for once, at the end.
fn read(account: &Account, events: &[Event]) -> Vec<BackendEvent> {
    let mut told = Vec::new();
    let mut unclear = false;
    for event in events {
        match event {
            Event::Call(event) => {
                let mut desk = account.desk();
                match desk.apply(event, account.now()) {
                    Applied::Call(update) => {
                        told.push(change(desk.rev().0, ServerChange::Call(update)));
                    }
                    Applied::Nothing => told.push(BackendEvent::Heartbeat),
                    Applied::Unclear => unclear = true,
                    Applied::Unreadable => told.push(BackendEvent::Undecodable),
                }
            }
            Event::Presence(people) if people.is_empty() => unclear = true,
            Event::Presence(people) => told.extend(people.iter().map(|person| {
                let rev = account.desk().next_rev();
                match convert::read_presence(person, rev) {
                    Ok(update) => change(rev.0, ServerChange::Presence(update)),
                    Err(_) => BackendEvent::Undecodable,
                }
            })),
            Event::Unreadable => told.push(BackendEvent::Undecodable),
            _ => told.push(BackendEvent::Heartbeat),
        }
    }
    if unclear {
        told.push(BackendEvent::Reset { cursor: None });
    }
    told
}

/// A place in the stream: good for nothing but to say that something was missed.
fn change(rev: u64, change: ServerChange) -> BackendEvent {
    BackendEvent::Change {
        cursor: cursor(rev),
        change,
    }
}

/// Cursors carry our own numbering.
pub(super) fn cursor(rev: u64) -> Cursor {
    Cursor(format!("wsi-{rev}"))
}

/// A server that answers at once that nothing has happened isn't asked more often (our choice).
const SHORTEST_POLL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
