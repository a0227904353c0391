//! Microphone, loudspeaker and ringer of an engine: one task that watches the devices, opens, moves
//! and closes them as [`DevicePlan`] decides, and tells what happens.

mod plan;
mod streams;

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{broadcast, mpsc, oneshot},
    task::JoinHandle,
};

pub(crate) use self::streams::{Numbered, SoundFailure, SoundStream};
use self::{
    plan::{DevicePlan, Order},
    streams::{close, open, set_aside},
};
use crate::{
    AudioBackend, AudioError, AudioRole, DeviceChange, DeviceList, DevicePreference, DeviceWatcher,
    SessionEvent, SoundEvent, ToneGenerator,
    session::{
        clock::Clock,
        media::{MediaCommand, MediaHandle},
        shared::SessionShared,
    },
};

/// An engine's sound, for those who need it: microphone and loudspeaker are opened for the first session
/// that offers or answers, and closed after the last one.
pub(crate) struct SoundPort {
    backend: Arc<dyn AudioBackend>,
    commands: Mutex<Option<mpsc::Sender<SoundCommand>>>,
    /// Gone once the engine is closed.
    events: Mutex<Option<broadcast::Sender<SoundEvent>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// What the task is asked; it answers when that is done as far as it can be.
enum SoundCommand {
    Acquire(Weak<SessionShared>, Done),
    Release(Done),
    Play(AudioRole, Box<ToneGenerator>, Done),
    Stop(AudioRole, Done),
    Choose(AudioRole, DevicePreference, Done),
}

type Done = oneshot::Sender<()>;

impl SoundPort {
    /// Starts the task, on the runtime it is called on.
    pub(crate) fn start(
        backend: Arc<dyn AudioBackend>,
        preferences: [DevicePreference; 3],
        media: MediaHandle,
        failures: mpsc::Receiver<SoundFailure>,
        clock: Clock,
    ) -> Self {
        let (commands, inbox) = mpsc::channel(COMMANDS);
        let (events, _) = broadcast::channel(EVENTS);
        let task = SoundTask {
            backend: Arc::clone(&backend),
            media,
            clock,
            events: events.clone(),
            plan: DevicePlan::default(),
            watch: Watch::Not,
            numbers: [0; 3],
            last_number: 0,
            failed: [false; 3],
            users: 0,
            listeners: Vec::new(),
            tones: [0; 3],
            last_tone: 0,
            waiting: Vec::new(),
            running: FuturesUnordered::new(),
        };
        let task = tokio::spawn(task.run(preferences, inbox, failures));
        Self {
            backend,
            commands: Mutex::new(Some(commands)),
            events: Mutex::new(Some(events)),
            task: Mutex::new(Some(task)),
        }
    }

    pub(crate) fn backend(&self) -> &Arc<dyn AudioBackend> {
        &self.backend
    }

    pub(crate) fn events(&self) -> broadcast::Receiver<SoundEvent> {
        let events = locked(&self.events);
        events
            .as_ref()
            .map_or_else(|| broadcast::channel(1).1, broadcast::Sender::subscribe)
    }

    /// A session needs sound. Devices that can't be opened are reported to it and tried again.
    pub(crate) async fn acquire(&self, session: &Arc<SessionShared>) {
        let session = Arc::downgrade(session);
        self.ask(|done| SoundCommand::Acquire(session, done)).await;
    }

    /// A session needs it no more.
    pub(crate) async fn release(&self) {
        self.ask(SoundCommand::Release).await;
    }

    /// A tone needs the loudspeaker or the ringer, and no microphone.
    pub(crate) async fn play(&self, role: AudioRole, tone: ToneGenerator) {
        let tone = Box::new(tone);
        self.ask(|done| SoundCommand::Play(role, tone, done)).await;
    }

    /// Fades the tone out; closes the device if nothing else needs it.
    pub(crate) async fn stop(&self, role: AudioRole) {
        self.ask(|done| SoundCommand::Stop(role, done)).await;
    }

