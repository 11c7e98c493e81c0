//! Price alerts at the broker, and when they went off.

use super::book::{Record, read_as_record};
use super::quote::Quote;
use crate::wire::Word;
use crate::wire::fields::{Extra, Fields};
use crate::words::{AlertKind, AlertStatus, Comparison};
use market::{Price, Timestamp};
use serde_json::Value;

/// One alert. Without number and status there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRow {
    /// The broker's number.
    pub uuid: String,
    /// Whose it is.
    pub user_id: Option<String>,
    /// The trader's name for it.
    pub name: String,
    /// What it does.
    pub kind: Word<AlertKind>,
    /// Where it is on its way.
    pub status: Word<AlertStatus>,
    /// Why it does not watch.
    pub disabled_reason: Option<String>,
    /// What is watched.
    pub left: AlertSide,
    /// How it is compared.
    pub operator: Word<Comparison>,
    /// With what it is compared: `constant`, `instrument` or a word that is new.
    pub right_type: Option<String>,
    /// That instrument, where it is one.
    pub right: AlertSide,
    /// That number, where it is one.
    pub right_constant: Option<Price>,
    /// How often it went off.
    pub alert_count: Option<u32>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// What it sends, as it came.
    pub basket: Option<Value>,
    /// What else the record says, as it came.
    pub extra: Extra,
    /// Fields that were there and could not be read.
    pub odd: Vec<&'static str>,
}

/// One side of an alert's comparison. The exchange of an index is `INDICES`, which is no place to trade at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlertSide {
    /// The exchange, as the broker names it.
    pub exchange: Option<String>,
    /// The instrument.
    pub tradingsymbol: Option<String>,
    /// Which of its figures.
    pub attribute: Option<String>,
}

/// One time that an alert went off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertEvent {
    /// The alert.
    pub uuid: String,
    /// What it does.
    pub kind: Word<AlertKind>,
    /// What was true, in the broker's words.
    pub condition: String,
    /// When.
    pub created_at: Option<Timestamp>,
    /// The prices at that time.
    pub quotes: Vec<Quote>,
    /// What came of the orders it sent, as it came.
    pub order_meta: Option<Value>,
    /// What else the record says, as it came.
    pub extra: Extra,
    /// Fields that were there and could not be read.
    pub odd: Vec<&'static str>,
}

impl Record for AlertRow {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let row = Self {
            uuid: fields.needed_text("uuid")?,
            status: Word::read(&fields.needed_text("status")?),
            user_id: fields.text("user_id"),
            name: fields.text("name").unwrap_or_default(),
            kind: fields.word("type"),
            disabled_reason: fields.text("disabled_reason"),
            left: AlertSide {
                exchange: fields.text("lhs_exchange"),
                tradingsymbol: fields.text("lhs_tradingsymbol"),
                attribute: fields.text("lhs_attribute"),
            },
            operator: fields.word("operator"),
            right_type: fields.text("rhs_type"),
            right: AlertSide {
                exchange: fields.text("rhs_exchange"),
                tradingsymbol: fields.text("rhs_tradingsymbol"),
                attribute: fields.text("rhs_attribute"),
            },
            right_constant: fields.maybe_price("rhs_constant"),
            alert_count: fields.maybe_count("alert_count"),
            created_at: fields.instant("created_at"),
            updated_at: fields.instant("updated_at"),
            basket: fields.record("basket", Ok),
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

impl Record for AlertEvent {
    fn read(record: Value) -> Result<Self, String> {
        let mut fields = Fields::of(record)?;
        let quote = |value| serde_json::from_value(value).map_err(|error| error.to_string());
        let row = Self {
            uuid: fields.needed_text("uuid")?,
            kind: fields.word("type"),
            condition: fields.text("condition").unwrap_or_default(),
            created_at: fields.instant("created_at"),
            quotes: fields.records("meta", quote),
            order_meta: fields.record("order_meta", Ok),
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

read_as_record!(AlertRow, AlertEvent);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_alert_keeps_words_it_does_not_know_and_its_basket() {
        let row = AlertRow::read(
            json!({"uuid": "u", "status": "asleep", "type": "ato", "operator": "~", "rhs_constant": "71.8",
            "basket": {"items": [{"weight": 1}]}, "new": 1}),
        )
        .unwrap();
        assert_eq!((row.status.to_string(), row.operator.to_string()), ("asleep".into(), "~".into()));
        assert_eq!(row.right_constant, Some(Price::from_paise(7_180)));
        assert_eq!(
            (row.basket.unwrap()["items"][0]["weight"].clone(), row.extra["new"].clone()),
            (json!(1), json!(1))
        );
        assert!(AlertRow::read(json!({"uuid": "", "status": "enabled"})).is_err());
    }

    #[test]
    fn an_alert_that_went_off_keeps_the_quotes_it_can_read() {
        let row = AlertEvent::read(
            json!({"uuid": "u", "meta": [{"instrument_token": 1, "last_price": 5}, {"last_price": null}]}),
        );
        let row = row.unwrap();
        assert_eq!((row.quotes.len(), row.odd), (1, vec!["meta"]));
    }
}
