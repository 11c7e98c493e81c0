//! Batches as `wit/guest.wit` words them: one list of numbers, column after column. Read where they lie, never copied.

use crate::amounts::Price;
use crate::error::{Error, Result};
use crate::market_data::{Candle, Interval, Tick};
use crate::time::Timestamp;

/// The columns of a tick that this sdk knows.
pub(crate) const TICK: usize = 15;
/// The columns of a bar that this sdk knows.
pub(crate) const CANDLE: usize = 9;

/// The first `N` columns of a batch; a newer host's further ones are left alone.
pub(crate) struct Columns<'a, const N: usize>([&'a [i64]; N]);

impl<'a, const N: usize> Columns<'a, N> {
    /// Fails when the numbers are not `N` columns or more, each of `count`.
    pub(crate) fn of(count: u32, numbers: &'a [i64]) -> Result<Self> {
        let length = count as usize;
        let known = length.checked_mul(N).and_then(|known| numbers.get(..known));
        match known.filter(|_| numbers.len().is_multiple_of(length)) {
            // All of one length, which is what lets the compiler check an index once for all of them.
            Some(known) => Ok(Self(std::array::from_fn(|column| &known[column * length..][..length]))),
            None => Err(malformed::<N>(count, numbers.len())),
        }
    }

    /// The numbers of one event.
    #[inline]
    pub(crate) fn row(&self, index: usize) -> [i64; N] {
        self.0.map(|column| column[index])
    }
}

#[inline]
pub(crate) fn tick(row: [i64; TICK]) -> Tick {
    let [token, time, last_price, last_quantity, average_price, volume, ..] = row;
    let [.., buy_quantity, sell_quantity, bid, ask, open, high, low, close, oi] = row;
    Tick {
        token: token as u32,
        time: Timestamp::from_micros(time),
        last_price: Price::from_units(last_price),
        last_quantity: last_quantity as u32,
        average_price: Price::from_units(average_price),
        volume: volume.cast_unsigned(),
        buy_quantity: buy_quantity.cast_unsigned(),
        sell_quantity: sell_quantity.cast_unsigned(),
        bid: Price::from_units(bid),
        ask: Price::from_units(ask),
        open: Price::from_units(open),
        high: Price::from_units(high),
        low: Price::from_units(low),
        close: Price::from_units(close),
        oi: oi.cast_unsigned(),
    }
}

#[inline]
pub(crate) fn candle([token, seconds, start, open, high, low, close, volume, oi]: [i64; CANDLE]) -> Candle {
    Candle {
        token: token as u32,
        // A length newer than this sdk cannot be subscribed to by it.
        interval: Interval::from_seconds(seconds as u32).unwrap_or(Interval::Minute),
        start: Timestamp::from_micros(start),
        open: Price::from_units(open),
        high: Price::from_units(high),
        low: Price::from_units(low),
        close: Price::from_units(close),
        volume: volume.cast_unsigned(),
        oi: oi.cast_unsigned(),
    }
}

#[cold]
fn malformed<const N: usize>(count: u32, numbers: usize) -> Error {
    Error::new(format_args!(
        "the host's batch is malformed: {numbers} numbers are not {N} columns or more of {count} events each"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_read_across_the_columns() {
        let numbers: Vec<i64> = (0..30).collect();
        let columns = Columns::<TICK>::of(2, &numbers).unwrap();
        let second = tick(columns.row(1));
        assert_eq!((second.token, second.time.micros()), (1, 3));
        assert_eq!((second.last_quantity, second.volume), (7, 11));
        assert_eq!((second.buy_quantity, second.sell_quantity, second.bid.units()), (13, 15, 17));
        assert_eq!((second.close.units(), second.oi), (27, 29));
    }

    #[test]
    fn a_bar_knows_its_interval_by_its_seconds() {
        let columns = [8, 86_400, 5, 1, 2, 3, 4, -1, 6];
        let bar = candle(Columns::<CANDLE>::of(1, &columns).unwrap().row(0));
        assert_eq!((bar.token, bar.interval, bar.volume), (8, Interval::Day, u64::MAX));
        assert_eq!((bar.open.units(), bar.close.units(), bar.oi), (1, 4, 6));
    }

    #[test]
    fn columns_of_a_newer_host_change_nothing() {
        let mut numbers: Vec<i64> = (0..30).collect();
        let known = Columns::<TICK>::of(2, &numbers).unwrap().row(1);
        numbers.extend([100, 101]);
        assert_eq!(Columns::<TICK>::of(2, &numbers).unwrap().row(1), known);
    }

    #[test]
    fn a_length_that_does_not_fit_is_an_error_and_no_panic() {
        for (count, length) in [(2, 29), (2, 31), (1, 14), (0, 15), (u32::MAX, 15), (3, 0)] {
            let said = Columns::<TICK>::of(count, &vec![0; length]).err().map(|error| error.to_string());
            let said = said.unwrap_or_else(|| panic!("{length} numbers for {count} events"));
            assert!(said.contains("15 columns or more"), "{said}");
        }
        assert!(Columns::<TICK>::of(0, &[]).is_ok(), "no events are no numbers");
    }
}