    /// Another device is wanted.
    pub(crate) async fn choose(&self, role: AudioRole, preference: DevicePreference) {
        self.ask(|done| SoundCommand::Choose(role, preference, done))
            .await;
    }

    /// Ends the task, and waits for that.
    pub(crate) async fn close(&self) {
        locked(&self.commands).take();
        locked(&self.events).take();
        let task = locked(&self.task).take();
        if let Some(task) = task {
            let _ = task.await;
        }
    }

    async fn ask(&self, command: impl FnOnce(Done) -> SoundCommand) {
        let (done, answer) = oneshot::channel();
        let Some(commands) = locked(&self.commands).clone() else {
            return;
        };
        if commands.send(command(done)).await.is_ok() {
            let _ = answer.await;
        }
    }
}

struct SoundTask {
    backend: Arc<dyn AudioBackend>,
    media: MediaHandle,
    clock: Clock,
    events: broadcast::Sender<SoundEvent>,
    plan: DevicePlan,
    watch: Watch,
    /// Which stream of each role is in its place: an error of the one before is no news.
    numbers: [u64; 3],
    last_number: u64,
    /// Roles whose failure has been told to the sessions.
    failed: [bool; 3],
    users: usize,
    listeners: Vec<Weak<SessionShared>>,
    /// The tone of each role by its number; 0: none.
    tones: [u64; 3],
    last_tone: u64,
    waiting: Vec<Waiting>,
    running: FuturesUnordered<Pin<Box<dyn Future<Output = Outcome> + Send>>>,
}

/// Something to be done once these roles have all they can have for now.
struct Waiting {
    roles: &'static [AudioRole],
    tone: Option<(u64, Box<ToneGenerator>)>,
    done: Done,
}

/// What one of the running futures has come to.
enum Outcome {
    Opened {
        role: AudioRole,
        number: u64,
        result: Result<(), AudioError>,
    },
    Closed(AudioRole),
    Faded {
        role: AudioRole,
        tone: u64,
        done: Done,
    },
}

/// Who tells that devices come and go.
enum Watch {
    /// They don't, or nobody can be had to look.
    Not,
    /// The first list takes long.
    Starting(JoinHandle<DeviceWatcher>),
    Running(DeviceWatcher),
}

impl Watch {
    /// The next list; never, if nobody watches. Cancel-safe.
    async fn next(&mut self) -> (Option<DeviceChange>, DeviceList) {
        loop {
            match self {
                Self::Not => std::future::pending().await,
                Self::Starting(watcher) => {
                    *self = watcher.await.map_or(Self::Not, Self::Running);
                    if let Self::Running(watcher) = self {
                        return (None, watcher.list().clone());
                    }
                }
                Self::Running(watcher) => match watcher.next().await {
                    Some(change) => return (Some(change), watcher.list().clone()),
                    None => *self = Self::Not,
                },
            }
        }
    }
}

impl SoundTask {
    async fn run(
        mut self,
        preferences: [DevicePreference; 3],
        mut inbox: mpsc::Receiver<SoundCommand>,
        mut failures: mpsc::Receiver<SoundFailure>,
    ) {
        self.begin(preferences).await;
        loop {
            let wake = self.plan.next_wake();
            let pause = wake.map(|at| at.since(self.clock.now()));
            tokio::select! {
                // A stream is known to be in its place before its failure is looked at.
                biased;
                Some(outcome) = self.running.next() => self.take_outcome(outcome),
                Some(failure) = failures.recv() => self.take_failure(failure),
                (change, list) = self.watch.next() => self.take_list(change, list),
                command = inbox.recv() => match command {
                    Some(command) => self.take_command(command),
                    None => return,
                },
                () = sleep(pause) => self.plan.wake(self.clock.now()),
            }
            self.carry_out();
        }
    }

