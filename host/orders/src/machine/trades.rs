//! The day's trades in memory, and which filled units have none yet. Knows neither rows nor the broker.
//!
//! A fill is heard of in three ways, and a trade list may be older than the fill, so counting readings proves nothing:
//! trades are owed for as long as an order's booked units are fewer than its filled ones.

#[cfg(test)]
use crate::planted::{Planted, is_planted};
use crate::record::TradeRecord;
use market::{Product, Symbol, Trade, TradingDate, Venue};
use std::collections::BTreeMap;

/// What makes a fill the same fill. Two own orders that meet carry one trade id.
type TradeKey = (TradingDate, Venue, String, String);

/// Units bought and sold, by what they are of and how they are held.
pub(crate) type DayUnits = BTreeMap<(Symbol, Product), (i64, i64)>;

/// The live trades of today and the day before.
#[derive(Debug, Default)]
pub(crate) struct Trades {
    booked: BTreeMap<TradeKey, TradeRecord>,
    /// Booked units by the broker's number and the day, for numbers come again.
    units: BTreeMap<String, BTreeMap<TradingDate, u32>>,
    filled: BTreeMap<String, Filled>,
    undo: Vec<Undo>,
}

/// What the broker says is filled of the newest order under a number.
#[derive(Debug, Clone, Copy)]
struct Filled {
    /// The day it was placed: older trades under the number are another order's.
    placed: TradingDate,
    units: u32,
}

#[derive(Debug)]
enum Undo {
    Booked(TradeKey),
    Owner(TradeKey),
    Filled(String, Option<Filled>),
}

impl Trades {
    /// Books a trade that is not known.
    pub(crate) fn book(&mut self, record: TradeRecord) {
        let key = key(&record.trade);
        self.count(&record.trade);
        self.booked.insert(key.clone(), record);
        self.undo.push(Undo::Booked(key));
    }

    /// The same fill, as it was booked.
    pub(crate) fn known(&self, trade: &Trade) -> Option<&TradeRecord> {
        #[cfg(test)]
        if is_planted(Planted::OneTradeAnOrder) {
            return self.booked.values().find(|booked| booked.trade.order_id == trade.order_id);
        }
        self.booked.get(&key(trade))
    }

    /// The broker's order, placed on that day, has so many units filled. True when some of them are not booked.
    pub(crate) fn hear(&mut self, number: &str, placed: TradingDate, units: u32) -> bool {
        let known = self.filled.get(number).copied();
        let is_news = known.is_none_or(|known| (placed, units) > (known.placed, known.units));
        if units > 0 && is_news {
            self.filled.insert(number.to_owned(), Filled { placed, units });
            self.undo.push(Undo::Filled(number.to_owned(), known));
        }
        self.owes(number)
    }

    /// True while there are filled units without a trade.
    pub(crate) fn is_owed(&self) -> bool {
        self.filled.keys().any(|number| self.owes(number))
    }

    /// Gives the trades of an order that are nobody's to a run. True when there were any.
    pub(crate) fn adopt(&mut self, from: TradingDate, number: &str, run_id: &str, strategy_id: &str) -> bool {
        let of_order = |record: &TradeRecord| {
            record.run_id.is_none() && record.trade.order_id == number && record.trade.date() >= from
        };
        let nobodys: Vec<TradeKey> =
            self.booked.iter().filter(|(_, record)| of_order(record)).map(|(key, _)| key.clone()).collect();
        for key in &nobodys {
            if let Some(record) = self.booked.get_mut(key) {
                record.run_id = Some(run_id.to_owned());
                record.strategy_id = Some(strategy_id.to_owned());
            }
            self.undo.push(Undo::Owner(key.clone()));
        }
        !nobodys.is_empty()
    }

    /// What was traded on a day.
    pub(crate) fn day_units(&self, date: TradingDate) -> DayUnits {
        let mut units = DayUnits::new();
        for record in self.booked.values().filter(|record| record.trade.date() == date) {
            let trade = &record.trade;
            let (bought, sold) = units.entry((trade.symbol.clone(), trade.product)).or_default();
            let side = if trade.side.sign() > 0 { bought } else { sold };
            *side += i64::from(trade.quantity);
        }
        units
    }

    /// True when something was traded on a day.
    pub(crate) fn has_of(&self, date: TradingDate) -> bool {
        self.booked.values().any(|record| record.trade.date() == date)
    }

