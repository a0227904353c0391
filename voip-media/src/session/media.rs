//! The media thread: every 10 ms it captures, encodes, takes what has arrived, mixes and plays.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, TryRecvError, sync_channel},
    },
    thread::{self, JoinHandle, Thread},
    time::Duration,
};

use tokio::sync::oneshot;

use crate::{
    AudioRole, EncoderTuning, EngineError, Limiter, MediaTime, SampleRate, ToneGenerator,
    rtp::KeyTone,
    session::{
        clock::Clock,
        conference::Conferences,
        deadlines::DeadlineCounter,
        guest::Guest,
        places::{Places, TonePlayer},
        relief::Relief,
        sound::{SoundFailure, SoundStream},
        stream::{CodecSet, Control, FRAME, Retired, SessionStream, TICK},
    },
};

/// What the media thread is asked. What it gives back is dropped by the asker: freeing memory may
/// take long.
#[allow(
    clippy::large_enum_variant,
    reason = "codecs in a box would have to be unpacked, and the box freed, by the media thread"
)]
pub(crate) enum MediaCommand {
    Attach(Box<SessionStream>),
    Detach {
        id: u64,
        reply: oneshot::Sender<Option<Box<SessionStream>>>,
    },
    Configure {
        id: u64,
        codecs: CodecSet,
        reply: oneshot::Sender<Retired>,
    },
    Control {
        id: u64,
        control: Control,
    },
    /// Puts a session into a conference or takes it out of any; whether there is such a session.
    Join {
        id: u64,
        conference: Option<u64>,
        reply: oneshot::Sender<bool>,
    },
    /// Lets a program take part in a conference; gives it back where there are too many.
    Attend {
        guest: Box<Guest>,
        reply: oneshot::Sender<Result<(), Box<Guest>>>,
    },
    /// Gives the program of this number back.
    Dismiss {
        id: u64,
        reply: oneshot::Sender<Option<Box<Guest>>>,
    },
    /// Plays a tone beside the sessions, or on the ringer, instead of the one before.
    Tone {
        role: AudioRole,
        tone: ToneGenerator,
    },
    /// Fades the tone out and answers when it is over.
    StopTone {
        role: AudioRole,
        over: oneshot::Sender<()>,
    },
    Tune {
        id: u64,
        tuning: EncoderTuning,
    },
    Press {
        id: u64,
        tone: KeyTone,
    },
    /// Takes a stream and gives the former one of that direction back.
    Stream {
        stream: SoundStream,
        reply: oneshot::Sender<SoundStream>,
    },
    Stop,
}

/// Sends commands to the media thread, and wakes it.
#[derive(Clone)]
pub(crate) struct MediaHandle {
    commands: SyncSender<MediaCommand>,
    thread: Thread,
}

impl MediaHandle {
    /// Whether the command was taken: not if the thread is gone or far behind.
    pub(crate) fn send(&self, command: MediaCommand) -> bool {
        let sent = self.commands.try_send(command).is_ok();
        self.thread.unpark();
        sent
    }
}

/// Starts the thread. `on_failure` is called on it when a stream ends; it must not block.
pub(crate) fn start(
    clock: Clock,
    deadlines: Arc<DeadlineCounter>,
    on_failure: impl FnMut(SoundFailure) + Send + 'static,
) -> Result<(MediaHandle, JoinHandle<()>), EngineError> {
    let (commands, inbox) = sync_channel(COMMANDS);
    let media = MediaThread {
        clock,
        deadlines,
        relief: Relief::default(),
        inbox,
        sessions: Vec::with_capacity(MAX_SESSIONS),
        places: Places::default(),
        recent: [[0; FRAME]; RECENT],
        conferences: Conferences::new(MAX_SESSIONS),
        tone: TonePlayer::default(),
        ring: TonePlayer::default(),
        limiter: Limiter::new(SampleRate::HZ_48000).expect("48 kHz has whole milliseconds"),
        on_failure: Box::new(on_failure),
    };
    let thread = thread::Builder::new().name("voip-media".to_owned());
    let thread = thread
        .spawn(move || media.run())
        .map_err(|_| EngineError::Thread)?;
    Ok((
        MediaHandle {
            commands,
            thread: thread.thread().clone(),
        },
        thread,
    ))
}

