//! Changes and withdrawals of standing orders (reference §7.1, §7.5).

use crate::exchange::Exchange;
use crate::order::{ModifyOrder, Order, OrderStatus};
use crate::refusal::{Refusal, RefusalKind};
use crate::validate::{check_prices, check_quantity, check_trigger_side};
use market::{OrderKind, OrderRequest, Price, Variety};

/// Changes of one order.
const MOST_CHANGES: u32 = 25;
const BEING_PROCESSED: &str = "Order cannot be modified as it is being processed. Try later.";
const CANNOT_CANCEL: &str = "Order cannot be cancelled as it is being processed. Try later.";

impl Exchange {
    /// Changes a standing order.
    ///
    /// # Errors
    /// When there is no such standing order or the new values are wrong.
    pub fn modify(&mut self, user: &str, order_id: &str, command: ModifyOrder) -> Result<(), Refusal> {
        let index = self.find_standing(user, command.variety, order_id, BEING_PROCESSED)?;
        let entry = &self.desk.entries[index];
        if entry.changes >= MOST_CHANGES {
            return Err(Refusal::input("Maximum allowed order modifications exceeded."));
        }
        let request = changed_request(&entry.order, entry.protection, &command)?;
        self.check_change(index, &request)?;
        self.desk.entries[index].changes += 1;
        if self.desk.entries[index].order.status == OrderStatus::AmoReqReceived {
            self.apply(index, &request, &command);
            self.record(index, OrderStatus::AmoReqReceived);
        } else {
            self.change_in_book(index, &request, &command);
        }
        Ok(())
    }

    /// Withdraws a standing order.
    ///
    /// # Errors
    /// When there is no such standing order.
    pub fn cancel(&mut self, user: &str, variety: Variety, order_id: &str) -> Result<(), Refusal> {
        let index = self.find_standing(user, variety, order_id, CANNOT_CANCEL)?;
        if self.desk.entries[index].order.status != OrderStatus::AmoReqReceived {
            self.record(index, OrderStatus::CancelPending);
        }
        self.withdraw(index, None);
        Ok(())
    }

    fn find_standing(
        &self,
        user: &str,
        variety: Variety,
        order_id: &str,
        done: &str,
    ) -> Result<usize, Refusal> {
        let unknown = || Refusal::of(RefusalKind::General, "Couldn't find that `order_id`.");
        let account = self.account(user).ok_or_else(unknown)?;
        let index = self.desk.find(account, order_id).ok_or_else(unknown)?;
        let order = &self.desk.entries[index].order;
        if order.variety != variety {
            return Err(unknown());
        }
        if order.status.is_final() {
            return Err(Refusal::input(done));
        }
        Ok(index)
    }

    fn check_change(&self, index: usize, request: &OrderRequest) -> Result<(), Refusal> {
        let entry = &self.desk.entries[index];
        let (listing, board) = (&self.tape.listings[entry.place], &self.tape.boards[entry.place]);
        check_quantity(request.quantity, listing)?;
        if request.quantity <= entry.order.filled_quantity {
            let filled = entry.order.filled_quantity;
            return Err(Refusal::input(format!(
                "Quantity cannot be less than or equal to the filled quantity {filled}. It is the new total."
            )));
        }
        // A trigger that has fired counts no more.
        let standing = OrderRequest {
            kind: if entry.is_open() && request.kind.needs_trigger() {
                OrderKind::Limit
            } else {
                request.kind
            },
            ..request.clone()
        };
        check_prices(&standing, listing, board)?;
        match entry.order.status {
            OrderStatus::TriggerPending => {
                check_trigger_side(request.side, standing.kind, request.trigger, board.last)
            }
            _ => Ok(()),
        }
    }

    fn change_in_book(&mut self, index: usize, request: &OrderRequest, command: &ModifyOrder) {
        self.record(index, OrderStatus::ModifyValidationPending);
        let before = self.desk.entries[index].order.clone();
        let was_triggered =
            before.filled_quantity > 0 || !before.kind.needs_trigger() || self.has_been_open(index);
        self.apply(index, request, command);
        self.protect(index);
        match self.risk(index) {
            Ok(bound) => self.desk.entries[index].bound = bound,
            Err(rejection) => return self.undo_change(index, before, was_triggered, rejection.message),
        }
        self.record(index, OrderStatus::ModifyPending);
        let entry = &mut self.desk.entries[index];
        entry.order.status_message = None;
        entry.order.exchange_timestamp = Some(self.now);
        let keeps_turn = entry.order.price == before.price && entry.order.quantity <= before.quantity;
        self.record(index, OrderStatus::Modified);
        if self.desk.entries[index].order.kind.needs_trigger() && !was_triggered {
            self.record(index, OrderStatus::TriggerPending);
        } else if keeps_turn && was_triggered {
            self.record(index, OrderStatus::Open);
        } else {
            self.open_in_book(index);
        }
    }

    fn apply(&mut self, index: usize, request: &OrderRequest, command: &ModifyOrder) {
        let entry = &mut self.desk.entries[index];
        entry.protection = request.market_protection;
        let order = &mut entry.order;
        order.modified = true;
        order.quantity = request.quantity;
        order.pending_quantity = request.quantity - order.filled_quantity;
        order.kind = request.kind;
        order.price = if request.kind.needs_price() { request.price } else { Price::ZERO };
        order.trigger_price = request.trigger;
        order.validity = command.validity.unwrap_or(order.validity);
        order.disclosed_quantity = command.disclosed_quantity.unwrap_or(order.disclosed_quantity);
    }

    /// A change that the back office refused leaves the order as it was, with the reason on it.
    fn undo_change(&mut self, index: usize, before: Order, was_triggered: bool, why: String) {
        let entry = &mut self.desk.entries[index];
        entry.order = Order { status_message: Some(why), ..before };
        let back = if was_triggered { OrderStatus::Open } else { OrderStatus::TriggerPending };
        self.record(index, back);
    }

    fn has_been_open(&self, index: usize) -> bool {
        self.desk.entries[index].history.iter().any(|row| row.status == OrderStatus::Open)
    }
}

/// The order as it would be after the change.
fn changed_request(order: &Order, protection: i32, command: &ModifyOrder) -> Result<OrderRequest, Refusal> {
    let change = &command.change;
    let kind = change.kind.unwrap_or(order.kind);
    let allowed = match (order.kind, kind) {
        (OrderKind::Limit | OrderKind::Market, OrderKind::Stop | OrderKind::StopMarket) => false,
        (OrderKind::Stop, OrderKind::StopMarket) | (OrderKind::StopMarket, OrderKind::Stop) => false,
        (_, _) => true,
    };
    if !allowed {
        return Err(Refusal::input(format!("Order type cannot be changed from {} to {kind}.", order.kind)));
    }
    // A stop order brings its protection along; a limit order that becomes MARKET must name one.
    let kept = if order.kind == OrderKind::StopMarket || order.kind == kind { protection } else { 0 };
    Ok(OrderRequest {
        symbol: order.symbol.clone(),
        side: order.side,
        quantity: change.quantity.unwrap_or(order.quantity),
        kind,
        price: change.price.unwrap_or(order.price),
        trigger: if kind.needs_trigger() {
            change.trigger.unwrap_or(order.trigger_price)
        } else {
            Price::ZERO
        },
        product: order.product,
        validity: command.validity.unwrap_or(order.validity),
        variety: order.variety,
        market_protection: command.market_protection.filter(|given| *given != 0).unwrap_or(kept),
    })
}
