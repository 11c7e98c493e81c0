//! A broker that will not give a session its feed: asked again ever more seldom, and told of once.

use kite::Backoff;
use std::time::Duration;

/// The first wait after a refusal, and the longest.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// The refusals of one tenant's feed.
pub(super) struct Refusals {
    backoff: Backoff,
    told: bool,
}

impl Refusals {
    pub(super) fn new(seed: &str) -> Self {
        Self { backoff: Backoff::new(FIRST_WAIT, LONGEST_WAIT, seed), told: false }
    }

    /// One more refusal: how long to wait, and what to tell where nobody was told yet.
    pub(super) fn another(&mut self, status: u16) -> (Duration, Option<String>) {
        let first = !std::mem::replace(&mut self.told, true);
        (self.backoff.next_wait(), first.then(|| worded(status)))
    }

    /// A new session, or a feed that came after all.
    pub(super) fn forget(&mut self) {
        self.told = false;
        self.backoff.reset();
    }
}

fn worded(status: u16) -> String {
    format!(
        "the broker refuses the live feed (HTTP {status}): the session may have ended, or the Kite app is on the Personal plan, \
         which has no live data. It is asked again now and then"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_once_and_the_waits_grow_to_minutes() {
        let mut refusals = Refusals::new("UK9394");
        let (first, told) = refusals.another(403);
        assert!(told.unwrap().contains("Personal plan") && first <= FIRST_WAIT);
        let rest: Vec<_> = (0..20).map(|_| refusals.another(403)).collect();
        assert!(rest.iter().all(|(_, told)| told.is_none()));
        assert!(rest[19].0 >= LONGEST_WAIT / 2);
        // A day of refusals is a few hundred questions, not eighty thousand.
        let asked = (24 * 3600) / rest[10..].iter().map(|(wait, _)| wait.as_secs()).min().unwrap();
        assert!(asked < 600, "{asked}");
        refusals.forget();
        let (again, told) = refusals.another(403);
        assert!(told.is_some() && again <= FIRST_WAIT);
    }
}
