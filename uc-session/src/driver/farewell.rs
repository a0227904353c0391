use std::sync::{Arc, Mutex};

use tokio::sync::{broadcast, watch};
use uc_model::CallId;

use crate::{
    call::{Record, SoundSource},
    client::Published,
    error::SignInError,
    events::Event,
    locked,
    port::MediaEngine,
    view::{CallStatus, Connection, View},
};

impl Published {
    pub(super) fn new(
        events: broadcast::Sender<Event>,
        media: Option<Arc<dyn MediaEngine>>,
        #[cfg(feature = "headset")] place: crate::client::Place,
    ) -> Self {
        Self {
            view: watch::Sender::new(Arc::default()),
            events: Mutex::new(Some(events)),
            calls: Arc::default(),
            media: Mutex::new(media),
            pins: Mutex::default(),
            signed_in: watch::Sender::new(None),
            gone: watch::Sender::new(false),
            #[cfg(feature = "headset")]
            place,
        }
    }
}

/// What is published, and at last that everything is over, also after a panic.
pub(super) struct Farewell(pub(super) Arc<Published>);

impl Farewell {
    /// The record of a call, made if need be by [`Farewell::show`].
    pub(super) fn record(&self, call: &CallId) -> Option<Arc<Record>> {
        locked(&self.0.calls).get(call).cloned()
    }

    pub(super) fn show(&self, status: &Arc<CallStatus>) {
        let mut calls = locked(&self.0.calls);
        let record = calls.entry(status.call.id.clone()).or_insert_with(|| {
            Arc::new(Record {
                id: status.call.id.clone(),
                status: watch::Sender::new(Arc::clone(status)),
                sound: Mutex::new(SoundSource::None),
                gone: self.0.gone.subscribe(),
            })
        });
        record.status.send_if_modified(|shown| {
            let differs = !Arc::ptr_eq(shown, status);
            *shown = Arc::clone(status);
            differs
        });
    }

    /// Calls that are over stay known for those who get their handles late; not forever.
    pub(super) fn forget_some(&self, view: &View) {
        let mut calls = locked(&self.0.calls);
        let excess = calls.len().saturating_sub(view.calls.len() + MOST_ENDED);
        let over = calls.keys().filter(|id| !view.calls.contains_key(*id));
        let over: Vec<CallId> = over.take(excess).cloned().collect();
        for id in over {
            calls.remove(&id);
        }
    }
}

impl Drop for Farewell {
    fn drop(&mut self) {
        let mut last = View::clone(&self.0.view.borrow());
        last.connection = Connection::Ended;
        self.0.view.send_replace(Arc::new(last));
        locked(&self.0.events).take();
        locked(&self.0.media).take();
        self.0.signed_in.send_if_modified(|told| {
            let open = told.is_none();
            told.get_or_insert(Err(SignInError::Closed));
            open
        });
        self.0.gone.send_replace(true);
    }
}

/// Ended calls whose handles can still be had (our choice).
const MOST_ENDED: usize = 64;
