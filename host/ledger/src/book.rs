//! The book of one day: which trades happened, and what position, result and round trips follow from them.
//!
//! A position's figures follow from its trades in the order of their exchange times, so it does not matter in which
//! order, or how often, they are told here. Sums run along: one more fill or price costs no more than its own instrument.

mod account;
mod carried;
mod cost;
mod position;

pub use carried::Carried;
pub use cost::RoundTrip;
pub use position::Position;

use account::Account;
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
    /// What closing the open positions would book, since their entry, of those that have a price.
    pub unrealised: Money,
    /// Result since the last close (since entry for what was opened today), over what has a price.
    pub day: Money,
    /// Open positions without a price: what they are worth is in no figure.
    pub unpriced: u32,
    /// Round trips closed today that brought more than nothing, before charges.
    pub wins: usize,
    /// Round trips closed today that brought less than nothing.
    pub losses: usize,
}

/// What makes a fill the same fill. Both of two own orders that meet carry one trade number, so the order belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct TradeKey {
    date: TradingDate,
    venue: Venue,
    trade_id: String,
    order_id: String,
}

/// The trades and positions of one day.
#[derive(Debug, Clone)]
pub struct Book {
    date: TradingDate,
    accounts: BTreeMap<Symbol, BTreeMap<Product, Account>>,
    known: HashSet<TradeKey>,
    multipliers: BTreeMap<Symbol, i64>,
    prices: BTreeMap<Symbol, (Timestamp, Price)>,
    totals: Totals,
    turnover: Money,
    has_news: bool,
    steps: u64,
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
            totals: Totals::default(),
            turnover: Money::ZERO,
            has_news: false,
            steps: 0,
        }
    }

    /// A day that begins with positions of the days before, and with the prices that were known of them.
    pub fn open_day(date: TradingDate, carried: impl IntoIterator<Item = Carried>) -> Self {
        let mut book = Self::new(date);
        for position in carried.into_iter().filter(|position| position.quantity != 0) {
            let symbol = position.symbol.clone();
            book.multipliers.insert(symbol.clone(), position.multiplier);
            book.change(&symbol, |book| {
                if let Some((time, price)) = position.last {
                    book.set_price(&position.symbol, time, price);
                }
                let of_symbol = book.accounts.entry(position.symbol.clone()).or_default();
                of_symbol.insert(position.product, Account::carrying(position, date));
            });
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
        if self.accounts.contains_key(symbol) {
            return Err(TooLate(symbol.clone()));
        }
        self.multipliers.insert(symbol.clone(), multiplier);
        Ok(())
    }

    /// Books one fill. False when it was booked before, by date, venue, trade number and order.
    pub fn add(&mut self, trade: &Trade) -> bool {
        let key = TradeKey {
            date: trade.date(),
            venue: trade.symbol.venue(),
            trade_id: trade.trade_id.clone(),
            order_id: trade.order_id.clone(),
        };
        if !self.known.insert(key) {
            return false;
        }
        let multiplier = self.multiplier(&trade.symbol);
        self.has_news = true;
        self.turnover += self.value(trade);
        self.change(&trade.symbol, |book| {
            let of_symbol = book.accounts.entry(trade.symbol.clone()).or_default();
            let account = of_symbol.entry(trade.product).or_insert_with(|| Account::new(multiplier));
            book.steps += account.add(trade, book.date);
            let newest = account.newest().map(|newest| (newest.time, newest.price));
            if let Some((time, price)) = newest {
                book.set_price(&trade.symbol, time, price);
            }
        });
        true
    }

    /// Tells a price of something held, with the price's own time. True when it is news: an older one than is known
    /// changes nothing.
    pub fn mark(&mut self, symbol: &Symbol, time: Timestamp, price: Price) -> bool {
        let is_news = self.accounts.contains_key(symbol)
            && self.last(symbol).is_none_or(|known| time >= known.0 && (time, price) != known);
        if is_news {
            self.has_news |= time.date() == self.date;
            self.change(symbol, |book| book.set_price(symbol, time, price));
        }
        is_news
    }

    /// The exchange's own close of the day before, which may differ from the last price seen then: today's result of
    /// what was carried in counts from it.
    pub fn set_previous_close(&mut self, symbol: &Symbol, close: Price) {
        self.change(symbol, |book| {
            for account in book.accounts.get_mut(symbol).into_iter().flat_map(BTreeMap::values_mut) {
                account.set_previous_close(close);
            }
        });
    }

    /// The exchange's own close of this day: what is open is worth that, whatever price was seen last.
    pub fn close_at(&mut self, symbol: &Symbol, close: Price) {
        let time = self.date.next().midnight().plus_micros(-1);
        self.has_news |= self.is_open(symbol);
        self.change(symbol, |book| {
            book.prices.insert(symbol.clone(), (time, close));
        });
    }

    /// Every position of the day, flat ones too, with what was carried in (Kite's *net* list).
    pub fn positions(&self) -> Vec<Position> {
        self.accounts().map(|(symbol, product, a)| a.position(symbol, product, self.last(symbol))).collect()
    }

    /// The same of today's trades alone (Kite's *day* list).
    pub fn day_positions(&self) -> Vec<Position> {
        let traded = self.accounts().filter(|(_, _, account)| account.has_traded());
        traded
            .map(|(symbol, product, account)| {
                account.day_only(self.date).position(symbol, product, self.last(symbol))
            })
            .collect()
    }

    /// What is held or was held today.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.accounts.keys()
    }

    /// True when units of an instrument are open.
    pub fn is_open(&self, symbol: &Symbol) -> bool {
        self.accounts.get(symbol).is_some_and(|of| of.values().any(|account| account.quantity() != 0))
    }

    /// The newest price known.
    pub fn last_price(&self, symbol: &Symbol) -> Option<Price> {
        self.last(symbol).map(|(_, price)| price)
    }

    /// What is open.
    pub fn open_symbols(&self) -> impl Iterator<Item = &Symbol> {
        let is_open = |of: &BTreeMap<Product, Account>| of.values().any(|account| account.quantity() != 0);
        self.accounts.iter().filter(move |(_, of)| is_open(of)).map(|(symbol, _)| symbol)
    }

    /// What all positions come to.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// What goes into the next day's book, with the last prices as closing prices.
    pub fn carry_over(&self) -> Vec<Carried> {
        let open = self.accounts().filter(|(_, _, account)| account.quantity() != 0);
        open.map(|(symbol, product, a)| a.carry_over(symbol, product, self.last(symbol))).collect()
    }

    /// True when something traded, or when a price of this day was told of something held.
    pub fn has_news(&self) -> bool {
        self.has_news
    }

    /// Positions that were closed or turned over today, in the order of their closing.
    pub fn round_trips(&self) -> Vec<RoundTrip> {
        let mut trips: Vec<_> =
            self.accounts().flat_map(|(_, _, account)| account.trips().to_vec()).collect();
        trips.sort_by_key(|trip| trip.closed_at);
        trips
    }

    /// Today's fills, by position and time.
    pub fn trades(&self) -> impl Iterator<Item = &Trade> {
        self.accounts().flat_map(|(_, _, account)| account.trades())
    }

    /// How many.
    pub fn fills(&self) -> usize {
        self.known.len()
    }

    /// Distinct orders behind today's fills.
    pub fn orders(&self) -> usize {
        self.trades().map(|trade| trade.order_id.as_str()).collect::<BTreeSet<_>>().len()
    }

    /// Everything bought and sold today.
    pub fn turnover(&self) -> Money {
        self.turnover
    }

    /// What one fill came to.
    pub fn value(&self, trade: &Trade) -> Money {
        trade.price * i64::from(trade.quantity) * self.multiplier(&trade.symbol)
    }

    /// Work done so far: fills worked into a cost, and positions valued. A test bounds it.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// One position's fills, by time.
    pub(crate) fn fills_of(
        &self,
        symbol: &Symbol,
        product: Product,
    ) -> impl DoubleEndedIterator<Item = &Trade> {
        let account = self.accounts.get(symbol).and_then(|of_symbol| of_symbol.get(&product));
        account.into_iter().flat_map(Account::trades)
    }

    /// The newest price with its time.
    pub(crate) fn last(&self, symbol: &Symbol) -> Option<(Timestamp, Price)> {
        self.prices.get(symbol).copied()
    }

    pub(crate) fn multiplier(&self, symbol: &Symbol) -> i64 {
        self.multipliers.get(symbol).copied().unwrap_or(1)
    }

    fn set_price(&mut self, symbol: &Symbol, time: Timestamp, price: Price) {
        if self.last(symbol).is_none_or(|(known, _)| time >= known) {
            self.prices.insert(symbol.clone(), (time, price));
        }
    }

    fn accounts(&self) -> impl Iterator<Item = (&Symbol, Product, &Account)> {
        let each = self.accounts.iter();
        each.flat_map(|(symbol, of)| of.iter().map(move |(product, account)| (symbol, *product, account)))
    }

    /// Changes something of one instrument, and the totals with it.
    fn change(&mut self, symbol: &Symbol, change: impl FnOnce(&mut Self)) {
        let before = self.worth(symbol);
        change(self);
        let after = self.worth(symbol);
        self.totals.replace(before, after);
    }

    fn worth(&mut self, symbol: &Symbol) -> Totals {
        let last = self.last_price(symbol);
        let mut worth = Totals::default();
        for account in self.accounts.get(symbol).into_iter().flat_map(BTreeMap::values) {
            self.steps += 1;
            worth.replace(Totals::default(), account.worth(last));
        }
        worth
    }
}

impl Totals {
    /// Takes one part out and puts another in.
    fn replace(&mut self, before: Self, after: Self) {
        self.realised += after.realised - before.realised;
        self.unrealised += after.unrealised - before.unrealised;
        self.day += after.day - before.day;
        self.unpriced = self.unpriced + after.unpriced - before.unpriced;
        self.wins = self.wins + after.wins - before.wins;
        self.losses = self.losses + after.losses - before.losses;
    }
}
