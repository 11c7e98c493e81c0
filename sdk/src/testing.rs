//! A test desk: plays ticks, bars, fills, timers and sessions to a strategy in plain `cargo test`, and records what
//! it asks for. No wasm, no host, no clock.
//!
//! ```
//! use sdk::prelude::*;
//! use sdk::testing::Desk;
//!
//! struct OneShot(bool);
//!
//! #[sdk::strategy]
//! impl Strategy for OneShot {
//!     type Params = ();
//!     const INSTRUMENTS: &'static [&'static str] = &["NSE:INFY"];
//!     fn new((): ()) -> Self {
//!         OneShot(false)
//!     }
//!     fn on_tick(&mut self, ctx: &mut Context, tick: &Tick) -> Result {
//!         if !std::mem::replace(&mut self.0, true) {
//!             ctx.buy(tick.symbol(), 10).limit(tick.last_price)?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! let mut desk = Desk::<OneShot>::new(());
//! desk.tick("NSE:INFY", 1500.0).tick("NSE:INFY", 1500.05);
//! assert_eq!(desk.asked(), ["buy 10 NSE:INFY limit 1500.00"]);
//! assert_eq!(desk.position("NSE:INFY"), 10);
//! ```
//!
//! The desk keeps to what the host keeps to: the manifest (events that the strategy does not hear move prices and are not
//! delivered; bars and warm-up that it did not ask for are refused, with the remedy), the checks of every request in the
//! host's own words, the limits of one event, and the order of things: what the strategy asks for happens after its
//! handler, never inside it.
//!
//! Orders fill by a simple rule: a market order at the last price, a limit order at its limit once the last price
//! reaches it, a stop once its trigger is touched. [`Desk::manual_fills`] leaves all of it to the test. Time passes by
//! itself, a second a tick; on the way timers go off, the market opens and closes, days turn and weekends pass.

mod book;
mod broker;
mod contract;
mod day;
pub(crate) mod door;
mod holdings;
mod limits;
mod matching;
mod seen;
mod validate;

use crate::amounts::{Money, Price};
use crate::error::Result;
use crate::market_data::{Candle, Depth, Instrument, Interval, Tick};
use crate::order::OrderUpdate;
use crate::params::{Parameters, Values};
use crate::runner::Runner;
use crate::strategy::{Hears, Notice, NoticeKind, Strategy};
use crate::time::{Session, Timestamp};
use book::Book;
use contract::Contract;
use serde::Serialize;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// More answers than this to a strategy's own order updates are a loop.
const MOST_UPDATES_IN_A_ROW: u32 = 1_000;
/// Between one tick and the next.
const PACE: Duration = Duration::from_secs(1);

/// One event, for [`Desk::play`].
#[derive(Debug, Clone)]
pub enum Event {
    /// A snapshot.
    Tick(Tick),
    /// A finished bar.
    Candle(Candle),
    /// A change of an order.
    Order(OrderUpdate),
    /// A timer. One that is not set, or not any more, is not delivered.
    Timer(u64),
    /// A notice.
    Notice(Notice),
    /// A new date with its session. It moves the book alone: what is booked *today* begins anew.
    Day(Option<Session>),
    /// The end.
    Stop,
}

/// Plays a strategy and records what it does. The run starts with the first event, so set the desk up before.
#[derive(Debug)]
pub struct Desk<S: Strategy> {
    params: Option<S::Params>,
    run: Option<Runner<S>>,
    contract: Contract,
    book: Rc<RefCell<Book>>,
    heard: Vec<(Timestamp, Event)>,
}

/// What is there before the start.
impl<S: Strategy> Desk<S> {
    /// A desk for a strategy with these parameters, which knows the instruments that they and the strategy name. It is
    /// Monday, 5 January 2026, 09:15 in India, and the market opens.
    ///
    /// # Panics
    /// When the host would refuse the parameters.
    pub fn new(params: S::Params) -> Self {
        let contract = Contract::of::<S>(&params);
        let mut book = Book::default();
        for symbol in &contract.instruments {
            book.learn(symbol);
        }
        let book = Rc::new(RefCell::new(book));
        Self { params: Some(params), run: None, contract, book, heard: Vec::new() }
    }

    /// A desk for a strategy whose parameters all have defaults.
    ///
    /// # Panics
    /// When one has none.
    pub fn with_defaults() -> Self {
        let params = S::Params::fill(&mut Values::default()).unwrap_or_else(|why| panic!("{why}"));
        Self::new(params)
    }

    /// Adds an equity of lot size 1 and tick size 0.05. A tick or a bar of it does the same.
    pub fn knows(&mut self, symbol: &str) -> &mut Self {
        self.book.borrow_mut().learn(symbol);
        self
    }

