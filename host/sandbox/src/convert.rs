//! The vocabulary of the house to the guest's types and back. Pure, and exhaustive so that new words cannot be forgotten.

use crate::bindings::bulkhead::strategy::{broker, types as wit};
use crate::event::{GuestOrderStatus, NoticeKind, OrderUpdate, OrderView, RefusalCode};
use market::{
    Candle, Depth, DepthLevel, Instrument, InstrumentKind, Interval, OrderKind, Product, RequestError, Side,
    Tick, Timestamp, Validity,
};

pub(crate) fn side_out(word: Side) -> wit::Side {
    match word {
        Side::Buy => wit::Side::Buy,
        Side::Sell => wit::Side::Sell,
    }
}

pub(crate) fn side_in(word: wit::Side) -> Side {
    match word {
        wit::Side::Buy => Side::Buy,
        wit::Side::Sell => Side::Sell,
    }
}

pub(crate) fn kind_out(word: OrderKind) -> wit::OrderKind {
    match word {
        OrderKind::Market => wit::OrderKind::Market,
        OrderKind::Limit => wit::OrderKind::Limit,
        OrderKind::Stop => wit::OrderKind::Stop,
        OrderKind::StopMarket => wit::OrderKind::StopMarket,
    }
}

pub(crate) fn kind_in(word: wit::OrderKind) -> OrderKind {
    match word {
        wit::OrderKind::Market => OrderKind::Market,
        wit::OrderKind::Limit => OrderKind::Limit,
        wit::OrderKind::Stop => OrderKind::Stop,
        wit::OrderKind::StopMarket => OrderKind::StopMarket,
    }
}

pub(crate) fn product_out(word: Product) -> wit::Product {
    match word {
        Product::Cnc => wit::Product::Cnc,
        Product::Mis => wit::Product::Mis,
        Product::Nrml => wit::Product::Nrml,
        Product::Mtf => wit::Product::Mtf,
    }
}

pub(crate) fn product_in(word: wit::Product) -> Product {
    match word {
        wit::Product::Cnc => Product::Cnc,
        wit::Product::Mis => Product::Mis,
        wit::Product::Nrml => Product::Nrml,
        wit::Product::Mtf => Product::Mtf,
    }
}

pub(crate) fn validity_out(word: Validity) -> wit::Validity {
    match word {
        Validity::Day => wit::Validity::Day,
        Validity::Ioc => wit::Validity::Ioc,
    }
}

pub(crate) fn validity_in(word: wit::Validity) -> Validity {
    match word {
        wit::Validity::Day => Validity::Day,
        wit::Validity::Ioc => Validity::Ioc,
    }
}

pub(crate) fn interval_out(word: Interval) -> wit::Interval {
    match word {
        Interval::Minute => wit::Interval::Minute,
        Interval::Minute3 => wit::Interval::Minute3,
        Interval::Minute5 => wit::Interval::Minute5,
        Interval::Minute10 => wit::Interval::Minute10,
        Interval::Minute15 => wit::Interval::Minute15,
        Interval::Minute30 => wit::Interval::Minute30,
        Interval::Minute60 => wit::Interval::Minute60,
        Interval::Day => wit::Interval::Day,
    }
}

pub(crate) fn interval_in(word: wit::Interval) -> Interval {
    match word {
        wit::Interval::Minute => Interval::Minute,
        wit::Interval::Minute3 => Interval::Minute3,
        wit::Interval::Minute5 => Interval::Minute5,
        wit::Interval::Minute10 => Interval::Minute10,
        wit::Interval::Minute15 => Interval::Minute15,
        wit::Interval::Minute30 => Interval::Minute30,
        wit::Interval::Minute60 => Interval::Minute60,
        wit::Interval::Day => Interval::Day,
    }
}

pub(crate) fn instrument_kind_out(word: InstrumentKind) -> wit::InstrumentKind {
    match word {
        InstrumentKind::Equity => wit::InstrumentKind::Equity,
        InstrumentKind::Index => wit::InstrumentKind::Index,
        InstrumentKind::Future => wit::InstrumentKind::Future,
        InstrumentKind::Call => wit::InstrumentKind::Call,
        InstrumentKind::Put => wit::InstrumentKind::Put,
    }
}

pub(crate) fn status_out(word: GuestOrderStatus) -> wit::OrderStatus {
    match word {
        GuestOrderStatus::Pending => wit::OrderStatus::Pending,
        GuestOrderStatus::Refused => wit::OrderStatus::Refused,
        GuestOrderStatus::Rejected => wit::OrderStatus::Rejected,
        GuestOrderStatus::Unknown => wit::OrderStatus::Unknown,
        GuestOrderStatus::TriggerPending => wit::OrderStatus::TriggerPending,
        GuestOrderStatus::Open => wit::OrderStatus::Open,
        GuestOrderStatus::Partial => wit::OrderStatus::Partial,
        GuestOrderStatus::Complete => wit::OrderStatus::Complete,
        GuestOrderStatus::Cancelled => wit::OrderStatus::Cancelled,
        GuestOrderStatus::Abandoned => wit::OrderStatus::Abandoned,
    }
}

