//! One record of the broker, taken apart field by field: strict where money hangs on it, tolerant everywhere else.
//!
//! A tolerant field that cannot be read is left at its default and named, so that one odd ornament does not hide an
//! order. What nobody asked for is kept as it came.

use super::{Word, exact_whole, instant_of, kind, number_of, price_of, text_of, units_of};
use market::{Money, Price, Timestamp};
use serde_json::{Map, Value};
use std::str::FromStr;

/// Fields of a record that have no place of their own, as they came.
pub type Extra = Map<String, Value>;

/// A record being read.
#[derive(Debug)]
pub(crate) struct Fields {
    left: Extra,
    odd: Vec<&'static str>,
}

impl Fields {
    /// The fields of an object; anything else is no record.
    pub(crate) fn of(record: Value) -> Result<Self, String> {
        match record {
            Value::Object(left) => Ok(Self { left, odd: Vec::new() }),
            other => Err(format!("a record expected, found {}", kind(&other))),
        }
    }

    /// Text that must be there.
    pub(crate) fn needed_text(&mut self, name: &'static str) -> Result<String, String> {
        let text = text_of(&self.take(name)).map_err(|reason| format!("`{name}`: {reason}"))?;
        text.ok_or_else(|| format!("`{name}` is missing"))
    }

    /// A whole number that must be there: nothing is not zero.
    pub(crate) fn needed_count<T: TryFrom<i64>>(&mut self, name: &'static str) -> Result<T, String> {
        let value = self.needed(name)?;
        exact_whole(&value).map_err(|reason| format!("`{name}`: {reason}"))
    }

    /// A price that must be there and be one.
    pub(crate) fn needed_price(&mut self, name: &'static str) -> Result<Price, String> {
        let value = self.needed(name)?;
        let price = price_of(&value).map_err(|reason| format!("`{name}`: {reason}"))?;
        if price > Price::ZERO { Ok(price) } else { Err(format!("`{name}` is not a positive price")) }
    }

    /// A price that must be there, zero included: an instrument that never traded has that.
    pub(crate) fn needed_amount(&mut self, name: &'static str) -> Result<Price, String> {
        self.needed_money(name).map(|amount| Price::from_units(amount.units()))
    }

    /// An amount that must be there: nothing is not zero.
    pub(crate) fn needed_money(&mut self, name: &'static str) -> Result<Money, String> {
        let units = units_of(&self.needed(name)?).map_err(|reason| format!("`{name}`: {reason}"))?;
        units.map(Money::from_units).ok_or_else(|| format!("`{name}` is missing"))
    }

