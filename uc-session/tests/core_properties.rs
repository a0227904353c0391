//! Whatever comes in whatever order: no panic, no stuck state, and the same again.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::time::Duration;

use proptest::prelude::*;
use uc_model::{
    Action, Call, CallDirection, CallId, Capability, Connection, ConnectionState,
    ConversationGrouping, ConversationId, DeviceKind, Extension, FailureCause, Mode, Party,
    PhoneNumber, Presence, PresenceState, Redacted, Rev, Timestamp, UserId,
};
use uc_session::{
    CacheError, Now, Pins, Trust,
    core::{
        Command, CommandId, Config, Core, Input, MediaId, MediaOutcome, Output, Request, Ticket,
        Why,
    },
    port::{
        AccountUpdate, BackendError, BackendEvent, Beside, CallUpdate, Candidates, Certificate,
        ConversationEdit, Cursor, DescriptionKind, DialFailure, Edit, FarEnd, LinkId, MediaError,
        MediaEvent, Operation, Outcome, ServerAddress, ServerChange, Service, SessionDescription,
        SignedIn, StateSnapshot, StoreError,
    },
};

/// One thing that happens; numbers choose among what is possible then.
#[derive(Debug, Clone)]
enum Step {
    Complete { which: usize, how: u8 },
    Event { kind: u8, which: u8, rev: u64 },
    Media { kind: u8, which: u8 },
    Request { kind: u8, which: u8 },
    Pass { ms: u64 },
    Jump { ms: i64 },
    ToTimeout,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (any::<usize>(), 0..10u8).prop_map(|(which, how)| Step::Complete { which, how }),
        3 => (any::<u8>(), any::<u8>(), 0..40u64)
            .prop_map(|(kind, which, rev)| Step::Event { kind, which, rev }),
        1 => (any::<u8>(), any::<u8>()).prop_map(|(kind, which)| Step::Media { kind, which }),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(kind, which)| Step::Request { kind, which }),
        1 => (0..20_000u64).prop_map(|ms| Step::Pass { ms }),
        1 => (-100_000..100_000i64).prop_map(|ms| Step::Jump { ms }),
        2 => Just(Step::ToTimeout),
    ]
}

