use std::{fmt::Write, time::Duration};

use uc_model::{
    Action,
    CallDirection::{Incoming, Outgoing},
    CallId, ConnectionState as S, FailureCause, PhoneNumber,
};

use super::{Machine, Phase};
use crate::{
    core::{
        Command, Input, MediaCommand, MediaOutcome, Output, Reply, Request,
        rig::{Rig, update},
    },
    port::{
        BackendError, BackendEvent, Beside, CallUpdate, Cursor, FarEnd, MediaError, MediaEvent,
        Operation, Outcome, ServerChange, Service,
    },
};

/// Where the only call is: phase, own and other connection, sound, pending request.
fn name(rig: &Rig) -> String {
    let Some(machine) = rig.core.calls.machines.values().next() else {
        return "(gone)".into();
    };
    let phase = match &machine.phase {
        Phase::Preparing(_) => "Preparing".to_owned(),
        Phase::Dialling(_) => "Dialling".to_owned(),
        Phase::Known(call) => format!("{:?}/{:?}", call.local, call.remote.state),
        Phase::Over(_) => "Over".to_owned(),
    };
    let sound = machine.sound.as_ref().map_or("", |_| " sound");
    let pending = machine
        .pending
        .as_ref()
        .map(|p| format!(" {:?}…", p.action));
    let clearing = if machine.clearing { " Clear…" } else { "" };
    let beside = rig.core.calls.engaged_with_another(&id());
    let beside = beside.map(|action| format!(" {action:?}…"));
    let calls = match rig.core.calls.machines.len() {
        1 => String::new(),
        more => format!(" ({more} calls)"),
    };
    format!(
        "{phase}{sound}{}{}{clearing}{calls}",
        pending.unwrap_or_default(),
        beside.unwrap_or_default()
    )
}

/// The same of a second call, which a desk phone or another client could carry as well.
fn second(mut update: CallUpdate) -> CallUpdate {
    update.call.id = CallId::new("c2").unwrap();
    update.carried_here = false;
    update
}

/// With somebody else at the far end.
fn handed_over(mut update: CallUpdate, offers: bool) -> CallUpdate {
    update.description = None;
    update.far_end = FarEnd {
        number: 1,
        offers,
        generation: 1,
    };
    update
}

fn over(mut update: CallUpdate, cause: FailureCause) -> CallUpdate {
    update.call.cause = Some(cause);
    update
}

fn beside(rig: &mut Rig, service: Beside) {
    let held = CallId::new("c2").unwrap();
    let call = id();
    rig.request(Request::Beside {
        service,
        call,
        held,
    });
}

fn id() -> CallId {
    CallId::new("c1").unwrap()
}

fn tell(rig: &mut Rig, update: CallUpdate) {
    let cursor = Cursor(format!("e-{}", update.call.rev.0));
    let change = ServerChange::Call(Box::new(update));
    let link = rig.link();
    rig.input(Input::Backend {
        link,
        event: BackendEvent::Change { cursor, change },
    });
}

fn serve(rig: &mut Rig, result: Result<Outcome, BackendError>) -> bool {
    rig.complete(|o| matches!(o, Operation::Service { .. }), result)
}

fn outcome(update: CallUpdate) -> Result<Outcome, BackendError> {
    Ok(Outcome::Call(Box::new(update)))
}

fn act(rig: &mut Rig, action: Action) {
    rig.request(Request::Act { call: id(), action });
}

type Reach = fn() -> Rig;
type Happening = fn(&mut Rig);

