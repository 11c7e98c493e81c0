//! Candles of any past range: what was seen live as it was seen, everything before it from the price path.

use crate::board::Bar;
use crate::noise::between;
use crate::tape::Tape;
use market::{Candle, Interval, Timestamp, TradingDate};

/// Most candles of one answer.
const MOST_CANDLES: usize = 100_000;
/// Samples of the path in one minute.
const MINUTE_SAMPLES: i64 = 4;
/// Distance between the samples of a whole day.
const DAY_SAMPLE_SECONDS: i64 = 300;

/// Candles that start within `from ..= to` and not after `now`, oldest first.
pub(crate) fn candles(
    tape: &Tape,
    place: usize,
    interval: Interval,
    (from, to): (Timestamp, Timestamp),
    now: Timestamp,
) -> Vec<Candle> {
    let to = to.min(now);
    let mut candles = Vec::new();
    let mut date = from.date();
    while date <= to.date() && candles.len() < MOST_CANDLES {
        if let Some((open, close)) = tape.clock.calendar.hours(date).filter(|(open, _)| *open <= now) {
            match interval {
                Interval::Day => {
                    let bar = day(tape, place, (open, close.min(now)));
                    candles.push(candle(tape, place, interval, Bar { start: date.midnight(), ..bar }));
                }
                _ => within_day(tape, place, interval, (open, close.min(now)), &mut candles),
            }
        }
        date = date.next();
    }
    candles.retain(|candle| from <= candle.start && candle.start <= to);
    candles
}

fn within_day(
    tape: &Tape,
    place: usize,
    interval: Interval,
    (open, until): (Timestamp, Timestamp),
    candles: &mut Vec<Candle>,
) {
    let mut start = open;
    while start < until {
        let end = start.plus_seconds(interval.seconds()).min(until);
        let mut bar = minute(tape, place, start);
        let mut next = start.plus_seconds(60);
        while next < end {
            bar.join(&minute(tape, place, next));
            next = next.plus_seconds(60);
        }
        candles.push(candle(tape, place, interval, bar));
        start = start.plus_seconds(interval.seconds());
    }
}

/// One minute: remembered, or read off the path.
fn minute(tape: &Tape, place: usize, start: Timestamp) -> Bar {
    let board = &tape.boards[place];
    if let Ok(found) = board.bars.binary_search_by_key(&start, |bar| bar.start) {
        return board.bars[found];
    }
    let mut bar = Bar::at(start, tape.price_in_history(place, start));
    for sample in 1..MINUTE_SAMPLES {
        bar.add(tape.price_in_history(place, start.plus_seconds(sample * 60 / MINUTE_SAMPLES)), 0);
    }
    bar.add(tape.price_in_history(place, start.plus_seconds(60)), 0);
    bar.volume = volume(tape, place, start, 60);
    bar
}

/// One day: remembered, or read off the path at coarse steps.
fn day(tape: &Tape, place: usize, (open, until): (Timestamp, Timestamp)) -> Bar {
    let board = &tape.boards[place];
    let known = std::iter::once(&board.day).chain(&board.days).find(|bar| bar.start == open);
    if let Some(bar) = known {
        return *bar;
    }
    let mut bar = Bar::at(open, tape.price_in_history(place, open));
    let mut at = open;
    while at < until {
        bar.add(tape.price_in_history(place, at), volume(tape, place, at, DAY_SAMPLE_SECONDS));
        at = at.plus_seconds(DAY_SAMPLE_SECONDS);
    }
    bar.add(tape.price_in_history(place, until), 0);
    bar
}

fn volume(tape: &Tape, place: usize, at: Timestamp, seconds: i64) -> u64 {
    let flow = &tape.boards[place].flow;
    let usual = u64::from(flow.trade_size) * 2 * seconds.unsigned_abs();
    usual * between(flow.key, at.seconds().unsigned_abs(), 40, 160) / 100
}

fn candle(tape: &Tape, place: usize, interval: Interval, bar: Bar) -> Candle {
    Candle {
        token: tape.listings[place].instrument.token,
        interval,
        start: bar.start,
        open: bar.open,
        high: bar.high,
        low: bar.low,
        close: bar.close,
        volume: bar.volume,
        oi: 0,
    }
}

/// True when a contract's last session has ended.
pub(crate) fn has_expired(tape: &Tape, expiry: TradingDate, now: Timestamp) -> bool {
    tape.clock.calendar.hours(expiry).map_or(expiry < now.date(), |(_, close)| close <= now)
}