    /// Lists the devices; a sound system that takes longer than it should is left to itself.
    async fn begin(&mut self, preferences: [DevicePreference; 3]) {
        let backend = Arc::clone(&self.backend);
        if backend.changes() {
            let mut watcher = tokio::task::spawn_blocking(|| DeviceWatcher::start(backend));
            self.watch = match tokio::time::timeout(FIRST_LIST, &mut watcher).await {
                Ok(watcher) => watcher.map_or(Watch::Not, Watch::Running),
                Err(_) => Watch::Starting(watcher),
            };
        }
        self.plan = DevicePlan::new(match &self.watch {
            Watch::Not => DeviceList::new(self.backend.devices()),
            Watch::Starting(_) => DeviceList::new(Err(AudioError::NoSystem)),
            Watch::Running(watcher) => watcher.list().clone(),
        });
        for (role, preference) in AudioRole::ALL.into_iter().zip(preferences) {
            self.plan.choose(role, preference);
        }
    }

    fn take_command(&mut self, command: SoundCommand) {
        match command {
            SoundCommand::Acquire(session, done) => {
                self.listeners.retain(|known| known.strong_count() > 0);
                self.listeners.push(session);
                self.users += 1;
                self.review_needs();
                self.wait(&CALL, None, done);
            }
            SoundCommand::Release(done) => {
                self.users = self.users.saturating_sub(1);
                self.review_needs();
                self.wait(if self.users == 0 { &CALL } else { &[] }, None, done);
            }
            SoundCommand::Play(role, tone, done) => {
                self.last_tone += 1;
                self.tones[role as usize] = self.last_tone;
                self.review_needs();
                self.wait(alone(role), Some((self.last_tone, tone)), done);
            }
            SoundCommand::Stop(role, done) => self.stop(role, done),
            SoundCommand::Choose(role, preference, done) => {
                self.plan.choose(role, preference);
                self.wait(alone(role), None, done);
            }
        }
    }

    fn wait(
        &mut self,
        roles: &'static [AudioRole],
        tone: Option<(u64, Box<ToneGenerator>)>,
        done: Done,
    ) {
        self.waiting.push(Waiting { roles, tone, done });
    }

    fn review_needs(&mut self) {
        let calls = self.users > 0;
        let tone = |role: AudioRole| self.tones[role as usize] != 0;
        let needs = [
            (AudioRole::Microphone, calls),
            (
                AudioRole::Loudspeaker,
                calls || tone(AudioRole::Loudspeaker),
            ),
            (AudioRole::Ringer, tone(AudioRole::Ringer)),
        ];
        for (role, needed) in needs {
            self.plan.need(role, needed);
        }
    }

    /// Fades a tone out, lets the device play what it still holds, and closes it.
    fn stop(&mut self, role: AudioRole, done: Done) {
        let tone = self.tones[role as usize];
        if tone == 0 {
            return;
        }
        let media = self.media.clone();
        let others_need_it = role == AudioRole::Loudspeaker && self.users > 0;
        self.running.push(Box::pin(async move {
            let (reply, over) = oneshot::channel();
            media.send(MediaCommand::StopTone { role, over: reply });
            // A loudspeaker that has failed may never ask for the rest.
            let _ = tokio::time::timeout(FADED, over).await;
            if !others_need_it {
                tokio::time::sleep(PLAYED).await;
            }
            Outcome::Faded { role, tone, done }
        }));
    }

    fn take_outcome(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Opened {
                role,
                number,
                result,
            } => {
                if result.is_ok() {
                    self.numbers[role as usize] = number;
                }
                self.plan.opened(role, result, self.clock.now());
            }
            Outcome::Closed(role) => self.plan.closed(role),
            Outcome::Faded { role, tone, done } => {
                // Unless another one has begun meanwhile.
                if self.tones[role as usize] == tone {
                    self.tones[role as usize] = 0;
                    self.review_needs();
                }
                self.wait(alone(role), None, done);
            }
        }
    }