/// Every state a call can be in, as steps of a call's life.
const STATES: &[(&str, Reach)] = &[
    ("preparing", || {
        let mut rig = Rig::live();
        rig.request(Request::Call {
            to: PhoneNumber::new("331").unwrap(),
        });
        rig
    }),
    ("dialling", || {
        let mut rig = STATES[0].1();
        rig.complete_media(Ok(MediaOutcome::Done));
        rig.description();
        rig
    }),
    ("ringing there", || {
        let mut rig = STATES[1].1();
        serve(
            &mut rig,
            outcome(update(10, Outgoing, S::Connected, S::Alerting, true)),
        );
        rig
    }),
    ("ringing here", || {
        let mut rig = Rig::live();
        tell(
            &mut rig,
            update(10, Incoming, S::Alerting, S::Connected, false),
        );
        rig
    }),
    ("answering, sound", || {
        let mut rig = STATES[3].1();
        act(&mut rig, Action::Answer);
        rig
    }),
    ("answering, asked", || {
        let mut rig = STATES[4].1();
        rig.complete_media(Ok(MediaOutcome::Done));
        rig.description();
        rig
    }),
    ("connected", || {
        let mut rig = STATES[5].1();
        serve(
            &mut rig,
            outcome(update(11, Incoming, S::Connected, S::Connected, true)),
        );
        rig
    }),
    ("holding", || {
        let mut rig = STATES[6].1();
        act(&mut rig, Action::Hold);
        rig
    }),
    ("held", || {
        let mut rig = STATES[7].1();
        serve(
            &mut rig,
            outcome(update(12, Incoming, S::Hold, S::Connected, true)),
        );
        rig
    }),
    ("retrieving", || {
        let mut rig = STATES[8].1();
        rig.description();
        serve(
            &mut rig,
            outcome(update(13, Incoming, S::Hold, S::Connected, true)),
        );
        act(&mut rig, Action::Retrieve);
        rig
    }),
    ("hanging up", || {
        let mut rig = STATES[6].1();
        act(&mut rig, Action::Clear);
        rig
    }),
    ("beside a held call", || {
        let mut rig = STATES[6].1();
        tell(
            &mut rig,
            second(update(12, Outgoing, S::Hold, S::Connected, false)),
        );
        rig
    }),
    ("transferring", || {
        let mut rig = STATES[11].1();
        beside(&mut rig, Beside::Transfer);
        rig
    }),
    ("consulting", || {
        let mut rig = STATES[6].1();
        rig.request(Request::Consult {
            call: id(),
            to: PhoneNumber::new("332").unwrap(),
        });
        rig
    }),
    ("handing over", || {
        let mut rig = STATES[6].1();
        rig.request(Request::SingleStepTransfer {
            call: id(),
            to: PhoneNumber::new("332").unwrap(),
        });
        rig
    }),
    ("handed over, offering", || {
        let mut rig = STATES[6].1();
        let changed = update(12, Incoming, S::Connected, S::Alerting, true);
        tell(&mut rig, handed_over(changed, true));
        rig
    }),
    ("picking up", || {
        let mut rig = Rig::live();
        rig.request(Request::PickUp {
            number: PhoneNumber::new("331").unwrap(),
        });
        rig
    }),
];

