//! Several calls of one engine as one conversation, mixed on this computer.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use thiserror::Error;
use tokio::sync::oneshot;

use crate::{
    Attendance, AudioSession, Engine, Limiter, OwnSound, SampleRate,
    session::{
        guest::Guest,
        media::{MAX_SESSIONS, MediaCommand},
        stream::{FRAME, SessionStream},
    },
};

/// Why calls could not be joined. None of them was changed, or all that could be are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JoinError {
    /// Fewer than two calls.
    #[error("a conference takes two calls or more")]
    TooFew,
    /// A call that has ended, belongs to another engine, or has sound of its own.
    #[error("one of the calls has ended or belongs to another engine: join the others")]
    Unknown,
    /// As many programs take part in this engine's conferences as can.
    #[error("{MAX_SESSIONS} programs take part in conferences already: let one leave first")]
    Full,
    /// The engine is closed, or far behind.
    #[error("the engine is closed or can't keep up: make a new one, or end calls")]
    Closed,
    /// Called outside a tokio runtime.
    #[error("there is no tokio runtime here: call this inside one")]
    NoRuntime,
}

/// A conference that calls enter one by one, as a server's do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConferenceId(u64);

impl ConferenceId {
    /// A new one, with nobody in it; unique in this process.
    #[expect(
        clippy::new_without_default,
        reason = "each one is another: there is no default"
    )]
    pub fn new() -> Self {
        Self(NEXT_CONFERENCE.fetch_add(1, Relaxed))
    }

    /// The one of this number, whoever names it: for numbers that were chosen at random.
    pub const fn of(number: u64) -> Self {
        Self(number)
    }
}

impl Engine {
    /// Joins calls to a conference on this computer: each far side hears this microphone and all other
    /// far sides, as here all are heard already. Calls that are in a conference leave it for the new
    /// one: to add a call, join all anew. A call that is held neither hears nor is heard. Mixing adds
    /// 20 to 30 ms for what goes from one far side to another.
    ///
    /// # Errors
    /// [`JoinError`].
    pub async fn join(&self, sessions: &[&AudioSession]) -> Result<(), JoinError> {
        if sessions.len() < 2 {
            return Err(JoinError::TooFew);
        }
        let conference = ConferenceId::new();
        for session in sessions {
            self.enter(conference, session).await?;
        }
        Ok(())
    }

    /// Lets a call into a conference, out of any other; those who are in it notice nothing but its
    /// voice. Who is alone in it hears the microphone only.
    ///
    /// # Errors
    /// [`JoinError::Unknown`].
    pub async fn enter(
        &self,
        conference: ConferenceId,
        session: &AudioSession,
    ) -> Result<(), JoinError> {
        self.put_into(session, Some(conference.0)).await
    }

    /// Takes a call out of its conference; the others stay in it. One that is in none stays so.
    ///
    /// # Errors
    /// [`JoinError::Unknown`].
    pub async fn part(&self, session: &AudioSession) -> Result<(), JoinError> {
        self.put_into(session, None).await
    }

    /// As [`Engine::enter`] and, without a conference, [`Engine::part`], for whoever needs no answer: a call
    /// that has ended is in none.
    pub fn place(&self, conference: Option<ConferenceId>, session: &AudioSession) {
        let conference = conference.map(|conference| conference.0);
        drop(self.send_into(session, conference));
    }

    /// Lets a program take part in a conference, without a call: it says what `sound` reads and hears
    /// everybody else, 10 ms every 10 ms, with neither network nor codec between, until the
    /// [`Attendance`] is dropped. The devices of this computer have no part in it: the program isn't heard
    /// on the loudspeaker, and doesn't hear the microphone.
    ///
    /// # Errors
    /// [`JoinError::Full`], [`JoinError::Closed`], [`JoinError::NoRuntime`].
    pub async fn attend(
        &self,
        conference: ConferenceId,
        sound: OwnSound,
    ) -> Result<Attendance, JoinError> {
        Attendance::begin(self.media().clone(), conference.0, sound).await
    }

    async fn put_into(
        &self,
        session: &AudioSession,
        conference: Option<u64>,
    ) -> Result<(), JoinError> {
        match self.send_into(session, conference).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(JoinError::Unknown),
        }
    }

    fn send_into(
        &self,
        session: &AudioSession,
        conference: Option<u64>,
    ) -> oneshot::Receiver<bool> {
        let (reply, found) = oneshot::channel();
        self.media().send(MediaCommand::Join {
            id: session.id(),
            conference,
            reply,
        });
        found
    }
}

