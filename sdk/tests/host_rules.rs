//! The desk keeps to what the host keeps to: the manifest, the clock, the order of things, the limits.

#[path = "support/script.rs"]
mod script;

use script::{Step, TCS, script};
use sdk::prelude::*;
use sdk::testing::{Desk, Event};
use sdk::{Hears, Refusal, StateError};

#[derive(Parameters)]
struct Params {
    #[param(default = "NSE:TCS")]
    symbol: Symbol,
    #[param(default = 3, min = 2, max = 400, warm_up = bars, warm_up_times = 2, warm_up_plus = 1)]
    slow: u32,
    #[param(default = Interval::Minute5)]
    bars: Interval,
}

/// Hears bars alone, of the interval that its parameter names.
struct Bars;

#[sdk::strategy]
impl Strategy for Bars {
    type Params = Params;
    fn new(_params: Params) -> Self {
        Bars
    }
    fn on_start(&mut self, ctx: &mut Context) -> Result {
        info!("{} bars", ctx.candles(TCS, Interval::Minute15, 1_000).len());
        Ok(())
    }
    fn on_candle(&mut self, ctx: &mut Context, candle: &Candle) -> Result {
        info!("{} {} at {}", candle.interval, candle.close, ctx.now());
        Ok(())
    }
}

fn quarter_hours(slow: u32) -> Desk<Bars> {
    Desk::new(Params { symbol: TCS.into(), slow, bars: Interval::Minute15 })
}

#[test]
fn parameters_name_instruments_bars_and_warm_up() {
    let mut desk = quarter_hours(3);
    desk.warm_up(TCS, Interval::Minute15, &[1.0; 20]).start().assert_logged("7 bars");
    desk.candle(TCS, Interval::Minute15, [1.0; 4], 1).assert_logged("15minute 1.00 at 09:30:00");
}

#[test]
fn what_is_not_heard_moves_prices_and_is_not_delivered() {
    let mut desk = quarter_hours(3);
    desk.tick(TCS, 5.0).notice(NoticeKind::FeedLost, "no ticks");
    assert_eq!((Bars::HEARS, desk.logs().len()), (Hears::CANDLES, 1), "the start alone");
    assert_eq!(desk.heard().len(), 2);
}

#[test]
#[should_panic(expected = "no 5minute bars will ever come: name Interval::Minute5 in `const CANDLES`")]
fn bars_that_nobody_asked_for_are_a_mistake() {
    quarter_hours(3).candle(TCS, Interval::Minute5, [1.0; 4], 1);
}

#[test]
#[should_panic(
    expected = "asks for no day bars before the start: name (Interval::Day, how many) in `const WARM_UP`"
)]
fn warm_up_that_nobody_asked_for_is_a_mistake() {
    quarter_hours(3).warm_up(TCS, Interval::Day, &[1.0]);
}

#[test]
#[should_panic(expected = "parameter `slow`: 1 is out of bounds: it must be from 2 to 400")]
fn parameters_out_of_bounds_are_a_mistake() {
    quarter_hours(1);
}

struct Deaf;

#[sdk::strategy]
impl Strategy for Deaf {
    type Params = ();
    const INSTRUMENTS: &'static [&'static str] = &[TCS];
    fn new((): ()) -> Self {
        Deaf
    }
    fn on_candle(&mut self, _ctx: &mut Context, _candle: &Candle) -> Result {
        Ok(())
    }
}

#[test]
#[should_panic(expected = "it hears candles but of no interval; name one in `const CANDLES`")]
fn bars_of_no_length_are_refused_before_the_host_does_it() {
    Desk::<Deaf>::new(());
}

#[test]
fn without_the_attribute_a_strategy_hears_what_can_come() {
    struct Plain;
    impl Strategy for Plain {
        type Params = ();
        const INSTRUMENTS: &'static [&'static str] = &[TCS];
        fn new((): ()) -> Self {
            Plain
        }
    }
    let package = sdk::manifest::Package { name: "plain", version: "1", description: "" };
    let hears = sdk::manifest::Manifest::of::<Plain>(package).hears;
    assert_eq!(hears, Hears::TICKS | Hears::ORDERS | Hears::TIMERS | Hears::NOTICES);
}

