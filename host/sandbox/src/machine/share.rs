//! A run's share of the processor: spent by its calls, given back by time. Knows no clock of its own.

use crate::limits::Limits;
use std::time::{Duration, Instant};

/// Fills with time up to the share of one window, and may be overdrawn by the call that empties it.
pub(super) struct Share {
    percent: u32,
    /// In nanoseconds of processor time.
    most: i128,
    left: i128,
    filled: Option<Instant>,
    spent: Duration,
}

impl Share {
    pub(super) fn new(limits: &Limits) -> Self {
        let window = Duration::from_millis(limits.cpu_window_ms);
        // A share of nothing would never give anything back.
        let percent = limits.cpu_share_percent.max(1);
        let most = part(window, percent);
        Self { percent, most, left: most, filled: None, spent: Duration::ZERO }
    }

    /// How long the run must wait for its turn, given what its calls have used in all.
    pub(super) fn wait(&mut self, spent: Duration, now: Instant) -> Duration {
        let passed = self.filled.map_or(Duration::ZERO, |filled| now.saturating_duration_since(filled));
        self.filled = Some(now);
        self.left = (self.left + part(passed, self.percent)).min(self.most);
        self.left -= nanos(spent.saturating_sub(self.spent));
        self.spent = spent;
        let owed = u64::try_from((-self.left).max(0)).unwrap_or(u64::MAX);
        Duration::from_nanos(owed.saturating_mul(100) / u64::from(self.percent))
    }

    /// What was used until now was not the run's own doing.
    pub(super) fn forgive(&mut self, spent: Duration) {
        (self.spent, self.left) = (spent, self.most);
    }
}

fn part(time: Duration, percent: u32) -> i128 {
    nanos(time) * i128::from(percent) / 100
}

fn nanos(time: Duration) -> i128 {
    i128::try_from(time.as_nanos()).unwrap_or(i128::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn half_a_core_over_ten_seconds_and_then_its_turn_comes_half_as_often() {
        let (mut share, now) = (Share::new(&Limits::default()), Instant::now());
        assert_eq!(share.wait(ms(4_000), now), ms(0));
        assert_eq!(share.wait(ms(5_000), now), ms(0), "five seconds at once are its own");
        assert_eq!(share.wait(ms(5_050), now), ms(100), "what it took beyond is waited for");
        assert_eq!(share.wait(ms(5_050), now + ms(60)), ms(40));
        assert_eq!(share.wait(ms(5_050), now + ms(100)), ms(0));
    }

    #[test]
    fn a_run_that_was_rebuilt_begins_with_its_whole_share() {
        let (mut share, now) = (Share::new(&Limits::default()), Instant::now());
        share.forgive(ms(60_000));
        assert_eq!(share.wait(ms(65_000), now), ms(0), "five seconds of its own");
        assert_eq!(share.wait(ms(65_050), now), ms(100));
    }

    #[test]
    fn idling_saves_up_no_more_than_one_window() {
        let (mut share, now) = (Share::new(&Limits::default()), Instant::now());
        assert_eq!(share.wait(ms(0), now), ms(0));
        assert_eq!(share.wait(ms(5_001), now + ms(3_600_000)), ms(2));
    }
}
