//! Positions as the broker computes them.
//!
//! For comparison and display: the house derives its own from trades.

use super::book::{Book, Record, read_as_record, read_book};
use super::order::symbol;
use crate::wire::Word;
use crate::wire::fields::{Extra, Fields};
use market::{InstrumentToken, Money, Price, Product, Symbol};
use serde_json::Value;

/// Both lists of `/portfolio/positions`. An answer without them is no answer: it would read as flat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positions {
    /// With what was carried over.
    pub net: Book<PositionRow>,
    /// Today's trades alone.
    pub day: Book<PositionRow>,
}

/// One line; its key is symbol and product. Flat ones stay until the end of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PositionRow {
    /// What is held.
    pub symbol: Word<Symbol>,
    /// The broker's number for it.
    pub token: InstrumentToken,
    /// How it is held; cover orders show the unknown word `CO`.
    pub product: Word<Product>,
    /// All the figures.
    pub figures: Figures,
    /// What else the record says, as it came.
    pub extra: Extra,
    /// Fields that were there and could not be read.
    pub odd: Vec<&'static str>,
}

macro_rules! figures {
    ($($(#[$doc:meta])* $field:ident: $kind:ty = $reader:ident),+ $(,)?) => {
        /// The figures of a position, named as Kite names them. What the broker does not say is `None` and not zero.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Figures {
            /// Units held, negative when short. Without it there is no position to speak of.
            pub quantity: i64,
            $($(#[$doc])* pub $field: Option<$kind>),+
        }

        impl Figures {
            fn read(fields: &mut Fields) -> Result<Self, String> {
                let quantity = fields.needed_count("quantity")?;
                Ok(Self { quantity, $($field: fields.$reader(stringify!($field))),+ })
            }
        }
    };
}

figures! {
    /// Units carried over.
    overnight_quantity: i64 = maybe_count,
    /// Contract size (commodities).
    multiplier: i64 = maybe_count,
    /// What the open units cost on average; zero when flat.
    average_price: Price = maybe_price,
    /// The previous day's close; zero for what was opened today.
    close_price: Price = maybe_price,
    /// The last price, perhaps stale.
    last_price: Price = maybe_price,
    /// Sold less bought.
    value: Money = maybe_money,
    /// Profit or loss in all.
    pnl: Money = maybe_money,
    /// Profit or loss of today.
    m2m: Money = maybe_money,
    /// Same as `pnl`.
    unrealised: Money = maybe_money,
    /// Always zero.
    realised: Money = maybe_money,
    /// Units bought, with what was carried long.
    buy_quantity: i64 = maybe_count,
    /// At this average.
    buy_price: Price = maybe_price,
    /// For this much.
    buy_value: Money = maybe_money,
    /// With the carried part at the previous close.
    buy_m2m: Money = maybe_money,
    /// Units sold, with what was carried short.
    sell_quantity: i64 = maybe_count,
    /// At this average.
    sell_price: Price = maybe_price,
    /// For this much.
    sell_value: Money = maybe_money,
    /// With the carried part at the previous close.
    sell_m2m: Money = maybe_money,
    /// Units bought today.
    day_buy_quantity: i64 = maybe_count,
    /// At this average.
    day_buy_price: Price = maybe_price,
    /// For this much.
    day_buy_value: Money = maybe_money,
    /// Units sold today.
    day_sell_quantity: i64 = maybe_count,
    /// At this average.
    day_sell_price: Price = maybe_price,
    /// For this much.
    day_sell_value: Money = maybe_money,
}

impl Record for PositionRow {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let figures = Figures::read(&mut fields)?;
        let (symbol, token) = (named(&mut fields)?, fields.count("instrument_token"));
        let product = fields.word("product");
        let (extra, odd) = fields.rest();
        Ok(Self { symbol, token, product, figures, extra, odd })
    }

    fn odd(&self) -> &[&'static str] {
        &self.odd
    }
}

read_as_record!(PositionRow, Positions);

impl Record for Positions {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let (net, day) = (fields.needed_list("net")?, fields.needed_list("day")?);
        Ok(Self { net: read_book(net), day: read_book(day) })
    }

    fn odd(&self) -> &[&'static str] {
        &[]
    }
}

/// The symbol of a record that is about nothing without one.
pub(super) fn named(fields: &mut Fields) -> Result<Word<Symbol>, String> {
    match symbol(fields) {
        Word::Other(text) if text.starts_with(':') || text.ends_with(':') => {
            Err("`exchange` or `tradingsymbol` is missing".to_owned())
        }
        word => Ok(word),
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
        let row = &positions.net.rows[0];
        assert_eq!(row.product, Word::Other("CO".into()));
        assert_eq!(row.figures.quantity, -3);
        assert_eq!(row.figures.average_price, Some(Price::from_paise(141_295)));
        assert_eq!(row.figures.pnl, Some(Money::from_paise(-1_235)));
        assert_eq!((row.figures.buy_price, row.figures.m2m), (None, None));
        assert_eq!(row.extra.keys().collect::<Vec<_>>(), ["new"]);
        assert!(positions.day.rows.is_empty() && positions.day.is_whole());
    }

    #[test]
    fn an_answer_without_lists_is_not_flat() {
        for none in ["{}", r#"{"net":[]}"#, r#"{"day":[]}"#, r#"{"net":null,"day":[]}"#, "[[],[]]", "null"] {
            assert!(serde_json::from_str::<Positions>(none).is_err(), "{none}");
        }
    }

    #[test]
    fn a_line_without_a_quantity_or_a_name_stands_beside_the_others() {
        let good = r#"{"tradingsymbol":"INFY","exchange":"NSE","quantity":3}"#;
        for odd in [
            r#"{"tradingsymbol":"INFY","exchange":"NSE"}"#,
            r#"{"tradingsymbol":"INFY","exchange":"NSE","quantity":null}"#,
            r#"{"tradingsymbol":"INFY","exchange":"NSE","quantity":""}"#,
            r#"{"tradingsymbol":"INFY","exchange":"NSE","quantity":1.5}"#,
            r#"{"tradingsymbol":"INFY","exchange":null,"quantity":3}"#,
            r#"{"tradingsymbol":"","exchange":"NSE","quantity":3}"#,
            "[]",
        ] {
            let json = format!(r#"{{"net":[{odd},{good}],"day":[]}}"#);
            let positions: Positions = serde_json::from_str(&json).unwrap();
            assert_eq!((positions.net.rows.len(), positions.net.unreadable.len()), (1, 1), "{odd}");
            assert!(positions.net.whole().is_err(), "{odd}");
        }
    }
}
