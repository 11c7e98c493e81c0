//! Holds while a fast average stands above a slow one, and is flat while it does not.
//!
//! It trades intraday (MIS, the default product), so it is flat well before the close: what is still held then the broker
//! sells itself, for a fee.
#![forbid(unsafe_code)]

use sdk::prelude::*;

/// The timer that ends the day.
const FLATTEN: u64 = 1;

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
    /// How many minutes before the close to sell what is held; the broker does it itself about ten minutes before.
    #[param(default = 15, min = 1, max = 120)]
    flat_minutes: u32,
}

/// The strategy.
pub struct SmaCrossover {
    params: Params,
    fast: Sma,
    slow: Sma,
    above: Option<bool>,
    /// The day is over: nothing is bought until the market opens again.
    resting: bool,
    /// What was recorded of the profit so far.
    recorded: Money,
}

#[sdk::strategy]
impl Strategy for SmaCrossover {
    type Params = Params;

    fn new(params: Params) -> Self {
        let (fast, slow) = (Sma::new(params.fast), Sma::new(params.slow));
        Self { params, fast, slow, above: None, resting: false, recorded: Money::ZERO }
    }

    fn on_start(&mut self, ctx: &mut Context) -> Result {
        let Params { fast, slow, .. } = &self.params;
        if fast >= slow {
            return Err(Error::new(format_args!(
                "the fast average ({fast}) must take fewer ticks than the slow ({slow})"
            )));
        }
        self.recorded = ctx.position(&self.params.instrument).realised;
        self.begin_day(ctx)
    }

    fn on_tick(&mut self, ctx: &mut Context, tick: &Tick) -> Result {
        let (fast, slow) = (self.fast.update(tick.last_price), self.slow.update(tick.last_price));
        let (Some(fast), Some(slow)) = (fast, slow) else { return Ok(()) };
        let above = fast > slow;
        // The first comparison only says where we stand; a cross is a change of it.
        if self.above.replace(above).is_some_and(|before| before != above) && !self.resting {
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
            let realised = ctx.position(&order.symbol).realised;
            // A record is what this trade brought, not the sum so far: records are added up.
            ctx.record_pnl("trade", realised - self.recorded);
            self.recorded = realised;
        } else if order.came_to_nothing() {
            warn!("order {} came to nothing: {}", order.id, order.message);
        }
        Ok(())
    }

    fn on_timer(&mut self, ctx: &mut Context, _flatten: u64) -> Result {
        self.resting = true;
        info!("the day ends: selling what is held");
        Ok(ctx.liquidate(&self.params.instrument)?)
    }

    fn on_notice(&mut self, ctx: &mut Context, notice: &Notice) -> Result {
        if notice.kind == NoticeKind::MarketOpen {
            self.begin_day(ctx)?;
        }
        Ok(())
    }

    /// A plain stop leaves what is held; the trader's *stop and square off* sells it.
    fn on_stop(&mut self, ctx: &mut Context) -> Result {
        let held = ctx.position(&self.params.instrument);
        info!("stopped holding {} {}", held.quantity, held.symbol);
        Ok(())
    }
}

impl SmaCrossover {
    /// Trades until shortly before today's close. Where that is past already the timer goes off at once.
    fn begin_day(&mut self, ctx: &mut Context) -> Result {
        self.resting = false;
        let minutes = u64::from(self.params.flat_minutes);
        match ctx.session() {
            Some(today) if !today.never_closes() => {
                ctx.timer(FLATTEN).before_close(Duration::from_secs(minutes * 60))?;
            }
            Some(_) | None => {}
        }
        Ok(())
    }
}

sdk::export!(SmaCrossover);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Desk;

    fn desk(fast: u32, slow: u32) -> Desk<SmaCrossover> {
        Desk::new(Params { instrument: "NSE:RELIANCE".into(), quantity: 10, fast, slow, flat_minutes: 15 })
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
        assert_eq!(desk.pnl_records(), [("trade".into(), Money::ZERO), ("trade".into(), Money::from(-150))]);
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
    fn it_is_flat_before_the_close_and_trades_again_the_next_day() {
        let mut desk = desk(1, 3);
        desk.ticks("NSE:RELIANCE", &[100.0, 99.0, 98.0, 105.0]);
        assert_eq!(desk.position("NSE:RELIANCE"), 10);
        desk.wait(Duration::from_secs(6 * 3600)).assert_logged("the day ends");
        assert_eq!((desk.now().to_string().as_str(), desk.position("NSE:RELIANCE")), ("15:15:04", 0));
        desk.ticks("NSE:RELIANCE", &[90.0, 120.0]);
        assert_eq!(desk.asked().len(), 2, "a cross after that is let go");
        desk.next_day().ticks("NSE:RELIANCE", &[90.0, 130.0]);
        assert_eq!(desk.position("NSE:RELIANCE"), 10, "{:?}", desk.logs());
        let records: Vec<_> = desk.pnl_records().into_iter().map(|it| it.1).collect();
        assert_eq!(records, [Money::ZERO, Money::ZERO, Money::ZERO], "bought and sold at 105, bought again");
    }

    #[test]
    fn started_after_its_hour_it_does_not_buy() {
        let mut desk = desk(1, 3);
        let close = Timestamp::from_micros(desk.now().micros() + 600 * 1_000_000);
        desk.session(Some(sdk::Session { open: desk.now(), close }));
        desk.ticks("NSE:RELIANCE", &[100.0, 99.0, 98.0, 105.0]);
        assert_eq!((desk.asked().len(), desk.position("NSE:RELIANCE")), (0, 0));
    }

    #[test]
    #[should_panic(expected = "must take fewer ticks")]
    fn a_fast_average_slower_than_the_slow_one_is_refused() {
        desk(5, 5).start();
    }
}
