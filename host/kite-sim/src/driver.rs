//! The task that keeps the exchange at the clock's time.

use crate::broker::Broker;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often the exchange is moved on, in milliseconds of wall time.
const BATCH_MS: u64 = 100;

/// Runs until it is told to stop.
pub(crate) async fn drive(broker: Broker, stop: CancellationToken) {
    repeat(move || broker.advance(), stop).await;
}

/// A market that breaks stops the whole simulator: one that stands still and answers would look like a quiet one.
async fn repeat(advance: impl Fn() + Clone + Send + 'static, stop: CancellationToken) {
    let mut beat = tokio::time::interval(Duration::from_millis(BATCH_MS));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = beat.tick() => {}
        }
        // A fast clock makes this long enough to hold up a runtime thread.
        if let Err(error) = tokio::task::spawn_blocking(advance.clone()).await {
            tracing::error!("the simulated market broke, and the simulator stops with it: {error:#}");
            stop.cancel();
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test]
    async fn a_market_that_breaks_stops_the_simulator() {
        let (stop, turns) = (CancellationToken::new(), Arc::new(AtomicU32::new(0)));
        let counted = Arc::clone(&turns);
        let advance = move || assert!(counted.fetch_add(1, Ordering::Relaxed) < 2, "the market broke");
        repeat(advance, stop.clone()).await;
        assert!(stop.is_cancelled());
        assert_eq!(turns.load(Ordering::Relaxed), 3);
    }
}
