//! How much one tenant may log, by calendar second and IST day, and the count of what was not written.

use market::{Timestamp, TradingDate};
use serde::{Deserialize, Serialize};

/// Limits of a tenant's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LogLimits {
    /// Lines of a tenant's runs per second.
    pub lines_per_second: u64,
    /// Bytes of a tenant's runs per second.
    pub bytes_per_second: u64,
    /// Bytes of a tenant's runs per IST day.
    pub bytes_per_day: u64,
    /// Lines of the host about a tenant per second: orders, trades, the kill switch. No run can use these up.
    pub host_lines_per_second: u64,
    /// Bytes of the host about a tenant per second.
    pub host_bytes_per_second: u64,
    /// Bytes of the host about a tenant per IST day.
    pub host_bytes_per_day: u64,
    /// Lines of all tenants that may wait for the disk.
    pub queue_lines: usize,
    /// Of these, places that only lines of the host may take.
    pub queue_lines_of_host: usize,
    /// Lines that a live watcher may lag behind before it misses some.
    pub tail_lines: usize,
    /// Days that a file stays on this disk, today among them. `None`: for ever.
    pub days_kept: Option<u32>,
    /// True where an archive takes copies: then no file leaves this disk before the archive has all of it.
    pub is_archived: bool,
}

impl Default for LogLimits {
    fn default() -> Self {
        Self {
            lines_per_second: 1_000,
            bytes_per_second: 1024 * 1024,
            bytes_per_day: 200 * 1024 * 1024,
            host_lines_per_second: 500,
            host_bytes_per_second: 256 * 1024,
            host_bytes_per_day: 50 * 1024 * 1024,
            queue_lines: 16_384,
            queue_lines_of_host: 4_096,
            tail_lines: 1_024,
            days_kept: None,
            is_archived: false,
        }
    }
}

/// Who writes a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writer {
    /// This host, about the tenant.
    Host,
    /// One of the tenant's runs.
    Run,
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
    of_host: Account,
    of_runs: Account,
    second: i64,
    day: TradingDate,
    day_full_reported: bool,
    suppressed: u64,
    total_suppressed: u64,
}

/// What one kind of writer has used up.
#[derive(Debug)]
struct Account {
    lines_per_second: u64,
    bytes_per_second: u64,
    bytes_per_day: u64,
    lines: u64,
    bytes: u64,
    day_bytes: u64,
}

impl Quota {
    /// A fresh account. `on_disk` bytes of today were written before: nobody can tell by whom, so they count for the runs.
    pub(super) fn new(limits: &LogLimits, now: Timestamp, on_disk: u64) -> Self {
        let account = |lines_per_second, bytes_per_second, bytes_per_day, day_bytes| Account {
            lines_per_second,
            bytes_per_second,
            bytes_per_day,
            lines: 0,
            bytes: 0,
            day_bytes,
        };
        let l = limits;
        Self {
            of_host: account(l.host_lines_per_second, l.host_bytes_per_second, l.host_bytes_per_day, 0),
            of_runs: account(l.lines_per_second, l.bytes_per_second, l.bytes_per_day, on_disk),
            second: now.seconds(),
            day: now.date(),
            day_full_reported: false,
            suppressed: 0,
            total_suppressed: 0,
        }
    }

    pub(super) fn ask(&mut self, writer: Writer, now: Timestamp, bytes: usize) -> Grant {
        self.turn(now);
        let account = match writer {
            Writer::Host => &mut self.of_host,
            Writer::Run => &mut self.of_runs,
        };
        if !account.take(bytes as u64) {
            self.lost(1);
            return Grant::No;
        }
        match std::mem::take(&mut self.suppressed) {
            0 => Grant::Yes,
            suppressed => Grant::YesAfter { suppressed },
        }
    }

