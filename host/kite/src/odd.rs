//! The names of fields that the broker filled oddly, told once each: the same list is read every few seconds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// What was told already. Bounded by the names of the fields we read.
#[derive(Debug, Default)]
pub(crate) struct OddFields {
    told: Mutex<BTreeSet<&'static str>>,
}

impl OddFields {
    /// Warns of those that are new, and says which.
    pub(crate) fn tell(&self, route: &str, counts: &BTreeMap<&'static str, u32>) -> Vec<&'static str> {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let new: Vec<_> = counts.keys().copied().filter(|name| told.insert(name)).collect();
        for name in &new {
            tracing::warn!(route, field = name, "the broker fills a field in a way that cannot be read");
        }
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_told_once_however_often_it_is_read() {
        let odd = OddFields::default();
        assert_eq!(odd.tell("orders", &BTreeMap::from([("tags", 3)])), ["tags"]);
        assert_eq!(odd.tell("orders", &BTreeMap::from([("tag", 1), ("tags", 9)])), ["tag"]);
        assert!(odd.tell("trades", &BTreeMap::from([("tag", 1)])).is_empty());
    }
}
