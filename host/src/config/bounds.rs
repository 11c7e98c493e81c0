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

const ARCHIVE_INTERVAL_S: RangeInclusive<u64> = 1..=86_400;
const ABSENT_AFTER_S: RangeInclusive<i64> = 1..=3_600;

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
        let archive_url = self.archive_url;
        Ok(Bounds { runs_per_tenant_max, runs_max, archive_url, archive_interval_s, absent_after_s })
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
