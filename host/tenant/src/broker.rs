//! One tenant's line to the broker: the session and what is known of it.

use market::Timestamp;

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
