//! The last days of contracts: which ones are next, by each exchange's own rule and calendar.

use crate::clock::{has_ended, weekday};
use crate::underlyings::{Expiry, Underlying};
use market::{Calendar, Timestamp, TradingDate, VenueGroup};

/// How far a last day is moved to find a session, in days.
const MOST_MOVED_DAYS: usize = 30;
/// Months that are looked through for the next ones of an underlying.
const MONTHS_AHEAD: usize = 60;

/// The next monthly expiries that have not passed at `now`, soonest first.
pub(crate) fn monthly(
    underlying: &Underlying,
    calendar: &Calendar,
    now: Timestamp,
    count: usize,
) -> Vec<TradingDate> {
    let group = group(underlying);
    let (year, month, _) = now.date().parts();
    let months = std::iter::successors(Some((year, month)), |month| Some(month_after(*month)));
    let listed = months.take(MONTHS_AHEAD).filter(|(_, month)| underlying.months.contains(*month));
    let ends = listed.filter_map(|month| last_day(underlying, calendar, month));
    ends.filter(|end| !has_ended(calendar, group, *end, now)).take(count).collect()
}

/// The monthly expiry in force on a date: the first that is not before it.
pub(crate) fn in_force(
    underlying: &Underlying,
    calendar: &Calendar,
    date: TradingDate,
) -> Option<TradingDate> {
    monthly(underlying, calendar, date.midnight(), 1).first().copied()
}

/// The monthly expiry `count` before one, as the day after which a contract begins to trade.
pub(crate) fn before(
    underlying: &Underlying,
    calendar: &Calendar,
    expiry: TradingDate,
    count: usize,
) -> Option<TradingDate> {
    let (year, month, _) = expiry.parts();
    let months = std::iter::successors(Some((year, month)), |month| Some(month_before(*month)));
    let listed = months.skip(1).take(MONTHS_AHEAD).filter(|(_, month)| underlying.months.contains(*month));
    listed
        .filter_map(|month| last_day(underlying, calendar, month))
        .filter(|end| *end < expiry)
        .nth(count.max(1) - 1)
}

/// The next weekly expiry. `None` where the underlying's contracts end by another rule than a weekday.
pub(crate) fn weekly(underlying: &Underlying, calendar: &Calendar, now: Timestamp) -> Option<TradingDate> {
    let Expiry::LastWeekday(day) = underlying.expiry else { return None };
    let group = group(underlying);
    let dates = std::iter::successors(Some(now.date()), |date| Some(date.next()));
    let weekdays = dates.take(5 * 7).filter(|date| weekday(*date) == day);
    let mut ends = weekdays.map(|date| on_or_before_session(calendar, group, date));
    ends.find(|end| !has_ended(calendar, group, *end, now))
}

fn group(underlying: &Underlying) -> VenueGroup {
    underlying.venue.into()
}

/// The last day of a month's contract.
fn last_day(underlying: &Underlying, calendar: &Calendar, month: (i32, u8)) -> Option<TradingDate> {
    let group = group(underlying);
    let (next_year, next_month) = month_after(month);
    let end_of_month = TradingDate::new(next_year, next_month, 1)?.previous();
    let moved = |date| on_or_before_session(calendar, group, date);
    Some(match underlying.expiry {
        Expiry::LastWeekday(day) => {
            let mut days = std::iter::successors(Some(end_of_month), |date| Some(date.previous()));
            moved(days.find(|date| weekday(*date) == day)?)
        }
        Expiry::BusinessDaysBeforeLast(days) => {
            (0..days).fold(moved(end_of_month), |date, _| moved(date.previous()))
        }
        Expiry::Day(day) => moved(TradingDate::new(month.0, month.1, day).unwrap_or(end_of_month)),
    })
}

fn on_or_before_session(calendar: &Calendar, group: VenueGroup, date: TradingDate) -> TradingDate {
    let mut days = std::iter::successors(Some(date), |day| Some(day.previous())).take(MOST_MOVED_DAYS);
    days.find(|day| !calendar.sessions(group, *day).is_empty()).unwrap_or(date)
}

const fn month_after((year, month): (i32, u8)) -> (i32, u8) {
    if month == 12 { (year + 1, 1) } else { (year, month + 1) }
}

const fn month_before((year, month): (i32, u8)) -> (i32, u8) {
    if month == 1 { (year - 1, 12) } else { (year, month - 1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::underlyings::UNDERLYINGS;
    use market::Venue;

    fn of(venue: Venue, name: &str) -> &'static Underlying {
        UNDERLYINGS.iter().find(|known| known.venue == venue && known.name == name).unwrap()
    }

    fn next(venue: Venue, name: &str, calendar: &Calendar, from: &str) -> Vec<String> {
        let from: TradingDate = from.parse().unwrap();
        let ends = monthly(of(venue, name), calendar, from.at_seconds(36_000), 2);
        ends.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_exchange_ends_its_contracts_by_its_own_rule() {
        let calendar = Calendar::nse([]);
        for (venue, name, expected) in [
            (Venue::Nfo, "NIFTY", ["2026-11-24", "2026-12-29"]),
            (Venue::Bfo, "SENSEX", ["2026-11-26", "2026-12-31"]),
            (Venue::Cds, "USDINR", ["2026-11-26", "2026-12-29"]),
            (Venue::Mcx, "GOLD", ["2026-12-04", "2027-02-05"]),
            (Venue::Mcx, "GOLDM", ["2026-12-04", "2027-01-05"]),
            (Venue::Mcx, "GOLDGUINEA", ["2026-11-30", "2026-12-31"]),
            (Venue::Mcx, "SILVER", ["2026-12-04", "2027-03-05"]),
            (Venue::Mcx, "CRUDEOIL", ["2026-12-18", "2027-01-19"]),
        ] {
            assert_eq!(next(venue, name, &calendar, "2026-11-23"), expected, "{venue}:{name}");
        }
    }

    #[test]
    fn a_holiday_of_one_market_moves_the_expiries_of_that_market_alone() {
        let text = r#"{"holidays": [{"date": "2026-11-26", "groups": ["currency"]}]}"#;
        let calendar: Calendar = serde_json::from_str(text).unwrap();
        assert_eq!(next(Venue::Cds, "USDINR", &calendar, "2026-11-23")[0], "2026-11-25");
        assert_eq!(next(Venue::Bfo, "SENSEX", &calendar, "2026-11-23")[0], "2026-11-26");
    }

    #[test]
    fn sensex_options_end_every_thursday() {
        let from: TradingDate = "2026-11-26".parse().unwrap();
        let end = |seconds| weekly(of(Venue::Bfo, "SENSEX"), &Calendar::nse([]), from.at_seconds(seconds));
        assert_eq!(end(36_000).unwrap().to_string(), "2026-11-26");
        assert_eq!(end(60_000).unwrap().to_string(), "2026-12-03");
    }

    #[test]
    fn the_expiry_in_force_is_the_last_one_on_its_own_day_and_the_next_one_after_it() {
        let calendar = Calendar::nse([]);
        let on = |date: &str| in_force(of(Venue::Nfo, "NIFTY"), &calendar, date.parse().unwrap()).unwrap();
        assert_eq!(
            (on("2026-11-24").to_string(), on("2026-11-25").to_string()),
            ("2026-11-24".into(), "2026-12-29".into())
        );
        let third = before(of(Venue::Nfo, "NIFTY"), &calendar, on("2026-11-25"), 3);
        assert_eq!(third.unwrap().to_string(), "2026-09-29");
    }
}
