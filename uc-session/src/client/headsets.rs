use std::sync::Arc;

use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
};
use uc_model::CallId;

use super::{Client, Demand, Published};
use crate::{
    call::Call,
    clock::Clock,
    headsets::{HeadsetConfig, Headsets},
    locked,
    view::View,
};

impl Client {
    /// Lets headsets show and control the calls of this client: attach them, or let those of this
    /// computer be found. Nothing happens without a headset.
    pub fn headsets(&self, config: HeadsetConfig) -> Headsets {
        Headsets::start(self.downgrade(), config)
    }

    fn downgrade(&self) -> WeakClient {
        WeakClient {
            demands: self.0.demands.downgrade(),
            published: Arc::clone(&self.0.published),
        }
    }
}

/// A client, seen without keeping it alive.
#[derive(Clone)]
pub(crate) struct WeakClient {
    demands: mpsc::WeakSender<Demand>,
    published: Arc<Published>,
}

/// Where a client runs.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) runtime: Handle,
    pub(crate) clock: Arc<dyn Clock>,
}

impl WeakClient {
    pub(crate) fn view(&self) -> Arc<View> {
        Arc::clone(&self.published.view.borrow())
    }

    pub(crate) fn watch_view(&self) -> watch::Receiver<Arc<View>> {
        self.published.view.subscribe()
    }

    /// True once the client is over.
    pub(crate) fn watch_end(&self) -> watch::Receiver<bool> {
        self.published.gone.subscribe()
    }

    pub(crate) fn has_sound(&self) -> bool {
        locked(&self.published.media).is_some()
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.published.place.runtime
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.published.place.clock
    }

    pub(crate) fn call(&self, id: &CallId) -> Option<Call> {
        let siblings = &self.published.calls;
        let record = Arc::clone(locked(siblings).get(id)?);
        Some(Call::new(
            record,
            Arc::clone(siblings),
            self.demands.clone(),
        ))
    }
}
