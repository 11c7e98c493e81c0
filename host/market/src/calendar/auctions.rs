//! Call auctions around the continuous sessions: the pre-open before the first and the closing session after the last.
//!
//! Data beside the sessions, not part of them: a market is open during its sessions alone.

use super::{Session, VenueGroup};
use crate::time::TradingDate;
use std::collections::BTreeMap;

/// One kind of auction: at its usual hours, and on days that have their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Auctions {
    pub(super) usual: BTreeMap<VenueGroup, Session>,
    pub(super) special: BTreeMap<(TradingDate, VenueGroup), Session>,
}

/// Which of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    PreOpen,
    Closing,
}

impl Auctions {
    /// The hours on a date, which is a special one or not.
    pub(super) fn on(&self, group: VenueGroup, date: TradingDate, is_special: bool) -> Option<Session> {
        if is_special {
            return self.special.get(&(date, group)).copied();
        }
        self.usual.get(&group).copied()
    }
}

impl Kind {
    /// The hours of an ordinary day (reference: NSE and BSE cash).
    pub(super) const fn usual(self, group: VenueGroup) -> Option<Session> {
        let (open, close) = match (self, group) {
            (Self::PreOpen, VenueGroup::Equity) => (9 * 60, 9 * 60 + 8),
            (Self::Closing, VenueGroup::Equity) => (15 * 60 + 40, 16 * 60),
            (Self::PreOpen | Self::Closing, VenueGroup::Currency | VenueGroup::Commodity) => return None,
        };
        Some(Session { open_seconds: open * 60, close_seconds: close * 60 })
    }

    /// True when an auction lies where it belongs: before the first session, or after the last.
    pub(super) fn fits(self, auction: Session, sessions: &[Session]) -> bool {
        match self {
            Self::PreOpen => {
                sessions.first().is_some_and(|first| auction.close_seconds <= first.open_seconds)
            }
            Self::Closing => sessions.last().is_some_and(|last| last.close_seconds <= auction.open_seconds),
        }
    }
}
