//! Bars that must be there before the first event: fixed, or following the parameters. Knows no strategy.

use crate::market_data::Interval;

/// Bars of each instrument that must be there before the first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmUp {
    /// How long they are.
    pub interval: WarmUpInterval,
    /// How many.
    pub count: WarmUpCount,
}

/// How long the bars are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarmUpInterval {
    /// This long.
    Fixed(Interval),
    /// As long as the interval parameter of this name says.
    Parameter(&'static str),
}

/// How many bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarmUpCount {
    /// That many.
    Fixed(u32),
    /// As many as an integer parameter says, times `times`, plus `plus`.
    Parameter {
        /// The parameter.
        name: &'static str,
        /// Times this.
        times: u32,
        /// Plus this.
        plus: u32,
    },
}

impl WarmUp {
    /// That many bars of this length.
    pub const fn fixed(interval: Interval, count: u32) -> Self {
        Self { interval: WarmUpInterval::Fixed(interval), count: WarmUpCount::Fixed(count) }
    }
}
