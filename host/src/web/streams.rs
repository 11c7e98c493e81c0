//! The live streams that are open: how many each tenant has, and who must look at the state of things at once.
//!
//! Knows no event.

use crate::web::error::Problem;
use axum::http::StatusCode;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tenant::{BrokerId, Tenant};
use tokio::sync::watch;

/// Live streams one tenant may have open, on all devices together.
pub(crate) const STREAMS_PER_TENANT_MAX: usize = 32;

/// All open streams. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Streams {
    open: Arc<Mutex<BTreeMap<BrokerId, Open>>>,
}

#[derive(Debug)]
struct Open {
    count: usize,
    looks: watch::Sender<u64>,
}

/// One open stream's place. It is given up when the stream ends.
#[derive(Debug)]
pub(crate) struct Seat {
    streams: Streams,
    id: BrokerId,
    looks: watch::Receiver<u64>,
}

/// The tenant has as many streams as it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{STREAMS_PER_TENANT_MAX} live streams are open already: close a page or a script that listens")]
pub(crate) struct TooMany;

impl From<TooMany> for Problem {
    fn from(error: TooMany) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many-streams", error.to_string()).retry_after(5)
    }
}

impl Streams {
    /// A place for one more stream of this tenant.
    ///
    /// # Errors
    /// When it has as many as it may have.
    pub(crate) fn open(&self, tenant: &Tenant) -> Result<Seat, TooMany> {
        self.open_for(tenant.broker_id())
    }

    /// Something changed that no news tells: a session ended, the kill switch moved. Every stream of the tenant looks
    /// now instead of at its next beat.
    pub(crate) fn look(&self, tenant: &Tenant) {
        if let Some(open) = self.lock().get(tenant.broker_id()) {
            open.looks.send_modify(|count| *count += 1);
        }
    }

    fn open_for(&self, id: &BrokerId) -> Result<Seat, TooMany> {
        let mut all = self.lock();
        let open = all.entry(id.clone()).or_insert_with(|| Open { count: 0, looks: watch::Sender::new(0) });
        if open.count >= STREAMS_PER_TENANT_MAX {
            return Err(TooMany);
        }
        open.count += 1;
        Ok(Seat { streams: self.clone(), id: id.clone(), looks: open.looks.subscribe() })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<BrokerId, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Waits until the stream must look at once. Safe to cancel.
    pub(crate) async fn must_look(&mut self) {
        if self.looks.changed().await.is_err() {
            // The sender lives as long as this seat; were it gone, the beat would still look.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut all = self.streams.lock();
        if let Some(open) = all.get_mut(&self.id) {
            open.count -= 1;
            if open.count == 0 {
                all.remove(&self.id);
            }
        }
    }
}
