//! A build that overlaps with booking loses no trade and keeps none of a day that is over.

use super::*;
use crate::pnl::{Base, Whose};
use market::{Calendar, Price, Product, Side, Trade};

fn day() -> TradingDate {
    "2026-11-23".parse().unwrap()
}

fn record(number: &str, date: TradingDate) -> TradeRecord {
    let trade = Trade {
        trade_id: number.into(),
        order_id: number.into(),
        symbol: "NSE:INFY".parse().unwrap(),
        token: 1,
        side: Side::Buy,
        product: Product::Mis,
        quantity: 10,
        price: Price::from_rupees(100),
        time: date.at_seconds(40_000),
    };
    TradeRecord { trade, run_id: None, strategy_id: None, mode: Mode::Live }
}

fn built(trades: Vec<TradeRecord>) -> Course {
    let rules = Rules { rates: Arc::default(), calendar: Arc::new(Calendar::always_open()) };
    Course::build(Base::default(), trades, BTreeMap::new(), day(), rules)
}

fn fills(state: &State) -> Option<u32> {
    let account = state.account.as_ref()?;
    let today = account.days(Timestamp::EPOCH).pop()?;
    today.stats.iter().find(|stats| stats.whose == Whose::Account).map(|stats| stats.trades)
}

#[test]
fn a_trade_booked_while_the_course_is_built_is_in_it_once() {
    let mut state = State::new();
    // The first was read from the rows and told as well, the second came after the rows were read.
    state.account_trade(&record("1", day()));
    state.account_trade(&record("2", day()));
    assert!(state.install(built(vec![record("1", day())]), 0));
    assert_eq!(fills(&state), Some(2));
    state.account_trade(&record("3", day()));
    assert_eq!(fills(&state), Some(3));
}

#[test]
fn a_build_that_a_late_trade_or_a_change_of_hands_overtook_is_not_kept() {
    let mut state = State::new();
    state.account_trade(&record("0", day().previous()));
    assert!(!state.install(built(Vec::new()), 0));
    assert_eq!(fills(&state), None);
    let course = built(Vec::new());
    state.spoil();
    assert!(!state.install(course, 0));
    assert!(state.install(built(Vec::new()), state.spoiled));
    assert_eq!(fills(&state), Some(0));
    state.account_trade(&record("0", day().previous()));
    assert_eq!(fills(&state), None);
}
