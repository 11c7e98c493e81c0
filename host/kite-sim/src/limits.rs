//! Kite's published request limits: calendar seconds, per api key for reads and per account for orders.
//!
//! Pure counting: the times come in as arguments, and nothing here knows a route.

use crate::reply::Refusal;
use market::TradingDate;
use std::collections::HashMap;

/// Quote, ohlc and ltp together, per api key and second.
pub(crate) const QUOTES_PER_S: u32 = 1;
/// Historical candles, per api key and second.
pub(crate) const HISTORICAL_PER_S: u32 = 3;
/// Place, modify and cancel together, per account and second.
pub(crate) const ORDERS_PER_S: u32 = 10;
/// Place, modify and cancel together, per account and minute.
pub(crate) const ORDERS_PER_MIN: u32 = 400;
/// Place, modify and cancel together, per account and day.
pub(crate) const ORDERS_PER_DAY: u32 = 5_000;
/// Everything else, per api key and second.
pub(crate) const OTHERS_PER_S: u32 = 10;

/// Kinds of calls that are counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum CallKind {
    /// Quote, ohlc, ltp.
    Quote,
    /// Candles.
    Historical,
    /// Place, modify, cancel.
    OrderWrite,
    /// All the rest.
    Other,
}

#[derive(Debug, Clone, Copy)]
struct Window<T> {
    now: Option<T>,
    count: u32,
}

#[derive(Debug, Default)]
struct OrderCount {
    second: Window<i64>,
    minute: Window<i64>,
    day: Window<TradingDate>,
}

/// The counters of one simulator.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    reads: HashMap<(String, CallKind), Window<i64>>,
    orders: HashMap<String, OrderCount>,
}

impl Limits {
    /// Counts one call and says no when it is one too many. `second` is wall time: limits do not speed up with
    /// a virtual clock; the day is the exchange's.
    pub(crate) fn count(
        &mut self,
        kind: CallKind,
        api_key: &str,
        user_id: &str,
        second: i64,
        date: TradingDate,
    ) -> Result<(), Refusal> {
        let per_second = match kind {
            CallKind::OrderWrite => return self.count_order(user_id, second, date),
            CallKind::Quote => QUOTES_PER_S,
            CallKind::Historical => HISTORICAL_PER_S,
            CallKind::Other => OTHERS_PER_S,
        };
        let window = self.reads.entry((api_key.to_owned(), kind)).or_default();
        if window.add(second) > per_second { Err(too_fast()) } else { Ok(()) }
    }

    fn count_order(&mut self, user_id: &str, second: i64, date: TradingDate) -> Result<(), Refusal> {
        let count = self.orders.entry(user_id.to_owned()).or_default();
        let in_second = count.second.add(second);
        let in_minute = count.minute.add(second.div_euclid(60));
        let in_day = count.day.add(date);
        if in_second > ORDERS_PER_S {
            Err(too_fast())
        } else if in_minute > ORDERS_PER_MIN || in_day > ORDERS_PER_DAY {
            Err(Refusal::too_many("Maximum allowed order requests exceeded."))
        } else {
            Ok(())
        }
    }
}

impl<T> Default for Window<T> {
    fn default() -> Self {
        Self { now: None, count: 0 }
    }
}

impl<T: PartialEq> Window<T> {
    fn add(&mut self, now: T) -> u32 {
        let same = self.now.as_ref() == Some(&now);
        self.count = if same { self.count.saturating_add(1) } else { 1 };
        self.now = Some(now);
        self.count
    }
}

fn too_fast() -> Refusal {
    Refusal::too_many("Too many requests")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> TradingDate {
        "2026-11-23".parse().unwrap()
    }

    #[test]
    fn trap_19_the_call_over_a_limit_is_a_429_network_exception_and_the_next_second_is_free() {
        let cases = [
            (CallKind::Quote, QUOTES_PER_S),
            (CallKind::Historical, HISTORICAL_PER_S),
            (CallKind::OrderWrite, ORDERS_PER_S),
            (CallKind::Other, OTHERS_PER_S),
        ];
        for (kind, limit) in cases {
            let mut limits = Limits::default();
            for _ in 0..limit {
                limits.count(kind, "key", "user", 100, today()).unwrap();
            }
            let refusal = limits.count(kind, "key", "user", 100, today()).unwrap_err();
            assert_eq!((refusal.status.as_u16(), refusal.error_type), (429, "NetworkException"));
            limits.count(kind, "key", "user", 101, today()).unwrap();
        }
    }

    #[test]
    fn order_limits_are_per_account_across_its_apps() {
        let mut limits = Limits::default();
        for call in 0..ORDERS_PER_S {
            let key = if call % 2 == 0 { "one" } else { "two" };
            limits.count(CallKind::OrderWrite, key, "user", 100, today()).unwrap();
        }
        assert!(limits.count(CallKind::OrderWrite, "three", "user", 100, today()).is_err());
        assert!(limits.count(CallKind::OrderWrite, "one", "other", 100, today()).is_ok());
    }

    #[test]
    fn minutes_and_days_have_limits_of_their_own() {
        let mut limits = Limits::default();
        let mut refused = Vec::new();
        for call in 0..=i64::from(ORDERS_PER_MIN) {
            // Eight a second, all within one minute.
            if limits.count(CallKind::OrderWrite, "k", "u", 6_000 + call / 8, today()).is_err() {
                refused.push(call);
            }
        }
        assert_eq!(refused, [i64::from(ORDERS_PER_MIN)]);
        let mut day = Limits::default();
        let refused: Vec<bool> = (0..=i64::from(ORDERS_PER_DAY))
            .map(|call| day.count(CallKind::OrderWrite, "k", "u", call * 5, today()).is_err())
            .collect();
        assert_eq!(refused.iter().position(|refused| *refused), Some(refused.len() - 1));
    }
}
