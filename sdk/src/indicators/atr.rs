//! The average true range.

use super::{Wilder, checked, larger, smaller};
use crate::market_data::Candle;
use serde::{Deserialize, Serialize};

/// Average true range: the Wilder average of `max(high, close before) − min(low, close before)`; the first bar's
/// true range is `high − low`.
///
/// Source: Wilder, *New Concepts in Technical Trading Systems* (1978), section III.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Atr {
    close_before: Option<f64>,
    range: Wilder,
}

impl Atr {
    /// Over that many bars; Wilder took 14.
    ///
    /// # Panics
    /// When the period is 0.
    #[track_caller]
    pub fn new(period: u32) -> Self {
        Self { close_before: None, range: Wilder::new(checked(period)) }
    }

    /// Takes a bar and answers the average.
    #[inline]
    pub fn update(&mut self, candle: &Candle) -> Option<f64> {
        self.update_with(candle.high, candle.low, candle.close)
    }

    /// Takes a bar's high, low and close and answers the average. A bar with a part that is no finite number is left out.
    #[inline]
    pub fn update_with(
        &mut self,
        high: impl Into<f64>,
        low: impl Into<f64>,
        close: impl Into<f64>,
    ) -> Option<f64> {
        let (high, low, close) = (high.into(), low.into(), close.into());
        if !(high.is_finite() && low.is_finite() && close.is_finite()) {
            return self.value();
        }
        let top = larger(high, self.close_before.unwrap_or(high));
        let bottom = smaller(low, self.close_before.unwrap_or(low));
        self.range.update(top - bottom);
        self.close_before = Some(close);
        self.value()
    }

    /// The average, once there are enough bars.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        self.range.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_gap_counts_as_range() {
        // Ranges 2, then from the close of 10 up to 15: 5, then 1: averages 3.5 and (3.5 + 1) / 2.
        let mut atr = Atr::new(2);
        assert_eq!(atr.update_with(11.0, 9.0, 10.0), None);
        assert_eq!(atr.update_with(15.0, 14.0, 15.0), Some(3.5));
        assert_eq!(atr.update_with(15.0, 14.0, 14.5), Some(2.25));
    }

    #[test]
    fn what_is_no_finite_number_changes_nothing() {
        let mut atr = Atr::new(2);
        atr.update_with(11.0, 9.0, 10.0);
        assert_eq!(atr.update_with(f64::NAN, 9.0, 10.0), None);
        assert_eq!(atr.update_with(15.0, 14.0, 15.0), Some(3.5));
        assert_eq!(atr.update_with(f64::INFINITY, 14.0, 14.5), Some(3.5));
        assert_eq!(atr.update_with(15.0, 14.0, f64::NAN), Some(3.5));
        assert_eq!(atr.update_with(15.0, 14.0, 14.5), Some(2.25));
    }

    proptest! {
        #[test]
        fn it_follows_its_formula(
            bars in prop::collection::vec((1.0..1e5_f64, 0.0..100.0_f64, 0.0..1.0_f64), 0..100),
            period in 1..20_u32,
        ) {
            let mut atr = Atr::new(period);
            let (mut ranges, mut before) = (Vec::new(), None);
            for (low, height, place) in bars {
                let (high, close) = (low + height, low + height * place);
                atr.update_with(high, low, close);
                let before = before.replace(close).unwrap_or(close);
                ranges.push((high - low).max((high - before).abs()).max((low - before).abs()));
            }
            let n = period as usize;
            let naive = ranges.get(..n).map(|seed| {
                let seed = seed.iter().sum::<f64>() / n as f64;
                ranges[n..].iter().fold(seed, |average, range| (average * (n as f64 - 1.0) + range) / n as f64)
            });
            prop_assert_eq!(atr.value().is_some(), naive.is_some());
            prop_assert!((atr.value().unwrap_or(0.0) - naive.unwrap_or(0.0)).abs() < 1e-6);
        }
    }
}
