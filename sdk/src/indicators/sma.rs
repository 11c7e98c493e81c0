//! The simple moving average.

use serde::{Deserialize, Serialize};

/// Simple moving average: the mean of the last `period` values, `(x₁ + … + xₙ) ÷ n`.
///
/// Source: Murphy, *Technical Analysis of the Financial Markets* (1999), chapter 9.
///
/// ```
/// let mut sma = sdk::indicators::Sma::new(3);
/// assert_eq!([1.0, 2.0, 6.0, 4.0].map(|x| sma.update(x)), [None, None, Some(3.0), Some(4.0)]);
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sma {
    window: Box<[f64]>,
    next: usize,
    full: bool,
    /// Sum of the window.
    sum: f64,
    /// Sum of what came since the window last began anew: replaces `sum` there, and its rounding errors.
    fresh: f64,
}

impl Sma {
    /// Over that many values.
    ///
    /// # Panics
    /// When the period is 0.
    #[track_caller]
    pub fn new(period: u32) -> Self {
        let window = vec![0.0; super::checked(period)].into_boxed_slice();
        Self { window, next: 0, full: false, sum: 0.0, fresh: 0.0 }
    }

    /// Takes a value and answers the average.
    #[inline]
    pub fn update(&mut self, value: impl Into<f64>) -> Option<f64> {
        let value = value.into();
        if !value.is_finite() {
            return self.value();
        }
        self.sum += value - self.window[self.next];
        self.fresh += value;
        self.window[self.next] = value;
        self.next += 1;
        if self.next == self.window.len() {
            (self.sum, self.fresh, self.next, self.full) = (self.fresh, 0.0, 0, true);
        }
        self.value()
    }

    /// The average, once there are enough values.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.full.then(|| self.sum / self.window.len() as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_long_run_of_large_values_leaves_no_residue() {
        let mut sma = Sma::new(4);
        for _ in 0..1_000 {
            sma.update(1e16);
        }
        let after: Vec<_> = (0..8).map(|_| sma.update(0.1)).collect();
        assert!((after[7].unwrap() - 0.1).abs() < 1e-12);
    }

    #[test]
    fn what_is_no_finite_number_changes_nothing() {
        let mut sma = Sma::new(2);
        assert_eq!([f64::NAN, 1.0, f64::INFINITY, 3.0].map(|x| sma.update(x)), [None, None, None, Some(2.0)]);
        assert_eq!([f64::NEG_INFINITY, f64::NAN].map(|x| sma.update(x)), [Some(2.0); 2]);
        assert_eq!(sma.update(5.0), Some(4.0));
    }

    #[test]
    fn it_goes_on_after_being_kept() {
        let mut sma = Sma::new(3);
        assert_eq!([1.0, 2.0].map(|x| sma.update(x)), [None, None]);
        let mut kept: Sma = serde_json::from_str(&serde_json::to_string(&sma).unwrap()).unwrap();
        assert_eq!(kept.update(6.0), Some(3.0));
    }

    proptest! {
        #[test]
        fn it_is_the_mean_of_the_window(xs in prop::collection::vec(-1e6..1e6_f64, 0..200), period in 1..20_u32) {
            let mut sma = Sma::new(period);
            for (index, x) in xs.iter().enumerate() {
                let value = sma.update(*x);
                let from = (index + 1).checked_sub(period as usize);
                let naive = from.map(|from| xs[from..=index].iter().sum::<f64>() / f64::from(period));
                prop_assert_eq!(value.is_some(), naive.is_some());
                prop_assert!((value.unwrap_or(0.0) - naive.unwrap_or(0.0)).abs() < 1e-6);
            }
        }
    }
}
