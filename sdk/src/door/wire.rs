//! From the generated types to the sdk's own and back, word for word.

use crate::amounts::{Money, Price, Quantity};
use crate::bindings::bulkhead::strategy as wit;
use crate::bindings::exports::bulkhead::strategy::guest;
use crate::context::StateError;
use crate::log::Level;
use crate::manifest::{Manifest, Parameter, ParameterKind, WarmUp, WarmUpCount, WarmUpInterval};
use crate::market_data::{Candle, Instrument, InstrumentKind, Interval, Level as BookLevel, Tick};
use crate::order::{
    Change, Order, OrderError, OrderId, OrderKind, OrderRequest, OrderStatus, OrderUpdate, Position, Product,
    Refusal, Side, Validity,
};
use crate::params::{Value, Values};
use crate::strategy::{Hears, Notice, NoticeKind};
use crate::time::Timestamp;

pub(crate) trait FromWire<W> {
    fn from_wire(wire: W) -> Self;
}

pub(crate) trait ToWire<W> {
    fn to_wire(self) -> W;
}

/// Enums of the same words on both sides.
macro_rules! same_words {
    ($ours:ident, $wire:path, { $($word:ident $(= $theirs:ident)?),* $(,)? }) => {
        impl FromWire<$wire> for $ours {
            fn from_wire(wire: $wire) -> Self {
                use $wire as W;
                match wire { $(same_words!(@ W $word $($theirs)?) => $ours::$word,)* }
            }
        }
        impl ToWire<$wire> for $ours {
            fn to_wire(self) -> $wire {
                use $wire as W;
                match self { $($ours::$word => same_words!(@ W $word $($theirs)?),)* }
            }
        }
    };
    (@ $w:ident $word:ident) => { $w::$word };
    (@ $w:ident $word:ident $theirs:ident) => { $w::$theirs };
}

same_words!(Side, wit::types::Side, { Buy, Sell });
same_words!(OrderKind, wit::types::OrderKind, { Market, Limit, Stop, StopMarket });
same_words!(Product, wit::types::Product, { Cnc, Mis, Nrml, Mtf });
same_words!(Validity, wit::types::Validity, { Day, Ioc });
same_words!(InstrumentKind, wit::types::InstrumentKind, { Equity, Index, Future, Call, Put, Other });
same_words!(Interval, wit::types::Interval, {
    Minute, Minute3, Minute5, Minute10, Minute15, Minute30, Minute60, Day,
});
same_words!(OrderStatus, wit::types::OrderStatus, {
    Pending, Refused, Rejected, Unknown, TriggerPending, Open, Partial, Complete, Cancelled, Abandoned, Other,
});
same_words!(Refusal, wit::types::Refusal, {
    None, RateLimit, OrderCount, QuantityLimit, ValueLimit, OpenOrders, DailyLoss, PriceBand, MarketClosed,
    InstrumentNotAllowed, KillSwitch, NoSession, Margin, Exchange, Other,
});
same_words!(NoticeKind, wit::types::NoticeKind, {
    FeedLost, FeedBack, BrokerSessionExpired, BrokerSessionBack, MarketOpen, MarketClose, HostRestarted, Other,
});
same_words!(Level, wit::log::Level, { Debug, Info, Warn, Error });

impl FromWire<wit::broker::RequestError> for OrderError {
    fn from_wire(wire: wit::broker::RequestError) -> Self {
        use wit::broker::RequestError as W;
        match wire {
            W::UnknownInstrument(text) => OrderError::UnknownInstrument(text),
            W::NotTradable(text) => OrderError::NotTradable(text),
            W::InvalidQuantity(text) => OrderError::InvalidQuantity(text),
            W::InvalidPrice(text) => OrderError::InvalidPrice(text),
            W::InvalidCombination(text) => OrderError::InvalidCombination(text),
            W::UnknownOrder(text) => OrderError::UnknownOrder(text),
            W::TooMany(text) => OrderError::TooMany(text),
            W::Other(text) => OrderError::Other(text),
        }
    }
}

impl FromWire<wit::state::StateError> for StateError {
    fn from_wire(wire: wit::state::StateError) -> Self {
        use wit::state::StateError as W;
        match wire {
            W::InvalidKey(text) => StateError::InvalidKey(text),
            W::ValueTooLarge(text) => StateError::ValueTooLarge(text),
            W::TooManyKeys(text) => StateError::TooManyKeys(text),
            W::Full(text) => StateError::Full(text),
            W::Other(text) => StateError::Other(text),
        }
    }
}

