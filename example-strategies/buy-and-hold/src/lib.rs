//! Buys once at the first price it hears and keeps it: the smallest strategy that trades.
#![forbid(unsafe_code)]

use sdk::prelude::*;

/// What the trader can set.
#[derive(Parameters)]
pub struct Params {
    /// What to buy.
    #[param(default = "NSE:INFY")]
    instrument: Symbol,
    /// How many.
    #[param(default = 1, min = 1, max = 10_000)]
    quantity: u32,
}

/// The strategy.
pub struct BuyAndHold {
    params: Params,
    order: Option<OrderId>,
}

#[sdk::strategy]
impl Strategy for BuyAndHold {
    type Params = Params;

    fn new(params: Params) -> Self {
        Self { params, order: None }
    }

    fn on_tick(&mut self, ctx: &mut Context, tick: &Tick) -> Result {
        if self.order.is_none() {
            let Params { instrument, quantity } = &self.params;
            self.order = Some(ctx.buy(instrument, *quantity).market()?);
            info!("buying {quantity} {instrument} near {}", tick.last_price);
        }
        Ok(())
    }

    fn on_order(&mut self, ctx: &mut Context, update: &OrderUpdate) -> Result {
        let order = &update.order;
        match order.status {
            OrderStatus::Complete => {
                let held = ctx.position(&order.symbol);
                info!("holding {} {} at {}", held.quantity, held.symbol, held.average_price);
            }
            // Money or rules are in the way: trying again on every tick would not help.
            _ if order.came_to_nothing() => warn!("order {} came to nothing: {}", order.id, order.message),
            _ => {}
        }
        Ok(())
    }
}

sdk::export!(BuyAndHold);

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::testing::Desk;

    #[test]
    fn it_buys_once_and_keeps_it() {
        let mut desk = Desk::<BuyAndHold>::with_defaults();
        desk.ticks("NSE:INFY", &[1500.0, 1510.0, 1490.0]).assert_logged("holding 1 NSE:INFY at 1500.00");
        assert_eq!(desk.asked(), ["buy 1 NSE:INFY market"]);
        assert_eq!(desk.position("NSE:INFY"), 1);
    }

    #[test]
    fn a_refused_order_is_not_repeated() {
        let mut desk = Desk::<BuyAndHold>::with_defaults();
        desk.manual_fills().tick("NSE:INFY", 1500.0);
        desk.reject(desk.last_order().id, "insufficient funds").tick("NSE:INFY", 1501.0);
        desk.assert_logged("insufficient funds");
        assert_eq!(desk.asked().len(), 1);
    }
}