struct MediaThread {
    clock: Clock,
    deadlines: Arc<DeadlineCounter>,
    relief: Relief,
    inbox: Receiver<MediaCommand>,
    /// Boxed: a session is large, and its memory comes and goes with its task.
    sessions: Vec<Box<SessionStream>>,
    places: Places,
    /// The sound captured last, for sessions that begin to send.
    recent: [[i16; FRAME]; RECENT],
    conferences: Conferences,
    /// On the loudspeaker.
    tone: TonePlayer,
    /// On the ringer.
    ring: TonePlayer,
    /// Of the loudspeaker.
    limiter: Limiter,
    on_failure: Box<dyn FnMut(SoundFailure) + Send>,
}

impl MediaThread {
    fn run(mut self) {
        let mut next = self.clock.now();
        while self.take_commands() {
            let speaks = self.tone.plays() || self.ring.plays();
            if self.sessions.is_empty() && !self.conferences.has_guests() && !speaks {
                thread::park();
                next = self.clock.now();
                continue;
            }
            let (now, first) = (self.clock.now(), next);
            let due = ticks_due(&mut next, now);
            for session in &mut self.sessions {
                session.receive();
            }
            if due > 0 {
                self.tick(due, now);
                let ended = self.clock.now();
                self.deadlines.record(ended.since(first));
                self.note_work(due, ended.since(now));
            }
            thread::park_timeout(next.since(self.clock.now()));
        }
    }

