//! The thread that owns a device's stream, from opening to closing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use cpal::traits::StreamTrait;
use rtrb::{Consumer, Producer, RingBuffer};

use super::{
    Counters, DeviceBackend, Pulse,
    format::{self, Format},
    refusal,
    system::System,
};
use crate::{AudioDirection, AudioError, DeviceChoice};

/// An open device, seen from the media thread. Dropping it closes the device and waits for that.
pub(super) struct DeviceThread {
    orders: Sender<Order>,
    errors: Consumer<AudioError>,
    thread: Option<JoinHandle<()>>,
}

impl DeviceThread {
    /// The error that has ended the stream, once.
    pub(super) fn take_error(&mut self) -> Option<AudioError> {
        self.errors.pop().ok()
    }
}

impl Drop for DeviceThread {
    fn drop(&mut self) {
        // If the thread is gone, so is the stream.
        let _ = self.orders.send(Order::Close);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What a direction adds: building its callback, and the ring's other end.
pub(super) trait Direction: Send + 'static {
    const DIRECTION: AudioDirection;
    /// What the media thread gets.
    type MediaEnd: Send;

    /// Builds the stream with a ring of its own.
    fn build(
        &self,
        device: &cpal::Device,
        format: Format,
        plumbing: Plumbing,
    ) -> Result<(cpal::Stream, Self::MediaEnd), cpal::Error>;
}

/// What callbacks report to.
pub(super) struct Plumbing {
    pub(super) counters: Arc<Counters>,
    pub(super) pulse: Arc<Pulse>,
    orders: Sender<Order>,
}

impl Plumbing {
    /// For the error callback: gaps are counted, what ends the stream goes to its thread.
    pub(super) fn error_callback(&self) -> impl FnMut(cpal::Error) + Send + 'static {
        let counters = Arc::clone(&self.counters);
        let orders = self.orders.clone();
        move |error| match error.kind() {
            cpal::ErrorKind::Xrun => counters.note(&counters.system_gaps, 1),
            // The stream goes on.
            cpal::ErrorKind::DeviceChanged | cpal::ErrorKind::RealtimeDenied => {}
            _ => {
                // Without its thread, the stream is closing anyway.
                let _ = orders.send(Order::Failed(error));
            }
        }
    }
}

enum Order {
    Close,
    Failed(cpal::Error),
}

/// Opens the chosen device on a new thread and waits until it runs.
pub(super) fn open<D: Direction>(
    direction: D,
    choice: &DeviceChoice,
    backend: &DeviceBackend,
) -> Result<(D::MediaEnd, DeviceThread), AudioError> {
    let system = Arc::clone(&backend.system);
    if !system.may_wait() {
        return Err(AudioError::Stalled(D::DIRECTION));
    }
    let (orders, inbox) = mpsc::channel();
    let (report, errors) = RingBuffer::new(1);
    let (opened, answer) = mpsc::sync_channel(0);
    let keeper = Keeper {
        direction,
        choice: choice.clone(),
        counters: Arc::clone(&backend.counters),
        system: Arc::clone(&system),
        orders: orders.clone(),
        inbox,
        report,
    };
    let thread = thread::Builder::new()
        .name("sound-device".to_owned())
        .spawn(move || keeper.run(&opened))
        .map_err(|error| refused::<D>(error.to_string()))?;
    let media_end = match answer.recv_timeout(OPEN_TIMEOUT) {
        Ok(answer) => answer?,
        Err(_) => {
            // The thread closes the stream by itself once the system answers.
            system.left_waiting();
            return Err(AudioError::Stalled(D::DIRECTION));
        }
    };
    let thread = DeviceThread {
        orders,
        errors,
        thread: Some(thread),
    };
    Ok((media_end, thread))
}

fn refused<D: Direction>(reason: String) -> AudioError {
    AudioError::Refused {
        direction: D::DIRECTION,
        reason,
    }
}

struct Keeper<D> {
    direction: D,
    choice: DeviceChoice,
    counters: Arc<Counters>,
    system: Arc<System>,
    orders: Sender<Order>,
    inbox: Receiver<Order>,
    report: Producer<AudioError>,
}