/// A call's part in a conference.
pub(crate) struct Member {
    conference: Option<u64>,
    /// What its far side says in this frame.
    voice: [i16; FRAME],
    /// What the others said, oldest first: it comes at the pace of the loudspeaker and goes at that
    /// of the microphone.
    others: [[i32; FRAME]; WAITING],
    waiting: usize,
    /// Whether enough has waited to begin with.
    flows: bool,
    limiter: Limiter,
}

impl Default for Member {
    fn default() -> Self {
        Self {
            conference: None,
            voice: [0; FRAME],
            others: [[0; FRAME]; WAITING],
            waiting: 0,
            flows: false,
            limiter: Limiter::new(SampleRate::HZ_48000).expect("48 kHz has whole milliseconds"),
        }
    }
}

impl Member {
    /// Puts the call into a conference, or into none.
    pub(crate) fn join(&mut self, conference: Option<u64>) {
        self.conference = conference;
        self.restart();
    }

    /// Forgets what waits: it is old.
    pub(crate) fn restart(&mut self) {
        self.waiting = 0;
        self.flows = false;
        self.limiter.clear();
    }

    /// What its far side says in this frame.
    pub(crate) fn speak(&mut self, frame: &[i16; FRAME]) {
        self.voice = *frame;
    }

    /// Adds what the others said to what is sent.
    pub(crate) fn add_others(&mut self, frame: &mut [i16; FRAME]) {
        if self.conference.is_none() {
            return;
        }
        let mut sum = frame.map(i32::from);
        if let Some(others) = self.next() {
            for (sum, other) in sum.iter_mut().zip(&others) {
                *sum += other;
            }
        }
        self.limiter.process(&sum, frame);
    }

    fn next(&mut self) -> Option<[i32; FRAME]> {
        self.flows = self.waiting > 0 && (self.flows || self.waiting >= BEGIN);
        if !self.flows {
            return None;
        }
        let next = self.others[0];
        self.others.rotate_left(1);
        self.waiting -= 1;
        Some(next)
    }

    /// Keeps a frame of the others; the oldest goes if too many wait.
    fn hear(&mut self, all: &[i32; FRAME]) {
        if self.waiting == WAITING {
            self.others.rotate_left(1);
            self.waiting -= 1;
        }
        let place = &mut self.others[self.waiting];
        for ((place, all), own) in place.iter_mut().zip(all).zip(&self.voice) {
            *place = all - i32::from(*own);
        }
        self.waiting += 1;
    }
}

/// Adds up each conference of an engine once a frame.
#[derive(Default)]
pub(crate) struct Conferences {
    sums: Vec<(u64, [i32; FRAME])>,
    #[expect(
        clippy::vec_box,
        reason = "the media thread neither takes nor frees memory: a box goes back as it came"
    )]
    guests: Vec<Box<Guest>>,
}

impl Conferences {
    /// For so many sessions.
    pub(crate) fn new(sessions: usize) -> Self {
        Self {
            // A conference has two members or more, but for those whose partners have gone.
            sums: Vec::with_capacity(2 * sessions),
            guests: Vec::with_capacity(sessions),
        }
    }

    /// Whether programs take part somewhere.
    pub(crate) const fn has_guests(&self) -> bool {
        !self.guests.is_empty()
    }

    /// Lets a program in; gives it back where there are too many.
    pub(crate) fn attend(&mut self, guest: Box<Guest>) -> Result<(), Box<Guest>> {
        if self.guests.len() == self.guests.capacity() {
            return Err(guest);
        }
        self.guests.push(guest);
        Ok(())
    }

    /// Gives the program of this number back.
    pub(crate) fn dismiss(&mut self, id: u64) -> Option<Box<Guest>> {
        let index = self.guests.iter().position(|guest| guest.id == id)?;
        Some(self.guests.swap_remove(index))
    }

