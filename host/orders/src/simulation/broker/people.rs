//! A person with the broker's own app: trades beside us, and touches what is ours.

use super::matching::lot_of;
use super::{Broker, Status, TICK, on_tick};
use market::{OrderKind, OrderRequest, Product, Side, Timestamp};

impl Broker {
    /// The person makes an order of their own.
    pub(in crate::simulation) fn trade_by_hand(&mut self, now: Timestamp) {
        self.count(now);
        let (symbol, last) = self.dice.pick(&self.prices).clone();
        let side = *self.dice.pick(Side::ALL);
        let lots = u32::try_from(self.dice.between(1, 5)).unwrap_or(1);
        let quantity = lots * lot_of(symbol.venue());
        let mut request = OrderRequest::market(symbol, side, quantity);
        request.product = Product::Mis;
        if self.dice.chance(500) {
            request.kind = OrderKind::Limit;
            request.price = on_tick(last + TICK * self.dice.between(-20, 20));
        }
        let index = self.enter(now, None, &request);
        self.orders[index].by_person = true;
    }

    /// The person changes or withdraws an order that stands, ours or not.
    pub(in crate::simulation) fn touch_by_hand(&mut self, now: Timestamp) {
        self.count(now);
        let standing: Vec<usize> =
            (0..self.orders.len()).filter(|index| self.orders[*index].stands()).collect();
        if standing.is_empty() {
            return;
        }
        let index = *self.dice.pick(&standing);
        let withdraws = self.dice.chance(500);
        let step = TICK * self.dice.between(-10, 10);
        let order = &mut self.orders[index];
        order.touched = true;
        if withdraws {
            order.now.status = Status::Cancelled;
        } else if order.now.kind == OrderKind::Limit {
            order.now.is_modified = true;
            order.now.price = on_tick(order.now.price + step).units().max(TICK);
        }
        self.note(index, now);
    }
}
