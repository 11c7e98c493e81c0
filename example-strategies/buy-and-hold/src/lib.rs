//! Buys once at the first price it hears and keeps it: the smallest strategy that trades.

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
