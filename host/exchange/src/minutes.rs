//! Minutes of trading that nobody watched: made of the path's price at their ends, always the same.
//!
//! Longer candles are joined from minutes and from nothing else, so that candles of every interval agree with each
//! other. Knows no instrument but its flow of orders, and no calendar.

use crate::board::Bar;
use crate::clock::{MINUTE_MICROS, minute_of};
use crate::crowd::Flow;
use crate::noise::between;
use market::{Price, Timestamp};

/// How far a price leaves the span between the ends of a minute, at most, in 1/10 000 of itself.
const STRAY: i64 = 3;
/// Ticks of half a second in one second.
const TICKS_A_SECOND: u64 = 2;

/// Cuts a stretch of time at its minutes.
pub(crate) fn pieces(from: Timestamp, to: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
    let piece = move |start: Timestamp| {
        let next = minute_of(start).plus_micros(MINUTE_MICROS);
        (start < to).then(|| (start, next.min(to)))
    };
    std::iter::successors(piece(from), move |(_, end)| piece(*end))
}

/// A minute, or a part of one, between two prices.
pub(crate) fn minute(
    flow: &Flow,
    (start, end): (Timestamp, Timestamp),
    (open, close): (Price, Price),
) -> Bar {
    let place = start.seconds().unsigned_abs();
    let key = flow.key;
    let stray = |salt: u64| {
        let most = (open - close).abs().units() / 2 + close.units() * STRAY / 10_000;
        let part = between(key ^ salt, place, 0, 100) as i64;
        Price::from_units(most * part / 100).round_to(flow.tick_size)
    };
    let mut bar = Bar::at(start, open);
    bar.high = open.max(close) + stray(1);
    bar.low = (open.min(close) - stray(2)).max(flow.tick_size.min(open.min(close)));
    bar.close = close;
    let seconds = (end.micros_since(start).unsigned_abs() / 1_000_000).max(1);
    let usual = u64::from(flow.trade_size) * TICKS_A_SECOND * seconds;
    let lots = usual * between(key, place, 40, 160) / 100 / u64::from(flow.lot_size.max(1));
    bar.volume = lots.max(u64::from(flow.trade_size > 0)) * u64::from(flow.lot_size);
    bar
}

/// A stretch of time, joined from its minutes. `known` gives those that were watched, `price` the path.
pub(crate) fn stretch(
    flow: &Flow,
    (from, to): (Timestamp, Timestamp),
    known: impl Fn(Timestamp) -> Option<Bar>,
    price: impl Fn(Timestamp) -> Price,
) -> Option<Bar> {
    let mut whole: Option<Bar> = None;
    let mut before = None;
    for (start, end) in pieces(from, to) {
        let bar = match known(start) {
            Some(bar) => {
                before = None;
                bar
            }
            None => {
                let open = before.unwrap_or_else(|| price(start));
                let close = price(end);
                before = Some(close);
                minute(flow, (start, end), (open, close))
            }
        };
        match &mut whole {
            Some(whole) => whole.join(&bar),
            None => whole = Some(bar),
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_cut_at_whole_minutes() {
        let at = Timestamp::from_seconds;
        let cut: Vec<_> = pieces(at(30), at(150)).map(|(a, b)| (a.seconds(), b.seconds())).collect();
        assert_eq!(cut, [(30, 60), (60, 120), (120, 150)]);
        assert_eq!(pieces(at(60), at(60)).count(), 0);
    }
}
