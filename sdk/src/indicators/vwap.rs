//! The volume-weighted average price of a day.

use crate::market_data::{Candle, Tick};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Volume-weighted average price since the day began: `Σ price × volume ÷ Σ volume`. A bar counts at its typical price
/// `(high + low + close) ÷ 3`, a tick at its last price for what was traded since the tick before. Begins anew with
/// every trading date.
///
/// Source: Berkowitz, Logue and Noser, *The Total Cost of Transactions on the NYSE* (Journal of Finance 43, 1988).
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Vwap {
    day: Option<i64>,
    value: f64,
    volume: f64,
    /// The day's volume at the last tick.
    volume_before: Option<u64>,
}

impl Vwap {
    /// For the day at hand.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a bar and answers the average.
    pub fn update(&mut self, candle: &Candle) -> Option<f64> {
        let typical = (candle.high.to_f64() + candle.low.to_f64() + candle.close.to_f64()) / 3.0;
        self.update_with(candle.start, typical, candle.volume)
    }

    /// Takes a tick and answers the average. What was traded before the first tick is not known and does not count.
    pub fn update_tick(&mut self, tick: &Tick) -> Option<f64> {
        self.roll(tick.time);
        let traded = self.volume_before.map_or(0, |before| tick.volume.saturating_sub(before));
        self.volume_before = Some(tick.volume);
        self.update_with(tick.time, tick.last_price, traded)
    }

    /// Takes a price and how much traded at it, and answers the average. A price that is no finite number is left out.
    pub fn update_with(&mut self, time: Timestamp, price: impl Into<f64>, volume: u64) -> Option<f64> {
        self.roll(time);
        let price = price.into();
        if !price.is_finite() {
            return self.value();
        }
        self.value += price * volume as f64;
        self.volume += volume as f64;
        self.value()
    }

    /// The average, once something traded today.
    #[inline]
    pub fn value(&self) -> Option<f64> {
        (self.volume > 0.0).then(|| self.value / self.volume)
    }

    fn roll(&mut self, time: Timestamp) {
        if self.day != Some(time.ist_day()) {
            *self = Self { day: Some(time.ist_day()), ..Self::default() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amounts::Price;
    use std::time::Duration;

    const MORNING: Timestamp = Timestamp::from_micros(1_767_584_700_000_000);

    #[test]
    fn more_volume_weighs_more_and_a_new_day_begins_anew() {
        let mut vwap = Vwap::new();
        assert_eq!(vwap.update_with(MORNING, 100.0, 0), None);
        assert_eq!(vwap.update_with(MORNING, 100.0, 1), Some(100.0));
        assert_eq!(vwap.update_with(MORNING, 104.0, 3), Some(103.0));
        let tomorrow = MORNING + Duration::from_secs(86_400);
        assert_eq!(vwap.update_with(tomorrow, 90.0, 5), Some(90.0));
    }

    #[test]
    fn what_is_no_finite_number_changes_nothing() {
        let mut vwap = Vwap::new();
        assert_eq!(vwap.update_with(MORNING, f64::NAN, 5), None);
        assert_eq!(vwap.update_with(MORNING, 100.0, 1), Some(100.0));
        assert_eq!(vwap.update_with(MORNING, f64::INFINITY, 5), Some(100.0));
        assert_eq!(vwap.update_with(MORNING, 104.0, 3), Some(103.0));
    }

    #[test]
    fn ticks_count_for_what_was_traded_between_them() {
        let tick =
            |price: i32, volume| Tick { time: MORNING, last_price: price.into(), volume, ..Tick::default() };
        let mut vwap = Vwap::new();
        assert_eq!(vwap.update_tick(&tick(999, 1_000)), None);
        assert_eq!(vwap.update_tick(&tick(100, 1_010)), Some(100.0));
        assert_eq!(vwap.update_tick(&tick(103, 1_015)), Some(101.0));
        assert_eq!(vwap.update_with(MORNING, Price::from(101), 0), Some(101.0));
    }
}
