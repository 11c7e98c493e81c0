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
//! Orders fill by a simple rule: a market order at the last price, a limit order at its limit once the last price
//! reaches it, a stop once its trigger is touched. [`Desk::manual_fills`] leaves all of it to the test.

mod book;
pub(crate) mod door;
mod matching;
mod validate;

use crate::amounts::{Money, Price, Quantity};
use crate::error::Result;
use crate::log::Level;
use crate::market_data::{Candle, Depth, Instrument, Interval, Tick};
use crate::order::{Order, OrderId, OrderStatus, OrderUpdate, Refusal};
use crate::params::{Parameters, Values};
use crate::runner::Runner;
use crate::strategy::{Notice, NoticeKind, Strategy};
use crate::time::{Session, Timestamp};
use book::Book;
use serde::Serialize;
use serde::de::DeserializeOwned;
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
    /// A timer.
    Timer(u64),
    /// A notice.
    Notice(Notice),
    /// The end.
    Stop,
}

/// Plays a strategy and records what it does. The run starts with the first event, so set the desk up before.
#[derive(Debug)]
pub struct Desk<S: Strategy> {
    params: Option<S::Params>,
    run: Option<Runner<S>>,
    book: Rc<RefCell<Book>>,
}

impl<S: Strategy> Desk<S> {
    /// A desk for a strategy with these parameters. It is Monday, 5 January 2026, 09:15 in India, and the market opens.
    pub fn new(params: S::Params) -> Self {
        let mut book = Book::default();
        for symbol in S::INSTRUMENTS {
            book.learn(symbol);
        }
        for parameter in S::Params::declare() {
            if let crate::manifest::ParameterKind::Instrument { default: Some(symbol) } = parameter.kind {
                book.learn(&symbol);
            }
        }
        Self { params: Some(params), run: None, book: Rc::new(RefCell::new(book)) }
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

    /// Adds an instrument that is not like that.
    pub fn instrument(&mut self, instrument: Instrument) -> &mut Self {
        self.book.borrow_mut().add(instrument);
        self
    }

    /// Orders stay open until the test fills, rejects or lapses them; one that the strategy cancels may still fill.
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

    /// Bars that are there before the first event, by their closes.
    pub fn warm_up(&mut self, symbol: &str, interval: Interval, closes: &[f64]) -> &mut Self {
        self.book.borrow_mut().warm_up(symbol, interval, closes);
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

    /// Starts the run; every event does so by itself.
    pub fn start(&mut self) -> &mut Self {
        self.started().unwrap_or_else(|why| panic!("the strategy failed at its start: {why}"));
        self
    }

    /// A second later, a tick with this last price.
    pub fn tick(&mut self, symbol: &str, price: impl Into<Price>) -> &mut Self {
        self.wait(PACE);
        let tick = self.book.borrow_mut().tick(symbol, price.into());
        self.must(Event::Tick(tick))
    }

    /// A tick a second, for each of these prices.
    pub fn ticks(&mut self, symbol: &str, prices: &[f64]) -> &mut Self {
        for price in prices {
            self.tick(symbol, *price);
        }
        self
    }

    /// A finished bar of these open, high, low and close, and the time to its end.
    pub fn candle(&mut self, symbol: &str, interval: Interval, prices: [f64; 4], volume: u64) -> &mut Self {
        let start = self.now();
        self.wait(interval.duration());
        let candle = self.book.borrow_mut().candle(symbol, interval, start, prices, volume);
        self.must(Event::Candle(candle))
    }

    /// Lets time pass; timers that come due go off on the way, in order.
    pub fn wait(&mut self, span: Duration) -> &mut Self {
        let until = self.now() + span;
        self.wait_until(until)
    }

    /// Lets time pass until then.
    pub fn wait_until(&mut self, until: Timestamp) -> &mut Self {
        self.start();
        loop {
            let Some((id, at)) = self.book.borrow_mut().due_timer(until) else { break };
            let mut book = self.book.borrow_mut();
            book.now = book.now.max(at);
            drop(book);
            self.must(Event::Timer(id));
        }
        let mut book = self.book.borrow_mut();
        book.now = book.now.max(until);
        drop(book);
        self
    }

    /// A notice.
    pub fn notice(&mut self, kind: NoticeKind, text: &str) -> &mut Self {
        let notice = Notice { kind, time: self.now(), text: text.to_owned() };
        self.must(Event::Notice(notice))
    }

    /// Fills some of a standing order at a price.
    pub fn fill(&mut self, id: OrderId, quantity: impl Into<Quantity>, price: impl Into<Price>) -> &mut Self {
        self.start();
        let update = self.book.borrow_mut().fill(id, quantity.into().get(), price.into());
        self.must(Event::Order(update))
    }

    /// The broker or the exchange says no to a standing order.
    pub fn reject(&mut self, id: OrderId, message: &str) -> &mut Self {
        self.close_order(id, OrderStatus::Rejected, Refusal::Exchange, message)
    }

    /// The host's risk gate says no to a standing order.
    pub fn refuse(&mut self, id: OrderId, refusal: Refusal, message: &str) -> &mut Self {
        self.close_order(id, OrderStatus::Refused, refusal, message)
    }

    /// A standing order lapses, or a cancellation arrives.
    pub fn lapse(&mut self, id: OrderId) -> &mut Self {
        self.close_order(id, OrderStatus::Cancelled, Refusal::None, "lapsed")
    }

    /// The last event.
    pub fn stop(&mut self) -> &mut Self {
        self.must(Event::Stop)
    }

    /// Plays one event and what follows from it. The error is the strategy's own.
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

    fn deliver(&mut self, event: Event) -> Result {
        let now = self.now();
        let run = self.started()?;
        match event {
            Event::Tick(tick) => run.ticks(1, |_| tick).map(drop),
            Event::Candle(candle) => run.candles(1, |_| candle).map(drop),
            Event::Order(update) => run.order(&update),
            Event::Timer(id) => run.timer(id, now),
            Event::Notice(notice) => run.notice(&notice),
            Event::Stop => run.stop(now),
        }
    }

    fn started(&mut self) -> Result<&mut Runner<S>> {
        door::install(&self.book);
        crate::directory::load();
        if let Some(params) = self.params.take() {
            self.run = Some(Runner::start(params, self.now())?);
        }
        self.run.as_mut().ok_or_else(|| "the strategy failed at its start already".into())
    }

    fn close_order(
        &mut self,
        id: OrderId,
        status: OrderStatus,
        refusal: Refusal,
        message: &str,
    ) -> &mut Self {
        self.start();
        let update = self.book.borrow_mut().close(id, status, refusal, message);
        self.must(Event::Order(update))
    }
}

/// What the strategy did.
impl<S: Strategy> Desk<S> {
    /// The time at the desk.
    pub fn now(&self) -> Timestamp {
        self.book.borrow().now
    }

    /// The strategy itself; its fields are visible to tests in its own module.
    ///
    /// # Panics
    /// Before the start.
    pub fn strategy(&self) -> &S {
        self.run.as_ref().expect("the run starts with the first event or with .start()").strategy()
    }

    /// Everything asked for so far, in words: `buy 10 NSE:INFY limit 1500.00`, `cancel #1`.
    pub fn asked(&self) -> Vec<String> {
        self.book.borrow().asked.clone()
    }

    /// Every order, oldest first, as it stands.
    pub fn orders(&self) -> Vec<Order> {
        self.book.borrow().orders.iter().map(|standing| standing.order.clone()).collect()
    }

    /// The orders that are not final.
    pub fn standing(&self) -> Vec<Order> {
        self.orders().into_iter().filter(|order| !order.is_final()).collect()
    }

    /// The newest order.
    ///
    /// # Panics
    /// When there is none.
    pub fn last_order(&self) -> Order {
        self.orders().pop().expect("the strategy placed no order so far")
    }

    /// Units held, negative when short, over all products.
    pub fn position(&self, symbol: &str) -> i64 {
        let book = self.book.borrow();
        book.positions.iter().filter(|it| it.symbol == symbol).map(|it| it.quantity).sum()
    }

    /// Booked profit or loss over everything.
    pub fn realised(&self) -> Money {
        self.book.borrow().positions.iter().map(|it| it.realised).sum()
    }

    /// Every log line.
    pub fn logs(&self) -> Vec<String> {
        self.book.borrow().logs.iter().map(|(_, text)| text.clone()).collect()
    }

    /// Every log line with its level.
    pub fn log_lines(&self) -> Vec<(Level, String)> {
        self.book.borrow().logs.clone()
    }

    /// Every amount recorded, with its label.
    pub fn pnl_records(&self) -> Vec<(String, Money)> {
        self.book.borrow().pnl.clone()
    }

    /// A stored value.
    pub fn state<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let book = self.book.borrow();
        let bytes = book.state.get(key)?;
        Some(serde_json::from_slice(bytes).unwrap_or_else(|why| panic!("state `{key}`: {why}")))
    }

    /// Every timer that is set, with its time.
    pub fn timers(&self) -> Vec<(u64, Timestamp)> {
        self.book.borrow().timers.iter().map(|(id, at)| (*id, *at)).collect()
    }

    /// Fails unless some log line contains the text.
    #[track_caller]
    pub fn assert_logged(&self, text: &str) -> &Self {
        let logs = self.logs();
        assert!(
            logs.iter().any(|line| line.contains(text)),
            "no log line contains {text:?}; there are: {logs:#?}"
        );
        self
    }
}
