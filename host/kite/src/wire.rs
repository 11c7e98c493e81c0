//! Tolerant readers for Kite's JSON: null, "" and missing alike, numbers as text, words we do not know.
//!
//! Floats become fixed point here and nowhere later. Knows no particular record.

pub(crate) mod fields;

use market::{DepthLevel, Money, Price, Symbol, Timestamp, UNITS_PER_RUPEE, Venue};
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;
use std::str::FromStr;

/// Below this, in rupees, a float names every unit of 1/10 000 rupee; from here on it would skip some.
const EXACT_FLOAT_RUPEES: f64 = 2.0e11;

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

/// A price as a JSON number, digit by digit.
pub(crate) fn decimal(price: Price) -> Box<RawValue> {
    RawValue::from_string(price.to_string()).expect("a decimal is a JSON number")
}

/// Text; `None` for null, "" and missing. Whole numbers are taken as their digits.
pub(crate) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    text_of(&Value::deserialize(from)?).map_err(D::Error::custom)
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

/// A whole number of any size; zero where there is none. Fractions are refused, `1.0` is not one.
pub(crate) fn whole<'de, D: Deserializer<'de>, T: TryFrom<i64>>(from: D) -> Result<T, D::Error> {
    exact_whole(&Value::deserialize(from)?).map_err(D::Error::custom)
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

pub(crate) fn price_of(value: &Value) -> Result<Price, String> {
    Ok(Price::from_units(units_of(value)?.unwrap_or_default()))
}

/// An amount of rupees in its smallest units, exactly: what a float cannot carry to the last unit is refused, not rounded.
/// `None` for null and "".
fn units_of(value: &Value) -> Result<Option<i64>, String> {
    let out_of_range = || "an amount out of range".to_owned();
    if let Some(rupees) = value.as_i64() {
        return rupees.checked_mul(UNITS_PER_RUPEE).map(Some).ok_or_else(out_of_range);
    }
    if let Some(amount) = value.as_str().and_then(|text| without_commas(text).parse::<Money>().ok()) {
        return Ok(Some(amount.units()));
    }
    let Some(rupees) = number_of(value)? else { return Ok(None) };
    let exact = rupees.abs() < EXACT_FLOAT_RUPEES;
    let amount = if exact { Money::from_wire(rupees) } else { None };
    amount.map(|amount| Some(amount.units())).ok_or_else(out_of_range)
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
            let number = without_commas(text).parse();
            number.map(Some).map_err(|_| "a number expected, found text".to_owned())
        }
        other => Err(format!("a number expected, found {}", kind(other))),
    }
}

fn without_commas(text: &str) -> String {
    text.trim().replace(',', "")
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
    use proptest::prelude::*;
    use serde_json::json;

    fn fields_of(value: Value) -> fields::Fields {
        fields::Fields::of(value).unwrap()
    }

    #[test]
    fn null_empty_and_missing_are_the_same() {
        let nothing = [
            json!({}),
            json!({"tag": "", "price": "", "quantity": "", "time": ""}),
            json!({"tag": null, "price": null, "quantity": null, "time": null, "tags": null}),
        ];
        for value in nothing {
            let mut row = fields_of(value);
            assert_eq!((row.text("tag"), row.maybe_price("price"), row.instant("time")), (None, None, None));
            assert_eq!((row.maybe_count::<u32>("quantity"), row.texts("tags")), (None, vec![]));
            assert!(row.rest().1.is_empty());
        }
    }

    #[test]
    fn a_null_where_a_number_belongs_is_named() {
        let mut row = fields_of(json!({"price": null, "quantity": "", "here": 0}));
        assert_eq!((row.price("price"), row.count("quantity"), row.count("here")), (Price::ZERO, 0, 0));
        assert_eq!((row.count("missing"), row.rest().1), (0, vec!["price", "quantity"]));
    }

    #[test]
    fn numbers_come_as_floats_or_as_text() {
        let mut read = fields_of(json!({"price": "1,23,456.70", "quantity": 10.0, "other": 1412.95}));
        assert_eq!(read.maybe_price("price"), Some(Price::from_paise(12_345_670)));
        assert_eq!(read.maybe_price("other"), Some(Price::from_paise(141_295)));
        assert_eq!(read.needed_count::<u32>("quantity"), Ok(10));
        for wrong in [json!(1.5), json!(-1), json!("abc"), json!([1]), json!(4_294_967_296_u64)] {
            let mut read = fields_of(json!({"quantity": wrong}));
            assert_eq!(
                (read.maybe_count::<u32>("quantity"), read.rest().1),
                (None, vec!["quantity"]),
                "{wrong}"
            );
        }
    }

    #[test]
    fn amounts_are_exact_to_the_last_unit_or_refused() {
        let units = |value: Value| units_of(&value).unwrap().unwrap();
        // The sum of these floats is 0.30000000000000004, and the broker sends such sums.
        assert_eq!(units(json!(0.1)) + units(json!(0.2)), units(json!(0.3)));
        assert_eq!(units(json!(99_725.050_000_000_02)), 997_250_500);
        assert_eq!(units(json!(199_999_999_999.999_9)), 1_999_999_999_999_999);
        // Neither of these fits into a float.
        assert_eq!(units(json!(900_719_925_474_099_i64)), 9_007_199_254_740_990_000);
        assert_eq!(units(json!("9,00,71,99,25,47,409.0993")), 900_719_925_474_090_993);
        for wrong in
            [json!(2.0e11), json!(-9.0e15), json!(922_337_203_685_478_i64), json!(u64::MAX), json!("1e300")]
        {
            assert_eq!(units_of(&wrong), Err("an amount out of range".to_owned()), "{wrong}");
        }
        for nothing in [json!(null), json!(""), json!(" ")] {
            assert_eq!(units_of(&nothing), Ok(None));
        }
    }

    proptest! {
        #[test]
        fn every_amount_below_the_bound_is_read_as_it_was_written(units in -1_999_999_999_999_999_i64..2_000_000_000_000_000) {
            let written = Money::from_units(units).to_string();
            let number: Value = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(units_of(&number), Ok(Some(units)));
            prop_assert_eq!(units_of(&json!(written)), Ok(Some(units)));
        }
    }

    #[test]
    fn unknown_words_are_kept() {
        assert_eq!(Word::read("BUY"), Word::Known(Side::Buy));
        assert_eq!(Word::<Side>::read("BORROW"), Word::Other("BORROW".into()));
        assert_eq!(symbol("MF", "INF123").to_string(), "MF:INF123");
    }
}
