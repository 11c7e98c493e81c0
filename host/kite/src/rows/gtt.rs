//! Good-till-triggered orders: what waits at the broker, and what became of it.

use super::book::{Record, read_as_record};
use super::order::symbol;
use super::position::named;
use crate::order_params::BrokerOrderId;
use crate::wire::Word;
use crate::wire::fields::{Extra, Fields};
use crate::words::{GttKind, GttStatus};
use market::{InstrumentToken, OrderKind, Price, Product, Side, Symbol, Timestamp};
use serde_json::Value;

/// The broker's number of a trigger.
pub type TriggerId = u64;

/// One trigger. Without number, status and condition there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GttRow {
    /// The broker's number.
    pub id: TriggerId,
    /// Whose it is.
    pub user_id: Option<String>,
    /// The trigger that made this one.
    pub parent_trigger: Option<TriggerId>,
    /// How many prices it waits for.
    pub kind: Word<GttKind>,
    /// Where it is on its way.
    pub status: Word<GttStatus>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// What it waits for.
    pub condition: GttCondition,
    /// What it sends, one for each price.
    pub orders: Vec<GttOrder>,
    /// What else the record says, as it came.
    pub extra: Extra,
    /// Fields that were there and could not be read. With `orders` among them one of the orders is not shown.
    pub odd: Vec<&'static str>,
}

/// What a trigger waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GttCondition {
    /// Whose price.
    pub symbol: Word<Symbol>,
    /// The broker's number for it.
    pub token: InstrumentToken,
    /// The prices, lowest first.
    pub trigger_values: Vec<Price>,
    /// The price when it was made: it decides from which side each is reached.
    pub last_price: Option<Price>,
    /// What else the record says, as it came.
    pub extra: Extra,
}

/// What a trigger sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GttOrder {
    /// What is traded.
    pub symbol: Word<Symbol>,
    /// Which way.
    pub side: Word<Side>,
    /// How the position is held.
    pub product: Word<Product>,
    /// How the price is named.
    pub kind: Word<OrderKind>,
    /// Units.
    pub quantity: u32,
    /// Limit price.
    pub price: Option<Price>,
    /// What came of it, once it was sent.
    pub result: Option<GttResult>,
    /// What else the record says, as it came.
    pub extra: Extra,
}

/// What came of an order that a trigger sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GttResult {
    /// When it was sent.
    pub timestamp: Option<Timestamp>,
    /// The price that set it off.
    pub triggered_at: Option<Price>,
    /// `success`, `failed` or a word that is new.
    pub status: Option<String>,
    /// The order in the book, if it got there.
    pub order_id: Option<BrokerOrderId>,
    /// Why not.
    pub rejection_reason: Option<String>,
    /// What else the record says, as it came.
    pub extra: Extra,
}

impl Record for GttRow {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let row = Self {
            id: fields.needed_count("id")?,
            status: Word::read(&fields.needed_text("status")?),
            condition: fields.needed_record("condition", GttCondition::read)?,
            user_id: fields.text("user_id"),
            parent_trigger: fields.maybe_count("parent_trigger"),
            kind: fields.word("type"),
            created_at: fields.instant("created_at"),
            updated_at: fields.instant("updated_at"),
            expires_at: fields.instant("expires_at"),
            orders: fields.records("orders", GttOrder::read),
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

read_as_record!(GttRow);

impl GttCondition {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let condition = Self {
            symbol: named(&mut fields)?,
            trigger_values: fields.needed_prices("trigger_values")?,
            token: fields.count("instrument_token"),
            last_price: fields.maybe_price("last_price"),
            extra: Extra::new(),
        };
        Ok(Self { extra: fields.rest().0, ..condition })
    }
}

impl GttOrder {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let order = Self {
            quantity: fields.needed_count("quantity")?,
            symbol: symbol(&mut fields),
            side: fields.word("transaction_type"),
            product: fields.word("product"),
            kind: fields.word("order_type"),
            price: fields.maybe_price("price"),
            result: fields.record("result", GttResult::read),
            extra: Extra::new(),
        };
        Ok(Self { extra: fields.rest().0, ..order })
    }
}

impl GttResult {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let (timestamp, triggered_at) = (fields.instant("timestamp"), fields.maybe_price("triggered_at"));
        let (status, order_id, rejection_reason) = fields.record("order_result", outcome).unwrap_or_default();
        Ok(Self { timestamp, triggered_at, status, order_id, rejection_reason, extra: fields.rest().0 })
    }
}

type OrderOutcome = (Option<String>, Option<BrokerOrderId>, Option<String>);

fn outcome(record: Value) -> Result<OrderOutcome, String> {
    let mut fields = Fields::of(record)?;
    let order_id = fields.text("order_id").and_then(|number| number.parse().ok());
    Ok((fields.text("status"), order_id, fields.text("rejection_reason")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn trigger() -> Value {
        json!({"id": 7, "type": "two-leg", "status": "triggered", "parent_trigger": null,
            "condition": {"exchange": "NSE", "tradingsymbol": "INFY", "trigger_values": [1400, 1500.05], "last_price": 1450},
            "orders": [{"exchange": "NSE", "tradingsymbol": "INFY", "transaction_type": "SELL", "quantity": 5,
                "order_type": "LIMIT", "product": "CNC", "price": 1399.95, "result": null}], "meta": null})
    }

    #[test]
    fn a_trigger_is_read_with_its_prices_and_orders() {
        let row = GttRow::read(trigger()).unwrap();
        assert_eq!(
            (row.id, row.kind, row.status),
            (7, Word::Known(GttKind::TwoLeg), Word::Known(GttStatus::Triggered))
        );
        assert_eq!(row.condition.trigger_values, [Price::from_rupees(1_400), Price::from_paise(150_005)]);
        assert_eq!(
            (row.orders[0].price, row.orders[0].result.clone()),
            (Some(Price::from_paise(139_995)), None)
        );
        assert!(row.odd.is_empty());
    }

    #[test]
    fn unknown_words_are_kept_and_an_order_that_cannot_be_read_is_named() {
        let mut record = trigger();
        record["type"] = json!("trailing-single");
        record["status"] = json!("sleeping");
        record["orders"][0]["quantity"] = json!(null);
        let row = GttRow::read(record).unwrap();
        assert_eq!(
            (row.kind.to_string(), row.status.to_string()),
            ("trailing-single".into(), "sleeping".into())
        );
        assert_eq!((row.orders.len(), row.odd), (0, vec!["orders"]));
    }

    #[test]
    fn a_trigger_without_number_status_or_prices_is_none() {
        for (name, value) in [
            ("id", json!(null)),
            ("status", json!("")),
            ("condition", json!(null)),
            ("condition", json!({"exchange": "NSE", "tradingsymbol": "INFY", "trigger_values": [null]})),
            ("condition", json!({"exchange": "NSE", "tradingsymbol": "INFY", "trigger_values": 5})),
        ] {
            let mut record = trigger();
            record[name] = value;
            assert!(GttRow::read(record.clone()).is_err(), "{record}");
        }
    }
}
