//! The gate, as a table: one row, one rule.

use super::*;
use crate::line::BrokerState;
use crate::record::RefusalCode;
use market::{OrderKind, Side};
use std::collections::BTreeSet;

const NOON: Timestamp = Timestamp::from_seconds(1_795_415_400);

fn limits() -> RiskLimits {
    RiskLimits {
        orders_per_second: 3,
        orders_per_minute: 5,
        orders_per_day: 7,
        max_order_quantity: 100,
        max_order_value: Money::from_rupees(100_000),
        max_open_orders: 2,
        max_daily_loss: Some(Money::from_rupees(1_000)),
        price_band_percent: Some(Percent::whole(5)),
        market_hours_only: true,
        allowed_instruments: None,
    }
}

fn calm() -> Snapshot {
    Snapshot {
        now: NOON,
        open_orders: 0,
        day_pnl: Some(Money::ZERO),
        last_price: Some(Price::from_rupees(1_000)),
        multiplier: 1,
        market_open: true,
        killed: None,
        broker: BrokerState::Live,
    }
}

fn expired() -> BrokerState {
    BrokerState::Expired { since: NOON }
}

fn unreachable() -> BrokerState {
    BrokerState::Unreachable { since: NOON, why: "connection refused".into() }
}

fn gate() -> Gate {
    Gate::new(limits(), SendWindow::default(), None)
}

fn buy(quantity: u32) -> OrderRequest {
    OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Buy, quantity)
}

fn limit(side: Side, price: i64) -> OrderRequest {
    OrderRequest { side, kind: OrderKind::Limit, price: Price::from_rupees(price), ..buy(1) }
}

fn code(verdict: Verdict) -> RefusalCode {
    match verdict {
        Verdict::Pass => RefusalCode::None,
        Verdict::Refuse(refusal) => refusal.code,
    }
}

#[test]
fn each_rule_refuses_with_its_own_word_and_lets_its_limit_itself_pass() {
    use RefusalCode as R;
    let rupees = Money::from_rupees;
    let table = [
        ("a calm market", calm(), buy(1), R::None),
        ("the quantity limit itself", calm(), buy(100), R::None),
        ("one more unit", calm(), buy(101), R::QuantityLimit),
        ("no price known", Snapshot { last_price: None, ..calm() }, buy(1), R::ValueLimit),
        ("a last price of zero", Snapshot { last_price: Some(Price::ZERO), ..calm() }, buy(1), R::ValueLimit),
        ("no price but its own", Snapshot { last_price: None, ..calm() }, limit(Side::Buy, 1_000), R::None),
        ("a multiplier", Snapshot { multiplier: 10, ..calm() }, buy(11), R::ValueLimit),
        ("one open order short", Snapshot { open_orders: 1, ..calm() }, buy(1), R::None),
        ("as many open orders", Snapshot { open_orders: 2, ..calm() }, buy(1), R::OpenOrders),
        (
            "a paisa short of the loss",
            Snapshot { day_pnl: Some(Money::from_paise(-99_999)), ..calm() },
            buy(1),
            R::None,
        ),
        ("the loss", Snapshot { day_pnl: Some(rupees(-1_000)), ..calm() }, buy(1), R::DailyLoss),
        ("a buy at the band", calm(), limit(Side::Buy, 1_050), R::None),
        ("a buy above the band", calm(), limit(Side::Buy, 1_051), R::PriceBand),
        ("a buy far below", calm(), limit(Side::Buy, 500), R::None),
        ("a sell below the band", calm(), limit(Side::Sell, 949), R::PriceBand),
        ("a sell far above", calm(), limit(Side::Sell, 2_000), R::None),
        ("a closed market", Snapshot { market_open: false, ..calm() }, buy(1), R::MarketClosed),
        ("a dead session", Snapshot { broker: expired(), ..calm() }, buy(1), R::NoSession),
        ("a silent broker", Snapshot { broker: unreachable(), ..calm() }, buy(1), R::NoSession),
        ("the kill switch", Snapshot { killed: Some("by hand".into()), ..calm() }, buy(1), R::KillSwitch),
    ];
    for (case, snapshot, order, expected) in table {
        assert_eq!(code(gate().decide(&snapshot, Asked::Place(&order))), expected, "{case}");
    }
}

