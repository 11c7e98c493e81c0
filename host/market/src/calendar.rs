//! When the market trades: sessions and holidays, as data.
//!
//! Circulars move days and hours, so nothing here is built in but the defaults, which an operator may replace.

use crate::time::{Timestamp, TradingDate};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Continuous trading of one day, in seconds since IST midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// First second of continuous trading.
    pub open_seconds: i64,
    /// First second after it.
    pub close_seconds: i64,
}

/// A calendar that contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a session must open before it closes and stay within one day: {open_seconds}..{close_seconds}")]
pub struct CalendarError {
    /// Where it would open.
    pub open_seconds: i64,
    /// Where it would close.
    pub close_seconds: i64,
}

/// The trading days and hours of one market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Calendar {
    session: Session,
    holidays: BTreeSet<TradingDate>,
    special: BTreeMap<TradingDate, Session>,
    weekends_too: bool,
}

impl Session {
    /// NSE cash and derivatives: 09:15 to 15:30.
    pub const NSE: Self = Self { open_seconds: 9 * 3600 + 15 * 60, close_seconds: 15 * 3600 + 30 * 60 };

    /// Midnight to midnight, for the demo and for paper trading at night.
    pub const ALWAYS: Self = Self { open_seconds: 0, close_seconds: 86_400 };
}

impl Calendar {
    /// Monday to Friday, 09:15 to 15:30, but for the given holidays.
    pub fn nse(holidays: impl IntoIterator<Item = TradingDate>) -> Self {
        let holidays = holidays.into_iter().collect();
        Self { session: Session::NSE, holidays, special: BTreeMap::new(), weekends_too: false }
    }

    /// Open at every instant.
    pub fn always_open() -> Self {
        let holidays = BTreeSet::new();
        Self { session: Session::ALWAYS, holidays, special: BTreeMap::new(), weekends_too: true }
    }

    /// Adds a day with hours of its own (Muhurat, a Saturday drill).
    ///
    /// # Errors
    /// When the session is empty or leaves the day.
    pub fn with_special(mut self, date: TradingDate, session: Session) -> Result<Self, CalendarError> {
        let Session { open_seconds, close_seconds } = session;
        if open_seconds < 0 || open_seconds >= close_seconds || close_seconds > 86_400 {
            return Err(CalendarError { open_seconds, close_seconds });
        }
        self.special.insert(date, session);
        Ok(self)
    }

    /// The session of a date, if there is one.
    pub fn session(&self, date: TradingDate) -> Option<Session> {
        if let Some(special) = self.special.get(&date) {
            return Some(*special);
        }
        let closed = self.holidays.contains(&date) || (date.is_weekend() && !self.weekends_too);
        (!closed).then_some(self.session)
    }

    /// Opening and closing instants of a date, if it has a session.
    pub fn hours(&self, date: TradingDate) -> Option<(Timestamp, Timestamp)> {
        let session = self.session(date)?;
        Some((date.at_seconds(session.open_seconds), date.at_seconds(session.close_seconds)))
    }

    /// True during continuous trading.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.hours(now.date()).is_some_and(|(open, close)| open <= now && now < close)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> TradingDate {
        text.parse().unwrap()
    }

    #[test]
    fn weekends_and_holidays_are_closed_and_special_days_are_open() {
        let muhurat = Session { open_seconds: 18 * 3600, close_seconds: 19 * 3600 };
        let calendar = Calendar::nse([date("2026-11-24")]).with_special(date("2026-11-08"), muhurat).unwrap();
        assert!(calendar.is_open(date("2026-11-23").at_seconds(10 * 3600)));
        assert!(!calendar.is_open(date("2026-11-23").at_seconds(9 * 3600)));
        assert!(!calendar.is_open(date("2026-11-23").at_seconds(Session::NSE.close_seconds)));
        assert!(!calendar.is_open(date("2026-11-24").at_seconds(10 * 3600)));
        assert!(!calendar.is_open(date("2026-11-22").at_seconds(10 * 3600)));
        assert!(calendar.is_open(date("2026-11-08").at_seconds(18 * 3600 + 60)));
    }

    #[test]
    fn the_demo_market_never_closes() {
        let calendar = Calendar::always_open();
        assert!(calendar.is_open(date("2026-11-22").at_seconds(3)));
    }
}
