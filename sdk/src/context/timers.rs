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
        let time = self.ctx.now + span;
        self.at(time)
    }

    /// Again and again, first after one period.
    pub fn every(self, period: Duration) -> Result<(), TimerError> {
        if period.is_zero() {
            return Err(TimerError::ZeroPeriod);
        }
        set(self.id, self.ctx.now + period)?;
        self.ctx.periods.insert(self.id, period);
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
pub(crate) fn renew(ctx: &Context, id: u64) {
    if let Some(period) = ctx.periods.get(&id) {
        // It replaces itself, so there is room for it.
        let _ = set(id, ctx.now + *period);
    }
}

fn set(id: u64, time: Timestamp) -> Result<(), TimerError> {
    batch::trace();
    if door::set_timer(id, time) { Ok(()) } else { Err(TimerError::TooMany) }
}
