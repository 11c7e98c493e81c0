//! What was done, as JSON.

use crate::web::view::When;
use serde::Serialize;
use utoipa::ToSchema;

/// One thing that was done.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditView {
    /// Its place in the chain: counts from 1 without a gap.
    pub(crate) number: u64,
    pub(crate) at: When,
    /// By whom: a session, a token, a run, the host, its operator or the broker.
    pub(crate) actor: String,
    /// What, in one word.
    pub(crate) action: String,
    /// To what: a run, a strategy, an order's number.
    pub(crate) subject: String,
    /// All there is to say about it.
    pub(crate) details: serde_json::Value,
    /// Covers this entry and all before it.
    pub(crate) hash: String,
}

/// A page of what was done, newest first.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditPage {
    pub(crate) entries: Vec<AuditView>,
    /// How many entries there ever were.
    pub(crate) count: u64,
    /// The newest entry's hash: kept elsewhere, it proves later that nothing was cut off or rewritten.
    pub(crate) head: String,
    /// Ask with `before` set to this for the next page; null when there is none.
    pub(crate) next_before: Option<u64>,
}