#[test]
fn a_refusal_says_what_is_wrong_and_nothing_that_is_not() {
    let trigger = OrderRequest { kind: OrderKind::StopMarket, trigger: Price::from_rupees(900), ..buy(1) };
    let blind = Snapshot { last_price: None, ..calm() };
    let table = [
        (Snapshot { broker: expired(), ..calm() }, buy(1), "sign in again", "reached"),
        (
            Snapshot { broker: unreachable(), ..calm() },
            buy(1),
            "cannot be reached: connection refused",
            "ended",
        ),
        (blind.clone(), buy(1), "no price of NSE:INFY is known", "more than"),
        (blind.clone(), OrderRequest { quantity: 100, ..trigger.clone() }, "", "price"),
        (
            blind,
            OrderRequest { trigger: Price::from_rupees(1_001), quantity: 100, ..trigger },
            "₹100100.00 are more than",
            "known",
        ),
    ];
    for (snapshot, order, says, never) in table {
        let text = match gate().decide(&snapshot, Asked::Place(&order)) {
            Verdict::Pass => String::new(),
            Verdict::Refuse(refusal) => refusal.text,
        };
        assert!(text.contains(says) && !text.contains(never), "{text:?} should say {says:?}");
    }
}

#[test]
fn only_listed_instruments_pass_where_there_is_a_list() {
    let listed = BTreeSet::from(["NSE:TCS".parse().unwrap()]);
    let limits = RiskLimits { allowed_instruments: Some(listed), ..limits() };
    let mut gate = Gate::new(limits, SendWindow::default(), None);
    assert_eq!(code(gate.decide(&calm(), Asked::Place(&buy(1)))), RefusalCode::InstrumentNotAllowed);
}

#[test]
fn the_rate_is_counted_by_calendar_second_minute_and_ist_day() {
    let mut gate = gate();
    let at = |gate: &mut Gate, seconds: i64| {
        let snapshot = Snapshot { now: NOON.plus_seconds(seconds), ..calm() };
        code(gate.admit(&snapshot, Asked::Place(&buy(1))))
    };
    let outcomes: Vec<_> = [0, 0, 0, 0, 1, 1, 1, 60, 60, 120].map(|s| at(&mut gate, s)).into();
    use RefusalCode::{None as Pass, OrderCount, RateLimit};
    let expected = [Pass, Pass, Pass, RateLimit, Pass, Pass, RateLimit, Pass, Pass, OrderCount];
    assert_eq!(outcomes, expected);
    let midnight = NOON.date().next().midnight();
    assert_eq!(at(&mut gate, midnight.micros_since(NOON) / 1_000_000), Pass);
}

#[test]
fn the_second_of_the_rate_is_the_calendars_and_not_a_sliding_one() {
    let mut window = SendWindow::default();
    (0..10).for_each(|_| window.count(NOON.plus_micros(999_999)));
    assert_eq!(window.counts(NOON.plus_micros(999_999)).second, 10);
    assert_eq!(window.counts(NOON.plus_micros(1_000_000)).second, 0);
}

#[test]
fn a_clock_that_goes_backwards_opens_no_new_window() {
    let mut window = SendWindow::default();
    window.count(NOON);
    window.count(NOON.plus_seconds(-86_400));
    assert_eq!(window.counts(NOON), SendCounts { second: 2, minute: 2, day: 2 });
}

#[test]
fn a_restored_window_goes_on_where_the_old_one_stood() {
    let times = [NOON, NOON.plus_seconds(-30), NOON.plus_seconds(-86_400)];
    assert_eq!(SendWindow::restore(times).counts(NOON).day, 2);
}

#[test]
fn a_cancel_is_never_refused_and_counts_only_when_it_leaves() {
    let mut gate = gate();
    let dire = Snapshot {
        market_open: false,
        killed: Some("panic".into()),
        day_pnl: Some(Money::from_rupees(-9_999)),
        broker: expired(),
        ..calm()
    };
    for _ in 0..9 {
        assert_eq!(gate.admit(&dire, Asked::Cancel), Verdict::Pass);
    }
    assert_eq!(gate.window.counts(NOON).day, 0);
    gate.count(NOON);
    assert_eq!(gate.window.counts(NOON).day, 1);
}

