//! What the trader holds for delivery, in every shape that the broker tells it.

use super::book::{Record, read_as_record};
use super::position::named;
use crate::wire::Word;
use crate::wire::fields::{Extra, Fields};
use market::{InstrumentToken, Money, Price, Product, Symbol};
use serde_json::Value;

/// One holding. Without units there is none; what else the broker does not say is `None` and not zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldingRow {
    /// What is held.
    pub symbol: Word<Symbol>,
    /// The broker's number for it.
    pub token: InstrumentToken,
    /// The security's international number.
    pub isin: Option<String>,
    /// How it is held.
    pub product: Word<Product>,
    /// Units settled.
    pub quantity: i64,
    /// Units bought and not yet settled.
    pub t1_quantity: i64,
    /// Units sold today.
    pub used_quantity: Option<i64>,
    /// Units delivered in full.
    pub realised_quantity: Option<i64>,
    /// Units authorised for sale.
    pub authorised_quantity: Option<i64>,
    /// Units at the start of the day.
    pub opening_quantity: Option<i64>,
    /// Units pledged.
    pub collateral_quantity: Option<i64>,
    /// True when the broker's and the depository's figures differ.
    pub discrepancy: bool,
    /// What they cost on average.
    pub average_price: Option<Price>,
    /// The last price, perhaps stale.
    pub last_price: Option<Price>,
    /// The previous day's close.
    pub close_price: Option<Price>,
    /// Profit or loss.
    pub pnl: Option<Money>,
    /// Profit or loss of today, per unit.
    pub day_change: Option<Price>,
    /// The part that is funded by the broker.
    pub mtf: Option<FundedPart>,
    /// What else the record says, as it came.
    pub extra: Extra,
    /// Fields that were there and could not be read.
    pub odd: Vec<&'static str>,
}

/// The part of a holding that the broker has funded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FundedPart {
    /// Units.
    pub quantity: i64,
    /// Of these sold today.
    pub used_quantity: Option<i64>,
    /// What they cost on average.
    pub average_price: Option<Price>,
    /// What they cost in all.
    pub value: Option<Money>,
    /// What the trader put in.
    pub initial_margin: Option<Money>,
    /// What else the record says, as it came.
    pub extra: Extra,
}

/// A holding that the exchange's auction of the day is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuctionRow {
    /// Which auction: an order to it names this number.
    pub auction_number: String,
    /// What is held.
    pub holding: HoldingRow,
}

/// Units of a holding and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompactHolding {
    /// What is held.
    pub symbol: Word<Symbol>,
    /// The broker's number for it.
    pub token: InstrumentToken,
    /// Units settled.
    pub quantity: i64,
    /// Units bought and not yet settled.
    pub t1_quantity: i64,
    /// What else the record says, as it came.
    pub extra: Extra,
    /// Fields that were there and could not be read.
    pub odd: Vec<&'static str>,
}

/// All holdings together. Percentages stand in `extra`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldingsSummary {
    /// Profit or loss since they were bought.
    pub total_pnl: Money,
    /// Profit or loss of today.
    pub today_pnl: Money,
    /// What they cost.
    pub invested_amount: Money,
    /// What they are worth.
    pub current_value: Money,
    /// What else the record says, as it came.
    pub extra: Extra,
}

impl Record for HoldingRow {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let row = Self {
            quantity: fields.needed_count("quantity")?,
            t1_quantity: fields.needed_count("t1_quantity")?,
            symbol: named(&mut fields)?,
            token: fields.count("instrument_token"),
            isin: fields.text("isin"),
            product: fields.word("product"),
            used_quantity: fields.maybe_count("used_quantity"),
            realised_quantity: fields.maybe_count("realised_quantity"),
            authorised_quantity: fields.maybe_count("authorised_quantity"),
            opening_quantity: fields.maybe_count("opening_quantity"),
            collateral_quantity: fields.maybe_count("collateral_quantity"),
            discrepancy: fields.flag("discrepancy"),
            average_price: fields.maybe_price("average_price"),
            last_price: fields.maybe_price("last_price"),
            close_price: fields.maybe_price("close_price"),
            pnl: fields.maybe_money("pnl"),
            day_change: fields.maybe_price("day_change"),
            mtf: fields.record("mtf", FundedPart::read),
            extra: Extra::new(),
            odd: Vec::new(),
        };
        let (extra, odd) = fields.rest();
        Ok(Self { extra, odd, ..row })
    }

    fn odd(&self) -> &[&'static str] {
        &self.odd
    }
}