    /// What is to be reported now: of a second that is over, and of a full day only once and when the day is over.
    pub(super) fn due(&mut self, now: Timestamp, closing: bool) -> Option<u64> {
        let before = (self.second, self.day);
        let day_is_full = self.of_runs.day_is_full() && now.date() == self.day;
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

    fn turn(&mut self, now: Timestamp) {
        if now.seconds() > self.second {
            self.second = now.seconds();
            for account in [&mut self.of_host, &mut self.of_runs] {
                (account.lines, account.bytes) = (0, 0);
            }
        }
        if now.date() > self.day {
            (self.day, self.day_full_reported) = (now.date(), false);
            (self.of_host.day_bytes, self.of_runs.day_bytes) = (0, 0);
        }
    }
}

impl Account {
    /// Takes a line in, if it fits.
    fn take(&mut self, bytes: u64) -> bool {
        let fits = self.lines < self.lines_per_second
            && self.bytes + bytes <= self.bytes_per_second
            && self.day_bytes + bytes <= self.bytes_per_day;
        if fits {
            self.lines += 1;
            self.bytes += bytes;
            self.day_bytes += bytes;
        }
        fits
    }

    /// A day counts as full when not even the longest line of a second would fit.
    fn day_is_full(&self) -> bool {
        self.day_bytes + self.bytes_per_second.min(self.bytes_per_day / 2) > self.bytes_per_day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_795_415_400 + seconds)
    }

    fn quota(limits: LogLimits) -> Quota {
        Quota::new(&limits, at(0), 0)
    }

    #[test]
    fn the_next_second_reports_what_this_one_refused() {
        let mut quota = quota(LogLimits { lines_per_second: 2, ..LogLimits::default() });
        let asked: Vec<_> = (0..5).map(|_| quota.ask(Writer::Run, at(0), 10)).collect();
        assert_eq!(asked, [Grant::Yes, Grant::Yes, Grant::No, Grant::No, Grant::No]);
        assert_eq!(quota.due(at(0), false), None);
        assert_eq!(quota.ask(Writer::Run, at(1), 10), Grant::YesAfter { suppressed: 3 });
        assert_eq!(quota.due(at(2), false), None);
    }

    #[test]
    fn a_flood_that_ends_is_reported_without_another_line() {
        let mut quota = quota(LogLimits { bytes_per_second: 100, ..LogLimits::default() });
        assert_eq!(quota.ask(Writer::Run, at(0), 101), Grant::No);
        assert_eq!(quota.due(at(1), false), Some(1));
        assert_eq!(quota.due(at(2), false), None);
        assert_eq!(quota.total_suppressed(), 1);
    }

    #[test]
    fn a_full_day_is_reported_once_and_the_next_day_starts_empty() {
        let mut quota = quota(LogLimits { bytes_per_day: 100, ..LogLimits::default() });
        assert_eq!(quota.ask(Writer::Run, at(0), 90), Grant::Yes);
        assert_eq!(quota.ask(Writer::Run, at(0), 90), Grant::No);
        assert_eq!(quota.due(at(1), false), Some(1));
        assert_eq!(quota.ask(Writer::Run, at(2), 90), Grant::No);
        assert_eq!(quota.due(at(3), false), None, "once");
        assert_eq!(quota.ask(Writer::Run, at(86_400), 90), Grant::YesAfter { suppressed: 1 });
    }

    #[test]
    fn a_restart_does_not_give_the_day_back() {
        let mut quota = Quota::new(&LogLimits { bytes_per_day: 100, ..LogLimits::default() }, at(0), 95);
        assert_eq!(quota.ask(Writer::Run, at(0), 10), Grant::No);
    }

    #[test]
    fn a_run_that_floods_takes_nothing_from_the_lines_of_the_host() {
        let limits = LogLimits { lines_per_second: 2, host_lines_per_second: 3, ..LogLimits::default() };
        let mut quota = quota(LogLimits { bytes_per_day: 100, host_bytes_per_day: 60, ..limits });
        assert_eq!(quota.ask(Writer::Run, at(0), 90), Grant::Yes);
        (0..50).for_each(|_| assert_eq!(quota.ask(Writer::Run, at(0), 90), Grant::No));
        assert_eq!(quota.ask(Writer::Host, at(0), 30), Grant::YesAfter { suppressed: 50 });
        assert_eq!(quota.ask(Writer::Host, at(0), 30), Grant::Yes);
        assert_eq!(quota.ask(Writer::Host, at(0), 1), Grant::No, "the host has a bound of its own");
    }
}
