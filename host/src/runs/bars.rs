//! Bars out of ticks: one builder an instrument and interval.
//!
//! Pure: time comes with the ticks, or is handed in. Knows no run and no strategy.

use market::{Candle, InstrumentToken, Interval, Tick, Timestamp};
use std::collections::BTreeMap;

/// The bars of one run's instruments in one run's intervals.
#[derive(Debug, Default)]
pub(crate) struct Bars {
    intervals: Vec<Interval>,
    open: BTreeMap<Key, Open>,
    /// Where the last bar ended: the next one's volume begins there, whoever ended it.
    ended: BTreeMap<Key, Ended>,
}

type Key = (InstrumentToken, Interval);

#[derive(Debug)]
struct Ended {
    at: Timestamp,
    /// The day's volume then.
    volume: u64,
}

#[derive(Debug)]
struct Open {
    candle: Candle,
    /// The day's volume when the bar began; feeds carry the day's total.
    volume_before: u64,
    volume_seen: u64,
}

impl Bars {
    /// Bars of these intervals.
    pub(crate) fn new(intervals: Vec<Interval>) -> Self {
        Self { intervals, ..Self::default() }
    }

    /// True when nobody asked for bars.
    pub(crate) fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// Takes a tick in. Bars that it ends are pushed to `finished`, oldest first.
    pub(crate) fn take(&mut self, tick: &Tick, finished: &mut Vec<Candle>) {
        for &interval in &self.intervals {
            let (key, start) = ((tick.token, interval), start_of(tick.time, interval));
            match self.open.get_mut(&key) {
                Some(open) if open.candle.start == start => open.extend(tick),
                // A tick older than its bar changes no bar that has been handed out.
                Some(open) if open.candle.start > start => {}
                Some(open) => {
                    finished.push(open.candle);
                    let ended = open.ended();
                    *open = Open::begin(tick, interval, start, ended.before(tick, start));
                    self.ended.insert(key, ended);
                }
                None => {
                    let before = self.ended.get(&key).map_or(tick.volume, |ended| ended.before(tick, start));
                    self.open.insert(key, Open::begin(tick, interval, start, before));
                }
            }
        }
        finished.sort_by_key(end_of);
    }

    /// Forgets the bar that this one ended, where bars were handed out that are not ended here.
    pub(crate) fn close(&mut self, candle: &Candle) {
        let key = (candle.token, candle.interval);
        if self.open.get(&key).is_some_and(|open| open.candle.start <= candle.start)
            && let Some(open) = self.open.remove(&key)
        {
            // Ticks that gave way to newer ones are in the bar that was handed out, and not here.
            let volume = open.volume_seen.max(open.volume_before.saturating_add(candle.volume));
            self.ended.insert(key, Ended { at: end_of(candle), volume });
        }
    }

    /// Ends every bar whose time is over although no tick has said so.
    pub(crate) fn expire(&mut self, now: Timestamp, finished: &mut Vec<Candle>) {
        self.open.retain(|key, open| {
            let over = end_of(&open.candle) <= now;
            if over {
                finished.push(open.candle);
                self.ended.insert(*key, open.ended());
            }
            !over
        });
    }
}

impl Ended {
    /// The day's volume before a bar that begins with this tick. Behind a gap nobody knows it: such a bar lacks what was
    /// traded before its first tick.
    fn before(&self, tick: &Tick, start: Timestamp) -> u64 {
        match (self.at == start, tick.volume < self.volume) {
            (false, _) => tick.volume,
            (true, true) => 0,
            (true, false) => self.volume,
        }
    }
}

impl Open {
    fn begin(tick: &Tick, interval: Interval, start: Timestamp, volume_before: u64) -> Self {
        let price = tick.last_price;
        let candle = Candle {
            token: tick.token,
            interval,
            start,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: tick.volume.saturating_sub(volume_before),
            oi: tick.oi,
        };
        Self { candle, volume_before, volume_seen: tick.volume }
    }

    fn extend(&mut self, tick: &Tick) {
        let price = tick.last_price;
        self.candle.high = self.candle.high.max(price);
        self.candle.low = self.candle.low.min(price);
        self.candle.close = price;
        self.candle.volume = tick.volume.saturating_sub(self.volume_before);
        self.candle.oi = tick.oi;
        self.volume_seen = tick.volume;
    }

    fn ended(&self) -> Ended {
        Ended { at: end_of(&self.candle), volume: self.volume_seen }
    }
}

fn end_of(candle: &Candle) -> Timestamp {
    candle.start.plus_seconds(candle.interval.seconds())
}

