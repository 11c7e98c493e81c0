//! What a handler can ask for, and how the desk answers.

#[path = "support/script.rs"]
mod script;

use script::{Step, TCS, script};
use sdk::prelude::*;
use sdk::testing::Event;
use sdk::{Instrument, InstrumentKind};

#[test]
fn a_limit_order_rests_until_the_price_reaches_it() {
    let mut desk = script(&[|ctx| Ok(ctx.buy(TCS, 5).product(Product::Cnc).limit(99.0).map(drop)?)]);
    desk.ticks(TCS, &[100.0, 99.5]);
    assert_eq!(desk.standing().len(), 1);
    desk.tick(TCS, 98.0);
    assert_eq!(desk.logs(), ["#1 Open", "#1 Complete"]);
    assert_eq!(desk.last_order().average_price, Price::from(99));
    assert_eq!(desk.last_order().product, Product::Cnc);
}

#[test]
fn a_stop_sleeps_until_its_trigger_is_touched() {
    let mut desk = script(&[|ctx| {
        ctx.sell(TCS, 5).stop_market(95.0)?;
        Ok(ctx.sell(TCS, 5).stop(95.0, 94.5).map(drop)?)
    }]);
    desk.ticks(TCS, &[100.0, 96.0]);
    assert!(desk.standing().iter().all(|it| it.status == OrderStatus::TriggerPending));
    desk.tick(TCS, 94.0);
    assert_eq!(desk.position(TCS), -5, "the market order sells at 94, the limit of 94.50 is out of reach");
    desk.tick(TCS, 95.0);
    assert_eq!(desk.position(TCS), -10);
}

#[test]
fn an_immediate_order_that_finds_nothing_lapses() {
    let mut desk = script(&[|ctx| Ok(ctx.buy(TCS, 5).ioc().limit(90.0).map(drop)?)]);
    desk.tick(TCS, 100.0);
    assert_eq!(desk.asked(), ["buy 5 NSE:TCS limit 90.00 ioc"]);
    assert!(desk.last_order().came_to_nothing());
}

#[test]
fn standing_orders_change_and_go() {
    let mut desk = script(&[
        |ctx| Ok(ctx.buy(TCS, 5).limit(90.0).map(drop)?),
        |ctx| Ok(ctx.modify(OrderId(1)).price(91.0).quantity(7).send()?),
        |ctx| Ok(ctx.cancel(OrderId(1))?),
        |ctx| Ok(ctx.cancel(OrderId(1))?),
    ]);
    desk.ticks(TCS, &[100.0, 100.0, 100.0]);
    assert_eq!(desk.asked()[1..], ["modify #1 quantity 7 price 91.00", "cancel #1"]);
    assert_eq!(desk.last_order().status, OrderStatus::Cancelled);
    let failed = desk.play(Event::Tick(Tick::default())).unwrap_err();
    assert_eq!(failed.to_string(), "order 1 is not a standing order of this run");
}

#[test]
fn target_counts_what_is_held_and_what_is_on_the_way() {
    let mut desk = script(&[
        |ctx| Ok(ctx.buy(TCS, 3).limit(90.0).map(drop)?),
        |ctx| Ok(ctx.target(TCS, 10).map(drop)?),
        |ctx| Ok(ctx.target(TCS, 10).map(drop)?),
        |ctx| Ok(ctx.target(TCS, -5).map(drop)?),
        |ctx| Ok(ctx.liquidate(TCS)?),
    ]);
    desk.ticks(TCS, &[100.0; 4]);
    assert_eq!(desk.asked()[1..], ["buy 7 NSE:TCS market", "sell 15 NSE:TCS market"]);
    desk.tick(TCS, 100.0);
    assert_eq!(desk.asked()[3..], ["cancel #1", "buy 8 NSE:TCS market"]);
    assert_eq!((desk.position(TCS), desk.standing().len()), (0, 0));
}

#[test]
fn positions_keep_their_average_cost_through_a_flip() {
    let mut desk = script(&[
        |ctx| Ok(ctx.buy(TCS, 10).market().map(drop)?),
        |ctx| Ok(ctx.buy(TCS, 10).market().map(drop)?),
        |ctx| Ok(ctx.sell(TCS, 30).market().map(drop)?),
        |ctx| {
            let (held, today) = (ctx.position(TCS), ctx.pnl_today());
            info!("{} at {}, {} {}", held.quantity, held.average_price, today.realised, today.unrealised);
            Ok(())
        },
    ]);
    desk.ticks(TCS, &[100.0, 110.0, 108.0, 107.0]).assert_logged("-10 at 108.00, 60.00 10.00");
}

