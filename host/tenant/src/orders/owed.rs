//! Whether the trade list must still be read for a fill that was heard of. Knows neither orders nor the broker.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts fills heard against fills a whole trade list was read after; a reading given up half-way changes nothing.
#[derive(Debug, Default)]
pub(super) struct Owed {
    heard: AtomicU64,
    read: AtomicU64,
}

impl Owed {
    pub(super) fn fill_heard(&self) {
        self.heard.fetch_add(1, Ordering::SeqCst);
    }

    /// What a reading that starts now will have covered.
    pub(super) fn reading(&self) -> u64 {
        self.heard.load(Ordering::SeqCst)
    }

    pub(super) fn read(&self, covered: u64) {
        self.read.fetch_max(covered, Ordering::SeqCst);
    }

    pub(super) fn is_owed(&self) -> bool {
        self.heard.load(Ordering::SeqCst) > self.read.load(Ordering::SeqCst)
    }
}
