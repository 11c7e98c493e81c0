//! The exponential moving average.

use serde::{Deserialize, Serialize};

/// Exponential moving average: `before + (x − before) × 2 ÷ (n + 1)`, beginning with the mean of the first `n` values.
///
/// Source: Appel, *Technical Analysis: Power Tools for Active Investors* (2005), chapter 8; the seed is TA-Lib's.
///
/// ```
/// let mut ema = sdk::indicators::Ema::new(3);
/// assert_eq!([2.0, 4.0, 6.0, 8.0].map(|x| ema.update(x)), [None, None, Some(4.0), Some(6.0)]);
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ema {
    period: f64,
    weight: f64,
    seen: f64,
    average: f64,
}

impl Ema {
    /// Over that many values.
    ///
    /// # Panics
    /// When the period is 0.
    #[track_caller]
    pub fn new(period: u32) -> Self {
        let period = super::checked(period) as f64;
        Self { period, weight: 2.0 / (period + 1.0), seen: 0.0, average: 0.0 }
    }

    /// Takes a value and answers the average.
    #[inline]
    pub fn update(&mut self, value: impl Into<f64>) -> Option<f64> {
        let value = value.into();
        if !value.is_finite() {
            return self.value();
        }
        self.seen += 1.0;
        // 1 ÷ seen makes the mean of the seed.
        let weight = if self.seen > self.period { self.weight } else { 1.0 / self.seen };
        self.average += (value - self.average) * weight;
        self.value()
    }

    /// The average, once there are enough values.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        (self.seen >= self.period).then_some(self.average)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(xs: &[f64], period: usize) -> Option<f64> {
        let seed = xs.get(..period)?.iter().sum::<f64>() / period as f64;
        let weight = 2.0 / (period as f64 + 1.0);
        Some(xs[period..].iter().fold(seed, |before, x| before * (1.0 - weight) + x * weight))
    }

    #[test]
    fn what_is_no_finite_number_changes_nothing() {
        let mut ema = Ema::new(2);
        assert_eq!([f64::NAN, 2.0, f64::INFINITY, 4.0].map(|x| ema.update(x)), [None, None, None, Some(3.0)]);
        assert_eq!(ema.update(f64::NAN), Some(3.0));
        assert_eq!(ema.update(6.0), Some(5.0));
    }

    proptest! {
        #[test]
        fn it_follows_its_formula(xs in prop::collection::vec(-1e6..1e6_f64, 0..200), period in 1..20_u32) {
            let mut ema = Ema::new(period);
            for x in &xs { ema.update(*x); }
            let (value, naive) = (ema.value(), naive(&xs, period as usize));
            prop_assert_eq!(value.is_some(), naive.is_some());
            prop_assert!((value.unwrap_or(0.0) - naive.unwrap_or(0.0)).abs() < 1e-6);
        }
    }
}
