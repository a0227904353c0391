use std::{collections::BTreeMap, sync::Arc, time::Duration};

use headset::{Action, CallControlDevice, Calls, DeviceError, DeviceEvent, Notice};
use tokio::{
    sync::{broadcast, mpsc, oneshot, watch},
    task::{AbortHandle, Id, JoinSet},
    time::timeout,
};

use super::{
    buttons::{Controlled, Reach, Wish},
    event::{HeadsetEvent, HeadsetId},
    seat::{self, Said},
};
use crate::{client::WeakClient, error::CallError};

/// What the task is asked to do.
pub(super) enum Order {
    /// Lets a headset control the calls; `end` is dropped when it no longer does.
    Attach {
        id: HeadsetId,
        device: Box<dyn CallControlDevice>,
        end: Option<oneshot::Sender<()>>,
    },
    /// Leaves it idle.
    Detach(HeadsetId),
    /// The same, and tells that it is gone.
    #[cfg(any(feature = "hidapi", feature = "hub"))]
    Unplugged(HeadsetId),
    /// Tells this.
    #[cfg(any(feature = "hidapi", feature = "hub"))]
    Tell(HeadsetEvent),
    /// Runs this until the end.
    #[cfg(any(feature = "hidapi", feature = "hub"))]
    Work(futures_util::future::BoxFuture<'static, ()>),
}

/// The task of [`Headsets`](super::Headsets).
pub(super) struct Hub {
    client: WeakClient,
    reach: Reach,
    orders: mpsc::Receiver<Order>,
    events: broadcast::Sender<HeadsetEvent>,
    calls: watch::Sender<Calls>,
    sayings: mpsc::Sender<(HeadsetId, Said)>,
    said: mpsc::Receiver<(HeadsetId, Said)>,
    seated: BTreeMap<HeadsetId, Seated>,
    seats: JoinSet<Option<DeviceError>>,
    work: JoinSet<Done>,
    under_way: BTreeMap<u64, Asked>,
    last_asked: u64,
    /// Asked while another mute was under way; the newest counts.
    next_mute: Option<(HeadsetId, bool)>,
}

struct Seated {
    model: Arc<str>,
    task: AbortHandle,
    _end: Option<oneshot::Sender<()>>,
}

/// What a button has asked and is not done yet.
struct Asked {
    headset: HeadsetId,
    action: Action,
    wish: Wish,
}

enum Done {
    Asked(u64, Result<(), CallError>),
    #[cfg(any(feature = "hidapi", feature = "hub"))]
    Work,
}

impl Hub {
    pub(super) fn new(
        client: WeakClient,
        reach: Reach,
        orders: mpsc::Receiver<Order>,
        events: broadcast::Sender<HeadsetEvent>,
    ) -> Self {
        let (sayings, said) = mpsc::channel(MOST_SAYINGS);
        Self {
            client,
            reach,
            orders,
            events,
            calls: watch::Sender::default(),
            sayings,
            said,
            seated: BTreeMap::new(),
            seats: JoinSet::new(),
            work: JoinSet::new(),
            under_way: BTreeMap::new(),
            last_asked: 0,
            next_mute: None,
        }
    }

