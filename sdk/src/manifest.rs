//! What a strategy says of itself, put together from its trait, its parameters and its author's package.

use crate::market_data::Interval;
pub use crate::parameter::{Parameter, ParameterKind};
use crate::params::Parameters;
use crate::strategy::{Hears, Strategy};
pub use crate::warm_up::{WarmUp, WarmUpCount, WarmUpInterval};

/// Who wrote it: filled by [`export!`](crate::export!) from the author's `Cargo.toml`.
#[derive(Debug, Clone, Copy)]
pub struct Package {
    /// `CARGO_PKG_NAME`.
    pub name: &'static str,
    /// `CARGO_PKG_VERSION`.
    pub version: &'static str,
    /// `CARGO_PKG_DESCRIPTION`.
    pub description: &'static str,
}

/// What a strategy says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The package's name.
    pub name: String,
    /// The package's version.
    pub version: String,
    /// One line.
    pub summary: String,
    /// What the trader can set.
    pub parameters: Vec<Parameter>,
    /// Instruments beside those named by parameters.
    pub instruments: Vec<String>,
    /// Which events to deliver.
    pub hears: Hears,
    /// Bars to hear beside those named by parameters.
    pub candles: Vec<Interval>,
    /// Bars that must be there before the first event: those of the strategy, then those of its parameters.
    pub warm_up: Vec<WarmUp>,
}

impl Manifest {
    /// The manifest of a strategy in a package.
    pub fn of<S: Strategy>(package: Package) -> Self {
        let summary = if S::SUMMARY.is_empty() { package.description } else { S::SUMMARY };
        let parameters = S::Params::declare();
        let asks = |fits: fn(&ParameterKind) -> bool| parameters.iter().any(|it| fits(&it.kind));
        let instrument =
            !S::INSTRUMENTS.is_empty() || asks(|it| matches!(it, ParameterKind::Instrument { .. }));
        let interval = !S::CANDLES.is_empty() || asks(|it| matches!(it, ParameterKind::Interval { .. }));
        let fixed = S::WARM_UP.iter().map(|(interval, count)| WarmUp::fixed(*interval, *count));
        Self {
            name: package.name.to_owned(),
            version: package.version.to_owned(),
            summary: summary.to_owned(),
            hears: S::HEARS.resolve(instrument, interval),
            parameters,
            instruments: S::INSTRUMENTS.iter().map(|symbol| (*symbol).to_owned()).collect(),
            candles: S::CANDLES.to_vec(),
            warm_up: fixed.chain(S::Params::warm_up()).collect(),
        }
    }
}