    /// A record within this one that must be there.
    pub(crate) fn needed_record<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Value) -> Result<T, String>,
    ) -> Result<T, String> {
        let value = self.needed(name)?;
        read(value).map_err(|reason| format!("`{name}`: {reason}"))
    }

    /// A list that must be there, of whatever.
    pub(crate) fn needed_list(&mut self, name: &'static str) -> Result<Vec<Value>, String> {
        match self.take(name) {
            Value::Array(items) => Ok(items),
            other => Err(format!("`{name}`: a list expected, found {}", kind(&other))),
        }
    }

    /// Text, where there is some.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        self.tolerant(name, text_of)
    }

    /// A list of texts. A lone text is a list of one; what is no text in a list is left out.
    pub(crate) fn texts(&mut self, name: &'static str) -> Vec<String> {
        let value = self.take(name);
        let items = match value {
            Value::Null => Vec::new(),
            Value::Array(items) => items,
            other => vec![other],
        };
        let read: Vec<_> = items.iter().map(text_of).collect();
        if read.iter().any(Result::is_err) {
            self.odd.push(name);
        }
        read.into_iter().filter_map(|text| text.ok().flatten()).collect()
    }

    /// A word of an enumeration, or the text it is.
    pub(crate) fn word<T: FromStr>(&mut self, name: &'static str) -> Word<T> {
        Word::read(&self.text(name).unwrap_or_default())
    }

    /// A whole number, zero where there is none. Null is no number and is named.
    pub(crate) fn count(&mut self, name: &'static str) -> u32 {
        self.name_if_null(name);
        self.maybe_count(name).unwrap_or_default()
    }

    /// A price, zero where there is none. Null is no price and is named.
    pub(crate) fn price(&mut self, name: &'static str) -> Price {
        self.name_if_null(name);
        self.maybe_price(name).unwrap_or_default()
    }

    /// A whole number, where there is one.
    pub(crate) fn maybe_count<T: TryFrom<i64>>(&mut self, name: &'static str) -> Option<T> {
        self.tolerant(name, |value| match number_of(value)? {
            Some(_) => exact_whole(value).map(Some),
            None => Ok(None),
        })
    }

    /// A price, where there is one.
    pub(crate) fn maybe_price(&mut self, name: &'static str) -> Option<Price> {
        self.tolerant(name, |value| Ok(units_of(value)?.map(Price::from_units)))
    }

    /// An amount, where there is one.
    pub(crate) fn maybe_money(&mut self, name: &'static str) -> Option<Money> {
        self.tolerant(name, |value| Ok(units_of(value)?.map(Money::from_units)))
    }

    /// A record within this one, where there is one. An empty one is none.
    pub(crate) fn record<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Value) -> Result<T, String>,
    ) -> Option<T> {
        match self.take(name) {
            Value::Null => None,
            Value::Object(fields) if fields.is_empty() => None,
            value => read(value).map_err(|_| self.odd.push(name)).ok(),
        }
    }

    /// Records within this one. Those that cannot be read are left out, and the field is named.
    pub(crate) fn records<T>(
        &mut self,
        name: &'static str,
        read: impl FnMut(Value) -> Result<T, String>,
    ) -> Vec<T> {
        let items = match self.take(name) {
            Value::Null => return Vec::new(),
            Value::Array(items) => items,
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                self.odd.push(name);
                return Vec::new();
            }
        };
        let asked = items.len();
        let found: Vec<T> = items.into_iter().map(read).filter_map(Result::ok).collect();
        if found.len() < asked {
            self.odd.push(name);
        }
        found
    }

    /// Prices in a list. One that cannot be read spoils the list: their places mean something.
    pub(crate) fn needed_prices(&mut self, name: &'static str) -> Result<Vec<Price>, String> {
        let wrong = || format!("`{name}` is not a list of prices");
        let items = self.needed_list(name)?;
        let price = |item: &Value| units_of(item).ok().flatten().map(Price::from_units).ok_or_else(wrong);
        items.iter().map(price).collect()
    }

    /// An instant, where there is one.
    pub(crate) fn instant(&mut self, name: &'static str) -> Option<Timestamp> {
        self.tolerant(name, instant_of)
    }

    /// `true`, `1`, `"True"` and the like; anything else is false.
    pub(crate) fn flag(&mut self, name: &'static str) -> bool {
        super::flag_of(&self.take(name))
    }

    /// What nobody asked for, and the names of the fields that could not be read.
    pub(crate) fn rest(self) -> (Extra, Vec<&'static str>) {
        (self.left, self.odd)
    }

    fn take(&mut self, name: &str) -> Value {
        self.left.remove(name).unwrap_or_default()
    }

    fn name_if_null(&mut self, name: &'static str) {
        let null = match self.left.get(name) {
            Some(Value::Null) => true,
            Some(Value::String(text)) => text.trim().is_empty(),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) | None => false,
        };
        if null {
            self.odd.push(name);
        }
    }

    fn needed(&mut self, name: &'static str) -> Result<Value, String> {
        let value = self.take(name);
        let nothing = match &value {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
        };
        if nothing { Err(format!("`{name}` is missing")) } else { Ok(value) }
    }

    fn tolerant<T: Default>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&Value) -> Result<T, String>,
    ) -> T {
        read(&self.take(name)).unwrap_or_else(|_| {
            self.odd.push(name);
            T::default()
        })
    }
}
