//! The types that a parameter can have: how the manifest says each, and how it comes from the host's value and back.

use super::{Choice, ParameterType, Rules, Symbol, Value};
use crate::amounts::Price;
use crate::market_data::Interval;
use crate::parameter::ParameterKind;

/// Whole numbers a JSON number carries exactly: ±(2⁵³ − 1).
const EXACT_IN_JSON: i64 = 9_007_199_254_740_991;
/// Longest text where the author names no `max_length`, in characters.
const DEFAULT_MAX_LENGTH: u32 = 256;
/// Highest price where the author names no `max`: ten crore rupees.
const DEFAULT_MAX_PRICE: Price = Price::rupees(100_000_000);

/// A parameter's type for which `min` and `max` mean something.
///
/// ```compile_fail,E0277
/// #[derive(sdk::Parameters)]
/// struct Params {
///     #[param(min = true)]
///     eager: bool,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`min` and `max` do not apply to a parameter of type `{Self}`",
    label = "has no bounds",
    note = "they are for i64, u32, f64 and Price: remove them"
)]
pub trait Bounded {}

/// A parameter's type for which `max_length` means something.
///
/// ```compile_fail,E0277
/// #[derive(sdk::Parameters)]
/// struct Params {
///     #[param(max_length = 3)]
///     count: u32,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`max_length` does not apply to a parameter of type `{Self}`",
    label = "has no length",
    note = "it is for String: remove it"
)]
pub trait Lengthy {}

/// A parameter's type that can say how many bars of warm-up there must be.
///
/// ```compile_fail,E0277
/// #[derive(sdk::Parameters)]
/// struct Params {
///     #[param(warm_up = sdk::Interval::Day)]
///     share: f64,
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`warm_up` does not apply to a parameter of type `{Self}`",
    label = "counts nothing",
    note = "it is for i64 and u32: remove it, or name fixed bars in `Strategy::WARM_UP`"
)]
pub trait Whole {}

impl Bounded for i64 {}
impl Bounded for u32 {}
impl Bounded for f64 {}
impl Bounded for Price {}
impl Lengthy for String {}
impl Whole for i64 {}
impl Whole for u32 {}

impl ParameterType for i64 {
    fn kind(rules: Rules<Self>) -> ParameterKind {
        let (min, max) = (rules.min.unwrap_or(-EXACT_IN_JSON), rules.max.unwrap_or(EXACT_IN_JSON));
        ParameterKind::Integer { default: rules.default, min, max }
    }

    fn from_value(value: Value) -> Option<Self> {
        let Value::Integer(it) = value else { return None };
        Some(it)
    }

    fn to_value(&self) -> Value {
        Value::Integer(*self)
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

    fn to_value(&self) -> Value {
        Value::Integer(i64::from(*self))
    }
}

impl ParameterType for f64 {
    fn kind(rules: Rules<Self>) -> ParameterKind {
        let (min, max) = (rules.min.unwrap_or(f64::MIN), rules.max.unwrap_or(f64::MAX));
        ParameterKind::Number { default: rules.default, min, max }
    }

    fn from_value(value: Value) -> Option<Self> {
        let Value::Number(it) = value else { return None };
        Some(it)
    }

    fn to_value(&self) -> Value {
        Value::Number(*self)
    }
}

impl ParameterType for Price {
    fn kind(rules: Rules<Self>) -> ParameterKind {
        let (min, max) = (rules.min.unwrap_or(Price::ZERO), rules.max.unwrap_or(DEFAULT_MAX_PRICE));
        ParameterKind::Price { default: rules.default, min, max }
    }

    fn from_value(value: Value) -> Option<Self> {
        let Value::Price(it) = value else { return None };
        Some(it)
    }

    fn to_value(&self) -> Value {
        Value::Price(*self)
    }
}

impl ParameterType for bool {
    fn kind(rules: Rules<Self>) -> ParameterKind {
        ParameterKind::Toggle { default: rules.default.unwrap_or(false) }
    }

    fn from_value(value: Value) -> Option<Self> {
        let Value::Toggle(it) = value else { return None };
        Some(it)
    }

    fn to_value(&self) -> Value {
        Value::Toggle(*self)
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
        let Value::Text(it) = value else { return None };
        Some(it)
    }

    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl ParameterType for Symbol {
    fn kind(rules: Rules<Self>) -> ParameterKind {
        ParameterKind::Instrument { default: rules.default.map(|symbol| symbol.to_string()) }
    }

    fn from_value(value: Value) -> Option<Self> {
        let Value::Instrument(it) = value else { return None };
        Some(Symbol::from(it.as_str()))
    }

    fn to_value(&self) -> Value {
        Value::Instrument(self.to_string())
    }
}

impl ParameterType for Interval {
    fn kind(rules: Rules<Self>) -> ParameterKind {
        ParameterKind::Interval { default: rules.default }
    }

    fn from_value(value: Value) -> Option<Self> {
        let Value::Interval(it) = value else { return None };
        Some(it)
    }

    fn to_value(&self) -> Value {
        Value::Interval(*self)
    }
}

impl<T: Choice> ParameterType for T {
    fn kind(rules: Rules<Self>) -> ParameterKind {
        let choices = T::choices().into_iter().map(|(name, _)| name.to_owned()).collect();
        ParameterKind::Choice { default: rules.default.map(|it| it.name().to_owned()), choices }
    }

    fn from_value(value: Value) -> Option<Self> {
        let Value::Choice(name) = value else { return None };
        T::choices().into_iter().find(|it| it.0 == name).map(|it| it.1)
    }

    fn to_value(&self) -> Value {
        Value::Choice(self.name().to_owned())
    }
}
