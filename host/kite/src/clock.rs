//! The wall clock at the wire: for calendar windows and for ticks that carry no time of their own.
//!
//! The only place of this crate that reads it; everything else takes the time as an argument.

use market::Timestamp;
use std::time::{SystemTime, UNIX_EPOCH};

/// Now.
#[expect(
    clippy::disallowed_methods,
    reason = "the broker's rate windows are calendar seconds, so the wire needs wall time, and no event of a run is stamped from it"
)]
pub(crate) fn now() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
