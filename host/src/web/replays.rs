//! Whose turn it is to have a run replayed: one at a time for a tenant, a few for the host, so that looking at the past
//! takes little from what runs now. Knows no replay.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Replays of all tenants at once. Each holds one machine beside those of runs.
pub(crate) const REPLAYS_MAX: u32 = 2;

/// Replays under way.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replays(Arc<Mutex<HashSet<String>>>);

/// The right to replay, until it is dropped.
#[derive(Debug)]
pub(crate) struct ReplayTurn {
    replays: Replays,
    whose: String,
}

/// Why it is not one's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoTurn {
    /// One of the tenant's own is under way.
    #[error("one of your replays is under way: wait for it, or close the page that asked for it")]
    Own,
    /// The host replays as many as it may.
    #[error("the host is replaying {REPLAYS_MAX} runs, as many as it does at once: try again in a moment")]
    Host,
}

impl Replays {
    /// A turn, or why there is none.
    pub(crate) fn begin(&self, whose: &impl ToString) -> Result<ReplayTurn, NoTurn> {
        let whose = whose.to_string();
        let mut under_way = self.lock();
        if under_way.contains(&whose) {
            return Err(NoTurn::Own);
        }
        if under_way.len() >= REPLAYS_MAX as usize {
            return Err(NoTurn::Host);
        }
        under_way.insert(whose.clone());
        drop(under_way);
        Ok(ReplayTurn { replays: self.clone(), whose })
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ReplayTurn {
    fn drop(&mut self) {
        self.replays.lock().remove(&self.whose);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trader_has_one_turn_and_the_host_two() {
        let replays = Replays::default();
        let first = replays.begin(&"UK9394").unwrap();
        assert_eq!(replays.begin(&"UK9394").unwrap_err(), NoTurn::Own);
        let second = replays.begin(&"UK1234").unwrap();
        assert_eq!(replays.begin(&"UK5678").unwrap_err(), NoTurn::Host);
        drop(first);
        let third = replays.begin(&"UK5678").unwrap();
        assert_eq!(replays.begin(&"UK9394").unwrap_err(), NoTurn::Host, "others have both");
        drop((second, third));
        replays.begin(&"UK9394").unwrap();
    }
}
