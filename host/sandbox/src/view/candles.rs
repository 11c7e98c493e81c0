//! The last finished bars of each instrument and interval.

use market::{Candle, InstrumentToken, Interval};
use std::collections::{HashMap, VecDeque};

/// Rings of bars, oldest first.
pub(crate) struct Candles {
    rings: HashMap<(InstrumentToken, Interval), VecDeque<Candle>>,
    limit: usize,
}

impl Candles {
    pub(crate) fn new(limit: usize) -> Self {
        Self { rings: HashMap::new(), limit }
    }

    /// A bar that was there already is replaced; one from before the newest is old news.
    pub(crate) fn take(&mut self, candle: Candle) {
        let ring = self.rings.entry((candle.token, candle.interval)).or_default();
        match ring.back_mut() {
            Some(last) if last.start == candle.start => *last = candle,
            Some(last) if last.start > candle.start => {}
            _ => ring.push_back(candle),
        }
        if ring.len() > self.limit {
            ring.pop_front();
        }
    }

    /// The last `count`, oldest first.
    pub(crate) fn last(
        &self,
        token: InstrumentToken,
        interval: Interval,
        count: usize,
    ) -> impl Iterator<Item = &Candle> {
        let ring = self.rings.get(&(token, interval));
        ring.into_iter().flat_map(move |ring| ring.iter().skip(ring.len().saturating_sub(count)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::{Price, Timestamp};

    fn bar(minute: i64, close: i64) -> Candle {
        let price = Price::from_rupees(close);
        let start = Timestamp::from_seconds(minute * 60);
        let (open, high, low, close) = (price, price, price, price);
        Candle { token: 1, interval: Interval::Minute, start, open, high, low, close, volume: 0, oi: 0 }
    }

    #[test]
    fn the_newest_bars_are_kept_and_a_bar_that_comes_again_replaces_itself() {
        let mut candles = Candles::new(3);
        for minute in 0..5 {
            candles.take(bar(minute, minute));
        }
        candles.take(bar(4, 9));
        candles.take(bar(1, 7));
        let closes: Vec<_> = candles.last(1, Interval::Minute, 2).map(|c| c.close.units() / 10_000).collect();
        assert_eq!(closes, [3, 9]);
        assert_eq!(candles.last(1, Interval::Minute, 100).count(), 3);
        assert_eq!(candles.last(2, Interval::Minute, 100).count(), 0);
    }
}
