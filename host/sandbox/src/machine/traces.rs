//! Gathers the traces of one call, under its limits.

use crate::limits::Limits;
use crate::step::{LogLevel, Trace};
use std::sync::Arc;

/// The traces of the call at hand.
pub(crate) struct Traces {
    limits: Arc<Limits>,
    list: Vec<Trace>,
    count: Counts,
}

#[derive(Default)]
struct Counts {
    intents: u32,
    records: u32,
    lines: u32,
    bytes: usize,
    dropped_lines: u32,
    dropped_records: u32,
    left: bool,
}

impl Traces {
    pub(crate) fn new(limits: Arc<Limits>) -> Self {
        Self { limits, list: Vec::new(), count: Counts::default() }
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

    /// Room for one more state write, timer or P&L record. What finds none is counted.
    pub(crate) fn room_for_record(&mut self) -> bool {
        let room = self.count.records < self.limits.records_per_event;
        if room {
            self.count.records += 1;
        } else {
            self.count.dropped_records += 1;
        }
        room
    }

    pub(crate) fn push(&mut self, trace: Trace) {
        self.list.push(trace);
    }

    /// A line, cut to its limit; counted and dropped where there are too many.
    pub(crate) fn log(&mut self, level: LogLevel, mut text: String) {
        cut(&mut text, self.limits.log_line_bytes);
        let full = self.count.lines >= self.limits.log_lines_per_event
            || self.count.bytes + text.len() > self.limits.log_bytes_per_event;
        if full {
            self.count.dropped_lines += 1;
            return;
        }
        self.count.lines += 1;
        self.count.bytes += text.len();
        self.list.push(Trace::Log { level, text });
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
        let dropped = [(count.dropped_lines, "log lines"), (count.dropped_records, "records")];
        for (count, what) in dropped.into_iter().filter(|(count, _)| *count > 0) {
            let text = format!("{count} more {what} came from this one event and were dropped");
            self.list.push(Trace::Log { level: LogLevel::Warn, text });
        }
        std::mem::take(&mut self.list)
    }
}

/// Cuts text to a number of bytes without splitting a character.
pub(crate) fn cut(text: &mut String, limit: usize) {
    if text.len() > limit {
        text.truncate(text.floor_char_boundary(limit));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traces() -> Traces {
        Traces::new(Arc::new(Limits::default()))
    }

    fn last_line(traces: &mut Traces) -> String {
        match traces.take().pop() {
            Some(Trace::Log { text, .. }) => text,
            other => panic!("{other:?}"),
        }
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
        assert!((0..1_000).all(|_| traces.room_for_record()));
        assert!(!traces.room_for_record());
        assert_eq!(last_line(&mut traces), "1 more records came from this one event and were dropped");
    }

    #[test]
    fn a_line_is_cut_at_eight_kibibytes_between_characters() {
        let mut traces = traces();
        traces.log(LogLevel::Info, "₹".repeat(5_000));
        let line = last_line(&mut traces);
        assert_eq!(line.len(), 8_190);
        assert!(line.chars().all(|character| character == '₹'));
    }

    #[test]
    fn a_mebibyte_of_lines_and_what_comes_after_is_counted() {
        let mut traces = traces();
        (0..200).for_each(|_| traces.log(LogLevel::Info, "x".repeat(8 << 10)));
        assert_eq!(last_line(&mut traces), "72 more log lines came from this one event and were dropped");
    }
}
