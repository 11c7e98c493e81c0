//! Reads a manifest as a guest gave it, and refuses what does not hold together.

use super::{Hears, Manifest, Parameter, ParameterKind, Value, WarmUp};
use crate::bindings::bulkhead::strategy::manifest as wit;
use crate::convert;
use crate::failure::Refusal;
use market::{Price, Symbol};
use std::collections::BTreeSet;

/// Longest name, version, label; longest summary or doc line; most entries of a list.
const NAME_BYTES: usize = 64;
const TEXT_BYTES: usize = 1_024;
const ENTRIES: usize = 100;
/// What the host keeps for a run, so what it can promise before the first event.
const WARM_UP_BARS: u32 = 1_000;
const REMEDY: &str = "correct what `describe` answers and upload again";

/// The manifest in our own types.
///
/// # Errors
/// The first thing in it that does not hold together.
pub(crate) fn read(given: wit::Manifest) -> Result<Manifest, Refusal> {
    let manifest = Manifest {
        name: given.name,
        version: given.version,
        summary: given.summary,
        parameters: given.parameters.into_iter().map(parameter).collect(),
        instruments: given.instruments,
        hears: hears(given.hears),
        candles: given.candles.into_iter().map(convert::interval_in).collect(),
        warm_up: given.warm_up.into_iter().map(warm_up).collect(),
        tags: given.tags.into_iter().collect(),
    };
    check(&manifest).map_err(|reason| Refusal::new(format!("the manifest is wrong: {reason}"), REMEDY))?;
    Ok(manifest)
}

/// A value in the guest's types.
pub(crate) fn value_out(value: &Value) -> wit::Value {
    match value {
        Value::Integer(number) => wit::Value::Integer(*number),
        Value::Number(number) => wit::Value::Number(*number),
        Value::Price(price) => wit::Value::Price(price.units()),
        Value::Toggle(on) => wit::Value::Toggle(*on),
        Value::Text(text) => wit::Value::Text(text.clone()),
        Value::Choice(text) => wit::Value::Choice(text.clone()),
        Value::Instrument(symbol) => wit::Value::Instrument(symbol.clone()),
        Value::Interval(interval) => wit::Value::Interval(convert::interval_out(*interval)),
    }
}

fn parameter(given: wit::Parameter) -> Parameter {
    let price = Price::from_units;
    let kind = match given.kind {
        wit::ParameterKind::Integer(k) => {
            ParameterKind::Integer { default: k.default, min: k.min, max: k.max }
        }
        wit::ParameterKind::Number(k) => ParameterKind::Number { default: k.default, min: k.min, max: k.max },
        wit::ParameterKind::Price(k) => {
            ParameterKind::Price { default: k.default.map(price), min: price(k.min), max: price(k.max) }
        }
        wit::ParameterKind::Toggle(default) => ParameterKind::Toggle { default },
        wit::ParameterKind::Text(k) => ParameterKind::Text { default: k.default, max_length: k.max_length },
        wit::ParameterKind::Choice(k) => ParameterKind::Choice { default: k.default, choices: k.choices },
        wit::ParameterKind::Instrument(default) => ParameterKind::Instrument { default },
        wit::ParameterKind::Interval(default) => {
            ParameterKind::Interval { default: default.map(convert::interval_in) }
        }
    };
    Parameter { name: given.name, doc: given.doc, kind }
}

fn hears(given: wit::Hears) -> Hears {
    Hears {
        ticks: given.contains(wit::Hears::TICKS),
        candles: given.contains(wit::Hears::CANDLES),
        orders: given.contains(wit::Hears::ORDERS),
        timers: given.contains(wit::Hears::TIMERS),
        notices: given.contains(wit::Hears::NOTICES),
    }
}

fn warm_up(given: wit::WarmUp) -> WarmUp {
    WarmUp { interval: convert::interval_in(given.interval), count: given.count }
}

fn check(manifest: &Manifest) -> Result<(), String> {
    check_line("name", &manifest.name, NAME_BYTES)?;
    check_line("version", &manifest.version, NAME_BYTES)?;
    if manifest.name.trim().is_empty() {
        return Err("name is empty".to_owned());
    }
    check_text("summary", &manifest.summary, TEXT_BYTES)?;
    check_count("parameters", manifest.parameters.len())?;
    check_count("instruments", manifest.instruments.len())?;
    check_count("candles", manifest.candles.len())?;
    check_count("warm-up", manifest.warm_up.len())?;
    check_count("tags", manifest.tags.len())?;
    for (name, value) in &manifest.tags {
        check_line("tag", name, NAME_BYTES)?;
        check_text("tag", value, TEXT_BYTES)?;
    }
    for symbol in &manifest.instruments {
        symbol.parse::<Symbol>().map_err(|error| error.to_string())?;
    }
    if let Some(warm_up) = manifest.warm_up.iter().find(|warm_up| warm_up.count > WARM_UP_BARS) {
        return Err(format!("warm-up asks for {} bars: at most {WARM_UP_BARS} are kept", warm_up.count));
    }
    check_parameters(&manifest.parameters)
}

fn check_parameters(parameters: &[Parameter]) -> Result<(), String> {
    let mut names = BTreeSet::new();
    for parameter in parameters {
        let name = &parameter.name;
        check_line("parameter name", name, NAME_BYTES)?;
        check_text(name, &parameter.doc, TEXT_BYTES)?;
        if name.is_empty() || !names.insert(name) {
            return Err(format!("parameter name `{name}` is empty or there twice"));
        }
        check_bounds(&parameter.kind).map_err(|reason| format!("parameter {name}: {reason}"))?;
        if let Some(default) = parameter.kind.default() {
            parameter
                .kind
                .check(&default.to_json())
                .map_err(|reason| format!("parameter {name}: its own default breaks its bounds: {reason}"))?;
        }
    }
    Ok(())
}

fn check_bounds(kind: &ParameterKind) -> Result<(), String> {
    let (holds, what) = match kind {
        ParameterKind::Integer { min, max, .. } => (min <= max, "min is above max"),
        ParameterKind::Number { min, max, .. } => (min <= max, "min and max are not in order"),
        ParameterKind::Price { min, max, .. } => (min <= max, "min is above max"),
        ParameterKind::Choice { choices, .. } => {
            (!choices.is_empty() && choices.len() <= ENTRIES, "choices must be 1 to 100")
        }
        ParameterKind::Text { max_length, .. } => {
            (*max_length as usize <= TEXT_BYTES, "max-length is above 1 024")
        }
        ParameterKind::Toggle { .. } | ParameterKind::Instrument { .. } | ParameterKind::Interval { .. } => {
            (true, "")
        }
    };
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

fn check_line(what: &str, text: &str, limit: usize) -> Result<(), String> {
    if text.chars().any(char::is_control) {
        return Err(format!("{what} holds control characters"));
    }
    check_text(what, text, limit)
}

fn check_text(what: &str, text: &str, limit: usize) -> Result<(), String> {
    if text.len() <= limit {
        return Ok(());
    }
    Err(format!("{what} is {} bytes long: at most {limit} are allowed", text.len()))
}

fn check_count(what: &str, count: usize) -> Result<(), String> {
    if count <= ENTRIES {
        return Ok(());
    }
    Err(format!("{count} {what}: at most {ENTRIES} are allowed"))
}
