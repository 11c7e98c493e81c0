//! The clocks at the wire: the wall for the IST date and for ticks that carry no time of their own, the steady one for
//! rates.
//!
//! The only place of this crate that reads them; everything else takes the time as an argument.

use market::Timestamp;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Where this clock begins: the longest rate that is counted lies before it.
const BEFORE_START: Duration = Duration::from_secs(120);

/// Time that never goes back, counted from when this was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steady(Instant);

impl Steady {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        // What was sent shortly before this process began has its place on this clock too.
        self.0.elapsed() + BEFORE_START
    }
}

/// Now.
#[expect(
    clippy::disallowed_methods,
    reason = "the broker counts orders by IST date, so the wire needs wall time, and no event of a run is stamped from it"
)]
pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