impl FundedPart {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let part = Self {
            quantity: fields.needed_count("quantity")?,
            used_quantity: fields.maybe_count("used_quantity"),
            average_price: fields.maybe_price("average_price"),
            value: fields.maybe_money("value"),
            initial_margin: fields.maybe_money("initial_margin"),
            extra: Extra::new(),
        };
        Ok(Self { extra: fields.rest().0, ..part })
    }
}

impl Record for AuctionRow {
    fn read(record: Value) -> Result<Self, String> {
        let mut holding = HoldingRow::read(record)?;
        let mut fields = Fields::of(Value::Object(holding.extra))?;
        let auction_number = fields.needed_text("auction_number")?;
        holding.extra = fields.rest().0;
        Ok(Self { auction_number, holding })
    }

    fn odd(&self) -> &[&'static str] {
        &self.holding.odd
    }
}

impl Record for CompactHolding {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let (quantity, t1_quantity) = (fields.needed_count("quantity")?, fields.needed_count("t1_quantity")?);
        let (symbol, token) = (named(&mut fields)?, fields.count("instrument_token"));
        let (extra, odd) = fields.rest();
        Ok(Self { symbol, token, quantity, t1_quantity, extra, odd })
    }

    fn odd(&self) -> &[&'static str] {
        &self.odd
    }
}

impl Record for HoldingsSummary {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let summary = Self {
            total_pnl: fields.needed_money("total_pnl")?,
            today_pnl: fields.needed_money("today_pnl")?,
            invested_amount: fields.needed_money("invested_amount")?,
            current_value: fields.needed_money("current_value")?,
            extra: Extra::new(),
        };
        Ok(Self { extra: fields.rest().0, ..summary })
    }

    fn odd(&self) -> &[&'static str] {
        &[]
    }
}

read_as_record!(HoldingRow, AuctionRow, CompactHolding, HoldingsSummary);

#[cfg(test)]
mod tests {
    use super::*;

    const SBIN: &str = r#"{"tradingsymbol":"SBIN","exchange":"BSE","isin":"INE062A01020","quantity":16,"t1_quantity":4,
        "average_price":421.125,"pnl":-0.5,"mtf":{"quantity":0},"authorisation":{},"auction_number":"7"}"#;

    #[test]
    fn a_holding_is_read() {
        let row: HoldingRow = serde_json::from_str(SBIN).unwrap();
        assert_eq!((row.quantity, row.t1_quantity), (16, 4));
        assert_eq!(row.average_price.unwrap().units(), 4_211_250);
        assert_eq!((row.last_price, row.used_quantity), (None, None));
        assert_eq!(row.mtf.unwrap().quantity, 0);
        assert_eq!(row.symbol.to_string(), "BSE:SBIN");
        assert_eq!(row.extra.keys().collect::<Vec<_>>(), ["auction_number", "authorisation"]);
    }

    #[test]
    fn a_holding_without_units_is_not_one_of_zero() {
        for none in ["", r#","quantity":null"#, r#","quantity":"""#, r#","quantity":1,"t1_quantity":null"#] {
            let json = format!(r#"{{"tradingsymbol":"SBIN","exchange":"BSE"{none}}}"#);
            assert!(serde_json::from_str::<HoldingRow>(&json).is_err(), "{json}");
            assert!(serde_json::from_str::<CompactHolding>(&json).is_err(), "{json}");
        }
    }

    #[test]
    fn an_auction_is_a_holding_with_a_number() {
        let row: AuctionRow = serde_json::from_str(SBIN).unwrap();
        assert_eq!((row.auction_number.as_str(), row.holding.quantity), ("7", 16));
        assert_eq!(row.holding.extra.keys().collect::<Vec<_>>(), ["authorisation"]);
        assert!(serde_json::from_str::<AuctionRow>(&SBIN.replace(r#""7""#, "null")).is_err());
    }

    #[test]
    fn a_summary_lacks_no_sum() {
        let summary = r#"{"total_pnl":6798.235950000001,"today_pnl":-76.8,"invested_amount":1,"current_value":2,"x":3}"#;
        let read: HoldingsSummary = serde_json::from_str(summary).unwrap();
        assert_eq!((read.total_pnl.units(), read.extra.len()), (67_982_360, 1));
        assert!(serde_json::from_str::<HoldingsSummary>(&summary.replace("-76.8", "null")).is_err());
    }
}
