//! One fill as the broker's book has it.

use super::order::order_id;
use crate::order_params::BrokerOrderId;
use crate::wire::{self, Word};
use market::{InstrumentToken, Price, Product, Side, Symbol, Timestamp, Trade};
use serde::Deserialize;

/// One fill of the day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct TradeRow {
    /// The exchange's number for it, unique by exchange and date.
    pub trade_id: String,
    /// The order it belongs to.
    pub order_id: BrokerOrderId,
    /// That order's number at the exchange.
    pub exchange_order_id: Option<String>,
    /// What was traded.
    pub symbol: Word<Symbol>,
    /// The broker's number for it.
    pub token: InstrumentToken,
    /// Which way.
    pub side: Word<Side>,
    /// How the position is held.
    pub product: Word<Product>,
    /// Units in this fill.
    pub quantity: u32,
    /// Price of this fill.
    pub price: Price,
    /// When the exchange matched it.
    pub fill_timestamp: Option<Timestamp>,
    /// When the exchange registered it.
    pub exchange_timestamp: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(deserialize_with = "wire::required")]
    trade_id: String,
    #[serde(deserialize_with = "order_id")]
    order_id: BrokerOrderId,
    #[serde(default, deserialize_with = "wire::text")]
    exchange_order_id: Option<String>,
    #[serde(default, deserialize_with = "wire::text_or_empty")]
    exchange: String,
    #[serde(default, deserialize_with = "wire::text_or_empty")]
    tradingsymbol: String,
    #[serde(default, deserialize_with = "wire::whole")]
    instrument_token: InstrumentToken,
    #[serde(default, deserialize_with = "wire::word")]
    transaction_type: Word<Side>,
    #[serde(default, deserialize_with = "wire::word")]
    product: Word<Product>,
    #[serde(deserialize_with = "wire::whole")]
    quantity: u32,
    #[serde(deserialize_with = "wire::price")]
    average_price: Price,
    #[serde(default, deserialize_with = "wire::instant")]
    fill_timestamp: Option<Timestamp>,
    #[serde(default, deserialize_with = "wire::instant")]
    exchange_timestamp: Option<Timestamp>,
}

impl From<Wire> for TradeRow {
    fn from(wire: Wire) -> Self {
        Self {
            trade_id: wire.trade_id,
            order_id: wire.order_id,
            exchange_order_id: wire.exchange_order_id,
            symbol: wire::symbol(&wire.exchange, &wire.tradingsymbol),
            token: wire.instrument_token,
            side: wire.transaction_type,
            product: wire.product,
            quantity: wire.quantity,
            price: wire.average_price,
            fill_timestamp: wire.fill_timestamp,
            exchange_timestamp: wire.exchange_timestamp,
        }
    }
}

impl TradeRow {
    /// The fill in the house's words; `None` when one of its words is unknown or it has no time.
    pub fn to_trade(&self) -> Option<Trade> {
        Some(Trade {
            trade_id: self.trade_id.clone(),
            order_id: self.order_id.to_string(),
            symbol: self.symbol.known()?.clone(),
            token: self.token,
            side: *self.side.known()?,
            product: *self.product.known()?,
            quantity: self.quantity,
            price: self.price,
            time: self.fill_timestamp.or(self.exchange_timestamp)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fill_is_read_with_its_eight_character_order_time_ignored() {
        let json = r#"{"trade_id":"10000000","order_id":"200000000000001","exchange":"NSE","tradingsymbol":"SBIN",
            "instrument_token":779521,"product":"CNC","average_price":420.65,"quantity":1,
            "exchange_order_id":"300000000000001","transaction_type":"SELL","fill_timestamp":"2026-11-23 11:18:38",
            "order_timestamp":"11:18:38","exchange_timestamp":"2026-11-23 11:18:38"}"#;
        let trade = serde_json::from_str::<TradeRow>(json).unwrap().to_trade().unwrap();
        assert_eq!((trade.price, trade.side), (Price::from_paise(42_065), Side::Sell));
        assert_eq!(trade.time.ist_text(), "2026-11-23 11:18:38");
    }

    #[test]
    fn a_fill_with_unknown_words_is_kept_but_has_no_translation() {
        let json = r#"{"trade_id":"1","order_id":"2","exchange":"MF","tradingsymbol":"X","quantity":1,"average_price":1}"#;
        let row: TradeRow = serde_json::from_str(json).unwrap();
        assert_eq!(row.to_trade(), None);
        assert!(
            serde_json::from_str::<TradeRow>(
                r#"{"trade_id":"","order_id":"2","quantity":1,"average_price":1}"#
            )
            .is_err()
        );
    }
}
