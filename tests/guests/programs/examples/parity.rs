//! Does one thing a tick, in the order of a list that touches every import, and writes down all that it can see. The same
//! source runs natively at a test desk and as a component, and both must leave the same traces.

use sdk::OrderKind;
use sdk::prelude::*;

const SYMBOL: &str = "NSE:INFY";
const FUTURE: &str = "NFO:NIFTY26NOVFUT";

#[derive(Parameters)]
pub struct Params {
    #[param(default = "NSE:INFY")]
    pub symbol: Symbol,
    #[param(default = 5, min = 1, max = 400, warm_up = bars, warm_up_plus = 1)]
    pub slow: u32,
    #[param(default = Interval::Minute)]
    pub bars: Interval,
}

type Act = fn(&mut Context) -> Result<String, OrderError>;

pub struct Parity {
    params: Params,
    ticks: usize,
}

#[sdk::strategy]
impl Strategy for Parity {
    type Params = Params;
    const INSTRUMENTS: &'static [&'static str] = &[FUTURE];

    fn new(params: Params) -> Self {
        Self { params, ticks: 0 }
    }

    fn on_start(&mut self, ctx: &mut Context) -> Result {
        let Params { symbol, slow, bars } = &self.params;
        info!("start {} {:?} {:?}", ctx.now(), ctx.session(), ctx.instruments());
        info!("warm-up {slow} {:?}", ctx.candles(symbol, *bars, 1_000));
        ctx.timer(1).every(Duration::from_secs(7))?;
        ctx.timer(2).before_close(Duration::from_secs(60))?;
        Ok(())
    }

    fn on_tick(&mut self, ctx: &mut Context, tick: &Tick) -> Result {
        info!("tick {} {tick:?} same {}", ctx.now(), ctx.last_tick(tick.symbol()).as_ref() == Some(tick));
        if let Some(act) = ACTS.get(self.ticks) {
            let said = act(ctx);
            info!("act {} {said:?}", self.ticks);
        }
        self.ticks += 1;
        see(ctx);
        Ok(())
    }

    fn on_candle(&mut self, ctx: &mut Context, candle: &Candle) -> Result {
        info!("candle {} {candle:?} of {}", ctx.now(), ctx.candles(SYMBOL, candle.interval, 1_000).len());
        Ok(())
    }

    fn on_order(&mut self, ctx: &mut Context, update: &OrderUpdate) -> Result {
        info!("order {} {update:?} refused {}", ctx.now(), update.refused_change());
        see(ctx);
        Ok(())
    }

    fn on_timer(&mut self, ctx: &mut Context, id: u64) -> Result {
        info!("timer {id} {}", ctx.now());
        Ok(())
    }

    fn on_notice(&mut self, ctx: &mut Context, notice: &Notice) -> Result {
        info!("notice {} {notice:?}", ctx.now());
        Ok(())
    }

    fn on_stop(&mut self, ctx: &mut Context) -> Result {
        info!("stop {}", ctx.now());
        see(ctx);
        Ok(())
    }
}

fn see(ctx: &Context) {
    info!("orders {:?}", ctx.orders());
    info!("positions {:?} {:?}", ctx.positions(), ctx.pnl_today());
}

fn placed(id: OrderId) -> String {
    format!("placed {id}")
}

