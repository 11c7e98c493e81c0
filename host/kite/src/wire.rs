//! Tolerant readers for Kite's JSON: null, "" and missing alike, numbers as text, words we do not know.
//!
//! Floats become fixed point here and nowhere later. Knows no particular record.

pub(crate) mod fields;

use market::{DepthLevel, Money, Price, Symbol, Timestamp, Venue};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use std::fmt;
use std::str::FromStr;

/// A word of an enumeration, or one that we do not know and keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word<T> {
    /// One we know.
    Known(T),
    /// The broker's text.
    Other(String),
}

impl<T> Word<T> {
    /// The value, if it is one we know.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Other(_) => None,
        }
    }
}

impl<T> Default for Word<T> {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

impl<T: FromStr> Word<T> {
    pub(crate) fn read(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Other(text.to_owned()), Self::Known)
    }
}

impl<T: fmt::Display> fmt::Display for Word<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(value) => value.fmt(f),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// `exchange` and `tradingsymbol` as one symbol.
pub(crate) fn symbol(exchange: &str, name: &str) -> Word<Symbol> {
    let known = exchange.parse::<Venue>().ok().and_then(|venue| Symbol::new(venue, name));
    known.map_or_else(|| Word::Other(format!("{exchange}:{name}")), Word::Known)
}

/// Text; `None` for null, "" and missing. Whole numbers are taken as their digits.
pub(crate) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    text_of(&Value::deserialize(from)?).map_err(D::Error::custom)
}

/// Text that must be there.
pub(crate) fn required<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text(from)?.ok_or_else(|| D::Error::custom("text expected, found nothing"))
}

/// Text, empty where there is none.
pub(crate) fn text_or_empty<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(text(from)?.unwrap_or_default())
}

/// A word of an enumeration.
pub(crate) fn word<'de, D: Deserializer<'de>, T: FromStr>(from: D) -> Result<Word<T>, D::Error> {
    Ok(Word::read(&text_or_empty(from)?))
}

/// A list of texts; null and missing are an empty list.
pub(crate) fn texts<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::<Vec<String>>::deserialize(from)?.unwrap_or_default())
}

/// Kite's 19 characters, read as IST. Anything else is no time.
pub(crate) fn instant<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(instant_of(&Value::deserialize(from)?).unwrap_or_default())
}

/// A price; zero where there is none.
pub(crate) fn price<'de, D: Deserializer<'de>>(from: D) -> Result<Price, D::Error> {
    price_of(&Value::deserialize(from)?).map_err(D::Error::custom)
}

/// A price that must be there. Nothing is not zero.
pub(crate) fn needed_price<'de, D: Deserializer<'de>>(from: D) -> Result<Price, D::Error> {
    let value = Value::deserialize(from)?;
    needed(&value).and_then(|()| price_of(&value)).map_err(D::Error::custom)
}

/// An amount; zero where there is none.
pub(crate) fn money<'de, D: Deserializer<'de>>(from: D) -> Result<Money, D::Error> {
    money_of(&Value::deserialize(from)?).map_err(D::Error::custom)
}

/// An amount that must be there. Nothing is not zero.
pub(crate) fn needed_money<'de, D: Deserializer<'de>>(from: D) -> Result<Money, D::Error> {
    let value = Value::deserialize(from)?;
    needed(&value).and_then(|()| money_of(&value)).map_err(D::Error::custom)
}

/// A whole number of any size; zero where there is none. Fractions are refused, `1.0` is not one.
pub(crate) fn whole<'de, D: Deserializer<'de>, T: TryFrom<i64>>(from: D) -> Result<T, D::Error> {
    exact_whole(&Value::deserialize(from)?).map_err(D::Error::custom)
}

/// A whole number that must be there. Nothing is not zero.
pub(crate) fn needed_whole<'de, D: Deserializer<'de>, T: TryFrom<i64>>(from: D) -> Result<T, D::Error> {
    let value = Value::deserialize(from)?;
    needed(&value).and_then(|()| exact_whole(&value)).map_err(D::Error::custom)
}

/// `true`, `1`, `"True"` and the like; anything else is false.
pub(crate) fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(flag_of(&Value::deserialize(from)?))
}

/// Up to five levels of depth, padded with empty ones.
pub(crate) fn levels<'de, D: Deserializer<'de>>(from: D) -> Result<[DepthLevel; 5], D::Error> {
    #[derive(Deserialize)]
    struct Level {
        #[serde(default, deserialize_with = "price")]
        price: Price,
        #[serde(default, deserialize_with = "whole")]
        quantity: u32,
        #[serde(default, deserialize_with = "whole")]
        orders: u16,
    }
    let given = Option::<Vec<Level>>::deserialize(from)?.unwrap_or_default();
    let mut levels = [DepthLevel::default(); 5];
    for (level, Level { price, quantity, orders }) in levels.iter_mut().zip(given) {
        *level = DepthLevel { price, quantity, orders };
    }
    Ok(levels)
}

