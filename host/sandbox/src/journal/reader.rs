//! Reads a journal. Foreign bytes end it with an error, and never with more memory than they are worth.

use super::bytes::{Bytes, Malformed, malformed};
use super::market::Market;
use super::recorder::Recorder;
use super::wire::{kind, take_beginning};
use super::{Entry, frame};
use std::borrow::Cow;

/// Ticks or bars in one entry. A run is given 256 at once; what announces more is no journal, and unfolded it could be large.
const BATCH_MAX: usize = 4_096;

/// A journal as far as it was read.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    market: Market,
    seq: u64,
    has_begun: bool,
}

/// The entries of a stretch, each with the number of the last event up to and including it.
pub struct Entries<'a, 'r> {
    reader: &'r mut Reader,
    frames: Bytes<'a>,
    entries: Cow<'a, [u8]>,
    at: usize,
    /// The number of the last event of the frame at hand.
    frame_ends: u64,
    is_over: bool,
}

impl Reader {
    /// Of a journal whose first event has this number. A reading begins where a machine does.
    pub fn new(first_seq: u64) -> Self {
        Self { seq: first_seq.saturating_sub(1), ..Self::default() }
    }

    /// The number of the last event that was read.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The entries of the next stretch. What is not asked for is not read, and spoils what comes after.
    pub fn entries<'a, 'r>(&'r mut self, bytes: &'a [u8]) -> Entries<'a, 'r> {
        let frame_ends = self.seq;
        let frames = Bytes(bytes);
        Entries { reader: self, frames, entries: Cow::Borrowed(&[]), at: 0, frame_ends, is_over: false }
    }

    /// The part of a stretch from the last beginning of a machine on. What is before is counted and not read.
    ///
    /// # Errors
    /// When none begins in it.
    pub fn last_life<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Malformed> {
        let (mut frames, mut seq) = (Bytes(bytes), self.seq);
        let mut found = None;
        while !frames.is_empty() {
            let here = frames.0;
            let frame = frame::take(&mut frames)?;
            if frame.begins {
                found = Some((here, seq));
            }
            seq = seq.saturating_add(frame.events);
        }
        let (rest, seq) = found.ok_or_else(|| malformed("no machine begins in it"))?;
        self.seq = seq;
        Ok(rest)
    }

    /// Writes on from what was read.
    pub fn into_recorder(self) -> Recorder {
        Recorder::reading_on(self.market, self.seq)
    }

    fn take(&mut self, from: &mut Bytes<'_>) -> Result<Entry, Malformed> {
        let first = from.byte()?;
        let (of, few) = (first & ((1 << kind::BITS) - 1), first >> kind::BITS);
        if of != kind::START && !self.has_begun {
            return Err(malformed("it does not begin with a start"));
        }
        if !matches!(of, kind::TICKS | kind::CANDLES) && few != 0 {
            return Err(malformed("an entry of a kind that nobody knows"));
        }
        let entry = match of {
            kind::START => self.take_start(from)?,
            kind::TICKS => Entry::Ticks(batch(few, from, |from| self.market.take_tick(from))?),
            kind::CANDLES => Entry::Candles(batch(few, from, |from| self.market.take_candle(from))?),
            other => Entry::take_plain(other, from)?,
        };
        self.seq = self.seq.saturating_add(entry.events());
        Ok(entry)
    }

    fn take_start(&mut self, from: &mut Bytes<'_>) -> Result<Entry, Malformed> {
        let mut entry = Bytes(from.slice()?);
        let mut beginning = take_beginning(&mut entry)?;
        (self.market, self.has_begun) = (Market::default(), true);
        let bars = entry.count()?;
        for _ in 0..bars {
            beginning.start.warm_up.push(self.market.take_candle(&mut entry)?);
        }
        if !entry.is_empty() {
            return Err(malformed("a start is longer than what it holds"));
        }
        Ok(Entry::Start(Box::new(beginning)))
    }
}

impl Entries<'_, '_> {
    fn next_entry(&mut self) -> Result<Option<(u64, Entry)>, Malformed> {
        while self.at == self.entries.len() {
            if self.reader.seq != self.frame_ends {
                return Err(malformed("a frame holds another number of events than it says"));
            }
            if self.frames.is_empty() {
                return Ok(None);
            }
            let frame = frame::take(&mut self.frames)?;
            (self.entries, self.at) = (frame.entries()?, 0);
            self.frame_ends = self.reader.seq.saturating_add(frame.events);
        }
        let mut rest = Bytes(&self.entries[self.at..]);
        let entry = self.reader.take(&mut rest)?;
        self.at = self.entries.len() - rest.0.len();
        Ok(Some((self.reader.seq, entry)))
    }
}

impl Iterator for Entries<'_, '_> {
    type Item = Result<(u64, Entry), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let next = self.next_entry();
        self.is_over = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

fn batch<T>(
    few: u8,
    from: &mut Bytes<'_>,
    mut take: impl FnMut(&mut Bytes<'_>) -> Result<T, Malformed>,
) -> Result<Vec<T>, Malformed> {
    let count = if few == 0 { from.count()? } else { usize::from(few) };
    if count > BATCH_MAX {
        return Err(malformed("more ticks or bars in one entry than a run is ever given"));
    }
    let mut items = Vec::new();
    for _ in 0..count {
        items.push(take(from)?);
    }
    Ok(items)
}
