//! Bounds an operator may set, for `serve` and `demo` alike: name, default, unit. Knows no part that keeps them.

use anyhow::{Result, bail};
use clap::Args;
use serde::Deserialize;
use std::ops::RangeInclusive;
use url::Url;

/// Runs of one trader at once, when nobody says.
pub const RUNS_PER_TENANT_MAX_DEFAULT: usize = 16;

/// Runs of all traders at once, when nobody says and no single trader may have more.
pub const RUNS_MAX_DEFAULT: u32 = 1_000;

/// Seconds between two copies of the logs to object storage, when nobody says.
pub const ARCHIVE_INTERVAL_S_DEFAULT: u64 = 60;

const RUNS_PER_TENANT: RangeInclusive<usize> = 1..=10_000;
const RUNS: RangeInclusive<u32> = 1..=100_000;
/// Seconds after an unanswered send before an order that no reading shows counts as never arrived, when nobody says.
pub const ABSENT_AFTER_S_DEFAULT: i64 = 120;

/// Events of a journal from which a run is rebuilt after a restart, when nobody says: what is given again in about a minute.
pub const REBUILD_EVENTS_MAX_DEFAULT: u64 = 20_000_000;

/// Days that the journal of a run is kept after its end, when nobody says.
pub const JOURNAL_KEEP_DAYS_DEFAULT: u32 = 90;

const ARCHIVE_INTERVAL_S: RangeInclusive<u64> = 1..=86_400;
const ABSENT_AFTER_S: RangeInclusive<i64> = 1..=3_600;
/// Zero: no run is rebuilt, and each begins anew.
const REBUILD_EVENTS: RangeInclusive<u64> = 0..=10_000_000_000;
const JOURNAL_KEEP_DAYS: RangeInclusive<u32> = 1..=36_500;

/// Bounds as they are given.
#[derive(Debug, Clone, Default, Args, Deserialize)]
pub struct BoundSettings {
    /// Runs one trader may have active at once [default: 16]
    #[arg(long, env = "BULKHEAD_RUNS_PER_TENANT_MAX", value_name = "COUNT")]
    pub runs_per_tenant_max: Option<usize>,

    /// Runs of all traders together; memory for them is reserved at the start
    /// [default: 1000, and at least what one trader may have]
    #[arg(long, env = "BULKHEAD_RUNS_MAX", value_name = "COUNT")]
    pub runs_max: Option<u32>,

    /// Object storage for log files: az://container/prefix, s3://…, gs://… or file:///folder
    #[arg(long, env = "BULKHEAD_ARCHIVE_URL", value_name = "URL")]
    pub archive_url: Option<Url>,

    /// Seconds between two copies of the log files to object storage [default: 60]
    #[arg(long, env = "BULKHEAD_ARCHIVE_INTERVAL_S", value_name = "SECONDS")]
    pub archive_interval_s: Option<u64>,

    /// Seconds after an unanswered send before an order that no reading of the book shows counts as never arrived. Less
    /// than the default is for simulators: at Kite, orders were seen to appear 90 seconds late [default: 120]
    #[arg(long, env = "BULKHEAD_ABSENT_AFTER_S", value_name = "SECONDS")]
    pub absent_after_s: Option<i64>,

    /// Events of its journal from which a run is rebuilt after a restart, with the memory it had. A longer one, and with 0
    /// each, begins anew with its stored state and new bars [default: 20000000]
    #[arg(long, env = "BULKHEAD_REBUILD_EVENTS_MAX", value_name = "COUNT")]
    pub rebuild_events_max: Option<u64>,

    /// Days that the journal of a run is kept after its end, for replays [default: 90]
    #[arg(long, env = "BULKHEAD_JOURNAL_KEEP_DAYS", value_name = "DAYS")]
    pub journal_keep_days: Option<u32>,
}

/// Bounds with every default filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Runs of one trader that have not ended.
    pub runs_per_tenant_max: usize,
    /// Runs of all traders that have not ended.
    pub runs_max: u32,
    /// Object storage for log files.
    pub archive_url: Option<Url>,
    /// Seconds between two copies of the log files.
    pub archive_interval_s: u64,
    /// Seconds before an order that was never seen counts as never arrived.
    pub absent_after_s: i64,
    /// Events from which a run is rebuilt.
    pub rebuild_events_max: u64,
    /// Days that the journals of ended runs are kept.
    pub journal_keep_days: u32,
}

