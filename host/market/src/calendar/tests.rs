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

#[test]
fn shares_have_a_call_auction_before_and_a_closing_session_after_their_day() {
    let calendar = Calendar::nse([date("2026-11-24")]);
    let monday = date("2026-11-23");
    let minutes = |auction: Option<Session>| auction.map(|a| (a.open_seconds / 60, a.close_seconds / 60));
    assert_eq!(minutes(calendar.pre_open(VenueGroup::Equity, monday)), Some((540, 548)));
    assert_eq!(minutes(calendar.closing(VenueGroup::Equity, monday)), Some((940, 960)));
    assert_eq!(calendar.pre_open(VenueGroup::Currency, monday), None);
    assert_eq!(calendar.closing(VenueGroup::Commodity, monday), None);
    for closed in ["2026-11-24", "2026-11-22"] {
        assert_eq!(calendar.pre_open(VenueGroup::Equity, date(closed)), None);
    }
    assert_eq!(Calendar::always_open().pre_open(VenueGroup::Equity, monday), None);
    assert!(
        !calendar.is_open(at("2026-11-23", "09:05:00")) && !calendar.is_open(at("2026-11-23", "15:50:00"))
    );
}

#[test]
fn a_file_moves_auctions_and_takes_them_away() {
    let read = |text: &str| serde_json::from_str::<Calendar>(text).unwrap();
    let (monday, muhurat) = (date("2026-11-23"), date("2026-11-08"));
    let calendar = read(
        r#"{"closing": {"equity": "none"}, "pre_open": {"currency": "08:45-08:55"},
            "special": [{"date": "2026-11-08", "groups": ["equity"], "sessions": ["18:00-19:00"],
                         "pre_open": "17:45-17:53", "closing": "19:10-19:20"},
                        {"date": "2026-11-28", "sessions": ["11:30-12:30"]}]}"#,
    );
    assert_eq!(calendar.closing(VenueGroup::Equity, monday), None);
    assert_eq!(calendar.pre_open(VenueGroup::Currency, monday).unwrap().close_seconds, 8 * 3600 + 55 * 60);
    assert_eq!(calendar.pre_open(VenueGroup::Equity, monday).unwrap().open_seconds, 9 * 3600);
    assert_eq!(calendar.pre_open(VenueGroup::Equity, muhurat).unwrap().open_seconds, 17 * 3600 + 45 * 60);
    assert_eq!(calendar.closing(VenueGroup::Equity, muhurat).unwrap().close_seconds, 19 * 3600 + 20 * 60);
    assert_eq!(calendar.pre_open(VenueGroup::Equity, date("2026-11-28")), None);
    let text = serde_json::to_string(&calendar).unwrap();
    assert_eq!(read(&text), calendar);
}

#[test]
fn hours_that_are_moved_over_an_auction_leave_none() {
    let old = r#"{"hours": {"equity": "09:05-17:00"}}"#;
    let calendar = serde_json::from_str::<Calendar>(old).unwrap();
    assert_eq!(calendar.pre_open(VenueGroup::Equity, date("2026-11-23")), None);
    assert_eq!(calendar.closing(VenueGroup::Equity, date("2026-11-23")), None);
}
