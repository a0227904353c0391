use std::time::Duration;

use super::machine::{HubMachine, Request};
use crate::exercise::follow;
use crate::{Calls, DeviceEvent, Moment};

/// A Hub that answers anything: the application never gets an action that it doesn't allow, nothing grows, and after the
/// last call the Hub has none.
///
/// Steps of two bytes, what and how much: calls, time, or that many bytes of an answer.
#[doc(hidden)]
pub fn exercise_hub(mut bytes: &[u8]) {
    let mut now = Moment::default();
    let mut machine = HubMachine::new(now, "Headset");
    let mut calls = Calls::NONE;
    while let Some(([what, much], rest)) = bytes.split_first_chunk::<2>().map(|(a, b)| (*a, b)) {
        bytes = rest;
        match what % 4 {
            0 => {
                calls = Calls {
                    ringing: much % 3,
                    active: much / 3 % 3,
                    held: much / 9 % 3,
                    muted: much > 127,
                }
            }
            1 => now = now.after(Duration::from_millis(u64::from(much) * 10)),
            2 => {
                let (body, rest) = bytes.split_at(bytes.len().min(usize::from(much) * 2));
                bytes = rest;
                if machine.handle_answer(now, &Request::Events, body).is_err() {
                    // The real one is gone; a fresh one knows no calls.
                    machine = HubMachine::new(now, "Headset");
                }
            }
            _ => {
                let (body, rest) = bytes.split_at(bytes.len().min(usize::from(much)));
                bytes = rest;
                let _ = machine.handle_answer(now, &Request::Info, body);
            }
        }
        listen(&mut machine, &mut calls);
        machine.handle_calls(calls);
        let changes = std::iter::from_fn(|| machine.poll_request(now)).take(12);
        assert!(changes.count() < 12, "the Hub is told no end of things");
        assert!(machine.due() > now, "a question makes progress");
    }
    machine.handle_calls(Calls::NONE);
    let last: Vec<_> = std::iter::from_fn(|| machine.poll_change())
        .take(12)
        .collect();
    let ends = last
        .iter()
        .all(|request| matches!(request, Request::Terminate(_)));
    assert!(ends && last.len() <= 3, "{last:?}");
}

/// An application that does every other thing it is asked.
fn listen(machine: &mut HubMachine, calls: &mut Calls) {
    let told = *calls;
    let events = std::iter::from_fn(|| machine.poll_event());
    for (number, event) in events.enumerate() {
        assert!(number < 64, "events pile up");
        let DeviceEvent::Request(action) = event else {
            panic!("{event:?}")
        };
        assert!(told.allow(action), "{action:?}");
        if number % 2 == 0 {
            follow(calls, action);
        }
    }
}