#[test]
fn the_clock_never_runs_backwards_and_an_old_tick_sets_off_no_timer() {
    let mut desk = script(&[
        |ctx| Ok(ctx.timer(1).after(Duration::from_secs(10))?),
        |ctx| {
            info!("late tick at {}", ctx.now());
            Ok(ctx.timer(2).after(Duration::from_secs(10))?)
        },
    ]);
    desk.tick(TCS, 100.0).wait(Duration::from_secs(5));
    let old = Tick { time: desk.now() - Duration::from_secs(3_600), ..Tick::default() };
    desk.play(Event::Tick(old)).unwrap();
    desk.assert_logged("late tick at 09:15:06");
    assert_eq!(desk.timers().len(), 2, "ten seconds from now, not from an hour ago");
    desk.wait(Duration::from_secs(10));
    assert_eq!(desk.logs()[1..], ["timer 1 at 09:15:11", "timer 2 at 09:15:16"]);
}

#[test]
fn a_tick_from_ahead_takes_the_clock_with_it() {
    let mut desk = script(&[]);
    let ahead = desk.now() + Duration::from_secs(60);
    desk.play(Event::Tick(Tick { time: ahead, last_price: 5.into(), token: 1, ..Tick::default() })).unwrap();
    assert_eq!(desk.now(), ahead);
}

#[test]
fn a_bar_ends_with_the_session_at_the_latest() {
    let mut desk = script(&[]);
    desk.candle(TCS, Interval::Day, [1.0; 4], 1);
    assert_eq!(desk.now().to_string(), "15:30:00", "not at midnight");
    let mut desk = script(&[]);
    desk.wait(Duration::from_secs(6 * 3600 + 14 * 60 + 30)).candle(TCS, Interval::Minute, [1.0; 4], 1);
    assert_eq!(desk.now().to_string(), "15:30:00");
}

#[test]
fn what_is_asked_for_happens_after_the_handler() {
    let mut desk = script(&[
        |ctx| Ok(ctx.buy(TCS, 5).limit(90.0).map(drop)?),
        |ctx| {
            ctx.modify(OrderId(1)).quantity(7).send()?;
            ctx.cancel(OrderId(1))?;
            let order = ctx.order(OrderId(1)).ok_or("gone")?;
            info!("still {:?} for {}", order.status, order.quantity);
            Ok(())
        },
    ]);
    desk.ticks(TCS, &[100.0, 100.0]).assert_logged("still Open for 5");
    let last = desk.last_order();
    assert_eq!((last.status, last.quantity.get()), (OrderStatus::Cancelled, 7));
}

#[test]
fn a_change_waits_for_the_test_to_say_what_becomes_of_it() {
    let mut desk = script(&[
        |ctx| Ok(ctx.buy(TCS, 5).limit(90.0).map(drop)?),
        |ctx| {
            ctx.modify(OrderId(1)).price(91.0).send()?;
            Ok(ctx.modify(OrderId(1)).quantity(9).send()?)
        },
    ]);
    desk.manual_fills().ticks(TCS, &[100.0, 100.0]);
    desk.refuse_change(OrderId(1), Refusal::PriceBand, "too far").accept_change(OrderId(1));
    let last = desk.last_order();
    assert_eq!((last.price, last.quantity.get(), last.refusal), (90.into(), 9, Refusal::None));
}

