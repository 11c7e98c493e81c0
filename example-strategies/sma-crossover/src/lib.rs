//! Holds while a fast average stands above a slow one, and is flat while it does not.
#![forbid(unsafe_code)]

use sdk::prelude::*;

/// What the trader can set.
#[derive(Parameters)]
pub struct Params {
    /// What to trade.
    #[param(default = "NSE:RELIANCE")]
    instrument: Symbol,
    /// How many to hold.
    #[param(default = 1, min = 1, max = 10_000)]
    quantity: u32,
    /// How many ticks the fast average takes.
    #[param(default = 5, min = 1, max = 1_000)]
    fast: u32,
    /// How many ticks the slow average takes.
    #[param(default = 20, min = 2, max = 5_000)]
    slow: u32,
}

/// The strategy.
pub struct SmaCrossover {
    params: Params,
    fast: Sma,
    slow: Sma,
    above: Option<bool>,
}

#[sdk::strategy]
impl Strategy for SmaCrossover {
    type Params = Params;

    fn new(params: Params) -> Self {
        let (fast, slow) = (Sma::new(params.fast), Sma::new(params.slow));
        Self { params, fast, slow, above: None }
    }

    fn on_start(&mut self, _ctx: &mut Context) -> Result {
        let Params { fast, slow, .. } = &self.params;
        if fast >= slow {
            return Err(Error::new(format_args!(
                "the fast average ({fast}) must take fewer ticks than the slow ({slow})"
            )));
        }
        Ok(())
    }

    fn on_tick(&mut self, ctx: &mut Context, tick: &Tick) -> Result {
        let (fast, slow) = (self.fast.update(tick.last_price), self.slow.update(tick.last_price));
        let (Some(fast), Some(slow)) = (fast, slow) else { return Ok(()) };
        let above = fast > slow;
        // The first comparison only says where we stand; a cross is a change of it.
        if self.above.replace(above).is_some_and(|before| before != above) {
            let Params { instrument, quantity, .. } = &self.params;
            info!("fast {fast:.2} crossed {} slow {slow:.2}", if above { "above" } else { "below" });
            ctx.target(instrument, if above { i64::from(*quantity) } else { 0 })?;
        }
        Ok(())
    }

    fn on_order(&mut self, ctx: &mut Context, update: &OrderUpdate) -> Result {
        let order = &update.order;
        if order.status == OrderStatus::Complete {
            info!("{:?} {} at {}", order.side, order.quantity, order.average_price);
            ctx.record_pnl("after trade", ctx.pnl_today().realised);
        } else if order.came_to_nothing() {
            warn!("order {} came to nothing: {}", order.id, order.message);
        }
        Ok(())
    }

    fn on_stop(&mut self, ctx: &mut Context) -> Result {
        let held = ctx.position(&self.params.instrument);
        info!("stopped holding {} {}", held.quantity, held.symbol);
        Ok(())
    }
}

sdk::export!(SmaCrossover);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Desk;

    fn desk(fast: u32, slow: u32) -> Desk<SmaCrossover> {
        Desk::new(Params { instrument: "NSE:RELIANCE".into(), quantity: 10, fast, slow })
    }

    #[test]
    fn it_buys_on_the_cross_above_and_sells_on_the_cross_below() {
        let mut desk = desk(1, 3);
        desk.ticks("NSE:RELIANCE", &[100.0, 99.0, 98.0, 97.0]);
        assert!(desk.asked().is_empty(), "no cross so far");
        desk.tick("NSE:RELIANCE", 105.0);
        assert_eq!(desk.asked(), ["buy 10 NSE:RELIANCE market"]);
        desk.tick("NSE:RELIANCE", 90.0).stop();
        assert_eq!(desk.asked()[1], "sell 10 NSE:RELIANCE market");
        assert_eq!((desk.position("NSE:RELIANCE"), desk.realised()), (0, Money::from(-150)));
        desk.assert_logged("crossed above").assert_logged("stopped holding 0");
    }

    #[test]
    fn an_order_that_comes_to_nothing_is_said_and_forgotten() {
        let mut desk = desk(1, 3);
        desk.manual_fills().ticks("NSE:RELIANCE", &[100.0, 99.0, 98.0, 105.0]);
        desk.reject(desk.last_order().id, "insufficient funds").assert_logged("insufficient funds");
        desk.tick("NSE:RELIANCE", 90.0);
        assert_eq!(desk.asked().len(), 1, "there is nothing to sell");
    }

    #[test]
    #[should_panic(expected = "must take fewer ticks")]
    fn a_fast_average_slower_than_the_slow_one_is_refused() {
        desk(5, 5).start();
    }
}
