//! What broker, exchange and risk gate do with the orders at a desk, where the test says so.

use super::{Desk, Event};
use crate::amounts::{Price, Quantity};
use crate::order::{OrderId, OrderStatus, Refusal};
use crate::strategy::Strategy;

/// What becomes of orders.
impl<S: Strategy> Desk<S> {
    /// Fills some of a standing order at a price.
    pub fn fill(&mut self, id: OrderId, quantity: impl Into<Quantity>, price: impl Into<Price>) -> &mut Self {
        let update = self.start().book.borrow().filled(id, quantity.into().get(), price.into());
        self.must(Event::Order(update))
    }

    /// The broker or the exchange says no to a standing order.
    pub fn reject(&mut self, id: OrderId, message: &str) -> &mut Self {
        self.restate(id, OrderStatus::Rejected, Refusal::Exchange, message)
    }

    /// The host's risk gate says no to a standing order.
    pub fn refuse(&mut self, id: OrderId, refusal: Refusal, message: &str) -> &mut Self {
        self.restate(id, OrderStatus::Refused, refusal, message)
    }

    /// A standing order lapses, or a withdrawal arrives.
    pub fn lapse(&mut self, id: OrderId) -> &mut Self {
        self.restate(id, OrderStatus::Cancelled, Refusal::None, "lapsed")
    }

    /// Nobody knows whether an order reached the exchange. It may still fill, lapse, or prove to be
    /// [abandoned](Self::abandon).
    pub fn unknown(&mut self, id: OrderId) -> &mut Self {
        self.restate(id, OrderStatus::Unknown, Refusal::None, "the answer of the broker is not known")
    }

    /// An order was never sent, or is proven never to have arrived.
    pub fn abandon(&mut self, id: OrderId) -> &mut Self {
        self.restate(id, OrderStatus::Abandoned, Refusal::None, "never sent")
    }

    /// The oldest change of an order that is on its way takes effect.
    ///
    /// # Panics
    /// When none is on its way.
    pub fn accept_change(&mut self, id: OrderId) -> &mut Self {
        let change = self.start().book.borrow_mut().take_change(id);
        let update = self.book.borrow().changed(id, &change);
        self.must(Event::Order(update))
    }

    /// The oldest change or withdrawal of an order that is on its way is refused: the order stands as before.
    ///
    /// # Panics
    /// When nothing is on its way.
    pub fn refuse_change(&mut self, id: OrderId, refusal: Refusal, message: &str) -> &mut Self {
        self.start().book.borrow_mut().drop_asked(id);
        let status = self.book.borrow().standing(id).status;
        self.restate(id, status, refusal, message)
    }

    fn restate(&mut self, id: OrderId, status: OrderStatus, refusal: Refusal, message: &str) -> &mut Self {
        let update = self.start().book.borrow().restated(id, status, refusal, message);
        self.must(Event::Order(update))
    }
}