#[test]
fn bad_requests_are_answered_at_once_in_plain_words() {
    let bad: [(Step, &str); 5] = [
        (
            |ctx| Ok(ctx.buy("NSE:NOBODY", 1).market().map(drop)?),
            "NSE:NOBODY is not among the run's instruments: declare it",
        ),
        (
            |ctx| Ok(ctx.buy(TCS, 0).market().map(drop)?),
            "quantity 0 must be a positive multiple of the lot size 1",
        ),
        (|ctx| Ok(ctx.buy(TCS, -4).market().map(drop)?), "quantity 0 must be"),
        (
            |ctx| Ok(ctx.buy(TCS, 1).limit(99.99).map(drop)?),
            "price 99.99 must be a positive multiple of the tick size 0.05",
        ),
        (|ctx| Ok(ctx.buy("NSE:NIFTY 50", 1).market().map(drop)?), "NSE:NIFTY 50 is an index"),
    ];
    for (step, text) in bad {
        let mut desk = script(&[step]);
        let index = Instrument {
            token: 256_265,
            symbol: "NSE:NIFTY 50".to_owned(),
            name: "NIFTY 50".to_owned(),
            kind: InstrumentKind::Index,
            tick_size: Price::paise(5),
            lot_size: 1,
            expiry: String::new(),
            strike: Price::ZERO,
            tags: Vec::new(),
        };
        let failed = desk.instrument(index).play(Event::Tick(Tick::default())).unwrap_err().to_string();
        assert!(failed.starts_with(text), "{failed}");
    }
}

#[test]
fn timers_go_off_in_order_and_relative_to_the_session() {
    let mut desk = script(&[|ctx| {
        ctx.timer(1).before_close(Duration::from_secs(600))?;
        ctx.timer(2).after_open(Duration::from_secs(60))?;
        ctx.timer(3).every(Duration::from_secs(3 * 3600))?;
        ctx.timer(4).after(Duration::from_secs(5))?;
        ctx.timer(4).cancel();
        Ok(())
    }]);
    desk.tick(TCS, 100.0).wait(Duration::from_secs(7 * 3600));
    let expected = [
        "timer 2 at 09:16:00",
        "timer 3 at 12:15:01",
        "timer 3 at 15:15:01",
        "timer 1 at 15:20:00",
        "MarketClose: the market has closed",
    ];
    assert_eq!(desk.logs(), expected);
    assert_eq!(desk.timers().len(), 1, "the one that repeats");
}

#[test]
fn a_holiday_has_no_session_to_be_relative_to() {
    let mut desk = script(&[|ctx| Ok(ctx.timer(1).before_close(Duration::ZERO)?)]);
    let failed = desk.session(None).play(Event::Tick(Tick::default())).unwrap_err();
    assert!(failed.to_string().contains("no trading session today"));
}

#[test]
fn state_outlives_the_run_as_json() {
    let mut desk = script(&[
        |ctx| {
            let runs: u32 = ctx.state().get("runs")?.unwrap_or(0);
            ctx.state().set("runs", &(runs + 1))?;
            info!("keys {:?}", ctx.state().keys());
            Ok(())
        },
        |ctx| {
            info!("deleted {}", ctx.state().delete("runs"));
            Ok(())
        },
        |ctx| Ok(ctx.state().set("", &1)?),
    ]);
    desk.remembers("runs", &41).tick(TCS, 1.0).assert_logged("keys [\"runs\"]");
    assert_eq!(desk.state::<u32>("runs"), Some(42));
    desk.tick(TCS, 1.0).assert_logged("deleted true");
    assert_eq!(desk.state::<u32>("runs"), None);
    assert!(desk.play(Event::Tick(Tick::default())).unwrap_err().to_string().contains("1 to 128 bytes"));
}

#[test]
fn warm_up_cash_notices_and_records_reach_their_places() {
    let mut desk = script(&[|ctx| {
        let closes: Vec<_> = ctx.candles(TCS, Interval::Day, 2).iter().map(|it| it.close).collect();
        info!("{closes:?} {} {:?}", ctx.cash(), ctx.last_price(TCS));
        ctx.record_pnl("hedge", -12.5);
        Ok(())
    }]);
    desk.cash(500).warm_up(TCS, Interval::Day, &[1.0, 2.0, 3.0]).tick(TCS, 4.0);
    desk.notice(NoticeKind::FeedLost, "no ticks for 5 s").assert_logged("FeedLost: no ticks for 5 s");
    desk.assert_logged("[Price(20000), Price(30000)] 500.00 Some(Price(40000))");
    assert_eq!(desk.pnl_records(), [("hedge".to_owned(), Money::from(-12.5))]);
}
