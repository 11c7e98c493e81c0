//! A queue that never drops and never makes its writer wait.
//!
//! Its length is bounded by what goes in: one run's order calls, which the gate limits, and their outcomes.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// First in, first out; one reader.
pub(super) struct Queue<T> {
    items: Mutex<VecDeque<T>>,
    wake: Notify,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self { items: Mutex::default(), wake: Notify::new() }
    }
}

impl<T> Queue<T> {
    pub(super) fn push(&self, item: T) {
        self.lock().push_back(item);
        self.wake.notify_one();
    }

    /// The oldest; pends while there is none.
    pub(super) async fn pop(&self) -> T {
        loop {
            if let Some(item) = self.lock().pop_front() {
                return item;
            }
            self.wake.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<T>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
