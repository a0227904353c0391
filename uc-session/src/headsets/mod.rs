//! Headsets at a client's calls: the adapter to the crate `headset`.
//!
//! | path | what it decides or does |
//! |---|---|
//! | `buttons.rs` | how calls count for a headset, and what a button means for them; pure |
//! | `hub.rs` | one task: tells the calls to every headset, carries out what buttons ask |
//! | `seat.rs` | one headset: polls it, and leaves it idle |
//! | `usb.rs` | the USB headsets of this computer as they come and go (feature `hidapi`) |
//! | `plantronics.rs` | the headset of Plantronics Hub as it comes and goes (feature `hub`) |
//! | `switches.rs` | which makers' are looked for, and which way (either feature) |
//! | `sound.rs` | which microphones and loudspeakers belong to a headset |
//! | `event.rs` | what is told of headsets |

mod buttons;
mod event;
mod hub;
#[cfg(feature = "hub")]
mod plantronics;
mod seat;
mod sound;
#[cfg(any(feature = "hidapi", feature = "hub"))]
mod switches;
#[cfg(feature = "hidapi")]
mod usb;

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use headset::CallControlDevice;
use tokio::sync::{broadcast, mpsc, watch};

use self::{
    buttons::Reach,
    hub::{Hub, Order},
};
pub use self::{
    event::{HeadsetEvent, HeadsetEvents, HeadsetId},
    sound::sound_of_headset,
};
use crate::{client::WeakClient, locked};

/// What headsets are to control, and whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeadsetConfig {
    /// Also the calls of the user's desk phone, whose sound is not here: answer, reject, end, hold,
    /// retrieve and swap, but no mute. Default: no.
    pub desk_phones: bool,
    /// Jabra's headsets take part. Default: yes. Of those that are found; one that is attached does always.
    pub jabra: bool,
    /// So do Plantronics' (Poly's), by USB or through Plantronics Hub. Default: yes.
    pub plantronics: bool,
}

impl Default for HeadsetConfig {
    fn default() -> Self {
        Self {
            desk_phones: false,
            jabra: true,
            plantronics: true,
        }
    }
}

impl HeadsetConfig {
    /// This, with or without the calls of the user's desk phone.
    #[must_use]
    pub const fn desk_phones(mut self, desk_phones: bool) -> Self {
        self.desk_phones = desk_phones;
        self
    }

    /// This, with or without Jabra's headsets (HS-1); `Headsets::switch` changes it later, for any maker.
    #[must_use]
    pub const fn jabra(mut self, on: bool) -> Self {
        self.jabra = on;
        self
    }

    /// This, with or without Plantronics' (Poly's) headsets (HS-1).
    #[must_use]
    pub const fn plantronics(mut self, on: bool) -> Self {
        self.plantronics = on;
        self
    }
}

/// The headsets of a client; made by [`Client::headsets`](crate::Client::headsets).
///
/// Every headset shows the same calls, and the buttons of each are obeyed: a button never asks of a
/// call what it doesn't allow, and never the same twice. A headset that goes takes no call with it, and a
/// microphone that was muted stays so.
///
/// # Lifetime
/// Works in a task of its own on the client's runtime, and keeps no client alive. When this handle
/// is dropped, or the client ends, every headset is left idle. Its devices are asked 250 times a
/// second while there are calls, otherwise four times, each on the runtime's threads for blocking work.
pub struct Headsets {
    orders: mpsc::Sender<Order>,
    events: broadcast::WeakSender<HeadsetEvent>,
    /// Subscribed before the first headset, so that its events are not lost.
    first_events: Mutex<Option<broadcast::Receiver<HeadsetEvent>>>,
    ids: Ids,
    #[cfg(any(feature = "hidapi", feature = "hub"))]
    switches: watch::Sender<switches::Switches>,
    #[cfg(feature = "hidapi")]
    clock: Arc<dyn crate::Clock>,
    /// True once every headset is left idle.
    gone: watch::Receiver<bool>,
}

impl Headsets {
    pub(crate) fn start(client: WeakClient, config: HeadsetConfig) -> Self {
        let (orders, inbox) = mpsc::channel(MOST_ORDERS);
        let (events, first_events) = broadcast::channel(MOST_EVENTS);
        let (over, gone) = watch::channel(false);
        let weak = events.downgrade();
        let runtime = client.runtime().clone();
        #[cfg(feature = "hidapi")]
        let clock = Arc::clone(client.clock());
        let reach = Reach {
            desk_phones: config.desk_phones,
            sound: client.has_sound(),
        };
        let hub = Hub::new(client, reach, inbox, events);
        runtime.spawn(async move {
            hub.run().await;
            over.send_replace(true);
        });
        Self {
            orders,
            events: weak,
            first_events: Mutex::new(Some(first_events)),
            ids: Ids::default(),
            #[cfg(any(feature = "hidapi", feature = "hub"))]
            switches: watch::Sender::new(switches::Switches::of(config)),
            #[cfg(feature = "hidapi")]
            clock,
            gone,
        }
    }

    /// Lets a headset control the calls: a `HidHeadset`, a `ScriptedHeadset`, or a product's own.
    /// `None` once the client is closed.
    pub async fn attach(&self, device: Box<dyn CallControlDevice>) -> Option<HeadsetId> {
        let id = self.ids.next();
        let attach = Order::Attach {
            id,
            device,
            end: None,
        };
        self.orders.send(attach).await.ok()?;
        Some(id)
    }

    /// Leaves a headset idle and forgets it; nothing is told.
    pub async fn detach(&self, headset: HeadsetId) {
        // After the end there is none.
        let _ = self.orders.send(Order::Detach(headset)).await;
    }

    /// What happens from now on; the first subscription begins before the first headset. Up to 64
    /// events wait for a slow reader, then the oldest are lost.
    pub fn events(&self) -> HeadsetEvents {
        if let Some(first) = locked(&self.first_events).take() {
            return HeadsetEvents(first);
        }
        HeadsetEvents(match self.events.upgrade() {
            Some(sender) => sender.subscribe(),
            None => broadcast::channel(1).1,
        })
    }

    /// Ends it, and returns when every headset is idle (at most about 2 s with one that is stuck).
    pub async fn close(self) {
        let Self {
            orders, mut gone, ..
        } = self;
        drop(orders);
        let _ = gone.wait_for(|gone| *gone).await;
    }
}

impl fmt::Debug for Headsets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Headsets").finish_non_exhaustive()
    }
}

/// Numbers headsets.
#[derive(Debug, Clone, Default)]
struct Ids(Arc<AtomicU64>);

impl Ids {
    fn next(&self) -> HeadsetId {
        HeadsetId(self.0.fetch_add(1, Ordering::Relaxed))
    }
}

/// Orders that wait for the task (our choice); then whoever orders waits.
const MOST_ORDERS: usize = 16;
/// Events kept for a slow reader, then the oldest are lost (documented at `Headsets::events`).
const MOST_EVENTS: usize = 64;
