//! The calendar as an operator writes it, and what is wrong with it where something is.
//!
//! A [`Calendar`] is read from this form alone, so none exists that was not checked.

use super::auctions::{Auctions, Kind};
use super::{Calendar, CalendarError, Session, VenueGroup};
use crate::time::TradingDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Says that a group has no auction.
const NONE: &str = "none";

/// Hours and days that differ from the defaults. What is left out stays as it is by default.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CalendarFile {
    /// Ordinary hours, such as `equity = "09:15-15:30"`.
    pub hours: HoursLine,
    /// When orders are collected for the auction before the session, such as `equity = "09:00-09:08"`; `none` for none.
    pub pre_open: HoursLine,
    /// When trading goes on at the closing price, such as `equity = "15:40-16:00"`; `none` for none.
    pub closing: HoursLine,
    /// Days on which markets stay closed.
    pub holidays: Vec<HolidayLine>,
    /// Days with hours of their own.
    pub special: Vec<SpecialLine>,
    /// True where weekends are days like any other: for simulators.
    pub weekends_too: bool,
}

/// Ordinary hours by group, as `HH:MM-HH:MM` in IST.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HoursLine {
    /// NSE, BSE, NFO, BFO.
    pub equity: Option<String>,
    /// CDS, BCD.
    pub currency: Option<String>,
    /// MCX, NCO.
    pub commodity: Option<String>,
}

/// A holiday.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HolidayLine {
    /// The date, as `YYYY-MM-DD`.
    pub date: TradingDate,
    /// What it is called, for people.
    #[serde(default)]
    pub name: String,
    /// Who stays closed. All, where nobody is named.
    #[serde(default = "all")]
    pub groups: Vec<VenueGroup>,
}

/// A day with hours of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecialLine {
    /// The date, as `YYYY-MM-DD`.
    pub date: TradingDate,
    /// What it is called, for people.
    #[serde(default)]
    pub name: String,
    /// Whom it is for. All, where nobody is named.
    #[serde(default = "all")]
    pub groups: Vec<VenueGroup>,
    /// Its sessions, each as `HH:MM-HH:MM` in IST.
    pub sessions: Vec<String>,
    /// When orders are collected for an auction before the first of them. None, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_open: Option<String>,
    /// When trading goes on at the closing price after the last of them. None, where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closing: Option<String>,
}

/// A calendar file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarFileError {
    /// Hours that are none.
    #[error("`{0}` are no hours: write them as HH:MM-HH:MM, such as 09:15-15:30")]
    Hours(String),
    /// A special day without sessions.
    #[error("{0} is a special day without sessions: give it one, or make it a holiday")]
    NoSessions(TradingDate),
    /// A line that is for nobody.
    #[error("{0} names no group: leave `groups` out to mean all of them")]
    NoGroups(TradingDate),
    /// One date in two lines.
    #[error("{0} stands in two holidays for the same group: keep one of them")]
    Twice(TradingDate),
    /// An auction within a session.
    #[error(
        "`{0}` is no hour for an auction: a pre-open ends before the first session begins, a closing session begins after the last one has ended"
    )]
    Auction(String),
    /// Sessions that contradict each other.
    #[error(transparent)]
    Calendar(#[from] CalendarError),
}

impl TryFrom<CalendarFile> for Calendar {
    type Error = CalendarFileError;

    fn try_from(file: CalendarFile) -> Result<Self, CalendarFileError> {
        let mut calendar = Self::nse([]);
        calendar.weekends_too = file.weekends_too;
        for (group, text) in file.hours.lines() {
            calendar.hours.insert(group, hours(text)?);
        }
        calendar.pre_open.usual = usual_auctions(&calendar, Kind::PreOpen, &file.pre_open)?;
        calendar.closing.usual = usual_auctions(&calendar, Kind::Closing, &file.closing)?;
        for HolidayLine { date, groups, .. } in file.holidays {
            check_groups(date, &groups)?;
            let closed = calendar.holidays.entry(date).or_default();
            if groups.into_iter().any(|group| !closed.insert(group)) {
                return Err(CalendarFileError::Twice(date));
            }
        }
        for line in file.special {
            calendar = with_special_line(calendar, line)?;
        }
        Ok(calendar)
    }
}

