//! A queue that never makes its writer wait.
//!
//! It grows by one run's order updates, which are never dropped and of which the gate limits the causes; of everything
//! else the newest of its kind stands for all of them.

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

    /// Puts in the newest of a kind: an older one that still waits is left out.
    pub(super) fn push_newest(&self, item: T, is_same_kind: impl Fn(&T) -> bool) {
        let mut items = self.lock();
        items.retain(|waiting| !is_same_kind(waiting));
        items.push_back(item);
        drop(items);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_that_is_away_finds_everything_of_one_kind_and_the_newest_of_the_other() {
        let queue = Queue::default();
        for number in 0..1_000 {
            queue.push_newest(number, |waiting| waiting % 2 == 0 && number % 2 == 0);
        }
        assert_eq!(queue.lock().len(), 501);
        assert_eq!(queue.pop().await, 1);
    }
}
