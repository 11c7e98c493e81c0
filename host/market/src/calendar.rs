//! When the market trades: sessions and holidays, as data.
//!
//! Circulars move days and hours, so nothing here is built in but the defaults, which an operator may replace by a
//! [`CalendarFile`]. Venues that keep the same hours form a [`VenueGroup`].

mod auctions;
mod file;

pub use file::{CalendarFile, CalendarFileError, HolidayLine, HoursLine, SpecialLine};

use crate::instrument::Venue;
use crate::time::{Timestamp, TradingDate};
use auctions::{Auctions, Kind};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A session ends no later than its day.
const DAY_SECONDS: i64 = 86_400;

/// Venues that trade at the same hours and keep the same holidays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum VenueGroup {
    /// Shares and their derivatives: NSE, BSE, NFO, BFO.
    Equity,
    /// Currency derivatives: CDS, BCD.
    Currency,
    /// Commodities: MCX, NCO.
    Commodity,
}

/// Continuous trading, in seconds since IST midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// First second of continuous trading.
    pub open_seconds: i64,
    /// First second after it.
    pub close_seconds: i64,
}

/// A calendar that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// A session that is empty or leaves its day.
    #[error("a session must open before it closes and stay within one day: {open_seconds}..{close_seconds}")]
    Session {
        /// Where it would open.
        open_seconds: i64,
        /// Where it would close.
        close_seconds: i64,
    },
    /// Two sessions of one day that overlap.
    #[error("two sessions of {0} overlap")]
    Overlap(TradingDate),
}

/// The trading days and hours of every market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "CalendarFile", into = "CalendarFile")]
pub struct Calendar {
    hours: BTreeMap<VenueGroup, Session>,
    holidays: BTreeMap<TradingDate, BTreeSet<VenueGroup>>,
    /// Days with hours of their own, in order and apart. They go before weekends and holidays.
    special: BTreeMap<TradingDate, BTreeMap<VenueGroup, Vec<Session>>>,
    weekends_too: bool,
    pre_open: Auctions,
    closing: Auctions,
}

impl VenueGroup {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Equity, Self::Currency, Self::Commodity];

    /// The hours of an ordinary day.
    const fn usual(self) -> Session {
        match self {
            Self::Equity => Session::NSE,
            Self::Currency => Session { open_seconds: 9 * 3600, close_seconds: 17 * 3600 },
            // 23:55 while the United States keep winter time: a line of the file.
            Self::Commodity => Session { open_seconds: 9 * 3600, close_seconds: 23 * 3600 + 30 * 60 },
        }
    }
}

impl From<Venue> for VenueGroup {
    fn from(venue: Venue) -> Self {
        match venue {
            Venue::Nse | Venue::Bse | Venue::Nfo | Venue::Bfo => Self::Equity,
            Venue::Cds | Venue::Bcd => Self::Currency,
            Venue::Mcx | Venue::Nco => Self::Commodity,
        }
    }
}

impl Session {
    /// NSE cash and derivatives: 09:15 to 15:30.
    pub const NSE: Self = Self { open_seconds: 9 * 3600 + 15 * 60, close_seconds: 15 * 3600 + 30 * 60 };

    /// Midnight to midnight, for the demo and for paper trading at night.
    pub const ALWAYS: Self = Self { open_seconds: 0, close_seconds: DAY_SECONDS };

    fn check(self) -> Result<Self, CalendarError> {
        let Self { open_seconds, close_seconds } = self;
        if open_seconds < 0 || open_seconds >= close_seconds || close_seconds > DAY_SECONDS {
            return Err(CalendarError::Session { open_seconds, close_seconds });
        }
        Ok(self)
    }
}

impl Calendar {
    /// Monday to Friday at each group's usual hours, but for the given holidays.
    pub fn nse(holidays: impl IntoIterator<Item = TradingDate>) -> Self {
        let usual = |kind: Kind| {
            let hours = VenueGroup::ALL.into_iter().filter_map(|group| Some((group, kind.usual(group)?)));
            Auctions { usual: hours.collect(), ..Auctions::default() }
        };
        Self {
            hours: VenueGroup::ALL.map(|group| (group, group.usual())).into(),
            holidays: BTreeMap::new(),
            special: BTreeMap::new(),
            weekends_too: false,
            pre_open: usual(Kind::PreOpen),
            closing: usual(Kind::Closing),
        }
        .with_holidays(holidays)
    }

    /// Open at every instant.
    pub fn always_open() -> Self {
        Self {
            hours: VenueGroup::ALL.map(|group| (group, Session::ALWAYS)).into(),
            holidays: BTreeMap::new(),
            special: BTreeMap::new(),
            weekends_too: true,
            pre_open: Auctions::default(),
            closing: Auctions::default(),
        }
    }

