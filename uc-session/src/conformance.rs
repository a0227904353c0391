//! What every implementation of a port must do, as functions for the tests of implementations.
//!
//! Each function is one promise and panics where it is broken; `all` runs every promise of a port.
//! They need a tokio runtime with its timer; nothing here sleeps longer than it must.

pub mod backend;
pub mod media;
pub mod store;

use std::{future::Future, time::Duration};

/// Waits for something that must happen.
async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what} didn't happen within {PATIENCE:?}"),
    }
}

/// So long something may take that happens at once on a healthy computer.
const PATIENCE: Duration = Duration::from_secs(10);
