//! Coming to a position: to a number of units, or to nothing at all, whatever is held and on the way.
//!
//! Both may be called again and again, on every tick if need be: what was asked for already is counted, not repeated.

use super::Context;
use crate::order::{
    Order, OrderError, OrderId, OrderKind, OrderStatus, OrderUpdate, Position, Product, Side,
};

/// Intents that one event may ask for: the host's limit.
const INTENTS_PER_EVENT: usize = 64;

impl Context {
    /// Trades at market until the run holds that much, counting what its standing orders may still bring, resting limits
    /// and sleeping stops too. Orders that the run has asked to withdraw count no more; should one trade all the same, its
    /// update is the moment to call this again. `None` when there is nothing to do.
    pub fn target(&mut self, symbol: impl AsRef<str>, quantity: i64) -> Result<Option<OrderId>, OrderError> {
        let symbol = symbol.as_ref();
        let held = self.position(symbol);
        let on_the_way: i64 = self.working(symbol).iter().map(Order::on_the_way).sum();
        let product = if held.quantity == 0 { self.product } else { held.product };
        self.trade(symbol, quantity - held.quantity - on_the_way, product)
    }

    /// Trades what is held back to flat at market, product by product, and withdraws what else stands in the instrument.
    ///
    /// Market orders that leave the position already are left alone and counted, so calling this twice sells once. The
    /// withdrawals go first, so that the exchange does not take an exit for a new position, but never so many that there
    /// is no room for the exits in the 64 intents of one event; what finds no room goes with the next call.
    pub fn liquidate(&mut self, symbol: impl AsRef<str>) -> Result<(), OrderError> {
        let symbol = symbol.as_ref();
        let held: Vec<_> = self.positions().into_iter().filter(|it| it.symbol == symbol).collect();
        let (exits, others): (Vec<_>, Vec<_>) =
            self.working(symbol).into_iter().partition(|order| leaves(order, &held));
        let trades: Vec<_> = held.iter().map(|it| (it.product, -it.quantity - coming(it, &exits))).collect();
        let needed = trades.iter().filter(|(_, signed)| *signed != 0).count();
        let room = INTENTS_PER_EVENT.saturating_sub(self.asked + needed);
        let mut outcome = Ok(());
        for order in others.iter().take(room) {
            outcome = outcome.and(self.cancel(order.id));
        }
        for (product, signed) in trades {
            // One product that cannot be left must not keep the run in the others.
            outcome = outcome.and(self.trade(symbol, signed, product).map(drop));
        }
        outcome
    }

    /// Something was heard of an order: whatever was asked of it is settled.
    pub(crate) fn heard(&mut self, update: &OrderUpdate) {
        self.withdrawing.remove(&update.order.id);
    }

    /// The standing orders of an instrument that nobody has asked to withdraw.
    fn working(&self, symbol: &str) -> Vec<Order> {
        let wanted = |it: &Order| it.symbol == symbol && !it.is_final() && !self.withdrawing.contains(&it.id);
        self.orders().into_iter().filter(wanted).collect()
    }

    fn trade(&mut self, symbol: &str, signed: i64, product: Product) -> Result<Option<OrderId>, OrderError> {
        let side = match signed {
            0 => return Ok(None),
            1.. => Side::Buy,
            ..=-1 => Side::Sell,
        };
        self.order_for(side, symbol, signed.saturating_abs()).product(product).market().map(Some)
    }
}

/// True for a market order that brings its product's position nearer to flat.
fn leaves(order: &Order, held: &[Position]) -> bool {
    let held = held.iter().find(|it| it.product == order.product).map_or(0, |it| it.quantity);
    let at_market = match order.kind {
        OrderKind::Market => true,
        // A stop whose trigger was touched is a market order from then on.
        OrderKind::StopMarket => matches!(order.status, OrderStatus::Open | OrderStatus::Partial),
        OrderKind::Limit | OrderKind::Stop => false,
    };
    at_market && held.signum() == -order.side.sign()
}

/// What the exits of a position may still bring.
fn coming(held: &Position, exits: &[Order]) -> i64 {
    exits.iter().filter(|order| order.product == held.product).map(Order::on_the_way).sum()
}
