//! The running figures of one tenant: the account's course of days, and those of its runs, fed by every new trade.
//!
//! Built from the rows at the first question after a start (and after a trade changed hands or came a day late), on a
//! thread for such work and with nothing locked; from then on a question costs no more than what is held. Whoever books a
//! trade never waits for a build: trades that come meanwhile are told to the finished course.

use super::course::{Course, Rules};
use super::day_rows::DayRows;
use super::recent::Recent;
use super::{RunFigures, reckon};
use crate::error::StoreError;
use crate::host::Host;
use crate::marks::Marks;
use crate::orders::TradeRecord;
use crate::store::Book;
use ::orders::Mode;
use market::{InstrumentToken, Money, Symbol, Timestamp, TradingDate};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Runs whose courses are kept in memory. Above it the one that was asked for longest ago is built again.
const RUN_COURSES_MAX: usize = 64;
/// Flat runs whose figures are kept in memory: no price can change them.
const FLAT_RUNS_MAX: usize = 4_096;
/// How often a build begins anew because a trade of a day that is over came meanwhile.
const BUILDS_MAX: u32 = 5;

/// One tenant's running figures.
pub(crate) struct Figures {
    book: Book,
    host: Arc<Host>,
    marks: Arc<Marks>,
    rules: Rules,
    state: Mutex<State>,
    /// Held while the account's course is built, so that it is built once.
    build: tokio::sync::Mutex<()>,
    /// Held while days are written down, so that an older snapshot is never the later one.
    writing: tokio::sync::Mutex<()>,
    /// Since when no price can be new.
    feed_lost: Mutex<Option<Timestamp>>,
}

struct State {
    account: Option<Course>,
    /// Trades booked while the account's course is built.
    meanwhile: Vec<TradeRecord>,
    /// Counts what makes a build of the account that has begun worthless.
    spoiled: u64,
    /// Counts what was told: what is worked out from older rows is not kept.
    told: u64,
    runs: Recent<Course>,
    flat: Recent<RunFigures>,
}

/// What a look at the account finds.
pub(crate) struct Look {
    /// The day's result; `None` while something held has no price.
    pub(crate) day_pnl: Option<Money>,
    /// What is open and has no price.
    pub(crate) unpriced: BTreeSet<Symbol>,
    /// What is open must tick, or it cannot be valued.
    pub(crate) open: BTreeSet<InstrumentToken>,
}

impl Figures {
    pub(crate) fn new(book: Book, host: Arc<Host>, marks: Arc<Marks>) -> Self {
        let (rates, calendar) = (Arc::clone(&host.config.rates), Arc::new(host.config.calendar.clone()));
        Self {
            book,
            host,
            marks,
            rules: Rules { rates, calendar },
            state: Mutex::new(State::new()),
            build: tokio::sync::Mutex::default(),
            writing: tokio::sync::Mutex::default(),
            feed_lost: Mutex::default(),
        }
    }

    /// These trades are in the rows now.
    pub(crate) fn booked(&self, trades: &[TradeRecord]) {
        let (mut state, now) = (self.lock(), self.host.now());
        state.told += 1;
        for trade in trades {
            if trade.mode == Mode::Live {
                state.account_trade(trade);
            }
            let Some(run_id) = &trade.run_id else { continue };
            state.flat.remove(run_id);
            if state.runs.get(run_id).is_some_and(|course| !course.trade(trade)) {
                state.runs.remove(run_id);
            }
        }
        if let Some(course) = &mut state.account {
            course.sample(now);
        }
    }

    /// Trades changed hands: what was worked out holds no more.
    pub(crate) fn forget(&self) {
        let mut state = self.lock();
        state.spoil();
        state.told += 1;
        state.runs.clear();
        state.flat.clear();
    }

    /// The feed is lost since then (the first telling stands), or is back.
    pub(crate) fn feed_is_lost(&self, since: Option<Timestamp>) {
        let mut lost = self.feed_lost.lock().unwrap_or_else(PoisonError::into_inner);
        *lost = since.map(|since| lost.unwrap_or(since));
    }

