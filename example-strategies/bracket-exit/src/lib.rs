//! Enters, then keeps a target and a stop-loss around the position until one of them fills; then begins anew, as often as
//! `rounds` says.
//!
//! Follows orders through their lives. The two sides of the bracket are two orders that know nothing of each other: this
//! strategy is what links them. So it never leaves the link to chance:
//!
//! - whatever one side sells, the other is made smaller by; where that is refused, it leaves at market;
//! - a side that ends without having sold means leaving at market, for half a bracket protects nothing;
//! - at a stop the target is withdrawn and the stop-loss stays, alone: the position keeps its protection and nothing can be
//!   sold twice. *Stop and square off* withdraws that too and sells what is held;
//! - it trades intraday (MIS), so it is out a quarter of an hour before the close: later the broker withdraws the stop-loss
//!   and sells by itself, and whoever sells then too is short;
//! - should the run end by a fault of the host or of this code, both sides stay at the exchange: then look at once, and
//!   withdraw one by hand.
#![forbid(unsafe_code)]

use sdk::prelude::*;

/// The timer that ends the day.
const FLATTEN: u64 = 1;
const BEFORE_CLOSE: Duration = Duration::from_secs(15 * 60);

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
    Protected(Bracket),
    /// Nothing is held any more: what is left of the bracket is being withdrawn.
    Leaving(Bracket),
    /// Both sides sold: what was sold too much is being bought back.
    BuyingBack(OrderId),
    /// Something went wrong, or the day ends: out at market, and no further round.
    GivenUp,
    Done,
}

#[derive(Clone, Copy)]
struct Bracket {
    target: OrderId,
    stop: OrderId,
}

/// The strategy.
pub struct BracketExit {
    params: Params,
    stage: Stage,
    round: u32,
    /// What was recorded of the profit so far.
    recorded: Money,
}

#[sdk::strategy]
impl Strategy for BracketExit {
    type Params = Params;

    fn new(params: Params) -> Self {
        Self { params, stage: Stage::Flat, round: 0, recorded: Money::ZERO }
    }

    fn on_start(&mut self, ctx: &mut Context) -> Result {
        self.recorded = ctx.position(&self.params.instrument).realised;
        begin_day(ctx)
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
            Stage::Protected(bracket) if bracket.has(update) => self.protected(ctx, update, bracket),
            Stage::Leaving(bracket) if bracket.has(update) => self.leaving(ctx, bracket),
            Stage::BuyingBack(id) if update.is(id) && update.order.is_final() => self.end_round(ctx),
            Stage::GivenUp => self.given_up(ctx, update),
            Stage::Flat
            | Stage::Entering(_)
            | Stage::Protected(_)
            | Stage::Leaving(_)
            | Stage::BuyingBack(_)
            | Stage::Done => Ok(()),
        }
    }

    fn on_timer(&mut self, ctx: &mut Context, _flatten: u64) -> Result {
        match self.stage {
            Stage::Flat
            | Stage::Entering(_)
            | Stage::Protected(_)
            | Stage::Leaving(_)
            | Stage::BuyingBack(_) => self.give_up(ctx, "the day ends"),
            Stage::GivenUp | Stage::Done => Ok(()),
        }
    }

    fn on_notice(&mut self, ctx: &mut Context, notice: &Notice) -> Result {
        if notice.kind == NoticeKind::MarketOpen { begin_day(ctx) } else { Ok(()) }
    }

    fn on_stop(&mut self, ctx: &mut Context) -> Result {
        match self.stage {
            Stage::Entering(_) => ctx.liquidate(&self.params.instrument)?,
            Stage::Protected(bracket) => {
                withdraw(ctx, bracket.target)?;
                warn!("stopped while holding: the stop-loss {} stays and protects it", bracket.stop);
            }
            Stage::Flat | Stage::Leaving(_) | Stage::BuyingBack(_) | Stage::GivenUp | Stage::Done => {}
        }
        Ok(())
    }
}

