//! Pits: instruments that open, pause and close together, and the phase of the day that each is in.
//!
//! Shares and their derivatives keep one calendar, but only shares have call auctions, and the broker squares them off
//! at another minute. Knows no time: the clock says when a pit changes its phase.

use market::{Venue, VenueGroup};

/// Instruments that keep the same phases of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pit {
    /// Shares and indices.
    Cash,
    /// Derivatives of shares and indices.
    Derivatives,
    /// Currency derivatives.
    Currency,
    /// Commodity derivatives.
    Commodity,
}

/// What a pit is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing: before, after or without a session.
    Closed,
    /// Orders are collected for the auction that opens the day.
    Collecting,
    /// That auction is over, continuous trading has not begun. Nothing is taken.
    Matched,
    /// Between two sessions of one day.
    Paused,
    /// Continuous trading.
    Continuous,
    /// Trading at the closing price.
    Closing,
}

/// Whether after-market orders are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterHours {
    Taken,
    /// Not now, but from one second of the day to another.
    Between {
        from_seconds: i64,
        until_seconds: i64,
    },
    /// The market goes on around the clock.
    Never,
}

/// The phase of every pit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Phases([Phase; 4]);

impl Pit {
    /// All of them, in the order in which they cross one instant.
    pub(crate) const ALL: [Self; 4] = [Self::Cash, Self::Derivatives, Self::Currency, Self::Commodity];

    /// Whose calendar it keeps.
    pub(crate) const fn group(self) -> VenueGroup {
        match self {
            Self::Cash | Self::Derivatives => VenueGroup::Equity,
            Self::Currency => VenueGroup::Currency,
            Self::Commodity => VenueGroup::Commodity,
        }
    }

    /// True where there may be call auctions: the calendar's are those of shares, not of their derivatives.
    pub(crate) const fn has_auctions(self) -> bool {
        !matches!(self, Self::Derivatives)
    }

    /// How long after the last session the broker begins to take after-market orders, and how long before the first
    /// auction or session it ends (reference §15): shares 16:00 to 8:58, their derivatives 15:45 to 9:10, currency 17:00
    /// to 8:59, commodities from their close to 8:58.
    pub(crate) const fn after_market_seconds(self) -> (i64, i64) {
        match self {
            Self::Cash => (30 * 60, 2 * 60),
            Self::Derivatives => (15 * 60, 5 * 60),
            Self::Currency => (0, 60),
            Self::Commodity => (0, 2 * 60),
        }
    }

    /// How long before the close the broker squares intraday positions off (reference §15): shares at 15:20, their
    /// derivatives at 15:25, currency at 16:45, commodities 25 minutes before whatever their close is.
    pub(crate) const fn square_off_lead_seconds(self) -> i64 {
        match self {
            Self::Cash => 10 * 60,
            Self::Derivatives => 5 * 60,
            Self::Currency => 15 * 60,
            Self::Commodity => 25 * 60,
        }
    }
}

impl From<Venue> for Pit {
    fn from(venue: Venue) -> Self {
        match venue {
            Venue::Nse | Venue::Bse => Self::Cash,
            Venue::Nfo | Venue::Bfo => Self::Derivatives,
            Venue::Cds | Venue::Bcd => Self::Currency,
            Venue::Mcx | Venue::Nco => Self::Commodity,
        }
    }
}

impl Phases {
    /// Every pit in the phase that is said of it.
    pub(crate) fn by(phase: impl Fn(Pit) -> Phase) -> Self {
        Self(Pit::ALL.map(phase))
    }

    pub(crate) const fn of(&self, pit: Pit) -> Phase {
        self.0[pit as usize]
    }

    pub(crate) const fn enter(&mut self, pit: Pit, phase: Phase) {
        self.0[pit as usize] = phase;
    }

    /// True where some pit trades continuously.
    pub(crate) fn any_continuous(&self) -> bool {
        self.0.contains(&Phase::Continuous)
    }
}
