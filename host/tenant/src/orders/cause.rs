//! The event that made a run ask. Data only.

use market::Timestamp;

/// The event that made a run ask.
#[derive(Debug, Clone, Default)]
pub struct Cause {
    /// The number of the first event contained in `journal`.
    pub first_seq: u64,
    /// Its number in the run's journal: the last one contained in `journal`.
    pub event_seq: u64,
    /// The event's own time.
    pub time: Timestamp,
    /// True where a machine begins in `journal`: earlier bytes are not needed to read it.
    pub begins: bool,
    /// The journal since the last submit, up to and including the event.
    pub journal: Vec<u8>,
}
