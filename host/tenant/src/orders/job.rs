//! What waits in a run's line to the sender. Data only.
//!
//! The line is as long as the gate lets a run ask within the time that a job may wait, for what waited longer is given up
//! as soon as its turn comes. Withdrawals do not stand in it; what a run asked for after one waits for its answer.

use super::flight::Flight;
use market::{Change, Timestamp};

/// One thing for a run's sender to do.
pub(super) enum Job {
    Place(Flight),
    Modify {
        id: i64,
        change: Change,
        asked_at: Timestamp,
    },
    /// Waits until the broker has answered a withdrawal, but not for ever.
    AfterWithdrawal(i64),
}
