//! The end of the host, as the web door sees it: streams end at once, and what was begun is finished.
//!
//! Knows no request and no run.

use std::future::Future;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};
use tokio_util::task::TaskTracker;

/// Whether the host is ending, and what must be finished first. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Ending {
    begun: CancellationToken,
    actions: TaskTracker,
}

impl Ending {
    /// From now on the host is not ready, and no stream goes on.
    pub fn begin(&self) {
        self.begun.cancel();
    }

    /// Waits until every change that somebody asked for is done.
    pub async fn actions_done(&self) {
        self.actions.close();
        self.actions.wait().await;
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.begun.is_cancelled()
    }

    pub(crate) fn begun(&self) -> WaitForCancellationFuture<'_> {
        self.begun.cancelled()
    }

    /// Does something to its end, whether or not anybody waits for it.
    pub(crate) fn act<F>(&self, action: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        self.actions.spawn(action)
    }
}
