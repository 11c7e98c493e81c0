//! Days of every kind, and calendars that are none.

use super::*;

fn date(text: &str) -> TradingDate {
    text.parse().unwrap()
}

fn at(day: &str, clock: &str) -> Timestamp {
    Timestamp::parse_ist(&format!("{day} {clock}")).unwrap()
}

fn session(open: i64, close: i64) -> Session {
    Session { open_seconds: open * 3600, close_seconds: close * 3600 }
}

#[test]
fn weekends_and_holidays_are_closed_and_special_days_are_open() {
    let calendar =
        Calendar::nse([date("2026-11-24")]).with_special(date("2026-11-08"), session(18, 19)).unwrap();
    assert!(calendar.is_open(at("2026-11-23", "10:00:00")));
    assert!(!calendar.is_open(at("2026-11-23", "09:00:00")));
    assert!(!calendar.is_open(at("2026-11-23", "15:30:00")));
    assert!(!calendar.is_open(at("2026-11-24", "10:00:00")));
    assert!(!calendar.is_open(at("2026-11-22", "10:00:00")));
    assert!(calendar.is_open(at("2026-11-08", "18:01:00")));
}

#[test]
fn each_market_keeps_its_own_hours() {
    let calendar = Calendar::nse([]);
    for (clock, open) in [
        ("09:10:00", [false, false, true, true]),
        ("15:29:59", [true, true, true, true]),
        ("16:00:00", [false, false, true, true]),
        ("23:00:00", [false, false, false, true]),
        ("23:30:00", [false, false, false, false]),
    ] {
        let now = at("2026-11-23", clock);
        let venues = [Venue::Nse, Venue::Bfo, Venue::Cds, Venue::Mcx];
        assert_eq!(venues.map(|venue| calendar.is_open_at(venue, now)), open, "{clock}");
    }
}

#[test]
fn a_drill_of_two_sessions_is_closed_between_them() {
    let saturday = date("2026-11-28");
    let first = Session { open_seconds: 9 * 3600 + 900, close_seconds: 10 * 3600 };
    let second = Session { open_seconds: 11 * 3600 + 1800, close_seconds: 12 * 3600 + 1800 };
    let calendar = Calendar::nse([]).with_special_for(VenueGroup::Equity, saturday, second).unwrap();
    let calendar = calendar.with_special_for(VenueGroup::Equity, saturday, first).unwrap();
    assert_eq!(calendar.sessions(VenueGroup::Equity, saturday), [first, second]);
    let open = |clock| calendar.is_open_at(Venue::Nfo, at("2026-11-28", clock));
    assert_eq!([open("09:30:00"), open("10:30:00"), open("12:00:00")], [true, false, true]);
    assert!(!calendar.is_open_at(Venue::Mcx, at("2026-11-28", "09:30:00")));
    let hull = Session { open_seconds: first.open_seconds, close_seconds: second.close_seconds };
    assert_eq!(calendar.session(saturday), Some(hull));
    let overlap = calendar.with_special_for(VenueGroup::Equity, saturday, session(12, 13));
    assert_eq!(overlap, Err(CalendarError::Overlap(saturday)));
}

#[test]
fn the_demo_market_never_closes() {
    let calendar = Calendar::always_open();
    for venue in Venue::ALL {
        assert!(calendar.is_open_at(venue, at("2026-11-22", "00:00:03")));
    }
    assert!(calendar.knows_holidays_of(2026));
}

#[test]
fn a_year_nobody_filled_in_is_noticed() {
    let calendar = Calendar::nse([date("2026-01-26")]);
    assert!(calendar.knows_holidays_of(2026) && !calendar.knows_holidays_of(2027));
}
