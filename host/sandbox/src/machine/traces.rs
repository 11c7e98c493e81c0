//! Gathers the traces of one call, under its limits of number and of size.

use super::writes::{NoRoom, Writes};
use crate::limits::Limits;
use crate::step::{LogLevel, Trace};
use market::Timestamp;
use std::sync::Arc;

/// The traces of the call at hand.
pub(crate) struct Traces {
    limits: Arc<Limits>,
    list: Vec<Trace>,
    count: Counts,
    writes: Writes,
}

#[derive(Default)]
struct Counts {
    intents: u32,
    records: u32,
    lines: u32,
    line_bytes: usize,
    /// Of everything in the list.
    bytes: usize,
    dropped_lines: u32,
    dropped_records: u32,
    left: bool,
}

impl Traces {
    pub(crate) fn new(limits: Arc<Limits>) -> Self {
        let writes = Writes::new(&limits);
        Self { limits, list: Vec::new(), count: Counts::default(), writes }
    }

    /// True when the guest called an import that leaves a trace: the batch ends with this event.
    pub(crate) fn left(&self) -> bool {
        self.count.left
    }

    /// Remembers that such an import was called, whether or not anything came of it.
    pub(crate) fn leave(&mut self) {
        self.count.left = true;
    }

    /// Room for one more intent, or the limit that is reached.
    pub(crate) fn room_for_intent(&mut self) -> Result<(), u32> {
        let limit = self.limits.intents_per_event;
        if self.count.intents >= limit {
            return Err(limit);
        }
        self.count.intents += 1;
        Ok(())
    }

    /// Room for one more timer or P&L record. What finds none is counted.
    pub(crate) fn room_for_record(&mut self) -> bool {
        let room =
            self.count.records < self.limits.records_per_event && self.fits(self.limits.pnl_label_bytes);
        if room {
            self.count.records += 1;
        } else {
            self.count.dropped_records += 1;
        }
        room
    }

    /// Room for a value of this size under this key, or what stands against it. What finds none is counted.
    pub(crate) fn room_for_write(
        &mut self,
        key: &str,
        value_bytes: usize,
        now: Timestamp,
    ) -> Result<(), NoRoom> {
        let limit = self.limits.records_per_event;
        let room = if self.count.records >= limit {
            Err(NoRoom::Writes { limit })
        } else if self.fits(value_bytes) {
            self.writes.room(key, value_bytes, now)
        } else {
            Err(NoRoom::Step { limit: self.limits.step_bytes })
        };
        if room.is_err() {
            self.count.dropped_records += 1;
        }
        room
    }

    /// A value that was stored. It takes the place of an earlier write to its key.
    pub(crate) fn set(&mut self, key: String, value: Vec<u8>, now: Timestamp) {
        self.count.records += 1;
        self.write(&key.clone(), value.len(), now, Trace::StateSet { key, value });
    }

    /// A value that was removed. It takes the place of an earlier write to its key.
    pub(crate) fn delete(&mut self, key: String, now: Timestamp) {
        self.write(&key.clone(), 0, now, Trace::StateDelete { key });
    }

    pub(crate) fn push(&mut self, trace: Trace) {
        self.count.bytes += weight(&trace);
        self.list.push(trace);
    }

    /// A line, cut to its limit; counted and dropped where there are too many.
    pub(crate) fn log(&mut self, level: LogLevel, mut text: String) {
        cut(&mut text, self.limits.log_line_bytes);
        let full = self.count.lines >= self.limits.log_lines_per_event
            || self.count.line_bytes + text.len() > self.limits.log_bytes_per_event
            || !self.fits(text.len());
        if full {
            self.lose_lines(1);
            return;
        }
        self.count.lines += 1;
        self.count.line_bytes += text.len();
        self.push(Trace::Log { level, text });
    }

    /// Counts lines that were dropped before they came here.
    pub(crate) fn lose_lines(&mut self, count: u32) {
        self.count.dropped_lines = self.count.dropped_lines.saturating_add(count);
    }

    /// The lines so far.
    pub(crate) fn lines(&self) -> Vec<&str> {
        let mut lines = Vec::new();
        for trace in &self.list {
            if let Trace::Log { text, .. } = trace {
                lines.extend(text.lines());
            }
        }
        lines
    }

    /// What was gathered, with a line about what was dropped.
    pub(crate) fn take(&mut self) -> Vec<Trace> {
        let count = std::mem::take(&mut self.count);
        self.writes.end_step();
        let dropped = [(count.dropped_lines, "log lines"), (count.dropped_records, "records")];
        for (count, what) in dropped.into_iter().filter(|(count, _)| *count > 0) {
            let text = format!("{count} more {what} came from this one event and were dropped");
            self.list.push(Trace::Log { level: LogLevel::Warn, text });
        }
        std::mem::take(&mut self.list)
    }