impl FromWire<wit::types::Instrument> for Instrument {
    fn from_wire(wire: wit::types::Instrument) -> Self {
        Self {
            token: wire.token,
            symbol: wire.symbol,
            name: wire.name,
            kind: FromWire::from_wire(wire.kind),
            tick_size: Price::from_units(wire.tick_size),
            lot_size: wire.lot_size,
            expiry: wire.expiry,
            strike: Price::from_units(wire.strike),
            tags: wire.tags,
        }
    }
}

impl FromWire<wit::types::Tick> for Tick {
    fn from_wire(wire: wit::types::Tick) -> Self {
        Self {
            token: wire.token,
            time: Timestamp::from_micros(wire.time),
            last_price: Price::from_units(wire.last_price),
            last_quantity: wire.last_quantity,
            average_price: Price::from_units(wire.average_price),
            volume: wire.volume,
            buy_quantity: wire.buy_quantity,
            sell_quantity: wire.sell_quantity,
            bid: Price::from_units(wire.bid),
            ask: Price::from_units(wire.ask),
            open: Price::from_units(wire.open),
            high: Price::from_units(wire.high),
            low: Price::from_units(wire.low),
            close: Price::from_units(wire.close),
            oi: wire.oi,
        }
    }
}

impl FromWire<wit::types::Level> for BookLevel {
    fn from_wire(wire: wit::types::Level) -> Self {
        Self { price: Price::from_units(wire.price), quantity: wire.quantity, orders: wire.orders }
    }
}

impl FromWire<wit::types::Candle> for Candle {
    fn from_wire(wire: wit::types::Candle) -> Self {
        Self {
            token: wire.token,
            interval: FromWire::from_wire(wire.interval),
            start: Timestamp::from_micros(wire.start),
            open: Price::from_units(wire.open),
            high: Price::from_units(wire.high),
            low: Price::from_units(wire.low),
            close: Price::from_units(wire.close),
            volume: wire.volume,
            oi: wire.oi,
        }
    }
}

impl FromWire<wit::types::Order> for Order {
    fn from_wire(wire: wit::types::Order) -> Self {
        Self {
            id: OrderId(wire.id),
            symbol: wire.symbol,
            side: FromWire::from_wire(wire.side),
            kind: FromWire::from_wire(wire.kind),
            product: FromWire::from_wire(wire.product),
            status: FromWire::from_wire(wire.status),
            quantity: Quantity::new(wire.quantity),
            filled: Quantity::new(wire.filled),
            price: Price::from_units(wire.price),
            trigger: Price::from_units(wire.trigger),
            average_price: Price::from_units(wire.average_price),
            refusal: FromWire::from_wire(wire.refusal),
            message: wire.message,
            validity: FromWire::from_wire(wire.validity),
            market_protection: wire.market_protection,
            placed_at: Timestamp::from_micros(wire.placed_at),
            tags: wire.tags,
        }
    }
}

impl FromWire<wit::portfolio::Position> for Position {
    fn from_wire(wire: wit::portfolio::Position) -> Self {
        Self {
            symbol: wire.symbol,
            product: FromWire::from_wire(wire.product),
            quantity: wire.quantity,
            average_price: Price::from_units(wire.average_price),
            realised: Money::from_units(wire.realised),
        }
    }
}

pub(super) fn request(request: &OrderRequest) -> wit::broker::OrderRequest {
    wit::broker::OrderRequest {
        symbol: request.symbol.clone(),
        side: request.side.to_wire(),
        quantity: request.quantity.get(),
        kind: request.kind.to_wire(),
        price: request.price.units(),
        trigger: request.trigger.units(),
        product: request.product.to_wire(),
        validity: request.validity.to_wire(),
        market_protection: request.market_protection,
        tags: Vec::new(),
    }
}

pub(super) fn change(change: &Change) -> wit::broker::Change {
    wit::broker::Change {
        quantity: change.quantity.map(Quantity::get),
        price: change.price.map(Price::units),
        trigger: change.trigger.map(Price::units),
        kind: change.kind.map(ToWire::to_wire),
        validity: change.validity.map(ToWire::to_wire),
    }
}

