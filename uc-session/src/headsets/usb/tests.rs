use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use headset::ScriptedHeadset;
use tokio::time::timeout;

use super::*;
use crate::{clock::SystemClock, locked};

/// What the system will tell, and what it was asked.
#[derive(Clone, Default)]
struct Plugs(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    coming: VecDeque<Result<Vec<Change>, UsbError>>,
    asked: Vec<String>,
}

impl Plugs {
    fn tell(&self, changes: Result<Vec<Change>, UsbError>) {
        locked(&self.0).coming.push_back(changes);
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut locked(&self.0).asked)
    }
}

impl Finder for Plugs {
    fn changes(&mut self, _: Moment) -> Result<Vec<Change>, UsbError> {
        let coming = locked(&self.0).coming.pop_front();
        coming.unwrap_or_else(|| Ok(Vec::new()))
    }

    fn switch(&mut self, vendor: Vendor, on: bool) -> Vec<Change> {
        locked(&self.0).asked.push(format!("{vendor:?} {on}"));
        vec![Change::Gone(key("b"))]
    }

    fn lost(&mut self, key: &DeviceKey) {
        locked(&self.0).asked.push(format!("lost {}", key.path));
    }
}

fn key(path: &str) -> DeviceKey {
    DeviceKey {
        path: path.to_owned(),
        vendor: 0x0B0E,
        product: 1,
        serial: String::new(),
    }
}

fn connected(path: &str) -> Change {
    let (device, _) = ScriptedHeadset::new(path);
    Change::Connected(key(path), Box::new(device))
}

/// A search under way, and what it orders.
struct Rig {
    plugs: Plugs,
    orders: mpsc::Receiver<Order>,
    switches: watch::Sender<Switches>,
    sender: mpsc::Sender<Order>,
    search: tokio::task::JoinHandle<()>,
}

impl Rig {
    fn start() -> Self {
        let (sender, orders) = mpsc::channel(16);
        let switches = watch::Sender::default();
        let search = Search {
            orders: sender.downgrade(),
            ids: Ids::default(),
            switches: switches.subscribe(),
            clock: Arc::new(SystemClock::default()),
            switched_off: BTreeSet::new(),
            found: Vec::new(),
            failed: None,
        };
        let plugs = Plugs::default();
        Self {
            search: tokio::spawn(search.run(plugs.clone())),
            plugs,
            orders,
            switches,
            sender,
        }
    }

    /// As `Headsets::switch` does.
    fn switch(&self, on: bool) {
        let switch = |switches: &mut Switches| switches.switch(Vendor::Jabra, on);
        self.switches.send_if_modified(switch);
    }

    async fn order(&mut self) -> Order {
        let order = timeout(Duration::from_secs(5), self.orders.recv()).await;
        order.expect("an order comes").expect("the search goes on")
    }

    async fn attached(&mut self) -> (HeadsetId, String, oneshot::Sender<()>) {
        let Order::Attach { id, device, end } = self.order().await else {
            panic!("no headset");
        };
        (id, device.model().to_owned(), end.unwrap())
    }

    async fn refused(&mut self) -> UsbError {
        let Order::Tell(HeadsetEvent::Refused(error)) = self.order().await else {
            panic!("nothing refused");
        };
        error
    }

    async fn unplugged(&mut self) -> HeadsetId {
        let Order::Unplugged(id) = self.order().await else {
            panic!("nothing unplugged");
        };
        id
    }
}

#[tokio::test(start_paused = true)]
async fn headsets_come_and_go_and_one_that_failed_is_looked_for_again() {
    let mut rig = Rig::start();
    rig.plugs.tell(Ok(vec![connected("a"), connected("b")]));
    let (first, model, end) = rig.attached().await;
    assert_eq!(model, "a");
    let (second, _, _other_end) = rig.attached().await;
    assert_ne!(first, second);
    drop(end);
    sleep(LOOK * 2).await;
    rig.plugs
        .tell(Ok(vec![Change::Gone(key("a")), connected("a")]));
    let (again, _, _end) = rig.attached().await;
    assert_ne!(again, first, "it is another one for whoever is told");
    let asked = rig.plugs.asked();
    assert!(asked.contains(&"lost a".to_owned()), "{asked:?}");
    rig.plugs.tell(Ok(vec![Change::Gone(key("a"))]));
    assert_eq!(rig.unplugged().await, again);
}

#[tokio::test(start_paused = true)]
async fn a_maker_is_switched_off_and_on_once() {
    let mut rig = Rig::start();
    rig.plugs.tell(Ok(vec![connected("b")]));
    let (id, _, _end) = rig.attached().await;
    rig.switch(false);
    assert_eq!(rig.unplugged().await, id);
    rig.switch(true);
    sleep(LOOK * 3).await;
    assert_eq!(rig.plugs.asked(), ["Jabra false", "Jabra true"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_told_with_its_cure_and_a_list_that_fails_once() {
    let mut rig = Rig::start();
    let path = "/dev/hidraw0".to_owned();
    let no_permission = UsbError::NoPermission { path };
    rig.plugs
        .tell(Ok(vec![Change::Refused(no_permission.clone())]));
    let told = rig.refused().await;
    assert_eq!(told, no_permission);
    let words = HeadsetEvent::Refused(told).to_string();
    assert!(words.contains("headset/udev/70-headset.rules"), "{words}");

    let list = |words: &str| UsbError::List(words.to_owned());
    for error in [list("one"), list("one"), list("two")] {
        rig.plugs.tell(Err(error));
    }
    assert_eq!(rig.refused().await, list("one"));
    assert_eq!(rig.refused().await, list("two"));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_looked_for_once_there_are_no_headsets_any_more() {
    let Rig {
        search,
        sender,
        orders,
        switches,
        ..
    } = Rig::start();
    drop(sender);
    let ended = timeout(Duration::from_secs(5), search).await;
    assert!(ended.is_ok());
    drop((orders, switches));
}
