//! Orders that are to be rejected later than they are taken: what was asked for, and which ones wait.
//!
//! Data alone; what is done with it stands in `late_rejects`.

use market::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What waits for orders to be taken, and the orders that wait to be rejected.
#[derive(Debug, Default)]
pub(crate) struct Late {
    /// By user: after how many milliseconds the next order is rejected, and in which words.
    pub(crate) next: BTreeMap<String, (i64, String)>,
    pub(crate) waiting: Vec<LateReject>,
}

/// An order that will be rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LateReject {
    pub(crate) at: Timestamp,
    pub(crate) user: String,
    pub(crate) order_id: String,
    pub(crate) message: String,
}