/// Everything that can happen to a call.
const HAPPENINGS: &[(&str, Happening)] = &[
    ("sound done", |rig| {
        rig.complete_media(Ok(MediaOutcome::Done));
    }),
    ("sound described", |rig| {
        rig.description();
    }),
    ("sound command failed", |rig| {
        rig.complete_media(Err(MediaError::NoAudio));
    }),
    ("sound lost", |rig| {
        let machine = rig.core.calls.machines.values().next();
        let sound = machine.and_then(|machine| machine.sound.as_ref());
        let media = sound.map(|sound| crate::core::MediaId(sound.key().0));
        if let Some(media) = media {
            rig.input(Input::Media {
                media,
                event: MediaEvent::Failed(MediaError::Lost),
            });
        }
    }),
    ("service refused", |rig| {
        serve(rig, Err(BackendError::WrongState));
    }),
    ("service broke", |rig| {
        serve(
            rig,
            Err(BackendError::Broken {
                before_answer: false,
            }),
        );
    }),
    ("told: other answers", |rig| {
        tell(rig, update(20, Outgoing, S::Connected, S::Connected, true))
    }),
    ("told: held", |rig| {
        tell(rig, update(20, Incoming, S::Hold, S::Connected, true))
    }),
    ("told: connected", |rig| {
        tell(rig, update(20, Incoming, S::Connected, S::Connected, true))
    }),
    ("told: elsewhere", |rig| {
        tell(rig, update(20, Incoming, S::Connected, S::Connected, false))
    }),
    ("told: over", |rig| {
        tell(rig, update(20, Incoming, S::Null, S::Null, false))
    }),
    ("told: transferred", |rig| {
        let gone = update(20, Incoming, S::Null, S::Null, false);
        tell(rig, over(gone, FailureCause::Transferred));
    }),
    ("told: both transferred", |rig| {
        let gone = over(
            update(20, Incoming, S::Null, S::Null, false),
            FailureCause::Transferred,
        );
        tell(rig, gone.clone());
        tell(rig, second(gone));
    }),
    ("told: other call over", |rig| {
        tell(rig, second(update(20, Incoming, S::Null, S::Null, false)));
    }),
    ("told: another far end", |rig| {
        let changed = update(20, Incoming, S::Connected, S::Connected, true);
        tell(rig, handed_over(changed, false));
    }),
    ("rings here", |rig| {
        let rings = update(10, Incoming, S::Alerting, S::Connected, false);
        serve(rig, outcome(rings));
    }),
    ("told: old news", |rig| {
        tell(rig, update(9, Incoming, S::Null, S::Null, false))
    }),
    ("answer", |rig| act(rig, Action::Answer)),
    ("reject", |rig| act(rig, Action::Reject)),
    ("hold", |rig| act(rig, Action::Hold)),
    ("retrieve", |rig| act(rig, Action::Retrieve)),
    ("clear", |rig| act(rig, Action::Clear)),
    ("alternate", |rig| beside(rig, Beside::Alternate)),
    ("reconnect", |rig| beside(rig, Beside::Reconnect)),
    ("transfer", |rig| beside(rig, Beside::Transfer)),
    ("conference", |rig| beside(rig, Beside::Conference)),
    ("connection lost", |rig| {
        let link = rig.link();
        let event = BackendEvent::StreamEnded(BackendError::Closed);
        rig.input(Input::Backend { link, event });
    }),
    ("60 s", |rig| {
        for _ in 0..60 {
            rig.pass(Duration::from_secs(1));
            rig.complete(|o| matches!(o, Operation::Probe { .. }), Ok(Outcome::Done));
        }
    }),
];

#[test]
fn the_table_of_transitions_is_whole() {
    let mut table = String::new();
    for (state, reach) in STATES {
        writeln!(table, "{state}: {}", name(&reach())).unwrap();
        for (happening, make) in HAPPENINGS {
            let mut rig = reach();
            let before = name(&rig);
            make(&mut rig);
            let after = name(&rig);
            if after != before {
                writeln!(table, "    {happening:<22} {after}").unwrap();
            }
        }
    }
    insta::assert_snapshot!("call", table);
}

#[test]
fn events_that_come_before_the_answer_to_make_call_are_not_lost() {
    let mut rig = STATES[1].1();
    tell(
        &mut rig,
        update(10, Outgoing, S::Connected, S::Alerting, true),
    );
    tell(
        &mut rig,
        update(11, Outgoing, S::Connected, S::Connected, true),
    );
    assert_eq!(rig.core.calls.machines.len(), 2);
    serve(
        &mut rig,
        outcome(update(10, Outgoing, S::Connected, S::Alerting, true)),
    );
    assert_eq!(rig.core.calls.machines.len(), 1);
    assert_eq!(name(&rig), "Connected/Connected sound");
    let accepts = |(_, command): &(_, Command)| {
        matches!(
            command,
            Command::Media {
                command: MediaCommand::AcceptAnswer(_),
                ..
            }
        )
    };
    assert!(
        rig.waiting.iter().any(accepts),
        "the answer came with the early event"
    );
}

