//! Indicators that keep themselves up to date: feed each a value at a time, read it when it is warm.
//!
//! Every update is O(1) and allocates nothing. Running sums are renewed once per window from the values themselves,
//! so rounding errors do not pile up over a long run. `value()` is `None` until there is enough to say something.
//! Inputs are anything that becomes an `f64`: a [`Price`](crate::Price) does. Knows no market.
//!
//! What is no finite number (NaN, infinite) says nothing: an update with it changes nothing and answers the last value.
//! One bad quotient can so not poison an average for the rest of the run.
//!
//! All of them serialise, so [`State`](crate::State) keeps them from one run to the next.

mod atr;
mod bollinger;
mod ema;
mod rsi;
mod sma;
mod vwap;

pub use atr::Atr;
pub use bollinger::{Bands, Bollinger};
pub use ema::Ema;
pub use rsi::Rsi;
pub use sma::Sma;
pub use vwap::Vwap;

use serde::{Deserialize, Serialize};

/// The larger of two numbers without a branch or a library call: `f64::max` is both in WebAssembly.
#[cfg(all(target_family = "wasm", target_feature = "simd128"))]
#[inline]
fn larger(a: f64, b: f64) -> f64 {
    use core::arch::wasm32::{f64x2_extract_lane, f64x2_pmax, f64x2_splat};
    f64x2_extract_lane::<0>(f64x2_pmax(f64x2_splat(a), f64x2_splat(b)))
}

/// The larger of two numbers; `a` where they do not compare.
#[cfg(not(all(target_family = "wasm", target_feature = "simd128")))]
#[inline]
fn larger(a: f64, b: f64) -> f64 {
    if a < b { b } else { a }
}

/// The smaller of two numbers.
#[inline]
fn smaller(a: f64, b: f64) -> f64 {
    -larger(-a, -b)
}

/// Checks a period once, where the indicator is made.
#[track_caller]
fn checked(period: u32) -> usize {
    assert!(period > 0, "an indicator's period is at least 1");
    period as usize
}

/// Wilder's average: the plain mean of the first `period` values, then `(before × (period − 1) + value) ÷ period`.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Wilder {
    period: f64,
    seen: f64,
    average: f64,
}

impl Wilder {
    fn new(period: usize) -> Self {
        Self { period: period as f64, seen: 0.0, average: 0.0 }
    }

    #[inline]
    fn update(&mut self, value: f64) {
        // While warming up the divisor is the number of values so far, which makes the plain mean.
        self.seen = smaller(self.seen + 1.0, self.period);
        self.average += (value - self.average) / self.seen;
    }

    #[inline]
    fn value(&self) -> Option<f64> {
        (self.seen >= self.period).then_some(self.average)
    }
}
