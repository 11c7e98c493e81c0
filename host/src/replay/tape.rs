//! A run's journal as a replay reads it: one entry after the other, from pieces that were proven to follow each other.
//!
//! Knows no machine.

use super::error::ReplayError;
use super::words;
use market::{Candle, InstrumentToken, Tick, Timestamp};
use sandbox::Event;
use sandbox::journal::{Beginning, Entry, Reader};
use std::collections::HashMap;
use std::vec;
use tenant::{JournalPiece, Recorded};

/// The journal of one run.
#[derive(Debug)]
pub struct Tape<'a> {
    run: &'a str,
    pieces: &'a [JournalPiece],
    damage: Option<&'a str>,
    names: HashMap<InstrumentToken, String>,
}

/// A journal that is being read.
struct Reading<'a> {
    tape: &'a Tape<'a>,
    reader: Reader,
    /// The piece that is read next.
    next: usize,
    read: vec::IntoIter<(u64, Entry)>,
    /// What ends the reading behind what was read.
    wrong: Option<String>,
    is_over: bool,
}

impl<'a> Tape<'a> {
    /// Of a recorded run.
    pub fn of(recorded: &'a Recorded) -> Self {
        let mut tape = Self {
            run: &recorded.run.id,
            pieces: &recorded.journal,
            damage: recorded.damage.as_deref(),
            names: HashMap::new(),
        };
        if let Ok(beginning) = tape.beginning() {
            let instruments = beginning.start.instruments.into_iter();
            tape.names = instruments.map(|one| (one.token, one.symbol.to_string())).collect();
        }
        tape
    }

    /// Everything in its order, each with the number of the last event up to it.
    pub fn entries(&self) -> impl Iterator<Item = Result<(u64, Entry), ReplayError>> + '_ {
        let first = self.pieces.first().map_or(1, |piece| piece.first_seq);
        Reading {
            tape: self,
            reader: Reader::new(first),
            next: 0,
            read: Vec::new().into_iter(),
            wrong: None,
            is_over: false,
        }
    }

    /// How the first machine began.
    ///
    /// # Errors
    /// When none did.
    pub fn beginning(&self) -> Result<Beginning, ReplayError> {
        match self.entries().next() {
            Some(Ok((_, Entry::Start(beginning)))) => Ok(*beginning),
            Some(Ok(_)) => Err(self.damaged("it does not begin with a start", 0)),
            Some(Err(error)) => Err(error),
            None => Err(ReplayError::Empty { run: self.run.to_owned() }),
        }
    }

    /// The last event of an entry in words.
    pub fn words(&self, entry: &Entry) -> String {
        match entry {
            Entry::Start(_) => "start".to_owned(),
            Entry::Ticks(ticks) => ticks.last().map_or_else(String::new, |tick| self.tick(tick)),
            Entry::Candles(candles) => candles.last().map_or_else(String::new, |candle| self.candle(candle)),
            Entry::Event(event) => words::event(event),
            Entry::Traces(_) => "what it did".to_owned(),
        }
    }

    fn tick(&self, tick: &Tick) -> String {
        words::tick(tick, &self.name(tick.token))
    }

    fn candle(&self, candle: &Candle) -> String {
        format!("bar {} {} closed at {}", self.name(candle.token), candle.interval, candle.close)
    }

    fn name(&self, token: InstrumentToken) -> String {
        self.names.get(&token).cloned().unwrap_or_else(|| format!("instrument {token}"))
    }

    fn damaged(&self, why: &str, before: u64) -> ReplayError {
        ReplayError::Damaged { run: self.run.to_owned(), why: why.to_owned(), before }
    }
}

impl Reading<'_> {
    /// Reads a piece; what is wrong in it comes behind what could be read.
    fn read_on(&mut self) -> bool {
        let Some(piece) = self.tape.pieces.get(self.next) else { return false };
        self.next += 1;
        let mut read = Vec::new();
        for entry in self.reader.entries(&piece.bytes) {
            match entry {
                Ok(entry) => read.push(entry),
                Err(error) => self.wrong = Some(format!("piece {}: {error}", piece.number)),
            }
        }
        self.read = read.into_iter();
        true
    }
}

impl Iterator for Reading<'_> {
    type Item = Result<(u64, Entry), ReplayError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        loop {
            if let Some(entry) = self.read.next() {
                return Some(Ok(entry));
            }
            if self.wrong.is_some() || !self.read_on() {
                break;
            }
        }
        self.is_over = true;
        let wrong = self.wrong.take().or_else(|| self.tape.damage.map(str::to_owned))?;
        Some(Err(self.tape.damaged(&wrong, self.reader.seq())))
    }
}

/// When the last event of an entry happened; none where it has no time of its own.
pub(super) fn time_of(entry: &Entry) -> Option<Timestamp> {
    match entry {
        Entry::Start(beginning) => Some(beginning.start.now),
        Entry::Ticks(ticks) => ticks.last().map(|tick| tick.time),
        Entry::Candles(candles) => candles.last().map(end_of),
        Entry::Event(event) => match event {
            Event::Order(update) => Some(update.time),
            Event::Timer { now, .. }
            | Event::Notice { now, .. }
            | Event::Session { now, .. }
            | Event::Stop { now } => Some(*now),
            Event::Cash { .. } => None,
        },
        Entry::Traces(_) => None,
    }
}

/// What the strategy's author calls the handler that hears an entry.
pub(super) const fn handler_of(entry: &Entry) -> &'static str {
    match entry {
        Entry::Start(_) => "start",
        Entry::Ticks(_) => "on-ticks",
        Entry::Candles(_) => "on-candles",
        Entry::Event(event) => match event {
            Event::Order(_) => "on-order",
            Event::Timer { .. } => "on-timer",
            Event::Notice { .. } => "on-notice",
            Event::Stop { .. } => "stop",
            Event::Cash { .. } | Event::Session { .. } => "none: the host's view alone moves",
        },
        Entry::Traces(_) => "",
    }
}

/// When a bar is over.
pub(super) fn end_of(candle: &Candle) -> Timestamp {
    candle.start.plus_seconds(candle.interval.seconds())
}
