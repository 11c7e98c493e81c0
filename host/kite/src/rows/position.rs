//! Positions as the broker computes them.
//!
//! For comparison and display: the house derives its own from trades.

use crate::wire::{self, Word};
use market::{InstrumentToken, Money, Price, Product, Symbol};
use serde::Deserialize;

/// Both lists of `/portfolio/positions`. An answer without them is no answer: it would read as flat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Positions {
    /// With what was carried over.
    pub net: Vec<PositionRow>,
    /// Today's trades alone.
    pub day: Vec<PositionRow>,
}

/// One line; its key is symbol and product. Flat ones stay until the end of the day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct PositionRow {
    /// What is held.
    pub symbol: Word<Symbol>,
    /// The broker's number for it.
    pub token: InstrumentToken,
    /// How it is held; cover orders show the unknown word `CO`.
    pub product: Word<Product>,
    /// All the figures.
    pub figures: Figures,
}

macro_rules! figures {
    ($($(#[$doc:meta])* $field:ident: $kind:ty = $reader:literal),+ $(,)?) => {
        /// The figures of a position, named as Kite names them. All but the quantity are zero where there are none.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
        pub struct Figures {
            /// Units held, negative when short. Nothing is not zero.
            #[serde(deserialize_with = "wire::needed_whole")]
            pub quantity: i64,
            $($(#[$doc])* #[serde(default, deserialize_with = $reader)] pub $field: $kind),+
        }
    };
}

figures! {
    /// Units carried over.
    overnight_quantity: i64 = "wire::whole",
    /// Contract size (commodities).
    multiplier: i64 = "wire::whole",
    /// What the open units cost on average; zero when flat.
    average_price: Price = "wire::price",
    /// The previous day's close; zero for what was opened today.
    close_price: Price = "wire::price",
    /// The last price, perhaps stale.
    last_price: Price = "wire::price",
    /// Sold less bought.
    value: Money = "wire::money",
    /// Profit or loss in all.
    pnl: Money = "wire::money",
    /// Profit or loss of today.
    m2m: Money = "wire::money",
    /// Same as `pnl`.
    unrealised: Money = "wire::money",
    /// Always zero.
    realised: Money = "wire::money",
    /// Units bought, with what was carried long.
    buy_quantity: i64 = "wire::whole",
    /// At this average.
    buy_price: Price = "wire::price",
    /// For this much.
    buy_value: Money = "wire::money",
    /// With the carried part at the previous close.
    buy_m2m: Money = "wire::money",
    /// Units sold, with what was carried short.
    sell_quantity: i64 = "wire::whole",
    /// At this average.
    sell_price: Price = "wire::price",
    /// For this much.
    sell_value: Money = "wire::money",
    /// With the carried part at the previous close.
    sell_m2m: Money = "wire::money",
    /// Units bought today.
    day_buy_quantity: i64 = "wire::whole",
    /// At this average.
    day_buy_price: Price = "wire::price",
    /// For this much.
    day_buy_value: Money = "wire::money",
    /// Units sold today.
    day_sell_quantity: i64 = "wire::whole",
    /// At this average.
    day_sell_price: Price = "wire::price",
    /// For this much.
    day_sell_value: Money = "wire::money",
}

#[derive(Deserialize)]
struct Wire {
    #[serde(deserialize_with = "wire::required")]
    tradingsymbol: String,
    #[serde(deserialize_with = "wire::required")]
    exchange: String,
    #[serde(default, deserialize_with = "wire::whole")]
    instrument_token: InstrumentToken,
    #[serde(default, deserialize_with = "wire::word")]
    product: Word<Product>,
    #[serde(flatten)]
    figures: Figures,
}

impl From<Wire> for PositionRow {
    fn from(wire: Wire) -> Self {
        Self {
            symbol: wire::symbol(&wire.exchange, &wire.tradingsymbol),
            token: wire.instrument_token,
            product: wire.product,
            figures: wire.figures,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_with_signs_and_paise() {
        let json = r#"{"net":[{"tradingsymbol":"INFY","exchange":"NSE","instrument_token":408065,"product":"CO",
            "quantity":-3,"multiplier":1,"average_price":1412.95,"pnl":-12.35,"new":null,"buy_price":null}],"day":[]}"#;
        let positions: Positions = serde_json::from_str(json).unwrap();
        let row = &positions.net[0];
        assert_eq!(row.product, Word::Other("CO".into()));
        assert_eq!(row.figures.quantity, -3);
        assert_eq!(row.figures.average_price, Price::from_paise(141_295));
        assert_eq!(row.figures.pnl, Money::from_paise(-1_235));
        assert!(positions.day.is_empty());
    }

    #[test]
    fn an_answer_without_lists_or_quantities_is_not_flat() {
        let row = |quantity: &str| {
            format!(r#"{{"net":[{{"tradingsymbol":"INFY","exchange":"NSE"{quantity}}}],"day":[]}}"#)
        };
        assert!(serde_json::from_str::<Positions>(&row(r#","quantity":3"#)).is_ok());
        for none in [
            "{}".to_owned(),
            r#"{"net":[]}"#.to_owned(),
            r#"{"day":[]}"#.to_owned(),
            r#"{"net":null,"day":[]}"#.to_owned(),
            "null".to_owned(),
            row(""),
            row(r#","quantity":null"#),
            row(r#","quantity":"""#),
        ] {
            assert!(serde_json::from_str::<Positions>(&none).is_err(), "{none}");
        }
    }
}