pub(crate) fn refusal_out(word: RefusalCode) -> wit::Refusal {
    match word {
        RefusalCode::None => wit::Refusal::None,
        RefusalCode::RateLimit => wit::Refusal::RateLimit,
        RefusalCode::OrderCount => wit::Refusal::OrderCount,
        RefusalCode::QuantityLimit => wit::Refusal::QuantityLimit,
        RefusalCode::ValueLimit => wit::Refusal::ValueLimit,
        RefusalCode::OpenOrders => wit::Refusal::OpenOrders,
        RefusalCode::DailyLoss => wit::Refusal::DailyLoss,
        RefusalCode::PriceBand => wit::Refusal::PriceBand,
        RefusalCode::MarketClosed => wit::Refusal::MarketClosed,
        RefusalCode::InstrumentNotAllowed => wit::Refusal::InstrumentNotAllowed,
        RefusalCode::KillSwitch => wit::Refusal::KillSwitch,
        RefusalCode::NoSession => wit::Refusal::NoSession,
        RefusalCode::Margin => wit::Refusal::Margin,
        RefusalCode::Exchange => wit::Refusal::Exchange,
        RefusalCode::Other => wit::Refusal::Other,
    }
}

pub(crate) fn notice_out(word: NoticeKind) -> wit::NoticeKind {
    match word {
        NoticeKind::FeedLost => wit::NoticeKind::FeedLost,
        NoticeKind::FeedBack => wit::NoticeKind::FeedBack,
        NoticeKind::BrokerSessionExpired => wit::NoticeKind::BrokerSessionExpired,
        NoticeKind::BrokerSessionBack => wit::NoticeKind::BrokerSessionBack,
        NoticeKind::MarketOpen => wit::NoticeKind::MarketOpen,
        NoticeKind::MarketClose => wit::NoticeKind::MarketClose,
        NoticeKind::HostRestarted => wit::NoticeKind::HostRestarted,
        NoticeKind::Other => wit::NoticeKind::Other,
    }
}

pub(crate) fn instrument_out(instrument: &Instrument) -> wit::Instrument {
    wit::Instrument {
        token: instrument.token,
        symbol: instrument.symbol.to_string(),
        name: instrument.name.clone(),
        kind: instrument_kind_out(instrument.kind),
        tick_size: instrument.tick_size.units(),
        lot_size: instrument.lot_size,
        expiry: instrument.expiry.map(|date| date.to_string()).unwrap_or_default(),
        strike: instrument.strike.units(),
        tags: Vec::new(),
    }
}

pub(crate) fn tick_out(tick: &Tick) -> wit::Tick {
    wit::Tick {
        token: tick.token,
        time: tick.time.micros(),
        last_price: tick.last_price.units(),
        last_quantity: tick.last_quantity,
        average_price: tick.average_price.units(),
        volume: tick.volume,
        buy_quantity: tick.buy_quantity,
        sell_quantity: tick.sell_quantity,
        bid: tick.bid().units(),
        ask: tick.ask().units(),
        open: tick.open.units(),
        high: tick.high.units(),
        low: tick.low.units(),
        close: tick.close.units(),
        oi: tick.oi,
    }
}

/// Bids and offers, best first, without the empty levels.
pub(crate) fn depth_out(depth: &Depth) -> (Vec<wit::Level>, Vec<wit::Level>) {
    let side = |levels: &[DepthLevel]| {
        let filled = levels.iter().filter(|level| level.quantity > 0);
        filled
            .map(|level| wit::Level {
                price: level.price.units(),
                quantity: level.quantity,
                orders: level.orders.into(),
            })
            .collect()
    };
    (side(&depth.buy), side(&depth.sell))
}

pub(crate) fn candle_out(candle: &Candle) -> wit::Candle {
    wit::Candle {
        token: candle.token,
        interval: interval_out(candle.interval),
        start: candle.start.micros(),
        open: candle.open.units(),
        high: candle.high.units(),
        low: candle.low.units(),
        close: candle.close.units(),
        volume: candle.volume,
        oi: candle.oi,
    }
}

pub(crate) fn order_out(order: &OrderView) -> wit::Order {
    wit::Order {
        id: order.id,
        symbol: order.symbol.to_string(),
        side: side_out(order.side),
        kind: kind_out(order.kind),
        product: product_out(order.product),
        status: status_out(order.status),
        quantity: order.quantity,
        filled: order.filled,
        price: order.price.units(),
        trigger: order.trigger.units(),
        average_price: order.average_price.units(),
        refusal: refusal_out(order.refusal),
        message: order.message.clone(),
        validity: validity_out(order.validity),
        market_protection: order.market_protection,
        placed_at: order.placed_at.micros(),
        tags: Vec::new(),
    }
}

pub(crate) fn update_out(update: &OrderUpdate) -> wit::OrderUpdate {
    wit::OrderUpdate {
        order: order_out(&update.order),
        time: update.time.micros(),
        fill_quantity: update.fill_quantity,
        fill_price: update.fill_price.units(),
    }
}

pub(crate) fn notice_record(kind: NoticeKind, time: Timestamp, text: String) -> wit::Notice {
    wit::Notice { kind: notice_out(kind), time: time.micros(), text }
}

pub(crate) fn request_error_out(error: &RequestError) -> broker::RequestError {
    let text = error.to_string();
    match error {
        RequestError::UnknownInstrument { .. } => broker::RequestError::UnknownInstrument(text),
        RequestError::NotTradable { .. } => broker::RequestError::NotTradable(text),
        RequestError::InvalidQuantity { .. } => broker::RequestError::InvalidQuantity(text),
        RequestError::InvalidPrice { .. } => broker::RequestError::InvalidPrice(text),
        RequestError::InvalidCombination { .. } => broker::RequestError::InvalidCombination(text),
        RequestError::UnknownOrder { .. } => broker::RequestError::UnknownOrder(text),
        RequestError::TooMany { .. } => broker::RequestError::TooMany(text),
    }
}
