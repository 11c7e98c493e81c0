//! Coming to a position: `target` and `liquidate`, called again and again while orders are on their way.

#[path = "support/script.rs"]
mod script;

use script::{Step, TCS, script};
use sdk::Refusal;
use sdk::prelude::*;

const HOLD: Step = |ctx| Ok(ctx.buy(TCS, 10).market().map(drop)?);
const OUT: Step = |ctx| Ok(ctx.liquidate(TCS)?);
const TO_TEN: Step = |ctx| Ok(ctx.target(TCS, 10).map(drop)?);

#[test]
fn liquidating_twice_sells_once() {
    let mut desk = script(&[HOLD, OUT, OUT, OUT]);
    desk.manual_fills().tick(TCS, 100.0).fill(OrderId(1), 10, 100.0);
    desk.ticks(TCS, &[100.0, 100.0]);
    assert_eq!(desk.asked()[1..], ["sell 10 NSE:TCS market"]);
    desk.fill(OrderId(2), 4, 100.0).tick(TCS, 100.0);
    assert_eq!(desk.asked().len(), 2, "six are held and six are on the way");
    desk.fill(OrderId(2), 6, 100.0);
    assert_eq!((desk.position(TCS), desk.standing().len()), (0, 0));
}

#[test]
fn liquidating_twice_in_one_handler_sells_once() {
    let mut desk = script(&[HOLD, |ctx| {
        ctx.liquidate(TCS)?;
        Ok(ctx.liquidate(TCS)?)
    }]);
    desk.ticks(TCS, &[100.0, 100.0]);
    assert_eq!(desk.asked()[1..], ["sell 10 NSE:TCS market"]);
    assert_eq!(desk.position(TCS), 0);
}

#[test]
fn an_exit_of_which_nobody_knows_is_not_repeated() {
    let mut desk = script(&[HOLD, OUT, OUT, OUT, OUT]);
    desk.manual_fills().tick(TCS, 100.0).fill(OrderId(1), 10, 100.0);
    desk.tick(TCS, 100.0).unknown(OrderId(2)).ticks(TCS, &[100.0, 100.0]);
    assert_eq!(desk.asked().len(), 2);
    desk.abandon(OrderId(2)).tick(TCS, 100.0);
    assert_eq!(desk.asked()[2..], ["sell 10 NSE:TCS market"], "it is proven never to have arrived");
}

#[test]
fn liquidating_withdraws_what_is_no_exit_before_it_sells() {
    let mut desk = script(&[
        |ctx| {
            ctx.buy(TCS, 10).market()?;
            ctx.buy(TCS, 5).product(Product::Cnc).market()?;
            ctx.sell(TCS, 10).limit(110.0)?;
            Ok(ctx.sell(TCS, 10).stop_market(90.0).map(drop)?)
        },
        OUT,
        OUT,
    ]);
    desk.manual_fills().tick(TCS, 100.0).fill(OrderId(1), 10, 100.0).fill(OrderId(2), 3, 100.0);
    desk.ticks(TCS, &[100.0, 100.0]);
    let asked = ["cancel #2", "cancel #3", "cancel #4", "sell 3 NSE:TCS market", "sell 10 NSE:TCS market"];
    assert_eq!(desk.asked()[4..], asked, "delivery and intraday apart, and once");
}

#[test]
fn a_stop_that_is_selling_already_is_an_exit_on_its_way() {
    let mut desk = script(&[
        |ctx| {
            ctx.buy(TCS, 10).market()?;
            Ok(ctx.sell(TCS, 10).stop_market(90.0).map(drop)?)
        },
        OUT,
    ]);
    desk.manual_fills().tick(TCS, 100.0).fill(OrderId(1), 10, 100.0).fill(OrderId(2), 4, 90.0);
    desk.tick(TCS, 90.0);
    assert_eq!(desk.asked().len(), 2, "its other six are on the way");
}

#[test]
fn withdrawals_leave_room_for_the_exits() {
    let mut desk = script(&[
        HOLD,
        |ctx| (0..60).try_for_each(|_| Ok(ctx.buy(TCS, 1).limit(50.0).map(drop)?)),
        |ctx| (0..10).try_for_each(|_| Ok(ctx.buy(TCS, 1).limit(50.0).map(drop)?)),
        OUT,
        OUT,
    ]);
    desk.manual_fills().tick(TCS, 100.0).fill(OrderId(1), 10, 100.0);
    desk.ticks(TCS, &[100.0, 100.0]);
    let before = desk.asked().len();
    desk.tick(TCS, 100.0);
    let asked = desk.asked();
    assert_eq!((asked.len() - before, asked[before + 63].as_str()), (64, "sell 10 NSE:TCS market"));
    desk.tick(TCS, 100.0);
    let asked = desk.asked();
    assert!(asked[before + 64..].iter().all(|it| it.starts_with("cancel")));
    assert_eq!(asked.len() - before, 70 + 1, "the rest goes with the next call");
}

#[test]
fn target_does_not_count_on_an_order_that_is_being_withdrawn() {
    let mut desk = script(&[
        |ctx| Ok(ctx.buy(TCS, 10).limit(90.0).map(drop)?),
        |ctx| {
            ctx.cancel(OrderId(1))?;
            Ok(ctx.target(TCS, 10).map(drop)?)
        },
        TO_TEN,
    ]);
    desk.manual_fills().ticks(TCS, &[100.0, 100.0, 100.0]);
    assert_eq!(desk.asked()[1..], ["cancel #1", "buy 10 NSE:TCS market"]);
    desk.lapse(OrderId(1)).fill(OrderId(2), 10, 100.0);
    assert_eq!(desk.position(TCS), 10);
}

#[test]
fn a_withdrawal_that_is_refused_makes_the_order_count_again() {
    let mut desk = script(&[
        |ctx| Ok(ctx.buy(TCS, 10).limit(90.0).map(drop)?),
        |ctx| Ok(ctx.cancel(OrderId(1))?),
        TO_TEN,
    ]);
    desk.manual_fills().ticks(TCS, &[100.0, 100.0]);
    desk.refuse_change(OrderId(1), Refusal::RateLimit, "too many requests").tick(TCS, 100.0);
    assert_eq!(desk.asked()[1..], ["cancel #1"]);
}

#[test]
fn an_order_that_trades_although_it_was_withdrawn_is_traded_back() {
    let mut desk = script(&[
        |ctx| Ok(ctx.buy(TCS, 10).limit(90.0).map(drop)?),
        |ctx| {
            ctx.cancel(OrderId(1))?;
            Ok(ctx.target(TCS, 10).map(drop)?)
        },
        TO_TEN,
    ]);
    desk.manual_fills().ticks(TCS, &[100.0, 100.0]);
    desk.fill(OrderId(1), 10, 90.0).fill(OrderId(2), 10, 100.0).tick(TCS, 100.0);
    assert_eq!(desk.asked()[3..], ["sell 10 NSE:TCS market"]);
}
