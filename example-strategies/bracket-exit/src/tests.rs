//! Plays the lives of a bracket.

use super::*;
use sdk::Refusal;
use sdk::testing::Desk;

const INFY: &str = "NSE:INFY";
const ENTRY: OrderId = OrderId(1);
const STOP: OrderId = OrderId(2);
const TARGET: OrderId = OrderId(3);

fn desk(rounds: u32) -> Desk<BracketExit> {
    let params =
        Params { instrument: INFY.into(), quantity: 10, target_percent: 1.0, stop_percent: 0.5, rounds };
    Desk::new(params)
}

/// Ten are held at 1000, and the test says what fills.
fn protected() -> Desk<BracketExit> {
    let mut desk = desk(1);
    desk.manual_fills().tick(INFY, 1000.0).fill(ENTRY, 10, 1000.0);
    desk
}

#[test]
fn the_target_fills_and_the_stop_is_withdrawn() {
    let mut desk = desk(1);
    desk.ticks(INFY, &[1000.0, 1005.0, 1010.0, 1000.0]);
    let asked = [
        "buy 10 NSE:INFY market",
        "sell 10 NSE:INFY stop 995.00 market",
        "sell 10 NSE:INFY limit 1010.00",
        "cancel #2",
    ];
    assert_eq!(desk.asked(), asked);
    assert_eq!((desk.position(INFY), desk.realised()), (0, Money::from(100)));
    assert_eq!(desk.pnl_records(), [("round".to_owned(), Money::from(100))]);
}

#[test]
fn the_stop_fills_and_the_target_is_withdrawn() {
    let mut desk = desk(1);
    desk.ticks(INFY, &[1000.0, 994.0, 1020.0]).assert_logged("stopped out at 994.00");
    assert_eq!(desk.asked()[3], "cancel #3");
    assert_eq!((desk.position(INFY), desk.realised()), (0, Money::from(-60)));
}

#[test]
fn it_enters_again_until_its_rounds_are_over_and_records_each_round_alone() {
    let mut desk = desk(2);
    desk.ticks(INFY, &[1000.0, 1010.0, 1010.0, 1030.0, 1000.0]);
    assert_eq!(desk.asked().iter().filter(|it| it.starts_with("buy")).count(), 2);
    assert_eq!(desk.position(INFY), 0);
    let rounds: Vec<_> = desk.pnl_records().into_iter().map(|(_, amount)| amount).collect();
    assert_eq!((rounds.len(), rounds.iter().copied().sum::<Money>()), (2, desk.realised()));
}

#[test]
fn an_entry_that_lapses_half_way_is_protected_for_the_half() {
    let mut desk = desk(1);
    desk.manual_fills().tick(INFY, 1000.0).fill(ENTRY, 4, 1000.0).lapse(ENTRY);
    assert_eq!(desk.asked()[1..], ["sell 4 NSE:INFY stop 995.00 market", "sell 4 NSE:INFY limit 1010.00"]);
}

#[test]
fn a_target_that_fills_in_parts_shrinks_the_stop() {
    let mut desk = protected();
    desk.fill(TARGET, 3, 1010.0);
    assert_eq!(desk.asked()[3], "modify #2 quantity 7");
}

#[test]
fn where_both_sides_fill_in_parts_the_new_total_counts_what_the_other_has_sold() {
    let mut desk = protected();
    desk.fill(TARGET, 3, 1010.0).accept_change(STOP).fill(STOP, 2, 995.0);
    assert_eq!(desk.asked()[4], "modify #3 quantity 8", "3 sold by the target itself, and 5 held");
    desk.accept_change(TARGET).fill(TARGET, 5, 1010.0);
    assert_eq!(desk.asked()[5..], ["cancel #2"]);
    desk.lapse(STOP);
    assert_eq!((desk.position(INFY), desk.standing().len()), (0, 0));
    assert_eq!(desk.pnl_records().len(), 1);
}