#[test]
fn duplicated_and_reordered_events_show_the_newest_state() {
    let states = [
        update(10, Incoming, S::Alerting, S::Connected, false),
        update(11, Incoming, S::Connected, S::Connected, false),
        update(12, Incoming, S::Hold, S::Connected, false),
        update(13, Incoming, S::Connected, S::Hold, false),
    ];
    for order in [
        [0, 1, 2, 3],
        [3, 2, 1, 0],
        [0, 3, 1, 2],
        [2, 2, 3, 3],
        [1, 3, 0, 3],
    ] {
        let mut rig = Rig::live();
        for index in order {
            tell(&mut rig, states[index].clone());
        }
        assert_eq!(name(&rig), "Connected/Hold", "{order:?}");
        tell(&mut rig, update(14, Incoming, S::Null, S::Null, false));
        for late in &states {
            tell(&mut rig, late.clone());
        }
        assert_eq!(name(&rig), "(gone)", "what is over stays over");
    }
}

#[test]
fn a_glare_is_rolled_back_and_the_others_offer_answered_first() {
    let mut rig = STATES[8].1();
    rig.description();
    serve(&mut rig, Err(BackendError::Glare));
    assert!(matches!(
        rig.waiting.last(),
        Some((
            _,
            Command::Media {
                command: MediaCommand::RollBack,
                ..
            }
        ))
    ));
    rig.complete_media(Ok(MediaOutcome::Done));
    let mut theirs = update(20, Incoming, S::Hold, S::Hold, true);
    let offer = theirs.description.as_mut().unwrap();
    offer.generation = 2;
    tell(&mut rig, theirs);
    rig.description();
    let answers = |o: &Operation| match o {
        Operation::Service {
            service: Service::Describe { description, .. },
            ..
        } => {
            description.generation == 2 && description.kind == crate::port::DescriptionKind::Answer
        }
        _ => false,
    };
    let held = update(21, Incoming, S::Hold, S::Hold, true);
    assert!(rig.complete(answers, outcome(held)));
}

/// Both sides have lost their address and offer at once: neither offer may be the last.
#[test]
fn a_new_path_that_a_glare_has_kept_away_is_looked_for_again() {
    let mut rig = STATES[7].1();
    let sound = rig
        .waiting
        .iter()
        .rev()
        .find_map(|(_, command)| match command {
            Command::Media { media, .. } => Some(*media),
            _ => None,
        });
    let restarts = |rig: &Rig| {
        matches!(
            rig.waiting.last(),
            Some((
                _,
                Command::Media {
                    command: MediaCommand::Offer { ice_restart: true },
                    ..
                }
            ))
        )
    };
    rig.input(Input::Media {
        media: sound.expect("there is sound"),
        event: MediaEvent::NetworkChanged,
    });
    assert!(restarts(&rig));
    rig.description();
    let offers = |o: &Operation| {
        let describes = |service: &Service| matches!(service, Service::Describe { .. });
        matches!(o, Operation::Service { service, .. } if describes(service))
    };
    assert!(rig.complete(offers, Err(BackendError::Glare)));
    rig.complete_media(Ok(MediaOutcome::Done));
    rig.pass(Duration::from_secs(3));
    assert!(restarts(&rig), "{:?}", rig.waiting.last());
}

#[test]
fn only_one_service_at_a_time_is_asked_but_hanging_up_always() {
    let mut rig = STATES[7].1();
    act(&mut rig, Action::Hold);
    let refused = |output: &Output| format!("{output:?}").contains("Pending");
    assert!(rig.last.iter().any(refused));
    act(&mut rig, Action::Clear);
    assert_eq!(name(&rig), "Connected/Connected Hold… Clear…");
}

