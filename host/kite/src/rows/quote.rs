//! Quotes by request, in three sizes.

use super::book::{Record, read_as_record};
use crate::wire;
use crate::wire::fields::{Extra, Fields};
use market::{Depth, DepthLevel, InstrumentToken, Price, Timestamp};
use serde::Deserialize;
use serde_json::Value;

/// The day's prices and the previous close; zero where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ohlc {
    /// First price of the day.
    pub open: Price,
    /// Highest.
    pub high: Price,
    /// Lowest.
    pub low: Price,
    /// The *previous* day's close.
    pub close: Price,
}

/// A last price and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct LastPrice {
    #[serde(deserialize_with = "wire::needed_price")]
    pub(crate) last_price: Price,
}

/// A last price with the day's frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OhlcQuote {
    /// The broker's number for the instrument.
    pub instrument_token: InstrumentToken,
    /// The last price.
    pub last_price: Price,
    /// The day's frame.
    pub ohlc: Ohlc,
    /// What else the record says, as it came.
    pub extra: Extra,
}

/// Everything the broker knows of an instrument. Indices have neither volume nor depth: what there is none of is zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// The broker's number for the instrument.
    pub instrument_token: InstrumentToken,
    /// When this was true.
    pub timestamp: Option<Timestamp>,
    /// When it last traded.
    pub last_trade_time: Option<Timestamp>,
    /// The last price. Nothing is not zero.
    pub last_price: Price,
    /// Units in the last trade.
    pub last_quantity: u32,
    /// Units bid for.
    pub buy_quantity: u64,
    /// Units offered.
    pub sell_quantity: u64,
    /// Units traded today.
    pub volume: u64,
    /// Volume-weighted average of the day.
    pub average_price: Price,
    /// Open interest.
    pub oi: u64,
    /// Its highest of the day.
    pub oi_day_high: u64,
    /// Its lowest of the day.
    pub oi_day_low: u64,
    /// No order below this.
    pub lower_circuit_limit: Price,
    /// No order above this.
    pub upper_circuit_limit: Price,
    /// The day's frame.
    pub ohlc: Ohlc,
    /// Five levels a side.
    pub depth: Option<Depth>,
    /// What else the record says, as it came.
    pub extra: Extra,
    /// Fields that were there and could not be read; they stand at their defaults.
    pub odd: Vec<&'static str>,
}

impl Record for OhlcQuote {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let last_price = fields.needed_amount("last_price")?;
        let instrument_token = fields.needed_count("instrument_token")?;
        let ohlc = fields.record("ohlc", Ohlc::read).unwrap_or_default();
        Ok(Self { instrument_token, last_price, ohlc, extra: fields.rest().0 })
    }

    fn odd(&self) -> &[&'static str] {
        &[]
    }
}

impl Record for Quote {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let quote = Self {
            last_price: fields.needed_amount("last_price")?,
            instrument_token: fields.needed_count("instrument_token")?,
            timestamp: fields.instant("timestamp"),
            last_trade_time: fields.instant("last_trade_time"),
            last_quantity: fields.count("last_quantity"),
            buy_quantity: fields.maybe_count("buy_quantity").unwrap_or_default(),
            sell_quantity: fields.maybe_count("sell_quantity").unwrap_or_default(),
            volume: fields.maybe_count("volume").unwrap_or_default(),
            average_price: fields.price("average_price"),
            oi: fields.maybe_count("oi").unwrap_or_default(),
            oi_day_high: fields.maybe_count("oi_day_high").unwrap_or_default(),
            oi_day_low: fields.maybe_count("oi_day_low").unwrap_or_default(),
            lower_circuit_limit: fields.price("lower_circuit_limit"),
            upper_circuit_limit: fields.price("upper_circuit_limit"),
            ohlc: fields.record("ohlc", Ohlc::read).unwrap_or_default(),
            depth: fields.record("depth", depth),
            extra: Extra::new(),
            odd: Vec::new(),
        };
        let (extra, odd) = fields.rest();
        Ok(Self { extra, odd, ..quote })
    }

    fn odd(&self) -> &[&'static str] {
        &self.odd
    }
}

read_as_record!(OhlcQuote, Quote);

impl Ohlc {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let (open, high) = (fields.price("open"), fields.price("high"));
        let (low, close) = (fields.price("low"), fields.price("close"));
        match fields.rest().1.first() {
            // Half a range is none: whoever holds this sees that it was odd.
            Some(name) => Err(format!("`{name}` cannot be read")),
            None => Ok(Self { open, high, low, close }),
        }
    }
}

fn depth(record: Value) -> Result<Depth, String> {
    #[derive(Deserialize)]
    struct Sides {
        #[serde(default, deserialize_with = "wire::levels")]
        buy: [DepthLevel; 5],
        #[serde(default, deserialize_with = "wire::levels")]
        sell: [DepthLevel; 5],
    }
    let sides: Result<Sides, _> = serde_json::from_value(record);
    sides.map(|Sides { buy, sell }| Depth { buy, sell }).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_quote_is_read_with_its_depth() {
        let json = r#"{"instrument_token":408065,"timestamp":"2026-11-23 15:45:56","last_trade_time":null,
            "last_price":1412.95,"last_quantity":5,"volume":7360198,"average_price":1412.47,"oi":0,"net_change":0,
            "lower_circuit_limit":1250.7,"upper_circuit_limit":1528.6,
            "ohlc":{"open":1396,"high":1421.75,"low":1395.55,"close":1389.65},
            "depth":{"buy":[{"price":1412.95,"quantity":5191,"orders":13}],"sell":[]}}"#;
        let quote: Quote = serde_json::from_str(json).unwrap();
        assert_eq!(quote.ohlc.close, Price::from_paise(138_965));
        let depth = quote.depth.unwrap();
        assert_eq!((depth.buy[0].quantity, depth.buy[0].orders, depth.buy[1].quantity), (5_191, 13, 0));
        assert_eq!(quote.timestamp.unwrap().ist_text(), "2026-11-23 15:45:56");
    }

    #[test]
    fn an_index_quote_has_no_depth() {
        let json = r#"{"instrument_token":256265,"last_price":24000.15,"ohlc":{"open":1,"high":2,"low":1,"close":1}}"#;
        let quote: Quote = serde_json::from_str(json).unwrap();
        assert_eq!((quote.volume, quote.depth), (0, None));
    }

    #[test]
    fn an_ornament_that_cannot_be_read_is_named_and_hides_no_price() {
        let json = r#"{"instrument_token":1,"last_price":"5","oi":-1,"depth":{"buy":7},"ohlc":{"open":"x"},"net_change":0.5}"#;
        let quote: Quote = serde_json::from_str(json).unwrap();
        assert_eq!((quote.last_price, quote.oi, quote.depth), (Price::from_rupees(5), 0, None));
        assert_eq!((quote.odd, quote.extra["net_change"].clone()), (vec!["oi", "ohlc", "depth"], 0.5.into()));
        assert!(serde_json::from_str::<Quote>(r#"{"last_price":5}"#).is_err(), "of no instrument");
        for nothing in ["null", r#""""#, "[]"] {
            let json = format!(r#"{{"instrument_token":1,"last_price":{nothing}}}"#);
            assert!(serde_json::from_str::<Quote>(&json).is_err(), "{json}");
            assert!(serde_json::from_str::<OhlcQuote>(&json).is_err(), "{json}");
        }
    }
}