    /// Whether to go on.
    fn take_commands(&mut self) -> bool {
        loop {
            match self.inbox.try_recv() {
                Ok(MediaCommand::Stop) | Err(TryRecvError::Disconnected) => return false,
                Ok(command) => self.take(command),
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    fn take(&mut self, command: MediaCommand) {
        match command {
            MediaCommand::Attach(mut session) => {
                session.relieve(self.relief.is_active());
                if self.sessions.len() < MAX_SESSIONS {
                    self.sessions.push(session);
                }
            }
            MediaCommand::Detach { id, reply } => {
                let index = self.sessions.iter().position(|session| session.id == id);
                let _ = reply.send(index.map(|index| self.sessions.swap_remove(index)));
            }
            MediaCommand::Configure { id, codecs, reply } => {
                if let Some(session) = self.session(id) {
                    let _ = reply.send(session.configure(codecs));
                }
            }
            MediaCommand::Control { id, control } => {
                let recent = self.recent;
                if let Some(session) = self.session(id) {
                    session.control(control, &recent);
                }
            }
            MediaCommand::Join {
                id,
                conference,
                reply,
            } => {
                let session = self.session(id).filter(|session| !session.is_apart());
                let found = session.map(|session| session.conference.join(conference));
                let _ = reply.send(found.is_some());
            }
            MediaCommand::Attend { guest, reply } => {
                let _ = reply.send(self.conferences.attend(guest));
            }
            MediaCommand::Dismiss { id, reply } => {
                let _ = reply.send(self.conferences.dismiss(id));
            }
            MediaCommand::Tone { role, tone } => self.player(role).start(tone),
            MediaCommand::StopTone { role, over } => self.player(role).stop(over),
            MediaCommand::Tune { id, tuning } => {
                if let Some(session) = self.session(id) {
                    session.tune(tuning);
                }
            }
            MediaCommand::Press { id, tone } => {
                if let Some(session) = self.session(id) {
                    session.press(tone);
                }
            }
            MediaCommand::Stream { stream, reply } => {
                let _ = reply.send(self.places.exchange(stream));
            }
            MediaCommand::Stop => {}
        }
    }

    fn player(&mut self, role: AudioRole) -> &mut TonePlayer {
        match role {
            AudioRole::Ringer => &mut self.ring,
            AudioRole::Microphone | AudioRole::Loudspeaker => &mut self.tone,
        }
    }

    fn session(&mut self, id: u64) -> Option<&mut SessionStream> {
        let found = self.sessions.iter_mut().find(|session| session.id == id);
        found.map(|session| &mut **session)
    }

    fn tick(&mut self, due: usize, now: MediaTime) {
        self.capture(due);
        self.capture_apart(due);
        for session in &mut self.sessions {
            session.idle(due as u32);
        }
        self.play(due, now);
        self.play_apart(due, now);
        self.places.ring(due, &mut self.ring);
        self.places.report(&mut self.on_failure);
    }

    /// So many ticks took so long.
    fn note_work(&mut self, ticks: usize, work: Duration) {
        if self.relief.record(TICK * ticks as u32, work) {
            for session in &mut self.sessions {
                session.relieve(self.relief.is_active());
            }
        }
    }

    /// Reads what the microphone has, or what is due from a source without a clock.
    fn capture(&mut self, due: usize) {
        let wants = |session: &SessionStream| session.sends() && !session.is_apart();
        let wanted = self.sessions.iter().any(|session| wants(session));
        let frames = match self.places.available() {
            Some(Some(available)) => (available / FRAME).min(MAX_FRAMES),
            // A file waits until somebody listens.
            Some(None) | None if wanted => due,
            Some(None) | None => 0,
        };
        for _ in 0..frames {
            let mut frame = [0; FRAME];
            self.places.read(&mut frame);
            for session in shared(&mut self.sessions) {
                let begun = self.clock.now();
                session.capture(&frame);
                session.note_effort(self.clock.now().since(begun));
            }
            self.recent.rotate_left(1);
            self.recent[RECENT - 1] = frame;
        }
    }

    /// Reads what sessions with sound of their own say.
    fn capture_apart(&mut self, due: usize) {
        for session in self.sessions.iter_mut().filter(|s| s.is_apart()) {
            for _ in 0..due {
                let begun = self.clock.now();
                session.capture_own();
                session.note_effort(self.clock.now().since(begun));
            }
        }
    }

    /// Writes what they hear.
    fn play_apart(&mut self, due: usize, now: MediaTime) {
        for session in self.sessions.iter_mut().filter(|s| s.is_apart()) {
            for _ in 0..due {
                session.play_own(now);
            }
        }
    }

    /// Writes what the loudspeaker wants, or what is due where it has no clock.
    fn play(&mut self, due: usize, now: MediaTime) {
        let hears = |session: &SessionStream| session.is_heard() && !session.is_apart();
        let heard = self.tone.plays() || self.sessions.iter().any(|session| hears(session));
        let frames = match self.places.wanted() {
            Some(Some(wanted)) => (wanted / FRAME).min(MAX_FRAMES),
            Some(None) | None => due,
        };
        for _ in 0..frames {
            let mut mix = [0; FRAME];
            for session in shared(&mut self.sessions) {
                session.play(&mut mix, now);
            }
            self.conferences.carry(&mut self.sessions);
            self.tone.mix(&mut mix);
            let mut frame = [0; FRAME];
            self.limiter.process(&mix, &mut frame);
            self.places.write(&frame, heard);
        }
    }
}

/// Those that share the engine's devices.
fn shared(sessions: &mut [Box<SessionStream>]) -> impl Iterator<Item = &mut Box<SessionStream>> {
    sessions.iter_mut().filter(|session| !session.is_apart())
}

/// How many ticks are due, and moves `next` on. After a long pause (a suspended machine), time
/// that can't be caught up is left out.
fn ticks_due(next: &mut MediaTime, now: MediaTime) -> usize {
    let mut due = 0;
    while *next <= now {
        if due == MAX_FRAMES {
            *next = now.after(TICK);
            break;
        }
        *next = next.after(TICK);
        due += 1;
    }
    due
}

/// Sessions of one engine.
pub(crate) const MAX_SESSIONS: usize = 64;
/// Ticks that are made up for after a delay.
pub(super) const MAX_FRAMES: usize = 10;
/// Frames kept for sessions that begin to send: the longest packet, 60 ms.
const RECENT: usize = 6;
/// Commands that can wait: some for each session.
const COMMANDS: usize = 8 * MAX_SESSIONS;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> MediaTime {
        MediaTime::from_micros(milliseconds * 1_000)
    }

    #[test]
    fn each_ten_milliseconds_are_a_tick() {
        let mut next = at(10);
        assert_eq!(ticks_due(&mut next, at(9)), 0);
        assert_eq!(ticks_due(&mut next, at(10)), 1);
        assert_eq!((ticks_due(&mut next, at(35)), next), (2, at(40)));
    }

    #[test]
    fn after_a_long_pause_time_is_left_out() {
        let mut next = at(10);
        assert_eq!(
            (ticks_due(&mut next, at(60_000)), next),
            (MAX_FRAMES, at(60_010))
        );
    }
}
