//! What the host allows one event and one run, with the host's own words for too much. Knows no book.

use crate::context::StateError;
use crate::log::Level;
use crate::order::OrderError;
use crate::time::Timestamp;
use std::collections::BTreeMap;

const INTENTS_PER_EVENT: u32 = 64;
/// State writes, timers and P&L records together.
const RECORDS_PER_EVENT: u32 = 1_000;
const LINES_PER_EVENT: u32 = 1_000;
const LINE_BYTES_PER_EVENT: usize = 256 << 10;
const LINE_BYTES: usize = 8 << 10;
const LABEL_BYTES: usize = 64;
const KEYS: usize = 1_000;
const KEY_BYTES: usize = 128;
const VALUE_BYTES: usize = 64 << 10;
const STATE_BYTES: usize = 4 << 20;
/// Keys and values written from one event; of several writes to one key the last counts.
const WRITTEN_PER_EVENT: usize = 256 << 10;
/// Keys and values written within one second of the events' time.
const WRITTEN_PER_SECOND: usize = 1 << 20;
/// Timers set at once.
pub(super) const TIMERS: usize = 1_000;
/// Finished orders that a strategy can still read.
pub(super) const FINISHED_ORDERS: usize = 256;

/// What the event at hand has used up.
#[derive(Debug, Default)]
pub(super) struct Used {
    intents: u32,
    records: u32,
    lines: u32,
    line_bytes: usize,
    dropped_lines: u32,
    dropped_records: u32,
    /// Keys written in this event, with the bytes of key and value.
    written: BTreeMap<String, usize>,
    second: i64,
    second_bytes: usize,
}

impl Used {
    pub(super) fn intent(&mut self) -> Result<(), OrderError> {
        if self.intents >= INTENTS_PER_EVENT {
            return Err(OrderError::TooMany(format!("more than {INTENTS_PER_EVENT} intents from one event")));
        }
        self.intents += 1;
        Ok(())
    }

    /// True when there is room for one more; what finds none is counted.
    pub(super) fn record(&mut self) -> bool {
        let room = self.records < RECORDS_PER_EVENT;
        if room {
            self.records += 1;
        } else {
            self.dropped_records += 1;
        }
        room
    }

    /// The line as it is kept, if it is.
    pub(super) fn line(&mut self, text: &str) -> Option<String> {
        let line = cut(text, LINE_BYTES);
        if self.lines >= LINES_PER_EVENT || self.line_bytes + line.len() > LINE_BYTES_PER_EVENT {
            self.dropped_lines += 1;
            return None;
        }
        self.lines += 1;
        self.line_bytes += line.len();
        Some(line.to_owned())
    }

    /// The event is over: what the host would say of what it dropped.
    pub(super) fn end_event(&mut self) -> Vec<(Level, String)> {
        let (second, second_bytes) = (self.second, self.second_bytes);
        let used = std::mem::replace(self, Self { second, second_bytes, ..Self::default() });
        [(used.dropped_lines, "log lines"), (used.dropped_records, "records")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| {
                (Level::Warn, format!("{count} more {what} came from this one event and were dropped"))
            })
            .collect()
    }
}

impl Used {
    /// Counts a value that was written, or with no bytes one that was removed.
    pub(super) fn write(&mut self, key: &str, value_bytes: usize, now: Timestamp) {
        let bytes = key.len() + value_bytes;
        let before = self.written.insert(key.to_owned(), bytes).unwrap_or(0);
        self.second_bytes = self.in_second(now).saturating_sub(before) + bytes;
        self.second = second_of(now);
    }

    fn room(&mut self, key: &str, value_bytes: usize, now: Timestamp) -> Result<(), StateError> {
        let (bytes, before) = (key.len() + value_bytes, self.written.get(key).copied().unwrap_or(0));
        let event: usize = self.written.values().sum();
        let text = if self.records >= RECORDS_PER_EVENT {
            format!("more than {RECORDS_PER_EVENT} writes from one event")
        } else if event - before + bytes > WRITTEN_PER_EVENT {
            format!(
                "all that is written in one event would pass {WRITTEN_PER_EVENT} bytes: write the rest in later events"
            )
        } else if self.in_second(now).saturating_sub(before) + bytes > WRITTEN_PER_SECOND {
            format!(
                "all that is written within one second would pass {WRITTEN_PER_SECOND} bytes: write less often"
            )
        } else {
            return Ok(());
        };
        self.dropped_records += 1;
        Err(StateError::Full(text))
    }

