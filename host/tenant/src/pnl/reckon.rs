//! The ledger's figures in the words that people read.

use super::course::Course;
use super::day_rows::count;
use super::{PositionRecord, RunFigures};
use market::Money;

/// The positions of a book.
pub(crate) fn positions(book: &ledger::Book, strategy_id: Option<&str>) -> Vec<PositionRecord> {
    let record = |p: ledger::Position| PositionRecord {
        symbol: p.symbol,
        product: p.product,
        quantity: p.quantity,
        overnight_quantity: p.overnight_quantity,
        multiplier: p.multiplier,
        average_price: p.average_price,
        average_cost: p.average_cost,
        cost: p.cost * p.quantity.signum(),
        close_price: p.close_price,
        last_price: p.last_price,
        last_price_at: p.last_price_at,
        value: p.value,
        pnl: p.pnl,
        m2m: p.m2m,
        buy_quantity: p.buy_quantity,
        buy_price: p.buy_price,
        buy_value: p.buy_value,
        sell_quantity: p.sell_quantity,
        sell_price: p.sell_price,
        sell_value: p.sell_value,
        day_buy_quantity: p.day_buy_quantity,
        day_buy_value: p.day_buy_value,
        day_sell_quantity: p.day_sell_quantity,
        day_sell_value: p.day_sell_value,
        realised: p.realised,
        unrealised: p.unrealised,
        strategy_id: strategy_id.map(str::to_owned),
    };
    book.positions().into_iter().map(record).collect()
}

/// The day's result, unless something held has no price: then it cannot be told.
pub(crate) fn day_result(course: &Course) -> Option<Money> {
    let totals = course.today().book().totals();
    (totals.unpriced == 0).then_some(totals.day)
}

/// One run's figures from the course of its own trades.
pub(crate) fn run_figures(course: &Course) -> RunFigures {
    let (before, today) = (course.before(), course.today().stats());
    let realised = before.realised + today.realised;
    let charges = before.charges + today.charges.total();
    let unrealised = (today.unpriced == 0).then_some(today.unrealised);
    RunFigures {
        realised,
        unrealised,
        charges,
        net: unrealised.map(|open| realised + open - charges),
        orders: 0,
        trades: count(before.trades + today.trades),
    }
}