    /// Until the client or the handle is gone.
    pub(super) async fn run(mut self) {
        let mut view = self.client.watch_view();
        let mut gone = self.client.watch_end();
        loop {
            let current = Arc::clone(&view.borrow_and_update());
            let calls = Controlled::of(current.calls.values(), self.reach).counts();
            self.calls.send_if_modified(|told| {
                let differs = *told != calls;
                *told = calls;
                differs
            });
            tokio::select! {
                biased;
                _ = gone.wait_for(|gone| *gone) => break,
                changed = view.changed() => if changed.is_err() { break },
                order = self.orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => break,
                },
                Some((headset, said)) = self.said.recv() => self.hear(headset, said),
                Some(left) = self.seats.join_next_with_id() => match left {
                    Ok((task, error)) => self.left(task, error),
                    Err(error) => self.left(error.id(), None),
                },
                Some(done) = self.work.join_next() => if let Ok(Done::Asked(number, result)) = done {
                    self.asked(number, result);
                },
            }
        }
        self.leave().await;
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Attach { id, device, end } => self.attach(id, device, end),
            Order::Detach(id) => {
                self.detach(id);
            }
            #[cfg(any(feature = "hidapi", feature = "hub"))]
            Order::Unplugged(headset) => {
                if let Some(model) = self.detach(headset) {
                    self.tell(HeadsetEvent::Gone { headset, model });
                }
            }
            #[cfg(any(feature = "hidapi", feature = "hub"))]
            Order::Tell(event) => self.tell(event),
            #[cfg(any(feature = "hidapi", feature = "hub"))]
            Order::Work(work) => {
                self.work.spawn(async move {
                    work.await;
                    Done::Work
                });
            }
        }
    }

    fn attach(
        &mut self,
        headset: HeadsetId,
        device: Box<dyn CallControlDevice>,
        end: Option<oneshot::Sender<()>>,
    ) {
        let model: Arc<str> = device.model().into();
        let clock = Arc::clone(self.client.clock());
        let (calls, sayings) = (self.calls.subscribe(), self.sayings.clone());
        let tending = seat::tend(headset, device, calls, clock, sayings);
        let seated = Seated {
            model: Arc::clone(&model),
            task: self.seats.spawn(tending),
            _end: end,
        };
        self.seated.insert(headset, seated);
        self.tell(HeadsetEvent::Connected { headset, model });
    }

    fn detach(&mut self, headset: HeadsetId) -> Option<Arc<str>> {
        let seated = self.seated.remove(&headset)?;
        seated.task.abort();
        Some(seated.model)
    }

    /// A headset's task has ended by itself, unless the headset was detached.
    fn left(&mut self, task: Id, error: Option<DeviceError>) {
        let mut seated = self.seated.iter();
        let Some(headset) =
            seated.find_map(|(id, seated)| (seated.task.id() == task).then_some(*id))
        else {
            return;
        };
        let Some(model) = self.detach(headset) else {
            return;
        };
        self.tell(match error {
            Some(DeviceError::Gone) => HeadsetEvent::Gone { headset, model },
            other => HeadsetEvent::Failed {
                headset,
                model,
                error: other.unwrap_or(DeviceError::Misbehaved),
            },
        });
    }

    fn hear(&mut self, headset: HeadsetId, said: Said) {
        let Some(model) = self.seated.get(&headset).map(|seated| &seated.model) else {
            return;
        };
        let model = Arc::clone(model);
        let event = match said {
            Said::Event(DeviceEvent::Request(action)) => return self.press(headset, action),
            Said::Event(DeviceEvent::Notice(Notice::InUseElsewhere(in_use))) => {
                HeadsetEvent::InUseElsewhere {
                    headset,
                    model,
                    in_use,
                }
            }
            Said::Event(DeviceEvent::Notice(Notice::MuteLocked)) => {
                HeadsetEvent::MuteLocked { headset, model }
            }
            // Of a newer crate.
            Said::Event(_) => return,
            Said::Trouble(error) => HeadsetEvent::Failed {
                headset,
                model,
                error,
            },
        };
        self.tell(event);
    }

    /// Carries out what a button asks, if the calls still allow it and it isn't under way.
    fn press(&mut self, headset: HeadsetId, action: Action) {
        let mut under_way = self.under_way.values();
        if let Action::Mute(muted) = action
            && under_way.any(|asked| asked.wish.is_mute())
        {
            self.next_mute = Some((headset, muted));
            return;
        }
        let view = self.client.view();
        let controlled = Controlled::of(view.calls.values(), self.reach);
        let Some(wish) = controlled.wish(action) else {
            return;
        };
        let mut under_way = self.under_way.values();
        if under_way.any(|asked| asked.wish.hinders(&wish)) {
            return;
        }
        self.last_asked += 1;
        let (number, asked) = (
            self.last_asked,
            carry_out(self.client.clone(), wish.clone()),
        );
        self.work
            .spawn(async move { Done::Asked(number, asked.await) });
        let asked = Asked {
            headset,
            action,
            wish,
        };
        self.under_way.insert(number, asked);
    }

    fn asked(&mut self, number: u64, result: Result<(), CallError>) {
        let Some(asked) = self.under_way.remove(&number) else {
            return;
        };
        match result {
            // That the call or the client has ended meanwhile is seen without this.
            Ok(()) | Err(CallError::Ended(_) | CallError::Closed) => {}
            Err(error) => self.tell(HeadsetEvent::NotDone {
                headset: asked.headset,
                action: asked.action,
                error,
            }),
        }
        if asked.wish.is_mute()
            && let Some((headset, muted)) = self.next_mute.take()
        {
            self.press(headset, Action::Mute(muted));
        }
    }

    fn tell(&self, event: HeadsetEvent) {
        // Nobody listens: nobody is told.
        let _ = self.events.send(event);
    }

    /// Lets every headset go idle.
    async fn leave(self) {
        let Self {
            calls,
            said,
            mut seats,
            ..
        } = self;
        drop((calls, said));
        let idle = async { while seats.join_next().await.is_some() {} };
        // A headset that is stuck is left.
        let _ = timeout(PATIENCE, idle).await;
    }
}

async fn carry_out(client: WeakClient, wish: Wish) -> Result<(), CallError> {
    let call = |id| client.call(id).ok_or(CallError::Closed);
    match &wish {
        Wish::Answer(id) => call(id)?.answer().await,
        Wish::Reject(id) => call(id)?.reject().await,
        Wish::HangUp(id) => call(id)?.hang_up().await,
        Wish::Hold(id) => call(id)?.hold().await,
        Wish::Retrieve(id) => call(id)?.retrieve().await,
        Wish::Alternate { active, held } => call(active)?.alternate(&call(held)?).await,
        Wish::Mute { calls, muted } => {
            let mut result = Ok(());
            for id in calls {
                // One that has ended doesn't keep the others open.
                if let Err(error) = call(id)?.set_muted(*muted).await {
                    result = Err(error);
                }
            }
            result
        }
    }
}

/// What headsets have said and the task has not heard yet (our choice); then they wait.
const MOST_SAYINGS: usize = 64;
/// So long headsets may take to go idle at the end (our choice).
const PATIENCE: Duration = Duration::from_secs(2);
