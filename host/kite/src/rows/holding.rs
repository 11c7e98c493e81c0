//! What the trader holds for delivery.

use crate::wire::{self, Word};
use market::{InstrumentToken, Money, Price, Symbol};
use serde::Deserialize;

/// One holding.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct HoldingRow {
    /// What is held.
    pub symbol: Word<Symbol>,
    /// The broker's number for it.
    pub token: InstrumentToken,
    /// The security's international number.
    pub isin: Option<String>,
    /// Units settled.
    pub quantity: i64,
    /// Units bought and not yet settled.
    pub t1_quantity: i64,
    /// Units sold today.
    pub used_quantity: i64,
    /// Units authorised for sale.
    pub authorised_quantity: i64,
    /// Units pledged.
    pub collateral_quantity: i64,
    /// What they cost on average.
    pub average_price: Price,
    /// The last price, perhaps stale.
    pub last_price: Price,
    /// The previous day's close.
    pub close_price: Price,
    /// Profit or loss.
    pub pnl: Money,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(deserialize_with = "wire::required")]
    tradingsymbol: String,
    #[serde(deserialize_with = "wire::required")]
    exchange: String,
    #[serde(default, deserialize_with = "wire::whole")]
    instrument_token: InstrumentToken,
    #[serde(default, deserialize_with = "wire::text")]
    isin: Option<String>,
    #[serde(deserialize_with = "wire::needed_whole")]
    quantity: i64,
    #[serde(default, deserialize_with = "wire::whole")]
    t1_quantity: i64,
    #[serde(default, deserialize_with = "wire::whole")]
    used_quantity: i64,
    #[serde(default, deserialize_with = "wire::whole")]
    authorised_quantity: i64,
    #[serde(default, deserialize_with = "wire::whole")]
    collateral_quantity: i64,
    #[serde(default, deserialize_with = "wire::price")]
    average_price: Price,
    #[serde(default, deserialize_with = "wire::price")]
    last_price: Price,
    #[serde(default, deserialize_with = "wire::price")]
    close_price: Price,
    #[serde(default, deserialize_with = "wire::money")]
    pnl: Money,
}

impl From<Wire> for HoldingRow {
    fn from(wire: Wire) -> Self {
        Self {
            symbol: wire::symbol(&wire.exchange, &wire.tradingsymbol),
            token: wire.instrument_token,
            isin: wire.isin,
            quantity: wire.quantity,
            t1_quantity: wire.t1_quantity,
            used_quantity: wire.used_quantity,
            authorised_quantity: wire.authorised_quantity,
            collateral_quantity: wire.collateral_quantity,
            average_price: wire.average_price,
            last_price: wire.last_price,
            close_price: wire.close_price,
            pnl: wire.pnl,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holding_is_read() {
        let json = r#"{"tradingsymbol":"SBIN","exchange":"BSE","isin":"INE062A01020","quantity":16,"t1_quantity":4,
            "average_price":421.125,"pnl":-0.5,"mtf":{"quantity":0},"authorised_date":"2026-11-23 00:00:00"}"#;
        let row: HoldingRow = serde_json::from_str(json).unwrap();
        assert_eq!((row.quantity, row.t1_quantity), (16, 4));
        assert_eq!(row.average_price.units(), 4_211_250);
        assert_eq!(row.symbol.to_string(), "BSE:SBIN");
    }

    #[test]
    fn a_holding_without_a_quantity_is_not_one_of_zero() {
        for none in ["", r#","quantity":null"#, r#","quantity":"""#] {
            let json = format!(r#"{{"tradingsymbol":"SBIN","exchange":"BSE"{none}}}"#);
            assert!(serde_json::from_str::<HoldingRow>(&json).is_err(), "{json}");
        }
    }
}
