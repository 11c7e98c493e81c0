//! Plays the lives of a bracket.

use super::*;
use sdk::testing::Desk;

const INFY: &str = "NSE:INFY";

fn desk(rounds: u32) -> Desk<BracketExit> {
    let params =
        Params { instrument: INFY.into(), quantity: 10, target_percent: 1.0, stop_percent: 0.5, rounds };
    Desk::new(params)
}

#[test]
fn the_target_fills_and_the_stop_is_withdrawn() {
    let mut desk = desk(1);
    desk.ticks(INFY, &[1000.0, 1005.0, 1010.0, 1000.0]);
    let asked = [
        "buy 10 NSE:INFY market",
        "sell 10 NSE:INFY limit 1010.00",
        "sell 10 NSE:INFY stop 995.00 market",
        "cancel #3",
    ];
    assert_eq!(desk.asked(), asked);
    assert_eq!((desk.position(INFY), desk.realised()), (0, Money::from(100)));
    assert_eq!(desk.pnl_records(), [("round".to_owned(), Money::from(100))]);
}

#[test]
fn the_stop_fills_and_the_target_is_withdrawn() {
    let mut desk = desk(1);
    desk.ticks(INFY, &[1000.0, 994.0, 1020.0]).assert_logged("stopped out at 994.00");
    assert_eq!(desk.asked()[3], "cancel #2");
    assert_eq!((desk.position(INFY), desk.realised()), (0, Money::from(-60)));
}

#[test]
fn it_enters_again_until_its_rounds_are_over() {
    let mut desk = desk(2);
    desk.ticks(INFY, &[1000.0, 1010.0, 1010.0, 1030.0, 1000.0]);
    assert_eq!(desk.asked().iter().filter(|it| it.starts_with("buy")).count(), 2);
    assert_eq!(desk.position(INFY), 0);
}

#[test]
fn an_entry_that_lapses_half_way_is_protected_for_the_half() {
    let mut desk = desk(1);
    desk.manual_fills().tick(INFY, 1000.0);
    let entry = desk.last_order().id;
    desk.fill(entry, 4, 1000.0).lapse(entry);
    assert_eq!(desk.asked()[1], "sell 4 NSE:INFY limit 1010.00");
}

#[test]
fn a_target_that_fills_in_parts_shrinks_the_stop() {
    let mut desk = desk(1);
    desk.manual_fills().tick(INFY, 1000.0).fill(OrderId(1), 10, 1000.0);
    desk.fill(OrderId(2), 3, 1010.0);
    assert_eq!(desk.asked()[3], "modify #3 quantity 7");
}

#[test]
fn a_stop_that_is_rejected_means_leaving_at_market() {
    let mut desk = desk(1);
    desk.manual_fills().tick(INFY, 1000.0).fill(OrderId(1), 10, 1000.0);
    desk.reject(OrderId(3), "trigger too far").assert_logged("leaving at market");
    assert_eq!(desk.asked()[3..], ["cancel #2", "sell 10 NSE:INFY market"]);
}

#[test]
fn an_entry_that_is_refused_ends_the_matter() {
    let mut desk = desk(1);
    desk.manual_fills().tick(INFY, 1000.0);
    desk.refuse(OrderId(1), sdk::Refusal::KillSwitch, "the kill switch is on").tick(INFY, 1001.0);
    assert_eq!(desk.asked().len(), 1);
}

#[test]
fn a_stop_that_fills_before_its_withdrawal_arrives_leaves_nothing_short() {
    let mut desk = desk(1);
    desk.manual_fills().tick(INFY, 1000.0).fill(OrderId(1), 10, 1000.0);
    desk.fill(OrderId(2), 10, 1010.0).fill(OrderId(3), 10, 995.0);
    assert_eq!(desk.asked()[3..], ["cancel #3", "buy 10 NSE:INFY market"]);
}
