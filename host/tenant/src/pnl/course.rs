//! Trading days in their order: today as its open book, the last trading day until the exchange's close of it is known,
//! and the figures of days that are over and not written down yet.
//!
//! A new trade or price costs no more than its own instrument. Pure: trades, prices, the date and the calendar come in.
//!
//! The exchange's close is not the last price (NSE averages the last half hour). It comes with the ticks of the next day;
//! then the day before is valued at it and today counts from it, so that each day agrees with Kite's m2m and no sum changes.

use super::Whose;
use super::day_rows::{DayRows, end_of, rows};
use crate::orders::TradeRecord;
use ledger::{Carried, Curve, Day, Part, RateTable};
use market::{Calendar, InstrumentToken, Price, Symbol, Timestamp, TradingDate};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What stands at the end of the last day that is worked out to its end: where a course begins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Base {
    pub(crate) date: Option<TradingDate>,
    pub(crate) carried: BTreeMap<Whose, Vec<Carried>>,
}

/// What was written down of a day after that.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written {
    pub(crate) prices: Vec<(Symbol, Timestamp, Price)>,
    pub(crate) curves: BTreeMap<Whose, Curve>,
}

/// What must be known beside trades and prices.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) rates: Arc<RateTable>,
    pub(crate) calendar: Arc<Calendar>,
}

/// All days of an account, or of a run.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    rules: Rules,
    before: Sums,
    over: Vec<DayRows>,
    yesterday: Option<Yesterday>,
    today: Day,
    /// Trades that the broker's clock dates later than ours.
    ahead: Vec<TradeRecord>,
    tokens: BTreeMap<Symbol, InstrumentToken>,
}

/// The last day on which something happened, or could have.
#[derive(Debug, Clone)]
struct Yesterday {
    day: Day,
    is_written: bool,
}

/// What days that are over add up to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) realised: market::Money,
    pub(super) charges: market::Money,
    pub(super) trades: usize,
}

impl Course {
    /// Works through all trades after the base, in any order. A day that is over is valued at the prices written on it.
    pub(crate) fn build(
        base: Base,
        trades: Vec<TradeRecord>,
        mut written: BTreeMap<TradingDate, Written>,
        today: TradingDate,
        rules: Rules,
    ) -> Self {
        let mut by_date: BTreeMap<TradingDate, Vec<TradeRecord>> = BTreeMap::new();
        for trade in trades {
            by_date.entry(trade.trade.date()).or_default().push(trade);
        }
        let earliest = by_date.keys().chain(written.keys()).next().copied().unwrap_or(today).min(today);
        let mut course = Self::open(base, earliest, rules);
        let first = course.today.date();
        let mut dates: BTreeSet<TradingDate> = by_date.keys().chain(written.keys()).copied().collect();
        dates.retain(|date| (first..today).contains(date));
        dates.insert(today);
        for date in dates {
            course.roll(date);
            for trade in by_date.remove(&date).unwrap_or_default() {
                course.trade(&trade);
            }
            course.resume(&written.remove(&date).unwrap_or_default());
        }
        course.ahead = by_date.into_values().flatten().filter(|trade| trade.trade.date() > today).collect();
        course
    }

    fn open(mut base: Base, earliest: TradingDate, rules: Rules) -> Self {
        let first = base.date.map_or(earliest, TradingDate::next);
        let carried = base.carried.remove(&Whose::Account).unwrap_or_default();
        let mut today = Day::open(first, Arc::clone(&rules.rates), carried);
        for (whose, carried) in base.carried {
            today.open_part(&part(&whose), carried);
        }
        Self {
            rules,
            before: Sums::default(),
            over: Vec::new(),
            yesterday: None,
            today,
            ahead: Vec::new(),
            tokens: BTreeMap::new(),
        }
    }

    /// Goes on with what was written down of today.
    fn resume(&mut self, written: &Written) {
        for (symbol, time, price) in &written.prices {
            self.today.mark(symbol, *time, *price);
        }
        let parts = written.curves.iter().filter(|(whose, _)| **whose != Whose::Account);
        let parts = parts.map(|(whose, curve)| (part(whose), *curve)).collect();
        self.today.resume(written.curves.get(&Whose::Account).copied(), &parts);
    }

    /// Books a trade, once. False when its day is over: then only building anew gives its figures.
    pub(crate) fn trade(&mut self, trade: &TradeRecord) -> bool {
        let (of, today) = (trade.trade.date(), self.today.date());
        if of == today {
            self.tokens.insert(trade.trade.symbol.clone(), trade.trade.token);
            self.today.trade(&trade.strategy_id, &trade.trade);
        } else if of > today {
            self.ahead.push(trade.clone());
        }
        of >= today
    }

    /// Tells a price with its own time. True when it is news.
    pub(crate) fn mark(&mut self, symbol: &Symbol, time: Timestamp, price: Price) -> bool {
        self.today.mark(symbol, time, price)
    }

