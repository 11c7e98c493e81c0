//! What became of one call to the broker: the few cases that matter to an order. Data only.

use crate::record::RefusalCode;

/// What became of a place, a change or a withdrawal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The broker took it and names the order.
    Accepted {
        /// Its number.
        number: String,
    },
    /// The broker certainly did not do it.
    No(Why),
    /// It never left: no connection came about, or it made no sense.
    NotSent(Why),
    /// It never left, because of a last look right before the socket.
    Stopped(Why),
    /// It never left: the account's own budget at the broker is used up.
    OverBudget {
        /// Why, in words.
        why: Why,
        /// Which one.
        budget: Budget,
    },
    /// The broker says *slower*. Whoever says so may stand before or behind the order system.
    Slower(Why),
    /// The session is dead. Whether it was done, nobody can tell.
    SessionDead(Why),
    /// Nobody can tell.
    Unknown(Why),
}

/// The account's own budgets at the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Budget {
    /// Of a calendar second.
    Second,
    /// Of a calendar minute.
    Minute,
    /// Of a day.
    Day,
}

/// Why something did not come to be, as far as anybody can tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Why {
    /// As a word.
    pub code: RefusalCode,
    /// In words.
    pub text: String,
    /// The HTTP status of the answer, where there was one.
    pub http_status: Option<u16>,
    /// The broker's own classification, where it gave one.
    pub error_type: Option<String>,
}

impl Answer {
    /// Why not, where it was not simply taken.
    pub const fn why(&self) -> Option<&Why> {
        match self {
            Self::Accepted { .. } => None,
            Self::No(why)
            | Self::NotSent(why)
            | Self::Stopped(why)
            | Self::OverBudget { why, .. }
            | Self::Slower(why)
            | Self::SessionDead(why)
            | Self::Unknown(why) => Some(why),
        }
    }

    /// The broker's number, where it took the order.
    pub fn number(&self) -> Option<&str> {
        match self {
            Self::Accepted { number } => Some(number),
            Self::No(_)
            | Self::NotSent(_)
            | Self::Stopped(_)
            | Self::OverBudget { .. }
            | Self::Slower(_)
            | Self::SessionDead(_)
            | Self::Unknown(_) => None,
        }
    }

    /// True when the call left this machine, or may have.
    pub const fn left(&self) -> bool {
        match self {
            Self::Accepted { .. }
            | Self::No(_)
            | Self::Slower(_)
            | Self::SessionDead(_)
            | Self::Unknown(_) => true,
            Self::NotSent(_) | Self::Stopped(_) | Self::OverBudget { .. } => false,
        }
    }

    /// True when nobody can tell whether it was done.
    pub const fn is_unknown(&self) -> bool {
        match self {
            Self::Slower(_) | Self::SessionDead(_) | Self::Unknown(_) => true,
            Self::Accepted { .. }
            | Self::No(_)
            | Self::NotSent(_)
            | Self::Stopped(_)
            | Self::OverBudget { .. } => false,
        }
    }
}