struct World {
    core: Core,
    now: Now,
    waiting: Vec<(CommandId, Command)>,
    links: Vec<LinkId>,
    sounds: Vec<MediaId>,
    due: Option<(Duration, Why)>,
    log: String,
    tickets: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let address = |host: &str| ServerAddress {
            host: host.into(),
            port: 8802,
        };
        let config = Config {
            lan: address("lan"),
            wan: Some(address("wan")),
            user: "330".into(),
            password: Redacted::new("secret".into()),
            new_password: None,
            trust: Trust::AcceptFirst,
            phone: None,
            pins: Pins::new(),
            sound: true,
            patient: seed.is_multiple_of(2),
            cached: Some(Ok(None)),
        };
        let now = Now {
            monotonic: Duration::from_secs(9),
            wall_ms: 9_000,
        };
        Self {
            core: Core::new(config, seed, now),
            now,
            waiting: Vec::new(),
            links: Vec::new(),
            sounds: Vec::new(),
            due: None,
            log: String::new(),
            tickets: 0,
        }
    }

    fn input(&mut self, input: Input) -> usize {
        self.core.handle_input(input, self.now);
        for count in 0..10_000 {
            let output = self.core.poll_output();
            self.log += &format!("{output:?}\n");
            match output {
                Output::Timeout(at, why) => {
                    self.due = Some((at, why));
                    return count;
                }
                Output::Stopped => {
                    self.due = None;
                    return count;
                }
                Output::Command { id, command } => self.note(id, command),
                Output::Event(_) | Output::Reply { .. } => {}
            }
        }
        panic!("an input gives no end of outputs");
    }

    fn note(&mut self, id: CommandId, command: Command) {
        match &command {
            Command::Backend(Operation::Dial { link, .. }) => self.links.push(*link),
            Command::Media { media, .. } if !self.sounds.contains(media) => {
                self.sounds.push(*media)
            }
            _ => {}
        }
        self.waiting.push((id, command));
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Complete { which, how } => self.complete(which, how),
            Step::Event { kind, which, rev } => self.event(kind, which, rev),
            Step::Media { kind, which } => self.media(kind, which),
            Step::Request { kind, which } => self.request(kind, which),
            Step::Pass { ms } => self.pass(Duration::from_millis(ms)),
            Step::Jump { ms } => {
                self.now.wall_ms += ms;
                self.input(Input::Time);
            }
            Step::ToTimeout => self.keep_promise(),
        }
    }

    fn pass(&mut self, time: Duration) {
        self.now.monotonic += time;
        self.now.wall_ms += time.as_millis() as i64;
        self.input(Input::Time);
    }

    /// What is promised makes progress: something comes out, or the next promise is later.
    fn keep_promise(&mut self) {
        let Some((at, why)) = self.due.filter(|(at, _)| *at < Duration::MAX) else {
            return;
        };
        for _ in 0..100 {
            self.pass(at.saturating_sub(self.now.monotonic));
            match self.due {
                Some((next, _)) if next <= self.now.monotonic => {}
                _ => return,
            }
        }
        panic!("the time-out at {at:?} for {why:?} never passes");
    }

    fn complete(&mut self, which: usize, how: u8) {
        if self.waiting.is_empty() {
            return;
        }
        let (id, command) = self.waiting.remove(which % self.waiting.len());
        match command {
            Command::Backend(operation) => {
                let result = if how < 7 {
                    Ok(self.outcome(&operation))
                } else {
                    Err(error(how))
                };
                self.input(Input::Completed { id, result });
            }
            Command::Media { .. } => {
                let sdp = Redacted::new("v=0".to_owned());
                let result = match how {
                    0..7 => Ok(MediaOutcome::Description(sdp)),
                    7 => Ok(MediaOutcome::Done),
                    _ => Err(MediaError::NoAudio),
                };
                self.input(Input::MediaCompleted { id, result });
            }
            Command::Save { .. } => {
                let result = match how {
                    0..7 => Ok(()),
                    _ => Err(CacheError::Store(StoreError::Unavailable)),
                };
                self.input(Input::Saved { id, result });
            }
        }
    }

    fn outcome(&self, operation: &Operation) -> Outcome {
        match operation {
            Operation::Dial { .. } => Outcome::Dialed(certificate()),
            Operation::SignIn { .. } => Outcome::SignedIn(signed_in()),
            Operation::Subscribe { .. } => Outcome::Subscribed,
            Operation::Snapshot { .. } => Outcome::Snapshot(Box::new(StateSnapshot {
                as_of: Cursor("e-5".into()),
                rev: Rev(5),
                account: AccountUpdate::default(),
                calls: vec![call(0, 5)],
                ..StateSnapshot::default()
            })),
            Operation::Service {
                service: Service::Edit { .. },
                ..
            } => Outcome::Edited(Vec::new()),
            Operation::Service { .. } => {
                Outcome::Call(Box::new(call(operation_number(operation), 7)))
            }
            _ => Outcome::Done,
        }
    }

    fn event(&mut self, kind: u8, which: u8, rev: u64) {
        let Some(link) = self
            .links
            .get(self.links.len().saturating_sub(1 + which as usize % 2))
        else {
            return;
        };
        let link = *link;
        let presence = Presence {
            state: PresenceState::Lunch,
            until: None,
            note: None,
        };
        let user = UserId::new("331").unwrap();
        let change = match kind % 2 {
            0 => ServerChange::Call(Box::new(call(which, rev))),
            _ => ServerChange::Presence(uc_session::port::PresenceUpdate {
                user,
                rev: Rev(rev),
                presence,
                line: None,
            }),
        };
        let event = match kind % 12 {
            0..7 => BackendEvent::Change {
                cursor: Cursor(format!("e-{rev}")),
                change,
            },
            7 => BackendEvent::Heartbeat,
            8 => BackendEvent::Reset { cursor: None },
            9 => BackendEvent::Undecodable,
            10 => BackendEvent::StreamEnded(error(which % 10)),
            _ => BackendEvent::SessionEnded,
        };
        self.input(Input::Backend { link, event });
    }

    fn media(&mut self, kind: u8, which: u8) {
        let Some(media) = self.sounds.get(which as usize % self.sounds.len().max(1)) else {
            return;
        };
        let candidates = Candidates {
            generation: 1,
            candidates: vec!["c".into()],
            complete: true,
        };
        let event = match kind % 6 {
            0 => MediaEvent::Connected,
            1 => MediaEvent::Candidates(candidates),
            2 => MediaEvent::Interrupted,
            3 => MediaEvent::Failed(MediaError::Lost),
            4 => MediaEvent::Applied {
                number: u64::from(which),
            },
            _ => MediaEvent::Device(MediaError::Device("gone".into())),
        };
        let media = *media;
        self.input(Input::Media { media, event });
    }

    fn request(&mut self, kind: u8, which: u8) {
        let actions = [
            Action::Answer,
            Action::Reject,
            Action::Clear,
            Action::Hold,
            Action::Retrieve,
        ];
        let action = actions[which as usize % actions.len()];
        let presence = Presence {
            state: PresenceState::Lunch,
            until: None,
            note: None,
        };
        let request = match kind % 16 {
            0 => Request::Search {
                query: Redacted::new("a".into()),
                directory: None,
                limit: 10,
            },
            1 => Request::SetPresence(presence),
            2 => Request::Edit(edit(which)),
            3..5 => Request::Call {
                to: PhoneNumber::new("331").unwrap(),
            },
            5 => Request::Mute {
                call: id(which),
                muted: kind > 100,
            },
            6 => Request::NetworkChanged,
            7 if which < 20 => Request::Shutdown {
                sign_out: which < 10,
            },
            8 => Request::Consult {
                call: id(which),
                to: PhoneNumber::new("332").unwrap(),
            },
            9 => Request::PickUp {
                number: PhoneNumber::new("332").unwrap(),
            },
            10 => Request::SingleStepTransfer {
                call: id(which),
                to: PhoneNumber::new("332").unwrap(),
            },
            11 => Request::Beside {
                service: [
                    Beside::Alternate,
                    Beside::Reconnect,
                    Beside::Transfer,
                    Beside::Conference,
                ][(kind as usize / 16) % 4],
                call: id(which),
                held: id(which.wrapping_add(1)),
            },
            _ => Request::Act {
                call: id(which),
                action,
            },
        };
        self.tickets += 1;
        self.input(Input::Request {
            ticket: Ticket(self.tickets),
            request,
        });
    }
}