impl BoundSettings {
    /// What was given here before what a file says.
    #[must_use]
    pub fn or(self, file: Self) -> Self {
        Self {
            runs_per_tenant_max: self.runs_per_tenant_max.or(file.runs_per_tenant_max),
            runs_max: self.runs_max.or(file.runs_max),
            archive_url: self.archive_url.or(file.archive_url),
            archive_interval_s: self.archive_interval_s.or(file.archive_interval_s),
            absent_after_s: self.absent_after_s.or(file.absent_after_s),
            rebuild_events_max: self.rebuild_events_max.or(file.rebuild_events_max),
            journal_keep_days: self.journal_keep_days.or(file.journal_keep_days),
        }
    }

    /// Fills in the defaults.
    ///
    /// # Errors
    /// When a bound makes no sense; the error says what would.
    pub fn resolve(self) -> Result<Bounds> {
        let runs_per_tenant_max = self.runs_per_tenant_max.unwrap_or(RUNS_PER_TENANT_MAX_DEFAULT);
        within("--runs-per-tenant-max", &runs_per_tenant_max, &RUNS_PER_TENANT)?;
        // Bounded by the line above, so the conversion holds.
        let one_tenant = u32::try_from(runs_per_tenant_max).unwrap_or(u32::MAX);
        let runs_max = self.runs_max.unwrap_or_else(|| RUNS_MAX_DEFAULT.max(one_tenant));
        within("--runs-max", &runs_max, &RUNS)?;
        let archive_interval_s = self.archive_interval_s.unwrap_or(ARCHIVE_INTERVAL_S_DEFAULT);
        within("--archive-interval-s", &archive_interval_s, &ARCHIVE_INTERVAL_S)?;
        let absent_after_s = self.absent_after_s.unwrap_or(ABSENT_AFTER_S_DEFAULT);
        within("--absent-after-s", &absent_after_s, &ABSENT_AFTER_S)?;
        let rebuild_events_max = self.rebuild_events_max.unwrap_or(REBUILD_EVENTS_MAX_DEFAULT);
        within("--rebuild-events-max", &rebuild_events_max, &REBUILD_EVENTS)?;
        let journal_keep_days = self.journal_keep_days.unwrap_or(JOURNAL_KEEP_DAYS_DEFAULT);
        within("--journal-keep-days", &journal_keep_days, &JOURNAL_KEEP_DAYS)?;
        let archive_url = self.archive_url;
        Ok(Bounds {
            runs_per_tenant_max,
            runs_max,
            archive_url,
            archive_interval_s,
            absent_after_s,
            rebuild_events_max,
            journal_keep_days,
        })
    }
}

fn within<T: PartialOrd + std::fmt::Display>(
    flag: &str,
    given: &T,
    allowed: &RangeInclusive<T>,
) -> Result<()> {
    if allowed.contains(given) {
        return Ok(());
    }
    bail!("{flag} must lie between {} and {}, not {given}", allowed.start(), allowed.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_has_room_for_what_one_trader_may_have() {
        let resolve = |per_tenant, all| {
            let given =
                BoundSettings { runs_per_tenant_max: per_tenant, runs_max: all, ..BoundSettings::default() };
            given.resolve().map(|bounds| (bounds.runs_per_tenant_max, bounds.runs_max))
        };
        assert_eq!(resolve(None, None).unwrap(), (16, 1_000));
        assert_eq!(resolve(Some(2_000), None).unwrap(), (2_000, 2_000));
        assert_eq!(resolve(Some(2_000), Some(50)).unwrap(), (2_000, 50), "what was said is kept");
    }

    #[test]
    fn a_bound_that_makes_no_sense_is_named_with_what_would() {
        let none = BoundSettings { runs_per_tenant_max: Some(0), ..BoundSettings::default() };
        let never = BoundSettings { archive_interval_s: Some(0), ..BoundSettings::default() };
        let at_once = BoundSettings { absent_after_s: Some(0), ..BoundSettings::default() };
        let cases =
            [(none, "--runs-per-tenant-max"), (never, "--archive-interval-s"), (at_once, "--absent-after-s")];
        for (given, flag) in cases {
            let said = given.resolve().unwrap_err().to_string();
            assert!(said.contains(flag) && said.contains("between 1 and"), "{said}");
        }
    }
}
