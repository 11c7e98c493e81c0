//! What one run has yet to hear of the market, in order and bounded.
//!
//! When a run lags, an instrument's older ticks give way to its newest and are counted. Order updates do not pass
//! here: they are never dropped.

use market::{Candle, InstrumentToken, Tick};
use std::collections::{HashMap, VecDeque};

/// Ticks waiting before newer ones take the place of older ones; a run of more instruments has one place for each.
pub(crate) const TICKS_WAITING_MAX: usize = 256;

/// Finished bars waiting before the oldest is dropped.
pub(crate) const CANDLES_WAITING_MAX: usize = 4_096;

/// The most market events in one call into a strategy.
pub(crate) const BATCH_MAX: usize = 256;

/// Market events in the order they came, bars before the tick that ended them.
#[derive(Debug)]
pub(crate) struct Mailbox {
    waiting: VecDeque<Waiting>,
    ticks: usize,
    ticks_max: usize,
    /// How many ticks of each instrument wait.
    of_token: HashMap<InstrumentToken, usize>,
    candles: usize,
    dropped: u64,
}

#[derive(Debug, Clone, Copy)]
#[allow(clippy::large_enum_variant, reason = "nearly everything that waits is a tick")]
enum Waiting {
    Tick(Tick),
    Candle(Candle),
}

/// What comes next: events of one kind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Batch {
    /// Nothing waits.
    Empty,
    /// At most [`BATCH_MAX`] ticks are now in the buffer.
    Ticks,
    /// At most [`BATCH_MAX`] bars are now in the buffer.
    Candles,
}

