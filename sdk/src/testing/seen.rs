//! What a strategy did at the desk, for tests to look at.

use super::{Desk, Event};
use crate::amounts::Money;
use crate::log::Level;
use crate::order::Order;
use crate::strategy::Strategy;
use crate::time::Timestamp;
use serde::de::DeserializeOwned;

/// What the strategy did.
impl<S: Strategy> Desk<S> {
    /// The time at the desk.
    pub fn now(&self) -> Timestamp {
        self.book.borrow().now
    }

    /// The strategy itself; its fields are visible to tests in its own module.
    ///
    /// # Panics
    /// Before the start.
    pub fn strategy(&self) -> &S {
        self.run.as_ref().expect("the run starts with the first event or with .start()").strategy()
    }

    /// Everything asked for so far, in words: `buy 10 NSE:INFY limit 1500.00`, `cancel #1`.
    pub fn asked(&self) -> Vec<String> {
        self.book.borrow().asked.clone()
    }

    /// Every order, oldest first, as it stands.
    pub fn orders(&self) -> Vec<Order> {
        self.book.borrow().orders.clone()
    }

    /// The orders that are not final.
    pub fn standing(&self) -> Vec<Order> {
        self.orders().into_iter().filter(|order| !order.is_final()).collect()
    }

    /// The newest order.
    ///
    /// # Panics
    /// When there is none.
    pub fn last_order(&self) -> Order {
        self.orders().pop().expect("the strategy placed no order so far")
    }

    /// Units held, negative when short, over all products.
    pub fn position(&self, symbol: &str) -> i64 {
        let held = self.book.borrow().holdings.all();
        held.iter().filter(|it| it.symbol == symbol).map(|it| it.quantity).sum()
    }

    /// Booked profit or loss over everything and all days.
    pub fn realised(&self) -> Money {
        self.book.borrow().holdings.all().iter().map(|it| it.realised).sum()
    }

    /// Every event so far with its time, also those that the strategy did not want to hear.
    pub fn heard(&self) -> &[(Timestamp, Event)] {
        &self.heard
    }

    /// Every log line.
    pub fn logs(&self) -> Vec<String> {
        self.book.borrow().logs.iter().map(|(_, text)| text.clone()).collect()
    }

    /// Every log line with its level.
    pub fn log_lines(&self) -> Vec<(Level, String)> {
        self.book.borrow().logs.clone()
    }

    /// Every amount recorded, with its label.
    pub fn pnl_records(&self) -> Vec<(String, Money)> {
        self.book.borrow().pnl.clone()
    }

    /// A stored value.
    pub fn state<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let book = self.book.borrow();
        let bytes = book.state.get(key)?;
        Some(serde_json::from_slice(bytes).unwrap_or_else(|why| panic!("state `{key}`: {why}")))
    }

    /// Every timer that is set, with its time.
    pub fn timers(&self) -> Vec<(u64, Timestamp)> {
        self.book.borrow().timers.iter().map(|(id, at)| (*id, *at)).collect()
    }

    /// Fails unless some log line contains the text.
    #[track_caller]
    pub fn assert_logged(&self, text: &str) -> &Self {
        let logs = self.logs();
        assert!(
            logs.iter().any(|line| line.contains(text)),
            "no log line contains {text:?}; there are: {logs:#?}"
        );
        self
    }
}
