//! Changes and withdrawals of standing orders (reference §7.1, §7.5).

use crate::cover;
use crate::desk::end_of_life;
use crate::exchange::Exchange;
use crate::hours::is_plain;
use crate::order::{ModifyOrder, Order, OrderStatus, PlaceOrder};
use crate::pit::Phase;
use crate::refusal::{Refusal, RefusalKind};
use crate::validate::{check_disclosed, check_prices, check_quantity, check_trigger_side, check_variety};
use market::{Money, OrderKind, OrderRequest, Price, Timestamp, Variety};

/// Changes of one order.
const MOST_CHANGES: u32 = 25;
const BEING_PROCESSED: &str = "Order cannot be modified as it is being processed. Try later.";
const CANNOT_CANCEL: &str = "Order cannot be cancelled as it is being processed. Try later.";

/// Everything that a change may have to go back to.
struct Before {
    order: Order,
    protection: i32,
    bound: [Money; 3],
    expires: Option<Timestamp>,
}

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
        if entry.order.variety == Variety::Co {
            cover::check_change(&entry.order, &command)?;
        }
        let request = changed_request(&entry.order, entry.protection, &command)?;
        self.check_change(index, &request, &command)?;
        self.desk.entries[index].changes += 1;
        if self.desk.entries[index].order.status == OrderStatus::AmoReqReceived {
            self.apply(index, &request, &command);
            self.record(index, OrderStatus::AmoReqReceived);
        } else {
            self.change_in_book(index, &request, &command);
            if self.desk.entries[index].order.is_first_leg() {
                self.move_stop(index);
            }
            self.settle_prints();
        }
        Ok(())
    }

    /// Withdraws a standing order. The second leg of a cover order is ended at the market instead.
    ///
    /// # Errors
    /// When there is no such standing order.
    pub fn cancel(&mut self, user: &str, variety: Variety, order_id: &str) -> Result<(), Refusal> {
        let index = self.find_standing(user, variety, order_id, CANNOT_CANCEL)?;
        if self.desk.entries[index].order.is_second_leg() {
            self.exit(index);
            self.settle_prints();
            return Ok(());
        }
        if self.desk.entries[index].order.status != OrderStatus::AmoReqReceived {
            self.record(index, OrderStatus::CancelPending);
        }
        self.withdraw(index);
        self.settle_prints();
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
        // Between the auction that opens the day and continuous trading nothing moves.
        let between = self.phase_of(self.desk.entries[index].slot) == Phase::Matched;
        // One that risk still looks at is no order of the book yet.
        let underway = order.status == OrderStatus::ValidationPending;
        if order.status.is_final() || underway || (between && order.status == OrderStatus::Open) {
            return Err(Refusal::input(done));
        }
        Ok(index)
    }

    fn check_change(
        &self,
        index: usize,
        request: &OrderRequest,
        command: &ModifyOrder,
    ) -> Result<(), Refusal> {
        let entry = &self.desk.entries[index];
        let (listing, board) = (&self.tape.listings[entry.slot], &self.tape.boards[entry.slot]);
        check_quantity(request.quantity, listing)?;
        if request.quantity <= entry.order.filled_quantity {
            let filled = entry.order.filled_quantity;
            return Err(Refusal::input(format!(
                "Quantity cannot be less than or equal to the filled quantity {filled}. It is the new total."
            )));
        }
        let disclosed = command.disclosed_quantity.unwrap_or(entry.order.disclosed_quantity);
        check_disclosed(disclosed, request.quantity, listing)?;
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
        if entry.order.variety != Variety::Co {
            check_variety(&PlaceOrder {
                disclosed_quantity: disclosed,
                ttl_minutes: command.ttl_minutes,
                ..PlaceOrder::new(request.clone())
            })?;
        }
        let gathers = matches!(self.phase_of(entry.slot), Phase::Collecting | Phase::Closing);
        if gathers && entry.is_open() && !(is_plain(&standing, disclosed) && command.ttl_minutes.is_none()) {
            return Err(Refusal::input(
                "Only LIMIT and MARKET orders with DAY validity and without disclosed quantity are allowed in this session.",
            ));
        }
        match entry.order.status {
            OrderStatus::TriggerPending => {
                check_trigger_side(request.side, standing.kind, request.trigger, board.last)
            }
            OrderStatus::Open | OrderStatus::AmoReqReceived => Ok(()),
            // No order rests in any of these.
            OrderStatus::PutOrderReqReceived
            | OrderStatus::ValidationPending
            | OrderStatus::OpenPending
            | OrderStatus::ModifyValidationPending
            | OrderStatus::ModifyPending
            | OrderStatus::Modified
            | OrderStatus::CancelPending
            | OrderStatus::Complete
            | OrderStatus::Cancelled
            | OrderStatus::Rejected => Ok(()),
        }
    }

    pub(crate) fn change_in_book(&mut self, index: usize, request: &OrderRequest, command: &ModifyOrder) {
        self.record(index, OrderStatus::ModifyValidationPending);
        let before = self.before(index);
        let was_triggered = before.order.filled_quantity > 0
            || !before.order.kind.needs_trigger()
            || self.has_been_open(index);
        self.apply(index, request, command);
        self.protect(index);
        match self.risk(index) {
            Ok(bound) => self.desk.entries[index].bound = bound,
            Err(rejection) => return self.undo_change(index, before, was_triggered, rejection.message),
        }
        let before = before.order;
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
            self.end_what_may_not_stand(index);
        } else {
            self.open_in_book(index);
        }
    }

    fn apply(&mut self, index: usize, request: &OrderRequest, command: &ModifyOrder) {
        let now = self.now;
        let entry = &mut self.desk.entries[index];
        entry.protection = request.market_protection;
        if command.validity.is_some() || command.ttl_minutes.is_some() {
            let waits = entry.order.status == OrderStatus::AmoReqReceived;
            let lives = command.ttl_minutes.filter(|_| !waits);
            entry.expires = lives.map(|minutes| end_of_life(now, minutes));
            entry.order.validity_ttl = command.ttl_minutes.unwrap_or(0);
        }
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

    fn before(&self, index: usize) -> Before {
        let entry = &self.desk.entries[index];
        let order = entry.order.clone();
        Before { order, protection: entry.protection, bound: entry.bound, expires: entry.expires }
    }

    /// A change that the back office refused leaves the order as it was, with the reason on it.
    fn undo_change(&mut self, index: usize, before: Before, was_triggered: bool, why: String) {
        let entry = &mut self.desk.entries[index];
        entry.order = Order { status_message: Some(why), ..before.order };
        (entry.protection, entry.bound, entry.expires) = (before.protection, before.bound, before.expires);
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
    // What has a trigger may lose it; nothing may gain one, or another kind of it.
    let allowed = !kind.needs_trigger() || kind == order.kind;
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
        trigger: if kind.needs_trigger() || order.is_first_leg() {
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
