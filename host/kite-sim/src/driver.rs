//! The task that keeps the exchange at the clock's time.

use crate::broker::Broker;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

/// How often the exchange is moved on, in milliseconds of wall time.
const BATCH_MS: u64 = 100;

/// Runs until it is told to stop.
pub(crate) async fn drive(broker: Broker, stop: CancellationToken) {
    let mut beat = tokio::time::interval(Duration::from_millis(BATCH_MS));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = beat.tick() => {}
        }
        // A fast clock makes this long enough to hold up a runtime thread.
        let worker = broker.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || worker.advance()).await {
            tracing::error!("the simulated market stopped moving: {error:#}");
            return;
        }
    }
}