#[test]
fn venues_whose_contract_size_is_unknown_are_refused_by_name() {
    use RefusalCode::{InstrumentNotAllowed, None as Pass};
    let table = [
        ("NSE:INFY", Pass),
        ("BSE:INFY", Pass),
        ("NFO:NIFTY26NOVFUT", Pass),
        ("BFO:SENSEX26NOVFUT", Pass),
        ("MCX:GOLDM26DECFUT", InstrumentNotAllowed),
        ("CDS:USDINR26NOVFUT", InstrumentNotAllowed),
        ("BCD:USDINR26NOVFUT", InstrumentNotAllowed),
        ("NCO:GOLD26DECFUT", InstrumentNotAllowed),
    ];
    for (symbol, expected) in table {
        let order = OrderRequest { symbol: symbol.parse().unwrap(), ..buy(1) };
        let change = Change { quantity: Some(2), ..Change::default() };
        let judged = [Asked::Place(&order), Asked::Modify { standing: &order, change: &change }]
            .map(|asked| code(gate().decide(&calm(), asked)));
        assert_eq!(judged, [expected, expected], "{symbol}");
        let Verdict::Refuse(refusal) = gate().decide(&calm(), Asked::Place(&order)) else { continue };
        assert!(refusal.text.contains(&symbol[..3]), "{}", refusal.text);
    }
}

#[test]
fn runs_cannot_use_up_what_is_reserved_for_exits_and_cancels() {
    let widest = RiskLimits {
        orders_per_second: BROKER_CALLS_PER_SECOND,
        orders_per_minute: BROKER_CALLS_PER_MINUTE,
        orders_per_day: BROKER_CALLS_PER_DAY,
        ..limits()
    };
    widest.check().unwrap();
    let mut gate = Gate::new(widest, SendWindow::default(), None);
    let (mut minute, mut day) = (0, 0);
    for second in 0..20 * 60 {
        let snapshot = Snapshot { now: NOON.plus_seconds(second), ..calm() };
        let passed =
            (0..20).filter(|_| gate.admit(&snapshot, Asked::Place(&buy(1))) == Verdict::Pass).count();
        minute += if second < 60 { passed } else { 0 };
        day += passed;
    }
    assert_eq!(minute as u32, BROKER_CALLS_PER_MINUTE - RESERVED_CALLS_PER_MINUTE);
    assert_eq!(day as u32, BROKER_CALLS_PER_DAY - RESERVED_CALLS_PER_DAY);
    let later = Snapshot { now: NOON.plus_seconds(20 * 60), ..calm() };
    assert_eq!(code(gate.decide(&later, Asked::Place(&buy(1)))), RefusalCode::OrderCount);
    assert_eq!(gate.decide(&later, Asked::Exit(&buy(1))), Verdict::Pass);
}

#[test]
fn an_exit_is_held_against_the_brokers_limits_and_not_the_traders() {
    let mut gate = Gate::new(RiskLimits { orders_per_day: 0, ..limits() }, SendWindow::default(), None);
    assert_eq!(code(gate.decide(&calm(), Asked::Place(&buy(1)))), RefusalCode::OrderCount);
    assert_eq!(gate.decide(&calm(), Asked::Exit(&buy(1))), Verdict::Pass);
    (0..BROKER_CALLS_PER_MINUTE).for_each(|_| gate.count(NOON));
    assert_eq!(code(gate.decide(&calm(), Asked::Exit(&buy(1)))), RefusalCode::RateLimit);
}

#[test]
fn a_loss_closes_the_gate_until_a_person_opens_it() {
    let mut gate = gate();
    assert!(gate.observe(NOON, Money::from_rupees(-1_200)));
    assert!(!gate.observe(NOON, Money::from_rupees(-1_300)), "it falls once");
    let tomorrow = Snapshot { now: NOON.plus_seconds(86_400), ..calm() };
    assert_eq!(code(gate.decide(&tomorrow, Asked::Place(&buy(1)))), RefusalCode::DailyLoss);
    gate.set_limits(RiskLimits { max_daily_loss: None, ..limits() });
    assert_eq!(code(gate.decide(&tomorrow, Asked::Place(&buy(1)))), RefusalCode::DailyLoss);
    gate.clear_latch();
    assert_eq!(gate.decide(&tomorrow, Asked::Place(&buy(1))), Verdict::Pass);
}