impl Mailbox {
    /// Of a run that hears so many instruments.
    pub(crate) fn new(instruments: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            ticks: 0,
            ticks_max: TICKS_WAITING_MAX.max(instruments),
            of_token: HashMap::new(),
            candles: 0,
            dropped: 0,
        }
    }

    /// Adds a tick. A lagging mailbox gives up an older one of the same instrument, or the oldest that has a newer one
    /// behind it: the newest of every instrument stays.
    pub(crate) fn push_tick(&mut self, tick: Tick) {
        if self.ticks >= self.ticks_max {
            let is_superseded = |w: &Waiting| match w {
                Waiting::Tick(old) => self.of_token.get(&old.token).is_some_and(|count| *count > 1),
                Waiting::Candle(_) => false,
            };
            let same = |w: &Waiting| matches!(w, Waiting::Tick(old) if old.token == tick.token);
            let place = self.waiting.iter().position(same);
            let place = place.or_else(|| self.waiting.iter().position(is_superseded));
            if let Some(Waiting::Tick(old)) = place.and_then(|place| self.waiting.remove(place)) {
                self.forget(old.token);
                self.dropped += 1;
            }
        }
        self.waiting.push_back(Waiting::Tick(tick));
        *self.of_token.entry(tick.token).or_default() += 1;
        self.ticks += 1;
    }

    /// Adds a finished bar.
    pub(crate) fn push_candle(&mut self, candle: Candle) {
        if self.candles >= CANDLES_WAITING_MAX
            && let Some(place) = self.waiting.iter().position(|w| matches!(w, Waiting::Candle(_)))
        {
            self.waiting.remove(place);
            self.candles -= 1;
            self.dropped += 1;
        }
        self.waiting.push_back(Waiting::Candle(candle));
        self.candles += 1;
    }

    /// Takes the longest run of one kind from the front into the buffers.
    pub(crate) fn next(&mut self, ticks: &mut Vec<Tick>, candles: &mut Vec<Candle>) -> Batch {
        ticks.clear();
        candles.clear();
        while let Some(front) = self.waiting.front() {
            match *front {
                Waiting::Tick(tick) if candles.is_empty() && ticks.len() < BATCH_MAX => {
                    ticks.push(tick);
                    self.forget(tick.token);
                }
                Waiting::Candle(candle) if ticks.is_empty() && candles.len() < BATCH_MAX => {
                    candles.push(candle);
                    self.candles -= 1;
                }
                Waiting::Tick(_) | Waiting::Candle(_) => break,
            }
            self.waiting.pop_front();
        }
        match (ticks.is_empty(), candles.is_empty()) {
            (false, _) => Batch::Ticks,
            (true, false) => Batch::Candles,
            (true, true) => Batch::Empty,
        }
    }

    fn forget(&mut self, token: InstrumentToken) {
        self.ticks -= 1;
        if let Some(count) = self.of_token.get_mut(&token) {
            *count -= 1;
        }
    }

    /// Events given up since the last question.
    pub(crate) fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::{Interval, Price, Timestamp};

    fn tick(token: u32, second: i64) -> Tick {
        Tick::at(token, Timestamp::from_seconds(second), Price::from_rupees(second))
    }

    #[test]
    fn a_lagging_run_hears_the_newest_of_each_instrument() {
        let mut mailbox = Mailbox::new(2);
        mailbox.push_tick(tick(7, 0));
        for second in 1..=300 {
            mailbox.push_tick(tick(1, second));
        }
        let (mut ticks, mut candles) = (Vec::new(), Vec::new());
        assert_eq!(mailbox.next(&mut ticks, &mut candles), Batch::Ticks);
        assert_eq!(ticks.len(), TICKS_WAITING_MAX);
        assert_eq!(ticks[0].token, 7, "a quiet instrument keeps its only tick");
        assert_eq!(ticks.last().unwrap().time.seconds(), 300);
        assert_eq!(mailbox.take_dropped(), 45);
        assert_eq!(mailbox.take_dropped(), 0);
    }

    #[test]
    fn the_only_tick_of_a_quiet_instrument_outlives_any_number_of_others() {
        let mut mailbox = Mailbox::new(1_000);
        for token in 0..1_000 {
            mailbox.push_tick(tick(token, 1));
        }
        for second in 2..5_000 {
            mailbox.push_tick(tick(u32::try_from(second % 7).unwrap(), second));
        }
        let (mut ticks, mut candles, mut heard) = (Vec::new(), Vec::new(), HashMap::new());
        while mailbox.next(&mut ticks, &mut candles) == Batch::Ticks {
            heard.extend(ticks.iter().map(|tick| (tick.token, tick.time.seconds())));
        }
        assert_eq!(heard.len(), 1_000, "every instrument is heard of");
        assert!(heard.iter().all(|(token, second)| if *token < 7 { *second > 4_990 } else { *second == 1 }));
        assert_eq!(mailbox.take_dropped(), 4_998);
    }

    #[test]
    fn a_full_mailbox_keeps_the_newest_of_an_instrument_that_comes_anew() {
        let mut mailbox = Mailbox::new(2);
        mailbox.push_tick(tick(7, 0));
        for second in 1..TICKS_WAITING_MAX {
            mailbox.push_tick(tick(1, i64::try_from(second).unwrap()));
        }
        mailbox.push_tick(tick(9, 500));
        let (mut ticks, mut candles) = (Vec::new(), Vec::new());
        mailbox.next(&mut ticks, &mut candles);
        let last = [ticks[0].token, ticks[TICKS_WAITING_MAX - 1].token];
        assert_eq!((last, ticks.len()), ([7, 9], TICKS_WAITING_MAX));
    }

    #[test]
    fn bars_and_ticks_keep_their_order() {
        let mut mailbox = Mailbox::new(2);
        let price = Price::from_rupees(1);
        let candle = Candle {
            token: 1,
            interval: Interval::Minute,
            start: Timestamp::EPOCH,
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 0,
            oi: 0,
        };
        mailbox.push_tick(tick(1, 1));
        mailbox.push_candle(candle);
        mailbox.push_tick(tick(1, 2));
        let (mut ticks, mut candles) = (Vec::new(), Vec::new());
        let kinds: Vec<Batch> = (0..4).map(|_| mailbox.next(&mut ticks, &mut candles)).collect();
        assert_eq!(kinds, [Batch::Ticks, Batch::Candles, Batch::Ticks, Batch::Empty]);
    }
}
