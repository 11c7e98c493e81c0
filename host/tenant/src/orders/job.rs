//! What waits in a run's line to the sender. Data only.

use market::Change;

/// One thing for a run's sender to do.
pub(super) enum Job {
    Place(i64),
    Modify(i64, Change),
    Cancel(i64),
}
