//! What waits for one listener: bounded in every part, newest per instrument wins, and the newest turn of the line.

use super::FeedEvent;
use market::{InstrumentToken, Tick};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// One listener's mailbox.
#[derive(Default)]
pub(super) struct Mailbox {
    waiting: Mutex<Waiting>,
    pub(super) wake: Notify,
    dropped: AtomicU64,
}

#[derive(Default)]
struct Waiting {
    ticks: VecDeque<Tick>,
    /// The newest loss of the line that was not heard yet.
    lost: Option<String>,
    /// The line came back after it.
    back: bool,
    /// Instruments without a place, where that changed.
    left_out: Option<Vec<InstrumentToken>>,
    /// Those that were told last.
    told_left_out: Vec<InstrumentToken>,
}

impl Mailbox {
    pub(super) fn put<'a>(&self, ticks: impl Iterator<Item = &'a Tick>, ticks_max: usize) {
        let mut waiting = self.lock();
        for tick in ticks {
            if waiting.ticks.len() < ticks_max.max(1) {
                waiting.ticks.push_back(*tick);
                continue;
            }
            self.dropped.fetch_add(1, Ordering::Relaxed);
            let older = waiting.ticks.iter().position(|old| old.token == tick.token).unwrap_or(0);
            waiting.ticks.remove(older);
            waiting.ticks.push_back(*tick);
        }
        drop(waiting);
        self.wake.notify_one();
    }

    /// The line is gone. Who has not heard of its last return hears of this loss alone: it was without ticks all along.
    pub(super) fn lost(&self, reason: &str) {
        let mut waiting = self.lock();
        (waiting.lost, waiting.back) = (Some(reason.to_owned()), false);
        drop(waiting);
        self.wake.notify_one();
    }

    pub(super) fn back(&self) {
        self.lock().back = true;
        self.wake.notify_one();
    }

    /// These of the listener's instruments have no place in the feed. True when that is news.
    pub(super) fn left_out(&self, tokens: Vec<InstrumentToken>) -> bool {
        let mut waiting = self.lock();
        if waiting.told_left_out == tokens {
            return false;
        }
        waiting.told_left_out.clone_from(&tokens);
        waiting.left_out = Some(tokens);
        drop(waiting);
        self.wake.notify_one();
        true
    }

    pub(super) fn take(&self) -> Option<FeedEvent> {
        let mut waiting = self.lock();
        if let Some(reason) = waiting.lost.take() {
            return Some(FeedEvent::Lost { reason });
        }
        if std::mem::take(&mut waiting.back) {
            return Some(FeedEvent::Back);
        }
        if let Some(tokens) = waiting.left_out.take() {
            return Some(FeedEvent::LeftOut { tokens });
        }
        (!waiting.ticks.is_empty()).then(|| FeedEvent::Ticks(waiting.ticks.drain(..).collect()))
    }

    pub(super) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::{Price, Timestamp};

    fn heard(mailbox: &Mailbox) -> Vec<FeedEvent> {
        std::iter::from_fn(|| mailbox.take()).collect()
    }

    fn lost(reason: &str) -> FeedEvent {
        FeedEvent::Lost { reason: reason.to_owned() }
    }

    #[test]
    fn a_lagging_listener_keeps_the_newest_of_each_instrument_and_counts_the_rest() {
        let mailbox = Mailbox::default();
        let tick = |token, rupees| Tick::at(token, Timestamp::EPOCH, Price::from_rupees(rupees));
        let ticks = [tick(1, 10), tick(2, 20), tick(1, 11), tick(1, 12), tick(2, 21)];
        mailbox.put(ticks.iter(), 2);
        assert_eq!(mailbox.take(), Some(FeedEvent::Ticks(vec![tick(1, 12), tick(2, 21)])));
        assert_eq!((mailbox.dropped(), mailbox.take()), (3, None));
    }

    #[test]
    fn a_line_that_comes_and_goes_for_hours_leaves_two_turns_at_most() {
        let mailbox = Mailbox::default();
        for turn in 0..10_000 {
            mailbox.lost(&format!("{turn}"));
            mailbox.back();
        }
        assert_eq!(heard(&mailbox), [lost("9999"), FeedEvent::Back]);
        mailbox.back();
        mailbox.lost("again");
        assert_eq!(heard(&mailbox), [lost("again")]);
    }

    #[test]
    fn instruments_without_a_place_are_told_when_they_change_and_not_again() {
        let mailbox = Mailbox::default();
        let news: Vec<_> =
            [vec![], vec![7], vec![7, 8], vec![7, 8]].map(|tokens| mailbox.left_out(tokens)).into();
        assert_eq!(news, [false, true, true, false]);
        assert_eq!(heard(&mailbox), [FeedEvent::LeftOut { tokens: vec![7, 8] }]);
        mailbox.left_out(vec![7, 8]);
        assert_eq!(heard(&mailbox), []);
        mailbox.left_out(vec![]);
        assert_eq!(heard(&mailbox), [FeedEvent::LeftOut { tokens: vec![] }]);
    }
}
