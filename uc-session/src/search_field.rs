use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::{Semaphore, watch};
use uc_model::Directory;

use crate::{
    client::{Client, Found},
    error::ServiceError,
};

/// A field in which a person types, and what it shows (DIR-2). Answers may come in any order: an
/// older text's never replaces a newer one's.
#[derive(Debug)]
pub struct SearchField {
    client: Client,
    directory: Option<Directory>,
    /// The number of the newest text.
    newest: AtomicU64,
    shown: watch::Sender<Shown>,
    under_way: Semaphore,
}

/// What is shown, and the number of the text that it answers.
#[derive(Debug, Clone, Default)]
struct Shown {
    number: u64,
    found: Option<Arc<Found>>,
}

impl SearchField {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            directory: None,
            newest: AtomicU64::new(0),
            shown: watch::Sender::new(Shown::default()),
            under_way: Semaphore::new(MOST_UNDER_WAY),
        }
    }

    /// The same field that searches one directory.
    #[must_use]
    pub fn in_directory(self, directory: Directory) -> Self {
        Self {
            directory: Some(directory),
            ..self
        }
    }

    /// The text of the field is this now: searches for it, and gives what was found once it is
    /// shown. `None` where what was typed later has overtaken it; such a text may never have been
    /// sent. An empty text shows nothing. What counts as later is the order of the calls.
    pub fn enter(
        &self,
        text: &str,
    ) -> impl Future<Output = Result<Option<Arc<Found>>, ServiceError>> + use<'_> {
        let number = self.newest.fetch_add(1, Ordering::Relaxed) + 1;
        let text = text.to_owned();
        async move {
            if text.trim().is_empty() {
                self.show(number, None);
                return Ok(None);
            }
            let permit = self.under_way.acquire().await;
            let _permit = permit.expect("the semaphore is never closed");
            if self.newest.load(Ordering::Relaxed) > number {
                return Ok(None);
            }
            let found = match self.directory {
                Some(directory) => self.client.search_directory(directory, &text).await,
                None => self.client.search(&text).await,
            };
            let found = Arc::new(found?);
            let is_shown = self.show(number, Some(Arc::clone(&found)));
            Ok(is_shown.then_some(found))
        }
    }

    /// What is shown now; nothing before the first answer and for an empty text.
    pub fn shown(&self) -> Option<Arc<Found>> {
        self.shown.borrow().found.clone()
    }

    fn show(&self, number: u64, found: Option<Arc<Found>>) -> bool {
        self.shown.send_if_modified(|shown| {
            let is_newer = number > shown.number;
            if is_newer {
                *shown = Shown { number, found };
            }
            is_newer
        })
    }
}

/// Searches of one field at once (our choice: a slow answer doesn't hold up the next text, and a
/// fast typist doesn't fill the queue); the texts between are passed over.
const MOST_UNDER_WAY: usize = 2;