/// Bars are counted from IST midnight; an hour's from a quarter past, as Kite's session does.
fn start_of(time: Timestamp, interval: Interval) -> Timestamp {
    const SESSION_START_SECONDS: i64 = 9 * 3600 + 15 * 60;
    let length = interval.seconds();
    let since_midnight = time.micros_of_day() / 1_000_000;
    let offset = if interval == Interval::Day { 0 } else { SESSION_START_SECONDS % length };
    let start = (since_midnight - offset).div_euclid(length) * length + offset;
    time.date().at_seconds(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::{Price, TradingDate};

    fn tick(second: i64, rupees: i64, volume: u64) -> Tick {
        let time = TradingDate::new(2026, 11, 23).unwrap().at_seconds(9 * 3600 + 15 * 60 + second);
        Tick { volume, ..Tick::at(1, time, Price::from_rupees(rupees)) }
    }

    #[test]
    fn a_bar_ends_with_the_first_tick_after_it() {
        let mut bars = Bars::new(vec![Interval::Minute]);
        let mut finished = Vec::new();
        for (second, rupees, volume) in [(0, 10, 100), (20, 12, 130), (59, 9, 150)] {
            bars.take(&tick(second, rupees, volume), &mut finished);
        }
        assert!(finished.is_empty());
        bars.take(&tick(61, 11, 175), &mut finished);
        let candle = finished[0];
        let prices = [candle.open, candle.high, candle.low, candle.close].map(|p| p.units() / 10_000);
        assert_eq!((prices, candle.volume), ([10, 12, 9, 9], 50));
        finished.clear();
        bars.expire(tick(120, 0, 0).time, &mut finished);
        assert_eq!((finished[0].volume, finished.len()), (25, 1));
    }

    #[test]
    fn a_bar_that_was_handed_out_is_not_handed_out_again() {
        let mut bars = Bars::new(vec![Interval::Minute]);
        let mut finished = Vec::new();
        bars.take(&tick(0, 10, 100), &mut finished);
        let mut other = Bars::new(vec![Interval::Minute]);
        other.take(&tick(0, 10, 100), &mut finished);
        other.expire(tick(120, 0, 0).time, &mut finished);
        bars.close(&finished[0]);
        finished.clear();
        bars.expire(tick(300, 0, 0).time, &mut finished);
        assert!(finished.is_empty());
    }

    #[test]
    fn a_bar_counts_what_was_traded_since_the_one_before_whoever_ended_that() {
        let minute = || Bars::new(vec![Interval::Minute]);
        let (mut by_tick, mut by_clock, mut by_journal) = (minute(), minute(), minute());
        let mut handed_out = Vec::new();
        for bars in [&mut by_tick, &mut by_clock, &mut by_journal] {
            bars.take(&tick(0, 10, 100), &mut handed_out);
        }
        // A tick that the journal lacks, because it gave way to newer ones.
        by_tick.take(&tick(30, 10, 160), &mut handed_out);
        by_clock.take(&tick(30, 10, 160), &mut handed_out);
        by_clock.expire(tick(62, 0, 0).time, &mut handed_out);
        by_journal.close(&handed_out[0]);
        for bars in [&mut by_tick, &mut by_clock, &mut by_journal] {
            let mut finished = Vec::new();
            bars.take(&tick(65, 11, 175), &mut finished);
            finished.clear();
            bars.take(&tick(90, 11, 200), &mut finished);
            bars.expire(tick(120, 0, 0).time, &mut finished);
            assert_eq!(finished[0].volume, 40, "{bars:?}");
            // And behind a gap from its own first tick on.
            finished.clear();
            bars.take(&tick(600, 11, 9_000), &mut finished);
            bars.take(&tick(601, 11, 9_001), &mut finished);
            bars.expire(tick(660, 0, 0).time, &mut finished);
            assert_eq!(finished[0].volume, 1);
        }
    }

    #[test]
    fn hours_begin_at_a_quarter_past_as_the_session_does() {
        let start = start_of(tick(3_700, 1, 0).time, Interval::Minute60);
        assert_eq!(start.ist_text(), "2026-11-23 10:15:00");
        assert_eq!(start_of(tick(3_700, 1, 0).time, Interval::Day).ist_text(), "2026-11-23 00:00:00");
    }

    #[test]
    fn a_late_tick_changes_no_finished_bar() {
        let mut bars = Bars::new(vec![Interval::Minute]);
        let mut finished = Vec::new();
        bars.take(&tick(61, 11, 10), &mut finished);
        bars.take(&tick(30, 99, 5), &mut finished);
        bars.expire(tick(120, 0, 0).time, &mut finished);
        assert_eq!(finished.len(), 1);
        assert_eq!(finished[0].high, Price::from_rupees(11));
    }
}
