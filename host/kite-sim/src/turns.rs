//! A lock that is handed over in the order of asking: who works in small steps lets everybody else in between them.
//!
//! A plain mutex goes to whoever is quickest, and a loop that locks again at once mostly is.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// A value that is worked on by turns.
#[derive(Debug)]
pub(crate) struct Turns<T> {
    queue: Mutex<Queue>,
    passed: Condvar,
    value: Mutex<T>,
}

#[derive(Debug, Default)]
struct Queue {
    next: u64,
    serving: u64,
}

/// The end of a turn, also when the work panics.
struct Turn<'a, T>(&'a Turns<T>);

impl<T> Turns<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { queue: Mutex::default(), passed: Condvar::new(), value: Mutex::new(value) }
    }

    /// Works on the value when everybody who asked before is done.
    pub(crate) fn take<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let _turn = self.wait();
        work(&mut lock(&self.value))
    }

    fn wait(&self) -> Turn<'_, T> {
        let mut queue = lock(&self.queue);
        let own = queue.next;
        queue.next += 1;
        while queue.serving != own {
            queue = self.passed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        Turn(self)
    }
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        lock(&self.0.queue).serving += 1;
        self.0.passed.notify_all();
    }
}

/// A panic under a lock leaves a whole value behind: every writer replaces, none tears.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    #[test]
    fn who_asks_during_a_long_run_of_steps_waits_for_one_step_alone() {
        let turns = Turns::new(0_u32);
        let stop = AtomicBool::new(false);
        let steps_meanwhile = std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    turns.take(|steps| {
                        *steps += 1;
                        std::thread::sleep(Duration::from_millis(2));
                    });
                }
            });
            while turns.take(|steps| *steps) == 0 {}
            let mut most = 0;
            for _ in 0..20 {
                let before = turns.take(|steps| *steps);
                most = most.max(turns.take(|steps| *steps) - before);
            }
            stop.store(true, Ordering::Relaxed);
            most
        });
        assert!(steps_meanwhile <= 1, "{steps_meanwhile} steps were taken before the one who waited");
    }

    #[test]
    fn a_turn_that_panics_is_over() {
        let turns = Turns::new(1);
        let broken =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| turns.take(|_| panic!("broken"))));
        assert!(broken.is_err());
        assert_eq!(turns.take(|value| *value), 1);
    }
}
