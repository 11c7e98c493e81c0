//! Parameters from their declaration to the manifest and back to typed values.

use sdk::manifest::{Manifest, Package, ParameterKind, WarmUp, WarmUpCount, WarmUpInterval};
use sdk::params::{Parameters as _, Value, Values};
use sdk::prelude::*;
use sdk::{Hears, export};

#[derive(Debug, Clone, Copy, PartialEq, Choice)]
enum Style {
    Fast,
    MeanReversion,
}

#[derive(Debug, Parameters)]
struct Params {
    /// What to trade.
    symbol: Symbol,
    /// How many bars
    /// to look back.
    #[param(default = 20, min = 2, max = 200, warm_up = interval, warm_up_plus = 1)]
    bars: u32,
    #[param(default = -1, min = -5, warm_up = Interval::Day, warm_up_times = 3)]
    offset: i64,
    #[param(default = 0.5)]
    share: f64,
    #[param(default = 99.95, max = 500)]
    limit: Price,
    #[param(default = true)]
    eager: bool,
    #[param(default = "none", max_length = 10)]
    note: String,
    #[param(default = Style::MeanReversion)]
    style: Style,
    #[param(default = Interval::Minute5)]
    interval: Interval,
    /// Nothing given is off.
    quiet: bool,
}

struct Nothing;

#[sdk::strategy]
impl Strategy for Nothing {
    type Params = Params;
    const CANDLES: &'static [Interval] = &[Interval::Day];
    const WARM_UP: &'static [(Interval, u32)] = &[(Interval::Minute, 7)];

    fn new(_params: Params) -> Self {
        Nothing
    }

    fn on_candle(&mut self, _ctx: &mut Context, _candle: &Candle) -> Result {
        Ok(())
    }

    fn on_timer(&mut self, _ctx: &mut Context, _id: u64) -> Result {
        Ok(())
    }
}

export!(Nothing);

fn values(values: &[(&str, Value)]) -> Values {
    values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
}

#[test]
fn the_manifest_says_what_the_author_wrote() {
    let package = Package { name: "nothing", version: "1.2.3", description: "Does nothing." };
    let manifest = Manifest::of::<Nothing>(package);
    assert_eq!((manifest.name.as_str(), manifest.version.as_str()), ("nothing", "1.2.3"));
    assert_eq!(manifest.summary, "Does nothing.");
    assert_eq!(manifest.hears, Hears::CANDLES | Hears::TIMERS);
    assert_eq!(manifest.candles, [Interval::Day]);
    let [symbol, bars, ..] = manifest.parameters.as_slice() else { panic!("{manifest:?}") };
    assert_eq!((symbol.name.as_str(), symbol.doc.as_str()), ("symbol", "What to trade."));
    assert_eq!(symbol.kind, ParameterKind::Instrument { default: None });
    let follows = |name, times, plus| WarmUpCount::Parameter { name, times, plus };
    let warm_up = [
        WarmUp::fixed(Interval::Minute, 7),
        WarmUp { interval: WarmUpInterval::Parameter("interval"), count: follows("bars", 1, 1) },
        WarmUp { interval: WarmUpInterval::Fixed(Interval::Day), count: follows("offset", 3, 0) },
    ];
    assert_eq!(manifest.warm_up, warm_up);
    assert_eq!(bars.doc, "How many bars to look back.");
    assert_eq!(bars.kind, ParameterKind::Integer { default: Some(20), min: 2, max: 200 });
}

#[test]
fn every_kind_is_declared_with_its_default_and_bounds() {
    let kinds: Vec<_> = Params::declare().into_iter().skip(2).map(|it| it.kind).collect();
    let choices = vec!["fast".to_owned(), "mean-reversion".to_owned()];
    let expected = [
        ParameterKind::Integer { default: Some(-1), min: -5, max: 9_007_199_254_740_991 },
        ParameterKind::Number { default: Some(0.5), min: f64::MIN, max: f64::MAX },
        ParameterKind::Price { default: Some(Price::paise(9995)), min: Price::ZERO, max: Price::rupees(500) },
        ParameterKind::Toggle { default: true },
        ParameterKind::Text { default: Some("none".to_owned()), max_length: 10 },
        ParameterKind::Choice { default: Some("mean-reversion".to_owned()), choices },
        ParameterKind::Interval { default: Some(Interval::Minute5) },
        ParameterKind::Toggle { default: false },
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn what_is_given_is_typed_and_the_rest_has_its_default() {
    let given = [
        ("symbol", Value::Instrument("NSE:TCS".to_owned())),
        ("bars", Value::Integer(30)),
        ("style", Value::Choice("fast".to_owned())),
        ("interval", Value::Interval(Interval::Day)),
    ];
    let params = Params::fill(&mut values(&given)).unwrap();
    assert_eq!((params.symbol.as_ref(), params.bars, params.offset), ("NSE:TCS", 30, -1));
    assert_eq!((params.style, params.interval, params.note.as_str()), (Style::Fast, Interval::Day, "none"));
    assert_eq!(
        (params.share, params.limit, params.eager, params.quiet),
        (0.5, Price::from(99.95), true, false)
    );
}

#[test]
fn parameters_come_back_as_the_values_they_were_made_of() {
    let given =
        [("symbol", Value::Instrument("NSE:TCS".to_owned())), ("style", Value::Choice("fast".to_owned()))];
    let params = Params::fill(&mut values(&given)).unwrap();
    let back = params.values();
    assert_eq!(back.len(), Params::declare().len());
    for (name, value) in given {
        assert!(back.contains(&(name.to_owned(), value)), "{back:?}");
    }
    let again = Params::fill(&mut back.clone().into_iter().collect()).unwrap();
    assert_eq!(again.values(), back);
}

#[derive(Parameters)]
struct Raw {
    #[param(default = 3)]
    r#type: u32,
}

#[test]
fn a_raw_name_is_a_plain_one_to_the_trader() {
    assert_eq!(Raw::declare()[0].name, "type");
    assert_eq!(Raw::fill(&mut values(&[("type", Value::Integer(4))])).unwrap().r#type, 4);
}

#[test]
fn what_is_missing_or_of_another_kind_is_named() {
    let missing = Params::fill(&mut Values::default()).unwrap_err().to_string();
    assert_eq!(missing, "parameter `symbol` is missing and has no default");
    let wrong = Params::fill(&mut values(&[("symbol", Value::Integer(3))])).unwrap_err().to_string();
    assert_eq!(wrong, "parameter `symbol` has a value of the wrong kind");
}
