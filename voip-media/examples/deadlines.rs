//! Is every frame ready in time? `deadlines CALLS SECONDS` runs so many Opus calls at once, both sides of
//! each in this process, and prints how punctual the two media threads were and what memory grew by.
use std::{env, error::Error, fs, sync::Arc, time::Duration};

use voip_media::{
    AudioBackend, AudioDevice, AudioError, AudioSession, CaptureStream, DeviceChoice, Engine,
    PlayoutStream, SessionEvent,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut number = |what| {
        arguments
            .next()
            .ok_or(what)?
            .parse::<u64>()
            .map_err(|_| what)
    };
    let (calls, seconds) = (number("give CALLS SECONDS")?, number("give CALLS SECONDS")?);
    let callers = Engine::builder(Arc::new(Murmur)).build()?;
    let callees = Engine::builder(Arc::new(Murmur)).build()?;
    let mut sessions = Vec::new();
    for _ in 0..calls {
        sessions.push(connect(&callers, &callees).await?);
    }
    // What is allocated once is allocated by then.
    tokio::time::sleep(Duration::from_secs(seconds / 4)).await;
    let before = resident();
    tokio::time::sleep(Duration::from_secs(seconds - seconds / 4)).await;
    let grown = resident().saturating_sub(before);
    println!("{calls} calls, {seconds} s; memory {before} kB, grown by {grown} kB");
    for (name, engine) in [("calling", &callers), ("called", &callees)] {
        let deadlines = engine.deadlines();
        let share = 100.0 * deadlines.missed as f64 / deadlines.frames.max(1) as f64;
        println!("{name}: {deadlines:?}, {share:.3} % missed");
    }
    let concealed = |session: &AudioSession| session.stats().concealed_share;
    let worst = sessions
        .iter()
        .map(|(near, far)| concealed(near).max(concealed(far)));
    println!("worst concealed share {:.4}", worst.fold(0.0, f32::max));
    callers.close().await;
    callees.close().await;
    Ok(())
}

async fn connect(
    callers: &Engine,
    callees: &Engine,
) -> Result<(AudioSession, AudioSession), Box<dyn Error>> {
    let (near, far) = (callers.open()?, callees.open()?);
    let answer = far.accept_offer(&near.offer().await?).await?;
    near.accept_answer(&answer).await?;
    for session in [&near, &far] {
        while session.next_event().await.ok_or("closed")? != SessionEvent::Connected {}
    }
    Ok((near, far))
}

/// Resident memory in kB; 0 where the system doesn't say.
fn resident() -> u64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = pages.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    4 * pages.unwrap_or(0)
}

/// Noise that swells and fades like speech, so that the encoder has its work; nothing is played.
struct Murmur;

impl AudioBackend for Murmur {
    fn devices(&self) -> Result<Vec<AudioDevice>, AudioError> {
        Ok(Vec::new())
    }

    fn open_capture(&self, _: &DeviceChoice) -> Result<Box<dyn CaptureStream>, AudioError> {
        Ok(Box::new(Noise { state: 1, at: 0 }))
    }

    fn open_playout(&self, _: &DeviceChoice) -> Result<Box<dyn PlayoutStream>, AudioError> {
        Ok(Box::new(Nowhere))
    }
}

struct Noise {
    state: u32,
    at: u32,
}

impl CaptureStream for Noise {
    fn available(&self) -> Option<usize> {
        None
    }

    fn read(&mut self, frame: &mut [i16]) -> usize {
        for sample in &mut *frame {
            self.state = self
                .state
                .wrapping_mul(1_664_525)
                .wrapping_add(1_013_904_223);
            // Four syllables a second.
            self.at = (self.at + 1) % 12_000;
            let level = 6_000 - self.at.abs_diff(6_000);
            *sample = (((self.state >> 16) as i16 as i32) * level as i32 / 12_000) as i16;
        }
        frame.len()
    }

    fn take_error(&mut self) -> Option<AudioError> {
        None
    }
}

struct Nowhere;

impl PlayoutStream for Nowhere {
    fn wanted(&self) -> Option<usize> {
        None
    }

    fn write(&mut self, _: &[i16]) {}

    fn take_error(&mut self) -> Option<AudioError> {
        None
    }
}
