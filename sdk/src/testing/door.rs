//! The door of a test: answers what the host would answer, from the desk that is playing on this thread.

use super::book::{Asked, Book};
use super::limits::{self, TIMERS};
use crate::amounts::Money;
use crate::context::{Figures, StateError};
use crate::log::Level;
use crate::market_data::{Candle, Depth, Instrument, Interval, Tick};
use crate::order::{Change, Order, OrderError, OrderId, OrderKind, OrderRequest, Position, Validity};
use crate::time::{Session, Timestamp};
use crate::token::Token;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

thread_local! {
    static PLAYING: RefCell<Option<Rc<RefCell<Book>>>> = const { RefCell::new(None) };
    /// The event that a batch says is at hand; for the sdk's own tests.
    pub(crate) static REACHED: Cell<u32> = const { Cell::new(0) };
}

/// From here on this desk answers.
pub(super) fn install(book: &Rc<RefCell<Book>>) {
    PLAYING.set(Some(Rc::clone(book)));
}

fn desk<T>(answer: impl FnOnce(&mut Book) -> T) -> T {
    let book = PLAYING.with_borrow(Clone::clone);
    let book = book.expect("outside a component there is no host: play the strategy with sdk::testing::Desk");
    answer(&mut book.borrow_mut())
}

pub(crate) fn reached(index: u32) {
    REACHED.set(index);
}

pub(crate) fn now() -> Timestamp {
    desk(|book| book.now)
}

pub(crate) fn session() -> Option<Session> {
    desk(|book| book.session)
}

pub(crate) fn set_timer(id: u64, at: Timestamp) -> bool {
    desk(|book| {
        let room = book.used.record() && (book.timers.len() < TIMERS || book.timers.contains_key(&id));
        if room {
            book.timers.insert(id, at);
        }
        room
    })
}

pub(crate) fn cancel_timer(id: u64) {
    desk(|book| book.timers.remove(&id));
}

pub(crate) fn instruments() -> Vec<Instrument> {
    desk(|book| book.instruments.clone())
}

pub(crate) fn instrument(symbol: &str) -> Option<Instrument> {
    desk(|book| book.find(symbol).cloned())
}

pub(crate) fn last_tick(token: Token) -> Option<Tick> {
    desk(|book| book.last.get(&token).copied())
}

pub(crate) fn depth(token: Token) -> Depth {
    desk(|book| book.depth.get(&token).cloned().unwrap_or_default())
}

pub(crate) fn candles(token: Token, interval: Interval, count: u32) -> Vec<Candle> {
    desk(|book| book.bars(token, interval, count as usize))
}

pub(crate) fn place(request: &OrderRequest) -> Result<OrderId, OrderError> {
    desk(|book| {
        book.check(request)?;
        book.used.intent()?;
        book.asked.push(in_words(request));
        Ok(book.place(request))
    })
}

pub(crate) fn modify(id: OrderId, change: &Change) -> Result<(), OrderError> {
    desk(|book| {
        book.check_change(find_standing(book, id)?, change)?;
        book.used.intent()?;
        let words = [
            change.quantity.map(|it| format!(" quantity {it}")),
            change.price.map(|it| format!(" price {it}")),
            change.trigger.map(|it| format!(" trigger {it}")),
            change.kind.map(|it| format!(" kind {it:?}")),
            change.validity.map(|it| format!(" validity {it:?}")),
        ];
        book.asked.push(format!("modify {id}{}", words.into_iter().flatten().collect::<String>()));
        book.waiting.push_back((id, Asked::Change(*change)));
        Ok(())
    })
}

pub(crate) fn cancel(id: OrderId) -> Result<(), OrderError> {
    desk(|book| {
        find_standing(book, id)?;
        book.used.intent()?;
        book.asked.push(format!("cancel {id}"));
        book.waiting.push_back((id, Asked::Withdrawal));
        Ok(())
    })
}

pub(crate) fn orders() -> Vec<Order> {
    desk(|book| book.readable())
}

pub(crate) fn positions() -> Vec<Position> {
    desk(|book| book.holdings.all())
}

pub(crate) fn cash() -> Money {
    desk(|book| book.cash)
}

pub(crate) fn record_pnl(label: &str, amount: Money) {
    desk(|book| {
        if book.used.record() {
            book.pnl.push((limits::label(label).to_owned(), amount));
        }
    });
}

pub(crate) fn pnl_today() -> Figures {
    desk(|book| {
        let price = |symbol: &str| Some(book.last.get(&book.find(symbol)?.token)?.last_price);
        Figures { realised: book.holdings.today(), unrealised: book.holdings.unrealised(price) }
    })
}

pub(crate) fn log(level: Level, text: &str) {
    desk(|book| {
        if let Some(line) = book.used.line(text) {
            book.logs.push((level, line));
        }
    });
}

pub(crate) fn state_get(key: &str) -> Option<Vec<u8>> {
    desk(|book| book.state.get(key).cloned())
}

pub(crate) fn state_set(key: &str, value: &[u8]) -> Result<(), StateError> {
    desk(|book| {
        limits::check_state(&mut book.used, &book.state, key, value, book.now)?;
        book.state.insert(key.to_owned(), value.to_vec());
        Ok(())
    })
}

pub(crate) fn state_delete(key: &str) -> bool {
    desk(|book| {
        let there = book.state.remove(key).is_some();
        if there {
            book.used.write(key, 0, book.now);
        }
        there
    })
}

pub(crate) fn state_keys() -> Vec<String> {
    desk(|book| book.state.keys().cloned().collect())
}

fn find_standing(book: &Book, id: OrderId) -> Result<&Order, OrderError> {
    let unknown = || OrderError::UnknownOrder(format!("order {} is not a standing order of this run", id.0));
    book.find_standing(id).ok_or_else(unknown)
}

fn in_words(request: &OrderRequest) -> String {
    let OrderRequest { symbol, side, quantity, kind, price, trigger, validity, .. } = request;
    let side = format!("{side:?}").to_lowercase();
    let kind = match kind {
        OrderKind::Market => "market".to_owned(),
        OrderKind::Limit => format!("limit {price}"),
        OrderKind::Stop => format!("stop {trigger} limit {price}"),
        OrderKind::StopMarket => format!("stop {trigger} market"),
    };
    let validity = if *validity == Validity::Ioc { " ioc" } else { "" };
    format!("{side} {quantity} {symbol} {kind}{validity}")
}
