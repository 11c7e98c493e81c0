//! What has changed since the exchange's state was last taken, so that a journal need not write all of it each time.
//!
//! Knows indices and nothing of what stands there.

use std::collections::BTreeSet;

#[derive(Debug, Default)]
pub(crate) struct Touched {
    /// Everything may have changed: a date began, or the books were cleared.
    pub(crate) all: bool,
    /// Orders, by their index on the desk.
    pub(crate) orders: BTreeSet<usize>,
    /// Accounts whose money, positions or shares moved.
    pub(crate) accounts: BTreeSet<usize>,
    /// Trades: the account's index and the trade's among its own.
    pub(crate) trades: Vec<(usize, usize)>,
    /// A tester moved a price.
    pub(crate) prices: bool,
    /// A trigger was made, changed or ended.
    pub(crate) gtts: bool,
    /// An auction began or ended.
    pub(crate) auctions: bool,
    /// Alerts that were made, changed or fired, by their index.
    pub(crate) alerts: BTreeSet<usize>,
}

impl Touched {
    pub(crate) fn is_empty(&self) -> bool {
        let lists = self.orders.is_empty() && self.accounts.is_empty() && self.trades.is_empty();
        let flags = self.all || self.prices || self.gtts || self.auctions;
        lists && self.alerts.is_empty() && !flags
    }
}
