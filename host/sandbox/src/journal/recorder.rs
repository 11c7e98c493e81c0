//! Writes a run's journal as the run hears it.

use super::bytes::{put_number, put_slice};
use super::market::Market;
use super::wire::{self, Wire, kind};
use super::{Beginning, frame};
use crate::event::Event;
use crate::step::Trace;
use market::{Candle, Tick};

/// Memory kept for what is written next, in bytes.
const RESERVE_BYTES: usize = 64 << 10;

/// Events since they were last taken away. What is written later reads on from what was taken.
#[derive(Debug, Default)]
pub struct Recorder {
    entries: Vec<u8>,
    market: Market,
    /// The number of the last event.
    seq: u64,
    /// The number of the last event that was taken away.
    taken: u64,
    begins: bool,
}

/// A stretch of a journal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recorded {
    /// The number of the first event in it.
    pub first_seq: u64,
    /// The number of the last.
    pub last_seq: u64,
    /// True where a machine begins with the first.
    pub begins: bool,
    /// The events.
    pub bytes: Vec<u8>,
}

impl Recorder {
    /// Behind so many events of the run.
    pub fn behind(seq: u64) -> Self {
        Self { seq, taken: seq, ..Self::default() }
    }

    /// Behind what was read.
    pub(super) fn reading_on(market: Market, seq: u64) -> Self {
        Self { market, ..Self::behind(seq) }
    }

    /// A machine begins; what comes needs nothing from before to be read. Only to be called where nothing waits to be taken.
    pub fn start(&mut self, beginning: &Beginning) {
        self.market = Market::default();
        self.begins = true;
        self.entries.push(kind::START);
        let mut entry = Vec::new();
        wire::put_beginning(&mut entry, beginning);
        put_number(&mut entry, beginning.start.warm_up.len() as u64);
        for candle in &beginning.start.warm_up {
            self.market.put_candle(&mut entry, candle);
        }
        put_slice(&mut self.entries, &entry);
        self.seq += 1;
    }

    /// Ticks that one call took.
    pub fn ticks(&mut self, ticks: &[Tick]) {
        self.put_batch(kind::TICKS, ticks.len());
        ticks.iter().for_each(|tick| self.market.put_tick(&mut self.entries, tick));
        self.seq += ticks.len() as u64;
    }

    /// Bars that one call took.
    pub fn candles(&mut self, candles: &[Candle]) {
        self.put_batch(kind::CANDLES, candles.len());
        candles.iter().for_each(|candle| self.market.put_candle(&mut self.entries, candle));
        self.seq += candles.len() as u64;
    }

    /// One other event.
    pub fn event(&mut self, event: &Event) {
        self.entries.push(kind::EVENT);
        event.put(&mut self.entries);
        self.seq += 1;
    }

    /// What the strategy did with the event before; nothing is written where it did nothing.
    pub fn traces(&mut self, traces: &[Trace]) {
        if traces.is_empty() {
            return;
        }
        self.entries.push(kind::TRACES);
        put_number(&mut self.entries, traces.len() as u64);
        traces.iter().for_each(|trace| trace.put(&mut self.entries));
    }

    /// The number of the last event.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// How many bytes wait to be taken.
    pub fn bytes(&self) -> usize {
        self.entries.len()
    }

    /// Takes away what waits.
    pub fn take(&mut self) -> Recorded {
        if self.entries.is_empty() {
            return Recorded {
                first_seq: self.seq + 1,
                last_seq: self.seq,
                begins: false,
                bytes: Vec::new(),
            };
        }
        let begins = std::mem::take(&mut self.begins);
        let mut bytes = Vec::with_capacity(self.entries.len() + 16);
        frame::put(&mut bytes, begins, self.seq - self.taken, &self.entries);
        self.entries.clear();
        // A start may have been large; what comes after it is not.
        self.entries.shrink_to(RESERVE_BYTES);
        let first_seq = self.taken + 1;
        self.taken = self.seq;
        Recorded { first_seq, last_seq: self.seq, begins, bytes }
    }

    fn put_batch(&mut self, of: u8, count: usize) {
        let few = u8::try_from(count).ok().filter(|few| (1..32).contains(few)).unwrap_or(0);
        self.entries.push(of | few << kind::BITS);
        if few == 0 {
            put_number(&mut self.entries, count as u64);
        }
    }
}