pub(crate) fn order_update(wire: guest::OrderUpdate) -> OrderUpdate {
    OrderUpdate {
        order: FromWire::from_wire(wire.order),
        time: Timestamp::from_micros(wire.time),
        fill_quantity: Quantity::new(wire.fill_quantity),
        fill_price: Price::from_units(wire.fill_price),
    }
}

pub(crate) fn notice(wire: guest::Notice) -> Notice {
    Notice { kind: FromWire::from_wire(wire.kind), time: Timestamp::from_micros(wire.time), text: wire.text }
}

pub(crate) fn values(wire: Vec<(String, wit::manifest::Value)>) -> Values {
    use wit::manifest::Value as W;
    let value = |wire| match wire {
        W::Integer(it) => Value::Integer(it),
        W::Number(it) => Value::Number(it),
        W::Price(it) => Value::Price(Price::from_units(it)),
        W::Toggle(it) => Value::Toggle(it),
        W::Text(it) => Value::Text(it),
        W::Choice(it) => Value::Choice(it),
        W::Instrument(it) => Value::Instrument(it),
        W::Interval(it) => Value::Interval(FromWire::from_wire(it)),
    };
    wire.into_iter().map(|(name, it)| (name, value(it))).collect()
}

pub(crate) fn manifest(manifest: Manifest) -> wit::manifest::Manifest {
    wit::manifest::Manifest {
        name: manifest.name,
        version: manifest.version,
        summary: manifest.summary,
        parameters: manifest.parameters.into_iter().map(parameter).collect(),
        instruments: manifest.instruments,
        hears: hears(manifest.hears),
        candles: manifest.candles.into_iter().map(ToWire::to_wire).collect(),
        warm_up: manifest.warm_up.into_iter().map(warm_up).collect(),
        tags: Vec::new(),
    }
}

fn hears(ours: Hears) -> wit::manifest::Hears {
    use wit::manifest::Hears as W;
    [
        (Hears::TICKS, W::TICKS),
        (Hears::CANDLES, W::CANDLES),
        (Hears::ORDERS, W::ORDERS),
        (Hears::TIMERS, W::TIMERS),
        (Hears::NOTICES, W::NOTICES),
    ]
    .into_iter()
    .filter(|it| ours.contains(it.0))
    .fold(W::empty(), |all, it| all | it.1)
}

fn parameter(ours: Parameter) -> wit::manifest::Parameter {
    wit::manifest::Parameter { name: ours.name, doc: ours.doc, kind: kind(ours.kind), tags: Vec::new() }
}

fn warm_up(ours: WarmUp) -> wit::manifest::WarmUp {
    use wit::manifest::{Scaled, WarmUpCount as C, WarmUpInterval as I};
    let interval = match ours.interval {
        WarmUpInterval::Fixed(interval) => I::Fixed(interval.to_wire()),
        WarmUpInterval::Parameter(name) => I::Parameter(name.to_owned()),
    };
    let count = match ours.count {
        WarmUpCount::Fixed(count) => C::Fixed(count),
        WarmUpCount::Parameter { name, times, plus } => {
            C::Parameter(Scaled { name: name.to_owned(), times, plus })
        }
    };
    wit::manifest::WarmUp { interval, count }
}

fn kind(ours: ParameterKind) -> wit::manifest::ParameterKind {
    use wit::manifest as w;
    use wit::manifest::ParameterKind as W;
    match ours {
        ParameterKind::Integer { default, min, max } => W::Integer(w::IntegerKind { default, min, max }),
        ParameterKind::Number { default, min, max } => W::Number(w::NumberKind { default, min, max }),
        ParameterKind::Price { default, min, max } => {
            W::Price(w::PriceKind { default: default.map(Price::units), min: min.units(), max: max.units() })
        }
        ParameterKind::Toggle { default } => W::Toggle(default),
        ParameterKind::Text { default, max_length } => W::Text(w::TextKind { default, max_length }),
        ParameterKind::Choice { default, choices } => W::Choice(w::ChoiceKind { default, choices }),
        ParameterKind::Instrument { default } => W::Instrument(default),
        ParameterKind::Interval { default } => W::Interval(default.map(ToWire::to_wire)),
    }
}
