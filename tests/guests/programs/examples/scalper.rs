//! Buys and sells in turn, a little on every so many ticks: steady traffic for end-to-end tests.

use sdk::prelude::*;

#[derive(Parameters)]
struct Params {
    /// What to trade.
    #[param(default = "NSE:INFY")]
    instrument: Symbol,
    /// Trades on every so many ticks.
    #[param(default = 5, min = 1)]
    every: u32,
    /// How many units each time.
    #[param(default = 1, min = 1, max = 1000)]
    quantity: u32,
    /// Stops trading after so many orders; 0 never stops.
    #[param(default = 0)]
    orders: u32,
}

struct Scalper {
    params: Params,
    ticks: u32,
    placed: u32,
}

#[sdk::strategy]
impl Strategy for Scalper {
    type Params = Params;

    fn new(params: Params) -> Self {
        Self { params, ticks: 0, placed: 0 }
    }

    fn on_tick(&mut self, ctx: &mut Context, _tick: &Tick) -> Result {
        let Params { instrument, every, quantity, orders } = &self.params;
        self.ticks += 1;
        let done = *orders > 0 && self.placed >= *orders;
        if !done && self.ticks.is_multiple_of(*every) {
            let side = if self.placed.is_multiple_of(2) { Side::Buy } else { Side::Sell };
            let id = ctx.order_for(side, instrument, *quantity).market()?;
            self.placed += 1;
            info!("order {id}: {side:?} {quantity} {instrument}");
        }
        Ok(())
    }

    fn on_order(&mut self, _ctx: &mut Context, update: &OrderUpdate) -> Result {
        let order = &update.order;
        info!(
            "order {} is {:?}, {} of {} filled {}",
            order.id, order.status, order.filled, order.quantity, order.message
        );
        Ok(())
    }
}

sdk::export!(Scalper, "scalper");
