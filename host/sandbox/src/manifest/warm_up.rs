//! Bars that a strategy wants before its first event: fixed in the manifest, or following its parameters.

use super::{Manifest, ParameterKind, Params, Value};
use market::Interval;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the host keeps for a run, so what it can promise before the first event.
pub(super) const BARS_MAX: u32 = 1_000;

/// Bars of each instrument that must be there before the first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WarmUp {
    /// How long each is.
    pub interval: Interval,
    /// How many.
    pub count: u32,
}

/// The same as a manifest says it, before the parameters are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WarmUpWish {
    /// How long each is.
    pub interval: WarmUpInterval,
    /// How many.
    pub count: WarmUpCount,
}

/// How long the bars are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum WarmUpInterval {
    /// This long.
    Fixed(Interval),
    /// As long as an interval parameter says.
    Parameter {
        /// The parameter.
        parameter: String,
    },
}

/// How many bars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum WarmUpCount {
    /// That many.
    Fixed(u32),
    /// As many as an integer parameter says, times `times`, plus `plus`.
    Parameter {
        /// The parameter.
        parameter: String,
        /// Times this.
        times: u32,
        /// Plus this.
        plus: u32,
    },
}

impl From<WarmUp> for WarmUpWish {
    /// A wish that follows no parameter.
    fn from(WarmUp { interval, count }: WarmUp) -> Self {
        Self { interval: WarmUpInterval::Fixed(interval), count: WarmUpCount::Fixed(count) }
    }
}

impl Manifest {
    /// The bars of a run with these parameters: one entry an interval, the largest number asked for.
    pub fn warm_up(&self, params: &Params) -> Vec<WarmUp> {
        let mut most: BTreeMap<Interval, u32> = BTreeMap::new();
        for wish in &self.warm_up {
            if let (Some(interval), Some(count)) = (wish.interval(params), wish.count(params)) {
                let known = most.entry(interval).or_default();
                *known = (*known).max(u32::try_from(count).unwrap_or(BARS_MAX).min(BARS_MAX));
            }
        }
        most.into_iter().map(|(interval, count)| WarmUp { interval, count }).collect()
    }

    /// The first wish that asks for more than is kept: the parameter to blame, and what is wrong with it.
    pub(super) fn too_much_warm_up(&self, params: &Params) -> Option<(String, String)> {
        self.warm_up.iter().find_map(|wish| match &wish.count {
            WarmUpCount::Fixed(_) => None,
            WarmUpCount::Parameter { parameter, .. } => {
                let count = wish.count(params).filter(|count| *count > u64::from(BARS_MAX))?;
                let message = format!(
                    "asks for {count} bars before the start: at most {BARS_MAX} are kept, so take less"
                );
                Some((parameter.clone(), message))
            }
        })
    }
}

impl WarmUpWish {
    fn interval(&self, params: &Params) -> Option<Interval> {
        match &self.interval {
            WarmUpInterval::Fixed(interval) => Some(*interval),
            WarmUpInterval::Parameter { parameter } => {
                let Value::Interval(interval) = params.get(parameter)? else { return None };
                Some(*interval)
            }
        }
    }

    fn count(&self, params: &Params) -> Option<u64> {
        match &self.count {
            WarmUpCount::Fixed(count) => Some(u64::from(*count)),
            WarmUpCount::Parameter { parameter, times, plus } => {
                let Value::Integer(value) = params.get(parameter)? else { return None };
                let bars = u64::try_from(*value).unwrap_or(0).saturating_mul(u64::from(*times));
                Some(bars.saturating_add(u64::from(*plus)))
            }
        }
    }

