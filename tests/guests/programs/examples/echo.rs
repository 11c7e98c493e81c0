//! Writes a line for every tick or bar it takes and trades on every so many, so that tests can see batches.
//!
//! With `quiet` it writes a line only where it trades: everything between is taken in one go.

use sdk::prelude::*;

#[derive(Parameters)]
struct Params {
    /// What to listen to.
    #[param(default = "NSE:INFY")]
    instrument: Symbol,
    /// Trades on every so many ticks and bars; 0 never trades.
    #[param(default = 0)]
    every: u32,
    /// Writes no line for a tick or bar that is not traded on.
    #[param(default = false)]
    quiet: bool,
    /// Reads the newest tick or bar from the host on every one and fails unless it is the one at hand.
    #[param(default = false)]
    compare: bool,
}

struct Echo {
    params: Params,
    ticks: u32,
    candles: u32,
}

#[sdk::strategy]
impl Strategy for Echo {
    type Params = Params;
    const CANDLES: &'static [Interval] = &[Interval::Minute];

    fn new(params: Params) -> Self {
        Self { params, ticks: 0, candles: 0 }
    }

    fn on_tick(&mut self, ctx: &mut Context, tick: &Tick) -> Result {
        self.ticks += 1;
        if self.params.compare && ctx.last_tick(tick.symbol()) != Some(*tick) {
            return Err(Error::new(format_args!("tick {} is not the newest the host knows", self.ticks)));
        }
        if !self.params.quiet {
            info!("tick {} {} {} {}", self.ticks, tick.symbol(), tick.time.micros(), tick.last_price);
        }
        if self.params.every > 0 && self.ticks.is_multiple_of(self.params.every) {
            let id = ctx.buy(&self.params.instrument, 1).market()?;
            info!("trade {id} on tick {} {}", self.ticks, tick.time.micros());
        }
        Ok(())
    }

    fn on_candle(&mut self, ctx: &mut Context, candle: &Candle) -> Result {
        self.candles += 1;
        if self.params.compare && ctx.candles(candle.symbol(), candle.interval, 1) != [*candle] {
            return Err(Error::new(format_args!("bar {} is not the newest the host knows", self.candles)));
        }
        if !self.params.quiet {
            info!("candle {} {} {} at {}", candle.symbol(), candle.interval, candle.close, ctx.now());
        }
        if self.params.every > 0 && self.candles.is_multiple_of(self.params.every) {
            let id = ctx.buy(&self.params.instrument, 1).market()?;
            info!("trade {id} on bar {}", self.candles);
        }
        Ok(())
    }

    fn on_order(&mut self, _ctx: &mut Context, update: &OrderUpdate) -> Result {
        info!("order {} {:?} {}", update.order.id, update.order.status, update.fill_quantity);
        Ok(())
    }

    fn on_timer(&mut self, ctx: &mut Context, id: u64) -> Result {
        info!("timer {id} {}", ctx.now().micros());
        Ok(())
    }

    fn on_notice(&mut self, _ctx: &mut Context, notice: &Notice) -> Result {
        info!("notice {:?} {}", notice.kind, notice.text);
        Ok(())
    }

    fn on_stop(&mut self, _ctx: &mut Context) -> Result {
        info!("stopped after {} ticks", self.ticks);
        Ok(())
    }
}

sdk::export!(Echo, "echo");
