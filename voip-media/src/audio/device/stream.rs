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
    Counters, Pulse, find,
    format::{self, Format},
    refusal,
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
            cpal::ErrorKind::Xrun => Counters::add(&counters.system_gaps, 1),
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
    counters: Arc<Counters>,
) -> Result<(D::MediaEnd, DeviceThread), AudioError> {
    let (orders, inbox) = mpsc::channel();
    let (report, errors) = RingBuffer::new(1);
    let (opened, answer) = mpsc::sync_channel(1);
    let keeper = Keeper {
        direction,
        choice: choice.clone(),
        counters,
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
        // The thread closes the stream by itself once the system answers.
        Err(_) => return Err(refused::<D>("it did not answer within 5 s".to_owned())),
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
    orders: Sender<Order>,
    inbox: Receiver<Order>,
    report: Producer<AudioError>,
}

impl<D: Direction> Keeper<D> {
    fn run(mut self, opened: &SyncSender<Result<D::MediaEnd, AudioError>>) {
        let pulse = Arc::new(Pulse::default());
        let stream = match self.start(&pulse) {
            Ok((stream, media_end)) => {
                if opened.send(Ok(media_end)).is_err() {
                    // Nobody waits any more.
                    return;
                }
                stream
            }
            Err(error) => {
                let _ = opened.send(Err(error));
                return;
            }
        };
        let end = self.watch(&pulse.calls);
        drop(stream);
        if let Some(error) = end {
            tracing::debug!(%error, "a sound device's stream has ended");
            // There is room: it is the only report.
            let _ = self.report.push(error);
        }
    }

    fn start(&self, pulse: &Arc<Pulse>) -> Result<(cpal::Stream, D::MediaEnd), AudioError> {
        let device = find(&self.choice, D::DIRECTION)?;
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

    /// Waits for the end: `None` if it was ordered.
    fn watch(&self, calls: &AtomicU64) -> Option<AudioError> {
        let mut seen = None;
        loop {
            match self.inbox.recv_timeout(STALL_TIMEOUT) {
                Ok(Order::Failed(error)) => return Some(refusal(D::DIRECTION, &error)),
                Err(RecvTimeoutError::Timeout) => {
                    let now = Some(calls.load(Ordering::Relaxed));
                    if seen == now {
                        return Some(AudioError::Lost(D::DIRECTION));
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
/// A device that doesn't call for this long has stalled: a suspended sink says nothing.
const STALL_TIMEOUT: Duration = Duration::from_secs(2);

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
