//! Reads a manifest as a guest gave it, and refuses what does not hold together.

use super::{Hears, Manifest, Parameter, ParameterKind, Value, WarmUpCount, WarmUpInterval, WarmUpWish};
use crate::bindings::bulkhead::strategy::manifest as wit;
use crate::convert;
use crate::failure::Refusal;
use market::{Price, Symbol};
use std::collections::BTreeSet;

/// Longest name, version, label; longest summary or doc line; most entries of a list.
const NAME_BYTES: usize = 64;
const TEXT_BYTES: usize = 1_024;
const ENTRIES: usize = 100;
/// Most tags of anything.
const TAGS: usize = 16;
const REMEDY: &str = "correct what `describe` answers and upload again";

/// The manifest in our own types.
///
/// # Errors
/// The first thing in it that does not hold together.
pub(crate) fn read(given: wit::Manifest) -> Result<Manifest, Refusal> {
    let refused = |reason| Refusal::new(format!("the manifest is wrong: {reason}"), REMEDY);
    let every = given.parameters.iter().map(|parameter| &parameter.tags).chain([&given.tags]);
    every.into_iter().try_for_each(|tags| check_tags(tags)).map_err(refused)?;
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
    check(&manifest).map_err(refused)?;
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
    Parameter { name: given.name, doc: given.doc, kind, tags: given.tags.into_iter().collect() }
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

fn warm_up(given: wit::WarmUp) -> WarmUpWish {
    let interval = match given.interval {
        wit::WarmUpInterval::Fixed(interval) => WarmUpInterval::Fixed(convert::interval_in(interval)),
        wit::WarmUpInterval::Parameter(parameter) => WarmUpInterval::Parameter { parameter },
    };
    let count = match given.count {
        wit::WarmUpCount::Fixed(count) => WarmUpCount::Fixed(count),
        wit::WarmUpCount::Parameter(wit::Scaled { name, times, plus }) => {
            WarmUpCount::Parameter { parameter: name, times, plus }
        }
    };
    WarmUpWish { interval, count }
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
    for symbol in &manifest.instruments {
        symbol.parse::<Symbol>().map_err(|error| error.to_string())?;
    }
    check_parameters(&manifest.parameters)?;
    manifest.warm_up.iter().try_for_each(|wish| wish.check(manifest))?;
    check_hears(manifest)
}

/// Events that could never come are a mistake of the author's, and better found before the market opens.
fn check_hears(manifest: &Manifest) -> Result<(), String> {
    let asks = |fits: fn(&ParameterKind) -> bool| manifest.parameters.iter().any(|it| fits(&it.kind));
    let instrument =
        !manifest.instruments.is_empty() || asks(|kind| matches!(kind, ParameterKind::Instrument { .. }));
    let interval =
        !manifest.candles.is_empty() || asks(|kind| matches!(kind, ParameterKind::Interval { .. }));
    let Hears { ticks, candles, .. } = manifest.hears;
    if (ticks || candles) && !instrument {
        return Err(
            "it hears ticks or candles but names no instrument: name one in the manifest, or declare an \
             instrument parameter"
                .to_owned(),
        );
    }
    if candles && !interval {
        return Err(
            "it hears candles but of no interval: name one in the manifest, declare an interval parameter, \
             or do not ask for candles"
                .to_owned(),
        );
    }
    Ok(())
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

fn check_tags(tags: &[(String, String)]) -> Result<(), String> {
    if tags.len() > TAGS {
        return Err(format!("{} tags: at most {TAGS} are allowed", tags.len()));
    }
    let mut names = BTreeSet::new();
    for (name, value) in tags {
        check_line("tag", name, NAME_BYTES)?;
        check_text("tag", value, TEXT_BYTES)?;
        if name.is_empty() || !names.insert(name) {
            return Err(format!("tag `{name}` is empty or there twice"));
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> wit::Manifest {
        wit::Manifest {
            name: "m".to_owned(),
            version: "1".to_owned(),
            summary: String::new(),
            parameters: Vec::new(),
            instruments: Vec::new(),
            hears: wit::Hears::empty(),
            candles: Vec::new(),
            warm_up: Vec::new(),
            tags: Vec::new(),
        }
    }

    fn parameter(kind: wit::ParameterKind) -> Vec<wit::Parameter> {
        vec![wit::Parameter { name: "p".to_owned(), doc: String::new(), kind, tags: Vec::new() }]
    }

    fn refused(manifest: wit::Manifest) -> String {
        read(manifest).expect_err("it must be refused").reason
    }

    #[test]
    fn who_hears_ticks_or_bars_names_an_instrument() {
        let infy = || vec!["NSE:INFY".to_owned()];
        for hears in [wit::Hears::TICKS, wit::Hears::CANDLES] {
            let said = refused(wit::Manifest { hears, candles: vec![a_day()], ..given() });
            assert!(said.contains("names no instrument"), "{said}");
        }
        read(wit::Manifest { hears: wit::Hears::TICKS, instruments: infy(), ..given() }).unwrap();
        let parameters = parameter(wit::ParameterKind::Instrument(None));
        read(wit::Manifest { hears: wit::Hears::TICKS, parameters, ..given() }).unwrap();
        read(wit::Manifest { hears: wit::Hears::TIMERS, ..given() }).unwrap();
    }

    #[test]
    fn who_hears_bars_says_of_which_length() {
        let hearing = || wit::Manifest {
            hears: wit::Hears::CANDLES,
            instruments: vec!["NSE:INFY".to_owned()],
            ..given()
        };
        assert!(refused(hearing()).contains("of no interval"));
        read(wit::Manifest { candles: vec![a_day()], ..hearing() }).unwrap();
        read(wit::Manifest { parameters: parameter(wit::ParameterKind::Interval(None)), ..hearing() })
            .unwrap();
    }

    #[test]
    fn tags_are_few_short_and_each_name_once() {
        let tag = |name: String, bytes: usize| (name, "x".repeat(bytes));
        let with = |tags| wit::Manifest { tags, ..given() };
        read(with((0..16).map(|it| tag(it.to_string(), 1_024)).collect())).unwrap();
        let many = (0..17).map(|it| tag(it.to_string(), 1)).collect();
        assert!(refused(with(many)).contains("17 tags: at most 16"));
        assert!(refused(with(vec![tag("a".into(), 1), tag("a".into(), 2)])).contains("there twice"));
        assert!(refused(with(vec![tag("a".into(), 1_025)])).contains("at most 1024"));
        let mut parameters = parameter(wit::ParameterKind::Toggle(false));
        parameters[0].tags = vec![tag(String::new(), 1)];
        assert!(refused(wit::Manifest { parameters, ..given() }).contains("is empty"));
    }

    fn a_day() -> crate::bindings::bulkhead::strategy::types::Interval {
        convert::interval_out(market::Interval::Day)
    }
}
