//! Timers: at a time, after a while, every while, and relative to the session.

use super::Context;
use crate::time::{Session, Timestamp};
use crate::{batch, door};
use std::fmt;
use std::time::Duration;

/// Why a timer could not be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimerError {
    /// There is no session today to be relative to.
    NoSession,
    /// There are 1 000 timers already.
    TooMany,
    /// A period of nothing would never end.
    ZeroPeriod,
}

impl fmt::Display for TimerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TimerError::NoSession => "there is no trading session today to set a timer by",
            TimerError::TooMany => "there are 1 000 timers already; cancel one first",
            TimerError::ZeroPeriod => "a timer that repeats needs a period above zero",
        })
    }
}

impl std::error::Error for TimerError {}

/// A timer that repeats: how often, and when it is due.
#[derive(Debug, Clone, Copy)]
pub(super) struct Period {
    every: Duration,
    due: Timestamp,
}

/// One timer by its number. Setting it again replaces it; `on_timer` gets the number.
#[derive(Debug)]
#[must_use = "say when: .at(…), .after(…), .every(…), .after_open(…) or .before_close(…)"]
pub struct Timer<'a> {
    ctx: &'a mut Context,
    id: u64,
}

impl<'a> Timer<'a> {
    pub(crate) fn new(ctx: &'a mut Context, id: u64) -> Self {
        Self { ctx, id }
    }

    /// Once, at a time. A time that is past goes off with the next event.
    pub fn at(self, time: Timestamp) -> Result<(), TimerError> {
        self.ctx.periods.remove(&self.id);
        set(self.id, time)
    }

    /// Once, after a while.
    pub fn after(self, span: Duration) -> Result<(), TimerError> {
        let time = self.ctx.now() + span;
        self.at(time)
    }

    /// Again and again, first after one period. Each time is one period after the one before, not after the moment it was
    /// handled, so it does not drift; times that passed in the meantime are left out.
    pub fn every(self, period: Duration) -> Result<(), TimerError> {
        if period.is_zero() {
            return Err(TimerError::ZeroPeriod);
        }
        let due = self.ctx.now() + period;
        set(self.id, due)?;
        self.ctx.periods.insert(self.id, Period { every: period, due });
        Ok(())
    }

    /// Once, so long after today's session opens.
    pub fn after_open(self, span: Duration) -> Result<(), TimerError> {
        let time = self.session()?.open + span;
        self.at(time)
    }

    /// Once, so long before today's session closes.
    pub fn before_close(self, span: Duration) -> Result<(), TimerError> {
        let time = self.session()?.close - span;
        self.at(time)
    }

    /// Not at all.
    pub fn cancel(self) {
        self.ctx.periods.remove(&self.id);
        batch::trace();
        door::cancel_timer(self.id);
    }

    fn session(&self) -> Result<Session, TimerError> {
        self.ctx.session().ok_or(TimerError::NoSession)
    }
}

/// A timer went off: one that repeats is set for its next time.
pub(crate) fn renew(ctx: &mut Context, id: u64) {
    let now = ctx.now();
    if let Some(period) = ctx.periods.get_mut(&id) {
        period.due = next_due(*period, now);
        // It replaces itself, so there is room for it.
        let _ = set(id, period.due);
    }
}

/// The first time of its row that is still to come.
fn next_due(period: Period, now: Timestamp) -> Timestamp {
    let every = period.every.as_micros().max(1);
    let missed = now.since(period.due).as_micros() / every;
    let ahead = u64::try_from((missed + 1).saturating_mul(every)).unwrap_or(u64::MAX);
    period.due + Duration::from_micros(ahead)
}

fn set(id: u64, time: Timestamp) -> Result<(), TimerError> {
    batch::trace();
    if door::set_timer(id, time) { Ok(()) } else { Err(TimerError::TooMany) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_micros(second * 1_000_000)
    }

    #[test]
    fn a_timer_that_repeats_keeps_its_row_however_late_it_is_handled() {
        let period = Period { every: Duration::from_secs(10), due: at(100) };
        assert_eq!(next_due(period, at(100)), at(110));
        assert_eq!(next_due(period, at(109)), at(110), "nine seconds late, and still on the row");
        assert_eq!(next_due(period, at(110)), at(120), "what passed is left out");
        assert_eq!(next_due(period, at(157)), at(160));
    }
}
