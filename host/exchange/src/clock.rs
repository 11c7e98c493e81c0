//! Market time: when pits change their phase, and how far the price path has walked by then.
//!
//! A night counts as a little walking and a session as its length, so an overnight gap is a gap and not a jump.

use crate::pit::{AfterHours, Phase, Phases, Pit};
use market::{Calendar, Session, Timestamp, TradingDate, VenueGroup};

/// Walking seconds of a night.
const NIGHT_SECONDS: i64 = 4_500;
const IST_SECONDS: i64 = 19_800;
pub(crate) const MINUTE_MICROS: i64 = 60_000_000;
/// When the broker clears its books of what ended before midnight, in seconds after midnight. Until then a reader still
/// finds the last fills of a session that closed at the stroke of it.
pub(crate) const MORNING_SECONDS: i64 = 6 * 3_600;
const DAY_END_SECONDS: i64 = 86_400;

/// A calendar with the price path's own time.
#[derive(Debug, Clone)]
pub(crate) struct MarketClock {
    pub(crate) calendar: Calendar,
    always: bool,
}

/// What happens at one instant of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Boundary {
    pub(crate) at: Timestamp,
    /// The trading date it belongs to: a close at midnight belongs to the date before.
    pub(crate) date: TradingDate,
    pub(crate) edge: Edge,
}

/// What it is that happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edge {
    /// The date begins.
    Midnight,
    /// The broker's books are cleared of what ended before midnight.
    Morning,
    /// A pit changes its phase.
    Enter(Pit, Phase),
    /// The broker squares intraday positions of a pit off.
    SquareOff(Pit),
}

impl MarketClock {
    pub(crate) fn new(calendar: Calendar) -> Self {
        let sunday = Timestamp::from_seconds(3 * 86_400).date();
        let always = calendar.session(sunday) == Some(Session::ALWAYS);
        Self { calendar, always }
    }

    /// How far a group's path has walked at an instant, in seconds.
    pub(crate) fn walked(&self, group: VenueGroup, at: Timestamp) -> f64 {
        let day_seconds = self.day_seconds(group);
        let seconds_of_day = at.micros_of_day() as f64 / 1e6;
        let within = self.calendar.session_of(group, at.date()).map_or(0.0, |session| {
            let length = (session.close_seconds - session.open_seconds).min(day_seconds) as f64;
            (seconds_of_day - session.open_seconds as f64).clamp(0.0, length)
        });
        (day_number(at) * day_seconds) as f64 + within
    }

    /// A group's hours on a date, as instants.
    pub(crate) fn hours(&self, group: VenueGroup, date: TradingDate) -> Option<(Timestamp, Timestamp)> {
        let session = self.calendar.session_of(group, date)?;
        Some((date.at_seconds(session.open_seconds), date.at_seconds(session.close_seconds)))
    }

    /// Close of a group's last session that ended at or before `at`; `at` itself when there was none for a month.
    pub(crate) fn last_close(&self, group: VenueGroup, at: Timestamp) -> Timestamp {
        let mut date = at.date();
        for _ in 0..30 {
            if let Some((_, close)) = self.hours(group, date)
                && close <= at
            {
                return close;
            }
            date = date.previous();
        }
        at
    }

    /// The date of the last session of shares that has begun at `at`.
    pub(crate) fn last_begun(&self, at: Timestamp) -> TradingDate {
        let begun = self.hours(VenueGroup::Equity, at.date()).is_some_and(|(open, _)| open <= at);
        let last_close = self.last_close(VenueGroup::Equity, at).plus_micros(-1);
        if begun { at.date() } else { last_close.date() }
    }

    /// The phases at an instant.
    pub(crate) fn phases_at(&self, at: Timestamp) -> Phases {
        let past = self.boundaries(at.date());
        Phases::by(|pit| {
            let entered = past.iter().take_while(|boundary| boundary.at <= at).filter_map(|boundary| {
                match boundary.edge {
                    Edge::Enter(of, phase) if of == pit => Some(phase),
                    Edge::Enter(..) | Edge::Midnight | Edge::Morning | Edge::SquareOff(_) => None,
                }
            });
            entered.last().unwrap_or(Phase::Closed)
        })
    }

    /// Whether after-market orders are taken at an instant.
    pub(crate) fn after_hours(&self, pit: Pit, at: Timestamp) -> AfterHours {
        let date = at.date();
        let Some(session) = self.calendar.session_of(pit.group(), date) else { return AfterHours::Taken };
        if session == Session::ALWAYS {
            return AfterHours::Never;
        }
        let (after, before) = pit.after_market_seconds();
        let [pre_open, closing] = self.auctions(pit, date);
        let begins = pre_open.map_or(session.open_seconds, |auction| auction.open_seconds);
        let ends = closing.map_or(session.close_seconds, |auction| auction.close_seconds);
        let (from, until) = ((session.close_seconds + after).max(ends), begins - before);
        let second = at.micros_of_day().div_euclid(1_000_000);
        if second < until || second >= from {
            return AfterHours::Taken;
        }
        AfterHours::Between { from_seconds: from, until_seconds: until }
    }

