//! The book of one day: which trades happened, and what position, result and round trips follow from them.
//!
//! A position's figures follow from its trades in the order of their exchange times, so it does not matter in which
//! order, or how often, they are told here.

mod cost;
mod position;

pub use cost::RoundTrip;
pub use position::{Carried, Position};

use cost::CostBasis;
use market::{Money, Price, Product, Symbol, Timestamp, Trade, TradingDate, Venue};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// A multiplier was told after trades of its instrument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the multiplier of {0} must be told before its trades")]
pub struct TooLate(pub Symbol);

/// What a book comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Booked by closing, by weighted average cost.
    pub realised: Money,
    /// Of open positions that have a price.
    pub unrealised: Money,
    /// Result since the last close (since entry for what was opened today), over what has a price.
    pub day: Money,
    /// Open positions without a price: what they are worth is in no figure.
    pub unpriced: u32,
}

/// The trades and positions of one day.
#[derive(Debug, Clone)]
pub struct Book {
    date: TradingDate,
    accounts: BTreeMap<(Symbol, Product), Account>,
    known: HashSet<(TradingDate, Venue, String)>,
    multipliers: BTreeMap<Symbol, i64>,
    prices: BTreeMap<Symbol, (Timestamp, Price)>,
}

#[derive(Debug, Clone, Default)]
struct Account {
    carried: Option<Carried>,
    trades: BTreeMap<(Timestamp, String), Trade>,
    cost: CostBasis,
    multiplier: i64,
}

impl Book {
    /// An empty book.
    pub fn new(date: TradingDate) -> Self {
        Self {
            date,
            accounts: BTreeMap::new(),
            known: HashSet::new(),
            multipliers: BTreeMap::new(),
            prices: BTreeMap::new(),
        }
    }

    /// A day that begins with positions of the days before.
    pub fn open_day(date: TradingDate, carried: impl IntoIterator<Item = Carried>) -> Self {
        let mut book = Self::new(date);
        for position in carried.into_iter().filter(|position| position.quantity != 0) {
            book.multipliers.insert(position.symbol.clone(), position.multiplier);
            let key = (position.symbol.clone(), position.product);
            let mut account = Account { multiplier: position.multiplier, ..Account::default() };
            account.cost = CostBasis::carried(&position, date);
            account.carried = Some(position);
            book.accounts.insert(key, account);
        }
        book
    }

    /// The day.
    pub fn date(&self) -> TradingDate {
        self.date
    }

    /// How many units of money one unit of quantity and price is (MCX, currency). 1 where nothing was told.
    ///
    /// # Errors
    /// When the instrument has traded or was carried already.
    pub fn set_multiplier(&mut self, symbol: &Symbol, multiplier: i64) -> Result<(), TooLate> {
        if self.multiplier(symbol) == multiplier {
            return Ok(());
        }
        if self.accounts.keys().any(|(known, _)| known == symbol) {
            return Err(TooLate(symbol.clone()));
        }
        self.multipliers.insert(symbol.clone(), multiplier);
        Ok(())
    }

    /// Books one fill. False when it was booked before, by date, venue and trade id.
    pub fn add(&mut self, trade: &Trade) -> bool {
        let id = (trade.date(), trade.symbol.venue(), trade.trade_id.clone());
        if !self.known.insert(id) {
            return false;
        }
        self.mark(&trade.symbol, trade.time, trade.price);
        let multiplier = self.multiplier(&trade.symbol);
        let account = self.accounts.entry((trade.symbol.clone(), trade.product)).or_default();
        account.multiplier = multiplier;
        account.add(trade, self.date);
        true
    }

    /// Tells a price. An older one than is known changes nothing.
    pub fn mark(&mut self, symbol: &Symbol, time: Timestamp, price: Price) {
        let known = self.prices.entry(symbol.clone()).or_insert((time, price));
        if time >= known.0 {
            *known = (time, price);
        }
    }

    /// Every position of the day, flat ones too, with what was carried in (Kite's *net* list).
    pub fn positions(&self) -> Vec<Position> {
        self.accounts.iter().map(|(key, account)| account.position(key, self.price(&key.0))).collect()
    }

    /// The same of today's trades alone (Kite's *day* list).
    pub fn day_positions(&self) -> Vec<Position> {
        let traded = self.accounts.iter().filter(|(_, account)| !account.trades.is_empty());
        traded.map(|(key, account)| account.day_only(self.date).position(key, self.price(&key.0))).collect()
    }

    /// What all positions come to.
    pub fn totals(&self) -> Totals {
        self.positions().iter().fold(Totals::default(), |totals, position| Totals {
            realised: totals.realised + position.realised,
            unrealised: totals.unrealised + position.unrealised.unwrap_or_default(),
            day: totals.day + position.m2m.unwrap_or_default(),
            unpriced: totals.unpriced + u32::from(position.is_unpriced()),
        })
    }

    /// What goes into the next day's book, with the last prices as closing prices.
    pub fn carry_over(&self) -> Vec<Carried> {
        let open = self.accounts.iter().filter(|(_, account)| account.cost.quantity != 0);
        open.map(|(key, account)| account.carry_over(key, self.price(&key.0))).collect()
    }

    /// Positions that were closed or turned over today, in the order of their closing.
    pub fn round_trips(&self) -> Vec<RoundTrip> {
        let mut trips: Vec<_> =
            self.accounts.values().flat_map(|account| account.cost.closed.clone()).collect();
        trips.sort_by_key(|trip| trip.closed_at);
        trips
    }

    /// Today's fills, by position and time.
    pub fn trades(&self) -> impl Iterator<Item = &Trade> {
        self.accounts.values().flat_map(|account| account.trades.values())
    }

    /// Distinct orders behind today's fills.
    pub fn orders(&self) -> usize {
        self.trades().map(|trade| trade.order_id.as_str()).collect::<BTreeSet<_>>().len()
    }

    /// Everything bought and sold today.
    pub fn turnover(&self) -> Money {
        self.trades().map(|trade| self.value(trade)).sum()
    }

    /// What one fill came to.
    pub fn value(&self, trade: &Trade) -> Money {
        trade.price * i64::from(trade.quantity) * self.multiplier(&trade.symbol)
    }

    fn multiplier(&self, symbol: &Symbol) -> i64 {
        self.multipliers.get(symbol).copied().unwrap_or(1)
    }

    fn price(&self, symbol: &Symbol) -> Option<Price> {
        self.last(symbol).map(|(_, price)| price)
    }

    /// The newest price with its time.
    pub(crate) fn last(&self, symbol: &Symbol) -> Option<(Timestamp, Price)> {
        self.prices.get(symbol).copied()
    }
}

impl Account {
    /// Books a fill at its place in time: at the end where it belongs there, else all over again.
    fn add(&mut self, trade: &Trade, date: TradingDate) {
        let key = (trade.time, trade.trade_id.clone());
        let is_last = self.trades.last_key_value().is_none_or(|(last, _)| *last < key);
        self.trades.insert(key, trade.clone());
        if is_last {
            self.cost.apply(trade, self.multiplier);
        } else {
            self.rebuild(date);
        }
    }

    fn rebuild(&mut self, date: TradingDate) {
        self.cost = self.carried.as_ref().map_or_else(CostBasis::default, |c| CostBasis::carried(c, date));
        for trade in self.trades.values() {
            self.cost.apply(trade, self.multiplier);
        }
    }

    fn day_only(&self, date: TradingDate) -> Self {
        let mut account = Self { carried: None, ..self.clone() };
        account.rebuild(date);
        account
    }
}
