//! Budgets by the second, the minute and the day.

use super::*;
use proptest::prelude::*;

const NOON: Timestamp = Timestamp::from_seconds(1_795_415_400);
const JITTER: Duration = Duration::from_millis(250);

fn throttle() -> Throttle {
    Throttle::new(RateLimits::default())
}

/// An instant so many milliseconds after noon.
fn at(ms: u64) -> Moment {
    Moment { steady: Duration::from_millis(ms), wall: NOON.plus_micros(ms as i64 * 1_000) }
}

fn orders(throttle: &Throttle, count: u32, now: Moment) -> u32 {
    (0..count).filter(|_| throttle.take(Lane::Order, now).is_ok()).count() as u32
}

fn over(budget: Budget, limit: u32, retry_after_ms: u64) -> Error {
    Error::OverLimit { budget, limit, retry_after: Duration::from_millis(retry_after_ms) }
}

#[test]
fn ten_orders_at_the_end_of_a_second_leave_no_room_at_the_start_of_the_next() {
    let throttle = throttle();
    assert_eq!(orders(&throttle, 11, at(990)), 10);
    let refused = throttle.take(Lane::Order, at(1_010)).unwrap_err();
    assert_eq!(refused, over(Budget::OrdersPerSecond, 10, 1_230));
    assert_eq!(refused.outcome(), crate::Outcome::DefiniteNo);
    assert_eq!(orders(&throttle, 1, at(2_239)), 0);
    assert_eq!(orders(&throttle, 11, at(2_240)), 10);
}

#[test]
fn a_minute_and_a_day_have_their_own_limits_and_say_when_to_try_again() {
    let throttle = throttle();
    let minute: u32 = (0..40).map(|n| orders(&throttle, 10, at(n * 1_250))).sum();
    assert_eq!(minute, 400);
    assert_eq!(throttle.take(Lane::Order, at(50_000)), Err(over(Budget::OrdersPerMinute, 400, 10_250)));
    let rest: u32 = (40..2_000).map(|n| orders(&throttle, 10, at(n * 1_250))).sum();
    assert_eq!(minute + rest, 5_000);
    let late = at(2_500_000);
    let midnight = late.wall.date().next().midnight();
    let retry_after_ms = midnight.micros_since(late.wall) as u64 / 1_000;
    assert_eq!(throttle.take(Lane::Order, late), Err(over(Budget::OrdersPerDay, 5_000, retry_after_ms)));
    assert_eq!(orders(&throttle, 1, Moment { wall: midnight, ..late }), 1);
}

#[test]
fn what_the_process_before_sent_counts_in_the_second_the_minute_and_the_day() {
    let throttle = throttle();
    let sent = |ms: i64| NOON.plus_micros(ms * 1_000);
    let yesterday = [NOON.date().midnight().plus_seconds(-1)];
    throttle.sent_before(&yesterday, at(200_000).wall, at(200_000));
    throttle.sent_before(&[sent(199_500); 7], at(200_000).wall, at(200_000));
    throttle.sent_before(&[sent(300_000); 2], at(200_000).wall, at(200_000));
    assert_eq!(orders(&throttle, 9, at(200_010)), 1, "nine of the ten are used up");
    throttle.sent_before(&[sent(150_000); 390], at(201_300).wall, at(201_300));
    assert_eq!(orders(&throttle, 9, at(201_300)), 0, "the minute is full");
    throttle.sent_before(&[sent(1_000); 4_599], at(290_000).wall, at(290_000));
    assert_eq!(orders(&throttle, 9, at(290_000)), 1, "of the day's 5 000 one is left");
}

#[test]
fn a_refused_order_counts_nowhere() {
    let throttle = throttle();
    assert_eq!(orders(&throttle, 1_000, at(0)), 10);
    let rest: u32 = (1..40).map(|n| orders(&throttle, 10, at(n * 1_250))).sum();
    assert_eq!(rest, 390);
}

