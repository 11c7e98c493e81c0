//! Checks what a person filled in against what a manifest declares. All errors at once, each naming its parameter.

use super::{Manifest, Parameter, ParameterKind, Params, Value};
use market::{Interval, Price, Symbol};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// What is wrong with one parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
#[error("{parameter}: {message}")]
pub struct ParamError {
    /// Which one.
    pub parameter: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Manifest {
    /// Values for every declared parameter, given or by default.
    ///
    /// # Errors
    /// Every parameter that is unknown, missing, of the wrong kind or out of bounds.
    pub fn bind(&self, mut given: Map<String, Json>) -> Result<Params, Vec<ParamError>> {
        let mut params = Params::new();
        let mut errors = Vec::new();
        for parameter in &self.parameters {
            let value = given.remove(&parameter.name).filter(|value| !value.is_null());
            match parameter.take(value) {
                Ok(value) => drop(params.insert(parameter.name.clone(), value)),
                Err(message) => errors.push(ParamError { parameter: parameter.name.clone(), message }),
            }
        }
        for parameter in given.into_iter().map(|(name, _)| name) {
            errors.push(ParamError { parameter, message: self.unknown() });
        }
        if errors.is_empty()
            && let Some((parameter, message)) = self.too_much_warm_up(&params)
        {
            errors.push(ParamError { parameter, message });
        }
        if errors.is_empty() { Ok(params) } else { Err(errors) }
    }

    fn unknown(&self) -> String {
        let names: Vec<_> = self.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        if names.is_empty() {
            return "is no parameter of this strategy, which has none".to_owned();
        }
        format!("is no parameter of this strategy: it has {}", names.join(", "))
    }
}

impl Parameter {
    fn take(&self, given: Option<Json>) -> Result<Value, String> {
        match given {
            Some(value) => self.kind.check(&value),
            None => self.kind.default().ok_or_else(|| "must be given".to_owned()),
        }
    }
}

impl ParameterKind {
    /// The value taken when none is given.
    pub fn default(&self) -> Option<Value> {
        match self {
            Self::Integer { default, .. } => default.map(Value::Integer),
            Self::Number { default, .. } => default.map(Value::Number),
            Self::Price { default, .. } => default.map(Value::Price),
            Self::Toggle { default } => Some(Value::Toggle(*default)),
            Self::Text { default, .. } => default.clone().map(Value::Text),
            Self::Choice { default, .. } => default.clone().map(Value::Choice),
            Self::Instrument { default } => default.clone().map(Value::Instrument),
            Self::Interval { default } => default.map(Value::Interval),
        }
    }

    /// One given value, or what is wrong with it.
    pub(crate) fn check(&self, given: &Json) -> Result<Value, String> {
        match self {
            Self::Integer { min, max, .. } => {
                let number = whole(given).ok_or_else(|| wrong(given, "a whole number"))?;
                within(number, *min, *max).map(Value::Integer)
            }
            Self::Number { min, max, .. } => {
                let number = given.as_f64().ok_or_else(|| wrong(given, "a number"))?;
                within(number, *min, *max).map(Value::Number)
            }
            Self::Price { min, max, .. } => {
                let rupees = given.as_f64().and_then(Price::from_wire);
                let price = rupees.ok_or_else(|| wrong(given, "an amount in rupees"))?;
                within(price, *min, *max).map(Value::Price)
            }
            Self::Toggle { .. } => {
                given.as_bool().map(Value::Toggle).ok_or_else(|| wrong(given, "true or false"))
            }
            Self::Text { max_length, .. } => check_text(given, *max_length).map(Value::Text),
            Self::Choice { choices, .. } => check_choice(given, choices).map(Value::Choice),
            Self::Instrument { .. } => {
                let text = given.as_str().ok_or_else(|| wrong(given, "an instrument such as NSE:INFY"))?;
                let symbol: Symbol = text.parse().map_err(|error| format!("{error}"))?;
                Ok(Value::Instrument(symbol.to_string()))
            }
            Self::Interval { .. } => {
                let text = given.as_str().ok_or_else(|| wrong(given, "an interval such as 5minute"))?;
                text.parse::<Interval>().map(Value::Interval).map_err(|error| error.to_string())
            }
        }
    }
}

/// A JSON number that is whole, also when it was written as `10.0`.
fn whole(given: &Json) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let from_float = || given.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < EXACT);
    given.as_i64().or_else(|| from_float().map(|number| number as i64))
}

fn within<T: PartialOrd + std::fmt::Display>(value: T, min: T, max: T) -> Result<T, String> {
    if value >= min && value <= max {
        return Ok(value);
    }
    Err(format!("{value} is out of bounds: it must be from {min} to {max}"))
}

fn check_text(given: &Json, max_length: u32) -> Result<String, String> {
    let text = given.as_str().ok_or_else(|| wrong(given, "text"))?;
    let length = text.chars().count();
    if length > max_length as usize {
        return Err(format!("is {length} characters long: at most {max_length} are allowed"));
    }
    Ok(text.to_owned())
}

fn check_choice(given: &Json, choices: &[String]) -> Result<String, String> {
    let text = given.as_str().filter(|text| choices.iter().any(|choice| choice == text));
    text.map(str::to_owned).ok_or_else(|| wrong(given, &format!("one of {}", choices.join(", "))))
}

fn wrong(given: &Json, wanted: &str) -> String {
    let shown: String = given.to_string().chars().take(64).collect();
    format!("{shown} must be {wanted}")
}