    /// Adds an instrument that is not like that, or makes one different.
    ///
    /// # Panics
    /// When another one has its token.
    pub fn instrument(&mut self, instrument: Instrument) -> &mut Self {
        self.book.borrow_mut().add(instrument);
        self
    }

    /// Orders stay open until the test fills, rejects or lapses them, and changes and withdrawals stay on their way until
    /// the test says what becomes of them: [`Desk::accept_change`], [`Desk::refuse_change`], [`Desk::lapse`]. An order that
    /// the strategy wants withdrawn may still fill.
    pub fn manual_fills(&mut self) -> &mut Self {
        self.book.borrow_mut().manual = true;
        self
    }

    /// The cash that the strategy sees.
    pub fn cash(&mut self, cash: impl Into<Money>) -> &mut Self {
        self.book.borrow_mut().cash = cash.into();
        self
    }

    /// Today's session, or none for a holiday.
    pub fn session(&mut self, session: Option<Session>) -> &mut Self {
        self.book.borrow_mut().session = session;
        self
    }

    /// A value that an earlier run left behind.
    pub fn remembers<T: Serialize>(&mut self, key: &str, value: &T) -> &mut Self {
        let bytes = serde_json::to_vec(value).unwrap_or_else(|why| panic!("state `{key}`: {why}"));
        self.book.borrow_mut().state.insert(key.to_owned(), bytes);
        self
    }

    /// Bars that are there before the first event, by their closes. As from the host, no more come than were asked for:
    /// the last.
    ///
    /// # Panics
    /// When the strategy asks for none of this interval.
    pub fn warm_up(&mut self, symbol: &str, interval: Interval, closes: &[f64]) -> &mut Self {
        let asked = self.contract.expect_warm_up(interval);
        let closes = &closes[closes.len().saturating_sub(asked)..];
        let mut book = self.book.borrow_mut();
        let token = book.learn(symbol);
        let mut start = book.now - interval.duration() * closes.len() as u32;
        for close in closes {
            let [open, high, low, close] = [Price::from(*close); 4];
            book.keep(Candle { token, interval, start, open, high, low, close, volume: 1, oi: 0 });
            start = start + interval.duration();
        }
        drop(book);
        self
    }

    /// The book that the strategy sees for an instrument.
    pub fn depth(&mut self, symbol: &str, depth: Depth) -> &mut Self {
        let mut book = self.book.borrow_mut();
        let token = book.learn(symbol);
        book.depth.insert(token, depth);
        drop(book);
        self
    }
}

/// What happens.
impl<S: Strategy> Desk<S> {
    /// Starts the run; every event does so by itself.
    pub fn start(&mut self) -> &mut Self {
        self.started().unwrap_or_else(|why| panic!("the strategy failed at its start: {why}"));
        self
    }

    /// A second later, a tick with this last price.
    pub fn tick(&mut self, symbol: &str, price: impl Into<Price>) -> &mut Self {
        self.try_tick(symbol, price).unwrap_or_else(|why| panic!("the strategy failed: {why}"));
        self
    }

    /// A second later, a tick with this last price. The error is the strategy's own.
    pub fn try_tick(&mut self, symbol: &str, price: impl Into<Price>) -> Result {
        self.wait(PACE);
        let tick = self.book.borrow_mut().next_tick(symbol, price.into());
        self.play(Event::Tick(tick))
    }

    /// A tick a second, for each of these prices.
    pub fn ticks(&mut self, symbol: &str, prices: &[f64]) -> &mut Self {
        for price in prices {
            self.tick(symbol, *price);
        }
        self
    }

    /// A finished bar of these open, high, low and close, and the time to its end. A day's bar begins at midnight; any
    /// other begins now. Both end with the session at the latest.
    ///
    /// # Panics
    /// When the strategy gets no bars of this interval.
    pub fn candle(&mut self, symbol: &str, interval: Interval, prices: [f64; 4], volume: u64) -> &mut Self {
        self.contract.expect_bars(interval);
        let now = self.now();
        let start = if interval == Interval::Day { day::midnight_of(now) } else { now };
        let [open, high, low, close] = prices.map(Price::from);
        let token = self.book.borrow_mut().learn(symbol);
        let candle = Candle { token, interval, start, open, high, low, close, volume, oi: 0 };
        let end = self.book.borrow().end_of(&candle);
        self.wait_until(end).must(Event::Candle(candle))
    }

    /// Lets time pass. What comes due goes off on the way, in order: timers, the opening and closing of the market, the
    /// turn of days.
    pub fn wait(&mut self, span: Duration) -> &mut Self {
        let until = self.now() + span;
        self.wait_until(until)
    }

