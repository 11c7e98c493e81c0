//! How long a call has lasted and how much of the processor it got.
//!
//! A call is held to the processor time of its thread, so that a busy machine does not fail an honest run; the wall
//! only ends what gets next to nothing. That clock costs a system call, so it is read in the engine's epoch callback
//! alone: a call that ends before the first check is charged the epochs that began in it, which is its length on
//! average. A guest sees no clock that moves within a call, so it cannot run between the epochs on purpose.

use crate::engine::{Epochs, PERIOD};
use crate::failure::OutOfTime;
use rustix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::time::Duration;

/// Epochs until a call is looked at for the first time. The one under way is not a whole one.
pub(super) const FIRST_CHECK: u64 = 2;
const FIRST_CHECK_TIME: Duration = PERIOD.saturating_mul(FIRST_CHECK as u32);

/// The meter of one store.
#[derive(Default)]
pub(crate) struct Meter {
    epochs: Arc<Epochs>,
    limit: Duration,
    wall_limit: Duration,
    began: Duration,
    first: Option<FirstCheck>,
    spent: Duration,
}

/// What the first check of a call found.
#[derive(Clone, Copy)]
struct FirstCheck {
    thread_cpu: Duration,
    /// What the call had used by then, at most.
    before: Duration,
}

impl Meter {
    /// A meter that goes by these epochs.
    pub(crate) fn new(epochs: &Arc<Epochs>) -> Self {
        Self { epochs: Arc::clone(epochs), ..Self::default() }
    }

    pub(super) fn begin(&mut self, limit_ms: u64, wall_ms: u64) {
        self.limit = Duration::from_millis(limit_ms);
        self.wall_limit = Duration::from_millis(wall_ms);
        self.began = self.epochs.last();
        self.first = None;
    }

    /// The epochs until the next check, or that the call is over.
    pub(crate) fn check(&mut self) -> Result<u64, OutOfTime> {
        self.check_at(thread_cpu(), self.epochs.now())
    }

    pub(super) fn end(&mut self) {
        self.spent += match self.first {
            Some(first) => first.used(thread_cpu()),
            None => self.epochs.last().saturating_sub(self.began).min(FIRST_CHECK_TIME),
        };
    }

    /// Processor time of all calls so far.
    pub(super) fn spent(&self) -> Duration {
        self.spent
    }

    fn check_at(&mut self, thread_cpu: Duration, now: Duration) -> Result<u64, OutOfTime> {
        let wall = now.saturating_sub(self.began);
        let before = wall.min(FIRST_CHECK_TIME);
        let used = self.first.get_or_insert(FirstCheck { thread_cpu, before }).used(thread_cpu);
        if used >= self.limit {
            return Err(OutOfTime::Cpu);
        }
        if wall >= self.wall_limit {
            return Err(OutOfTime::Wall);
        }
        let left = (self.limit - used).min(self.wall_limit - wall);
        Ok(u64::try_from(left.as_nanos().div_ceil(PERIOD.as_nanos())).unwrap_or(1))
    }
}

impl FirstCheck {
    fn used(self, thread_cpu: Duration) -> Duration {
        self.before + thread_cpu.saturating_sub(self.thread_cpu)
    }
}

/// Processor time of the calling thread.
pub(crate) fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn meter() -> Meter {
        let mut meter = Meter::new(&Arc::new(Epochs::default()));
        meter.begin(50, 500);
        meter
    }

    #[test]
    fn a_call_that_the_machine_holds_up_goes_on() {
        let mut meter = meter();
        assert_eq!(meter.check_at(ms(7_000), ms(2)), Ok(48));
        assert_eq!(meter.check_at(ms(7_001), ms(300)), Ok(47), "300 ms on the wall, 3 ms of the processor");
        assert_eq!(meter.check_at(ms(7_047), ms(490)), Ok(1));
        assert_eq!(meter.check_at(ms(7_048), ms(491)), Err(OutOfTime::Cpu));
    }

    #[test]
    fn a_call_that_gets_no_cpu_ends_on_the_wall() {
        let mut meter = meter();
        assert_eq!(
            meter.check_at(ms(1), ms(400)),
            Ok(48),
            "what came before the first check counts as two epochs"
        );
        assert_eq!(meter.check_at(ms(2), ms(490)), Ok(10), "it looks again before the wall");
        assert_eq!(meter.check_at(ms(3), ms(500)), Err(OutOfTime::Wall));
    }

    #[test]
    fn what_a_call_used_is_charged_and_the_next_begins_anew() {
        let mut meter = meter();
        let begun = thread_cpu();
        meter.check().unwrap();
        while thread_cpu() - begun < ms(20) {}
        meter.end();
        assert!((ms(15)..ms(100)).contains(&meter.spent()), "{:?}", meter.spent());
        meter.begin(50, 500);
        meter.end();
        assert!(meter.spent() < ms(100), "a call without a check costs two epochs at most");
    }
}