    /// Whether it names what is there and asks for no more than is kept.
    pub(super) fn check(&self, manifest: &Manifest) -> Result<(), String> {
        let kind = |name: &str| {
            let parameter = manifest.parameters.iter().find(|parameter| parameter.name == name);
            parameter.map(|parameter| &parameter.kind)
        };
        if let WarmUpInterval::Parameter { parameter } = &self.interval
            && !matches!(kind(parameter), Some(ParameterKind::Interval { .. }))
        {
            return Err(format!("warm-up follows `{parameter}`, which is no interval parameter"));
        }
        match &self.count {
            WarmUpCount::Fixed(count) if *count > BARS_MAX => {
                Err(format!("warm-up asks for {count} bars: at most {BARS_MAX} are kept"))
            }
            WarmUpCount::Fixed(_) => Ok(()),
            WarmUpCount::Parameter { parameter, .. } => {
                let whole = matches!(kind(parameter), Some(ParameterKind::Integer { .. }));
                let wrong = || format!("warm-up follows `{parameter}`, which is no integer parameter");
                whole.then_some(()).ok_or_else(wrong)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn follows(name: &str, times: u32, plus: u32) -> WarmUpWish {
        let count = WarmUpCount::Parameter { parameter: name.to_owned(), times, plus };
        WarmUpWish { interval: WarmUpInterval::Parameter { parameter: "bars".to_owned() }, count }
    }

    fn manifest(warm_up: Vec<WarmUpWish>) -> Manifest {
        let mut manifest: Manifest = serde_json::from_value(serde_json::json!({
            "name": "m", "version": "1", "summary": "", "instruments": [], "candles": [], "warmUp": [], "tags": {},
            "hears": {"ticks": false, "candles": false, "orders": false, "timers": false, "notices": false},
            "parameters": [
                {"name": "slow", "doc": "", "kind": "integer", "default": 20, "min": 0, "max": 2_000},
                {"name": "bars", "doc": "", "kind": "interval", "default": "5minute"},
            ],
        }))
        .unwrap();
        manifest.warm_up = warm_up;
        manifest
    }

    fn params(slow: i64) -> Params {
        [("slow", Value::Integer(slow)), ("bars", Value::Interval(Interval::Minute15))]
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    }

    #[test]
    fn a_wish_follows_its_parameters_and_the_largest_of_an_interval_counts() {
        let fixed = |count| WarmUpWish {
            interval: WarmUpInterval::Fixed(Interval::Minute15),
            count: WarmUpCount::Fixed(count),
        };
        let manifest = manifest(vec![fixed(10), follows("slow", 2, 1), fixed(30)]);
        let wanted = |count| [WarmUp { interval: Interval::Minute15, count }];
        assert_eq!(manifest.warm_up(&params(50)), wanted(101));
        assert_eq!(manifest.warm_up(&params(5)), wanted(30));
        assert_eq!(manifest.warm_up(&params(-5)), wanted(30), "less than nothing is nothing");
    }

    #[test]
    fn a_wish_reads_in_json_as_a_person_would_write_it() {
        let wishes = [
            follows("slow", 1, 0),
            WarmUpWish { interval: WarmUpInterval::Fixed(Interval::Day), count: WarmUpCount::Fixed(3) },
        ];
        let json = serde_json::json!([
            {"interval": {"parameter": "bars"}, "count": {"parameter": "slow", "times": 1, "plus": 0}},
            {"interval": "day", "count": 3},
        ]);
        assert_eq!(serde_json::to_value(&wishes).unwrap(), json);
        assert_eq!(serde_json::from_value::<Vec<WarmUpWish>>(json).unwrap(), wishes);
    }

    #[test]
    fn a_parameter_that_asks_for_more_than_is_kept_is_named() {
        let manifest = manifest(vec![follows("slow", 1, 1)]);
        assert_eq!(manifest.too_much_warm_up(&params(999)), None);
        let (name, text) = manifest.too_much_warm_up(&params(1_000)).unwrap();
        assert_eq!(name, "slow");
        assert!(text.contains("1001 bars") && text.contains("at most 1000"), "{text}");
        let given = serde_json::json!({"slow": 1_000});
        let serde_json::Value::Object(given) = given else { panic!("an object") };
        assert_eq!(manifest.bind(given).unwrap_err()[0].parameter, "slow");
    }

    #[test]
    fn a_wish_that_follows_what_is_not_there_is_refused() {
        let manifest = manifest(Vec::new());
        follows("slow", 1, 0).check(&manifest).unwrap();
        assert!(follows("bars", 1, 0).check(&manifest).unwrap_err().contains("no integer parameter"));
        let wish = WarmUpWish {
            interval: WarmUpInterval::Parameter { parameter: "slow".to_owned() },
            count: WarmUpCount::Fixed(1),
        };
        assert!(wish.check(&manifest).unwrap_err().contains("no interval parameter"));
        let wish =
            WarmUpWish { interval: WarmUpInterval::Fixed(Interval::Day), count: WarmUpCount::Fixed(1_001) };
        assert!(wish.check(&manifest).unwrap_err().contains("at most 1000 are kept"));
    }
}