    /// A new day: lets go of what is older than the day before.
    pub(crate) fn forget_before(&mut self, date: TradingDate) {
        self.booked.retain(|key, _| key.0 >= date);
        self.filled.clear();
        self.units.clear();
        let booked = std::mem::take(&mut self.booked);
        booked.values().for_each(|record| self.count(&record.trade));
        self.booked = booked;
    }

    /// What was changed since the last call stays.
    pub(crate) fn keep(&mut self) {
        self.undo.clear();
    }

    /// What was changed since then never was.
    pub(crate) fn take_back(&mut self) {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Booked(key) => {
                    let gone = self.booked.remove(&key);
                    let units = gone.map_or(0, |record| record.trade.quantity);
                    if let Some(known) = self.units.get_mut(&key.3).and_then(|days| days.get_mut(&key.0)) {
                        *known -= units.min(*known);
                    }
                }
                Undo::Owner(key) => {
                    if let Some(record) = self.booked.get_mut(&key) {
                        (record.run_id, record.strategy_id) = (None, None);
                    }
                }
                Undo::Filled(number, Some(known)) => drop(self.filled.insert(number, known)),
                Undo::Filled(number, None) => drop(self.filled.remove(&number)),
            }
        }
    }

    fn count(&mut self, trade: &Trade) {
        let days = self.units.entry(trade.order_id.clone()).or_default();
        let units = days.entry(trade.date()).or_default();
        *units = units.saturating_add(trade.quantity);
    }

    fn owes(&self, number: &str) -> bool {
        let Some(filled) = self.filled.get(number) else { return false };
        let of_order = self.units.get(number).into_iter().flat_map(|days| days.range(filled.placed..));
        u64::from(filled.units) > of_order.map(|(_, units)| u64::from(*units)).sum()
    }
}

fn key(trade: &Trade) -> TradeKey {
    (trade.date(), trade.symbol.venue(), trade.trade_id.clone(), trade.order_id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mode::Mode;
    use market::{Price, Side, Timestamp};

    fn trade(trade_id: &str, quantity: u32) -> TradeRecord {
        let trade = Trade {
            trade_id: trade_id.into(),
            order_id: "B1".into(),
            symbol: "NSE:INFY".parse().unwrap(),
            token: 1,
            side: Side::Buy,
            product: Product::Mis,
            quantity,
            price: Price::from_rupees(100),
            time: Timestamp::EPOCH,
        };
        TradeRecord { trade, run_id: None, strategy_id: None, mode: Mode::Live }
    }

    #[test]
    fn trades_are_owed_until_every_filled_unit_is_booked() {
        let mut trades = Trades::default();
        assert!(!trades.hear("B1", Timestamp::EPOCH.date(), 0) && !trades.is_owed());
        assert!(trades.hear("B1", Timestamp::EPOCH.date(), 10));
        trades.book(trade("1", 4));
        assert!(trades.is_owed(), "a list that was read, but lacks six units");
        trades.book(trade("2", 6));
        assert!(!trades.is_owed());
        assert!(!trades.hear("B1", Timestamp::EPOCH.date(), 7), "an update from before");
        assert!(trades.hear("B1", Timestamp::EPOCH.date(), 11));
        trades.forget_before(Timestamp::EPOCH.date());
        assert!(!trades.is_owed(), "the day's list is gone");
    }

    #[test]
    fn trades_of_yesterdays_order_under_a_number_that_came_again_fill_nothing_of_todays() {
        let (mut trades, yesterday) = (Trades::default(), Timestamp::EPOCH.date());
        trades.book(trade("1", 500));
        assert!(trades.hear("B1", yesterday.next(), 10));
        let mut today = trade("1", 10);
        today.trade.time = yesterday.next().midnight();
        trades.book(today);
        assert!(!trades.is_owed());
        assert!(!trades.hear("B1", yesterday, 900), "an update of the order of before");
    }

    #[test]
    fn what_is_taken_back_never_was() {
        let mut trades = Trades::default();
        trades.book(trade("1", 4));
        trades.keep();
        trades.hear("B1", Timestamp::EPOCH.date(), 9);
        trades.book(trade("2", 5));
        assert!(trades.adopt(Timestamp::EPOCH.date(), "B1", "run", "strategy"));
        trades.take_back();
        assert!(!trades.is_owed() && trades.known(&trade("2", 5).trade).is_none());
        assert_eq!(trades.known(&trade("1", 4).trade).unwrap().run_id, None);
        let held = trades.day_units(Timestamp::EPOCH.date());
        assert_eq!(held.values().copied().collect::<Vec<_>>(), [(4, 0)]);
    }
}
