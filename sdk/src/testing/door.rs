//! The door of a test: answers what the host would answer, from the desk that is playing on this thread.

use super::book::Book;
use crate::amounts::Money;
use crate::context::{Figures, StateError};
use crate::log::Level;
use crate::market_data::{Candle, Depth, Instrument, Interval, Tick};
use crate::order::{
    Change, Order, OrderError, OrderId, OrderKind, OrderRequest, OrderStatus, Position, Refusal, Validity,
};
use crate::time::{Session, Timestamp};
use crate::token::Token;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

const MOST_TIMERS: usize = 1_000;
const MOST_KEYS: usize = 1_000;
const LARGEST_VALUE: usize = 64 * 1024;
const LONGEST_KEY: usize = 128;

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

pub(crate) fn session() -> Option<Session> {
    desk(|book| book.session)
}

pub(crate) fn set_timer(id: u64, at: Timestamp) -> bool {
    desk(|book| {
        let room = book.timers.len() < MOST_TIMERS || book.timers.contains_key(&id);
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
    desk(|book| {
        let all: Vec<_> =
            book.candles.iter().filter(|it| it.token == token && it.interval == interval).copied().collect();
        all[all.len().saturating_sub(count as usize)..].to_vec()
    })
}

pub(crate) fn place(request: &OrderRequest) -> Result<OrderId, OrderError> {
    desk(|book| {
        book.check(request)?;
        book.asked.push(in_words(request));
        Ok(book.place(request))
    })
}

pub(crate) fn modify(id: OrderId, change: &Change) -> Result<(), OrderError> {
    desk(|book| {
        let order = &mut find_standing(book, id)?.order;
        order.quantity = change.quantity.unwrap_or(order.quantity);
        order.price = change.price.unwrap_or(order.price);
        order.trigger = change.trigger.unwrap_or(order.trigger);
        order.kind = change.kind.unwrap_or(order.kind);
        let order = order.clone();
        let words = [
            change.quantity.map(|it| format!(" quantity {it}")),
            change.price.map(|it| format!(" price {it}")),
            change.trigger.map(|it| format!(" trigger {it}")),
            change.kind.map(|it| format!(" kind {it:?}")),
        ];
        book.asked.push(format!("modify {id}{}", words.into_iter().flatten().collect::<String>()));
        let update = book.news_of(order);
        book.updates.push_back(update);
        Ok(())
    })
}

pub(crate) fn cancel(id: OrderId) -> Result<(), OrderError> {
    desk(|book| {
        find_standing(book, id)?;
        book.asked.push(format!("cancel {id}"));
        if book.manual {
            return Ok(());
        }
        let update = book.close(id, OrderStatus::Cancelled, Refusal::None, "");
        book.updates.push_back(update);
        Ok(())
    })
}

pub(crate) fn orders() -> Vec<Order> {
    desk(|book| book.orders.iter().map(|it| it.order.clone()).collect())
}

pub(crate) fn positions() -> Vec<Position> {
    desk(|book| book.positions.clone())
}

pub(crate) fn cash() -> Money {
    desk(|book| book.cash)
}

pub(crate) fn record_pnl(label: &str, amount: Money) {
    desk(|book| book.pnl.push((label.to_owned(), amount)));
}

pub(crate) fn pnl_today() -> Figures {
    desk(|book| Figures {
        realised: book.positions.iter().map(|it| it.realised).sum(),
        unrealised: book.positions.iter().map(|it| unrealised(book, it)).sum(),
    })
}

pub(crate) fn log(level: Level, text: &str) {
    desk(|book| book.logs.push((level, text.to_owned())));
}

pub(crate) fn state_get(key: &str) -> Option<Vec<u8>> {
    desk(|book| book.state.get(key).cloned())
}

pub(crate) fn state_set(key: &str, value: &[u8]) -> Result<(), StateError> {
    if key.is_empty() || key.len() > LONGEST_KEY || key.chars().any(char::is_control) {
        return Err(StateError::InvalidKey("a key is 1 to 128 bytes without control characters".to_owned()));
    }
    if value.len() > LARGEST_VALUE {
        return Err(StateError::ValueTooLarge(format!(
            "`{key}` has {} bytes, of 64 KiB at most",
            value.len()
        )));
    }
    desk(|book| {
        if book.state.len() >= MOST_KEYS && !book.state.contains_key(key) {
            return Err(StateError::TooManyKeys("there are 1 000 keys already; delete one first".to_owned()));
        }
        book.state.insert(key.to_owned(), value.to_vec());
        Ok(())
    })
}

pub(crate) fn state_delete(key: &str) -> bool {
    desk(|book| book.state.remove(key).is_some())
}

pub(crate) fn state_keys() -> Vec<String> {
    desk(|book| book.state.keys().cloned().collect())
}

fn unrealised(book: &Book, held: &Position) -> Money {
    let token = book.find(&held.symbol).map(|it| it.token);
    let last = token.and_then(|token| book.last.get(&token));
    last.map_or(Money::ZERO, |tick| (tick.last_price - held.average_price) * held.quantity)
}

fn find_standing(book: &mut Book, id: OrderId) -> Result<&mut super::book::Standing, OrderError> {
    (book.orders.iter_mut().find(|it| it.order.id == id && !it.order.is_final()))
        .ok_or_else(|| OrderError::UnknownOrder(format!("order {id} does not stand")))
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
