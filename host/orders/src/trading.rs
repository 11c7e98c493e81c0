//! What an account may do, in one word with its reasons. Data only.

use std::fmt;

/// What an account may do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TradingState {
    /// Everything its gate lets through.
    #[default]
    Active,
    /// Only exits and withdrawals leave.
    Reducing {
        /// Why, each reason by itself.
        why: Vec<String>,
    },
    /// Only withdrawals leave, until a person has looked.
    Halted {
        /// Why.
        why: String,
    },
}

impl TradingState {
    /// The word for it: `active`, `reducing` or `halted`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Reducing { .. } => "reducing",
            Self::Halted { .. } => "halted",
        }
    }
}

impl fmt::Display for TradingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active => f.write_str("active"),
            Self::Reducing { why } => write!(f, "reducing: {}", why.join("; ")),
            Self::Halted { why } => write!(f, "halted: {why}"),
        }
    }
}