    /// The stream goes at once: without one, the media thread goes on by its own clock.
    fn take_failure(&mut self, failure: SoundFailure) {
        let role = failure.role;
        if failure.number == self.numbers[role as usize] {
            set_aside(&self.media, role);
            self.plan.failed(role, failure.error, self.clock.now());
        }
    }

    fn take_list(&mut self, change: Option<DeviceChange>, list: DeviceList) {
        if let Some(change) = change {
            self.tell(SoundEvent::Devices(change));
        }
        self.plan.listed(list);
    }

    /// Does what the plan says, then tells those who have waited.
    fn carry_out(&mut self) {
        while let Some(order) = self.plan.poll() {
            match order {
                Order::Open { role, choice } => {
                    self.last_number += 1;
                    let number = self.last_number;
                    let (backend, media) = (Arc::clone(&self.backend), self.media.clone());
                    self.running.push(Box::pin(async move {
                        let result = open(backend, media, role, number, choice).await;
                        Outcome::Opened {
                            role,
                            number,
                            result,
                        }
                    }));
                }
                Order::Close(role) => {
                    let media = self.media.clone();
                    self.running.push(Box::pin(async move {
                        close(media, role).await;
                        Outcome::Closed(role)
                    }));
                }
                Order::Tell(event) => self.tell(event),
            }
        }
        for waiting in std::mem::take(&mut self.waiting) {
            let settled = |role: &AudioRole| self.plan.is_settled(*role);
            if waiting.roles.iter().all(settled) {
                self.finish(waiting);
            } else {
                self.waiting.push(waiting);
            }
        }
    }

    /// A tone begins when its device is open, so that nothing of it is lost.
    fn finish(&self, waiting: Waiting) {
        if let (Some((number, tone)), [role]) = (waiting.tone, waiting.roles)
            && self.tones[*role as usize] == number
        {
            let (role, tone) = (*role, *tone);
            self.media.send(MediaCommand::Tone { role, tone });
        }
        let _ = waiting.done.send(());
    }

    fn tell(&mut self, event: SoundEvent) {
        match &event {
            SoundEvent::Failed { role, error } if *role != AudioRole::Ringer => {
                self.failed[*role as usize] = true;
                self.tell_sessions(&SessionEvent::AudioDevice(error.clone()));
            }
            SoundEvent::InUse { role, .. } if std::mem::take(&mut self.failed[*role as usize]) => {
                self.tell_sessions(&SessionEvent::AudioRecovered);
            }
            SoundEvent::Failed { .. } | SoundEvent::InUse { .. } | SoundEvent::Devices(_) => {}
        }
        // Nobody listens: nobody is told.
        let _ = self.events.send(event);
    }

    fn tell_sessions(&self, event: &SessionEvent) {
        for session in self.listeners.iter().filter_map(Weak::upgrade) {
            session.events.push(event.clone());
        }
    }
}

async fn sleep(pause: Option<Duration>) {
    match pause {
        Some(pause) => tokio::time::sleep(pause).await,
        None => std::future::pending().await,
    }
}

const fn alone(role: AudioRole) -> &'static [AudioRole] {
    match role {
        AudioRole::Microphone => &[AudioRole::Microphone],
        AudioRole::Loudspeaker => &[AudioRole::Loudspeaker],
        AudioRole::Ringer => &[AudioRole::Ringer],
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a call needs.
const CALL: [AudioRole; 2] = [AudioRole::Microphone, AudioRole::Loudspeaker];
/// The end of a tone: its fade, and a tick or two.
const FADED: Duration = Duration::from_millis(100);
/// What a loudspeaker still holds when the last sample has been handed over.
const PLAYED: Duration = Duration::from_millis(60);
/// How long the first list may take before calls are made without it.
const FIRST_LIST: Duration = Duration::from_secs(3);
/// Commands that can wait: one a session, and some.
const COMMANDS: usize = 128;
/// Events that wait for a slow reader; then the oldest are lost.
const EVENTS: usize = 64;