    fn write(&mut self, key: &str, value_bytes: usize, now: Timestamp, trace: Trace) {
        match self.writes.write(key, value_bytes, now, self.list.len()) {
            Some(place) => {
                self.count.bytes -= weight(&self.list[place]);
                self.count.bytes += weight(&trace);
                self.list[place] = trace;
            }
            None => self.push(trace),
        }
    }

    fn fits(&self, bytes: usize) -> bool {
        self.count.bytes + size_of::<Trace>() + bytes <= self.limits.step_bytes
    }
}

/// The memory that a trace holds until it is written down.
fn weight(trace: &Trace) -> usize {
    let text = match trace {
        Trace::Log { text, .. } => text.len(),
        Trace::Pnl { label, .. } => label.len(),
        Trace::StateSet { key, value } => key.len() + value.len(),
        Trace::StateDelete { key } => key.len(),
        Trace::Intent(_) | Trace::TimerSet { .. } | Trace::TimerCancel { .. } => 0,
    };
    size_of::<Trace>() + text
}

/// Cuts text to a number of bytes without splitting a character, and gives back the memory of what is gone.
pub(crate) fn cut(text: &mut String, limit: usize) {
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit));
        text.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::EPOCH;

    fn traces() -> Traces {
        Traces::new(Arc::new(Limits::default()))
    }

    fn last_line(traces: &mut Traces) -> String {
        match traces.take().pop() {
            Some(Trace::Log { text, .. }) => text,
            other => panic!("{other:?}"),
        }
    }

    fn set(traces: &mut Traces, key: &str, bytes: usize, now: Timestamp) -> Result<(), NoRoom> {
        traces.room_for_write(key, bytes, now)?;
        traces.set(key.to_owned(), vec![7; bytes], now);
        Ok(())
    }

    #[test]
    fn sixty_four_intents_and_not_one_more() {
        let mut traces = traces();
        assert!((0..64).all(|_| traces.room_for_intent().is_ok()));
        assert_eq!(traces.room_for_intent(), Err(64));
        traces.take();
        assert_eq!(traces.room_for_intent(), Ok(()), "the next event has its own");
    }

    #[test]
    fn a_thousand_records_and_what_comes_after_is_counted() {
        let mut traces = traces();
        assert!((0..999).all(|_| traces.room_for_record()));
        set(&mut traces, "the last", 1, NOW).unwrap();
        assert!(!traces.room_for_record());
        assert_eq!(set(&mut traces, "key", 1, NOW), Err(NoRoom::Writes { limit: 1_000 }));
        assert_eq!(last_line(&mut traces), "2 more records came from this one event and were dropped");
    }

    #[test]
    fn a_line_is_cut_at_eight_kibibytes_between_characters() {
        let mut traces = traces();
        traces.log(LogLevel::Info, "₹".repeat(5_000));
        let line = last_line(&mut traces);
        assert_eq!(line.len(), 8_190);
        assert!(line.chars().all(|character| character == '₹'));
        assert!(line.capacity() < 8_300, "it holds no memory for what was cut off: {}", line.capacity());
    }

    #[test]
    fn a_quarter_mebibyte_of_lines_and_what_comes_after_is_counted() {
        let mut traces = traces();
        (0..200).for_each(|_| traces.log(LogLevel::Info, "x".repeat(8 << 10)));
        assert_eq!(last_line(&mut traces), "168 more log lines came from this one event and were dropped");
    }

    #[test]
    fn of_several_writes_to_a_key_the_last_one_leaves_the_step() {
        let mut traces = traces();
        for value in 0..10 {
            set(&mut traces, "a", value, NOW).unwrap();
        }
        set(&mut traces, "b", 3, NOW).unwrap();
        traces.delete("b".to_owned(), NOW);
        traces.log(LogLevel::Info, "after".to_owned());
        let left = traces.take();
        let a = Trace::StateSet { key: "a".to_owned(), value: vec![7; 9] };
        let log = Trace::Log { level: LogLevel::Info, text: "after".to_owned() };
        assert_eq!(left, [a, Trace::StateDelete { key: "b".to_owned() }, log]);
        set(&mut traces, "a", 1, NOW).unwrap();
        assert_eq!(traces.take().len(), 1, "the next step has its own places");
    }

    #[test]
    fn a_step_holds_half_a_mebibyte_whatever_it_is_made_of() {
        let mut traces = traces();
        let value = 60 << 10;
        for key in ["a", "b", "c", "d"] {
            set(&mut traces, key, value, NOW).unwrap();
        }
        (0..32).for_each(|_| traces.log(LogLevel::Info, "x".repeat(8 << 10)));
        (0..1_000).for_each(|_| {
            if traces.room_for_record() {
                traces.push(Trace::Pnl { label: "x".repeat(64), amount: market::Money::ZERO });
            }
        });
        let bytes: usize = traces.list.iter().map(weight).sum();
        assert_eq!(bytes, traces.count.bytes);
        assert!((520_000..=512 << 10).contains(&bytes), "{bytes}");
        assert!(traces.count.dropped_records > 0);
    }
}
