//! Buys once at the first price it hears and keeps it: the smallest strategy that trades.
//!
//! Keeping means overnight, so it does not buy with the default product, which is intraday: shares are bought for delivery
//! (CNC), contracts as NRML.
#![forbid(unsafe_code)]

use sdk::InstrumentKind;
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
            let product = overnight(ctx.instrument(instrument).map(|it| it.kind));
            self.order = Some(ctx.buy(instrument, *quantity).product(product).market()?);
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
            OrderStatus::Refused
            | OrderStatus::Rejected
            | OrderStatus::Cancelled
            | OrderStatus::Abandoned => {
                warn!("order {} ended with {} filled: {}", order.id, order.filled, order.message);
            }
            OrderStatus::Unknown => warn!("order {}: {}", order.id, order.message),
            OrderStatus::Pending
            | OrderStatus::TriggerPending
            | OrderStatus::Open
            | OrderStatus::Partial
            | OrderStatus::Other => {}
        }
        Ok(())
    }
}

/// What is kept overnight: shares for delivery, contracts as NRML.
fn overnight(kind: Option<InstrumentKind>) -> Product {
    match kind {
        Some(InstrumentKind::Future | InstrumentKind::Call | InstrumentKind::Put) => Product::Nrml,
        Some(InstrumentKind::Equity | InstrumentKind::Index | InstrumentKind::Other) | None => Product::Cnc,
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
        assert_eq!(desk.last_order().product, Product::Cnc, "intraday would be sold by the broker at 15:20");
    }

    #[test]
    fn a_contract_is_held_as_contracts_are() {
        let params = Params { instrument: "NFO:NIFTY26JANFUT".into(), quantity: 65 };
        let mut desk = Desk::<BuyAndHold>::new(params);
        let future = Instrument {
            token: 7,
            symbol: "NFO:NIFTY26JANFUT".into(),
            name: "NIFTY".into(),
            kind: InstrumentKind::Future,
            tick_size: Price::paise(10),
            lot_size: 65,
            expiry: "2026-01-27".into(),
            strike: Price::ZERO,
            tags: Vec::new(),
        };
        desk.instrument(future).tick("NFO:NIFTY26JANFUT", 26_000.0);
        assert_eq!(desk.last_order().product, Product::Nrml);
    }

    #[test]
    fn an_order_of_which_nobody_knows_is_not_repeated() {
        let mut desk = Desk::<BuyAndHold>::with_defaults();
        desk.manual_fills().tick("NSE:INFY", 1500.0).unknown(OrderId(1)).tick("NSE:INFY", 1501.0);
        desk.fill(OrderId(1), 1, 1500.0).assert_logged("holding 1 NSE:INFY at 1500.00");
        assert_eq!(desk.asked().len(), 1);
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
