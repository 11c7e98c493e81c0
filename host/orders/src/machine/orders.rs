//! The orders in memory, found by number, mark and run; a change can be taken back until it is kept. Knows no rule.

use crate::mode::Mode;
use crate::record::OrderRecord;
use crate::stored::StoredOrder;
use market::{RunOrderId, TradingDate};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

/// Every order that may matter today.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    all: BTreeMap<i64, Entry>,
    standing: BTreeSet<i64>,
    by_tag: BTreeMap<String, i64>,
    by_number: BTreeMap<String, BTreeSet<i64>>,
    undo: Vec<(i64, Option<Entry>)>,
}

#[derive(Debug, Clone)]
struct Entry {
    order: Arc<StoredOrder>,
    stands: bool,
    touched: Duration,
}

impl Orders {
    /// Puts an order in, or in place of what it was. `stands`: it may still change.
    pub(crate) fn put(&mut self, order: Arc<StoredOrder>, stands: bool, touched: Duration) {
        let id = order.record.id;
        let before = self.replace(id, Some(Entry { order, stands, touched }));
        self.undo.push((id, before));
    }

    /// Lets go of an order.
    pub(crate) fn drop_out(&mut self, id: i64) {
        let before = self.replace(id, None);
        self.undo.push((id, before));
    }

    /// What was changed since the last call stays.
    pub(crate) fn keep(&mut self) {
        self.undo.clear();
    }

    /// What was changed since then never was.
    pub(crate) fn take_back(&mut self) {
        while let Some((id, before)) = self.undo.pop() {
            self.replace(id, before);
        }
    }

    pub(crate) fn get(&self, id: i64) -> Option<&Arc<StoredOrder>> {
        self.all.get(&id).map(|entry| &entry.order)
    }

    /// When it was changed last.
    pub(crate) fn touched(&self, id: i64) -> Option<Duration> {
        self.all.get(&id).map(|entry| entry.touched)
    }

    /// One that may still change.
    pub(crate) fn standing_one(&self, id: i64) -> Option<&Arc<StoredOrder>> {
        self.all.get(&id).filter(|entry| entry.stands).map(|entry| &entry.order)
    }

    /// All that may still change, by number.
    pub(crate) fn standing(&self) -> impl Iterator<Item = &Arc<StoredOrder>> {
        self.standing.iter().filter_map(|id| self.get(*id))
    }

    /// All in memory, by number.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<StoredOrder>> {
        self.all.values().map(|entry| &entry.order)
    }

    /// A run's order that may still change, by the run's own number.
    pub(crate) fn of_run(&self, run_id: &str, id: RunOrderId) -> Option<&Arc<StoredOrder>> {
        self.standing().find(|order| order.record.run_id == run_id && order.record.run_order_id == id)
    }

    /// The order under one of these marks.
    pub(crate) fn by_tag(&self, tags: &[String]) -> Option<i64> {
        tags.iter().find_map(|tag| self.by_tag.get(tag)).copied()
    }

    /// The live order under the broker's number: of that day, for numbers come again; else one of before that lives over
    /// midnight and had not ended when the day began.
    pub(crate) fn by_number(
        &self,
        number: &str,
        date: TradingDate,
        lives_over_midnight: impl Fn(&OrderRecord) -> bool,
    ) -> Option<i64> {
        let named = || self.by_number.get(number).into_iter().flatten().filter_map(|id| self.all.get(id));
        let live = || named().filter(|entry| entry.order.record.mode == Mode::Live);
        let of_day = live().find(|entry| entry.order.record.date == date);
        let goes_on = |entry: &&Entry| entry.stands || entry.order.record.updated_at.date() >= date;
        let is_before = |entry: &&Entry| entry.order.record.date < date;
        let of_before =
            |entry: &&Entry| is_before(entry) && goes_on(entry) && lives_over_midnight(&entry.order.record);
        let found = of_day.or_else(|| live().find(of_before));
        found.map(|entry| entry.order.record.id)
    }

    fn replace(&mut self, id: i64, entry: Option<Entry>) -> Option<Entry> {
        let before = self.all.remove(&id);
        if let Some(before) = &before {
            self.standing.remove(&id);
            self.by_tag.remove(&before.order.record.tag);
            if let Some(number) = &before.order.record.broker_order_id
                && let Some(ids) = self.by_number.get_mut(number)
            {
                ids.remove(&id);
                if ids.is_empty() {
                    self.by_number.remove(number);
                }
            }
        }
        if let Some(entry) = entry {
            let record = &entry.order.record;
            if entry.stands {
                self.standing.insert(id);
            }
            self.by_tag.insert(record.tag.clone(), id);
            if let Some(number) = &record.broker_order_id {
                self.by_number.entry(number.clone()).or_default().insert(id);
            }
            self.all.insert(id, entry);
        }
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paper::test_order;

    fn order(id: i64, number: Option<&str>) -> Arc<StoredOrder> {
        let tag = format!("{id:0>20}");
        let broker_order_id = number.map(str::to_owned);
        Arc::new(StoredOrder::new(OrderRecord { id, tag, broker_order_id, ..test_order(1) }, -1, None))
    }

    #[test]
    fn what_is_taken_back_never_was() {
        let (mut orders, date) = (Orders::default(), test_order(1).date);
        orders.put(order(1, None), true, Duration::ZERO);
        orders.keep();
        orders.put(order(1, Some("B1")), false, Duration::ZERO);
        orders.put(order(2, Some("B2")), true, Duration::ZERO);
        orders.drop_out(1);
        assert_eq!(orders.by_number("B2", date, |_| true), Some(2));
        orders.take_back();
        assert_eq!(orders.by_number("B2", date, |_| true), None);
        assert_eq!(orders.by_number("B1", date, |_| true), None);
        assert_eq!(orders.by_tag(&[format!("{:0>20}", 1)]), Some(1));
        assert!(orders.standing_one(1).is_some() && orders.get(2).is_none());
        assert_eq!(orders.all().count(), 1);
    }

    #[test]
    fn a_number_that_comes_again_on_another_day_is_another_order() {
        let (mut orders, date) = (Orders::default(), test_order(1).date);
        orders.put(order(1, Some("B1")), false, Duration::ZERO);
        assert_eq!(orders.by_number("B1", date.next(), |_| true), None);
        orders.put(order(1, Some("B1")), true, Duration::ZERO);
        assert_eq!(orders.by_number("B1", date.next(), |_| false), None, "it is good for its own day");
        assert_eq!(orders.by_number("B1", date.next(), |_| true), Some(1), "it waits for the market to open");
    }
}
