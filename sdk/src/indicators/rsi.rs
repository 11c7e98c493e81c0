//! The relative strength index.

use super::{Wilder, checked, larger};
use serde::{Deserialize, Serialize};

/// Relative strength index: `100 × gain ÷ (gain + loss)`, where gain and loss are Wilder averages of the rises and
/// falls from one value to the next. 50 where nothing moved.
///
/// The same as `100 − 100 ÷ (1 + gain ÷ loss)`, without the division by zero. Warm after `period + 1` values.
/// Source: Wilder, *New Concepts in Technical Trading Systems* (1978), section VI.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rsi {
    before: Option<f64>,
    gain: Wilder,
    loss: Wilder,
}

impl Rsi {
    /// Over that many changes; Wilder took 14.
    ///
    /// # Panics
    /// When the period is 0.
    #[track_caller]
    pub fn new(period: u32) -> Self {
        let period = checked(period);
        Self { before: None, gain: Wilder::new(period), loss: Wilder::new(period) }
    }

    /// Takes a value and answers the index, 0 to 100.
    #[inline]
    pub fn update(&mut self, value: impl Into<f64>) -> Option<f64> {
        let value = value.into();
        if !value.is_finite() {
            return self.value();
        }
        if let Some(before) = self.before {
            let change = value - before;
            self.gain.update(larger(change, 0.0));
            self.loss.update(larger(-change, 0.0));
        }
        self.before = Some(value);
        self.value()
    }

    /// The index, once there are enough values.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        let (gain, loss) = (self.gain.value()?, self.loss.value()?);
        let moved = gain + loss;
        Some(if moved > 0.0 { 100.0 * gain / moved } else { 50.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn naive(xs: &[f64], period: usize) -> Option<f64> {
        let changes: Vec<f64> = xs.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let smooth = |part: fn(f64) -> f64| {
            let parts: Vec<f64> = changes.iter().map(|it| part(*it)).collect();
            let seed = parts.get(..period)?.iter().sum::<f64>() / period as f64;
            let n = period as f64;
            Some(parts[period..].iter().fold(seed, |before, x| (before * (n - 1.0) + x) / n))
        };
        let (gain, loss) = (smooth(|it| it.max(0.0))?, smooth(|it| (-it).max(0.0))?);
        Some(if gain + loss > 0.0 { 100.0 - 100.0 / (1.0 + gain / loss) } else { 50.0 })
    }

    #[test]
    fn it_agrees_with_a_hand_computed_vector() {
        // Changes +2 −1 +3 with period 2: averages 1 and 0.5, then (1+3)/2 = 2 and (0.5+0)/2 = 0.25.
        let mut rsi = Rsi::new(2);
        let values = [10.0, 12.0, 11.0, 14.0].map(|x| rsi.update(x));
        assert_eq!(values[..2], [None, None]);
        assert!((values[2].unwrap() - 66.666_666).abs() < 1e-4);
        assert!((values[3].unwrap() - 88.888_888).abs() < 1e-4);
    }

    #[test]
    fn what_never_moves_is_neither_strong_nor_weak() {
        let mut rsi = Rsi::new(3);
        for _ in 0..10 {
            rsi.update(5.0);
        }
        assert_eq!(rsi.value(), Some(50.0));
    }

    #[test]
    fn what_is_no_finite_number_changes_nothing() {
        let (mut clean, mut dirty) = (Rsi::new(2), Rsi::new(2));
        for x in [10.0, 12.0, 11.0, 14.0] {
            clean.update(x);
            for noise in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let before = dirty.value();
                assert_eq!(dirty.update(noise), before);
            }
            dirty.update(x);
        }
        assert!(clean.value().is_some());
        assert_eq!(dirty.value(), clean.value());
    }

    proptest! {
        #[test]
        fn it_follows_its_formula(xs in prop::collection::vec(1.0..1e5_f64, 0..200), period in 1..20_u32) {
            let mut rsi = Rsi::new(period);
            for x in &xs { rsi.update(*x); }
            let (value, naive) = (rsi.value(), naive(&xs, period as usize));
            prop_assert_eq!(value.is_some(), naive.is_some());
            prop_assert!((value.unwrap_or(0.0) - naive.unwrap_or(0.0)).abs() < 1e-6);
        }
    }
}
