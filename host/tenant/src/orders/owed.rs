//! Which orders have units filled whose trades are not booked yet. Knows neither rows nor the broker.
//!
//! A fill is heard of in three ways, and a trade list may be older than the fill, so counting readings proves nothing:
//! trades are owed for as long as an order's booked units are fewer than its filled ones.

use market::{Trade, TradingDate, Venue};
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The day's account of units, by the broker's order number.
#[derive(Debug, Default)]
pub(super) struct Owed(Mutex<Day>);

#[derive(Debug, Default)]
struct Day {
    date: Option<TradingDate>,
    filled: HashMap<String, u32>,
    booked: HashMap<String, u32>,
    /// Trades that were booked, so that each reading writes only what is new.
    trades: HashSet<(Venue, String)>,
}

impl Owed {
    /// The order has so many units filled. True when some of them are not booked.
    pub(super) fn filled(&self, today: TradingDate, broker_order_id: &str, units: u32) -> bool {
        if units == 0 {
            return false;
        }
        let mut day = self.day(today);
        let known = day.filled.entry(broker_order_id.to_owned()).or_default();
        *known = units.max(*known);
        day.owes(broker_order_id)
    }

    /// Those of the trades that were not booked on this day.
    pub(super) fn unbooked(&self, today: TradingDate, trades: Vec<Trade>) -> Vec<Trade> {
        let day = self.day(today);
        trades.into_iter().filter(|trade| !day.trades.contains(&key(trade))).collect()
    }

    /// These are durable now.
    pub(super) fn booked(&self, today: TradingDate, trades: &[Trade]) {
        let mut day = self.day(today);
        for trade in trades {
            if day.trades.insert(key(trade)) {
                *day.booked.entry(trade.order_id.clone()).or_default() += trade.quantity;
            }
        }
    }

    pub(super) fn is_owed(&self, today: TradingDate) -> bool {
        let day = self.day(today);
        day.filled.keys().any(|number| day.owes(number))
    }

    fn day(&self, today: TradingDate) -> MutexGuard<'_, Day> {
        let mut day = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if day.date != Some(today) {
            *day = Day { date: Some(today), ..Day::default() };
        }
        day
    }
}

impl Day {
    fn owes(&self, broker_order_id: &str) -> bool {
        let units = |of: &HashMap<String, u32>| of.get(broker_order_id).copied().unwrap_or(0);
        units(&self.filled) > units(&self.booked)
    }
}

fn key(trade: &Trade) -> (Venue, String) {
    (trade.symbol.venue(), trade.trade_id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::{Price, Product, Side, Timestamp};

    fn trade(trade_id: &str, quantity: u32) -> Trade {
        Trade {
            trade_id: trade_id.into(),
            order_id: "B1".into(),
            symbol: "NSE:INFY".parse().unwrap(),
            token: 1,
            side: Side::Buy,
            product: Product::Mis,
            quantity,
            price: Price::from_rupees(100),
            time: Timestamp::EPOCH,
        }
    }

    #[test]
    fn trades_are_owed_until_every_filled_unit_is_booked() {
        let (owed, today): (_, TradingDate) = (Owed::default(), "2026-11-23".parse().unwrap());
        assert!(!owed.filled(today, "B1", 0) && !owed.is_owed(today));
        assert!(owed.filled(today, "B1", 10));
        owed.booked(today, &[trade("1", 4)]);
        owed.booked(today, &[trade("1", 4)]);
        assert!(owed.is_owed(today), "a list that was read, but lacks six units");
        assert_eq!(owed.unbooked(today, vec![trade("1", 4), trade("2", 6)]), [trade("2", 6)]);
        owed.booked(today, &[trade("2", 6)]);
        assert!(!owed.is_owed(today));
        assert!(!owed.filled(today, "B1", 7), "an update from before");
        assert!(owed.filled(today, "B1", 11));
        assert!(!owed.is_owed(today.next()), "the day's list is gone");
    }
}
