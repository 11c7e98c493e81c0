//! What a strategy's manifest promises: which events it hears, which bars can come, how much warm-up there is.
//!
//! The host holds a strategy to it, so the desk does. Knows no book.

use crate::manifest::{Manifest, Package, Parameter, ParameterKind, WarmUpCount, WarmUpInterval};
use crate::market_data::Interval;
use crate::params::{Parameters, Value};
use crate::strategy::{Hears, Strategy};
use std::collections::{BTreeMap, BTreeSet};

/// The most bars that the host keeps of an instrument and interval.
pub(super) const BARS_KEPT: usize = 1_000;

/// The manifest of a strategy with the parameters of a run.
#[derive(Debug)]
pub(super) struct Contract {
    pub(super) hears: Hears,
    /// Those of the manifest, then those of the parameters.
    pub(super) instruments: Vec<String>,
    intervals: BTreeSet<Interval>,
    warm_up: BTreeMap<Interval, u64>,
}

impl Contract {
    /// # Panics
    /// When the host would refuse the manifest or the parameters.
    pub(super) fn of<S: Strategy>(params: &S::Params) -> Self {
        let manifest = Manifest::of::<S>(Package { name: "desk", version: "", description: "" });
        check_hears(&manifest);
        let values: BTreeMap<String, Value> = params.values().into_iter().collect();
        for parameter in &manifest.parameters {
            if let Some(wrong) = values.get(&parameter.name).and_then(|value| out_of_bounds(parameter, value))
            {
                panic!("the host would refuse parameter `{}`: {wrong}", parameter.name);
            }
        }
        let instruments = manifest.instruments.iter().cloned().chain(values.values().filter_map(instrument));
        let mut contract = Self {
            hears: manifest.hears,
            instruments: instruments.collect(),
            intervals: manifest.candles.iter().copied().chain(values.values().filter_map(interval)).collect(),
            warm_up: BTreeMap::new(),
        };
        contract.add_warm_up(&manifest, &values);
        contract
    }

    /// # Panics
    /// When bars of this length can never come.
    pub(super) fn expect_bars(&self, interval: Interval) {
        assert!(
            self.intervals.contains(&interval),
            "no {interval} bars will ever come: name Interval::{interval:?} in `const CANDLES`, or declare an Interval \
             parameter and give it that value"
        );
    }

    /// How many of the bars that a test has ready the host would fetch.
    ///
    /// # Panics
    /// When it would fetch none.
    pub(super) fn expect_warm_up(&self, interval: Interval) -> usize {
        let asked = self.warm_up.get(&interval).copied().unwrap_or(0);
        assert!(
            asked > 0,
            "the strategy asks for no {interval} bars before the start: name (Interval::{interval:?}, how many) in \
             `const WARM_UP`, or write #[param(warm_up = Interval::{interval:?})] at the parameter that counts them"
        );
        usize::try_from(asked).unwrap_or(BARS_KEPT).min(BARS_KEPT)
    }

    fn add_warm_up(&mut self, manifest: &Manifest, values: &BTreeMap<String, Value>) {
        for wish in &manifest.warm_up {
            let interval = match wish.interval {
                WarmUpInterval::Fixed(interval) => Some(interval),
                WarmUpInterval::Parameter(name) => values.get(name).and_then(interval),
            };
            let count = match wish.count {
                WarmUpCount::Fixed(count) => u64::from(count),
                WarmUpCount::Parameter { name, times, plus } => {
                    let value = values.get(name).map_or(0, whole);
                    value.saturating_mul(u64::from(times)).saturating_add(u64::from(plus))
                }
            };
            assert!(
                count <= BARS_KEPT as u64,
                "the host would refuse {count} bars before the start: {BARS_KEPT} are kept at most"
            );
            if let Some(interval) = interval {
                let most = self.warm_up.entry(interval).or_default();
                *most = count.max(*most);
            }
        }
    }
}

/// As the host refuses an upload.
fn check_hears(manifest: &Manifest) {
    let asks = |fits: fn(&ParameterKind) -> bool| manifest.parameters.iter().any(|it| fits(&it.kind));
    let instrument =
        !manifest.instruments.is_empty() || asks(|it| matches!(it, ParameterKind::Instrument { .. }));
    let interval = !manifest.candles.is_empty() || asks(|it| matches!(it, ParameterKind::Interval { .. }));
    let hears = |flag| manifest.hears.contains(flag);
    assert!(
        instrument || !(hears(Hears::TICKS) || hears(Hears::CANDLES)),
        "the host would refuse this strategy: it hears ticks or candles but names no instrument; name one in \
         `const INSTRUMENTS`, or declare a Symbol parameter"
    );
    assert!(
        interval || !hears(Hears::CANDLES),
        "the host would refuse this strategy: it hears candles but of no interval; name one in `const CANDLES`, or \
         declare an Interval parameter"
    );
}

fn interval(value: &Value) -> Option<Interval> {
    let Value::Interval(interval) = value else { return None };
    Some(*interval)
}

fn instrument(value: &Value) -> Option<String> {
    let Value::Instrument(symbol) = value else { return None };
    Some(symbol.clone())
}

fn whole(value: &Value) -> u64 {
    let Value::Integer(number) = value else { return 0 };
    u64::try_from(*number).unwrap_or(0)
}

fn out_of_bounds(parameter: &Parameter, value: &Value) -> Option<String> {
    match (&parameter.kind, value) {
        (ParameterKind::Integer { min, max, .. }, Value::Integer(it)) => within(it, min, max),
        (ParameterKind::Number { min, max, .. }, Value::Number(it)) => within(it, min, max),
        (ParameterKind::Price { min, max, .. }, Value::Price(it)) => within(it, min, max),
        (ParameterKind::Text { max_length, .. }, Value::Text(it)) => {
            let length = it.chars().count();
            let fits = length <= *max_length as usize;
            (!fits).then(|| format!("is {length} characters long: at most {max_length} are allowed"))
        }
        (
            ParameterKind::Integer { .. }
            | ParameterKind::Number { .. }
            | ParameterKind::Price { .. }
            | ParameterKind::Toggle { .. }
            | ParameterKind::Text { .. }
            | ParameterKind::Choice { .. }
            | ParameterKind::Instrument { .. }
            | ParameterKind::Interval { .. },
            _,
        ) => None,
    }
}

fn within<T: PartialOrd + std::fmt::Display>(value: &T, min: &T, max: &T) -> Option<String> {
    let fits = value >= min && value <= max;
    (!fits).then(|| format!("{value} is out of bounds: it must be from {min} to {max}"))
}