impl From<Calendar> for CalendarFile {
    fn from(calendar: Calendar) -> Self {
        let usual = |group| calendar.hours.get(&group).copied().map(written);
        let hours = HoursLine {
            equity: usual(VenueGroup::Equity),
            currency: usual(VenueGroup::Currency),
            commodity: usual(VenueGroup::Commodity),
        };
        let holiday = |(date, groups): (&TradingDate, &std::collections::BTreeSet<VenueGroup>)| HolidayLine {
            date: *date,
            name: String::new(),
            groups: groups.iter().copied().collect(),
        };
        let special = |(date, groups): (&TradingDate, &BTreeMap<VenueGroup, Vec<Session>>)| {
            let line = |(group, sessions): (&VenueGroup, &Vec<Session>)| SpecialLine {
                date: *date,
                name: String::new(),
                groups: vec![*group],
                sessions: sessions.iter().copied().map(written).collect(),
                pre_open: calendar.pre_open.special.get(&(*date, *group)).copied().map(written),
                closing: calendar.closing.special.get(&(*date, *group)).copied().map(written),
            };
            groups.iter().map(line).collect::<Vec<_>>()
        };
        Self {
            hours,
            pre_open: written_auctions(&calendar, Kind::PreOpen),
            closing: written_auctions(&calendar, Kind::Closing),
            holidays: calendar.holidays.iter().map(holiday).collect(),
            special: calendar.special.iter().flat_map(special).collect(),
            weekends_too: calendar.weekends_too,
        }
    }
}

impl HoursLine {
    fn lines(&self) -> impl Iterator<Item = (VenueGroup, &str)> {
        let lines = [
            (VenueGroup::Equity, &self.equity),
            (VenueGroup::Currency, &self.currency),
            (VenueGroup::Commodity, &self.commodity),
        ];
        lines.into_iter().filter_map(|(group, text)| Some((group, text.as_deref()?)))
    }
}

fn all() -> Vec<VenueGroup> {
    VenueGroup::ALL.to_vec()
}

fn check_groups(date: TradingDate, groups: &[VenueGroup]) -> Result<(), CalendarFileError> {
    if groups.is_empty() { Err(CalendarFileError::NoGroups(date)) } else { Ok(()) }
}

fn with_special_line(mut calendar: Calendar, line: SpecialLine) -> Result<Calendar, CalendarFileError> {
    let SpecialLine { date, groups, sessions, pre_open, closing, .. } = line;
    check_groups(date, &groups)?;
    if sessions.is_empty() {
        return Err(CalendarFileError::NoSessions(date));
    }
    for group in groups {
        for text in &sessions {
            calendar = calendar.with_special_for(group, date, hours(text)?)?;
        }
        let all = calendar.sessions(group, date);
        for (kind, text) in [(Kind::PreOpen, &pre_open), (Kind::Closing, &closing)] {
            if let Some(text) = text {
                let auction = fitting(kind, text, &all)?;
                auctions_of(&mut calendar, kind).special.insert((date, group), auction);
            }
        }
    }
    Ok(calendar)
}

/// The usual auctions with what the file says of them. A default that no longer fits the hours is left out.
fn usual_auctions(
    calendar: &Calendar,
    kind: Kind,
    lines: &HoursLine,
) -> Result<BTreeMap<VenueGroup, Session>, CalendarFileError> {
    let session = |group: VenueGroup| calendar.hours.get(&group).copied().into_iter().collect::<Vec<_>>();
    let defaults = VenueGroup::ALL.into_iter().filter_map(|group| Some((group, kind.usual(group)?)));
    let mut usual: BTreeMap<_, _> =
        defaults.filter(|(group, auction)| kind.fits(*auction, &session(*group))).collect();
    for (group, text) in lines.lines() {
        if text == NONE {
            usual.remove(&group);
        } else {
            usual.insert(group, fitting(kind, text, &session(group))?);
        }
    }
    Ok(usual)
}

fn fitting(kind: Kind, text: &str, sessions: &[Session]) -> Result<Session, CalendarFileError> {
    let auction = hours(text)?;
    let wrong = || CalendarFileError::Auction(text.to_owned());
    if kind.fits(auction, sessions) { Ok(auction) } else { Err(wrong()) }
}

const fn auctions_of(calendar: &mut Calendar, kind: Kind) -> &mut Auctions {
    match kind {
        Kind::PreOpen => &mut calendar.pre_open,
        Kind::Closing => &mut calendar.closing,
    }
}

fn written_auctions(calendar: &Calendar, kind: Kind) -> HoursLine {
    let auctions = match kind {
        Kind::PreOpen => &calendar.pre_open,
        Kind::Closing => &calendar.closing,
    };
    let line = |group| Some(auctions.usual.get(&group).copied().map_or(NONE.to_owned(), written));
    HoursLine {
        equity: line(VenueGroup::Equity),
        currency: line(VenueGroup::Currency),
        commodity: line(VenueGroup::Commodity),
    }
}

