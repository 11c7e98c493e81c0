//! What happens when: by time and, at one time, in the order it was put down. Knows nothing of what it keeps.

use market::Timestamp;
use std::collections::BTreeMap;

/// Things to come.
#[derive(Debug)]
pub(super) struct Agenda<T> {
    sequence: u64,
    items: BTreeMap<(Timestamp, u64), T>,
}

impl<T> Agenda<T> {
    pub(super) const fn new() -> Self {
        Self { sequence: 0, items: BTreeMap::new() }
    }

    pub(super) fn put(&mut self, at: Timestamp, item: T) {
        self.sequence += 1;
        self.items.insert((at, self.sequence), item);
    }

    pub(super) fn next(&mut self) -> Option<(Timestamp, T)> {
        self.items.pop_first().map(|((at, _), item)| (at, item))
    }

    /// Drops what no longer matters, such as answers to a process that has died.
    pub(super) fn keep(&mut self, is_kept: impl Fn(&T) -> bool) {
        self.items.retain(|_, item| is_kept(item));
    }
}

#[test]
fn what_is_put_down_for_one_time_happens_in_that_order() {
    let mut agenda = Agenda::new();
    let at = Timestamp::from_seconds;
    agenda.put(at(2), "third");
    agenda.put(at(1), "first");
    agenda.put(at(1), "second");
    agenda.keep(|item| *item != "third");
    assert_eq!(agenda.next(), Some((at(1), "first")));
    assert_eq!(agenda.next(), Some((at(1), "second")));
    assert_eq!(agenda.next(), None);
}
