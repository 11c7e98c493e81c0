//! What the broker took of the changes to an order before its book shows them. Pure: the time comes in.
//!
//! A change travels as the whole order, so one made before the last shows would undo it unless it is built upon it.

use crate::merge::Terms;
#[cfg(test)]
use crate::planted::{Planted, is_planted};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long the book may take to show a change that the broker took. Orders were seen to lag; after this the
/// book is believed, for the exchange may have refused the change.
const SHOWS_WITHIN: Duration = Duration::from_secs(30);

/// The terms that are under way, by order.
#[derive(Debug, Clone, Default)]
pub(crate) struct PendingTerms(BTreeMap<i64, Pending>);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Pending {
    Taken {
        terms: Terms,
        at: Duration,
    },
    /// The same once the book has shown it: what was before may still be told, of the same second of the exchange's.
    Shown {
        terms: Terms,
        at: Duration,
    },
    Unknown {
        at: Duration,
    },
}

impl PendingTerms {
    /// What the next change builds upon, given what the book shows; nothing while nobody knows.
    pub(crate) fn base(&self, id: i64, shown: Terms) -> Option<Terms> {
        #[cfg(test)]
        if is_planted(Planted::ChangeOnStaleBase) {
            return Some(shown);
        }
        match self.0.get(&id) {
            Some(Pending::Taken { terms, .. }) => Some(*terms),
            Some(Pending::Shown { .. }) | None => Some(shown),
            Some(Pending::Unknown { .. }) => None,
        }
    }

    pub(crate) fn taken(&mut self, id: i64, terms: Terms, at: Duration) {
        self.0.insert(id, Pending::Taken { terms, at });
    }

    /// Nobody knows whether the change took effect.
    pub(crate) fn unknown(&mut self, id: i64, at: Duration) {
        self.0.insert(id, Pending::Unknown { at });
    }

    /// The broker tells of the order, with these terms where it was ever changed. A change that it has had long enough to
    /// show and does not is believed no longer; while it tells nothing of the order, nothing speaks against the change.
    pub(crate) fn told(&mut self, id: i64, terms: Option<Terms>, now: Duration) {
        if let Some(Pending::Taken { terms: taken, at }) = self.0.get(&id).copied()
            && terms != Some(taken)
            && now > at + SHOWS_WITHIN
        {
            self.0.remove(&id);
        }
    }

    /// The order shows these terms.
    pub(crate) fn shown(&mut self, id: i64, shown: Terms) {
        match self.0.get(&id).copied() {
            Some(Pending::Taken { terms, at }) if terms == shown => {
                self.0.insert(id, Pending::Shown { terms, at });
            }
            // Somebody else has changed it since.
            Some(Pending::Shown { terms, .. }) if terms != shown => drop(self.0.remove(&id)),
            Some(Pending::Taken { .. } | Pending::Shown { .. } | Pending::Unknown { .. }) | None => {}
        }
    }

    /// True while these terms are what our own newest change made of the order: other ones of the same time are older.
    pub(crate) fn made(&self, id: i64, terms: Terms, now: Duration) -> bool {
        let made = |pending: &Pending| match pending {
            Pending::Shown { terms: ours, at } => *ours == terms && now <= *at + SHOWS_WITHIN,
            Pending::Taken { .. } | Pending::Unknown { .. } => false,
        };
        self.0.get(&id).is_some_and(made)
    }

    /// The whole book was read from this instant on: what was unknown shows there.
    pub(crate) fn read(&mut self, began: Duration) {
        self.0.retain(|_, pending| !matches!(pending, Pending::Unknown { at } if *at < began));
    }

    /// The order is final.
    pub(crate) fn forget(&mut self, id: i64) {
        self.0.remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::{Change, OrderKind, Price};

    const NOON: Duration = Duration::from_secs(1_000);

    fn terms(price: i64) -> Terms {
        let price = Price::from_rupees(price);
        Terms { kind: OrderKind::Limit, quantity: 10, price, trigger: Price::ZERO }
    }

    #[test]
    fn a_second_change_builds_upon_the_first_before_the_book_shows_it() {
        let mut pending = PendingTerms::default();
        let dearer = Change { price: Some(Price::from_rupees(101)), ..Change::default() };
        let first = pending.base(1, terms(100)).unwrap().with(&dearer);
        pending.taken(1, first, NOON);
        let more = Change { quantity: Some(20), ..Change::default() };
        let second = pending.base(1, terms(100)).unwrap().with(&more);
        assert_eq!(second, Terms { quantity: 20, ..terms(101) });
        pending.taken(1, second, NOON + Duration::from_secs(1));
        pending.shown(1, first);
        assert_eq!(pending.base(1, first), Some(second), "the book lags");
        pending.shown(1, second);
        assert_eq!(pending.base(1, second), Some(second));
    }

    #[test]
    fn terms_that_our_change_made_and_the_book_showed_are_ours_until_others_show_or_time_passes() {
        let mut pending = PendingTerms::default();
        pending.taken(1, terms(101), NOON);
        assert!(!pending.made(1, terms(101), NOON), "not shown yet");
        pending.shown(1, terms(101));
        assert!(pending.made(1, terms(101), NOON) && !pending.made(1, terms(100), NOON));
        assert!(!pending.made(1, terms(101), NOON + Duration::from_secs(31)));
        pending.shown(1, terms(102));
        assert!(!pending.made(1, terms(102), NOON));
        assert_eq!(pending.base(1, terms(102)), Some(terms(102)));
    }

    #[test]
    fn a_change_that_never_shows_is_believed_no_longer_than_its_time() {
        let mut pending = PendingTerms::default();
        pending.taken(1, terms(101), NOON);
        let later = |s| NOON + Duration::from_secs(s);
        pending.told(1, Some(terms(100)), later(30));
        assert_eq!(pending.base(1, terms(100)), Some(terms(101)), "the book may lag so long");
        assert_eq!(pending.base(1, terms(100)), Some(terms(101)), "nor does silence speak against it");
        pending.told(1, Some(terms(101)), later(31));
        assert_eq!(pending.base(1, terms(100)), Some(terms(101)));
        pending.told(1, None, later(31));
        assert_eq!(pending.base(1, terms(100)), Some(terms(100)));
    }

    #[test]
    fn after_an_unknown_outcome_nothing_is_built_before_the_book_was_read() {
        let mut pending = PendingTerms::default();
        pending.unknown(1, NOON);
        pending.read(NOON);
        assert_eq!(pending.base(1, terms(100)), None, "that reading had begun before");
        pending.read(NOON + Duration::from_micros(1));
        assert_eq!(pending.base(1, terms(100)), Some(terms(100)));
    }
}