    pub(crate) fn feed_lost_since(&self) -> Option<Timestamp> {
        *self.feed_lost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A question about the account, at the newest prices.
    pub(crate) async fn account<T>(
        &self,
        read: impl FnOnce(&mut Course, Timestamp) -> T,
    ) -> Result<T, StoreError> {
        loop {
            self.ready().await?;
            let mut state = self.lock();
            if let Some(course) = &mut state.account {
                let now = self.host.now();
                self.freshen(course, now);
                return Ok(read(course, now));
            }
        }
    }

    /// Values what is open with the newest prices, in memory.
    pub(crate) async fn look(&self) -> Result<Look, StoreError> {
        let read = |course: &mut Course, _| {
            let open = course.open_symbols();
            let book = course.today().book();
            let unpriced = book.open_symbols().filter(|symbol| book.last_price(symbol).is_none());
            Look {
                day_pnl: reckon::day_result(course),
                unpriced: unpriced.cloned().collect(),
                open: self.tokens(course, open).into_values().collect(),
            }
        };
        self.account(read).await
    }

    /// A question about one run, at the newest prices.
    pub(crate) async fn run<T>(
        &self,
        run_id: &str,
        read: impl FnOnce(&Course) -> T,
    ) -> Result<T, StoreError> {
        let now = self.host.now();
        if let Some(course) = self.lock().runs.get(run_id) {
            self.freshen(course, now);
            return Ok(read(course));
        }
        let told = self.lock().told;
        let mut course = self.build_run(run_id, now.date()).await?;
        self.freshen(&mut course, now);
        course.forget_days();
        let answer = read(&course);
        let mut state = self.lock();
        // A trade that came since the rows were read is not in it: then it is an answer, and nothing to keep.
        if state.told == told {
            state.runs.put(run_id, course);
        }
        Ok(answer)
    }

    /// One run's figures. Those of a run that holds nothing cost no more than a look.
    pub(crate) async fn of_run(&self, run_id: &str) -> Result<RunFigures, StoreError> {
        let told = {
            let mut state = self.lock();
            if let Some(figures) = state.flat.get(run_id) {
                return Ok(figures.clone());
            }
            state.told
        };
        let read = |course: &Course| (course.open_symbols().is_empty(), reckon::run_figures(course));
        let (is_flat, figures) = self.run(run_id, read).await?;
        let mut state = self.lock();
        if is_flat && state.told == told {
            state.flat.put(run_id, figures.clone());
            state.runs.remove(run_id);
        }
        Ok(figures)
    }

    /// Writes down what is not: days that are over to their end, today as it stands.
    pub(crate) async fn write_down(&self) -> Result<(), StoreError> {
        let _turn = self.writing.lock().await;
        let days: Vec<DayRows> = self.account(|course, now| course.unwritten(now)).await?;
        self.book.save_days(&days).await?;
        if let Some(course) = &mut self.lock().account {
            course.written(&days);
        }
        Ok(())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        if self.lock().account.is_some() {
            return Ok(());
        }
        let _turn = self.build.lock().await;
        for _ in 0..BUILDS_MAX {
            let spoiled = {
                let mut state = self.lock();
                if state.account.is_some() {
                    return Ok(());
                }
                state.meanwhile.clear();
                state.spoiled
            };
            let course = self.build_account(self.host.now().date()).await?;
            if self.lock().install(course, spoiled) {
                return Ok(());
            }
        }
        Err(StoreError::Unreadable {
            what: "figures",
            why: "trades of days that are over kept coming while they were worked out: ask again".into(),
        })
    }

    async fn build_account(&self, today: TradingDate) -> Result<Course, StoreError> {
        let base = self.book.base(today).await?;
        let written = self.book.written_after(base.date).await?;
        let trades = self.book.live_trades_after(base.date).await?;
        let rules = self.rules.clone();
        blocking(move || Course::build(base, trades, written, today, rules)).await
    }

    async fn build_run(&self, run_id: &str, today: TradingDate) -> Result<Course, StoreError> {
        let trades = self.book.run_trades(run_id).await?;
        let rules = self.rules.clone();
        let mut course =
            blocking(move || Course::build(<_>::default(), trades, <_>::default(), today, rules)).await?;
        // What the account knows of prices from before the start, the run may know too.
        let known = self.account(|account, _| account.today().book().positions()).await?;
        for position in known {
            if let Some((time, price)) = position.last_price_at.zip(position.last_price) {
                course.mark(&position.symbol, time, price);
            }
        }
        Ok(course)
    }

    /// Turns to today and to the newest ticks, each with its own time: an old one changes nothing.
    fn freshen(&self, course: &mut Course, now: Timestamp) {
        course.roll(now.date());
        let mut moved = false;
        for (symbol, token) in self.tokens(course, course.symbols()) {
            let Some((price, time)) = self.marks.last(token) else { continue };
            moved |= course.mark(&symbol, time, price);
            // A snapshot of the day before still carries the close of the day before that.
            if time.date() == now.date()
                && let Some(close) = self.marks.previous_close(token)
            {
                course.settle(&symbol, close);
            }
        }
        if moved {
            course.sample(now);
        }
    }

    fn tokens(&self, course: &Course, symbols: BTreeSet<Symbol>) -> BTreeMap<Symbol, InstrumentToken> {
        let list = self.host.instruments_today();
        let token = |symbol: &Symbol| {
            let listed = list.as_ref().and_then(|list| list.by_symbol(symbol)).map(|found| found.token);
            listed.or_else(|| course.token(symbol))
        };
        symbols.into_iter().filter_map(|symbol| token(&symbol).map(|token| (symbol, token))).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn new() -> Self {
        Self {
            account: None,
            meanwhile: Vec::new(),
            spoiled: 0,
            told: 0,
            runs: Recent::new(RUN_COURSES_MAX),
            flat: Recent::new(FLAT_RUNS_MAX),
        }
    }

    fn account_trade(&mut self, trade: &TradeRecord) {
        match &mut self.account {
            Some(course) => {
                if !course.trade(trade) {
                    self.spoil();
                }
            }
            None => self.meanwhile.push(trade.clone()),
        }
    }

    fn spoil(&mut self) {
        self.account = None;
        self.spoiled += 1;
    }

    /// False when what the course was built from holds no more.
    fn install(&mut self, mut course: Course, spoiled: u64) -> bool {
        let meanwhile = std::mem::take(&mut self.meanwhile);
        let is_whole = meanwhile.iter().all(|trade| course.trade(trade));
        let installs = is_whole && self.spoiled == spoiled;
        if installs {
            self.account = Some(course);
        }
        installs
    }
}

/// Works on a thread for such work: a long history must not hold up sockets and timers.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::Unreadable { what: "figures", why: error.to_string() })
}

#[cfg(test)]
mod tests;