fn edit(which: u8) -> Edit {
    let id = ConversationId::new("v1").unwrap();
    Edit::Conversations(match which % 3 {
        0 => ConversationEdit::MarkRead(id),
        1 => ConversationEdit::Delete(id),
        _ => ConversationEdit::DeleteAll,
    })
}

fn operation_number(operation: &Operation) -> u8 {
    format!("{operation:?}").len() as u8
}

fn error(how: u8) -> BackendError {
    match how {
        0 | 7 => BackendError::Broken {
            before_answer: true,
        },
        1 => BackendError::Broken {
            before_answer: false,
        },
        2 => BackendError::NotSignedIn,
        3 => BackendError::Glare,
        4 | 8 => BackendError::TimedOut,
        5 => BackendError::WrongState,
        6 => BackendError::Closed,
        _ => DialFailure::Refused.into(),
    }
}

fn certificate() -> Certificate {
    Certificate {
        sha256: [7; 32],
        subject: String::new(),
        issuer: String::new(),
        not_before: 0,
        not_after: 1,
    }
}

fn signed_in() -> SignedIn {
    let all = [
        Capability::Presence,
        Capability::DirectorySearch,
        Capability::VoipCalls,
        Capability::Hold,
        Capability::Deflect,
        Capability::Consult,
        Capability::Transfer,
        Capability::PhoneConferences,
        Capability::Pickup,
    ];
    SignedIn {
        user: UserId::new("330").unwrap(),
        extension: Extension::new("330").ok(),
        name: Redacted::default(),
        server: String::new(),
        mode: Some(Mode::Smart),
        capabilities: all.into_iter().collect(),
        grouping: ConversationGrouping::default(),
        dial_plan: None,
        must_change_password: false,
        missing_licences: Vec::new(),
        phone: None,
        assigned_phones: Some(Vec::new()),
    }
}

