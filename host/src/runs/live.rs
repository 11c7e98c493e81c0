//! Which runs somebody looks after, and what is wanted of each. Knows no tenant and no shard.
//!
//! Wishes add up and are never taken back. A run has at most one task: whoever holds its [`Claim`].

use super::told::Counters;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Run ids are unique within a tenant.
pub(super) type Key = (String, String);

/// What people and the host want of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wish {
    /// It shall end.
    pub(super) stop: bool,
    /// What it holds shall be closed.
    pub(super) square_off: bool,
    /// The host goes down; the run is taken up again when it comes back.
    pub(super) suspend: bool,
}

/// The runs that live. Clones are the same.
#[derive(Clone, Default)]
pub(super) struct Lives {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    by_key: HashMap<Key, Live>,
    is_going_down: bool,
}

struct Live {
    wish: watch::Sender<Wish>,
    counters: Arc<Counters>,
}

/// The right, and the duty, to look after one run. Given up when dropped.
pub(super) struct Claim {
    lives: Lives,
    key: Key,
    wish: watch::Receiver<Wish>,
    counters: Arc<Counters>,
}

impl Wish {
    fn with(self, more: Self) -> Self {
        Self {
            stop: self.stop || more.stop,
            square_off: self.square_off || more.square_off,
            suspend: self.suspend || more.suspend,
        }
    }
}

impl Lives {
    /// Takes a run on; none when somebody has it already.
    pub(super) fn claim(&self, key: Key) -> Option<Claim> {
        let mut shared = self.lock();
        if shared.by_key.contains_key(&key) {
            return None;
        }
        let first = Wish { suspend: shared.is_going_down, ..Wish::default() };
        let (sender, wish) = watch::channel(first);
        let counters = Arc::new(Counters::default());
        let live = Live { wish: sender, counters: Arc::clone(&counters) };
        shared.by_key.insert(key.clone(), live);
        Some(Claim { lives: self.clone(), key, wish, counters })
    }

    /// Adds a wish. False when nobody looks after the run.
    pub(super) fn wish(&self, key: &Key, more: Wish) -> bool {
        let shared = self.lock();
        let live = shared.by_key.get(key);
        if let Some(live) = live {
            live.wish.send_modify(|wish| *wish = wish.with(more));
        }
        live.is_some()
    }

    /// Every run that lives, and every one that will, is put down.
    pub(super) fn go_down(&self) {
        let mut shared = self.lock();
        shared.is_going_down = true;
        let down = Wish { suspend: true, ..Wish::default() };
        shared.by_key.values().for_each(|live| live.wish.send_modify(|wish| *wish = wish.with(down)));
    }

    pub(super) fn is_going_down(&self) -> bool {
        self.lock().is_going_down
    }

    pub(super) fn count(&self) -> usize {
        self.lock().by_key.len()
    }

    pub(super) fn counters(&self, key: &Key) -> Option<Arc<Counters>> {
        self.lock().by_key.get(key).map(|live| Arc::clone(&live.counters))
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim {
    /// What is wanted now.
    pub(super) fn wish(&self) -> Wish {
        *self.wish.borrow()
    }

    pub(super) fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// Somebody who waits for more than `known` to be wanted, apart from this claim.
    pub(super) fn more_than(&self, known: Wish) -> impl Future<Output = Wish> + Send + use<> {
        let mut wish = self.wish.clone();
        async move {
            // The sender goes only with the claim, and the claim with the task that waits.
            let more = wish.wait_for(|now| *now != known).await.map(|now| *now);
            more.unwrap_or(Wish { suspend: true, ..known })
        }
    }

    /// Does something unless the run is asked to stop or the host to go down first: then the wish comes back.
    pub(super) async fn unless_asked<T>(&self, work: impl Future<Output = T>) -> Result<T, Wish> {
        let mut wish = self.wish.clone();
        tokio::select! {
            biased;
            asked = wish.wait_for(|now| now.stop || now.suspend) => {
                Err(asked.map_or(Wish { suspend: true, ..Wish::default() }, |now| *now))
            }
            done = work => Ok(done),
        }
    }

    /// Gives the run up, unless its positions are wanted closed and that was not done: a wish that comes at the last
    /// instant is not lost. True when it was given up.
    pub(super) fn give_up(&self, square_off_done: bool) -> bool {
        let mut shared = self.lives.lock();
        let wanted = shared.by_key.get(&self.key).is_some_and(|live| live.wish.borrow().square_off);
        let is_over = square_off_done || !wanted;
        if is_over {
            shared.by_key.remove(&self.key);
        }
        is_over
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut shared = self.lives.lock();
        let own = |live: &Live| Arc::ptr_eq(&live.counters, &self.counters);
        if shared.by_key.get(&self.key).is_some_and(own) {
            shared.by_key.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        ("UK9394".to_owned(), "run".to_owned())
    }

    #[test]
    fn a_run_is_claimed_once_and_a_wish_without_a_claim_is_said_to_be_unheard() {
        let lives = Lives::default();
        let stop = Wish { stop: true, ..Wish::default() };
        assert!(!lives.wish(&key(), stop));
        let claim = lives.claim(key()).unwrap();
        assert!(lives.claim(key()).is_none());
        assert!(lives.wish(&key(), stop));
        assert!(lives.wish(&key(), Wish { square_off: true, ..Wish::default() }));
        assert_eq!(claim.wish(), Wish { stop: true, square_off: true, suspend: false });
        drop(claim);
        assert_eq!(lives.count(), 0);
    }

    #[test]
    fn a_wish_to_square_off_at_the_last_instant_keeps_the_claim() {
        let lives = Lives::default();
        let claim = lives.claim(key()).unwrap();
        lives.wish(&key(), Wish { stop: true, square_off: true, suspend: false });
        assert!(!claim.give_up(false));
        assert!(claim.give_up(true));
        let next = lives.claim(key()).unwrap();
        drop(claim);
        assert_eq!(lives.count(), 1, "who gave up takes nothing from the next");
        drop(next);
    }

    #[test]
    fn what_starts_while_the_host_goes_down_is_put_down_at_once() {
        let lives = Lives::default();
        let before = lives.claim(key()).unwrap();
        lives.go_down();
        let after = lives.claim(("UK1234".to_owned(), "run".to_owned())).unwrap();
        assert!(before.wish().suspend && after.wish().suspend);
    }

    #[tokio::test]
    async fn work_gives_way_to_a_wish_at_once() {
        let lives = Lives::default();
        let claim = lives.claim(key()).unwrap();
        let stop = Wish { stop: true, ..Wish::default() };
        let work = claim.unless_asked(std::future::pending::<()>());
        let (asked, ()) = tokio::join!(work, async { assert!(lives.wish(&key(), stop)) });
        assert_eq!(asked, Err(stop));
    }
}
