//! How an account's line to the broker stands, in words. Knows no connection.

use market::Timestamp;
use std::fmt;

/// How the line to the broker stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BrokerState {
    /// Orders can be sent.
    Live,
    /// The broker ended the session; the next login revives it. Positions are unknown since then, never zero.
    Expired {
        /// When it was noticed.
        since: Timestamp,
    },
    /// The session may be good, but the broker does not answer.
    Unreachable {
        /// When it was noticed.
        since: Timestamp,
        /// What went wrong.
        why: String,
    },
}

impl BrokerState {
    /// The word for it: `live`, `expired` or `unreachable`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Expired { .. } => "expired",
            Self::Unreachable { .. } => "unreachable",
        }
    }
}

/// In words for the trader.
impl fmt::Display for BrokerState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live => f.write_str("the broker session is live"),
            Self::Expired { .. } => f.write_str("the broker session has ended: sign in again to trade"),
            Self::Unreachable { why, .. } => write!(f, "the broker cannot be reached: {why}"),
        }
    }
}
