//! What a strategy says of itself, in our own types: the web form and the subscriptions are made from it.
//!
//! Knows nothing of forms or feeds. How values are checked against it stands in `manifest/bind.rs`.

mod bind;
mod read;
mod warm_up;

pub use bind::ParamError;
pub(crate) use read::{read, value_out};
pub use warm_up::{WarmUp, WarmUpCount, WarmUpInterval, WarmUpWish};

use market::{Interval, Price};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Values for every declared parameter of a manifest, by name.
pub type Params = BTreeMap<String, Value>;

/// What a strategy says of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Its name.
    pub name: String,
    /// Its version, in the author's own counting.
    pub version: String,
    /// One line about it.
    pub summary: String,
    /// What can be set at a start.
    pub parameters: Vec<Parameter>,
    /// Instruments beside those named by parameters.
    pub instruments: Vec<String>,
    /// Which events it wants.
    pub hears: Hears,
    /// Intervals of candles it hears, beside those named by parameters.
    pub candles: Vec<Interval>,
    /// Bars that must be there before the first event, as far as that is said without parameters.
    pub warm_up: Vec<WarmUpWish>,
    /// Names and values the host may understand.
    pub tags: BTreeMap<String, String>,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// One line for the person who fills the form.
    pub doc: String,
    /// Its type, default and bounds.
    #[serde(flatten)]
    pub kind: ParameterKind,
    /// Hints for the form, which may leave them alone.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// A parameter's type, with default and bounds. Without a default it must be given at every start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "kind")]
pub enum ParameterKind {
    /// A whole number.
    Integer {
        /// Taken when none is given.
        default: Option<i64>,
        /// The smallest allowed.
        min: i64,
        /// The largest allowed.
        max: i64,
    },
    /// A plain number.
    Number {
        /// Taken when none is given.
        default: Option<f64>,
        /// The smallest allowed.
        min: f64,
        /// The largest allowed.
        max: f64,
    },
    /// An amount in rupees.
    Price {
        /// Taken when none is given.
        default: Option<Price>,
        /// The smallest allowed.
        min: Price,
        /// The largest allowed.
        max: Price,
    },
    /// Yes or no.
    Toggle {
        /// Taken when none is given.
        default: bool,
    },
    /// Free text.
    Text {
        /// Taken when none is given.
        default: Option<String>,
        /// The longest allowed, in characters.
        max_length: u32,
    },
    /// One of a list.
    Choice {
        /// Taken when none is given.
        default: Option<String>,
        /// What may be chosen.
        choices: Vec<String>,
    },
    /// `NSE:INFY`.
    Instrument {
        /// Taken when none is given.
        default: Option<String>,
    },
    /// A length of candles.
    Interval {
        /// Taken when none is given.
        default: Option<Interval>,
    },
}

/// A parameter's value, of the kind declared for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind", content = "value")]
pub enum Value {
    /// A whole number.
    Integer(i64),
    /// A plain number.
    Number(f64),
    /// An amount.
    Price(Price),
    /// Yes or no.
    Toggle(bool),
    /// Free text.
    Text(String),
    /// One of a list.
    Choice(String),
    /// `NSE:INFY`.
    Instrument(String),
    /// A length of candles.
    Interval(Interval),
}

/// Which events a strategy wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hears {
    /// Market snapshots.
    pub ticks: bool,
    /// Finished bars.
    pub candles: bool,
    /// Changes of its own orders.
    pub orders: bool,
    /// Its timers.
    pub timers: bool,
    /// Notices.
    pub notices: bool,
}

impl Manifest {
    /// The instruments of a run: those named in the manifest, then those of its parameters, each once.
    pub fn instruments(&self, params: &Params) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let named = params.values().filter_map(|value| match value {
            Value::Instrument(symbol) => Some(symbol),
            _ => None,
        });
        let all = self.instruments.iter().chain(named);
        all.filter(|symbol| seen.insert((*symbol).clone())).cloned().collect()
    }

    /// The intervals of candles a run hears: those of the manifest and of its parameters, shortest first.
    pub fn intervals(&self, params: &Params) -> Vec<Interval> {
        let named = params.values().filter_map(|value| match value {
            Value::Interval(interval) => Some(*interval),
            _ => None,
        });
        let all: BTreeSet<_> = self.candles.iter().copied().chain(named).collect();
        all.into_iter().collect()
    }
}

impl Value {
    /// As a form shows it.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Integer(number) => (*number).into(),
            Self::Number(number) => (*number).into(),
            Self::Price(price) => price.to_wire().into(),
            Self::Toggle(on) => (*on).into(),
            Self::Text(text) | Self::Choice(text) | Self::Instrument(text) => text.as_str().into(),
            Self::Interval(interval) => interval.as_str().into(),
        }
    }
}
