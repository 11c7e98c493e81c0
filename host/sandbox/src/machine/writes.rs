//! The state writes of the step at hand, and how many bytes of them an event and a second may bring.
//!
//! The second is one of the events' time, so that the same events always meet the same answer.

use crate::limits::Limits;
use market::Timestamp;
use std::collections::HashMap;

/// Why a value cannot be written now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoRoom {
    #[error("more than {limit} writes from one event")]
    Writes { limit: u32 },
    #[error("all that is written in one event would pass {limit} bytes: write the rest in later events")]
    Event { limit: usize },
    #[error("all that is written within one second would pass {limit} bytes: write less often")]
    Second { limit: usize },
    #[error("this event would leave more than {limit} bytes behind: write the rest in later events")]
    Step { limit: usize },
}

/// The keys written in this step and the bytes of this second.
pub(super) struct Writes {
    per_event: usize,
    per_second: usize,
    keys: HashMap<String, Written>,
    step_bytes: usize,
    second: i64,
    second_bytes: usize,
}

#[derive(Clone, Copy)]
struct Written {
    /// In the list of traces.
    place: usize,
    bytes: usize,
}

impl Writes {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            per_event: limits.state_bytes_per_event,
            per_second: limits.state_bytes_per_second,
            keys: HashMap::new(),
            step_bytes: 0,
            second: i64::MIN,
            second_bytes: 0,
        }
    }

    pub(super) fn room(&self, key: &str, value_bytes: usize, now: Timestamp) -> Result<(), NoRoom> {
        let bytes = key.len() + value_bytes;
        let before = self.before(key);
        if self.step_bytes - before + bytes > self.per_event {
            return Err(NoRoom::Event { limit: self.per_event });
        }
        if self.in_second(now).saturating_sub(before) + bytes > self.per_second {
            return Err(NoRoom::Second { limit: self.per_second });
        }
        Ok(())
    }

    /// Counts a write whose trace would stand at `place`, and answers where an earlier one to its key stands.
    pub(super) fn write(
        &mut self,
        key: &str,
        value_bytes: usize,
        now: Timestamp,
        place: usize,
    ) -> Option<usize> {
        let bytes = key.len() + value_bytes;
        let before = self.before(key);
        self.second_bytes = self.in_second(now).saturating_sub(before) + bytes;
        self.second = now.seconds();
        self.step_bytes = self.step_bytes - before + bytes;
        let earlier = self.keys.get(key).map(|written| written.place);
        self.keys.insert(key.to_owned(), Written { place: earlier.unwrap_or(place), bytes });
        earlier
    }

    pub(super) fn end_step(&mut self) {
        self.keys.clear();
        self.step_bytes = 0;
    }

    fn before(&self, key: &str) -> usize {
        self.keys.get(key).map_or(0, |written| written.bytes)
    }

    fn in_second(&self, now: Timestamp) -> usize {
        if now.seconds() == self.second { self.second_bytes } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::EPOCH;

    fn writes() -> Writes {
        Writes::new(&Limits::default())
    }

    #[test]
    fn a_quarter_mebibyte_from_one_event_and_a_mebibyte_in_a_second() {
        let mut writes = writes();
        let quarter = (64 << 10) - 1;
        for event in 0..4 {
            for key in ["a", "b", "c", "d"] {
                assert_eq!(writes.room(key, quarter, NOW), Ok(()), "{event}");
                writes.write(key, quarter, NOW, 0);
            }
            assert_eq!(writes.room("e", 0, NOW), Err(NoRoom::Event { limit: 256 << 10 }), "{event}");
            assert!(
                event == 3 || writes.room("a", quarter, NOW).is_ok(),
                "one instead of another is no more"
            );
            writes.end_step();
        }
        assert_eq!(writes.room("a", 0, NOW), Err(NoRoom::Second { limit: 1 << 20 }));
        assert_eq!(writes.room("a", quarter, NOW.plus_seconds(1)), Ok(()), "the next second has its own");
    }
}
