//! What the simulated broker's lists show: the book, the trades and the day's units, as old as the reading is.

use super::Broker;
use super::order::{BrokerTrade, View};
use crate::simulation::fault::Fault;
use market::{Product, Side, Symbol, Timestamp};
use std::collections::BTreeMap;

/// Units that the account bought and sold today.
pub(in crate::simulation) type DayUnits = BTreeMap<(Symbol, Product), (i64, i64)>;

/// The book of orders, read once.
#[derive(Debug, Clone, Default)]
pub(in crate::simulation) struct Listing {
    pub(in crate::simulation) rows: Vec<View>,
    /// Records that could not be read.
    pub(in crate::simulation) holes: usize,
}

impl Broker {
    /// The orders, or nothing where the token is dead or the call fails.
    pub(in crate::simulation) fn list_orders(&mut self, now: Timestamp, token: u32) -> Option<Listing> {
        if token != self.session || !self.is_alive {
            return None;
        }
        let as_of = self.as_of(now);
        let mut listing = Listing::default();
        for order in &self.orders {
            let is_listed = order.listed_at.is_some_and(|at| at <= now) && order.placed_at >= self.book_from;
            // An order is in the book as soon as it is listed; how far along it is may be older.
            let view = order.as_of(as_of).or_else(|| order.as_of(order.placed_at));
            let Some(view) = view.filter(|_| is_listed) else { continue };
            if self.faults.has(Fault::BookStale) && order.placed_at > as_of {
                continue;
            }
            if self.faults.strikes(Fault::BookHole, &mut self.dice) && self.dice.chance(200) {
                listing.holes += 1;
                continue;
            }
            listing.rows.push(view.clone());
        }
        if self.faults.strikes(Fault::ForeignAccount, &mut self.dice) {
            let stranger =
                listing.rows.last().map(|row| View { is_foreign: true, filled: row.quantity, ..row.clone() });
            listing.rows.extend(stranger);
        }
        Some(listing)
    }

    /// The day's trades.
    pub(in crate::simulation) fn list_trades(&mut self, now: Timestamp) -> Vec<BrokerTrade> {
        let as_of = self.as_of(now);
        let shown = |trade: &&BrokerTrade| trade.at >= self.book_from && trade.at <= as_of;
        self.trades.iter().filter(shown).cloned().collect()
    }

    /// The day's units by symbol and product.
    pub(in crate::simulation) fn list_positions(&mut self, now: Timestamp) -> DayUnits {
        let as_of = self.as_of(now);
        let mut units = DayUnits::new();
        for trade in self.trades.iter().filter(|t| t.at >= self.book_from && t.at <= as_of) {
            let (bought, sold) = units.entry((trade.symbol.clone(), trade.product)).or_default();
            match trade.side {
                Side::Buy => *bought += i64::from(trade.quantity),
                Side::Sell => *sold += i64::from(trade.quantity),
            }
        }
        units
    }

    fn as_of(&mut self, now: Timestamp) -> Timestamp {
        let stale = self.faults.strikes(Fault::BookStale, &mut self.dice);
        if stale { now.plus_seconds(-self.dice.between(0, 90)) } else { now }
    }
}
