//! Parameters: what a trader can set at a start, declared by `#[derive(Parameters)]` on a struct.
//!
//! A field's type decides what the form asks for, `#[param(default = …, min = …, max = …)]` says the rest, and
//! the doc comment is the line that the trader reads. Knows no strategy; the types stand in `params/types.rs`.

mod symbol;
mod types;

pub use symbol::Symbol;
pub use types::{Bounded, Lengthy, Whole};

use crate::amounts::Price;
use crate::error::Error;
use crate::market_data::Interval;
use crate::parameter::{Parameter, ParameterKind};
use crate::warm_up::WarmUp;
use std::collections::BTreeMap;

/// A struct of parameters. Derive it.
pub trait Parameters: Sized {
    /// The parameters in the order of their fields.
    fn declare() -> Vec<Parameter>;
    /// Fills the struct. The host has checked the values already; an error here names what it missed.
    fn fill(values: &mut Values) -> Result<Self, Error>;
    /// The values that are in the struct, by name: what a test desk plays the host with.
    fn values(&self) -> Vec<(String, Value)> {
        Vec::new()
    }
    /// Bars that must be there before the first event, as `#[param(warm_up = …)]` says.
    fn warm_up() -> Vec<WarmUp> {
        Vec::new()
    }
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
    /// As the host's value.
    fn to_value(&self) -> Value;
    /// What stands in where the author declared no default and the trader gave nothing: off for a toggle, and nothing for
    /// the rest, which must be given.
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
