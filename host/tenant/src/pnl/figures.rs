//! The running figures of one tenant: the account's course of days, and those of its runs, fed by every new trade.
//!
//! Built from the rows at the first question after a start (and after a trade changed hands or came a day late); from
//! then on a question costs no more than today.

use super::course::{Closes, Course};
use super::{DailyStats, reckon};
use crate::error::StoreError;
use crate::host::Host;
use crate::marks::Marks;
use crate::mode::Mode;
use crate::orders::TradeRecord;
use crate::store::Book;
use ledger::{Day, RateTable};
use market::{Price, Symbol, Timestamp, TradingDate};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Runs whose courses are kept in memory. Above it all are forgotten and built again when they are asked for.
const RUN_COURSES_MAX: usize = 64;

/// One tenant's running figures.
pub(crate) struct Figures {
    book: Book,
    host: Arc<Host>,
    marks: Arc<Marks>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    account: Option<Course>,
    runs: BTreeMap<String, Course>,
    /// The newest prices that were written down before the start.
    written: BTreeMap<Symbol, Price>,
    /// Days that are over and got one more trade: their figures must be written down again.
    late: BTreeSet<TradingDate>,
}

impl Figures {
    pub(crate) fn new(book: Book, host: Arc<Host>, marks: Arc<Marks>) -> Self {
        Self { book, host, marks, state: Mutex::default() }
    }

    /// These trades are in the rows now.
    pub(crate) async fn booked(&self, trades: &[TradeRecord]) {
        let mut state = self.state.lock().await;
        for trade in trades {
            if trade.mode == Mode::Live && state.account.as_mut().is_some_and(|course| !course.trade(trade)) {
                state.account = None;
                state.late.insert(trade.trade.date());
            }
            let Some(run_id) = &trade.run_id else { continue };
            if state.runs.get_mut(run_id).is_some_and(|course| !course.trade(trade)) {
                state.runs.remove(run_id);
            }
        }
    }

    /// Trades changed hands: what was worked out holds no more.
    pub(crate) async fn forget(&self) {
        let mut state = self.state.lock().await;
        state.account = None;
        state.runs.clear();
    }

    /// A question about the account, at the newest prices.
    pub(crate) async fn account<T>(&self, read: impl FnOnce(&Course) -> T) -> Result<T, StoreError> {
        let mut state = self.state.lock().await;
        let now = self.host.now();
        let course = self.current_account(&mut state, now).await?;
        let answer = read(&course);
        state.account = Some(course);
        Ok(answer)
    }

    /// A question about one run, at the newest prices.
    pub(crate) async fn run<T>(
        &self,
        run_id: &str,
        read: impl FnOnce(&Course) -> T,
    ) -> Result<T, StoreError> {
        let mut state = self.state.lock().await;
        let now = self.host.now();
        let mut course = match state.runs.remove(run_id) {
            Some(course) => course,
            None => self.build_run(&mut state, run_id, now).await?,
        };
        course.roll(now.date());
        course.mark(now, &self.ticked(&course.symbols()));
        let answer = read(&course);
        if state.runs.len() >= RUN_COURSES_MAX {
            state.runs.clear();
        }
        state.runs.insert(run_id.to_owned(), course);
        Ok(answer)
    }

    /// Writes a day down.
    pub(crate) async fn keep(&self, day: &Day) -> Result<DailyStats, StoreError> {
        let date = day.book().date();
        let mut stats = reckon::stats(&day.stats(&rates()));
        if let Some(kept) = self.book.daily_stats(date, date).await?.first() {
            stats = reckon::with_extremes_of(stats, kept);
        }
        let mut positions = reckon::positions(day.book(), None);
        for strategy in day.strategies() {
            if let Some(book) = day.strategy_book(strategy) {
                positions.extend(reckon::positions(book, Some(strategy)));
            }
        }
        self.book.save_day(&stats, &positions).await?;
        Ok(stats)
    }

    /// The account's course, taken out of the state, rolled and marked. Whoever fails to put it back builds it again.
    async fn current_account(&self, state: &mut State, now: Timestamp) -> Result<Course, StoreError> {
        let mut course = match state.account.take() {
            Some(course) => course,
            None => self.build_account(state, now).await?,
        };
        if let Some(over) = course.roll(now.date()) {
            self.keep(&over).await?;
        }
        course.mark(now, &self.ticked(&course.symbols()));
        Ok(course)
    }

    async fn build_account(&self, state: &mut State, now: Timestamp) -> Result<Course, StoreError> {
        let closes = self.book.closes().await?;
        state.written = newest(&closes);
        let trades = self.book.live_trades().await?;
        let mut course = Course::build(&trades, &closes, now.date(), rates());
        let written: Vec<_> = state.written.clone().into_iter().collect();
        course.mark(now, &written);
        for (date, day) in course.days().filter(|(date, _)| state.late.contains(date)) {
            let mut stats = reckon::stats(&day.total);
            if let Some(kept) = self.book.daily_stats(date, date).await?.first() {
                stats = reckon::with_extremes_of(stats, kept);
            }
            self.book.save_stats(&stats).await?;
        }
        state.late.clear();
        Ok(course)
    }

    async fn build_run(&self, state: &mut State, run_id: &str, now: Timestamp) -> Result<Course, StoreError> {
        let account = self.current_account(state, now).await?;
        let mut prices = state.written.clone();
        for position in account.today().book().positions() {
            prices.extend(position.last_price.map(|price| (position.symbol, price)));
        }
        state.account = Some(account);
        let trades = self.book.run_trades(run_id).await?;
        let mut course = Course::build(&trades, &Closes::new(), now.date(), rates());
        let held = course.symbols();
        let prices: Vec<_> = prices.into_iter().filter(|(symbol, _)| held.contains(symbol)).collect();
        course.mark(now, &prices);
        Ok(course)
    }

    /// The newest ticks of some symbols.
    fn ticked(&self, symbols: &BTreeSet<Symbol>) -> Vec<(Symbol, Price)> {
        let Some(list) = self.host.instruments_today() else { return Vec::new() };
        let price = |symbol: &Symbol| self.marks.last_price(list.by_symbol(symbol)?.token);
        symbols.iter().filter_map(|symbol| Some((symbol.clone(), price(symbol)?))).collect()
    }
}

fn newest(closes: &Closes) -> BTreeMap<Symbol, Price> {
    closes.values().flatten().cloned().collect()
}

fn rates() -> RateTable {
    RateTable::zerodha()
}
