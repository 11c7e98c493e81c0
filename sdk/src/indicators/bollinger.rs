//! Bollinger bands.

use serde::{Deserialize, Serialize};

/// The three lines.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bands {
    /// `middle − width × deviation`.
    pub lower: f64,
    /// The simple moving average.
    pub middle: f64,
    /// `middle + width × deviation`.
    pub upper: f64,
}

/// Bollinger bands: the simple moving average of the last `period` values, and `width` population standard deviations,
/// `√(Σ (x − mean)² ÷ n)`, above and below it.
///
/// Source: Bollinger, *Bollinger on Bollinger Bands* (2001), chapter 7; he takes 20 and 2.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bollinger {
    window: Box<[f64]>,
    next: usize,
    full: bool,
    width: f64,
    /// Of the whole window.
    sums: Sums,
    /// Of what came since the window last began anew: replaces `sums` there, and its rounding errors.
    fresh: Sums,
}

/// Sums of deviations from an anchor near the values, so that squares of large prices do not drown small differences.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Sums {
    anchor: f64,
    first: f64,
    second: f64,
}

impl Sums {
    fn at(anchor: f64) -> Self {
        Self { anchor, ..Self::default() }
    }

    #[inline]
    fn add(&mut self, value: f64, sign: f64) {
        let deviation = value - self.anchor;
        self.first += sign * deviation;
        self.second += sign * deviation * deviation;
    }
}

impl Bollinger {
    /// Over that many values, that many deviations wide.
    ///
    /// # Panics
    /// When the period is 0.
    #[track_caller]
    pub fn new(period: u32, width: f64) -> Self {
        let window = vec![0.0; super::checked(period)].into_boxed_slice();
        let sums = Sums::default();
        Self { window, next: 0, full: false, width, sums, fresh: sums }
    }

    /// Takes a value and answers the bands.
    #[inline]
    pub fn update(&mut self, value: impl Into<f64>) -> Option<Bands> {
        let value = value.into();
        if !value.is_finite() {
            return self.value();
        }
        if self.next == 0 {
            self.fresh = Sums::at(value);
        }
        if self.full {
            self.sums.add(self.window[self.next], -1.0);
        }
        self.sums.add(value, 1.0);
        self.fresh.add(value, 1.0);
        self.window[self.next] = value;
        self.next += 1;
        if self.next == self.window.len() {
            (self.sums, self.next, self.full) = (self.fresh, 0, true);
        }
        self.value()
    }

    /// The bands, once there are enough values.
    #[inline]
    pub fn value(&self) -> Option<Bands> {
        self.full.then(|| {
            let n = self.window.len() as f64;
            let shift = self.sums.first / n;
            let variance = super::larger(self.sums.second / n - shift * shift, 0.0);
            let (middle, reach) = (self.sums.anchor + shift, self.width * variance.sqrt());
            Bands { lower: middle - reach, middle, upper: middle + reach }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_agrees_with_a_hand_computed_vector() {
        // Mean 5, squared deviations 9 1 1 1 0 0 4 16 sum to 32, over 8 is 4, root 2.
        let mut bands = Bollinger::new(8, 2.0);
        for x in [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0] {
            bands.update(x);
        }
        assert_eq!(bands.value(), Some(Bands { lower: 1.0, middle: 5.0, upper: 9.0 }));
    }

    #[test]
    fn what_is_no_finite_number_changes_nothing() {
        let mut bands = Bollinger::new(2, 2.0);
        assert_eq!([f64::NAN, 1.0, f64::INFINITY].map(|x| bands.update(x)), [None; 3]);
        let warm = bands.update(3.0);
        assert_eq!(warm, Some(Bands { lower: 0.0, middle: 2.0, upper: 4.0 }));
        assert_eq!(bands.update(f64::NEG_INFINITY), warm);
        assert_eq!(bands.update(5.0), Some(Bands { lower: 2.0, middle: 4.0, upper: 6.0 }));
    }

    proptest! {
        #[test]
        fn it_follows_its_formula(xs in prop::collection::vec(1.0..1e5_f64, 0..200), period in 1..20_u32) {
            let mut bands = Bollinger::new(period, 2.0);
            for x in &xs { bands.update(*x); }
            let n = f64::from(period);
            let naive = xs.len().checked_sub(period as usize).map(|from| {
                let mean = xs[from..].iter().sum::<f64>() / n;
                let variance = xs[from..].iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
                (mean, 2.0 * variance.sqrt())
            });
            prop_assert_eq!(bands.value().is_some(), naive.is_some());
            if let (Some(bands), Some((mean, reach))) = (bands.value(), naive) {
                prop_assert!((bands.middle - mean).abs() < 1e-6);
                prop_assert!((bands.upper - mean - reach).abs() < 1e-3, "{bands:?} {mean} {reach}");
                prop_assert!((mean - bands.lower - reach).abs() < 1e-3);
            }
        }
    }
}