    fn in_second(&self, now: Timestamp) -> usize {
        if second_of(now) == self.second { self.second_bytes } else { 0 }
    }
}

fn second_of(time: Timestamp) -> i64 {
    time.micros().div_euclid(1_000_000)
}

/// A label as the host keeps it.
pub(super) fn label(text: &str) -> &str {
    cut(text, LABEL_BYTES)
}

/// Whether a value may be kept beside those that are there.
pub(super) fn check_state(
    used: &mut Used,
    state: &BTreeMap<String, Vec<u8>>,
    key: &str,
    value: &[u8],
    now: Timestamp,
) -> Result<(), StateError> {
    used.room(key, value.len(), now)?;
    if key.is_empty() || key.len() > KEY_BYTES || key.chars().any(char::is_control) {
        let text = format!("a key is 1 to {KEY_BYTES} bytes without control characters");
        return Err(StateError::InvalidKey(text));
    }
    if value.len() > VALUE_BYTES {
        let bytes = value.len();
        let text = format!("the value has {bytes} bytes: at most {VALUE_BYTES} are allowed");
        return Err(StateError::ValueTooLarge(text));
    }
    if state.len() >= KEYS && !state.contains_key(key) {
        return Err(StateError::TooManyKeys(format!("there are {KEYS} keys already: delete some first")));
    }
    let others = state.iter().filter(|(other, _)| *other != key);
    let bytes: usize = others.map(|(key, value)| key.len() + value.len()).sum();
    if bytes + key.len() + value.len() > STATE_BYTES {
        let text = format!("all values together would pass {STATE_BYTES} bytes: delete some first");
        return Err(StateError::Full(text));
    }
    used.records += 1;
    used.write(key, value.len(), now);
    Ok(())
}

/// Text cut to a number of bytes without splitting a character.
fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_and_counted_as_the_host_does() {
        let mut used = Used::default();
        assert_eq!(used.line(&"₹".repeat(5_000)).unwrap().len(), 8_190);
        assert!((1..1_000).all(|_| used.line("x").is_some()));
        assert_eq!(used.line("one more"), None);
        let said = used.end_event();
        assert_eq!(said[0].1, "1 more log lines came from this one event and were dropped");
        assert!(used.line("the next event has its own").is_some() && used.end_event().is_empty());
    }

    #[test]
    fn what_is_written_in_one_event_and_in_one_second_is_bounded() {
        let (mut used, state) = (Used::default(), BTreeMap::new());
        let (now, value) = (Timestamp::from_micros(5_000_000), vec![0; VALUE_BYTES - 1]);
        for event in 0..4 {
            for key in ["a", "b", "c", "d"] {
                assert_eq!(check_state(&mut used, &state, key, &value, now), Ok(()), "{event}");
            }
            assert!(matches!(check_state(&mut used, &state, "e", b"", now), Err(StateError::Full(_))));
            assert_eq!(used.end_event().len(), 1, "and it is said");
        }
        assert!(matches!(check_state(&mut used, &state, "a", b"", now), Err(StateError::Full(_))));
        let later = Timestamp::from_micros(6_000_000);
        assert_eq!(check_state(&mut used, &state, "a", &value, later), Ok(()));
    }

    #[test]
    fn all_values_together_are_bounded() {
        let state = (0..63).map(|key| (key.to_string(), vec![0; VALUE_BYTES])).collect();
        let check = |key: &str, value: &[u8]| {
            check_state(&mut Used::default(), &state, key, value, Timestamp::default())
        };
        assert!(matches!(check("last", &[0; VALUE_BYTES]), Err(StateError::Full(_))));
        assert_eq!(check("7", &[0; VALUE_BYTES]), Ok(()), "in the place of another");
    }
}