    /// Lets time pass until then.
    pub fn wait_until(&mut self, until: Timestamp) -> &mut Self {
        self.start();
        loop {
            let (now, session, timer) = self.moment();
            let (at, change) = day::next_change(now, session);
            match timer.filter(|(due, _)| *due <= until && *due < at) {
                Some((due, id)) => {
                    self.book.borrow_mut().advance(due);
                    self.must(Event::Timer(id));
                }
                None if at <= until => self.change_of_day(at, change),
                None => break,
            }
        }
        self.book.borrow_mut().advance(until);
        self
    }

    /// Lets time pass to the open of the next trading day.
    pub fn next_day(&mut self) -> &mut Self {
        loop {
            let midnight = day::midnight_of(self.now()) + Duration::from_secs(86_400);
            self.wait_until(midnight);
            let session = self.book.borrow().session;
            if let Some(session) = session {
                return self.wait_until(session.open);
            }
        }
    }

    /// A notice.
    pub fn notice(&mut self, kind: NoticeKind, text: &str) -> &mut Self {
        let notice = Notice { kind, time: self.now(), text: text.to_owned() };
        self.must(Event::Notice(notice))
    }

    /// The last event.
    pub fn stop(&mut self) -> &mut Self {
        self.must(Event::Stop)
    }

    /// Plays one event and what follows from it, moving clock and book as the host does. The error is the strategy's own.
    pub fn play(&mut self, event: Event) -> Result {
        self.deliver(event)?;
        for _ in 0..MOST_UPDATES_IN_A_ROW {
            let Some(update) = self.book.borrow_mut().next_update() else { return Ok(()) };
            self.deliver(Event::Order(update))?;
        }
        panic!("the strategy answers its own order updates with orders, without end");
    }

    fn must(&mut self, event: Event) -> &mut Self {
        self.play(event).unwrap_or_else(|why| panic!("the strategy failed: {why}"));
        self
    }

    fn moment(&self) -> (Timestamp, Option<Session>, Option<(Timestamp, u64)>) {
        let book = self.book.borrow();
        (book.now, book.session, book.next_timer())
    }

    fn change_of_day(&mut self, at: Timestamp, change: day::Change) {
        match change {
            day::Change::Midnight => {
                self.book.borrow_mut().advance(at);
                self.must(Event::Day(day::usual_session(at)));
            }
            day::Change::Notice(kind, text) => {
                self.must(Event::Notice(Notice { kind, time: at, text: text.to_owned() }));
            }
        }
    }

    /// The book hears of the event, then the strategy, if it wants to.
    fn deliver(&mut self, event: Event) -> Result {
        self.started()?;
        let (heard, flag) = self.take(&event);
        self.heard.push((self.now(), event.clone()));
        if !heard || !self.contract.hears.contains(flag) {
            return Ok(());
        }
        let run = self.started()?;
        let outcome = match event {
            Event::Tick(tick) => run.ticks(1, |_| tick).map(drop),
            Event::Candle(candle) => run.candles(1, |_| candle).map(drop),
            Event::Order(update) => run.order(&update),
            Event::Timer(id) => run.timer(id),
            Event::Notice(notice) => run.notice(&notice),
            Event::Day(_) => Ok(()),
            Event::Stop => run.stop(),
        };
        self.end_event();
        outcome
    }

    /// Moves the book. Answers whether there is something to hear, and which flag says that the strategy wants to.
    fn take(&mut self, event: &Event) -> (bool, Hears) {
        let mut book = self.book.borrow_mut();
        match event {
            Event::Tick(tick) => book.take_tick(*tick),
            Event::Candle(candle) => book.take_candle(*candle),
            Event::Order(update) => book.take_order(update),
            Event::Timer(id) => return (book.timers.remove(id).is_some(), Hears::TIMERS),
            Event::Notice(notice) => book.advance(notice.time),
            Event::Day(session) => book.new_day(*session),
            Event::Stop => {}
        }
        let flag = match event {
            Event::Tick(_) => Hears::TICKS,
            Event::Candle(_) => Hears::CANDLES,
            Event::Order(_) => Hears::ORDERS,
            Event::Timer(_) => Hears::TIMERS,
            Event::Notice(_) => Hears::NOTICES,
            Event::Day(_) | Event::Stop => Hears::NONE,
        };
        (true, flag)
    }

    fn started(&mut self) -> Result<&mut Runner<S>> {
        door::install(&self.book);
        crate::directory::load();
        if let Some(params) = self.params.take() {
            self.run = Some(Runner::start(params)?);
            self.end_event();
        }
        self.run.as_mut().ok_or_else(|| "the strategy failed at its start already".into())
    }

    fn end_event(&mut self) {
        let mut book = self.book.borrow_mut();
        let said = book.used.end_event();
        book.logs.extend(said);
    }
}
