//! How many calls went to the broker in this second, minute and IST day. Calendar windows, as the broker counts.

use market::Timestamp;

/// Calls in the windows that an instant lies in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SendCounts {
    /// In the calendar second.
    pub second: u32,
    /// In the calendar minute.
    pub minute: u32,
    /// On the IST day.
    pub day: u32,
}

/// The counter of one account.
#[derive(Debug, Clone, Copy, Default)]
pub struct SendWindow {
    last: Option<Timestamp>,
    counts: SendCounts,
}

impl SendWindow {
    /// Rebuilt from the stored times of the day's calls, in any order.
    pub fn restore(times: impl IntoIterator<Item = Timestamp>) -> Self {
        let mut times: Vec<_> = times.into_iter().collect();
        times.sort_unstable();
        let mut window = Self::default();
        times.into_iter().for_each(|time| window.count(time));
        window
    }

    /// Counts one call. A clock that went backwards counts into the newest window.
    pub fn count(&mut self, now: Timestamp) {
        let now = self.forward(now);
        let counts = self.counts(now);
        self.counts = SendCounts {
            second: counts.second.saturating_add(1),
            minute: counts.minute.saturating_add(1),
            day: counts.day.saturating_add(1),
        };
        self.last = Some(now);
    }

    /// Counts a call that left at another instant and is heard of now: it takes its place in the windows that both lie in.
    pub fn count_past(&mut self, at: Timestamp, now: Timestamp) {
        let now = self.forward(now);
        let counts = self.counts(now);
        let add = |same: bool, count: u32| count.saturating_add(u32::from(same));
        self.counts = SendCounts {
            second: add(at.seconds() == now.seconds(), counts.second),
            minute: add(at.seconds().div_euclid(60) == now.seconds().div_euclid(60), counts.minute),
            day: add(at.date() == now.date(), counts.day),
        };
        self.last = Some(now);
    }

    /// The clock was set. What was counted under a later time counts as of now: else nothing would fade before that time
    /// comes again.
    pub fn moved(&mut self, now: Timestamp) {
        self.last = self.last.map(|last| last.min(now));
    }

    /// The counts of the windows that `now` lies in.
    pub fn counts(&self, now: Timestamp) -> SendCounts {
        let Some(last) = self.last else { return SendCounts::default() };
        let now = self.forward(now);
        let keep = |same: bool, count: u32| if same { count } else { 0 };
        SendCounts {
            second: keep(now.seconds() == last.seconds(), self.counts.second),
            minute: keep(now.seconds().div_euclid(60) == last.seconds().div_euclid(60), self.counts.minute),
            day: keep(now.date() == last.date(), self.counts.day),
        }
    }

    fn forward(&self, now: Timestamp) -> Timestamp {
        self.last.map_or(now, |last| last.max(now))
    }
}
