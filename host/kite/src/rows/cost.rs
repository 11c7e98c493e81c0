//! What an order would tie up and what it would cost, by the broker's reckoning.
//!
//! To a hundredth of a paisa: the broker sends floats with more digits than money has.

use super::book::{Record, read_as_record};
use super::order::symbol;
use crate::wire::Word;
use crate::wire::fields::{Extra, Fields};
use market::{InstrumentToken, Money, Price, Product, Side, Symbol};
use serde_json::Value;

/// What one order, or one basket of them, ties up. Without a total there is none; other parts may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderMargin {
    /// `equity`, `commodity`; none for a basket.
    pub segment: Option<String>,
    /// What is traded; the word `:` for a basket.
    pub symbol: Word<Symbol>,
    /// All of it.
    pub total: Money,
    /// Span margin.
    pub span: Option<Money>,
    /// Exposure margin.
    pub exposure: Option<Money>,
    /// Option premium, negative when it comes in.
    pub option_premium: Option<Money>,
    /// Asked for beyond the exchange's rule.
    pub additional: Option<Money>,
    /// Blocked in cash.
    pub cash: Option<Money>,
    /// Value at risk, for shares.
    pub var: Option<Money>,
    /// What it would cost to trade.
    pub charges: Option<Charges>,
    /// What else the record says, as it came: `bo`, `pnl`, `leverage` and what is new.
    pub extra: Extra,
    /// Fields that were there and could not be read.
    pub odd: Vec<&'static str>,
}

/// What a basket of orders ties up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasketMargins {
    /// One after another.
    pub initial: OrderMargin,
    /// All together, hedges counted.
    pub combined: OrderMargin,
    /// Each alone.
    pub orders: Vec<OrderMargin>,
    /// What it would cost to trade them.
    pub charges: Option<Charges>,
    /// What else the record says, as it came.
    pub extra: Extra,
}

/// What the trade of one order costs beyond its price. Without a total there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charges {
    /// All of them.
    pub total: Money,
    /// Tax on the transaction.
    pub transaction_tax: Option<Money>,
    /// `stt` or `ctt`.
    pub transaction_tax_type: Option<String>,
    /// The exchange's.
    pub exchange_turnover_charge: Option<Money>,
    /// The regulator's.
    pub sebi_turnover_charge: Option<Money>,
    /// The broker's.
    pub brokerage: Option<Money>,
    /// Stamp duty.
    pub stamp_duty: Option<Money>,
    /// Goods and services tax in all; its parts stand in `extra`.
    pub gst: Option<Money>,
    /// What else the record says, as it came.
    pub extra: Extra,
}

/// One line of a contract note that the broker reckons beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractLine {
    /// What was traded.
    pub symbol: Word<Symbol>,
    /// Which way.
    pub side: Word<Side>,
    /// How it is held.
    pub product: Word<Product>,
    /// Units.
    pub quantity: u32,
    /// At this price.
    pub price: Option<Price>,
    /// What it costs.
    pub charges: Charges,
    /// What else the record says, as it came.
    pub extra: Extra,
    /// Fields that were there and could not be read.
    pub odd: Vec<&'static str>,
}

/// Between which prices the trigger of a cover order may lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerRange {
    /// The broker's number of the instrument; zero in some answers.
    pub token: InstrumentToken,
    /// Not below this.
    pub lower: Price,
    /// Not above this.
    pub upper: Price,
    /// What else the record says, as it came.
    pub extra: Extra,
}

impl Record for OrderMargin {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let margin = Self {
            total: fields.needed_money("total")?,
            segment: fields.text("type"),
            symbol: symbol(&mut fields),
            span: fields.maybe_money("span"),
            exposure: fields.maybe_money("exposure"),
            option_premium: fields.maybe_money("option_premium"),
            additional: fields.maybe_money("additional"),
            cash: fields.maybe_money("cash"),
            var: fields.maybe_money("var"),
            charges: fields.record("charges", Charges::read),
            extra: Extra::new(),
            odd: Vec::new(),
        };
        let (extra, odd) = fields.rest();
        Ok(Self { extra, odd, ..margin })
    }

    fn odd(&self) -> &[&'static str] {
        &self.odd
    }
}