    /// Takes a sample of the day's result.
    pub(crate) fn sample(&mut self, now: Timestamp) {
        self.today.sample(now);
    }

    /// The exchange's close of the trading day before today.
    pub(crate) fn settle(&mut self, symbol: &Symbol, close: Price) {
        let (calendar, today) = (&self.rules.calendar, self.today.date());
        let Some(yesterday) = &mut self.yesterday else { return };
        if session_between(calendar, yesterday.day.date(), today).is_some() {
            return;
        }
        let differs = |book: &ledger::Book| book.is_open(symbol) && book.last_price(symbol) != Some(close);
        let settles = yesterday.day.books().any(differs);
        if settles {
            yesterday.day.close_at(symbol, close);
            yesterday.is_written = false;
            self.today.set_previous_close(symbol, close);
        }
    }

    /// Begins a new day with what is open. A trading day that nobody saw in between gets its place too.
    pub(crate) fn roll(&mut self, date: TradingDate) {
        if date <= self.today.date() {
            return;
        }
        if let Some(unseen) = session_between(&self.rules.calendar, self.today.date(), date) {
            self.step(unseen);
        }
        self.step(date);
    }

    fn step(&mut self, date: TradingDate) {
        let next = self.today.next(date);
        let over = std::mem::replace(&mut self.today, next);
        self.retire(over);
        self.tokens.clear();
        for trade in std::mem::take(&mut self.ahead) {
            self.trade(&trade);
        }
    }

    fn retire(&mut self, over: Day) {
        let stats = over.stats();
        self.before.realised += stats.realised;
        self.before.charges += stats.charges.total();
        self.before.trades += stats.trades;
        let is_held = over.books().any(|book| book.open_symbols().next().is_some());
        let may_settle = is_held && self.rules.calendar.session(over.date()).is_some();
        if !over.has_news() && !may_settle {
            return;
        }
        let older = self.yesterday.replace(Yesterday { day: over, is_written: false });
        if let Some(older) = older.filter(|older| older.day.has_news()) {
            self.over.push(rows(&older.day, end_of(older.day.date()), true));
        }
    }

    /// Today's book.
    pub(crate) fn today(&self) -> &Day {
        &self.today
    }

    /// What the days before today add up to.
    pub(super) fn before(&self) -> Sums {
        self.before
    }

    /// What is or was held today, by the account or by a part.
    pub(crate) fn symbols(&self) -> BTreeSet<Symbol> {
        self.today.books().flat_map(ledger::Book::symbols).cloned().collect()
    }

    /// What is open, in the account or in a part.
    pub(crate) fn open_symbols(&self) -> BTreeSet<Symbol> {
        self.today.books().flat_map(ledger::Book::open_symbols).cloned().collect()
    }

    /// The broker's number of something traded today.
    pub(crate) fn token(&self, symbol: &Symbol) -> Option<InstrumentToken> {
        self.tokens.get(symbol).copied()
    }

    /// Every day that is not in the rows to the end, oldest first, today last (without news it is for reading only).
    pub(crate) fn days(&self, now: Timestamp) -> Vec<DayRows> {
        let mut days = self.over.clone();
        let yesterday = self.yesterday.as_ref().filter(|yesterday| yesterday.day.has_news());
        days.extend(yesterday.map(|yesterday| rows(&yesterday.day, end_of(yesterday.day.date()), false)));
        days.push(rows(&self.today, now, false));
        days
    }

    /// What must be written down.
    pub(crate) fn unwritten(&self, now: Timestamp) -> Vec<DayRows> {
        let mut days = self.days(now);
        let yesterday = self.yesterday.as_ref().filter(|y| y.is_written).map(|y| y.day.date());
        let today = Some(self.today.date()).filter(|_| !self.today.has_news());
        days.retain(|day| Some(day.date) != yesterday && Some(day.date) != today);
        days
    }

    /// Whoever keeps no days, as runs, needs not hold them.
    pub(super) fn forget_days(&mut self) {
        self.over.clear();
    }

    /// These days are written down.
    pub(crate) fn written(&mut self, days: &[DayRows]) {
        self.over.retain(|over| !days.contains(over));
        if let Some(yesterday) = &mut self.yesterday {
            let rows = rows(&yesterday.day, end_of(yesterday.day.date()), false);
            yesterday.is_written |= days.contains(&rows);
        }
    }
}

fn part(whose: &Whose) -> Part {
    match whose {
        Whose::Strategy(id) => Some(id.clone()),
        Whose::Account | Whose::Hand | Whose::Netting => None,
    }
}

/// The last trading day strictly between two.
fn session_between(calendar: &Calendar, after: TradingDate, before: TradingDate) -> Option<TradingDate> {
    let mut date = before.previous();
    while date > after {
        if calendar.session(date).is_some() {
            return Some(date);
        }
        date = date.previous();
    }
    None
}

#[cfg(test)]
mod tests;
