//! Trading days in their order: those that are over as their figures, today as its open book.
//!
//! A new trade or price costs no more than today's book. The days before are worked through once, when a course is
//! built. Pure: trades, prices and the date come in.

use crate::orders::TradeRecord;
use ledger::{Day, RateTable};
use market::{Price, Symbol, Timestamp, TradingDate};
use std::collections::{BTreeMap, BTreeSet};

/// Closing prices by day, as they were written down.
pub(crate) type Closes = BTreeMap<TradingDate, Vec<(Symbol, Price)>>;

/// One day's figures.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DayFigures {
    pub(crate) total: ledger::DailyStats,
    pub(crate) by_strategy: BTreeMap<String, ledger::DailyStats>,
}

/// All days of an account, or of a run.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    past: BTreeMap<TradingDate, DayFigures>,
    today: Day,
    /// Trades that the broker's clock dates later than ours.
    ahead: Vec<TradeRecord>,
    rates: RateTable,
}

impl DayFigures {
    fn of(day: &Day, rates: &RateTable) -> Self {
        Self { total: day.stats(rates), by_strategy: day.by_strategy(rates) }
    }
}

impl Course {
    /// Works through all trades, in any order. A day that is over is valued at its closing prices where there are some.
    pub(crate) fn build(
        trades: &[TradeRecord],
        closes: &Closes,
        today: TradingDate,
        rates: RateTable,
    ) -> Self {
        let mut by_date: BTreeMap<TradingDate, Vec<&TradeRecord>> = BTreeMap::new();
        for trade in trades {
            by_date.entry(trade.trade.date()).or_default().push(trade);
        }
        let first = by_date.keys().next().copied().unwrap_or(today).min(today);
        let mut dates: BTreeSet<TradingDate> = by_date.keys().chain(closes.keys()).copied().collect();
        dates.retain(|date| (first..today).contains(date));
        dates.insert(today);
        let mut course =
            Self { past: BTreeMap::new(), today: Day::open(first, []), ahead: Vec::new(), rates };
        for date in dates {
            course.roll(date);
            for trade in by_date.remove(&date).unwrap_or_default() {
                course.trade(trade);
            }
            if let Some(prices) = closes.get(&date).filter(|_| date < today) {
                course.today.mark(date.next().midnight().plus_micros(-1), prices);
            }
        }
        course.ahead = by_date.into_values().flatten().cloned().collect();
        course
    }

    /// Books a trade, once. False when its day is over: then only building anew gives its figures.
    pub(crate) fn trade(&mut self, trade: &TradeRecord) -> bool {
        let (of, today) = (trade.trade.date(), self.today.book().date());
        if of == today {
            self.today.trade(trade.strategy_id.as_deref(), &trade.trade);
        } else if of > today {
            self.ahead.push(trade.clone());
        }
        of >= today
    }

    /// Tells prices of now.
    pub(crate) fn mark(&mut self, now: Timestamp, prices: &[(Symbol, Price)]) {
        self.today.mark(now, prices);
    }

    /// Begins a new day with what is open, and gives back the one that is over.
    pub(crate) fn roll(&mut self, date: TradingDate) -> Option<Day> {
        if date <= self.today.book().date() {
            return None;
        }
        let mut next = Day::open(date, self.today.book().carry_over());
        for strategy in self.today.strategies() {
            let carried =
                self.today.strategy_book(strategy).map(ledger::Book::carry_over).unwrap_or_default();
            if !carried.is_empty() {
                next.open_strategy(strategy, carried);
            }
        }
        let over = std::mem::replace(&mut self.today, next);
        if books(&over).any(|book| !book.positions().is_empty()) {
            self.past.insert(over.book().date(), DayFigures::of(&over, &self.rates));
        }
        for trade in std::mem::take(&mut self.ahead) {
            self.trade(&trade);
        }
        Some(over)
    }

    /// Today's book.
    pub(crate) fn today(&self) -> &Day {
        &self.today
    }

    /// What is or was held today, by the account or by a strategy: what two hold against each other nets to nothing.
    pub(crate) fn symbols(&self) -> BTreeSet<Symbol> {
        books(&self.today).flat_map(ledger::Book::positions).map(|position| position.symbol).collect()
    }

    /// Every day's figures, oldest first, today last.
    pub(crate) fn days(&self) -> impl Iterator<Item = (TradingDate, DayFigures)> + '_ {
        let today =
            std::iter::once_with(|| (self.today.book().date(), DayFigures::of(&self.today, &self.rates)));
        self.past.iter().map(|(date, figures)| (*date, figures.clone())).chain(today)
    }
}

/// The account's book and every strategy's.
pub(crate) fn books(day: &Day) -> impl Iterator<Item = &ledger::Book> {
    std::iter::once(day.book()).chain(day.strategies().filter_map(|strategy| day.strategy_book(strategy)))
}

#[cfg(test)]
mod tests;