/// What is asked for, tick by tick: good requests, and every kind of bad one.
const ACTS: &[Act] = &[
    |ctx| ctx.buy(SYMBOL, 10).market().map(placed),
    |ctx| ctx.sell(SYMBOL, 10).stop_market(1_480.0).map(placed),
    |ctx| ctx.sell(SYMBOL, 10).product(Product::Cnc).limit(1_530.0).map(placed),
    |ctx| ctx.buy(SYMBOL, 10).ioc().protection_percent(2.5).limit(1_490.0).map(placed),
    |ctx| ctx.modify(OrderId(3)).quantity(12).price(1_525.0).send().map(|()| "asked".to_owned()),
    |ctx| ctx.cancel(OrderId(3)).map(|()| "asked".to_owned()),
    |ctx| ctx.buy(FUTURE, 65).product(Product::Nrml).market().map(placed),
    |ctx| ctx.buy(SYMBOL, 0).market().map(placed),
    |ctx| ctx.buy(FUTURE, 66).market().map(placed),
    |ctx| ctx.buy("NSE:NOBODY", 1).market().map(placed),
    |ctx| ctx.buy(SYMBOL, 1).limit(1_500.01).map(placed),
    |ctx| ctx.buy(SYMBOL, 1).limit(-5.0).map(placed),
    |ctx| ctx.buy(SYMBOL, 1).stop(1_500.0, 1_499.0).map(placed),
    |ctx| ctx.sell(SYMBOL, 1).stop(1_500.0, 1_501.0).map(placed),
    |ctx| ctx.buy(SYMBOL, 1).product(Product::Nrml).market().map(placed),
    |ctx| ctx.buy(FUTURE, 65).product(Product::Cnc).market().map(placed),
    |ctx| ctx.buy(FUTURE, 65).product(Product::Mtf).market().map(placed),
    |ctx| ctx.buy(SYMBOL, 1).protection_percent(-0.01).market().map(placed),
    |ctx| ctx.buy(SYMBOL, 1).protection_percent(101.0).market().map(placed),
    |ctx| ctx.buy(SYMBOL, 1).protection_percent(-1.0).limit(1_490.0).map(placed),
    |ctx| ctx.modify(OrderId(2)).price(1_479.0).send().map(|()| "asked".to_owned()),
    |ctx| ctx.modify(OrderId(2)).quantity(3).send().map(|()| "asked".to_owned()),
    |ctx| ctx.modify(OrderId(2)).kind(OrderKind::Stop).send().map(|()| "asked".to_owned()),
    |ctx| ctx.modify(OrderId(2)).kind(OrderKind::Stop).price(1_479.0).send().map(|()| "asked".to_owned()),
    |ctx| ctx.modify(OrderId(2)).trigger(1_480.01).send().map(|()| "asked".to_owned()),
    |ctx| ctx.modify(OrderId(99)).quantity(3).send().map(|()| "asked".to_owned()),
    |ctx| ctx.cancel(OrderId(1)).map(|()| "asked".to_owned()),
    |ctx| {
        Ok(format!("{:?}", [ctx.state().set("", &1), ctx.state().set("a\nb", &1), ctx.state().set("k", &1)]))
    },
    |ctx| Ok(format!("{:?}", ctx.state().set("k", &"x".repeat(65_536)))),
    |ctx| Ok(format!("{:?} {:?}", ctx.state().get::<u32>("k"), ctx.state().keys())),
    |ctx| Ok(format!("{} {}", ctx.state().delete("k"), ctx.state().delete("k"))),
    |ctx| {
        ctx.record_pnl(&"label ".repeat(20), -12.34);
        ctx.timer(3).cancel();
        Ok(format!("{:?}", ctx.timer(4).after(Duration::from_secs(2))))
    },
    |ctx| {
        let all = (0..66).map(|_| ctx.buy(SYMBOL, 1).limit(1_400.0));
        all.collect::<Result<Vec<_>, _>>().map(|ids| format!("{ids:?}"))
    },
    |ctx| {
        let now = ctx.now();
        let refused = (0..1_005).filter(|number| ctx.timer(*number).at(now).is_err()).count();
        Ok(format!("{refused} timers refused"))
    },
    |_ctx| {
        info!("{}", "long ".repeat(2_000));
        (0..1_000).for_each(|line| debug!("{line}"));
        Ok("flooded".to_owned())
    },
    |ctx| ctx.liquidate(SYMBOL).map(|()| "liquidated".to_owned()),
    |ctx| ctx.liquidate(SYMBOL).map(|()| "liquidated again".to_owned()),
    |ctx| ctx.target(SYMBOL, 5).map(|id| format!("{id:?}")),
];

#[cfg(target_family = "wasm")]
sdk::export!(Parity, "parity");
