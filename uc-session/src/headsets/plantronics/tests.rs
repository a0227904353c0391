use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use headset::{ScriptedHeadset, Vendor};
use tokio::time::timeout;

use super::*;
use crate::{headsets::HeadsetConfig, locked};

/// What connecting comes to, one after the other; then there is no headset.
#[derive(Clone, Default)]
struct Hub(Arc<Mutex<VecDeque<Result<&'static str, HubError>>>>);

impl Connector for Hub {
    fn connect(&self) -> Result<Box<dyn CallControlDevice>, HubError> {
        let next = locked(&self.0).pop_front();
        let model = next.unwrap_or(Err(HubError::NoHeadset))?;
        Ok(Box::new(ScriptedHeadset::new(model).0))
    }
}

/// A search under way, and what it orders.
struct Rig {
    orders: mpsc::Receiver<Order>,
    _sender: mpsc::Sender<Order>,
    switches: watch::Sender<Switches>,
    search: tokio::task::JoinHandle<()>,
}

impl Rig {
    fn start<const N: usize>(hub: [Result<&'static str, HubError>; N]) -> Self {
        let (sender, orders) = mpsc::channel(16);
        let mut switches = Switches::of(HeadsetConfig::default());
        switches.leave_to_hub();
        let switches = watch::Sender::new(switches);
        let search = Search {
            orders: sender.downgrade(),
            ids: Ids::default(),
            switches: switches.subscribe(),
            failed: None,
        };
        let hub = Hub(Arc::new(Mutex::new(hub.into())));
        Self {
            search: tokio::spawn(search.run(hub)),
            orders,
            _sender: sender,
            switches,
        }
    }

    fn switch(&self, on: bool) {
        let switch = |switches: &mut Switches| switches.switch(Vendor::Poly, on);
        self.switches.send_if_modified(switch);
    }

    async fn order(&mut self) -> Order {
        let order = timeout(Duration::from_secs(60), self.orders.recv()).await;
        order.expect("an order comes").expect("the search goes on")
    }

    async fn attached(&mut self) -> (String, oneshot::Sender<()>) {
        let Order::Attach { device, end, .. } = self.order().await else {
            panic!("no headset");
        };
        (device.model().to_owned(), end.unwrap())
    }

    async fn refused(&mut self) -> HubError {
        let Order::Tell(HeadsetEvent::HubRefused(error)) = self.order().await else {
            panic!("nothing refused");
        };
        error
    }
}

#[tokio::test(start_paused = true)]
async fn the_hubs_headset_takes_part_again_when_it_comes_back() {
    let mut rig = Rig::start([
        Err(HubError::NoHeadset),
        Ok("a"),
        Err(HubError::NoHeadset),
        Ok("b"),
    ]);
    let (model, end) = rig.attached().await;
    assert_eq!(model, "a");
    drop(end);
    let (model, _end) = rig.attached().await;
    assert_eq!(model, "b");
}

#[tokio::test(start_paused = true)]
async fn a_hub_that_cant_be_used_is_told_once_for_each_reason() {
    let (missing, slow) = (HubError::NotRunning, HubError::TimedOut);
    let mut rig = Rig::start([Err(missing), Err(missing), Err(slow), Err(missing), Ok("a")]);
    for error in [missing, slow, missing] {
        assert_eq!(rig.refused().await, error);
    }
    assert_eq!(rig.attached().await.0, "a");
}

#[tokio::test(start_paused = true)]
async fn the_hubs_headset_is_left_when_its_maker_is_switched_off() {
    let mut rig = Rig::start([Ok("a"), Ok("b")]);
    let (_, _end) = rig.attached().await;
    rig.switch(false);
    assert!(matches!(rig.order().await, Order::Unplugged(_)));
    sleep(LOOK * 3).await;
    assert!(rig.orders.try_recv().is_err(), "it is off");
    rig.switch(true);
    assert_eq!(rig.attached().await.0, "b");
}

#[tokio::test(start_paused = true)]
async fn nobody_asks_the_hub_once_there_are_no_headsets_any_more() {
    let mut rig = Rig::start([Ok("a")]);
    let (_, _end) = rig.attached().await;
    let Rig {
        search, switches, ..
    } = rig;
    drop(switches);
    let ended = timeout(Duration::from_secs(60), search).await;
    assert!(ended.is_ok());
}
