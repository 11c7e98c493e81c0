//! Parameters: what a trader can set at a start, declared by `#[derive(Parameters)]` on a struct.
//!
//! A field's type decides what the form asks for, `#[param(default = …, min = …, max = …)]` says the rest, and
//! the doc comment is the line that the trader reads. Knows no strategy.

use crate::amounts::Price;
use crate::error::Error;
use crate::market_data::Interval;
use crate::parameter::{Parameter, ParameterKind};
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

/// Whole numbers a JSON number carries exactly: ±(2⁵³ − 1).
const EXACT_IN_JSON: i64 = 9_007_199_254_740_991;
/// Longest text where the author names no `max_length`, in characters.
const DEFAULT_MAX_LENGTH: u32 = 256;
/// Highest price where the author names no `max`: ten crore rupees.
const DEFAULT_MAX_PRICE: Price = Price::rupees(100_000_000);

/// A struct of parameters. Derive it.
pub trait Parameters: Sized {
    /// The parameters in the order of their fields.
    fn declare() -> Vec<Parameter>;
    /// Fills the struct. The host has checked the values already; an error here names what it missed.
    fn fill(values: &mut Values) -> Result<Self, Error>;
}

impl Parameters for () {
    fn declare() -> Vec<Parameter> {
        Vec::new()
    }

    fn fill(_values: &mut Values) -> Result<Self, Error> {
        Ok(())
    }
}

/// A parameter's value.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Value {
    Integer(i64),
    Number(f64),
    Price(Price),
    Toggle(bool),
    Text(String),
    Choice(String),
    Instrument(String),
    Interval(Interval),
}

/// The values of a start, by name.
#[derive(Debug, Clone, Default)]
pub struct Values(BTreeMap<String, Value>);

impl Values {
    /// Takes the value of one parameter, falling back to its default.
    pub fn take<T: ParameterType>(&mut self, name: &str, rules: Rules<T>) -> Result<T, Error> {
        match (self.0.remove(name), rules.default) {
            (Some(value), _) => T::from_value(value)
                .ok_or_else(|| Error::new(format_args!("parameter `{name}` has a value of the wrong kind"))),
            (None, Some(default)) => Ok(default),
            (None, None) => T::without_default()
                .ok_or_else(|| Error::new(format_args!("parameter `{name}` is missing and has no default"))),
        }
    }
}

impl FromIterator<(String, Value)> for Values {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

/// What `#[param(…)]` says of one field.
#[derive(Debug, Clone)]
pub struct Rules<T> {
    /// Used where the trader gives nothing.
    pub default: Option<T>,
    /// The lowest value allowed.
    pub min: Option<T>,
    /// The highest value allowed.
    pub max: Option<T>,
    /// The longest text allowed, in characters.
    pub max_length: Option<u32>,
}

/// A type that a parameter can have. Enums get it by `#[derive(Choice)]`.
pub trait ParameterType: Sized {
    /// How the manifest says it.
    fn kind(rules: Rules<Self>) -> ParameterKind;
    /// From the host's value; `None` when it is of another kind.
    fn from_value(value: Value) -> Option<Self>;
    /// What stands in where the author declared no default and the trader gave nothing.
    fn without_default() -> Option<Self> {
        None
    }
}

/// An enum whose variants are choices. Derive it: the choices are the variants' names in kebab case.
pub trait Choice: Sized + Clone + 'static {
    /// The choices with their names.
    fn choices() -> Vec<(&'static str, Self)>;
    /// This one's name.
    fn name(&self) -> &'static str;
}

impl ParameterType for i64 {
    fn kind(rules: Rules<Self>) -> ParameterKind {
        let (min, max) = (rules.min.unwrap_or(-EXACT_IN_JSON), rules.max.unwrap_or(EXACT_IN_JSON));
        ParameterKind::Integer { default: rules.default, min, max }
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Integer(it) => Some(it),
            _ => None,
        }
    }
}

impl ParameterType for u32 {
    fn kind(rules: Rules<Self>) -> ParameterKind {
        let (min, max) = (rules.min.unwrap_or(0), rules.max.unwrap_or(u32::MAX));
        ParameterKind::Integer { default: rules.default.map(i64::from), min: min.into(), max: max.into() }
    }

    fn from_value(value: Value) -> Option<Self> {
        i64::from_value(value)?.try_into().ok()
    }
}

impl ParameterType for f64 {
    fn kind(rules: Rules<Self>) -> ParameterKind {
        let (min, max) = (rules.min.unwrap_or(f64::MIN), rules.max.unwrap_or(f64::MAX));
        ParameterKind::Number { default: rules.default, min, max }
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Number(it) => Some(it),
            _ => None,
        }
    }
}

impl ParameterType for Price {
    fn kind(rules: Rules<Self>) -> ParameterKind {
        let (min, max) = (rules.min.unwrap_or(Price::ZERO), rules.max.unwrap_or(DEFAULT_MAX_PRICE));
        ParameterKind::Price { default: rules.default, min, max }
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Price(it) => Some(it),
            _ => None,
        }
    }
}

impl ParameterType for bool {
    fn kind(rules: Rules<Self>) -> ParameterKind {
        ParameterKind::Toggle { default: rules.default.unwrap_or(false) }
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Toggle(it) => Some(it),
            _ => None,
        }
    }

    fn without_default() -> Option<Self> {
        Some(false)
    }
}

impl ParameterType for String {
    fn kind(rules: Rules<Self>) -> ParameterKind {
        let max_length = rules.max_length.unwrap_or(DEFAULT_MAX_LENGTH);
        ParameterKind::Text { default: rules.default, max_length }
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(it) => Some(it),
            _ => None,
        }
    }
}

impl ParameterType for Symbol {
    fn kind(rules: Rules<Self>) -> ParameterKind {
        ParameterKind::Instrument { default: rules.default.map(|symbol| symbol.0) }
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Instrument(it) => Some(Symbol(it)),
            _ => None,
        }
    }
}

impl ParameterType for Interval {
    fn kind(rules: Rules<Self>) -> ParameterKind {
        ParameterKind::Interval { default: rules.default }
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Interval(it) => Some(it),
            _ => None,
        }
    }
}

impl<T: Choice> ParameterType for T {
    fn kind(rules: Rules<Self>) -> ParameterKind {
        let choices = T::choices().into_iter().map(|(name, _)| name.to_owned()).collect();
        ParameterKind::Choice { default: rules.default.map(|it| it.name().to_owned()), choices }
    }

    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Choice(name) => T::choices().into_iter().find(|it| it.0 == name).map(|it| it.1),
            _ => None,
        }
    }
}

/// The name of an instrument, such as `NSE:INFY`. As a parameter it makes the host subscribe to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Symbol(String);

impl From<&str> for Symbol {
    fn from(symbol: &str) -> Self {
        Self(symbol.to_owned())
    }
}

impl Deref for Symbol {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Symbol {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Symbol {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq<str> for Symbol {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Symbol {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl PartialEq<Symbol> for &str {
    fn eq(&self, other: &Symbol) -> bool {
        *self == other.0
    }
}

impl PartialEq<Symbol> for String {
    fn eq(&self, other: &Symbol) -> bool {
        *self == other.0
    }
}
