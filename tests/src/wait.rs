//! Waiting for something to become true, with a deadline that names what did not.

use std::future::Future;
use std::time::{Duration, Instant, UNIX_EPOCH};

/// How long a test of a world may take, in seconds.
const TEST_S: u64 = 150;
/// How long the turn of the day itself may take, in seconds.
const TURN_S: u64 = 20;
/// India is this far ahead of UTC, in seconds.
const IST_S: u64 = 19_800;
const DAY_S: u64 = 86_400;
const SIX_O_CLOCK_S: u64 = 6 * 3_600;

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

/// Waits while the exchange's day turns at midnight in India, or its access tokens die at six in the morning. A test
/// that crosses either would test that, and not what it is about.
pub(crate) async fn away_from_the_turn() {
    #[allow(clippy::disallowed_methods, reason = "the processes under test live by the machine's clock too")]
    let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let pause = pause_s((now + IST_S) % DAY_S);
    if pause > 0 {
        println!("waiting {pause} s: the exchange's day turns");
        tokio::time::sleep(Duration::from_secs(pause)).await;
    }
}

/// How long to wait at this second of the day in India.
fn pause_s(second: u64) -> u64 {
    let after = |turn: u64| (second + TEST_S + DAY_S - turn) % DAY_S;
    let ends = [0, SIX_O_CLOCK_S].into_iter().map(after).filter(|passed| *passed < TEST_S + TURN_S);
    ends.map(|passed| TEST_S + TURN_S - passed).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_starts_neither_just_before_the_turn_nor_in_it() {
        assert_eq!(pause_s(DAY_S - TEST_S - 1), 0);
        assert_eq!(pause_s(DAY_S - TEST_S), TEST_S + TURN_S);
        assert_eq!(pause_s(0), TURN_S);
        assert_eq!(pause_s(TURN_S), 0);
        assert_eq!(pause_s(SIX_O_CLOCK_S - 1), TURN_S + 1);
        assert_eq!(pause_s(SIX_O_CLOCK_S + TURN_S), 0);
        assert_eq!(pause_s(12 * 3_600), 0);
    }
}
