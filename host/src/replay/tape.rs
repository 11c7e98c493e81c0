//! A run's journal as a replay reads it: one event after the other, each with what the strategy did then.
//!
//! Knows no machine.

use super::error::ReplayError;
use super::words;
use market::{Candle, InstrumentToken, Tick, Timestamp};
use sandbox::{Event, Start, Trace};
use serde::Deserialize;
use std::collections::HashMap;
use tenant::Recorded;

/// One thing in a journal.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Entry {
    /// A machine begins.
    Start {
        /// SHA-256 of its component, in hex.
        component: String,
        /// The host's release.
        engine: String,
        /// The processor's architecture.
        architecture: String,
        /// What it begins with.
        start: Box<Start>,
    },
    /// A tick.
    Tick(Tick),
    /// A finished bar.
    Candle(Candle),
    /// Anything else.
    Event(Event),
    /// What the strategy did with the event before.
    Traces(Vec<Trace>),
}

/// The journal of one run.
pub struct Tape<'a> {
    run: &'a str,
    pieces: &'a [(u64, Vec<u8>)],
    names: HashMap<InstrumentToken, String>,
}

/// The engine that recordings are made under here.
pub fn engine() -> &'static str {
    concat!("bulkhead ", env!("CARGO_PKG_VERSION"))
}

impl<'a> Tape<'a> {
    /// Of a recorded run.
    pub fn of(recorded: &'a Recorded) -> Self {
        let mut tape = Self { run: &recorded.run.id, pieces: &recorded.journal, names: HashMap::new() };
        if let Ok(start) = tape.start() {
            tape.names =
                start.instruments.into_iter().map(|one| (one.token, one.symbol.to_string())).collect();
        }
        tape
    }

    /// Everything in its order.
    pub fn entries(&self) -> impl Iterator<Item = Result<Entry, ReplayError>> + '_ {
        let lines = self.pieces.iter().flat_map(|(_, bytes)| bytes.split(|byte| *byte == b'\n'));
        let mut before = 0;
        lines.filter(|line| !line.is_empty()).map(move |line| {
            let read = serde_json::from_slice(line);
            before += u64::from(read.is_ok());
            read.map_err(|error| self.damaged(&error.to_string(), before))
        })
    }

    /// The first start.
    ///
    /// # Errors
    /// When there is none.
    pub fn start(&self) -> Result<Start, ReplayError> {
        match self.entries().next() {
            Some(Ok(Entry::Start { start, .. })) => Ok(*start),
            Some(Ok(_)) => Err(self.damaged("it does not begin with a start", 0)),
            Some(Err(error)) => Err(error),
            None => Err(ReplayError::Empty { run: self.run.to_owned() }),
        }
    }

    /// An event in words.
    pub fn words(&self, entry: &Entry) -> String {
        let name = |token: &InstrumentToken| {
            self.names.get(token).cloned().unwrap_or_else(|| format!("instrument {token}"))
        };
        match entry {
            Entry::Start { .. } => "start".to_owned(),
            Entry::Tick(tick) => words::tick(tick, &name(&tick.token)),
            Entry::Candle(candle) => {
                format!("bar {} {} closed at {}", name(&candle.token), candle.interval, candle.close)
            }
            Entry::Event(event) => words::event(event),
            Entry::Traces(_) => "what it did".to_owned(),
        }
    }

    fn damaged(&self, why: &str, before: u64) -> ReplayError {
        ReplayError::Damaged { run: self.run.to_owned(), why: why.to_owned(), before }
    }
}

impl Entry {
    /// When it happened. Cash has no time of its own.
    pub fn time(&self) -> Timestamp {
        match self {
            Self::Start { start, .. } => start.now,
            Self::Tick(tick) => tick.time,
            Self::Candle(candle) => candle.start.plus_seconds(candle.interval.seconds()),
            Self::Event(event) => match event {
                Event::Order(update) => update.time,
                Event::Timer { now, .. }
                | Event::Notice { now, .. }
                | Event::Session { now, .. }
                | Event::Stop { now } => *now,
                Event::Cash { .. } => Timestamp::EPOCH,
            },
            Self::Traces(_) => Timestamp::EPOCH,
        }
    }

    /// What the strategy's author calls the handler that hears it.
    pub const fn handler(&self) -> &'static str {
        match self {
            Self::Start { .. } => "start",
            Self::Tick(_) => "on-ticks",
            Self::Candle(_) => "on-candles",
            Self::Event(event) => match event {
                Event::Order(_) => "on-order",
                Event::Timer { .. } => "on-timer",
                Event::Notice { .. } => "on-notice",
                Event::Stop { .. } => "stop",
                Event::Cash { .. } | Event::Session { .. } => "none: the host's view alone moves",
            },
            Self::Traces(_) => "",
        }
    }
}
