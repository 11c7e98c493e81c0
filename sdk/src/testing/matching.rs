//! The desk's simple fill rule, and the order in which a strategy hears of its orders.

use super::book::{Book, Standing};
use crate::amounts::Price;
use crate::order::{Order, OrderKind, OrderStatus, OrderUpdate, Refusal, Side, Validity};

impl Book {
    /// The next thing to tell the strategy about its orders, if there is any.
    pub(super) fn next_update(&mut self) -> Option<OrderUpdate> {
        if let Some(update) = self.updates.pop_front() {
            return Some(update);
        }
        if let Some(order) = self.arrive() {
            return Some(self.news_of(order));
        }
        if self.manual {
            return None;
        }
        self.wake();
        if let Some((order, price)) = self.fillable() {
            return Some(self.fill(order.id, order.outstanding(), price));
        }
        let unfilled = self.orders.iter().find(|it| it.validity == Validity::Ioc && !it.order.is_final());
        let id = unfilled?.order.id;
        Some(self.close(id, OrderStatus::Cancelled, Refusal::None, "nothing to fill it with"))
    }

    /// A pending order reaches the exchange.
    fn arrive(&mut self) -> Option<Order> {
        let standing = self.orders.iter_mut().find(|it| it.order.status == OrderStatus::Pending)?;
        standing.order.status = match standing.order.kind {
            OrderKind::Market | OrderKind::Limit => OrderStatus::Open,
            OrderKind::Stop | OrderKind::StopMarket => OrderStatus::TriggerPending,
        };
        Some(standing.order.clone())
    }

    /// Wakes the stops whose trigger is touched; they fill or rest from then on.
    fn wake(&mut self) {
        let touched: Vec<_> = (self.orders.iter())
            .filter(|it| it.order.status == OrderStatus::TriggerPending)
            .filter(|it| self.last_price(&it.order).is_some_and(|last| touches(&it.order, last)))
            .map(|it| it.order.id)
            .collect();
        for standing in self.orders.iter_mut().filter(|it| touched.contains(&it.order.id)) {
            standing.awake = true;
            standing.order.status = OrderStatus::Open;
        }
    }

    /// The first order that the last price fills, and the price it fills at.
    fn fillable(&self) -> Option<(Order, Price)> {
        self.orders.iter().filter(|it| !it.order.is_final()).find_map(|standing| {
            let last = self.last_price(&standing.order)?;
            fill_price(standing, last).map(|price| (standing.order.clone(), price))
        })
    }

    fn last_price(&self, order: &Order) -> Option<Price> {
        let token = self.find(&order.symbol)?.token;
        self.last.get(&token).map(|tick| tick.last_price)
    }
}

fn touches(order: &Order, last: Price) -> bool {
    match order.side {
        Side::Buy => last >= order.trigger,
        Side::Sell => last <= order.trigger,
    }
}

fn fill_price(standing: &Standing, last: Price) -> Option<Price> {
    let order = &standing.order;
    let reached = match order.side {
        Side::Buy => last <= order.price,
        Side::Sell => last >= order.price,
    };
    match order.kind {
        OrderKind::Market => Some(last),
        OrderKind::Limit => reached.then_some(order.price),
        OrderKind::Stop => (standing.awake && reached).then_some(order.price),
        OrderKind::StopMarket => standing.awake.then_some(last),
    }
}