    /// Closes every market on these dates as well.
    pub fn with_holidays(mut self, dates: impl IntoIterator<Item = TradingDate>) -> Self {
        self.holidays.extend(dates.into_iter().map(|date| (date, VenueGroup::ALL.into())));
        self
    }

    /// Adds a session to a day with hours of its own (Muhurat, a Saturday drill), for every market.
    ///
    /// # Errors
    /// When the session is empty, leaves the day or overlaps another of it.
    pub fn with_special(self, date: TradingDate, session: Session) -> Result<Self, CalendarError> {
        VenueGroup::ALL
            .into_iter()
            .try_fold(self, |calendar, group| calendar.with_special_for(group, date, session))
    }

    /// The same for one group; the others keep what the day is for them.
    ///
    /// # Errors
    /// As [`Calendar::with_special`].
    pub fn with_special_for(
        mut self,
        group: VenueGroup,
        date: TradingDate,
        session: Session,
    ) -> Result<Self, CalendarError> {
        let sessions = self.special.entry(date).or_default().entry(group).or_default();
        sessions.push(session.check()?);
        sessions.sort();
        let apart = sessions.windows(2).all(|pair| pair[0].close_seconds <= pair[1].open_seconds);
        if apart { Ok(self) } else { Err(CalendarError::Overlap(date)) }
    }

    /// Every session of a group on a date, in order.
    pub fn sessions(&self, group: VenueGroup, date: TradingDate) -> Vec<Session> {
        if let Some(special) = self.special.get(&date).and_then(|groups| groups.get(&group)) {
            return special.clone();
        }
        let holiday = self.holidays.get(&date).is_some_and(|closed| closed.contains(&group));
        if holiday || (date.is_weekend() && !self.weekends_too) {
            return Vec::new();
        }
        self.hours.get(&group).copied().into_iter().collect()
    }

    /// A date from first opening to last closing of shares and their derivatives, if they trade at all.
    pub fn session(&self, date: TradingDate) -> Option<Session> {
        self.session_of(VenueGroup::Equity, date)
    }

    /// The same for any group.
    pub fn session_of(&self, group: VenueGroup, date: TradingDate) -> Option<Session> {
        let sessions = self.sessions(group, date);
        let (first, last) = (sessions.first()?, sessions.last()?);
        Some(Session { open_seconds: first.open_seconds, close_seconds: last.close_seconds })
    }

    /// When orders are collected for the call auction before a group's first session of a date, if there is one. From its
    /// end to the session's begin nothing is taken.
    pub fn pre_open(&self, group: VenueGroup, date: TradingDate) -> Option<Session> {
        self.auction(&self.pre_open, Kind::PreOpen, group, date)
    }

    /// When a group still trades at the closing price after its last session of a date, if it does.
    pub fn closing(&self, group: VenueGroup, date: TradingDate) -> Option<Session> {
        self.auction(&self.closing, Kind::Closing, group, date)
    }

    /// The same as instants.
    pub fn hours(&self, date: TradingDate) -> Option<(Timestamp, Timestamp)> {
        let session = self.session(date)?;
        Some((date.at_seconds(session.open_seconds), date.at_seconds(session.close_seconds)))
    }

    /// True during continuous trading of shares and their derivatives.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.is_open_for(VenueGroup::Equity, now)
    }

    /// True during continuous trading of a venue: between two sessions of one day it is closed.
    pub fn is_open_at(&self, venue: Venue, now: Timestamp) -> bool {
        self.is_open_for(venue.into(), now)
    }

    /// True when the calendar knows holidays of a year. One that knows none is most likely one that nobody filled in.
    pub fn knows_holidays_of(&self, year: i32) -> bool {
        self.weekends_too || self.holidays.keys().any(|date| date.parts().0 == year)
    }

    /// An auction never lies within a session: where the file moves hours over it, there is none.
    fn auction(
        &self,
        auctions: &Auctions,
        kind: Kind,
        group: VenueGroup,
        date: TradingDate,
    ) -> Option<Session> {
        let sessions = self.sessions(group, date);
        let is_special = self.special.get(&date).is_some_and(|groups| groups.contains_key(&group));
        let auction = auctions.on(group, date, is_special)?;
        kind.fits(auction, &sessions).then_some(auction)
    }

    fn is_open_for(&self, group: VenueGroup, now: Timestamp) -> bool {
        let second = now.micros_of_day().div_euclid(1_000_000);
        let within = |session: &Session| (session.open_seconds..session.close_seconds).contains(&second);
        self.sessions(group, now.date()).iter().any(within)
    }
}

#[cfg(test)]
mod tests;