fn id(which: u8) -> CallId {
    CallId::new(format!("c{}", which % 3)).unwrap()
}

fn call(which: u8, rev: u64) -> CallUpdate {
    use ConnectionState::{Alerting, Connected, Hold, Null};
    let local = [Alerting, Connected, Hold, Connected, Null][(rev % 5) as usize];
    let remote = [Connected, Alerting, Connected, Hold, Null][(rev % 5) as usize];
    let kind = [DescriptionKind::Offer, DescriptionKind::Answer][(which & 1) as usize];
    let sdp = Redacted::new("v=0".to_owned());
    let party = Party {
        number: PhoneNumber::new("331").unwrap(),
        name: None,
        user: None,
    };
    CallUpdate {
        call: Call {
            id: id(which),
            rev: Rev(rev),
            direction: [CallDirection::Incoming, CallDirection::Outgoing][(which & 1) as usize],
            device: DeviceKind::Voip,
            local,
            remote: Connection {
                party,
                state: remote,
            },
            members: Vec::new(),
            started: Timestamp(0),
            answered: None,
            cause: (local == Null).then_some(FailureCause::Normal),
        },
        description: Some(SessionDescription {
            generation: (rev % 4) as u32,
            kind,
            sdp,
        }),
        candidates: None,
        far_end: FarEnd {
            number: (rev / 9) as u32,
            offers: which & 4 != 0,
            generation: (rev % 4) as u32,
        },
        carried_here: which & 2 != 0,
        unconfirmed: rev.is_multiple_of(7),
        conference: rev.is_multiple_of(5).then_some(rev),
    }
}

fn run(seed: u64, signed_in: bool, steps: &[Step]) -> World {
    let mut world = World::new(seed);
    world.input(Input::Request {
        ticket: Ticket(0),
        request: Request::SignIn,
    });
    if signed_in {
        for _ in 0..4 {
            world.complete(0, 0);
        }
    }
    for step in steps {
        world.take(step);
        let ended = world.core.view().connection == uc_session::Connection::Ended;
        let timer = world.due.is_some_and(|(at, _)| at < Duration::MAX);
        assert!(
            timer || ended || world.due.is_none(),
            "stuck after {step:?}"
        );
    }
    world
}

proptest! {
    #[test]
    fn anything_in_any_order_neither_panics_nor_gets_stuck(
        signed_in in any::<bool>(),
        steps in proptest::collection::vec(step(), 0..120),
    ) {
        let mut world = run(1, signed_in, &steps);
        world.input(Input::Request {
            ticket: Ticket(u64::MAX),
            request: Request::Shutdown { sign_out: true },
        });
        for _ in 0..20 {
            world.keep_promise();
        }
        prop_assert!(world.due.is_none(), "a shutdown always comes to its end");
    }

    #[test]
    fn the_same_inputs_give_the_same_outputs(
        seed in any::<u64>(),
        steps in proptest::collection::vec(step(), 0..80),
    ) {
        prop_assert_eq!(run(seed, true, &steps).log, run(seed, true, &steps).log);
    }
}
