//! Parts are added: phantom rows cannot appear, and what nets in the account has its own line.

use super::*;
use ledger::Day;
use market::{Price, Product, Side, Trade};
use std::sync::Arc;

fn day() -> TradingDate {
    "2026-11-23".parse().unwrap()
}

fn trade(n: i64, side: Side, price: i64) -> Trade {
    Trade {
        trade_id: n.to_string(),
        order_id: n.to_string(),
        symbol: "NSE:INFY".parse().unwrap(),
        token: 1,
        side,
        product: Product::Mis,
        quantity: 10,
        price: Price::from_rupees(price),
        time: day().at_seconds(40_000 + n),
    }
}

fn lines(trades: &[(&str, Trade)]) -> Vec<(Whose, i64, i64, u32)> {
    let mut ledger = Day::open(day(), Arc::default(), []);
    for (strategy, trade) in trades {
        ledger.trade(&Some((*strategy).to_owned()).filter(|name| name != "hand"), trade);
    }
    let stats = crate::pnl::day_rows::rows(&ledger, Timestamp::EPOCH, false).stats;
    let report = report(&stats, day(), day(), &BTreeMap::new(), Timestamp::EPOCH);
    let rupees = |amount: Money| amount.units() / market::UNITS_PER_RUPEE;
    let line = |part: &StrategyPnl| {
        let PnlSum { realised, unrealised, trades, .. } = part.result;
        (part.whose.clone(), rupees(realised), rupees(unrealised), trades)
    };
    report.by_strategy.iter().map(line).collect()
}

#[test]
fn what_strategies_net_in_the_account_is_no_trade_by_hand() {
    let (a, b) = (Whose::Strategy("a".into()), Whose::Strategy("b".into()));
    let found = lines(&[
        ("a", trade(1, Side::Buy, 100)),
        ("b", trade(2, Side::Buy, 110)),
        ("a", trade(3, Side::Sell, 120)),
    ]);
    // The account sold at the pooled average of 105, and keeps ten units of it.
    assert_eq!(found, [(a, 200, 0, 2), (b, 0, 100, 1), (Whose::Netting, -50, 50, 0)]);
}

#[test]
fn what_was_traded_by_hand_has_its_own_line_and_nothing_nets_where_nothing_meets() {
    let found = lines(&[("hand", trade(1, Side::Buy, 100)), ("hand", trade(2, Side::Sell, 103))]);
    assert_eq!(found, [(Whose::Hand, 30, 0, 2)]);
}
