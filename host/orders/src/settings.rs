//! The bounds of the order path. Every limit has a name, a default and a unit.

use crate::tag::Prefix;
use std::time::Duration;

/// The bounds of one account's order path.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The account's id at the broker: what bears another one is nobody's here.
    pub account: String,
    /// What the tags of this install begin with.
    pub prefix: Prefix,
    /// How often the order book is read while orders are open.
    pub poll_every: Duration,
    /// How often the broker's positions are compared with the booked trades while there are orders or trades of today.
    pub positions_every: Duration,
    /// How long after its fate became unknown the first reading that counts for an order's absence may begin, in seconds.
    pub absent_first_s: u32,
    /// How long after that the last one must begin, in seconds. Orders were seen to appear 90 s late.
    pub absent_after_s: u32,
    /// How many whole readings must lack it.
    pub absent_readings_min: u32,
    /// How long an order or a change may wait for its turn before it is given up, in milliseconds.
    pub send_within_ms: u64,
    /// How far the two clocks may drift apart between two steps before the book must be read again, in seconds: the
    /// machine slept, or somebody set its clock.
    pub clock_jump_max_s: u32,
    /// Whether an order that is found after it was given up is withdrawn where it still stands.
    pub withdraws_late_finds: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            account: String::new(),
            prefix: Prefix::default(),
            poll_every: Duration::from_secs(3),
            positions_every: Duration::from_secs(60),
            absent_first_s: 5,
            absent_after_s: 120,
            absent_readings_min: 3,
            send_within_ms: 5_000,
            clock_jump_max_s: 30,
            withdraws_late_finds: true,
        }
    }
}

impl Settings {
    /// How long after an order's fate became unknown a reading without it counts.
    pub(crate) fn absent_first(&self) -> Duration {
        Duration::from_secs(u64::from(self.absent_first_s.min(self.absent_after_s)))
    }

    /// How long after that the last such reading must begin.
    pub(crate) fn absent_after(&self) -> Duration {
        Duration::from_secs(u64::from(self.absent_after_s))
    }
}
