//! Enters once, then keeps a target and a stop-loss around the position until one of them fills.
//!
//! Follows orders through their lives: what is filled is protected, and when one side of the bracket is done the
//! other is withdrawn. Then it begins anew, as often as `rounds` says.
#![forbid(unsafe_code)]

use sdk::prelude::*;

/// What the trader can set.
#[derive(Parameters)]
pub struct Params {
    /// What to trade.
    #[param(default = "NSE:INFY")]
    instrument: Symbol,
    /// How many.
    #[param(default = 1, min = 1, max = 10_000)]
    quantity: u32,
    /// Where to take the profit, in percent above the entry.
    #[param(default = 0.1, min = 0.01, max = 50.0)]
    target_percent: f64,
    /// Where to cut the loss, in percent below the entry.
    #[param(default = 0.1, min = 0.01, max = 50.0)]
    stop_percent: f64,
    /// How many trades to make before resting.
    #[param(default = 3, min = 1, max = 1_000)]
    rounds: u32,
}

enum Stage {
    Flat,
    Entering(OrderId),
    Protected {
        target: OrderId,
        stop: OrderId,
    },
    /// One side is done, the other is being withdrawn.
    Leaving(OrderId),
    Done,
}

/// The strategy.
pub struct BracketExit {
    params: Params,
    stage: Stage,
    round: u32,
}

#[sdk::strategy]
impl Strategy for BracketExit {
    type Params = Params;

    fn new(params: Params) -> Self {
        Self { params, stage: Stage::Flat, round: 0 }
    }

    fn on_tick(&mut self, ctx: &mut Context, tick: &Tick) -> Result {
        if let Stage::Flat = self.stage {
            let Params { instrument, quantity, .. } = &self.params;
            self.round += 1;
            self.stage = Stage::Entering(ctx.buy(instrument, *quantity).market()?);
            info!("round {}: entering near {}", self.round, tick.last_price);
        }
        Ok(())
    }

    fn on_order(&mut self, ctx: &mut Context, update: &OrderUpdate) -> Result {
        match self.stage {
            Stage::Entering(entry) if update.is(entry) && update.order.is_final() => {
                self.entered(ctx, update)
            }
            Stage::Protected { target, stop } if update.is(target) || update.is(stop) => {
                self.protected(ctx, update, target, stop)
            }
            Stage::Leaving(other) if update.is(other) && update.order.is_final() => self.left(ctx),
            _ => Ok(()),
        }
    }
}

impl BracketExit {
    /// The entry is over: what it bought, all or some, gets its bracket.
    fn entered(&mut self, ctx: &mut Context, update: &OrderUpdate) -> Result {
        let Params { instrument, target_percent, stop_percent, .. } = &self.params;
        let (bought, paid) = (update.order.filled, update.order.average_price);
        if update.order.came_to_nothing() {
            warn!("no entry: {}", update.order.message);
            self.stage = Stage::Done;
            return Ok(());
        }
        let above = ctx.round(instrument, paid + paid.percent(*target_percent));
        let below = ctx.round(instrument, paid - paid.percent(*stop_percent));
        let target = ctx.sell(instrument, bought).limit(above)?;
        let stop = ctx.sell(instrument, bought).stop_market(below)?;
        self.stage = Stage::Protected { target, stop };
        info!("holding {bought} at {paid}, target {above}, stop {below}");
        Ok(())
    }

    /// One side of the bracket moved: when it is done, the other has no business any more.
    fn protected(
        &mut self,
        ctx: &mut Context,
        update: &OrderUpdate,
        target: OrderId,
        stop: OrderId,
    ) -> Result {
        let (order, won) = (&update.order, update.is(target));
        let other = if won { stop } else { target };
        if update.fill_quantity.get() > 0 && !order.is_final() {
            // Whatever one side has sold, the other must not sell again.
            ctx.modify(other).quantity(order.outstanding()).send()?;
        } else if order.status == OrderStatus::Complete {
            info!("{} at {}", if won { "target reached" } else { "stopped out" }, order.average_price);
            self.stage = Stage::Leaving(other);
            match ctx.order(other) {
                Some(it) if !it.is_final() => ctx.cancel(other)?,
                _ => self.left(ctx)?,
            }
        } else if order.is_final() {
            warn!("order {} came to nothing ({}): leaving at market", order.id, order.message);
            self.stage = Stage::Done;
            ctx.liquidate(&order.symbol)?;
        }
        Ok(())
    }

    /// Both orders are over. Both may have filled, when a withdrawal came too late: never stay short.
    fn left(&mut self, ctx: &mut Context) -> Result {
        let symbol = &self.params.instrument;
        ctx.target(symbol, 0)?;
        ctx.record_pnl("round", ctx.position(symbol).realised);
        self.stage = if self.round < self.params.rounds { Stage::Flat } else { Stage::Done };
        Ok(())
    }
}

sdk::export!(BracketExit);

#[cfg(test)]
mod tests;
