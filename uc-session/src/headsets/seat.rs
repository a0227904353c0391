use std::{sync::Arc, time::Duration};

use headset::{CallControlDevice, Calls, DeviceError, DeviceEvent, Moment};
use tokio::{
    sync::{mpsc, watch},
    time::sleep,
};

use super::event::HeadsetId;
use crate::clock::Clock;

/// What a headset says.
#[derive(Debug)]
pub(super) enum Said {
    Event(DeviceEvent),
    /// It doesn't work at the moment.
    Trouble(DeviceError),
}

/// A headset that is left idle, however it comes to its end.
struct Seat {
    device: Box<dyn CallControlDevice>,
    /// What it was told last; nothing after a failure.
    told: Option<Calls>,
    now: Moment,
}

/// Tells a headset the calls and passes on what it says, until it is gone or nobody tells calls any more.
pub(super) async fn tend(
    id: HeadsetId,
    device: Box<dyn CallControlDevice>,
    mut calls: watch::Receiver<Calls>,
    clock: Arc<dyn Clock>,
    said: mpsc::Sender<(HeadsetId, Said)>,
) -> Option<DeviceError> {
    let mut seat = Seat {
        device,
        told: None,
        now: Moment::default(),
    };
    let mut trouble = None;
    loop {
        let current = *calls.borrow_and_update();
        seat.now = Moment(clock.now().monotonic);
        // Writing to a device that is stuck can take seconds.
        let round = tokio::task::spawn_blocking(move || {
            let (events, ended) = seat.round(current);
            (seat, events, ended)
        });
        let Ok((back, events, ended)) = round.await else {
            return Some(DeviceError::Misbehaved);
        };
        seat = back;
        for event in events {
            said.send((id, Said::Event(event))).await.ok()?;
        }
        if ended == Some(DeviceError::Gone) {
            return ended;
        }
        if let Some(error) = &ended
            && trouble.as_ref() != Some(error)
        {
            said.send((id, Said::Trouble(error.clone()))).await.ok()?;
        }
        let pause = match current == Calls::NONE || ended.is_some() {
            true => LEISURE,
            false => HASTE,
        };
        trouble = ended;
        tokio::select! {
            changed = calls.changed() => if changed.is_err() {
                // Going idle may take as long as any writing.
                let _ = tokio::task::spawn_blocking(move || drop(seat)).await;
                return None;
            },
            () = sleep(pause) => {}
        }
    }
}

impl Seat {
    /// Everything that there is to tell and to hear now.
    fn round(&mut self, calls: Calls) -> (Vec<DeviceEvent>, Option<DeviceError>) {
        let mut events = Vec::new();
        let ended = self.tell(calls).and_then(|()| self.hear(&mut events));
        if ended.is_err() {
            self.told = None;
        }
        (events, ended.err())
    }

    fn tell(&mut self, calls: Calls) -> Result<(), DeviceError> {
        if self.told != Some(calls) {
            self.device.set_calls(self.now, calls)?;
            self.told = Some(calls);
        }
        Ok(())
    }

    fn hear(&mut self, events: &mut Vec<DeviceEvent>) -> Result<(), DeviceError> {
        while events.len() < MOST_EVENTS {
            match self.device.poll(self.now)? {
                Some(event) => events.push(event),
                None => break,
            }
        }
        Ok(())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // One that is gone needs no going idle.
        let _ = self.device.set_calls(self.now, Calls::NONE);
    }
}

/// Between two looks at a headset during calls: a press is obeyed within this time (our choice, so that with
/// what the kernel takes it stays within 5 ms; the device has to be asked ten times a second).
const HASTE: Duration = Duration::from_millis(4);
/// Without calls, when buttons do nothing, or while it doesn't work (our choice).
const LEISURE: Duration = Duration::from_millis(250);
/// Events of one look (our choice); the rest wait for the next.
const MOST_EVENTS: usize = 16;
