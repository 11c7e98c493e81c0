//! What stops an account's orders, as JSON: switches, what the account may do, what is being closed, and its way out.

use super::When;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What may be sent, and what stops the rest.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KillSwitchView {
    /// True while the account's own switch is on: no order may be sent.
    pub(crate) on: bool,
    /// Why, in the words of who moved it.
    pub(crate) reason: Option<String>,
    /// When it was last moved.
    pub(crate) since: Option<When>,
    pub(crate) state: TradingView,
    /// Why the account may not do everything, each reason by itself.
    pub(crate) why: Vec<String>,
    /// Every switch that is on: the host's, the account's, and those of single runs.
    pub(crate) switches: Vec<SwitchView>,
    /// Orders at the broker that carry this host's mark and that no row knows of: they halt the account until each is
    /// accepted.
    pub(crate) foreign: Vec<ForeignView>,
    /// Runs that are being taken out of the market.
    pub(crate) closing: Vec<ClosingView>,
    /// While the account's switch is on or something is being closed: what runs hold against each other, each by its own trades.
    /// The account has what is left of all, so nothing can be traded to close it.
    pub(crate) netted: Vec<String>,
}

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum TradingView {
    /// Everything its limits let through.
    Active,
    /// Only exits and withdrawals leave.
    Reducing,
    /// Only withdrawals leave, until a person has looked: see `POST /api/trading-state/clear`.
    Halted,
}

/// A switch that is on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SwitchView {
    pub(crate) scope: ScopeView,
    /// Of which run, where it is a run's.
    pub(crate) run_id: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) since: Option<When>,
}

/// What a switch stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ScopeView {
    /// Every account of the host: its operator put it on, and takes it off.
    Host,
    Account,
    Run,
}

/// An order at the broker that no row knows of.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ForeignView {
    /// Its mark, by which it is accepted.
    pub(crate) tag: String,
    /// What it is, in words.
    pub(crate) order: String,
}

/// A run whose orders are withdrawn and whose positions are closed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClosingView {
    pub(crate) run_id: String,
    pub(crate) strategy_name: String,
    /// What is open still, and what it waits for.
    pub(crate) detail: Option<String>,
}

/// A wish to move a kill switch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetKillSwitch {
    pub(crate) on: bool,
    #[serde(default)]
    pub(crate) reason: Option<String>,
    /// Where it goes on: also withdraw what stands and close what is held. The runs concerned end.
    #[serde(default)]
    pub(crate) flatten: bool,
}

/// A person's word that an account may go on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClearHalt {
    /// What was looked at, and why it may go on.
    pub(crate) reason: String,
    /// The marks of the orders in `foreign` that were looked at: they are taken as they are.
    #[serde(default)]
    pub(crate) accepted: Vec<String>,
}

/// Which address orders leave from.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EgressView {
    /// The way that is set, in words: `directly`, `from 203.0.113.7`, `through http://…`.
    pub(crate) way: String,
    /// The address that orders must leave from; null where nobody said.
    pub(crate) expected: Option<String>,
    /// The address that was proved last; null where none was.
    pub(crate) address: Option<String>,
    /// When that was.
    pub(crate) proved_at: Option<When>,
    /// Why new orders are refused for their way out; null while they are not.
    pub(crate) refused: Option<String>,
}