    /// A pit's pre-open and closing session of a date.
    fn auctions(&self, pit: Pit, date: TradingDate) -> [Option<Session>; 2] {
        let group = pit.group();
        let both = [self.calendar.pre_open(group, date), self.calendar.closing(group, date)];
        both.map(|auction| auction.filter(|_| pit.has_auctions()))
    }

    /// The first boundary after `at`.
    pub(crate) fn first_after(&self, at: Timestamp) -> Boundary {
        let of_the_date = self.boundaries(at.date());
        let next = of_the_date.into_iter().find(|boundary| boundary.at > at);
        next.unwrap_or_else(|| midnight(at.date().next()))
    }

    /// The one that comes next.
    pub(crate) fn following(&self, boundary: Boundary) -> Boundary {
        let of_the_date = self.boundaries(boundary.date);
        let next = of_the_date.iter().skip_while(|other| **other != boundary).nth(1).copied();
        next.unwrap_or_else(|| midnight(boundary.date.next()))
    }

    /// Everything that happens on a date, in its order; what falls on one instant keeps the order written here.
    fn boundaries(&self, date: TradingDate) -> Vec<Boundary> {
        let mut all = vec![midnight(date)];
        let boundary = |seconds: i64, edge: Edge| Boundary { at: date.at_seconds(seconds), date, edge };
        let days = Pit::ALL.map(|pit| (pit, self.calendar.sessions(pit.group(), date)));
        let auction = |pit: Pit, auction: Option<Session>, phases: [Phase; 2]| {
            let [during, after] = phases.map(|phase| Edge::Enter(pit, phase));
            auction.into_iter().flat_map(move |hours| {
                [boundary(hours.open_seconds, during), boundary(hours.close_seconds, after)]
            })
        };
        for (pit, _) in &days {
            let [pre_open, _] = self.auctions(*pit, date);
            all.extend(auction(*pit, pre_open, [Phase::Collecting, Phase::Matched]));
        }
        for (pit, sessions) in &days {
            let open =
                |session: &Session| boundary(session.open_seconds, Edge::Enter(*pit, Phase::Continuous));
            all.extend(sessions.iter().map(open));
        }
        all.push(boundary(MORNING_SECONDS, Edge::Morning));
        for (pit, sessions) in &days {
            all.extend(square_off(*pit, sessions).map(|seconds| boundary(seconds, Edge::SquareOff(*pit))));
        }
        for (pit, sessions) in &days {
            let last = sessions.len().saturating_sub(1);
            all.extend(sessions.iter().enumerate().map(|(n, session)| {
                let phase = if n == last { Phase::Closed } else { Phase::Paused };
                boundary(session.close_seconds, Edge::Enter(*pit, phase))
            }));
        }
        for (pit, _) in &days {
            let [_, closing] = self.auctions(*pit, date);
            all.extend(auction(*pit, closing, [Phase::Closing, Phase::Closed]));
        }
        all.sort_by_key(|boundary| boundary.at);
        all
    }

    const fn day_seconds(&self, group: VenueGroup) -> i64 {
        if self.always {
            return DAY_END_SECONDS;
        }
        let session = match group {
            VenueGroup::Equity => Session::NSE.close_seconds - Session::NSE.open_seconds,
            VenueGroup::Currency => 8 * 3_600,
            VenueGroup::Commodity => 15 * 3_600,
        };
        session + NIGHT_SECONDS
    }
}

/// True when a contract's last session has ended.
pub(crate) fn has_ended(calendar: &Calendar, group: VenueGroup, expiry: TradingDate, now: Timestamp) -> bool {
    let session = calendar.session_of(group, expiry);
    session.map_or(expiry < now.date(), |session| expiry.at_seconds(session.close_seconds) <= now)
}

/// Days since the epoch, in IST.
pub(crate) const fn day_number(at: Timestamp) -> i64 {
    (at.seconds() + IST_SECONDS).div_euclid(86_400)
}

/// The start of the minute that an instant lies in.
pub(crate) const fn minute_of(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros().div_euclid(MINUTE_MICROS) * MINUTE_MICROS)
}

/// 0 for Sunday … 6 for Saturday.
pub(crate) fn weekday(date: TradingDate) -> i64 {
    (day_number(date.midnight()) + 4).rem_euclid(7)
}

fn midnight(date: TradingDate) -> Boundary {
    Boundary { at: date.midnight(), date, edge: Edge::Midnight }
}

