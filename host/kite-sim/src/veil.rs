//! What lies between a trader and the books while a fault is in force: lists as they were before, orders not yet seen.
//!
//! Pure: the time comes in as an argument, lists come in as bytes. Nothing here changes a book.

use bytes::Bytes;
use market::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// The furthest behind that a list can be, in milliseconds of exchange time.
pub(crate) const LAG_LIMIT_MS: i64 = 600_000;
/// How many versions of a list are kept; of more, the oldest are forgotten.
const VERSIONS_KEPT: usize = 1_000;
/// How many orders may be hidden at once; of more, the oldest are seen.
const HIDDEN_LIMIT: usize = 1_000;

/// A list that can be behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum List {
    /// `GET /orders`.
    Orders,
    /// `GET /trades`.
    Trades,
    /// `GET /portfolio/positions`.
    Positions,
}

/// How far lists are behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Staleness {
    /// Whose.
    pub(crate) user_id: String,
    /// Which.
    pub(crate) lists: Vec<List>,
    /// By how much, in milliseconds of exchange time; without it they stand still until they are released.
    pub(crate) lag_ms: Option<i64>,
}

/// Everything that lies over the books.
#[derive(Debug, Default)]
pub(crate) struct Veil {
    stale: BTreeMap<String, Stale>,
    hidden: VecDeque<Hidden>,
}

#[derive(Debug)]
struct Stale {
    lag_ms: Option<i64>,
    versions: BTreeMap<List, VecDeque<(Timestamp, Bytes)>>,
}

/// An order that its owner does not see yet.
#[derive(Debug)]
struct Hidden {
    user_id: String,
    order_id: String,
    until: Timestamp,
}

impl List {
    /// Every one of them.
    pub(crate) const ALL: [Self; 3] = [Self::Orders, Self::Trades, Self::Positions];

    /// The list at a path.
    pub(crate) fn at(path: &str) -> Option<Self> {
        match path {
            "/orders" => Some(Self::Orders),
            "/trades" => Some(Self::Trades),
            "/portfolio/positions" => Some(Self::Positions),
            _ => None,
        }
    }
}

impl Veil {
    /// From here on, a user's lists are behind; `record` must follow at once.
    pub(crate) fn hold_back(&mut self, staleness: Staleness) {
        let versions = staleness.lists.into_iter().map(|list| (list, VecDeque::new())).collect();
        self.stale.insert(staleness.user_id, Stale { lag_ms: staleness.lag_ms, versions });
    }

    /// A user's lists are as they are, or everybody's; how many users that were.
    pub(crate) fn release(&mut self, user_id: Option<&str>) -> usize {
        let before = self.stale.len();
        self.stale.retain(|user, _| user_id.is_some_and(|released| released != user));
        before - self.stale.len()
    }

    /// Nothing lies over the books any more.
    pub(crate) fn lift(&mut self) {
        *self = Self::default();
    }

    /// True when the books are seen as they are.
    pub(crate) fn is_lifted(&self) -> bool {
        self.stale.is_empty() && self.hidden.is_empty()
    }

    /// What is behind.
    pub(crate) fn staleness(&self) -> Vec<Staleness> {
        let of = |(user_id, stale): (&String, &Stale)| Staleness {
            user_id: user_id.clone(),
            lists: stale.versions.keys().copied().collect(),
            lag_ms: stale.lag_ms,
        };
        self.stale.iter().map(of).collect()
    }

    /// Takes down the lists that are behind, as they are now, where they changed.
    pub(crate) fn record(&mut self, now: Timestamp, read: impl Fn(&str, List) -> Bytes) {
        for (user, stale) in &mut self.stale {
            for (list, versions) in &mut stale.versions {
                // One that stands still needs no newer version.
                if stale.lag_ms.is_none() && !versions.is_empty() {
                    continue;
                }
                let bytes = read(user, *list);
                if versions.back().is_none_or(|(_, last)| *last != bytes) {
                    versions.push_back((now, bytes));
                }
                if versions.len() > VERSIONS_KEPT {
                    versions.pop_front();
                }
            }
        }
    }

    /// A list as its owner is to see it, where it is behind.
    pub(crate) fn seen(&mut self, user_id: &str, list: List, now: Timestamp) -> Option<Bytes> {
        let stale = self.stale.get_mut(user_id)?;
        let versions = stale.versions.get_mut(&list)?;
        if let Some(lag_ms) = stale.lag_ms {
            let then = now.plus_micros(-lag_ms * 1_000);
            while versions.get(1).is_some_and(|(time, _)| *time <= then) {
                versions.pop_front();
            }
        }
        versions.front().map(|(_, bytes)| bytes.clone())
    }

    /// Hides an order from its owner for a time.
    pub(crate) fn hide(&mut self, user_id: &str, order_id: &str, until: Timestamp) {
        if self.hidden.len() == HIDDEN_LIMIT {
            self.hidden.pop_front();
        }
        self.hidden.push_back(Hidden { user_id: user_id.to_owned(), order_id: order_id.to_owned(), until });
    }

    /// The orders that a user does not see yet.
    pub(crate) fn hidden(&mut self, user_id: &str, now: Timestamp) -> Vec<String> {
        self.hidden.retain(|hidden| now < hidden.until);
        let own = self.hidden.iter().filter(|hidden| hidden.user_id == user_id);
        own.map(|hidden| hidden.order_id.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    fn behind(lag_ms: Option<i64>) -> Veil {
        let mut veil = Veil::default();
        veil.hold_back(Staleness { user_id: "UK9394".to_owned(), lists: vec![List::Orders], lag_ms });
        for second in 0..10 {
            veil.record(at(second), |_, _| Bytes::from(format!("as at {second}")));
        }
        veil
    }

    #[test]
    fn a_list_is_seen_as_it_was_so_long_ago_and_at_first_as_it_was_at_the_start() {
        let mut veil = behind(Some(3_000));
        for (now, expected) in [(1, "as at 0"), (5, "as at 2"), (9, "as at 6"), (60, "as at 9")] {
            assert_eq!(veil.seen("UK9394", List::Orders, at(now)).unwrap(), expected);
        }
        assert_eq!(veil.seen("UK9394", List::Trades, at(9)), None);
        assert_eq!(veil.seen("UK1234", List::Orders, at(9)), None);
    }

    #[test]
    fn without_a_lag_it_stands_still_until_it_is_released() {
        let mut veil = behind(None);
        assert_eq!(veil.seen("UK9394", List::Orders, at(1_000)).unwrap(), "as at 0");
        assert_eq!((veil.release(Some("UK1234")), veil.release(None)), (0, 1));
        assert_eq!(veil.seen("UK9394", List::Orders, at(1_000)), None);
    }

    #[test]
    fn only_so_many_versions_and_hidden_orders_are_kept() {
        let mut veil = behind(Some(LAG_LIMIT_MS));
        for n in 0..VERSIONS_KEPT + 5 {
            veil.record(at(10), |_, _| Bytes::from(n.to_string()));
            veil.hide("UK9394", &n.to_string(), at(100));
        }
        assert_eq!(veil.stale["UK9394"].versions[&List::Orders].len(), VERSIONS_KEPT);
        assert_eq!(veil.hidden("UK9394", at(50)).len(), HIDDEN_LIMIT);
        assert!(veil.hidden("UK1234", at(50)).is_empty());
        assert!(veil.hidden("UK9394", at(100)).is_empty());
    }
}
