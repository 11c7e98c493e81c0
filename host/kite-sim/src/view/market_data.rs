//! Quotes, candles and the instrument list (reference §9).

use exchange::{Listing, Quote};
use market::{Candle, DepthLevel, InstrumentKind, Price, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

/// The one header line of the instrument list.
pub(crate) const CSV_HEADER: &str = "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,\
    strike,tick_size,lot_size,instrument_type,segment,exchange";

/// `GET /quote` of one instrument.
#[derive(Serialize)]
pub(crate) struct FullQuote {
    instrument_token: u32,
    timestamp: String,
    last_trade_time: Option<String>,
    last_price: Price,
    last_quantity: u32,
    buy_quantity: u64,
    sell_quantity: u64,
    volume: u64,
    average_price: Price,
    oi: u64,
    oi_day_high: u64,
    oi_day_low: u64,
    net_change: f64,
    lower_circuit_limit: Price,
    upper_circuit_limit: Price,
    ohlc: Ohlc,
    depth: Depth,
}

/// `GET /quote` of an index: what has no volume has no depth.
#[derive(Serialize)]
pub(crate) struct IndexQuote {
    instrument_token: u32,
    timestamp: String,
    last_price: Price,
    net_change: f64,
    ohlc: Ohlc,
}

/// `GET /quote/ohlc` of one instrument.
#[derive(Serialize)]
pub(crate) struct OhlcQuote {
    instrument_token: u32,
    last_price: Price,
    ohlc: Ohlc,
}

/// `GET /quote/ltp` of one instrument.
#[derive(Serialize)]
pub(crate) struct LtpQuote {
    instrument_token: u32,
    last_price: Price,
}

/// `GET /instruments/trigger_range/…` of one instrument.
#[derive(Serialize)]
pub(crate) struct TriggerRange {
    pub(crate) instrument_token: u32,
    pub(crate) lower: Price,
    pub(crate) upper: Price,
}

#[derive(Serialize)]
struct Ohlc {
    open: Price,
    high: Price,
    low: Price,
    close: Price,
}

#[derive(Serialize)]
struct Depth {
    buy: [Level; 5],
    sell: [Level; 5],
}

#[derive(Serialize)]
struct Level {
    price: Price,
    quantity: u32,
    orders: u16,
}

impl From<&Quote> for Ohlc {
    fn from(quote: &Quote) -> Self {
        let tick = &quote.tick;
        Self { open: tick.open, high: tick.high, low: tick.low, close: tick.close }
    }
}

impl From<&Quote> for FullQuote {
    fn from(quote: &Quote) -> Self {
        let tick = &quote.tick;
        let depth = tick.depth.unwrap_or_default();
        Self {
            instrument_token: tick.token,
            timestamp: tick.time.ist_text(),
            last_trade_time: quote.last_trade_time.map(Timestamp::ist_text),
            last_price: tick.last_price,
            last_quantity: tick.last_quantity,
            buy_quantity: tick.buy_quantity,
            sell_quantity: tick.sell_quantity,
            volume: tick.volume,
            average_price: tick.average_price,
            oi: tick.oi,
            oi_day_high: quote.oi_day_high,
            oi_day_low: quote.oi_day_low,
            net_change: 0.0,
            lower_circuit_limit: quote.lower_circuit_limit,
            upper_circuit_limit: quote.upper_circuit_limit,
            ohlc: quote.into(),
            depth: Depth { buy: depth.buy.map(Level::from), sell: depth.sell.map(Level::from) },
        }
    }
}

impl From<DepthLevel> for Level {
    fn from(level: DepthLevel) -> Self {
        Self { price: level.price, quantity: level.quantity, orders: level.orders }
    }
}

impl From<&Quote> for IndexQuote {
    fn from(quote: &Quote) -> Self {
        let tick = &quote.tick;
        Self {
            instrument_token: tick.token,
            timestamp: tick.time.ist_text(),
            last_price: tick.last_price,
            net_change: 0.0,
            ohlc: quote.into(),
        }
    }
}

impl From<&Quote> for OhlcQuote {
    fn from(quote: &Quote) -> Self {
        let tick = &quote.tick;
        Self { instrument_token: tick.token, last_price: tick.last_price, ohlc: quote.into() }
    }
}

impl From<&Quote> for LtpQuote {
    fn from(quote: &Quote) -> Self {
        Self { instrument_token: quote.tick.token, last_price: quote.tick.last_price }
    }
}

/// `GET /quote` of any instrument.
pub(crate) fn full_quote(listing: &Listing, quote: &Quote) -> Value {
    let value = match listing.instrument.kind {
        InstrumentKind::Index => serde_json::to_value(IndexQuote::from(quote)),
        InstrumentKind::Equity | InstrumentKind::Future | InstrumentKind::Call | InstrumentKind::Put => {
            serde_json::to_value(FullQuote::from(quote))
        }
    };
    value.unwrap_or_default()
}

/// One candle: `[time, open, high, low, close, volume(, oi)]`.
pub(crate) fn candle(candle: &Candle, with_oi: bool) -> Value {
    let time = format!("{}+0530", candle.start.ist_text().replace(' ', "T"));
    let mut row = json!([time, candle.open, candle.high, candle.low, candle.close, candle.volume]);
    if let (true, Value::Array(fields)) = (with_oi, &mut row) {
        fields.push(candle.oi.into());
    }
    row
}

/// One line of the instrument list.
pub(crate) fn csv_row(listing: &Listing) -> [String; 12] {
    let instrument = &listing.instrument;
    let decimal = |price: Price| format!("{:?}", price.to_wire());
    [
        instrument.token.to_string(),
        listing.exchange_token.to_string(),
        instrument.symbol.name().to_owned(),
        instrument.name.clone(),
        "0.0".to_owned(),
        instrument.expiry.map(|date| date.to_string()).unwrap_or_default(),
        decimal(instrument.strike),
        decimal(instrument.tick_size),
        instrument.lot_size.to_string(),
        listing.type_word().to_owned(),
        listing.segment.as_str().to_owned(),
        instrument.symbol.venue().to_string(),
    ]
}
