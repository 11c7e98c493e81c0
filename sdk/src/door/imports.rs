//! The door of a component: calls the imports of `world strategy`.

use super::wire::{self, FromWire, ToWire};
use crate::amounts::Money;
use crate::bindings::bulkhead::strategy as wit;
use crate::context::{Figures, StateError};
use crate::log::Level;
use crate::market_data::{Candle, Depth, Instrument, Interval, Tick};
use crate::order::{Change, Order, OrderError, OrderId, OrderRequest, Position};
use crate::time::{Session, Timestamp};
use crate::token::Token;

pub(crate) fn reached(index: u32) {
    wit::clock::reached(index);
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_micros(wit::clock::now())
}

pub(crate) fn session() -> Option<Session> {
    wit::clock::session()
        .map(|it| Session { open: Timestamp::from_micros(it.open), close: Timestamp::from_micros(it.close) })
}

pub(crate) fn set_timer(id: u64, at: Timestamp) -> bool {
    wit::clock::set_timer(id, at.micros())
}

pub(crate) fn cancel_timer(id: u64) {
    wit::clock::cancel_timer(id);
}

pub(crate) fn instruments() -> Vec<Instrument> {
    wit::market::instruments().into_iter().map(FromWire::from_wire).collect()
}

pub(crate) fn instrument(symbol: &str) -> Option<Instrument> {
    wit::market::find(symbol).map(FromWire::from_wire)
}

pub(crate) fn last_tick(token: Token) -> Option<Tick> {
    wit::market::last_tick(token).map(FromWire::from_wire)
}

pub(crate) fn depth(token: Token) -> Depth {
    let (bids, asks) = wit::market::depth(token);
    Depth {
        bids: bids.into_iter().map(FromWire::from_wire).collect(),
        asks: asks.into_iter().map(FromWire::from_wire).collect(),
    }
}

pub(crate) fn candles(token: Token, interval: Interval, count: u32) -> Vec<Candle> {
    wit::market::candles(token, interval.to_wire(), count).into_iter().map(FromWire::from_wire).collect()
}

pub(crate) fn place(request: &OrderRequest) -> Result<OrderId, OrderError> {
    wit::broker::place(&wire::request(request)).map(OrderId).map_err(FromWire::from_wire)
}

pub(crate) fn modify(id: OrderId, change: &Change) -> Result<(), OrderError> {
    wit::broker::modify(id.0, wire::change(change)).map_err(FromWire::from_wire)
}

pub(crate) fn cancel(id: OrderId) -> Result<(), OrderError> {
    wit::broker::cancel(id.0).map_err(FromWire::from_wire)
}

pub(crate) fn orders() -> Vec<Order> {
    wit::broker::orders().into_iter().map(FromWire::from_wire).collect()
}

pub(crate) fn positions() -> Vec<Position> {
    wit::portfolio::positions().into_iter().map(FromWire::from_wire).collect()
}

pub(crate) fn cash() -> Money {
    Money::from_units(wit::portfolio::cash())
}

pub(crate) fn record_pnl(label: &str, amount: Money) {
    wit::pnl::record(label, amount.units());
}

pub(crate) fn pnl_today() -> Figures {
    let figures = wit::pnl::today();
    Figures {
        realised: Money::from_units(figures.realised),
        unrealised: Money::from_units(figures.unrealised),
    }
}

pub(crate) fn log(level: Level, text: &str) {
    wit::log::write(level.to_wire(), text);
}

pub(crate) fn state_get(key: &str) -> Option<Vec<u8>> {
    wit::state::get(key)
}

pub(crate) fn state_set(key: &str, value: &[u8]) -> Result<(), StateError> {
    wit::state::set(key, value).map_err(FromWire::from_wire)
}

pub(crate) fn state_delete(key: &str) -> bool {
    wit::state::delete(key)
}

pub(crate) fn state_keys() -> Vec<String> {
    wit::state::keys()
}