fn needed(value: &Value) -> Result<(), String> {
    match number_of(value)? {
        Some(_) => Ok(()),
        None => Err("a number expected, found nothing".to_owned()),
    }
}

fn text_of(value: &Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) if !number.is_f64() => Ok(Some(number.to_string())),
        other => Err(format!("text expected, found {}", kind(other))),
    }
}

fn instant_of(value: &Value) -> Result<Option<Timestamp>, String> {
    let read = |text: String| Timestamp::parse_ist(&text).map_err(|_| "not a time".to_owned());
    text_of(value)?.map(read).transpose()
}

fn price_of(value: &Value) -> Result<Price, String> {
    Price::from_wire(number_of(value)?.unwrap_or(0.0)).ok_or_else(|| "a price out of range".to_owned())
}

fn money_of(value: &Value) -> Result<Money, String> {
    Money::from_wire(number_of(value)?.unwrap_or(0.0)).ok_or_else(|| "an amount out of range".to_owned())
}

fn exact_whole<T: TryFrom<i64>>(value: &Value) -> Result<T, String> {
    let exact = match value.as_i64() {
        Some(exact) => exact,
        None => {
            let number = number_of(value)?.unwrap_or(0.0);
            if number.fract() != 0.0 || number.abs() >= 9.0e15 {
                return Err("a whole number expected".to_owned());
            }
            number as i64
        }
    };
    T::try_from(exact).map_err(|_| "a number out of range".to_owned())
}

fn flag_of(value: &Value) -> bool {
    match value {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_i64() == Some(1),
        Value::String(text) => matches!(text.as_str(), "true" | "True" | "1"),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// `None` for null and "".
fn number_of(value: &Value) -> Result<Option<f64>, String> {
    match value {
        Value::Null => Ok(None),
        Value::Number(number) => number.as_f64().map(Some).ok_or_else(|| "a number out of range".to_owned()),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        // Amounts are sometimes written for people: 1,23,456.70
        Value::String(text) => {
            let number = text.trim().replace(',', "").parse();
            number.map(Some).map_err(|_| "a number expected, found text".to_owned())
        }
        other => Err(format!("a number expected, found {}", kind(other))),
    }
}

/// The kind of a value, without its content: that may be anything, and errors are printed.
const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::Side;
    use serde_json::json;

    #[derive(Deserialize, Debug)]
    struct Row {
        #[serde(default, deserialize_with = "text")]
        tag: Option<String>,
        #[serde(default, deserialize_with = "price")]
        price: Price,
        #[serde(default, deserialize_with = "whole")]
        quantity: u32,
        #[serde(default, deserialize_with = "word")]
        side: Word<Side>,
        #[serde(default, deserialize_with = "instant")]
        time: Option<Timestamp>,
        #[serde(default, deserialize_with = "texts")]
        tags: Vec<String>,
    }

    fn row(value: Value) -> Result<Row, serde_json::Error> {
        serde_json::from_value(value)
    }

    #[test]
    fn null_empty_and_missing_are_the_same() {
        let nothing = [
            json!({}),
            json!({"tag": "", "price": "", "quantity": "", "side": "", "time": ""}),
            json!({"tag": null, "price": null, "quantity": null, "side": null, "time": null, "tags": null}),
        ];
        for value in nothing {
            let row = row(value).unwrap();
            assert_eq!((row.tag, row.price, row.quantity, row.time), (None, Price::ZERO, 0, None));
            assert_eq!((row.side, row.tags), (Word::Other(String::new()), vec![]));
        }
    }

    #[test]
    fn numbers_come_as_floats_or_as_text() {
        let read = row(json!({"price": "1,23,456.70", "quantity": 10.0})).unwrap();
        assert_eq!((read.price, read.quantity), (Price::from_paise(12_345_670), 10));
        assert_eq!(row(json!({"price": 1412.95})).unwrap().price, Price::from_paise(141_295));
        for wrong in [
            json!({"quantity": 1.5}),
            json!({"quantity": -1}),
            json!({"price": "abc"}),
            json!({"price": [1]}),
        ] {
            assert!(row(wrong).is_err());
        }
    }

    #[test]
    fn unknown_words_are_kept() {
        assert_eq!(row(json!({"side": "BUY"})).unwrap().side, Word::Known(Side::Buy));
        assert_eq!(row(json!({"side": "BORROW"})).unwrap().side, Word::Other("BORROW".into()));
        assert_eq!(symbol("MF", "INF123").to_string(), "MF:INF123");
    }
}