    /// Carries what each far side says in this frame to the others of its conference.
    pub(crate) fn carry(&mut self, sessions: &mut [Box<SessionStream>]) {
        self.sums.clear();
        for member in sessions.iter().map(|session| &session.conference) {
            self.add(member.conference, &member.voice);
        }
        for index in 0..self.guests.len() {
            let guest = &mut self.guests[index];
            guest.speak();
            let (conference, voice) = (guest.conference, guest.voice);
            self.add(Some(conference), &voice);
        }
        for session in sessions {
            let member = &mut session.conference;
            let sum = self
                .sums
                .iter()
                .find(|sum| Some(sum.0) == member.conference);
            if let Some((_, sum)) = sum {
                member.hear(sum);
            }
            member.voice = [0; FRAME];
        }
        for guest in &mut self.guests {
            let sum = self.sums.iter().find(|sum| sum.0 == guest.conference);
            if let Some((_, sum)) = sum {
                guest.hear(sum);
            }
        }
    }

    fn add(&mut self, conference: Option<u64>, voice: &[i16; FRAME]) {
        let Some(conference) = conference else {
            return;
        };
        let known = self.sums.iter().position(|sum| sum.0 == conference);
        let place = known.unwrap_or_else(|| {
            self.sums.push((conference, [0; FRAME]));
            self.sums.len() - 1
        });
        for (sum, sample) in self.sums[place].1.iter_mut().zip(voice) {
            *sum += i32::from(*sample);
        }
    }
}

static NEXT_CONFERENCE: AtomicU64 = AtomicU64::new(1);
/// Frames of 10 ms that can wait; more only come when the microphone's clock stands still.
const WAITING: usize = 5;
/// Frames that wait at the beginning, for microphone and loudspeaker don't tick together.
const BEGIN: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    fn member(conference: u64) -> Member {
        let mut member = Member::default();
        member.join(Some(conference));
        member
    }

    /// What is sent with a silent microphone.
    fn sent(member: &mut Member) -> i16 {
        let mut frame = [0; FRAME];
        member.add_others(&mut frame);
        frame[FRAME - 1]
    }

    #[test]
    fn others_come_out_in_order_once_two_frames_wait() {
        let mut member = member(1);
        assert_eq!(sent(&mut member), 0);
        member.hear(&[100; FRAME]);
        assert_eq!(sent(&mut member), 0, "one is too few to begin with");
        member.hear(&[200; FRAME]);
        assert_eq!(sent(&mut member), 100);
        assert_eq!(sent(&mut member), 200, "now the last one goes, too");
        assert_eq!(sent(&mut member), 0);
    }

    #[test]
    fn ones_own_voice_does_not_come_back() {
        let mut member = member(1);
        for _ in 0..2 {
            member.speak(&[70; FRAME]);
            member.hear(&[100; FRAME]);
        }
        assert_eq!(sent(&mut member), 30);
    }

    #[test]
    fn the_oldest_goes_when_the_microphone_stands_still() {
        let mut member = member(1);
        for n in 1..=20 {
            member.hear(&[n; FRAME]);
        }
        assert_eq!(sent(&mut member), 16);
        assert_eq!(member.waiting, WAITING - 1);
    }

    #[test]
    fn the_microphone_is_part_of_the_sum_and_the_sum_is_limited() {
        let mut member = member(1);
        let mut frame = [1_000; FRAME];
        member.hear(&[500; FRAME]);
        member.hear(&[500; FRAME]);
        member.add_others(&mut frame);
        assert_eq!(frame[FRAME - 1], 1_500);
        member.hear(&[1_000_000; FRAME]);
        for _ in 0..2 {
            frame = [30_000; FRAME];
            member.add_others(&mut frame);
            assert!(frame.iter().all(|sample| *sample <= 29_204));
        }
    }

    #[test]
    fn who_is_in_no_conference_sends_the_microphone_as_it_is() {
        let mut alone = Member::default();
        let mut frame = [32_000; FRAME];
        alone.add_others(&mut frame);
        assert_eq!(frame, [32_000; FRAME]);
    }

    #[test]
    fn two_conferences_are_added_up_apart() {
        let mut conferences = Conferences::new(4);
        for (conference, loudness) in [(1, 10), (2, 500), (1, 20)] {
            let mut member = member(conference);
            member.speak(&[loudness; FRAME]);
            conferences.add(member.conference, &member.voice);
        }
        conferences.add(None, &[1; FRAME]);
        let sums: Vec<_> = conferences
            .sums
            .iter()
            .map(|(n, sum)| (*n, sum[0]))
            .collect();
        assert_eq!(sums, [(1, 30), (2, 500)]);
    }
}
