//! The run's own orders: all that stand, and the last finished.

use crate::event::{GuestOrderStatus, OrderView, RefusalCode};
use market::{OrderRequest, Price, RunOrderId, Timestamp};
use std::collections::{BTreeMap, VecDeque};

/// Orders by number, which is also their age.
pub(crate) struct Orders {
    all: BTreeMap<RunOrderId, OrderView>,
    finished: VecDeque<RunOrderId>,
    next: RunOrderId,
    limit: usize,
}

impl Orders {
    pub(crate) fn new(orders: Vec<OrderView>, next: RunOrderId, limit: usize) -> Self {
        let mut made = Self { all: BTreeMap::new(), finished: VecDeque::new(), next: next.max(1), limit };
        orders.into_iter().for_each(|order| made.take(order));
        made
    }

    /// Oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &OrderView> {
        self.all.values()
    }

    /// An order that has not come to its end.
    pub(crate) fn standing(&self, id: RunOrderId) -> Option<&OrderView> {
        self.all.get(&id).filter(|order| !order.status.is_final())
    }

    /// Hands out the next number for a request that was found well-formed.
    pub(crate) fn place(&mut self, request: &OrderRequest, now: Timestamp) -> RunOrderId {
        let id = self.next;
        self.take(OrderView {
            id,
            symbol: request.symbol.clone(),
            side: request.side,
            kind: request.kind,
            product: request.product,
            status: GuestOrderStatus::Pending,
            quantity: request.quantity,
            filled: 0,
            price: request.price,
            trigger: request.trigger,
            average_price: Price::ZERO,
            refusal: RefusalCode::None,
            message: String::new(),
            validity: request.validity,
            market_protection: request.market_protection,
            placed_at: now,
        });
        id
    }

    /// An order as it stands now.
    pub(crate) fn take(&mut self, order: OrderView) {
        self.next = self.next.max(order.id.saturating_add(1));
        let (id, over) = (order.id, order.status.is_final());
        let before = self.all.insert(id, order);
        if over && before.is_none_or(|before| !before.status.is_final()) {
            self.finished.push_back(id);
        }
        if self.finished.len() > self.limit
            && let Some(oldest) = self.finished.pop_front()
        {
            self.all.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::Side;

    #[test]
    fn standing_orders_stay_and_only_the_last_finished_do() {
        let request = OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Buy, 1);
        let mut orders = Orders::new(Vec::new(), 7, 2);
        let ids: Vec<_> = (0..4).map(|_| orders.place(&request, Timestamp::EPOCH)).collect();
        assert_eq!(ids, [7, 8, 9, 10]);
        for id in [8, 9, 10] {
            let mut order = orders.standing(id).unwrap().clone();
            order.status = GuestOrderStatus::Complete;
            orders.take(order);
        }
        let left: Vec<_> = orders.all().map(|order| order.id).collect();
        assert_eq!(left, [7, 9, 10]);
        assert!(orders.standing(7).is_some() && orders.standing(9).is_none());
    }
}
