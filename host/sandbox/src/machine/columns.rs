//! Batches as columns of numbers, in the order of `wit/guest.wit`. One buffer that is used again: no allocation a call
//! once it has grown.

use crate::bindings::exports::bulkhead::strategy::guest::Batch;
use market::{Candle, Tick};

/// The columns of the batch at hand.
pub(crate) struct Columns(Batch);

impl Columns {
    pub(crate) fn new() -> Self {
        Self(Batch { count: 0, columns: Vec::new() })
    }

    pub(crate) fn batch(&self) -> &Batch {
        &self.0
    }

    pub(crate) fn fill_ticks(&mut self, ticks: &[Tick]) {
        self.fill(ticks, |tick| {
            [
                i64::from(tick.token),
                tick.time.micros(),
                tick.last_price.units(),
                i64::from(tick.last_quantity),
                tick.average_price.units(),
                tick.volume.cast_signed(),
                tick.buy_quantity.cast_signed(),
                tick.sell_quantity.cast_signed(),
                tick.bid().units(),
                tick.ask().units(),
                tick.open.units(),
                tick.high.units(),
                tick.low.units(),
                tick.close.units(),
                tick.oi.cast_signed(),
            ]
        });
    }

    pub(crate) fn fill_candles(&mut self, candles: &[Candle]) {
        self.fill(candles, |candle| {
            [
                i64::from(candle.token),
                candle.interval.seconds(),
                candle.start.micros(),
                candle.open.units(),
                candle.high.units(),
                candle.low.units(),
                candle.close.units(),
                candle.volume.cast_signed(),
                candle.oi.cast_signed(),
            ]
        });
    }

    fn fill<E, const N: usize>(&mut self, events: &[E], row: impl Fn(&E) -> [i64; N]) {
        let count = events.len();
        self.0.count = count as u32;
        let columns = &mut self.0.columns;
        columns.resize(count * N, 0);
        for (place, event) in events.iter().enumerate() {
            for (column, value) in row(event).into_iter().enumerate() {
                columns[column * count + place] = value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::{Interval, Price, Timestamp};

    fn tick(token: u32, volume: u64) -> Tick {
        Tick { volume, oi: volume + 1, ..Tick::at(token, Timestamp::from_seconds(1), Price::from_units(7)) }
    }

    #[test]
    fn one_column_stands_behind_the_other_and_nothing_of_the_batch_before_is_left() {
        let mut columns = Columns::new();
        columns.fill_ticks(&[tick(1, 10), tick(2, 20), tick(3, 30)]);
        columns.fill_ticks(&[tick(4, 40), tick(5, 50)]);
        let Batch { count, columns } = columns.batch();
        assert_eq!((*count, columns.len()), (2, 30));
        assert_eq!(columns[..6], [4, 5, 1_000_000, 1_000_000, 7, 7]);
        assert_eq!(columns[10..12], [40, 50], "volume is the sixth");
        assert_eq!(columns[28..], [41, 51], "open interest is the last");
    }

    #[test]
    fn bars_have_nine_columns_with_their_length_in_seconds() {
        let [open, high, low, close] = [1, 2, 3, 4].map(Price::from_units);
        let start = Timestamp::EPOCH;
        let bar =
            Candle { token: 9, interval: Interval::Day, start, open, high, low, close, volume: 5, oi: 6 };
        let mut columns = Columns::new();
        columns.fill_candles(&[bar]);
        assert_eq!(columns.batch().columns, [9, 86_400, 0, 1, 2, 3, 4, 5, 6]);
    }
}