/// When intraday positions are squared off, in seconds of the day. A market that goes on at midnight has no close to
/// be square for, and a session that is shorter than the lead has no time for it.
fn square_off(pit: Pit, sessions: &[Session]) -> Option<i64> {
    let lead = pit.square_off_lead_seconds();
    let closes = |session: &&Session| {
        session.close_seconds < DAY_END_SECONDS && session.close_seconds - session.open_seconds > lead
    };
    sessions.last().filter(closes).map(|session| session.close_seconds - lead)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn friday() -> TradingDate {
        TradingDate::new(2026, 11, 20).unwrap()
    }

    /// What follows ten o'clock on a Friday, for one pit and everybody.
    fn seen(clock: &MarketClock, pit: Pit, count: usize) -> Vec<(String, Edge)> {
        let mut boundary = clock.first_after(friday().at_seconds(10 * 3600));
        let mut seen = Vec::new();
        while seen.len() < count {
            let own = match boundary.edge {
                Edge::Enter(of, _) | Edge::SquareOff(of) => of == pit,
                Edge::Midnight | Edge::Morning => true,
            };
            if own {
                seen.push((boundary.at.ist_text()[8..16].to_owned(), boundary.edge));
            }
            boundary = clock.following(boundary);
        }
        seen
    }

    fn named(rows: &[(&str, Edge)]) -> Vec<(String, Edge)> {
        rows.iter().map(|(at, edge)| ((*at).to_owned(), *edge)).collect()
    }

    #[test]
    fn the_boundaries_of_a_weekend_follow_each_other() {
        let clock = MarketClock::new(Calendar::nse([]));
        assert_eq!(weekday(friday()), 5);
        let expected = [
            ("20 15:25", Edge::SquareOff(Pit::Derivatives)),
            ("20 15:30", Edge::Enter(Pit::Derivatives, Phase::Closed)),
            ("21 00:00", Edge::Midnight),
            ("21 06:00", Edge::Morning),
            ("22 00:00", Edge::Midnight),
            ("22 06:00", Edge::Morning),
            ("23 00:00", Edge::Midnight),
            ("23 06:00", Edge::Morning),
            ("23 09:15", Edge::Enter(Pit::Derivatives, Phase::Continuous)),
        ];
        assert_eq!(seen(&clock, Pit::Derivatives, 9), named(&expected));
    }

    #[test]
    fn every_pit_closes_and_is_squared_off_at_its_own_time() {
        let clock = MarketClock::new(Calendar::nse([]));
        let table = [
            (Pit::Cash, "20 15:20", "20 15:30"),
            (Pit::Currency, "20 16:45", "20 17:00"),
            (Pit::Commodity, "20 23:05", "20 23:30"),
        ];
        for (pit, square, close) in table {
            let expected = [(square, Edge::SquareOff(pit)), (close, Edge::Enter(pit, Phase::Closed))];
            assert_eq!(seen(&clock, pit, 2), named(&expected));
        }
    }

    #[test]
    fn a_market_that_never_closes_opens_before_the_books_are_cleared() {
        let clock = MarketClock::new(Calendar::always_open());
        let expected = [
            ("21 00:00", Edge::Enter(Pit::Cash, Phase::Closed)),
            ("21 00:00", Edge::Midnight),
            ("21 00:00", Edge::Enter(Pit::Cash, Phase::Continuous)),
            ("21 06:00", Edge::Morning),
        ];
        assert_eq!(seen(&clock, Pit::Cash, 4), named(&expected));
    }

    #[test]
    fn a_drill_pauses_between_its_sessions() {
        let session = |open: i64, close: i64| Session { open_seconds: open, close_seconds: close };
        let calendar = Calendar::nse([]).with_special(friday(), session(33_300, 36_300)).unwrap();
        let calendar = calendar.with_special(friday(), session(41_400, 45_000)).unwrap();
        let clock = MarketClock::new(calendar);
        let phase = |seconds: i64| clock.phases_at(friday().at_seconds(seconds)).of(Pit::Cash);
        let phases = [33_299, 33_300, 36_300, 41_400, 45_000].map(phase);
        let expected = [Phase::Closed, Phase::Continuous, Phase::Paused, Phase::Continuous, Phase::Closed];
        assert_eq!(phases, expected);
    }

    #[test]
    fn nothing_walks_while_the_market_is_closed() {
        let clock = MarketClock::new(Calendar::nse([]));
        let walked = |group, seconds| clock.walked(group, friday().at_seconds(seconds));
        let equity = VenueGroup::Equity;
        assert_eq!(walked(equity, 15 * 3600 + 1800), walked(equity, 80_000));
        assert_eq!(walked(equity, 9 * 3600 + 960) - walked(equity, 9 * 3600 + 900), 60.0);
        let commodity = VenueGroup::Commodity;
        assert_eq!(walked(commodity, 80_060) - walked(commodity, 80_000), 60.0);
    }
}
