//! Quotes by request, in three sizes.

use crate::wire;
use market::{Depth, DepthLevel, InstrumentToken, Price, Timestamp};
use serde::Deserialize;

/// The day's prices and the previous close.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Ohlc {
    /// First price of the day.
    #[serde(deserialize_with = "wire::price")]
    pub open: Price,
    /// Highest.
    #[serde(deserialize_with = "wire::price")]
    pub high: Price,
    /// Lowest.
    #[serde(deserialize_with = "wire::price")]
    pub low: Price,
    /// The *previous* day's close.
    #[serde(deserialize_with = "wire::price")]
    pub close: Price,
}

/// A last price and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct LastPrice {
    #[serde(deserialize_with = "wire::needed_price")]
    pub(crate) last_price: Price,
}

/// A last price with the day's frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct OhlcQuote {
    /// The broker's number for the instrument.
    #[serde(deserialize_with = "wire::whole")]
    pub instrument_token: InstrumentToken,
    /// The last price.
    #[serde(deserialize_with = "wire::needed_price")]
    pub last_price: Price,
    /// The day's frame.
    #[serde(default)]
    pub ohlc: Ohlc,
}

/// Everything the broker knows of an instrument. Indices have neither volume nor depth.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Quote {
    /// The broker's number for the instrument.
    #[serde(deserialize_with = "wire::whole")]
    pub instrument_token: InstrumentToken,
    /// When this was true.
    #[serde(default, deserialize_with = "wire::instant")]
    pub timestamp: Option<Timestamp>,
    /// When it last traded.
    #[serde(default, deserialize_with = "wire::instant")]
    pub last_trade_time: Option<Timestamp>,
    /// The last price.
    #[serde(deserialize_with = "wire::needed_price")]
    pub last_price: Price,
    /// Units in the last trade.
    #[serde(default, deserialize_with = "wire::whole")]
    pub last_quantity: u32,
    /// Units bid for.
    #[serde(default, deserialize_with = "wire::whole")]
    pub buy_quantity: u64,
    /// Units offered.
    #[serde(default, deserialize_with = "wire::whole")]
    pub sell_quantity: u64,
    /// Units traded today.
    #[serde(default, deserialize_with = "wire::whole")]
    pub volume: u64,
    /// Volume-weighted average of the day.
    #[serde(default, deserialize_with = "wire::price")]
    pub average_price: Price,
    /// Open interest.
    #[serde(default, deserialize_with = "wire::whole")]
    pub oi: u64,
    /// Its highest of the day.
    #[serde(default, deserialize_with = "wire::whole")]
    pub oi_day_high: u64,
    /// Its lowest of the day.
    #[serde(default, deserialize_with = "wire::whole")]
    pub oi_day_low: u64,
    /// No order below this.
    #[serde(default, deserialize_with = "wire::price")]
    pub lower_circuit_limit: Price,
    /// No order above this.
    #[serde(default, deserialize_with = "wire::price")]
    pub upper_circuit_limit: Price,
    /// The day's frame.
    #[serde(default)]
    pub ohlc: Ohlc,
    /// Five levels a side.
    #[serde(default, deserialize_with = "depth")]
    pub depth: Option<Depth>,
}

fn depth<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Depth>, D::Error> {
    #[derive(Deserialize)]
    struct Sides {
        #[serde(default, deserialize_with = "wire::levels")]
        buy: [DepthLevel; 5],
        #[serde(default, deserialize_with = "wire::levels")]
        sell: [DepthLevel; 5],
    }
    let sides = Option::<Sides>::deserialize(from)?;
    Ok(sides.map(|Sides { buy, sell }| Depth { buy, sell }))
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
}
