//! Who may compile: one upload of a trader at work, one in the queue, and no third.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Uploads of one trader that may be compiling or waiting for it: one of each.
pub(crate) const COMPILES_PER_TENANT_MAX: usize = 2;

/// The turns that are taken, by trader. Clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turns {
    taken: Arc<Mutex<HashMap<String, usize>>>,
}

/// A turn, given back when it is dropped. It goes with the work, not with the request that asked for it: who hangs up
/// has not freed the compiler.
#[derive(Debug)]
pub(crate) struct Turn {
    turns: Turns,
    whose: String,
}

impl Turns {
    /// A turn, when there is one left.
    pub(crate) fn take(&self, whose: &str) -> Option<Turn> {
        let mut taken = self.lock();
        let count = taken.entry(whose.to_owned()).or_default();
        if *count >= COMPILES_PER_TENANT_MAX {
            return None;
        }
        *count += 1;
        Some(Turn { turns: self.clone(), whose: whose.to_owned() })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut taken = self.turns.lock();
        if let Some(count) = taken.get_mut(&self.whose) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.whose);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_third_upload_is_turned_away_until_one_is_done_and_others_are_not() {
        let turns = Turns::default();
        let (first, second) = (turns.take("UK9394"), turns.take("UK9394"));
        assert!(first.is_some() && second.is_some());
        assert!(turns.take("UK9394").is_none());
        assert!(turns.take("UK1234").is_some(), "another trader has turns of their own");
        drop(first);
        assert!(turns.take("UK9394").is_some());
    }
}
