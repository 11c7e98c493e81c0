//! How much one tenant may log, by calendar second and IST day, and the count of what was not written.

use market::{Timestamp, TradingDate};
use serde::{Deserialize, Serialize};

/// Limits of a tenant's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogLimits {
    /// Lines per second.
    pub lines_per_second: u64,
    /// Bytes per second.
    pub bytes_per_second: u64,
    /// Bytes per IST day.
    pub bytes_per_day: u64,
    /// Lines of all tenants that may wait for the disk.
    pub queue_lines: usize,
    /// Lines that a live watcher may lag behind before it misses some.
    pub tail_lines: usize,
    /// Days that a file stays on this disk, today among them. `None`: for ever.
    pub days_kept: Option<u32>,
}

impl Default for LogLimits {
    fn default() -> Self {
        Self {
            lines_per_second: 1_000,
            bytes_per_second: 1024 * 1024,
            bytes_per_day: 200 * 1024 * 1024,
            queue_lines: 16_384,
            tail_lines: 1_024,
            days_kept: None,
        }
    }
}

/// May a line be written?
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Grant {
    Yes,
    /// Yes, and first say how many were not.
    YesAfter {
        suppressed: u64,
    },
    No,
}

/// The account of one tenant.
#[derive(Debug)]
pub(super) struct Quota {
    limits: LogLimits,
    second: i64,
    lines: u64,
    bytes: u64,
    day: TradingDate,
    day_bytes: u64,
    day_full_reported: bool,
    suppressed: u64,
    total_suppressed: u64,
}

impl Quota {
    /// A fresh account; `on_disk` bytes of today were written before.
    pub(super) fn new(limits: LogLimits, now: Timestamp, on_disk: u64) -> Self {
        Self {
            limits,
            second: now.seconds(),
            lines: 0,
            bytes: 0,
            day: now.date(),
            day_bytes: on_disk,
            day_full_reported: false,
            suppressed: 0,
            total_suppressed: 0,
        }
    }

    pub(super) fn ask(&mut self, now: Timestamp, bytes: usize) -> Grant {
        self.turn(now);
        let bytes = bytes as u64;
        let fits = self.lines < self.limits.lines_per_second
            && self.bytes + bytes <= self.limits.bytes_per_second
            && self.day_bytes + bytes <= self.limits.bytes_per_day;
        if !fits {
            self.lost(1);
            return Grant::No;
        }
        self.lines += 1;
        self.bytes += bytes;
        self.day_bytes += bytes;
        match std::mem::take(&mut self.suppressed) {
            0 => Grant::Yes,
            suppressed => Grant::YesAfter { suppressed },
        }
    }

    /// What is to be reported now: of a second that is over, and of a full day only once and when the day is over.
    pub(super) fn due(&mut self, now: Timestamp, closing: bool) -> Option<u64> {
        let before = (self.second, self.day);
        let day_is_full = self.day_is_full() && now.date() == self.day;
        let second_is_over = now.seconds() > before.0;
        if self.suppressed == 0 || !(second_is_over || closing) {
            return None;
        }
        if day_is_full && self.day_full_reported && !closing {
            return None;
        }
        self.day_full_reported = day_is_full;
        Some(std::mem::take(&mut self.suppressed))
    }

    /// Counts lines that were not written.
    pub(super) fn lost(&mut self, lines: u64) {
        self.suppressed += lines;
        self.total_suppressed += lines;
    }

    pub(super) fn total_suppressed(&self) -> u64 {
        self.total_suppressed
    }

    /// A day counts as full when not even the longest line of a second would fit.
    fn day_is_full(&self) -> bool {
        self.day_bytes + self.limits.bytes_per_second.min(self.limits.bytes_per_day / 2)
            > self.limits.bytes_per_day
    }

    fn turn(&mut self, now: Timestamp) {
        if now.seconds() > self.second {
            (self.second, self.lines, self.bytes) = (now.seconds(), 0, 0);
        }
        if now.date() > self.day {
            (self.day, self.day_bytes, self.day_full_reported) = (now.date(), 0, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_415_400 + seconds)
    }

    fn quota(limits: LogLimits) -> Quota {
        Quota::new(limits, at(0), 0)
    }

    #[test]
    fn the_next_second_reports_what_this_one_refused() {
        let mut quota = quota(LogLimits { lines_per_second: 2, ..LogLimits::default() });
        let asked: Vec<_> = (0..5).map(|_| quota.ask(at(0), 10)).collect();
        assert_eq!(asked, [Grant::Yes, Grant::Yes, Grant::No, Grant::No, Grant::No]);
        assert_eq!(quota.due(at(0), false), None);
        assert_eq!(quota.ask(at(1), 10), Grant::YesAfter { suppressed: 3 });
        assert_eq!(quota.due(at(2), false), None);
    }

    #[test]
    fn a_flood_that_ends_is_reported_without_another_line() {
        let mut quota = quota(LogLimits { bytes_per_second: 100, ..LogLimits::default() });
        assert_eq!(quota.ask(at(0), 101), Grant::No);
        assert_eq!(quota.due(at(1), false), Some(1));
        assert_eq!(quota.due(at(2), false), None);
        assert_eq!(quota.total_suppressed(), 1);
    }

    #[test]
    fn a_full_day_is_reported_once_and_the_next_day_starts_empty() {
        let mut quota = quota(LogLimits { bytes_per_day: 100, ..LogLimits::default() });
        assert_eq!(quota.ask(at(0), 90), Grant::Yes);
        assert_eq!(quota.ask(at(0), 90), Grant::No);
        assert_eq!(quota.due(at(1), false), Some(1));
        assert_eq!(quota.ask(at(2), 90), Grant::No);
        assert_eq!(quota.due(at(3), false), None, "once");
        assert_eq!(quota.ask(at(86_400), 90), Grant::YesAfter { suppressed: 1 });
    }

    #[test]
    fn a_restart_does_not_give_the_day_back() {
        let mut quota = Quota::new(LogLimits { bytes_per_day: 100, ..LogLimits::default() }, at(0), 95);
        assert_eq!(quota.ask(at(0), 10), Grant::No);
    }
}
