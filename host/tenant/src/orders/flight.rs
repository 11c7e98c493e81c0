//! Which orders are on their way to the broker, or wait for their turn. Knows numbers only.
//!
//! A flight ends when it is dropped, however that comes about, so no order can count as on its way for ever.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All that are on their way.
#[derive(Debug, Clone, Default)]
pub(super) struct Flights(Arc<Mutex<BTreeSet<i64>>>);

/// One order's way, from its row to its written outcome.
#[derive(Debug)]
pub(super) struct Flight {
    id: i64,
    all: Flights,
}

impl Flights {
    pub(super) fn begin(&self, id: i64) -> Flight {
        self.lock().insert(id);
        Flight { id, all: self.clone() }
    }

    pub(super) fn holds(&self, id: i64) -> bool {
        self.lock().contains(&id)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Flight {
    pub(super) const fn id(&self) -> i64 {
        self.id
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.all.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flight_ends_with_whoever_flew_it_even_by_a_panic() {
        let flights = Flights::default();
        let flight = flights.begin(3);
        assert!(flights.holds(3) && flight.id() == 3);
        let crashed = std::thread::spawn(move || {
            let _flight = flight;
            panic!("the sender of this test dies");
        });
        assert!(crashed.join().is_err());
        assert!(!flights.holds(3));
    }
}
