//! What one run has yet to hear of the market, in order and bounded.
//!
//! When a run lags, an instrument's older ticks give way to its newest and are counted. Order updates do not pass
//! here: they are never dropped.

use market::{Candle, Tick};
use std::collections::VecDeque;

/// Ticks waiting before the newest of an instrument takes the place of an older one.
pub(crate) const TICKS_WAITING_MAX: usize = 256;

/// Finished bars waiting before the oldest is dropped.
pub(crate) const CANDLES_WAITING_MAX: usize = 4_096;

/// The most market events in one call into a strategy.
pub(crate) const BATCH_MAX: usize = 256;

/// Market events in the order they came, bars before the tick that ended them.
#[derive(Debug, Default)]
pub(crate) struct Mailbox {
    waiting: VecDeque<Waiting>,
    ticks: usize,
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
    /// Adds a tick; a lagging mailbox gives up an older one of the same instrument, or the oldest of all.
    pub(crate) fn push_tick(&mut self, tick: Tick) {
        if self.ticks >= TICKS_WAITING_MAX {
            let of_token = |w: &Waiting| matches!(w, Waiting::Tick(old) if old.token == tick.token);
            let any = |w: &Waiting| matches!(w, Waiting::Tick(_));
            let place = self.waiting.iter().position(of_token).or_else(|| self.waiting.iter().position(any));
            if let Some(place) = place {
                self.waiting.remove(place);
                self.ticks -= 1;
                self.dropped += 1;
            }
        }
        self.waiting.push_back(Waiting::Tick(tick));
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
            match front {
                Waiting::Tick(tick) if candles.is_empty() && ticks.len() < BATCH_MAX => ticks.push(*tick),
                Waiting::Candle(candle) if ticks.is_empty() && candles.len() < BATCH_MAX => {
                    candles.push(*candle)
                }
                Waiting::Tick(_) | Waiting::Candle(_) => break,
            }
            self.waiting.pop_front();
        }
        self.ticks -= ticks.len();
        self.candles -= candles.len();
        match (ticks.is_empty(), candles.is_empty()) {
            (false, _) => Batch::Ticks,
            (true, false) => Batch::Candles,
            (true, true) => Batch::Empty,
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
        let mut mailbox = Mailbox::default();
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
    fn bars_and_ticks_keep_their_order() {
        let mut mailbox = Mailbox::default();
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
