use std::{collections::BTreeSet, time::Duration};

use headset::{CallControlDevice, DeviceKey, HeadsetChange, Moment, UsbError, UsbHeadsets, Vendor};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::sleep,
};

use super::{
    Headsets, Ids,
    event::{HeadsetEvent, HeadsetId},
    hub::Order,
    switches::Switches,
};
use crate::clock::Clock;

impl Headsets {
    /// Lets the USB headsets of this computer control the calls as they come and go; the system is
    /// asked once a second. What can't be used is told with what cures it
    /// ([`HeadsetEvent::Refused`]).
    ///
    /// ```no_run
    /// # async fn run(client: uc_session::Client) -> Result<(), headset::UsbError> {
    /// let headsets = client.headsets(uc_session::HeadsetConfig::default());
    /// headsets.find(headset::UsbHeadsets::new()?).await;
    /// let mut events = headsets.events();
    /// while let Some(event) = events.next().await {
    ///     println!("{event}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn find(&self, usb: UsbHeadsets) {
        let search = Search {
            orders: self.orders.downgrade(),
            ids: self.ids.clone(),
            switches: self.switches.subscribe(),
            clock: std::sync::Arc::clone(&self.clock),
            switched_off: BTreeSet::new(),
            found: Vec::new(),
            failed: None,
        };
        let work = Order::Work(Box::pin(search.run(usb)));
        // After the end nothing is found.
        let _ = self.orders.send(work).await;
    }
}

/// Who finds headsets; a trait, since tests have none.
trait Finder: Send + 'static {
    fn changes(&mut self, now: Moment) -> Result<Vec<Change>, UsbError>;
    fn switch(&mut self, vendor: Vendor, on: bool) -> Vec<Change>;
    fn lost(&mut self, key: &DeviceKey);
}

enum Change {
    Connected(DeviceKey, Box<dyn CallControlDevice>),
    Gone(DeviceKey),
    Refused(UsbError),
}

impl Finder for UsbHeadsets {
    fn changes(&mut self, now: Moment) -> Result<Vec<Change>, UsbError> {
        let changes = self.poll(now)?;
        Ok(changes.into_iter().filter_map(Change::of).collect())
    }

    fn switch(&mut self, vendor: Vendor, on: bool) -> Vec<Change> {
        let changes = Self::switch(self, vendor, on);
        changes.into_iter().filter_map(Change::of).collect()
    }

    fn lost(&mut self, key: &DeviceKey) {
        Self::lost(self, key);
    }
}

impl Change {
    /// `None` for what a newer crate tells.
    fn of(change: HeadsetChange) -> Option<Self> {
        Some(match change {
            HeadsetChange::Connected(key, device) => Self::Connected(key, device),
            HeadsetChange::Gone(key) => Self::Gone(key),
            HeadsetChange::Refused(error) => Self::Refused(error),
            _ => return None,
        })
    }
}

/// Looks for headsets and hands them over.
struct Search {
    /// Weak: looking keeps no headsets.
    orders: mpsc::WeakSender<Order>,
    ids: Ids,
    switches: watch::Receiver<Switches>,
    clock: std::sync::Arc<dyn Clock>,
    switched_off: BTreeSet<Vendor>,
    found: Vec<Found>,
    /// Why the list couldn't be read, once it was told.
    failed: Option<UsbError>,
}

/// A headset that was handed over.
struct Found {
    key: DeviceKey,
    id: HeadsetId,
    /// Closed once it no longer controls calls.
    end: oneshot::Receiver<()>,
}

impl Search {
    async fn run(mut self, mut finder: impl Finder) {
        loop {
            let now = Moment(self.clock.now().monotonic);
            let (switches, lost) = (self.switched(), self.lost());
            // Asking the system takes milliseconds, and opening a device that is stuck longer.
            let look = tokio::task::spawn_blocking(move || {
                let changes = look(&mut finder, now, switches, lost);
                (finder, changes)
            });
            let Ok((back, (changes, failed))) = look.await else {
                return;
            };
            finder = back;
            let Some(orders) = self.orders.upgrade() else {
                return;
            };
            for order in self.orders_for(changes, failed) {
                if orders.send(order).await.is_err() {
                    return;
                }
            }
            drop(orders);
            tokio::select! {
                changed = self.switches.changed() => if changed.is_err() { return },
                () = sleep(LOOK) => {}
            }
        }
    }

    /// What was switched since the last look.
    fn switched(&mut self) -> Vec<(Vendor, bool)> {
        let off = self.switches.borrow_and_update().off_by_usb();
        let changed = off.symmetric_difference(&self.switched_off);
        let switches = changed.map(|vendor| (*vendor, !off.contains(vendor)));
        let switches = switches.collect();
        self.switched_off = off;
        switches
    }

    /// Those that failed in use.
    fn lost(&mut self) -> Vec<DeviceKey> {
        let is_lost =
            |found: &mut Found| found.end.try_recv() != Err(oneshot::error::TryRecvError::Empty);
        let lost = self.found.extract_if(.., is_lost);
        lost.map(|found| found.key).collect()
    }

    fn orders_for(&mut self, changes: Vec<Change>, failed: Option<UsbError>) -> Vec<Order> {
        let mut orders = Vec::new();
        for change in changes {
            orders.extend(self.order(change));
        }
        if let Some(error) = &failed
            && self.failed.as_ref() != Some(error)
        {
            orders.push(Order::Tell(HeadsetEvent::Refused(error.clone())));
        }
        self.failed = failed;
        orders
    }

    fn order(&mut self, change: Change) -> Option<Order> {
        match change {
            Change::Connected(key, device) => {
                let (sender, end) = oneshot::channel();
                let id = self.ids.next();
                self.found.push(Found { key, id, end });
                let end = Some(sender);
                Some(Order::Attach { id, device, end })
            }
            Change::Gone(key) => {
                let place = self.found.iter().position(|found| found.key == key)?;
                Some(Order::Unplugged(self.found.swap_remove(place).id))
            }
            Change::Refused(error) => Some(Order::Tell(HeadsetEvent::Refused(error))),
        }
    }
}

/// One look; what went wrong last comes beside the changes.
fn look(
    finder: &mut impl Finder,
    now: Moment,
    switches: Vec<(Vendor, bool)>,
    lost: Vec<DeviceKey>,
) -> (Vec<Change>, Option<UsbError>) {
    for key in &lost {
        finder.lost(key);
    }
    let mut changes = Vec::new();
    for (vendor, on) in switches {
        changes.extend(finder.switch(vendor, on));
    }
    match finder.changes(now) {
        Ok(more) => {
            changes.extend(more);
            (changes, None)
        }
        Err(error) => (changes, Some(error)),
    }
}

/// Between two looks: a device is opened 200 ms after it appears, at the earliest.
const LOOK: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests;