#[test]
fn an_unknown_result_refuses_while_it_lasts_where_there_is_a_limit() {
    let mut gate = gate();
    let unknown = Snapshot { day_pnl: None, ..calm() };
    assert_eq!(code(gate.decide(&unknown, Asked::Place(&buy(1)))), RefusalCode::DailyLoss);
    assert_eq!(gate.decide(&unknown, Asked::Cancel), Verdict::Pass);
    assert_eq!(gate.decide(&unknown, Asked::Exit(&buy(1))), Verdict::Pass);
    assert_eq!(gate.decide(&calm(), Asked::Place(&buy(1))), Verdict::Pass);
    gate.set_limits(RiskLimits { max_daily_loss: None, ..limits() });
    assert_eq!(gate.decide(&unknown, Asked::Place(&buy(1))), Verdict::Pass);
}

#[test]
fn a_position_can_be_closed_by_a_person_under_loss_and_kill_switch() {
    let dire = Snapshot {
        killed: Some("panic".into()),
        day_pnl: Some(Money::from_rupees(-9_999)),
        open_orders: 99,
        ..calm()
    };
    assert_eq!(gate().decide(&dire, Asked::Exit(&buy(5_000))), Verdict::Pass);
}

#[test]
fn a_change_is_judged_by_what_the_order_would_become() {
    let standing = limit(Side::Buy, 1_000);
    let judge =
        |change: Change| code(gate().decide(&calm(), Asked::Modify { standing: &standing, change: &change }));
    assert_eq!(judge(Change { quantity: Some(101), ..Change::default() }), RefusalCode::QuantityLimit);
    assert_eq!(
        judge(Change { price: Some(Price::from_rupees(1_060)), ..Change::default() }),
        RefusalCode::PriceBand
    );
    assert_eq!(
        judge(Change { price: Some(Price::from_rupees(990)), ..Change::default() }),
        RefusalCode::None
    );
}

#[test]
fn the_codes_are_the_words_of_wit_in_its_order() {
    let wit = include_str!("../../../../wit/types.wit");
    let block = wit.split_once("enum refusal {").unwrap().1.split_once('}').unwrap().0;
    let words: Vec<_> = block
        .lines()
        .map(|line| line.trim().trim_end_matches(','))
        .filter(|word| !word.is_empty() && !word.starts_with("//"))
        .collect();
    let ours: Vec<_> = RefusalCode::ALL.iter().map(|code| kebab(code.as_str())).collect();
    let (of_wit, told_as_other) = ours.split_at(words.len());
    assert_eq!(of_wit, words);
    assert_eq!(told_as_other, ["halted", "reducing", "store", "way-out"]);
}

#[test]
fn limits_that_cannot_be_meant_are_named() {
    let wrong = RiskLimits { max_daily_loss: Some(Money::from_rupees(-5)), ..limits() };
    assert_eq!(wrong.check().unwrap_err().field, "maxDailyLoss");
    RiskLimits::default().check().unwrap();
    let read: RiskLimits =
        serde_json::from_str(r#"{"ordersPerSecond":4,"maxDailyLoss":2500.5,"priceBandPercent":2.5}"#)
            .unwrap();
    assert_eq!((read.orders_per_second, read.max_daily_loss), (4, Some(Money::from_paise(250_050))));
    assert!(serde_json::to_string(&read).unwrap().contains("\"priceBandPercent\":2.5"));
    for band in ["0", "-1"] {
        let band = serde_json::from_str(&format!(r#"{{"priceBandPercent":{band}}}"#)).unwrap();
        assert_eq!(RiskLimits::check(&band).unwrap_err().field, "priceBandPercent");
    }
}

fn kebab(camel: &str) -> String {
    let dashed =
        |c: char| if c.is_uppercase() { format!("-{}", c.to_ascii_lowercase()) } else { c.to_string() };
    camel.chars().map(dashed).collect()
}
