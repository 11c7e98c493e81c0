//! How long a replay may take, and that it ends when nobody waits for it any more. Knows nothing of what is replayed.

use super::error::ReplayError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Events between two looks at the clock.
const LOOK_EVERY: u64 = 64;

/// When a replay ends before its end.
#[derive(Debug, Clone, Default)]
pub struct Bound {
    until: Option<(Instant, Duration)>,
    given_up: Arc<AtomicBool>,
    since_look: u64,
    orders_max: Option<usize>,
}

/// Ends its replay when it is dropped.
#[derive(Debug)]
pub struct GiveUp(Arc<AtomicBool>);

impl Bound {
    /// No bound: for what is known to end.
    pub fn none() -> Self {
        Self::default()
    }

    /// So long from now on, and no longer than whoever asked holds what comes beside it.
    pub fn within(limit: Duration) -> (Self, GiveUp) {
        let given_up = Arc::new(AtomicBool::new(false));
        let bound = Self {
            until: Some((Instant::now() + limit, limit)),
            given_up: Arc::clone(&given_up),
            since_look: 0,
            orders_max: None,
        };
        (bound, GiveUp(given_up))
    }

    /// The same, with so many orders of one version at most.
    #[must_use]
    pub fn with_orders(self, max: usize) -> Self {
        Self { orders_max: Some(max), ..self }
    }

    /// Looks at how many orders a version has placed.
    ///
    /// # Errors
    /// When they are more than may be.
    pub fn orders(&self, count: usize) -> Result<(), ReplayError> {
        match self.orders_max {
            Some(max) if count > max => Err(ReplayError::TooManyOrders { max }),
            _ => Ok(()),
        }
    }

    /// Counts events.
    ///
    /// # Errors
    /// When the time is over, or nobody waits any more.
    pub fn count(&mut self, events: u64) -> Result<(), ReplayError> {
        self.since_look += events;
        if self.since_look < LOOK_EVERY {
            return Ok(());
        }
        self.since_look = 0;
        self.look()
    }

    /// Looks at the clock, and whether somebody waits still: before a step whose length is not known.
    ///
    /// # Errors
    /// When the time is over, or nobody waits any more.
    pub fn look(&self) -> Result<(), ReplayError> {
        if self.given_up.load(Ordering::Relaxed) {
            return Err(ReplayError::GivenUp);
        }
        match self.until {
            Some((until, limit)) if Instant::now() >= until => {
                Err(ReplayError::TooLong { limit_s: limit.as_secs() })
            }
            _ => Ok(()),
        }
    }
}

impl Drop for GiveUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(bound: &mut Bound) -> Result<(), ReplayError> {
        (0..LOOK_EVERY).try_for_each(|_| bound.count(1))
    }

    #[test]
    fn a_replay_ends_when_its_time_is_over_and_says_how_long_that_was() {
        let (mut bound, _waiting) = Bound::within(Duration::ZERO);
        assert!(matches!(counted(&mut bound), Err(ReplayError::TooLong { limit_s: 0 })));
    }

    #[test]
    fn a_replay_ends_when_nobody_waits_for_it_any_more() {
        let (mut bound, waiting) = Bound::within(Duration::from_secs(600));
        counted(&mut bound).unwrap();
        drop(waiting);
        assert!(matches!(counted(&mut bound), Err(ReplayError::GivenUp)));
    }
}
