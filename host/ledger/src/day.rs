//! One trading day of an account, in total and by strategy, and its daily stats.
//!
//! The total has a book of its own: one strategy's buy can close another's short in the account, and then the parts'
//! round trips are not the whole's. Results before charges do sum up, to the last unit.

use crate::book::{Book, Carried};
use crate::charges::{Charges, RateTable};
use crate::figures::Figures;
use market::{Money, Price, Symbol, Timestamp, Trade, TradingDate};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A highest or lowest result with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extreme {
    /// How much.
    pub amount: Money,
    /// When it was first reached.
    pub at: Timestamp,
}

/// One day's figures. MTM (mark to market) is `gross`, sampled at every fill and mark at which all positions had a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DailyStats {
    /// The day.
    pub date: TradingDate,
    /// The day's result before charges: since the last close for what was carried in, since entry for the rest.
    pub gross: Money,
    /// Brokerage, taxes and fees of the day's fills.
    pub charges: Money,
    /// Gross less charges.
    pub net: Money,
    /// Booked by closing, by weighted average cost.
    pub realised: Money,
    /// What closing at the last prices would book.
    pub unrealised: Money,
    /// Fills.
    pub trades: usize,
    /// Round trips closed today that brought more than nothing, before charges.
    pub wins: usize,
    /// Round trips closed today that brought less than nothing.
    pub losses: usize,
    /// Everything bought and sold.
    pub turnover: Money,
    /// The deepest fall of MTM from its highest before (which is at least the zero that the day begins with), positive.
    pub max_drawdown: Money,
    /// The highest MTM; `None` before the first sample.
    pub max_mtm: Option<Extreme>,
    /// The lowest MTM.
    pub min_mtm: Option<Extreme>,
    /// Open positions without a price: they are in no figure.
    pub unpriced: u32,
    /// Orders for which the rate table has no rule: their charges are in no figure.
    pub unrated: u32,
}

/// One day of an account.
#[derive(Debug, Clone)]
pub struct Day {
    total: Sheet,
    strategies: BTreeMap<String, Sheet>,
}

#[derive(Debug, Clone)]
struct Sheet {
    book: Book,
    curve: Curve,
}

/// The course of MTM, as far as the stats need it.
#[derive(Debug, Clone, Copy, Default)]
struct Curve {
    max: Option<Extreme>,
    min: Option<Extreme>,
    peak: Money,
    drawdown: Money,
}

impl Day {
    /// A day that begins with these positions of the account.
    pub fn open(date: TradingDate, carried: impl IntoIterator<Item = Carried>) -> Self {
        Self { total: Sheet::new(Book::open_day(date, carried)), strategies: BTreeMap::new() }
    }

    /// Gives a strategy the positions that it carries in. Call before its first trade.
    pub fn open_strategy(&mut self, strategy: &str, carried: impl IntoIterator<Item = Carried>) {
        let book = Book::open_day(self.total.book.date(), carried);
        self.strategies.insert(strategy.to_owned(), Sheet::new(book));
    }

    /// Books a fill, for its strategy where it has one. False when it was booked before. Its price is a price for all.
    pub fn trade(&mut self, strategy: Option<&str>, trade: &Trade) -> bool {
        let is_new = self.total.trade(trade);
        if let Some(strategy) = strategy {
            let date = self.total.book.date();
            let sheet = self.strategies.entry(strategy.to_owned());
            sheet.or_insert_with(|| Sheet::new(Book::new(date))).trade(trade);
        }
        if let Some((time, price)) = self.total.book.last(&trade.symbol) {
            self.strategies.values_mut().for_each(|sheet| sheet.book.mark(&trade.symbol, time, price));
        }
        is_new
    }

    /// Tells prices and takes a sample of MTM.
    pub fn mark(&mut self, time: Timestamp, prices: &[(Symbol, Price)]) {
        for sheet in std::iter::once(&mut self.total).chain(self.strategies.values_mut()) {
            for (symbol, price) in prices {
                sheet.book.mark(symbol, time, *price);
            }
            sheet.sample(time);
        }
    }

    /// The book of the whole account.
    pub fn book(&self) -> &Book {
        &self.total.book
    }

    /// The book of one strategy.
    pub fn strategy_book(&self, strategy: &str) -> Option<&Book> {
        self.strategies.get(strategy).map(|sheet| &sheet.book)
    }

    /// The strategies that traded or hold something today.
    pub fn strategies(&self) -> impl Iterator<Item = &str> {
        self.strategies.keys().map(String::as_str)
    }

    /// The account's figures.
    pub fn stats(&self, rates: &RateTable) -> DailyStats {
        self.total.stats(rates)
    }

    /// Every strategy's figures.
    pub fn by_strategy(&self, rates: &RateTable) -> BTreeMap<String, DailyStats> {
        self.strategies.iter().map(|(strategy, sheet)| (strategy.clone(), sheet.stats(rates))).collect()
    }
}

impl Sheet {
    fn new(book: Book) -> Self {
        Self { book, curve: Curve::default() }
    }

    fn trade(&mut self, trade: &Trade) -> bool {
        let is_new = self.book.add(trade);
        if is_new {
            self.sample(trade.time);
        }
        is_new
    }

    fn sample(&mut self, time: Timestamp) {
        let totals = self.book.totals();
        if totals.unpriced == 0 {
            self.curve.sample(time, totals.day);
        }
    }

    fn stats(&self, rates: &RateTable) -> DailyStats {
        let totals = self.book.totals();
        let charges = Charges::of_book(&self.book, rates);
        let figures = Figures::of(&self.book);
        DailyStats {
            date: self.book.date(),
            gross: totals.day,
            charges: charges.total(),
            net: totals.day - charges.total(),
            realised: totals.realised,
            unrealised: totals.unrealised,
            trades: figures.fills,
            wins: figures.wins,
            losses: figures.losses,
            turnover: self.book.turnover(),
            max_drawdown: self.curve.drawdown,
            max_mtm: self.curve.max,
            min_mtm: self.curve.min,
            unpriced: totals.unpriced,
            unrated: charges.unrated,
        }
    }
}

impl Curve {
    fn sample(&mut self, at: Timestamp, amount: Money) {
        if self.max.is_none_or(|max| amount > max.amount) {
            self.max = Some(Extreme { amount, at });
        }
        if self.min.is_none_or(|min| amount < min.amount) {
            self.min = Some(Extreme { amount, at });
        }
        self.peak = self.peak.max(amount);
        self.drawdown = self.drawdown.max(self.peak - amount);
    }
}
