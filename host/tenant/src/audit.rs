//! What was done, when, by whom: entries of a chain that only grows. Words and data; the chain itself stands beside.
//!
//! An entry never holds a secret: whoever makes one names ids, sums and sizes, not keys, tokens or passwords.

mod actor;
mod chain;
mod kept;

pub use actor::Actor;
pub use chain::{Break, ChainCheck, Checkpoint, Head, Link};
pub use kept::{HEADS_FILE, Heads, NoHead, hash_of};

use ::orders::state_words;
use market::Timestamp;
use serde::Serialize;

state_words! {
    /// What was done.
    AuditAction {
        /// Somebody signed in.
        Login = "login",
        /// Somebody signed out, on this device or another.
        Logout = "logout",
        /// The broker's key, secret and token were sealed and stored.
        CredentialsStored = "credentialsStored",
        /// A token for scripts was made.
        TokenMade = "tokenMade",
        /// A token for scripts was revoked.
        TokenRevoked = "tokenRevoked",
        /// The first version of a strategy was uploaded.
        StrategyUploaded = "strategyUploaded",
        /// A further version was uploaded.
        VersionUploaded = "versionUploaded",
        /// A strategy was taken off the list.
        StrategyDeleted = "strategyDeleted",
        /// A run was started.
        RunStarted = "runStarted",
        /// Somebody wants a run stopped.
        RunStopAsked = "runStopAsked",
        /// Somebody wants closed what a run holds.
        SquareOffAsked = "squareOffAsked",
        /// A run has ended.
        RunEnded = "runEnded",
        /// Risk limits were changed.
        LimitsChanged = "limitsChanged",
        /// A kill switch was put on.
        KillSwitchOn = "killSwitchOn",
        /// A kill switch was taken off.
        KillSwitchOff = "killSwitchOff",
        /// A limit closed the gate.
        LatchClosed = "latchClosed",
        /// A person opened a gate that a limit, or a halt, had closed.
        LatchCleared = "latchCleared",
        /// The order path was halted until a person has looked.
        Halted = "halted",
        /// A way out of this machine was set.
        EgressSet = "egressSet",
        /// Which address orders leave from was proved anew, or could not be.
        EgressProved = "egressProved",
        /// The broker has ended the session.
        BrokerSessionEnded = "brokerSessionEnded",
        /// An order was written down and waits for its turn.
        OrderIntent = "orderIntent",
        /// An order was refused here.
        OrderRefused = "orderRefused",
        /// An order was written down as leaving now.
        OrderSending = "orderSending",
        /// How the broker answered an order, or that it did not.
        OrderAnswered = "orderAnswered",
        /// An order changed at the broker.
        OrderChanged = "orderChanged",
        /// What became of an order must be found out by a person.
        OrderEscalated = "orderEscalated",
        /// A person said what became of an order of which nobody could tell.
        OrderSettled = "orderSettled",
        /// Somebody wants an order withdrawn.
        WithdrawalAsked = "withdrawalAsked",
        /// A change or a withdrawal of an order was handed out to leave for the broker.
        CallLeft = "callLeft",
        /// What became of it: how the broker answered, or why it never left.
        CallAnswered = "callAnswered",
        /// The host was started.
        HostStarted = "hostStarted",
        /// The host was stopped in good order.
        HostStopped = "hostStopped",
        /// Something was deleted because it was older than it must be kept.
        RetentionDeleted = "retentionDeleted",
        /// Entries at the front of this chain were deleted for their age.
        AuditPruned = "auditPruned",
    }
}

impl AuditAction {
    /// True of what belongs to the history of one order.
    pub const fn is_of_order(self) -> bool {
        matches!(
            self,
            Self::OrderIntent
                | Self::OrderRefused
                | Self::OrderSending
                | Self::OrderAnswered
                | Self::OrderChanged
                | Self::OrderEscalated
                | Self::OrderSettled
                | Self::WithdrawalAsked
                | Self::CallLeft
                | Self::CallAnswered
        )
    }
}

/// One entry, before it has its place in the chain.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// What.
    pub action: AuditAction,
    /// To what: a run, a strategy, an order's number.
    pub subject: String,
    /// All there is to say about it. No secret, ever.
    pub details: serde_json::Value,
}

/// One entry as the chain has it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditRecord {
    /// Its place: counts from 1 without a gap.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// By whom, in words.
    pub actor: String,
    /// What, as a word of [`AuditAction`].
    pub action: String,
    /// To what.
    pub subject: String,
    /// All there is to say about it.
    pub details: serde_json::Value,
    /// Covers this entry and all before it.
    pub hash: String,
}

/// Which entries of a chain are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// Not before this instant.
    pub from: Option<Timestamp>,
    /// Before this instant.
    pub to: Option<Timestamp>,
    /// Only this action.
    pub action: Option<AuditAction>,
    /// Only what was done to this.
    pub subject: Option<String>,
    /// Only entries with a lower number: the next page.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: u32,
}

impl AuditEntry {
    /// From its parts.
    pub fn new(
        at: Timestamp,
        actor: Actor,
        action: AuditAction,
        subject: impl Into<String>,
        details: serde_json::Value,
    ) -> Self {
        Self { at, actor, action, subject: subject.into(), details }
    }
}

#[cfg(test)]
mod tests;
