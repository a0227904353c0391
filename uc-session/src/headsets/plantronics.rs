use std::time::Duration;

use headset::{CallControlDevice, HubConfig, HubError, HubHeadset};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::sleep,
};

use super::{Headsets, Ids, event::HeadsetEvent, hub::Order, switches::Switches};

impl Headsets {
    /// Lets the headset of Plantronics Hub, a program on this computer, control the calls whenever there is one.
    /// From now on Plantronics' (Poly's) headsets are not looked for by USB, so that no press comes twice.
    ///
    /// Without it they are driven by USB as any other, which is to be preferred: the Hub is no longer maintained for new
    /// models. Why it can't be used is told by [`HeadsetEvent::HubRefused`].
    pub async fn find_hub(&self, hub: HubConfig) {
        self.switches.send_if_modified(Switches::leave_to_hub);
        let search = Search {
            orders: self.orders.downgrade(),
            ids: self.ids.clone(),
            switches: self.switches.subscribe(),
            failed: None,
        };
        let work = Order::Work(Box::pin(search.run(hub)));
        // After the end nothing is found.
        let _ = self.orders.send(work).await;
    }
}

/// Who has a headset, or says why not; a trait, since tests have no Hub.
trait Connector: Clone + Send + 'static {
    fn connect(&self) -> Result<Box<dyn CallControlDevice>, HubError>;
}

impl Connector for HubConfig {
    fn connect(&self) -> Result<Box<dyn CallControlDevice>, HubError> {
        Ok(Box::new(HubHeadset::connect(self)?))
    }
}

/// Asks for the Hub's headset, and again once that is gone.
struct Search {
    /// Weak: looking keeps no headsets.
    orders: mpsc::WeakSender<Order>,
    ids: Ids,
    switches: watch::Receiver<Switches>,
    /// Why there is none, once it was told.
    failed: Option<HubError>,
}

/// Nobody is interested any more.
struct Over;

impl Search {
    async fn run(mut self, connector: impl Connector) {
        while self.round(&connector).await.is_ok() {}
    }

    async fn round(&mut self, connector: &impl Connector) -> Result<(), Over> {
        if self.switches.borrow_and_update().hub_is_on() {
            let connector = connector.clone();
            // Connecting takes seconds where the Hub is slow.
            let connecting = tokio::task::spawn_blocking(move || connector.connect());
            match connecting.await.map_err(|_| Over)? {
                Ok(device) => self.lend(device).await?,
                Err(error) => self.fail(error).await?,
            }
        }
        tokio::select! {
            changed = self.switches.changed() => changed.map_err(|_| Over),
            () = sleep(LOOK) => Ok(()),
        }
    }

    /// Hands a headset over until it is gone or switched off.
    async fn lend(&mut self, device: Box<dyn CallControlDevice>) -> Result<(), Over> {
        self.failed = None;
        let id = self.ids.next();
        let (sender, mut end) = oneshot::channel();
        let end_of_it = Some(sender);
        self.order(Order::Attach {
            id,
            device,
            end: end_of_it,
        })
        .await?;
        loop {
            tokio::select! {
                _ = &mut end => return Ok(()),
                changed = self.switches.changed() => changed.map_err(|_| Over)?,
            }
            if !self.switches.borrow_and_update().hub_is_on() {
                return self.order(Order::Unplugged(id)).await;
            }
        }
    }

    /// That no headset is plugged in isn't worth a word.
    async fn fail(&mut self, error: HubError) -> Result<(), Over> {
        let news = error != HubError::NoHeadset && self.failed != Some(error);
        self.failed = Some(error);
        match news {
            true => {
                self.order(Order::Tell(HeadsetEvent::HubRefused(error)))
                    .await
            }
            false => Ok(()),
        }
    }

    async fn order(&self, order: Order) -> Result<(), Over> {
        let orders = self.orders.upgrade().ok_or(Over)?;
        orders.send(order).await.map_err(|_| Over)
    }
}

/// Between two attempts: how long a headset may take to be found (our choice; the Hub looks no faster).
const LOOK: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests;
