//! The exchange itself: its public face.

use crate::event::Event;
use crate::holding::Holding;
use crate::listing::Listing;
use crate::margin::Margins;
use crate::order::{ModifyOrder, Order, PlaceOrder, TradeRecord};
use crate::position::{ConvertPosition, Positions};
use crate::quote::Quote;
use crate::refusal::{Refusal, RefusalKind};
use crate::setup::Setup;
use crate::summary::Books;
use market::{Candle, InstrumentToken, Interval, Price, Symbol, Timestamp, Variety};

/// A market, its order book and the accounts that trade on it.
#[derive(Debug)]
pub struct Exchange {
    now: Timestamp,
    listings: Vec<Listing>,
}

impl Exchange {
    /// Opens at `setup.now`, with contracts for the expiries after it.
    pub fn new(setup: Setup) -> Self {
        Self { now: setup.now, listings: Vec::new() }
    }

    /// Its time: that of the last `advance`.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// True during continuous trading.
    pub fn is_open(&self) -> bool {
        false
    }

    /// Moves time on: prices, matching, triggers, lapses, the change of day. An earlier time does nothing.
    /// Answers with everything that happened since events were last taken, commands included.
    pub fn advance(&mut self, to: Timestamp) -> Vec<Event> {
        self.now = self.now.max(to);
        self.take_events()
    }

    /// What happened since events were last taken.
    pub fn take_events(&mut self) -> Vec<Event> {
        Vec::new()
    }

    /// Everything listed, shares first.
    pub fn listings(&self) -> &[Listing] {
        &self.listings
    }

    /// The listing of a token.
    pub fn listing(&self, token: InstrumentToken) -> Option<&Listing> {
        self.listings.iter().find(|listing| listing.instrument.token == token)
    }

    /// The listing of a symbol.
    pub fn find(&self, symbol: &Symbol) -> Option<&Listing> {
        self.listings.iter().find(|listing| listing.instrument.symbol == *symbol)
    }

    /// The newest quote.
    pub fn quote(&self, _token: InstrumentToken) -> Option<Quote> {
        None
    }

    /// Candles that start within `from ..= to`, oldest first, none later than now.
    pub fn history(
        &self,
        _token: InstrumentToken,
        _interval: Interval,
        _from: Timestamp,
        _to: Timestamp,
    ) -> Vec<Candle> {
        Vec::new()
    }

    /// Places an order; its id means that the front took it, and no more.
    ///
    /// # Errors
    /// When the request itself is wrong, or the market is closed to it.
    pub fn place(&mut self, user: &str, _order: PlaceOrder) -> Result<String, Refusal> {
        Err(Refusal::of(RefusalKind::User, format!("no account {user}")).with_hint(""))
    }

    /// Changes a standing order.
    ///
    /// # Errors
    /// When there is no such standing order or the new values are wrong.
    pub fn modify(&mut self, _user: &str, _order_id: &str, _change: ModifyOrder) -> Result<(), Refusal> {
        Err(Refusal::input("no"))
    }

    /// Withdraws a standing order.
    ///
    /// # Errors
    /// When there is no such standing order.
    pub fn cancel(&mut self, _user: &str, _variety: Variety, _order_id: &str) -> Result<(), Refusal> {
        Err(Refusal::input("no"))
    }

    /// Holds a position as another product.
    ///
    /// # Errors
    /// When the position is smaller than that, or the product does not exist there.
    pub fn convert(&mut self, _user: &str, _wish: &ConvertPosition) -> Result<(), Refusal> {
        Err(Refusal::input("no"))
    }

    /// The account ids, in the order of the setup.
    pub fn users(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Today's orders, oldest first. Empty for a stranger, like everything below.
    pub fn orders(&self, _user: &str) -> Vec<&Order> {
        Vec::new()
    }

    /// One row for every state change of an order, oldest first.
    pub fn order_history(&self, _user: &str, _order_id: &str) -> Option<&[Order]> {
        None
    }

    /// Today's trades, oldest first.
    pub fn trades(&self, _user: &str) -> &[TradeRecord] {
        &[]
    }

    /// Positions, net and of the day.
    pub fn positions(&self, _user: &str) -> Positions {
        Positions::default()
    }

    /// Shares in the depository.
    pub fn holdings(&self, _user: &str) -> Vec<Holding> {
        Vec::new()
    }

    /// Funds.
    pub fn margins(&self, _user: &str) -> Option<Margins> {
        None
    }

    /// The day's sums, for checking a host.
    pub fn books(&self, _user: &str) -> Option<Books> {
        None
    }

    /// Moves an instrument to a price at once, as if it had traded there; the path goes on from there.
    ///
    /// # Errors
    /// When it is not listed, or the price is off the tick or outside the day's limits.
    pub fn set_price(&mut self, _token: InstrumentToken, _price: Price) -> Result<(), Refusal> {
        Err(Refusal::input("no"))
    }

    /// Stops or resumes an instrument's price, for tests that need it to stand still. `set_price` still moves it.
    pub fn hold_price(&mut self, _token: InstrumentToken, _held: bool) {}

    /// Stops or resumes matching in an instrument: orders come in and stay open.
    pub fn hold_matching(&mut self, _token: InstrumentToken, _held: bool) {}
}