impl Record for BasketMargins {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let initial = fields.needed_record("initial", OrderMargin::read)?;
        let combined = fields.needed_record("final", OrderMargin::read)?;
        let orders = fields.records("orders", OrderMargin::read);
        let charges = fields.record("charges", Charges::read);
        match fields.rest() {
            (extra, odd) if !odd.contains(&"orders") => {
                Ok(Self { initial, combined, orders, charges, extra })
            }
            _ => Err("one of its `orders` cannot be read".to_owned()),
        }
    }

    fn odd(&self) -> &[&'static str] {
        &[]
    }
}

impl Charges {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let charges = Self {
            total: fields.needed_money("total")?,
            transaction_tax: fields.maybe_money("transaction_tax"),
            transaction_tax_type: fields.text("transaction_tax_type"),
            exchange_turnover_charge: fields.maybe_money("exchange_turnover_charge"),
            sebi_turnover_charge: fields.maybe_money("sebi_turnover_charge"),
            brokerage: fields.maybe_money("brokerage"),
            stamp_duty: fields.maybe_money("stamp_duty"),
            gst: None,
            extra: Extra::new(),
        };
        let gst = fields.record("gst", Fields::of);
        let (mut extra, _) = fields.rest();
        let mut of_gst = None;
        if let Some(mut parts) = gst {
            of_gst = parts.maybe_money("total");
            extra.insert("gst".to_owned(), Value::Object(parts.rest().0));
        }
        Ok(Self { gst: of_gst, extra, ..charges })
    }
}

impl Record for ContractLine {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let line = Self {
            charges: fields.needed_record("charges", Charges::read)?,
            quantity: fields.needed_count("quantity")?,
            symbol: symbol(&mut fields),
            side: fields.word("transaction_type"),
            product: fields.word("product"),
            price: fields.maybe_price("price"),
            extra: Extra::new(),
            odd: Vec::new(),
        };
        let (extra, odd) = fields.rest();
        Ok(Self { extra, odd, ..line })
    }

    fn odd(&self) -> &[&'static str] {
        &self.odd
    }
}

impl Record for TriggerRange {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let (lower, upper) = (fields.needed_price("lower")?, fields.needed_price("upper")?);
        let token = fields.count("instrument_token");
        Ok(Self { token, lower, upper, extra: fields.rest().0 })
    }

    fn odd(&self) -> &[&'static str] {
        &[]
    }
}

read_as_record!(OrderMargin, BasketMargins, ContractLine, TriggerRange);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn margin(total: Value) -> Value {
        json!({"type": "equity", "exchange": "NSE", "tradingsymbol": "INFY", "span": null, "var": 1498, "total": total,
            "charges": {"total": 1.79255122, "gst": {"igst": 0.011372219999999999, "total": 0.011372219999999999}}})
    }

    #[test]
    fn a_margin_is_read_to_a_hundredth_of_a_paisa_and_null_is_not_zero() {
        let read = OrderMargin::read(margin(json!(1498.05))).unwrap();
        assert_eq!((read.total, read.span), (Money::from_paise(149_805), None));
        let charges = read.charges.unwrap();
        assert_eq!((charges.total.units(), charges.gst.unwrap().units()), (17_926, 114));
        assert_eq!(charges.extra["gst"]["igst"], 0.011_372_219_999_999_999);
    }

    #[test]
    fn a_margin_without_a_total_is_none_and_a_basket_lacks_no_order() {
        assert!(OrderMargin::read(margin(json!(null))).is_err());
        let whole = margin(json!(1));
        let basket = |order: Value| json!({"initial": whole, "final": whole, "orders": [whole, order], "charges": null});
        assert_eq!(BasketMargins::read(basket(whole.clone())).unwrap().orders.len(), 2);
        assert!(BasketMargins::read(basket(margin(json!("x")))).is_err());
    }
}
