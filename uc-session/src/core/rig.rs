use std::time::Duration;

use uc_model::{
    Call, CallDirection, CallId, Capability, Connection, ConnectionState, ConversationGrouping,
    DeviceKind, Extension, FailureCause, Mode, Party, PhoneNumber, Redacted, Rev, Timestamp,
    UserId,
};

use super::{
    Command, CommandId, Config, Core, Input, MediaCommand, MediaOutcome, Output, Request, Ticket,
};
use crate::{
    cache::{CacheError, Cached},
    clock::Now,
    port::{
        AccountUpdate, BackendError, CallUpdate, Certificate, Cursor, DescriptionKind, FarEnd,
        LinkId, MediaError, Operation, Outcome, ServerAddress, SessionDescription, SignedIn,
        StateSnapshot,
    },
    trust::{Pins, Trust},
};

/// A core whose commands wait until the test completes them.
pub(super) struct Rig {
    pub(super) core: Core,
    pub(super) now: Now,
    pub(super) waiting: Vec<(CommandId, Command)>,
    pub(super) last: Vec<Output>,
    tickets: u64,
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::with_cache(None)
    }

    /// A core that keeps what it knows, and had kept `cached`.
    pub(super) fn with_cache(cached: Option<Result<Option<Cached>, CacheError>>) -> Self {
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
            patient: false,
            cached,
        };
        let now = Now {
            monotonic: Duration::from_secs(1000),
            wall_ms: 1_000_000,
        };
        let core = Core::new(config, 1, now);
        Self {
            core,
            now,
            waiting: Vec::new(),
            last: Vec::new(),
            tickets: 0,
        }
    }

    pub(super) fn input(&mut self, input: Input) {
        self.core.handle_input(input, self.now);
        self.last.clear();
        loop {
            match self.core.poll_output() {
                Output::Timeout(..) | Output::Stopped => return,
                Output::Command { id, command } => {
                    self.last.push(Output::Command {
                        id,
                        command: command.clone(),
                    });
                    self.waiting.push((id, command));
                }
                other => self.last.push(other),
            }
        }
    }

    pub(super) fn request(&mut self, request: Request) {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.input(Input::Request { ticket, request });
    }

    pub(super) fn pass(&mut self, time: Duration) {
        self.now.monotonic += time;
        self.now.wall_ms += time.as_millis() as i64;
        self.input(Input::Time);
    }

    /// Completes a save; says as of when it was, if there was one.
    pub(super) fn complete_save(&mut self, result: Result<(), CacheError>) -> Option<Timestamp> {
        let (_, command) = self
            .waiting
            .iter()
            .find(|(_, command)| matches!(command, Command::Save { .. }))?;
        let Command::Save { at } = *command else {
            return None;
        };
        let id = self.take(|command| matches!(command, Command::Save { .. }))?;
        self.input(Input::Saved { id, result });
        Some(at)
    }

    fn take(&mut self, wanted: impl Fn(&Command) -> bool) -> Option<CommandId> {
        let index = self
            .waiting
            .iter()
            .position(|(_, command)| wanted(command))?;
        Some(self.waiting.remove(index).0)
    }

    /// Completes the first backend operation that `wanted` takes; says whether there was one.
    pub(super) fn complete(
        &mut self,
        wanted: impl Fn(&Operation) -> bool,
        result: Result<Outcome, BackendError>,
    ) -> bool {
        let id = self.take(|command| matches!(command, Command::Backend(o) if wanted(o)));
        if let Some(id) = id {
            self.input(Input::Completed { id, result });
        }
        id.is_some()
    }

    pub(super) fn complete_media(&mut self, result: Result<MediaOutcome, MediaError>) -> bool {
        let asks = |command: &Command| match command {
            Command::Media { command, .. } => !matches!(
                command,
                MediaCommand::Bind { .. } | MediaCommand::Apply(_) | MediaCommand::Close
            ),
            Command::Backend(_) | Command::Save { .. } => false,
        };
        let id = self.take(asks);
        if let Some(id) = id {
            self.input(Input::MediaCompleted { id, result });
        }
        id.is_some()
    }

    pub(super) fn description(&mut self) -> bool {
        self.complete_media(Ok(MediaOutcome::Description(Redacted::new("v=0".into()))))
    }

    /// Up to a live connection.
    pub(super) fn live() -> Self {
        let mut rig = Self::new();
        rig.request(Request::SignIn);
        rig.enter();
        rig
    }

    /// From a dial to a live connection.
    pub(super) fn enter(&mut self) {
        self.complete(|o| matches!(o, Operation::Dial { .. }), Ok(dialled()));
        self.complete(|o| matches!(o, Operation::Resume { .. }), Ok(Outcome::Done));
        self.complete(|o| matches!(o, Operation::SignIn { .. }), Ok(signed_in()));
        self.complete(
            |o| matches!(o, Operation::Subscribe { .. }),
            Ok(Outcome::Subscribed),
        );
        self.complete(
            |o| matches!(o, Operation::Snapshot { .. }),
            Ok(snapshot(1, Vec::new())),
        );
    }

    pub(super) fn link(&self) -> LinkId {
        self.core.io.link.unwrap_or(LinkId(0))
    }
}

pub(super) fn dialled() -> Outcome {
    Outcome::Dialed(Certificate {
        sha256: [7; 32],
        subject: String::new(),
        issuer: String::new(),
        not_before: 0,
        not_after: 1,
    })
}

pub(super) fn signed_in() -> Outcome {
    let all = [
        Capability::Presence,
        Capability::DirectorySearch,
        Capability::VoipCalls,
        Capability::Hold,
        Capability::Pickup,
        Capability::Deflect,
        Capability::Consult,
        Capability::Transfer,
        Capability::PhoneConferences,
    ];
    Outcome::SignedIn(SignedIn {
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
    })
}

pub(super) fn snapshot(rev: u64, calls: Vec<CallUpdate>) -> Outcome {
    Outcome::Snapshot(Box::new(StateSnapshot {
        as_of: Cursor(format!("e-{rev}")),
        rev: Rev(rev),
        account: AccountUpdate::default(),
        calls,
        ..StateSnapshot::default()
    }))
}

/// A call as the server tells of it; the description is the far end's of round 1.
pub(super) fn update(
    rev: u64,
    direction: CallDirection,
    local: ConnectionState,
    remote: ConnectionState,
    carried_here: bool,
) -> CallUpdate {
    let over = matches!(local, ConnectionState::Null);
    let kind = match direction {
        CallDirection::Incoming => DescriptionKind::Offer,
        CallDirection::Outgoing => DescriptionKind::Answer,
    };
    let described = direction == CallDirection::Incoming || remote != ConnectionState::Alerting;
    let sdp = Redacted::new("v=0".to_owned());
    let number = PhoneNumber::new("331").unwrap();
    CallUpdate {
        call: Call {
            id: CallId::new("c1").unwrap(),
            rev: Rev(rev),
            direction,
            device: DeviceKind::Voip,
            local,
            remote: Connection {
                party: Party {
                    number,
                    name: None,
                    user: None,
                },
                state: remote,
            },
            members: Vec::new(),
            started: Timestamp(0),
            answered: None,
            cause: over.then_some(FailureCause::Normal),
        },
        description: described.then_some(SessionDescription {
            generation: 1,
            kind,
            sdp,
        }),
        candidates: None,
        far_end: FarEnd::default(),
        carried_here,
        unconfirmed: false,
        conference: None,
    }
}