#[test]
fn a_change_that_is_refused_means_leaving_at_market() {
    let mut desk = protected();
    desk.fill(TARGET, 3, 1010.0).refuse_change(STOP, Refusal::RateLimit, "too many requests");
    desk.assert_logged("leaving at market: order #2 is TriggerPending: too many requests");
    assert_eq!(desk.asked()[4..], ["cancel #2", "cancel #3", "sell 7 NSE:INFY market"]);
}

#[test]
fn a_stop_that_is_rejected_means_leaving_at_market_once() {
    let mut desk = protected();
    desk.reject(STOP, "trigger too far").assert_logged("leaving at market");
    assert_eq!(desk.asked()[3..], ["cancel #3", "sell 10 NSE:INFY market"]);
    desk.lapse(TARGET).tick(INFY, 999.0).fill(OrderId(4), 4, 999.0);
    assert_eq!(desk.asked().len(), 5, "what is on the way is not asked for again");
}

#[test]
fn a_target_that_fills_on_the_way_out_leaves_nothing_short() {
    let mut desk = protected();
    desk.reject(STOP, "trigger too far").fill(TARGET, 10, 1010.0);
    assert_eq!(desk.asked()[5..], ["cancel #4"], "the exit would open a position");
    desk.fill(OrderId(4), 10, 999.0);
    assert_eq!(desk.asked()[6..], ["buy 10 NSE:INFY market"]);
}

#[test]
fn an_exit_that_is_refused_is_said_and_not_repeated_for_ever() {
    let mut desk = protected();
    desk.reject(STOP, "trigger too far").refuse(OrderId(4), Refusal::KillSwitch, "the kill switch is on");
    desk.assert_logged("still holding");
    assert_eq!(desk.asked().len(), 5);
}

#[test]
fn an_entry_that_is_refused_ends_the_matter() {
    let mut desk = desk(1);
    desk.manual_fills().tick(INFY, 1000.0);
    desk.refuse(ENTRY, Refusal::KillSwitch, "the kill switch is on").tick(INFY, 1001.0);
    assert_eq!(desk.asked().len(), 1);
}

#[test]
fn a_stop_that_fills_before_its_withdrawal_arrives_leaves_nothing_short() {
    let mut desk = protected();
    desk.fill(TARGET, 10, 1010.0).fill(STOP, 10, 995.0);
    assert_eq!(desk.asked()[3..], ["cancel #2", "buy 10 NSE:INFY market"]);
    desk.fill(OrderId(4), 10, 995.0);
    assert_eq!((desk.position(INFY), desk.pnl_records().len()), (0, 1));
}

#[test]
fn a_stop_of_the_run_withdraws_the_target_and_leaves_the_protection() {
    let mut desk = protected();
    desk.stop().assert_logged("the stop-loss #2 stays");
    assert_eq!(desk.asked()[3..], ["cancel #3"]);
}

#[test]
fn a_stop_of_the_run_on_the_way_in_withdraws_the_entry_and_sells_what_it_bought() {
    let mut desk = desk(1);
    desk.manual_fills().tick(INFY, 1000.0).fill(ENTRY, 4, 1000.0).stop();
    assert_eq!(desk.asked()[1..], ["cancel #1", "sell 4 NSE:INFY market"]);
}

#[test]
fn it_is_out_before_the_close_and_stays_out() {
    let mut desk = desk(2);
    desk.tick(INFY, 1000.0)
        .wait(Duration::from_secs(6 * 3600))
        .assert_logged("leaving at market: the day ends");
    assert_eq!(desk.asked()[3..], ["cancel #2", "cancel #3", "sell 10 NSE:INFY market"]);
    desk.tick(INFY, 1000.0).next_day().tick(INFY, 1000.0);
    assert_eq!((desk.position(INFY), desk.asked().len()), (0, 6));
}

#[test]
fn a_market_without_a_night_has_no_end_of_the_day() {
    let mut desk = desk(1);
    let (open, day) = (desk.now(), Duration::from_secs(86_400));
    desk.session(Some(sdk::Session { open, close: open + day })).tick(INFY, 1000.0);
    assert!(desk.timers().is_empty());
}