impl BracketExit {
    /// The entry is over: what it bought, all or some, gets its bracket, the protection first.
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
        let stop = ctx.sell(instrument, bought).stop_market(below);
        let target = ctx.sell(instrument, bought).limit(above);
        let (Ok(stop), Ok(target)) = (stop, target) else {
            return self.give_up(ctx, "there is no bracket at these prices");
        };
        self.stage = Stage::Protected(Bracket { target, stop });
        info!("holding {bought} at {paid}, target {above}, stop {below}");
        Ok(())
    }

    /// One side of the bracket moved: the other must follow.
    fn protected(&mut self, ctx: &mut Context, update: &OrderUpdate, bracket: Bracket) -> Result {
        let order = &update.order;
        let held = ctx.position(&order.symbol).quantity;
        if held <= 0 {
            let won = update.is(bracket.target);
            info!("{} at {}", if won { "target reached" } else { "stopped out" }, order.average_price);
            return self.leave(ctx, bracket);
        }
        if update.refused_change() || order.is_final() {
            return self
                .give_up(ctx, &format!("order {} is {:?}: {}", order.id, order.status, order.message));
        }
        let other = ctx.order(bracket.other(order.id)).filter(|it| !it.is_final());
        match other {
            // Whatever one side has sold, the other must not sell again. The new quantity is a total: what the other has
            // sold itself counts in.
            Some(other) if update.fill_quantity.get() > 0 => {
                let total = i64::from(other.filled.get()) + held;
                let asked = ctx.modify(other.id).quantity(total).send();
                asked.or_else(|why| self.give_up(ctx, &why.to_string()))
            }
            Some(_) => Ok(()),
            None => self.give_up(ctx, "the other side of the bracket is gone"),
        }
    }

    /// Nothing is held: what is left of the bracket has no business any more.
    fn leave(&mut self, ctx: &mut Context, bracket: Bracket) -> Result {
        self.stage = Stage::Leaving(bracket);
        withdraw(ctx, bracket.target)?;
        withdraw(ctx, bracket.stop)?;
        self.leaving(ctx, bracket)
    }

    /// Both orders may have filled, when a withdrawal came too late: never stay short.
    fn leaving(&mut self, ctx: &mut Context, bracket: Bracket) -> Result {
        if standing(ctx, bracket.target) || standing(ctx, bracket.stop) {
            return Ok(());
        }
        match ctx.target(&self.params.instrument, 0)? {
            Some(id) => self.stage = Stage::BuyingBack(id),
            None => self.end_round(ctx)?,
        }
        Ok(())
    }

    fn end_round(&mut self, ctx: &mut Context) -> Result {
        let held = ctx.position(&self.params.instrument);
        // A record is what this round brought, not the sum so far: records are added up.
        ctx.record_pnl("round", held.realised - self.recorded);
        self.recorded = held.realised;
        let again = self.round < self.params.rounds && held.quantity == 0;
        self.stage = if again { Stage::Flat } else { Stage::Done };
        Ok(())
    }

    fn give_up(&mut self, ctx: &mut Context, why: &str) -> Result {
        warn!("leaving at market: {why}");
        self.stage = Stage::GivenUp;
        Ok(ctx.liquidate(&self.params.instrument)?)
    }

    /// On the way out. What trades late, though its withdrawal was asked for, is traded back; what is refused is not
    /// asked for again and again.
    fn given_up(&mut self, ctx: &mut Context, update: &OrderUpdate) -> Result {
        let (order, symbol) = (&update.order, &self.params.instrument);
        if update.fill_quantity.get() > 0 {
            ctx.liquidate(symbol)?;
        } else if order.kind == OrderKind::Market
            && order.came_to_nothing()
            && ctx.position(symbol).quantity != 0
        {
            error!("the way out {} came to nothing ({}): still holding", order.id, order.message);
        }
        Ok(())
    }
}

impl Bracket {
    fn has(self, update: &OrderUpdate) -> bool {
        update.is(self.target) || update.is(self.stop)
    }

    fn other(self, id: OrderId) -> OrderId {
        if id == self.target { self.stop } else { self.target }
    }
}

/// Trades until shortly before today's close. Where that is past already the timer goes off at once.
fn begin_day(ctx: &mut Context) -> Result {
    if ctx.session().is_some_and(|today| !today.never_closes()) {
        ctx.timer(FLATTEN).before_close(BEFORE_CLOSE)?;
    }
    Ok(())
}

fn standing(ctx: &Context, id: OrderId) -> bool {
    ctx.order(id).is_some_and(|order| !order.is_final())
}

fn withdraw(ctx: &mut Context, id: OrderId) -> Result {
    if standing(ctx, id) {
        ctx.cancel(id)?;
    }
    Ok(())
}

sdk::export!(BracketExit);

#[cfg(test)]
mod tests;