impl<D: Direction> Keeper<D> {
    fn run(mut self, opened: &SyncSender<Result<D::MediaEnd, AudioError>>) {
        let pulse = Arc::new(Pulse::default());
        let started = self.start(&pulse).and_then(|(stream, media_end)| {
            self.first_calls(&pulse.calls)?;
            Ok((stream, media_end))
        });
        let (answer, stream) = match started {
            Ok((stream, media_end)) => (Ok(media_end), Some(stream)),
            Err(error) => (Err(error), None),
        };
        if opened.send(answer).is_err() {
            // Nobody waits any more.
            self.system.came_back();
            return;
        }
        let Some(stream) = stream else { return };
        let end = self.watch(&pulse.calls);
        drop(stream);
        if let Some(error) = end {
            tracing::debug!(%error, "a sound device's stream has ended");
            // There is room: it is the only report.
            let _ = self.report.push(error);
        }
    }

    fn start(&self, pulse: &Arc<Pulse>) -> Result<(cpal::Stream, D::MediaEnd), AudioError> {
        let device = self.system.find(&self.choice, D::DIRECTION)?;
        let format = format::choose(&device, D::DIRECTION)?;
        let build = |format| {
            let plumbing = Plumbing {
                counters: Arc::clone(&self.counters),
                pulse: Arc::clone(pulse),
                orders: self.orders.clone(),
            };
            self.direction.build(&device, format, plumbing)
        };
        let (stream, media_end) = build(format)
            .or_else(|_| build(format.with_default_buffers()))
            .map_err(|error| at_opening(refusal(D::DIRECTION, &error), &self.choice))?;
        stream
            .play()
            .map_err(|error| at_opening(refusal(D::DIRECTION, &error), &self.choice))?;
        Ok((stream, media_end))
    }

    /// A device that is there may be suspended. Its buffer is filled all the same: it runs when it has called
    /// once more.
    fn first_calls(&self, calls: &AtomicU64) -> Result<(), AudioError> {
        for _ in 0..FIRST_LOOKS {
            match self.inbox.recv_timeout(FIRST_LOOK) {
                Ok(Order::Failed(error)) => {
                    return Err(at_opening(refusal(D::DIRECTION, &error), &self.choice));
                }
                Err(RecvTimeoutError::Timeout) if calls.load(Ordering::Relaxed) < 2 => {}
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected)
                | Ok(Order::Close) => return Ok(()),
            }
        }
        Err(AudioError::Stalled(D::DIRECTION))
    }

    /// Waits for the end: `None` if it was ordered.
    fn watch(&self, calls: &AtomicU64) -> Option<AudioError> {
        let (mut seen, mut still) = (None, 0);
        loop {
            match self.inbox.recv_timeout(STALL_LOOK) {
                Ok(Order::Failed(error)) => return Some(refusal(D::DIRECTION, &error)),
                Err(RecvTimeoutError::Timeout) => {
                    let now = Some(calls.load(Ordering::Relaxed));
                    still = if seen == now { still + 1 } else { 0 };
                    if still == STALL_LOOKS {
                        return Some(AudioError::Stalled(D::DIRECTION));
                    }
                    seen = now;
                }
                Ok(Order::Close) | Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }
}

/// What can't even be opened hasn't gone away: it never was there.
fn at_opening(error: AudioError, choice: &DeviceChoice) -> AudioError {
    match (error, choice) {
        (AudioError::Lost(direction), DeviceChoice::Default) => AudioError::NoDevice(direction),
        (AudioError::Lost(direction), DeviceChoice::Fixed(_)) => AudioError::NotFound(direction),
        (error, _) => error,
    }
}

/// The longest that a sound system may take to open a device.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);
/// A device is asked for calls of 10 ms.
const FIRST_LOOK: Duration = Duration::from_millis(2);
/// One that hasn't called twice within 2 s after it was opened stands still. Some have buffers as long.
const FIRST_LOOKS: usize = 1_000;
const STALL_LOOK: Duration = Duration::from_millis(500);
/// A device that doesn't call for 2 s has stalled: a suspended sink says nothing.
const STALL_LOOKS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DeviceId;

    #[test]
    fn a_device_that_cannot_be_opened_is_missing_and_not_lost() {
        let direction = AudioDirection::Capture;
        let fixed = DeviceChoice::Fixed(DeviceId("alsa:hw".to_owned()));
        let (lost, format) = (AudioError::Lost(direction), AudioError::Format(direction));
        let missing = AudioError::NoDevice(direction);
        assert_eq!(at_opening(lost.clone(), &DeviceChoice::Default), missing);
        assert_eq!(at_opening(lost, &fixed), AudioError::NotFound(direction));
        assert_eq!(at_opening(format.clone(), &fixed), format);
    }
}