#[test]
fn days_turn_and_what_is_booked_today_begins_anew() {
    let mut desk = script(&[
        |ctx| Ok(ctx.buy(TCS, 1).product(Product::Cnc).market().map(drop)?),
        |ctx| Ok(ctx.sell(TCS, 1).product(Product::Cnc).market().map(drop)?),
        |ctx| {
            let tick = ctx.last_tick(TCS).ok_or("no tick")?;
            info!("today {}, close before {}, volume {}", ctx.pnl_today().realised, tick.close, tick.volume);
            info!("in all {}", ctx.position(TCS).realised);
            Ok(())
        },
    ]);
    desk.ticks(TCS, &[100.0, 110.0]);
    let monday = desk.now();
    desk.next_day().tick(TCS, 120.0);
    assert_eq!((desk.now().ist_day() - monday.ist_day(), desk.now().to_string().as_str()), (1, "09:15:01"));
    desk.assert_logged("today 0.00, close before 110.00, volume 1").assert_logged("in all 10.00");
    desk.assert_logged("MarketClose: the market has closed").assert_logged("MarketOpen: the market is open");
    desk.next_day().next_day().next_day().next_day();
    assert_eq!(desk.now().ist_day() - monday.ist_day(), 7, "the weekend has no session");
}

#[test]
fn one_event_has_its_limits() {
    let mut desk = script(&[
        |ctx| (0..65).try_for_each(|_| Ok(ctx.buy(TCS, 1).limit(50.0).map(drop)?)),
        |ctx| {
            (0..1_000).for_each(|_| ctx.record_pnl(&"x".repeat(100), 1));
            info!("{:?}", ctx.state().set("k", &1).map_err(|error| matches!(error, StateError::Full(_))));
            Ok(())
        },
    ]);
    let said = desk.try_tick(TCS, 100.0).unwrap_err().to_string();
    assert_eq!((said.as_str(), desk.asked().len()), ("more than 64 intents from one event", 64));
    desk.tick(TCS, 100.0).assert_logged("Err(true)");
    desk.assert_logged("1 more records came from this one event and were dropped");
    assert_eq!((desk.pnl_records().len(), desk.pnl_records()[0].0.len()), (1_000, 64));
}

#[test]
fn requests_that_the_host_refuses_are_refused() {
    let refused: [(Step, &str); 8] = [
        (
            |ctx| Ok(ctx.sell(TCS, 1).stop(95.0, 96.0).map(drop)?),
            "a stop order's price must be at or beyond its trigger",
        ),
        (
            |ctx| Ok(ctx.buy(TCS, 1).product(Product::Nrml).market().map(drop)?),
            "product NRML does not exist on NSE",
        ),
        (
            |ctx| Ok(ctx.buy(TCS, 1).protection_percent(-0.01).market().map(drop)?),
            "market protection 0 must be",
        ),
        (
            |ctx| Ok(ctx.buy(TCS, 1).protection_percent(f64::NAN).market().map(drop)?),
            "market protection 0 must be",
        ),
        (
            |ctx| Ok(ctx.buy(TCS, 1).protection_percent(1e9).market().map(drop)?),
            "market protection 2147483647",
        ),
        (
            |ctx| {
                let id = ctx.buy(TCS, 1).limit(90.0)?;
                Ok(ctx.modify(id).price(90.01).send()?)
            },
            "price 90.01 must be a positive multiple",
        ),
        (
            |ctx| {
                let id = ctx.sell(TCS, 1).stop(95.0, 94.0)?;
                Ok(ctx.modify(id).price(96.0).send()?)
            },
            "a stop order's price must be at or beyond its trigger",
        ),
        (
            |ctx| {
                let id = ctx.buy(TCS, 1).limit(90.0)?;
                Ok(ctx.modify(id).kind(OrderKind::Market).price(90.0).send()?)
            },
            "a MARKET order takes no price: name LIMIT as the new order type with it",
        ),
    ];
    for (step, text) in refused {
        let said = script(&[step]).try_tick(TCS, 100.0).unwrap_err().to_string();
        assert!(said.starts_with(text), "{said}");
    }
}

#[test]
fn of_finished_orders_the_last_256_can_be_read() {
    let mut steps: Vec<Step> = vec![|ctx| Ok(ctx.buy(TCS, 1).market().map(drop)?); 300];
    steps.push(|ctx| {
        info!("{} from {}", ctx.orders().len(), ctx.orders()[0].id);
        Ok(())
    });
    let mut desk = script(&steps);
    desk.ticks(TCS, &[100.0; 301]).assert_logged("256 from #45");
}
