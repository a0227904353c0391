use super::*;

const RINGING: Calls = Calls {
    ringing: 1,
    ..Calls::NONE
};
const ACTIVE: Calls = Calls {
    active: 1,
    ..Calls::NONE
};
const HELD: Calls = Calls {
    held: 1,
    ..Calls::NONE
};

fn at(milliseconds: u64) -> Moment {
    Moment(Duration::from_millis(milliseconds))
}

fn machine() -> HubMachine {
    HubMachine::new(at(0), "Headset")
}

/// What the Hub is told of these calls.
fn told(machine: &mut HubMachine, calls: Calls) -> Vec<Request> {
    machine.handle_calls(calls);
    std::iter::from_fn(|| machine.poll_change()).collect()
}

/// What the application is asked when the Hub says this of a call.
fn asked(machine: &mut HubMachine, action: u8, call: u32) -> Vec<Action> {
    let body = format!(r#"{{"Result":[{{"Action":{action},"CallId":{{"Id":{call}}}}}]}}"#);
    let heard = machine.handle_answer(at(0), &Request::Events, body.as_bytes());
    assert_eq!(heard, Ok(()));
    let events = std::iter::from_fn(|| machine.poll_event());
    let action = |event| match event {
        DeviceEvent::Request(action) => action,
        DeviceEvent::Notice(notice) => panic!("{notice:?}"),
    };
    events.map(action).collect()
}

#[test]
fn a_call_is_answered_held_retrieved_and_ended_and_echoes_are_none() {
    let mut hub = machine();
    assert_eq!(told(&mut hub, RINGING), [Request::Incoming(1)]);
    assert_eq!(asked(&mut hub, 1, 1), [Action::Answer]);
    let answered = [Request::Answer(1), Request::Mute(false)];
    assert_eq!(told(&mut hub, ACTIVE), answered);
    assert_eq!(asked(&mut hub, 1, 1), []);
    assert_eq!(asked(&mut hub, 3, 1), [Action::Hold]);
    assert_eq!(told(&mut hub, HELD), [Request::Hold(1)]);
    assert_eq!(asked(&mut hub, 3, 1), []);
    assert_eq!(asked(&mut hub, 4, 1), [Action::Retrieve]);
    assert_eq!(told(&mut hub, ACTIVE), [Request::Resume(1)]);
    assert_eq!(asked(&mut hub, 4, 1), []);
    assert_eq!(asked(&mut hub, 2, 1), [Action::End]);
    assert_eq!(told(&mut hub, Calls::NONE), [Request::Terminate(1)]);
    assert_eq!(asked(&mut hub, 2, 1), []);
    assert_eq!(told(&mut hub, ACTIVE)[0], Request::Outgoing(2));
}

#[test]
fn a_ringing_call_is_rejected_by_either_word_and_another_calls_words_do_nothing() {
    let mut hub = machine();
    told(&mut hub, RINGING);
    assert_eq!(asked(&mut hub, 23, 1), [Action::Reject]);
    assert_eq!(asked(&mut hub, 2, 1), [Action::Reject]);
    assert_eq!(asked(&mut hub, 1, 2), []);
}

#[test]
fn flash_swaps_and_with_parallel_calls_none_is_answered() {
    let mut hub = machine();
    told(&mut hub, Calls { held: 1, ..ACTIVE });
    assert_eq!(asked(&mut hub, 5, 0), [Action::Swap]);
    let second = Calls {
        ringing: 1,
        ..ACTIVE
    };
    assert!(!told(&mut hub, second).contains(&Request::Incoming(3)));
}

#[test]
fn mute_goes_both_ways_and_one_that_is_not_carried_out_is_taken_back() {
    let mut hub = machine();
    told(&mut hub, ACTIVE);
    assert_eq!(asked(&mut hub, 11, 0), [Action::Mute(true)]);
    assert_eq!(told(&mut hub, ACTIVE), []);
    assert_ne!(hub.poll_request(at(999)), Some(Request::Mute(false)));
    assert_eq!(hub.poll_request(at(1_000)), Some(Request::Mute(false)));
    let muted = Calls {
        muted: true,
        ..ACTIVE
    };
    assert_eq!(told(&mut hub, muted), [Request::Mute(true)]);
    assert_eq!(asked(&mut hub, 11, 0), []);
    assert_eq!(asked(&mut hub, 12, 0), [Action::Mute(false)]);
}

#[test]
fn from_any_calls_to_any_others_the_hub_ends_up_with_what_lamps_would_show() {
    let all: Vec<_> = (0..27_u8)
        .map(|number| Calls {
            ringing: number % 3,
            active: number / 3 % 3,
            held: number / 9,
            muted: number % 2 == 1,
        })
        .collect();
    for (from, to) in all
        .iter()
        .flat_map(|from| all.iter().map(move |to| (*from, *to)))
    {
        let mut hub = machine();
        told(&mut hub, from);
        let changes = told(&mut hub, to);
        assert!(changes.len() <= 7, "{from:?} to {to:?}: {changes:?}");
        let wanted = hub.wanted();
        for state in [State::Ringing, State::Active, State::Held] {
            let count = hub.lines.iter().filter(|line| line.state == state).count();
            assert_eq!(count, usize::from(wanted.has(state)), "{from:?} to {to:?}");
        }
    }
}

#[test]
fn events_are_asked_for_four_times_a_second_in_a_call_and_every_two_seconds_without() {
    let mut hub = machine();
    let asked = |hub: &mut HubMachine, until: u64| {
        let mut asked = Vec::new();
        while hub.due() < at(until) {
            let now = hub.due();
            while let Some(request) = hub.poll_request(now) {
                asked.push(request);
            }
            assert!(hub.due() > now);
        }
        let count = |wanted: Request| asked.iter().filter(|request| **request == wanted).count();
        (count(Request::Events), count(Request::Info))
    };
    assert_eq!(asked(&mut hub, 10_000), (5, 4));
    hub.handle_calls(ACTIVE);
    assert_eq!(asked(&mut hub, 20_000), (40, 5));
}

#[test]
fn a_headset_that_is_removed_or_another_one_is_gone() {
    let mut hub = machine();
    let removed = br#"{"Result":[{"Action":34}]}"#;
    let heard = hub.handle_answer(at(0), &Request::Events, removed);
    assert_eq!(heard, Err(HubError::NoHeadset));
    let other = br#"{"Result":{"ProductName":"Another"}}"#;
    let heard = hub.handle_answer(at(0), &Request::Info, other);
    assert_eq!(heard, Err(HubError::NoHeadset));
    let same = br#"{"Result":{"ProductName":"Headset"}}"#;
    assert_eq!(hub.handle_answer(at(0), &Request::Info, same), Ok(()));
}

#[test]
fn whatever_an_application_is_called_its_requests_are_well_formed() {
    let path = Request::Hold(7).path("Ünïty & \"co\"\r\n");
    let expected = "/Spokes/CallServices/HoldCall?name=%C3%9Cn%C3%AFty%20%26%20%22co%22%0D%0A&callID=%7B%22Id%22%3A%227%22%7D";
    assert_eq!(path, expected);
}
