//! The trading days of a desk: Monday to Friday, 09:15 to 15:30 in India. Pure; knows no holidays but those of the test.

use crate::strategy::NoticeKind;
use crate::time::{Session, Timestamp};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);
/// From midnight in India to the open.
const OPEN: Duration = Duration::from_secs(9 * 3600 + 15 * 60);
const SESSION: Duration = Duration::from_secs(6 * 3600 + 15 * 60);
/// Monday, 5 January 2026, 00:00 in India.
const A_MONDAY: Timestamp = Timestamp::from_micros(1_767_551_400_000_000);

/// What happens by the calendar alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// A new date, with its session.
    Midnight,
    /// The session opens or closes, and the strategy hears of it.
    Notice(NoticeKind, &'static str),
}

/// Where every desk begins: at the open of a Monday.
pub(super) fn first_open() -> Timestamp {
    A_MONDAY + OPEN
}

/// The midnight in India that the day of a time began with.
pub(super) fn midnight_of(time: Timestamp) -> Timestamp {
    let days = time.ist_day() - A_MONDAY.ist_day();
    let away = DAY * u32::try_from(days.unsigned_abs()).unwrap_or(u32::MAX);
    if days < 0 { A_MONDAY - away } else { A_MONDAY + away }
}

/// The usual session of the day of a time; none at the weekend.
pub(super) fn usual_session(time: Timestamp) -> Option<Session> {
    let weekday = (time.ist_day() - A_MONDAY.ist_day()).rem_euclid(7);
    let open = midnight_of(time) + OPEN;
    (weekday < 5).then_some(Session { open, close: open + SESSION })
}

/// The next thing that the calendar brings after now.
pub(super) fn next_change(now: Timestamp, session: Option<Session>) -> (Timestamp, Change) {
    let midnight = midnight_of(now) + DAY;
    match session {
        Some(it) if now < it.open && it.open < midnight => {
            (it.open, Change::Notice(NoticeKind::MarketOpen, "the market is open"))
        }
        Some(it) if now < it.close && it.close < midnight => {
            (it.close, Change::Notice(NoticeKind::MarketClose, "the market has closed"))
        }
        Some(_) | None => (midnight, Change::Midnight),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weekday_has_three_changes_and_a_sunday_one() {
        let (mut now, mut seen) = (A_MONDAY, Vec::new());
        for _ in 0..3 {
            let (at, change) = next_change(now, usual_session(now));
            seen.push((at.to_string(), change == Change::Midnight));
            now = at;
        }
        let expected = [("09:15:00", false), ("15:30:00", false), ("00:00:00", true)];
        assert_eq!(seen, expected.map(|(at, midnight)| (at.to_owned(), midnight)));
        let sunday = A_MONDAY - DAY;
        assert_eq!(usual_session(sunday), None);
        assert_eq!(next_change(sunday, None), (A_MONDAY, Change::Midnight));
        assert_eq!(midnight_of(sunday + DAY - Duration::from_secs(1)), sunday);
    }
}
