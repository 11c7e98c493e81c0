//! Calls every import and writes down what it saw, so that tests can look at the sandbox from inside.

use sdk::prelude::*;

const ONCE: u64 = 1;
const REPEATED: u64 = 2;

#[derive(Parameters)]
struct Params {
    /// What to look at and trade.
    #[param(default = "NSE:INFY")]
    instrument: Symbol,
}

struct Probe {
    params: Params,
    ticks: u32,
    order: Option<OrderId>,
}

#[sdk::strategy]
impl Strategy for Probe {
    type Params = Params;
    const CANDLES: &'static [Interval] = &[Interval::Minute];
    const WARM_UP: &'static [(Interval, u32)] = &[(Interval::Minute, 20)];

    fn new(params: Params) -> Self {
        Self { params, ticks: 0, order: None }
    }

    #[allow(clippy::disallowed_methods, reason = "the clock that std sees is what this looks at")]
    fn on_start(&mut self, ctx: &mut Context) -> Result {
        let symbol = &self.params.instrument;
        info!("start now={} session={:?}", ctx.now().micros(), ctx.session());
        info!("start instruments={:?}", ctx.instruments());
        info!("start instrument={:?}", ctx.instrument(symbol));
        info!("start unknown={:?}", ctx.instrument("NSE:NOBODY"));
        info!("start candles={}", ctx.candles(symbol, Interval::Minute, 1000).len());
        info!("start cash={} positions={:?} orders={:?}", ctx.cash(), ctx.positions(), ctx.orders());
        let starts: u32 = ctx.state().get("starts")?.unwrap_or(0);
        ctx.state().set("starts", &(starts + 1))?;
        info!("start starts={starts} keys={:?}", ctx.state().keys());
        ctx.timer(ONCE).after(Duration::from_secs(1))?;
        ctx.timer(REPEATED).every(Duration::from_secs(2))?;
        // The outside world: a virtual clock, seeded chance, no environment, no files, output as log lines.
        let chance = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 1);
        info!("start system_time={:?} chance={chance}", std::time::SystemTime::now());
        info!("start environment={:?}", std::env::vars().collect::<Vec<_>>());
        println!("a line on standard output");
        eprintln!("a line on standard error");
        Ok(())
    }

    fn on_tick(&mut self, ctx: &mut Context, tick: &Tick) -> Result {
        self.ticks += 1;
        let symbol = &self.params.instrument;
        info!("tick {} now={} {:?}", self.ticks, ctx.now().micros(), tick);
        info!("tick same={}", ctx.last_tick(symbol).as_ref() == Some(tick));
        info!("tick depth={:?}", ctx.depth(symbol));
        info!("tick position={:?} today={:?}", ctx.position(symbol), ctx.pnl_today());
        ctx.record_pnl("probe", i32::try_from(self.ticks)?);
        ctx.state().set("ticks", &self.ticks)?;
        match (self.ticks, self.order) {
            (1, _) => {
                let limit = ctx.round(symbol, tick.last_price.percent(99.0));
                let id = ctx.buy(symbol, 10).product(Product::Cnc).limit(limit)?;
                self.order = Some(id);
                info!("placed {id} at {limit}, orders={:?}", ctx.orders());
            }
            (2, Some(id)) => info!("modified {:?}", ctx.modify(id).quantity(20).send()),
            (3, Some(id)) => info!("cancelled {:?}", ctx.cancel(id)),
            (4, _) => {
                info!("bad quantity {:?}", ctx.buy(symbol, 0).market());
                info!("bad price {:?}", ctx.buy(symbol, 1).limit(Price::from_units(1)));
                info!("bad instrument {:?}", ctx.buy("NSE:NOBODY", 1).market());
                info!("bad order {:?}", ctx.cancel(OrderId(999)));
                info!("bad key {:?}", ctx.state().set("", &1));
            }
            (5, _) => {
                info!("deleted {} {}", ctx.state().delete("ticks"), ctx.state().delete("never"));
                ctx.timer(REPEATED).cancel();
            }
            _ => {}
        }
        Ok(())
    }

    fn on_candle(&mut self, ctx: &mut Context, candle: &Candle) -> Result {
        info!("candle now={} {candle:?}", ctx.now().micros());
        info!("candle count={}", ctx.candles(&self.params.instrument, candle.interval, 1000).len());
        Ok(())
    }

    fn on_order(&mut self, _ctx: &mut Context, update: &OrderUpdate) -> Result {
        info!("order {update:?}");
        Ok(())
    }

    fn on_timer(&mut self, ctx: &mut Context, id: u64) -> Result {
        info!("timer {id} now={}", ctx.now().micros());
        Ok(())
    }

    fn on_notice(&mut self, _ctx: &mut Context, notice: &Notice) -> Result {
        info!("notice {notice:?}");
        Ok(())
    }

    fn on_stop(&mut self, ctx: &mut Context) -> Result {
        info!("stop now={} ticks={}", ctx.now().micros(), self.ticks);
        Ok(())
    }
}

sdk::export!(Probe, "probe");
