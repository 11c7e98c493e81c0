//! A run's events as bytes, in the order it was given them. One JSON document a line.
//!
//! Ticks carry only what a strategy can see of them, so that a replay sees the same.

use super::told::Tail;
use market::{Candle, Tick, Timestamp};
use sandbox::{Event, Start};
use serde::Serialize;

/// Events since the journal was last handed over.
#[derive(Debug, Default)]
pub(super) struct Journal {
    bytes: Vec<u8>,
    seq: u64,
}

/// A journal without traces is handed over when it has grown to this, in bytes.
pub(super) const JOURNAL_PIECE_BYTES: usize = 256 << 10;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Line<'a> {
    /// What the run began with, and on what.
    Start {
        component: &'a str,
        engine: &'a str,
        architecture: &'a str,
        start: &'a Start,
    },
    Tick(&'a Tick),
    Candle(&'a Candle),
    Event(&'a Event),
}

impl Journal {
    /// The first line: a replay elsewhere must know what it was made under.
    pub(super) fn start(&mut self, component: &str, start: &Start) {
        let engine = concat!("bulkhead ", env!("CARGO_PKG_VERSION"));
        let architecture = std::env::consts::ARCH;
        self.write(&Line::Start { component, engine, architecture, start });
    }

    pub(super) fn ticks(&mut self, ticks: &[Tick]) {
        ticks.iter().for_each(|tick| self.write(&Line::Tick(tick)));
    }

    pub(super) fn candles(&mut self, candles: &[Candle]) {
        candles.iter().for_each(|candle| self.write(&Line::Candle(candle)));
    }

    pub(super) fn event(&mut self, event: &Event) {
        self.write(&Line::Event(event));
    }

    /// True when enough has gathered to be worth a row of its own.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.len() >= JOURNAL_PIECE_BYTES
    }

    /// Hands over what has gathered, as of the last event's time.
    pub(super) fn take(&mut self, time: Timestamp) -> Tail {
        Tail { event_seq: self.seq, time, journal: std::mem::take(&mut self.bytes) }
    }

    fn write(&mut self, line: &Line<'_>) {
        let before = self.bytes.len();
        if serde_json::to_writer(&mut self.bytes, line).is_err() {
            // Writing to memory fails for no value of these types; half a line would spoil the ones after it.
            self.bytes.truncate(before);
        }
        self.bytes.push(b'\n');
        self.seq += 1;
    }
}
