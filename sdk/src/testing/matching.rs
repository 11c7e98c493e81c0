//! The desk's simple fill rule, and the order in which a strategy hears of its orders. What is worded here happens when it
//! is heard, see [`Book::take_order`].

use super::book::{Asked, Book};
use super::validate::needs;
use crate::amounts::{Price, Quantity};
use crate::order::{Change, Order, OrderId, OrderKind, OrderStatus, OrderUpdate, Refusal, Side, Validity};

impl Book {
    /// The next thing to tell the strategy about its orders, if there is any: first what reaches the exchange, in the
    /// order asked for, then what fills there.
    pub(super) fn next_update(&mut self) -> Option<OrderUpdate> {
        if let Some(order) = self.orders.iter().find(|it| it.status == OrderStatus::Pending) {
            return Some(self.news_of(arrived(order)));
        }
        if self.manual {
            return None;
        }
        if let Some((id, asked)) = self.waiting.pop_front() {
            return Some(match asked {
                Asked::Change(change) => self.changed(id, &change),
                Asked::Withdrawal => self.restated(id, OrderStatus::Cancelled, Refusal::None, ""),
            });
        }
        if let Some(id) = self.touched() {
            // From here on it fills or rests like the order it has become.
            self.awake.insert(id);
            return Some(self.restated(id, OrderStatus::Open, Refusal::None, ""));
        }
        if let Some((id, quantity, price)) = self.fillable() {
            return Some(self.filled(id, quantity, price));
        }
        let unfilled = self.orders.iter().find(|it| it.validity == Validity::Ioc && !it.is_final());
        let id = unfilled?.id;
        Some(self.restated(id, OrderStatus::Cancelled, Refusal::None, "nothing to fill it with"))
    }

    /// Takes the oldest change that the strategy asked for of an order.
    ///
    /// # Panics
    /// When none is on its way.
    pub(super) fn take_change(&mut self, id: OrderId) -> Change {
        let waits = |it: &&(OrderId, Asked)| it.0 == id && matches!(it.1, Asked::Change(_));
        let place = self.waiting.iter().position(|it| waits(&it));
        match place.and_then(|place| self.waiting.remove(place)) {
            Some((_, Asked::Change(change))) => change,
            Some((_, Asked::Withdrawal)) | None => panic!(
                "no change of order {id} is on its way: the desk holds changes back after .manual_fills() alone"
            ),
        }
    }

    /// What the strategy asked of an order is taken out of the way, a change or a withdrawal.
    ///
    /// # Panics
    /// When nothing is on its way.
    pub(super) fn drop_asked(&mut self, id: OrderId) {
        let place = self.waiting.iter().position(|it| it.0 == id);
        assert!(
            place.is_some(),
            "nothing was asked of order {id}: the desk holds changes back after .manual_fills() alone"
        );
        self.waiting.remove(place.unwrap_or_default());
    }

    /// Some of an order fills.
    pub(super) fn filled(&self, id: OrderId, quantity: u32, price: Price) -> OrderUpdate {
        let mut order = self.standing(id).clone();
        let (before, after) = (order.filled.get(), order.filled.get().saturating_add(quantity));
        assert!(
            quantity > 0 && after <= order.quantity.get(),
            "order {id} has {} of {} left to fill",
            order.outstanding(),
            order.quantity
        );
        let value = order.average_price * i64::from(before) + price * i64::from(quantity);
        order.average_price = Price::from_units(value.units() / i64::from(after));
        order.filled = Quantity::new(after);
        order.status =
            if after == order.quantity.get() { OrderStatus::Complete } else { OrderStatus::Partial };
        (order.refusal, order.message) = (Refusal::None, String::new());
        let fill_quantity = Quantity::new(quantity);
        OrderUpdate { order, time: self.now, fill_quantity, fill_price: price }
    }

    /// An order stands otherwise than before.
    pub(super) fn changed(&self, id: OrderId, change: &Change) -> OrderUpdate {
        let mut order = self.standing(id).clone();
        order.quantity = change.quantity.unwrap_or(order.quantity);
        order.price = change.price.unwrap_or(order.price);
        order.trigger = change.trigger.unwrap_or(order.trigger);
        order.kind = change.kind.unwrap_or(order.kind);
        let (price, trigger) = needs(order.kind);
        order.price = if price { order.price } else { Price::ZERO };
        order.trigger = if trigger { order.trigger } else { Price::ZERO };
        order.validity = change.validity.unwrap_or(order.validity);
        (order.refusal, order.message) = (Refusal::None, String::new());
        self.news_of(order)
    }

    /// An order takes another status: ends, or becomes unknown.
    pub(super) fn restated(
        &self,
        id: OrderId,
        status: OrderStatus,
        refusal: Refusal,
        message: &str,
    ) -> OrderUpdate {
        let order = Order { status, refusal, message: message.to_owned(), ..self.standing(id).clone() };
        self.news_of(order)
    }

    fn news_of(&self, order: Order) -> OrderUpdate {
        let (fill_quantity, fill_price) = (Quantity::default(), Price::ZERO);
        OrderUpdate { order, time: self.now, fill_quantity, fill_price }
    }

    /// The first sleeping stop whose trigger is touched.
    fn touched(&self) -> Option<OrderId> {
        let sleeping = self.orders.iter().filter(|it| it.status == OrderStatus::TriggerPending);
        let touched = |it: &&Order| self.last_price(it).is_some_and(|last| touches(it, last));
        sleeping.filter(|it| touched(it)).map(|it| it.id).next()
    }

    /// The first order that the last price fills, with how many and at what price.
    fn fillable(&self) -> Option<(OrderId, u32, Price)> {
        self.orders.iter().filter(|it| !it.is_final() && it.status != OrderStatus::Unknown).find_map(
            |order| {
                let last = self.last_price(order)?;
                let price = fill_price(order, self.awake.contains(&order.id), last)?;
                Some((order.id, order.outstanding(), price))
            },
        )
    }

    fn last_price(&self, order: &Order) -> Option<Price> {
        let token = self.find(&order.symbol)?.token;
        self.last.get(&token).map(|tick| tick.last_price)
    }
}

/// A pending order reaches the exchange.
fn arrived(order: &Order) -> Order {
    let status = match order.kind {
        OrderKind::Market | OrderKind::Limit => OrderStatus::Open,
        OrderKind::Stop | OrderKind::StopMarket => OrderStatus::TriggerPending,
    };
    Order { status, ..order.clone() }
}

fn touches(order: &Order, last: Price) -> bool {
    match order.side {
        Side::Buy => last >= order.trigger,
        Side::Sell => last <= order.trigger,
    }
}

fn fill_price(order: &Order, awake: bool, last: Price) -> Option<Price> {
    let reached = match order.side {
        Side::Buy => last <= order.price,
        Side::Sell => last >= order.price,
    };
    match order.kind {
        OrderKind::Market => Some(last),
        OrderKind::Limit => reached.then_some(order.price),
        OrderKind::Stop => (awake && reached).then_some(order.price),
        OrderKind::StopMarket => awake.then_some(last),
    }
}