fn hours(text: &str) -> Result<Session, CalendarFileError> {
    let read = || {
        let (open, close) = text.split_once('-')?;
        Some(Session { open_seconds: clock(open)?, close_seconds: clock(close)? })
    };
    let session = read().ok_or_else(|| CalendarFileError::Hours(text.to_owned()))?;
    Ok(session.check()?)
}

/// `HH:MM`, up to `24:00`.
fn clock(text: &str) -> Option<i64> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let number = |part: &str, most: i64| {
        let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        part.parse::<i64>().ok().filter(|number| digits && *number <= most)
    };
    Some(number(hours, 24)? * 3600 + number(minutes, 59)? * 60)
}

fn written(session: Session) -> String {
    let clock = |seconds: i64| format!("{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
    format!("{}-{}", clock(session.open_seconds), clock(session.close_seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instrument::Venue;
    use crate::time::Timestamp;
    use serde_json::{Value, json};

    fn read(file: Value) -> Result<Calendar, serde_json::Error> {
        serde_json::from_value(file)
    }

    fn file() -> Value {
        json!({
            "hours": {"commodity": "09:00-23:55"},
            "holidays": [
                {"date": "2026-01-26", "name": "Republic Day"},
                {"date": "2026-03-03", "groups": ["equity", "currency"]},
            ],
            "special": [
                {"date": "2026-11-08", "name": "Muhurat", "groups": ["equity"], "sessions": ["18:00-19:00"]},
                {"date": "2026-11-28", "name": "drill", "sessions": ["11:30-12:30", "09:15-10:00"]},
            ],
        })
    }

    #[test]
    fn a_file_changes_hours_closes_days_and_opens_others() {
        let calendar = read(file()).unwrap();
        let open = |venue, text| calendar.is_open_at(venue, Timestamp::parse_ist(text).unwrap());
        assert!(open(Venue::Mcx, "2026-11-23 23:54:00") && !open(Venue::Cds, "2026-11-23 17:00:00"));
        assert!(!open(Venue::Mcx, "2026-01-26 10:00:00") && !open(Venue::Nse, "2026-03-03 10:00:00"));
        assert!(open(Venue::Mcx, "2026-03-03 10:00:00"));
        assert!(open(Venue::Nse, "2026-11-08 18:30:00") && !open(Venue::Mcx, "2026-11-08 18:30:00"));
        assert!(open(Venue::Nse, "2026-11-28 09:30:00") && !open(Venue::Nse, "2026-11-28 11:00:00"));
        assert!(calendar.knows_holidays_of(2026));
    }

    #[test]
    fn a_calendar_comes_back_as_it_was_written() {
        for calendar in [read(file()).unwrap(), Calendar::nse([]), Calendar::always_open()] {
            let text = serde_json::to_string(&calendar).unwrap();
            assert_eq!(serde_json::from_str::<Calendar>(&text).unwrap(), calendar);
        }
    }

    #[test]
    fn a_calendar_that_contradicts_itself_is_never_read() {
        let special = |sessions: Value| json!({"special": [{"date": "2026-11-08", "sessions": sessions}]});
        let table = [
            (json!({"hours": {"equity": "15:30-09:15"}}), "must open before it closes"),
            (json!({"hours": {"equity": "9:15-15:30"}}), "write them as HH:MM-HH:MM"),
            (json!({"hours": {"equity": "09:15-24:01"}}), "stay within one day"),
            (json!({"hours": {"shares": "09:15-15:30"}}), "unknown field `shares`"),
            (json!({"holidays": [{"date": "2026-02-30"}]}), "not a date"),
            (json!({"holidays": [{"date": "2026-01-26"}, {"date": "2026-01-26"}]}), "two holidays"),
            (json!({"holidays": [{"date": "2026-01-26", "groups": []}]}), "names no group"),
            (special(json!([])), "without sessions"),
            (special(json!(["09:15-10:00", "09:45-11:00"])), "overlap"),
            (special(json!(["soon"])), "HH:MM-HH:MM"),
            (json!({"pre_open": {"equity": "09:00-09:16"}}), "no hour for an auction"),
            (json!({"closing": {"equity": "15:29-16:00"}}), "no hour for an auction"),
            (json!({"closing": {"equity": "never"}}), "HH:MM-HH:MM"),
        ];
        for (file, says) in table {
            let said = read(file.clone()).unwrap_err().to_string();
            assert!(said.contains(says), "{file}: {said}");
        }
    }
}
