//! The exchange's clock: the machine's, or a virtual one that can be set and sped up.
//!
//! Knows time only. Moving the market to the time it tells is the driver's work.

use crate::config::{ClockSetup, StartError};
use market::Timestamp;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The fastest a virtual clock may run, in simulated seconds per second.
pub(crate) const SPEED_LIMIT: f64 = 10_000.0;

/// A clock that never goes back by itself.
#[derive(Debug)]
pub(crate) struct Clock {
    setup: ClockSetup,
    since: Instant,
}

/// Why a clock was not set.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(crate) enum ClockError {
    /// The market's past is written.
    #[error("the clock cannot go back: it stands at {now}, and {asked} is earlier")]
    Backwards {
        /// Where it stands.
        now: Timestamp,
        /// Where it was asked to go.
        asked: Timestamp,
    },
    /// Negative, infinite or above the limit.
    #[error("speed must be between 0 and {SPEED_LIMIT}")]
    Speed,
}

impl Clock {
    pub(crate) fn start(setup: ClockSetup) -> Result<Self, StartError> {
        match setup {
            ClockSetup::Virtual { speed, .. } if !is_speed(speed) => {
                Err(StartError::Speed { speed, limit: SPEED_LIMIT })
            }
            ClockSetup::Virtual { .. } | ClockSetup::Wall => Ok(Self { setup, since: Instant::now() }),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        match self.setup {
            ClockSetup::Wall => wall(),
            ClockSetup::Virtual { start, speed } => {
                start.plus_micros((self.since.elapsed().as_micros() as f64 * speed) as i64)
            }
        }
    }

    pub(crate) fn speed(&self) -> f64 {
        match self.setup {
            ClockSetup::Wall => 1.0,
            ClockSetup::Virtual { speed, .. } => speed,
        }
    }

    /// Where a virtual clock was last set going; none for the machine's own.
    pub(crate) fn start_of_virtual(&self) -> Option<Timestamp> {
        match self.setup {
            ClockSetup::Wall => None,
            ClockSetup::Virtual { start, .. } => Some(start),
        }
    }

    pub(crate) fn is_wall(&self) -> bool {
        self.setup == ClockSetup::Wall
    }

    /// Starts no earlier than an instant. True when that made a difference; a wall clock becomes virtual by it.
    pub(crate) fn go_on_from(&mut self, earliest: Timestamp) -> bool {
        let behind = self.now() < earliest;
        if behind {
            let setup = ClockSetup::Virtual { start: earliest, speed: self.speed() };
            *self = Self { setup, since: Instant::now() };
        }
        behind
    }

    /// Sets time and speed; what is `None` stays. Any setting makes a wall clock virtual.
    pub(crate) fn set(&mut self, now: Option<Timestamp>, speed: Option<f64>) -> Result<(), ClockError> {
        let here = self.now();
        let start = now.unwrap_or(here);
        let speed = speed.unwrap_or_else(|| self.speed());
        if start < here {
            return Err(ClockError::Backwards { now: here, asked: start });
        }
        if !is_speed(speed) {
            return Err(ClockError::Speed);
        }
        *self = Self { setup: ClockSetup::Virtual { start, speed }, since: Instant::now() };
        Ok(())
    }
}

fn is_speed(speed: f64) -> bool {
    (0.0..=SPEED_LIMIT).contains(&speed)
}

/// The machine's clock: the one place where the simulator reads it.
#[allow(clippy::disallowed_methods, reason = "a broker has a clock of its own; the host must not share it")]
pub(crate) fn wall() -> Timestamp {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_micros());
    Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn still(start: Timestamp) -> Clock {
        Clock::start(ClockSetup::Virtual { start, speed: 0.0 }).unwrap()
    }

    #[test]
    fn a_virtual_clock_stands_where_it_is_set_and_never_goes_back() {
        let noon = Timestamp::parse_ist("2026-11-23 12:00:00").unwrap();
        let mut clock = still(noon);
        assert_eq!(clock.now(), noon);
        clock.set(Some(noon.plus_seconds(3600)), None).unwrap();
        assert_eq!(clock.now(), noon.plus_seconds(3600));
        let back = clock.set(Some(noon), None);
        assert_eq!(back, Err(ClockError::Backwards { now: noon.plus_seconds(3600), asked: noon }));
    }

    #[test]
    fn a_clock_that_is_behind_the_books_begins_where_they_end() {
        let noon = Timestamp::parse_ist("2026-11-23 12:00:00").unwrap();
        let mut clock = still(noon);
        assert!(!clock.go_on_from(noon.plus_seconds(-60)));
        assert_eq!(clock.now(), noon);
        assert!(clock.go_on_from(noon.plus_seconds(60)));
        assert_eq!(clock.now(), noon.plus_seconds(60));
    }

    #[test]
    fn speeds_that_are_none_are_refused() {
        let mut clock = still(Timestamp::EPOCH);
        for speed in [-1.0, f64::NAN, f64::INFINITY, SPEED_LIMIT * 2.0] {
            assert_eq!(clock.set(None, Some(speed)), Err(ClockError::Speed), "{speed}");
        }
    }
}
