//! When a run must hear of the trading day: midnight, open and close. Pure over the calendar.

use market::{Calendar, Timestamp};
use sandbox::{Event, NoticeKind};

/// The next instant at which the trading day changes for a run, and what the run hears then.
pub(super) fn next_change(calendar: &Calendar, now: Timestamp) -> (Timestamp, Vec<Event>) {
    let midnight = now.date().next().midnight();
    let Some((open, close)) = calendar.hours(now.date()) else {
        return (midnight, vec![new_day(calendar, midnight)]);
    };
    let notice = |kind, at, text: &str| Event::Notice { kind, now: at, text: text.to_owned() };
    if now < open {
        (open, vec![notice(NoticeKind::MarketOpen, open, "the market is open")])
    } else if now < close && close < midnight {
        (close, vec![notice(NoticeKind::MarketClose, close, "the market has closed")])
    } else {
        (midnight, vec![new_day(calendar, midnight)])
    }
}

fn new_day(calendar: &Calendar, at: Timestamp) -> Event {
    Event::Session { now: at, hours: calendar.hours(at.date()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::TradingDate;

    #[test]
    fn a_weekday_has_three_changes_and_a_sunday_one() {
        let calendar = Calendar::nse([]);
        let monday = TradingDate::new(2026, 11, 23).unwrap();
        let mut at = monday.midnight();
        let mut texts = Vec::new();
        for _ in 0..3 {
            let (next, events) = next_change(&calendar, at);
            texts.push((next.ist_text(), events.len()));
            at = next;
        }
        let expected = ["2026-11-23 09:15:00", "2026-11-23 15:30:00", "2026-11-24 00:00:00"];
        assert_eq!(texts, expected.map(|text| (text.to_owned(), 1)));
        let sunday = TradingDate::new(2026, 11, 22).unwrap().midnight();
        assert_eq!(next_change(&calendar, sunday).0, monday.midnight());
    }

    #[test]
    fn a_market_that_never_closes_only_turns_its_days() {
        let calendar = Calendar::always_open();
        let noon = TradingDate::new(2026, 11, 22).unwrap().at_seconds(43_200);
        let (at, events) = next_change(&calendar, noon);
        assert_eq!(at.ist_text(), "2026-11-23 00:00:00");
        assert!(matches!(events[..], [Event::Session { hours: Some(_), .. }]));
    }
}
