//! One fill as the broker's book has it.

use super::book::{Record, read_as_record};
use super::order::{order_id, symbol};
use crate::order_params::BrokerOrderId;
use crate::wire::Word;
use crate::wire::fields::{Extra, Fields};
use market::{InstrumentToken, Price, Product, Side, Symbol, Timestamp, Trade};
use serde_json::Value;

/// The broker's day turns when sessions end: what its book says before 06:00 IST is of the day before.
const DAY_TURNS_SECONDS: i64 = 6 * 3600;

/// One fill of the day. A fill has units and a price, or it is none; nothing is not zero.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// What else the record says, as it came.
    pub extra: Extra,
    /// Fields that were there and could not be read; they stand at their defaults.
    pub odd: Vec<&'static str>,
}

impl Record for TradeRow {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let row = Self {
            trade_id: fields.needed_text("trade_id")?,
            order_id: order_id(&mut fields)?,
            quantity: fields.needed_count("quantity")?,
            price: fields.needed_price("average_price")?,
            exchange_order_id: fields.text("exchange_order_id"),
            symbol: symbol(&mut fields),
            token: fields.count("instrument_token"),
            side: fields.word("transaction_type"),
            product: fields.word("product"),
            fill_timestamp: fields.instant("fill_timestamp"),
            exchange_timestamp: fields.instant("exchange_timestamp"),
            extra: Extra::new(),
            odd: Vec::new(),
        };
        if row.quantity == 0 {
            return Err("`quantity` is zero".to_owned());
        }
        let (extra, odd) = fields.rest();
        Ok(Self { extra, odd, ..row })
    }

    fn odd(&self) -> &[&'static str] {
        &self.odd
    }
}

read_as_record!(TradeRow);

impl TradeRow {
    /// The fill in the house's words, from a list read at `read_at`. `None` where it does not say what was traded or which
    /// way: then nobody can tell what it did to the position.
    ///
    /// A product we do not know (`CO`, `BO`) is held as the plain product nearest to it, and a fill without a time counts
    /// for the day whose list it stands in: money that moved must be booked.
    pub fn to_trade(&self, read_at: Timestamp) -> Option<Trade> {
        let symbol = self.symbol.known()?.clone();
        let time = self.fill_timestamp.or(self.exchange_timestamp);
        Some(Trade {
            trade_id: self.trade_id.clone(),
            order_id: self.order_id.to_string(),
            token: self.token,
            side: *self.side.known()?,
            product: self.plain_product(&symbol),
            symbol,
            quantity: self.quantity,
            price: self.price,
            time: time.unwrap_or_else(|| of_the_brokers_day(read_at)),
        })
    }

    fn plain_product(&self, symbol: &Symbol) -> Product {
        match &self.product {
            Word::Known(product) => *product,
            // Cover and bracket orders are squared off with the day.
            Word::Other(word) if matches!(word.as_str(), "CO" | "BO") => Product::Mis,
            Word::Other(_) if symbol.venue().is_derivatives() => Product::Nrml,
            Word::Other(_) => Product::Cnc,
        }
    }
}

/// The instant itself, or the end of the day before while the broker still shows that day's book: a fill that changed its
/// date between two readings would be booked twice.
fn of_the_brokers_day(read_at: Timestamp) -> Timestamp {
    let midnight = read_at.date().midnight();
    let turned = read_at.micros_since(midnight) >= DAY_TURNS_SECONDS * 1_000_000;
    if turned { read_at } else { midnight.plus_seconds(-1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fill() -> Value {
        json!({"trade_id": "10000000", "order_id": "200000000000001", "exchange": "NSE", "tradingsymbol": "SBIN",
            "instrument_token": 779521, "product": "CNC", "average_price": 420.65, "quantity": 1,
            "exchange_order_id": "300000000000001", "transaction_type": "SELL",
            "fill_timestamp": "2026-11-23 11:18:38", "order_timestamp": "11:18:38",
            "exchange_timestamp": "2026-11-23 11:18:38"})
    }

    fn with(name: &str, value: Value) -> Value {
        let mut record = fill();
        record[name] = value;
        record
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_ist(text).unwrap()
    }

    #[test]
    fn a_fill_is_read_with_its_eight_character_order_time_kept_aside() {
        let row = TradeRow::read(fill()).unwrap();
        assert_eq!(row.extra["order_timestamp"], "11:18:38");
        let trade = row.to_trade(at("2026-11-23 12:00:00")).unwrap();
        assert_eq!((trade.price, trade.side), (Price::from_paise(42_065), Side::Sell));
        assert_eq!(trade.time.ist_text(), "2026-11-23 11:18:38");
    }

    #[test]
    fn a_fill_without_units_or_price_is_none() {
        for name in ["quantity", "average_price"] {
            for nothing in
                [json!(null), json!(""), json!(" "), json!(0), json!(0.0), json!(-1), json!({}), json!("x")]
            {
                let read = TradeRow::read(with(name, nothing.clone()));
                assert!(read.is_err(), "{name}: {nothing}");
            }
            let mut record = fill();
            record.as_object_mut().unwrap().remove(name);
            assert_eq!(TradeRow::read(record), Err(format!("`{name}` is missing")));
        }
        for name in ["trade_id", "order_id"] {
            assert!(TradeRow::read(with(name, json!(""))).is_err(), "{name}");
        }
    }

    #[test]
    fn a_fill_of_unknown_product_or_time_is_booked_all_the_same() {
        let read_at = at("2026-11-23 12:00:00");
        let product = |word: &str, exchange: &str| {
            let mut record = with("product", json!(word));
            record["exchange"] = json!(exchange);
            TradeRow::read(record).unwrap().to_trade(read_at).unwrap().product
        };
        assert_eq!(product("CO", "NSE"), Product::Mis);
        assert_eq!(product("BO", "NFO"), Product::Mis);
        assert_eq!((product("NEW", "NFO"), product("NEW", "NSE")), (Product::Nrml, Product::Cnc));
        let mut timeless = with("fill_timestamp", json!("soon"));
        timeless["exchange_timestamp"] = json!(null);
        let row = TradeRow::read(timeless).unwrap();
        assert_eq!(row.odd, ["fill_timestamp"]);
        assert_eq!(row.to_trade(read_at).unwrap().time, read_at);
    }

    #[test]
    fn a_fill_without_a_time_keeps_its_date_over_midnight() {
        let mut timeless = with("fill_timestamp", json!(null));
        timeless["exchange_timestamp"] = json!(null);
        let row = TradeRow::read(timeless).unwrap();
        let date = |read_at| row.to_trade(at(read_at)).unwrap().date();
        assert_eq!(date("2026-11-23 23:59:58"), date("2026-11-24 00:00:05"));
        assert_eq!(date("2026-11-24 05:59:59"), date("2026-11-23 10:00:00"));
        assert_eq!(date("2026-11-24 06:00:00").to_string(), "2026-11-24");
    }

    #[test]
    fn a_fill_that_does_not_say_what_or_which_way_is_kept_but_cannot_be_booked() {
        for record in [with("exchange", json!("MF")), with("transaction_type", json!("BORROW"))] {
            assert_eq!(TradeRow::read(record).unwrap().to_trade(at("2026-11-23 12:00:00")), None);
        }
    }
}
