//! One parameter as the manifest tells it and the form asks for it. Knows no strategy and no value.

use crate::amounts::Price;
use crate::market_data::Interval;

/// A parameter's type, with its default and its bounds. Without a default it must be given at every start.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum ParameterKind {
    Integer { default: Option<i64>, min: i64, max: i64 },
    Number { default: Option<f64>, min: f64, max: f64 },
    Price { default: Option<Price>, min: Price, max: Price },
    Toggle { default: bool },
    Text { default: Option<String>, max_length: u32 },
    Choice { default: Option<String>, choices: Vec<String> },
    Instrument { default: Option<String> },
    Interval { default: Option<Interval> },
}

/// One parameter, as the trader's form shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// The field's name.
    pub name: String,
    /// The field's doc comment.
    pub doc: String,
    /// Its type, default and bounds.
    pub kind: ParameterKind,
}