#[test]
fn withdrawals_wait_for_their_turn_and_go_before_later_orders() {
    let throttle = throttle();
    assert_eq!(orders(&throttle, 10, at(0)), 10);
    let waits: Vec<_> = (0..10).map(|_| throttle.take(Lane::Withdrawal, at(100)).unwrap()).collect();
    assert_eq!(waits[0], Duration::from_millis(1_150));
    assert!(waits.windows(2).all(|pair| pair[1] - pair[0] == Duration::from_millis(125)));
    assert_eq!(orders(&throttle, 1, at(1_400)), 0);
    let far: Vec<_> = (0..100).map(|_| throttle.take(Lane::Withdrawal, at(1_400))).collect();
    assert!(far.iter().flatten().all(|wait| *wait <= Duration::from_secs(10)));
    assert!(far[99].is_err());
}

#[test]
fn a_wall_clock_set_back_gives_no_second_order_more() {
    let throttle = throttle();
    assert_eq!(orders(&throttle, 10, at(0)), 10);
    let back = Moment { wall: NOON.plus_seconds(-3_600), ..at(500) };
    assert_eq!(orders(&throttle, 1, back), 0);
}

#[test]
fn reads_wait_for_their_turn_and_give_up_at_the_bound() {
    let throttle = Throttle::new(RateLimits { read_wait_s: 3, ..RateLimits::default() });
    let waits: Vec<_> = (0..4).map(|_| throttle.take(Lane::Quote, at(100))).collect();
    let expected = [0, 1_250, 2_500].map(|ms| Ok(Duration::from_millis(ms)));
    assert_eq!(waits[..3], expected);
    assert_eq!(waits[3], Err(over(Budget::Quotes, 1, 3_750)));
}

#[test]
fn reads_that_wait_do_not_leave_together() {
    let throttle = throttle();
    let waits: Vec<_> = (0..30).map(|_| throttle.take(Lane::Other, at(0)).unwrap()).collect();
    assert!(waits[..10].iter().all(Duration::is_zero));
    for pair in waits[10..].windows(2) {
        assert_eq!(pair[1] - pair[0], (Duration::from_secs(1) + JITTER) / 10);
    }
}

#[test]
fn a_budget_of_nothing_lets_nothing_out() {
    let limits = RateLimits { orders_per_second: 0, quotes_per_second: 0, ..RateLimits::default() };
    let throttle = Throttle::new(limits);
    for lane in [Lane::Order, Lane::Withdrawal, Lane::Quote] {
        assert!(matches!(throttle.take(lane, at(0)), Err(Error::OverLimit { limit: 0, .. })));
    }
}

#[test]
fn reads_of_one_lane_do_not_hold_up_another() {
    let throttle = throttle();
    for lane in [Lane::Quote, Lane::Historical, Lane::Other, Lane::Order] {
        assert_eq!(throttle.take(lane, at(0)), Ok(Duration::ZERO));
    }
}

/// The most that any second holds, from one arrival on.
fn most_in_a_second(mut arrivals: Vec<Duration>) -> usize {
    arrivals.sort();
    let second = Duration::from_secs(1);
    let from = |first: &Duration| arrivals.iter().filter(|at| *at >= first && **at < *first + second).count();
    arrivals.iter().map(from).max().unwrap_or(0)
}

proptest! {
    #[test]
    fn no_second_of_the_broker_ever_holds_more_than_ten_orders(
        steps in proptest::collection::vec((0u64..400, 0u64..=250, any::<bool>()), 1..400),
    ) {
        let (throttle, mut now, mut arrivals) = (throttle(), 0, Vec::new());
        for (pause_ms, way_ms, withdraws) in steps {
            // Bursts and pauses: a third of the orders come at the same instant.
            now += pause_ms.saturating_sub(130);
            let lane = if withdraws { Lane::Withdrawal } else { Lane::Order };
            if let Ok(wait) = throttle.take(lane, at(now)) {
                arrivals.push(Duration::from_millis(now + way_ms) + wait);
            }
        }
        prop_assert!(most_in_a_second(arrivals) <= 10);
    }

    #[test]
    fn no_second_of_the_broker_ever_holds_more_reads_than_allowed(
        pauses in proptest::collection::vec(0u64..300, 1..300),
    ) {
        let (throttle, mut now, mut leaving) = (throttle(), 0, Vec::new());
        for pause_ms in pauses {
            now += pause_ms;
            if let Ok(wait) = throttle.take(Lane::Historical, at(now)) {
                leaving.push(Duration::from_millis(now) + wait);
            }
        }
        prop_assert!(most_in_a_second(leaving) <= 3);
    }
}