/// A consultation that the server has accepted, before the other call shows that it is held.
fn consulted() -> Rig {
    let index = STATES.iter().position(|(name, _)| *name == "consulting");
    let mut rig = STATES[index.unwrap()].1();
    rig.complete_media(Ok(MediaOutcome::Done));
    rig.description();
    let made = second(update(13, Outgoing, S::Connected, S::Alerting, true));
    assert!(serve(&mut rig, outcome(made)));
    rig
}

fn is_told(rig: &Rig) -> bool {
    let told = |output: &Output| match output {
        Output::Reply {
            reply: Some(Reply::Call(made)),
            ..
        } => made.as_ref().is_ok_and(|made| made.as_str() == "c2"),
        _ => false,
    };
    rig.last.iter().any(told)
}

#[test]
fn a_consultation_is_told_once_the_other_call_is_held() {
    let mut rig = consulted();
    assert!(!is_told(&rig));
    assert_eq!(rig.core.calls.engaged(&id()), Some(Action::Consult));
    tell(&mut rig, update(12, Incoming, S::Hold, S::Connected, true));
    assert!(is_told(&rig));
    assert_eq!(rig.core.calls.engaged(&id()), None);
}

#[test]
fn a_consultation_is_told_though_the_other_call_is_never_held() {
    let mut rig = consulted();
    rig.pass(Duration::from_secs(3));
    assert!(is_told(&rig), "in time");
    let mut rig = consulted();
    tell(&mut rig, update(12, Incoming, S::Null, S::Null, true));
    assert!(is_told(&rig), "the other one is over");
    let mut rig = consulted();
    let over = second(update(14, Outgoing, S::Null, S::Null, true));
    tell(&mut rig, over);
    assert!(is_told(&rig), "it is over itself");
}

/// The far end of a ringing call has become another, which never says what is to be answered.
#[test]
fn an_answer_that_waits_for_an_offer_in_vain_fails_and_it_goes_on_ringing() {
    let rings = || {
        handed_over(
            update(11, Incoming, S::Alerting, S::Connected, false),
            false,
        )
    };
    let mut rig = Rig::live();
    tell(&mut rig, rings());
    for _ in 0..2 {
        act(&mut rig, Action::Answer);
        rig.complete_media(Ok(MediaOutcome::Done));
        rig.pass(Duration::from_secs(14));
        assert_eq!(name(&rig), "Alerting/Connected sound Answer…");
        rig.pass(Duration::from_secs(2));
        assert_eq!(name(&rig), "Alerting/Connected");
        let failed = |output: &Output| match output {
            Output::Reply { reply, .. } => {
                *reply == Some(Reply::Act(Err(crate::CallError::Media(MediaError::NoPath))))
            }
            _ => false,
        };
        assert!(rig.last.iter().any(failed), "{:?}", rig.last);
        serve(&mut rig, Ok(Outcome::Done));
    }
}

/// A server that is about to die refuses the first offer to another far end.
#[test]
fn an_offer_that_was_refused_too_often_is_made_again_over_the_next_connection() {
    let index = STATES
        .iter()
        .position(|(name, _)| *name == "handed over, offering");
    let mut rig = STATES[index.unwrap()].1();
    rig.complete_media(Ok(MediaOutcome::Done));
    for _ in 0..3 {
        assert!(rig.description());
        serve(&mut rig, Err(BackendError::Unavailable));
        rig.complete_media(Ok(MediaOutcome::Done));
        rig.pass(Duration::from_secs(2));
    }
    assert!(!rig.description(), "three times are enough here");
    let link = rig.link();
    let event = BackendEvent::StreamEnded(BackendError::Closed);
    rig.input(Input::Backend { link, event });
    rig.pass(Duration::from_secs(2));
    rig.enter();
    assert!(rig.description(), "again");
}

/// A machine never outlives what it stands for.
#[test]
fn a_machine_that_is_over_is_quiet() {
    let mut rig = STATES[6].1();
    tell(&mut rig, update(20, Incoming, S::Null, S::Null, false));
    assert!(rig.core.calls.machines.values().all(Machine::is_quiet));
    assert!(rig.core.calls.are_quiet());
}
