//! When a run must hear of the trading day: midnight, open and close. Pure over the calendar.

use market::{Calendar, Timestamp};
use sandbox::{Event, NoticeKind};

/// The changes of the trading day that a run has yet to hear, each exactly once, however late somebody looks.
#[derive(Debug)]
pub(super) struct TradingDay {
    calendar: Calendar,
    heard_until: Timestamp,
}

impl TradingDay {
    /// Of a run that knows everything up to an instant.
    pub(super) fn new(calendar: Calendar, heard_until: Timestamp) -> Self {
        Self { calendar, heard_until }
    }

    /// What is due by now, oldest first. A clock that went backwards brings nothing twice.
    pub(super) fn due(&mut self, now: Timestamp) -> Vec<Event> {
        let mut events = Vec::new();
        loop {
            let (at, event) = next_change(&self.calendar, self.heard_until);
            if at > now {
                self.heard_until = self.heard_until.max(now);
                return events;
            }
            events.push(event);
            self.heard_until = at;
        }
    }

    /// The instant of the next change.
    pub(super) fn next(&self) -> Timestamp {
        next_change(&self.calendar, self.heard_until).0
    }
}

/// The first change after an instant, and what the run hears then.
fn next_change(calendar: &Calendar, after: Timestamp) -> (Timestamp, Event) {
    let midnight = after.date().next().midnight();
    let Some((open, close)) = calendar.hours(after.date()) else {
        return (midnight, new_day(calendar, midnight));
    };
    let notice = |kind, at, text: &str| Event::Notice { kind, now: at, text: text.to_owned() };
    if after < open {
        (open, notice(NoticeKind::MarketOpen, open, "the market is open"))
    } else if after < close && close < midnight {
        (close, notice(NoticeKind::MarketClose, close, "the market has closed"))
    } else {
        (midnight, new_day(calendar, midnight))
    }
}

fn new_day(calendar: &Calendar, at: Timestamp) -> Event {
    Event::Session { now: at, hours: calendar.hours(at.date()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::TradingDate;

    fn at(event: &Event) -> String {
        match event {
            Event::Notice { now, .. } | Event::Session { now, .. } => now.ist_text(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_weekday_has_three_changes_and_a_sunday_one() {
        let calendar = Calendar::nse([]);
        let monday = TradingDate::new(2026, 11, 23).unwrap();
        let mut day = TradingDay::new(calendar.clone(), monday.midnight());
        let texts: Vec<_> = day.due(monday.next().midnight()).iter().map(at).collect();
        assert_eq!(texts, ["2026-11-23 09:15:00", "2026-11-23 15:30:00", "2026-11-24 00:00:00"]);
        let sunday = TradingDate::new(2026, 11, 22).unwrap().midnight();
        assert_eq!(TradingDay::new(calendar, sunday).next(), monday.midnight());
    }

    #[test]
    fn a_market_that_never_closes_only_turns_its_days() {
        let noon = TradingDate::new(2026, 11, 22).unwrap().at_seconds(43_200);
        let mut day = TradingDay::new(Calendar::always_open(), noon);
        let events = day.due(noon.plus_seconds(86_400));
        assert!(matches!(events[..], [Event::Session { hours: Some(_), .. }]), "{events:?}");
    }

    /// A run that is busy looks when it can: before, at and long after the instant. Nothing is lost and nothing doubled.
    #[test]
    fn however_a_busy_run_looks_it_hears_each_change_once() {
        let monday = TradingDate::new(2026, 11, 23).unwrap();
        let whole: Vec<_> = {
            let mut day = TradingDay::new(Calendar::nse([]), monday.midnight());
            day.due(monday.at_seconds(3 * 86_400)).iter().map(at).collect()
        };
        for pause_s in [1, 7, 3_600, 40_000, 200_000] {
            let mut day = TradingDay::new(Calendar::nse([]), monday.midnight());
            let mut heard = Vec::new();
            let mut second = 0;
            while second < 3 * 86_400 {
                second = (second + pause_s).min(3 * 86_400);
                heard.extend(day.due(monday.at_seconds(second)).iter().map(at));
                // A clock that is set back a little.
                heard.extend(day.due(monday.at_seconds(second - 1)).iter().map(at));
            }
            assert_eq!(heard, whole, "looking every {pause_s} s");
        }
    }
}
