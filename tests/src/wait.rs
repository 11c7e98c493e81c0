//! Waiting for something to become true, with a deadline that names what did not.

use std::future::Future;
use std::time::{Duration, Instant};

/// Asks every 50 ms until there is an answer; panics with `what` after the deadline.
pub async fn within<T, F, Fut>(deadline: Duration, what: &str, mut ask: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let start = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(start.elapsed() < deadline, "not within {deadline:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// [`within`] half a minute, which is long for anything here on a busy machine.
pub async fn eventually<T, F, Fut>(what: &str, ask: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    within(Duration::from_secs(30), what, ask).await
}
