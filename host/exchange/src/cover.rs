//! Cover orders: what their first leg trades is kept behind a stop, the second leg (reference §7.1, §7.5).
//!
//! The second leg is an order of its own, of the other side, that names the first as its parent and waits for the
//! trigger that came with it. It grows with the first leg's fills, and it cannot be withdrawn: ending it ends the
//! position, at the market. Where a leg stands in the book and whom it meets is not known here.

use crate::exchange::Exchange;
use crate::order::{ModifyOrder, Order, OrderStatus, PlaceOrder};
use crate::product::ShownProduct;
use crate::protection::AUTOMATIC;
use crate::refusal::Refusal;
use crate::validate::check_trigger_side;
use market::{Change, OrderKind, OrderRequest, Price, Product, Side, Symbol, Validity, Variety};

impl Exchange {
    /// True when an order of an account is a second leg of that parent.
    pub fn is_leg_of(&self, user: &str, order_id: &str, parent_order_id: &str) -> bool {
        let index = self.account(user).and_then(|account| self.desk.find(account, order_id));
        let parent = index.and_then(|index| self.desk.entries[index].order.parent_order_id.as_deref());
        parent == Some(parent_order_id)
    }

    /// A first leg has traded: its stop appears, or grows by what is new.
    pub(crate) fn cover(&mut self, first: usize) {
        let (filled, covered) = (self.desk.entries[first].order.filled_quantity, self.covered(first));
        if filled <= covered {
            return;
        }
        match self.stop_of(first) {
            Some(stop) => self.grow_stop(stop, filled - covered),
            None => self.place_stop(first, filled - covered),
        }
    }

    /// Ends a second leg by ending its position: the stop becomes a market order.
    pub(crate) fn exit(&mut self, stop: usize) {
        self.end_first_leg(stop);
        self.record(stop, OrderStatus::ModifyValidationPending);
        let order = &mut self.desk.entries[stop].order;
        order.kind = OrderKind::Market;
        order.modified = true;
        self.protect(stop);
        self.record(stop, OrderStatus::ModifyPending);
        self.desk.entries[stop].order.exchange_timestamp = Some(self.now);
        self.record(stop, OrderStatus::Modified);
        self.open_in_book(stop);
    }

    /// Once the stop acts, nothing more may come in through the first leg.
    pub(crate) fn end_first_leg(&mut self, stop: usize) {
        let entry = &self.desk.entries[stop];
        let parent = entry.order.parent_order_id.as_deref();
        let first = parent.and_then(|parent| self.desk.find(entry.account, parent));
        if let Some(first) = first.filter(|first| !self.desk.entries[*first].order.status.is_final()) {
            self.record(first, OrderStatus::CancelPending);
            self.withdraw(first);
        }
    }

    /// A new trigger for a first leg is one for its stop too, where that waits already.
    pub(crate) fn move_stop(&mut self, first: usize) {
        let trigger = self.desk.entries[first].order.trigger_price;
        let Some(stop) = self.stop_of(first) else { return };
        let entry = &self.desk.entries[stop];
        if entry.order.trigger_price == trigger {
            return;
        }
        let request = OrderRequest { trigger, ..entry.order.request(entry.protection) };
        let change = Change { trigger: Some(trigger), ..Change::default() };
        self.change_in_book(
            stop,
            &request,
            &ModifyOrder { variety: Variety::Co, ..ModifyOrder::new(change) },
        );
        self.fire_if_reached(stop);
    }

    /// The broker ends the cover positions that no leg is about to end: those whose stop lapsed with an earlier day.
    pub(crate) fn close_uncovered(&mut self, account: usize, concerned: impl Fn(&Symbol) -> bool) {
        for (slot, symbol, units) in self.accounts[account].cover_positions() {
            let side = if units > 0 { Side::Sell } else { Side::Buy };
            let ending = self.pending_on(account, slot, (ShownProduct::Co, side), None);
            let open = u32::try_from(units.abs() - ending).unwrap_or(0);
            if open == 0 || !concerned(&symbol) || self.tradable_slot(&symbol).is_err() {
                continue;
            }
            let user = self.accounts[account].user_id.clone();
            for part in self.parts_of(&symbol, open) {
                let request = OrderRequest {
                    product: Product::Mis,
                    variety: Variety::Co,
                    market_protection: AUTOMATIC,
                    ..OrderRequest::market(symbol.clone(), side, part)
                };
                // Without a trigger it is no first leg, and nothing follows it.
                let index = self.write_row(account, &user, slot, PlaceOrder::new(request));
                self.record(index, OrderStatus::PutOrderReqReceived);
                self.enter(index);
            }
        }
    }

    fn place_stop(&mut self, first: usize, quantity: u32) {
        let entry = &self.desk.entries[first];
        let (account, slot) = (entry.account, entry.slot);
        let given = entry.protection;
        let request = OrderRequest {
            side: entry.order.side.opposite(),
            quantity,
            kind: OrderKind::StopMarket,
            price: Price::ZERO,
            validity: Validity::Day,
            market_protection: if given == 0 { AUTOMATIC } else { given },
            ..entry.order.request(0)
        };
        let (user, parent) = (entry.order.user_id.clone(), entry.order.order_id.clone());
        let command = PlaceOrder { tag: entry.order.tag.clone(), ..PlaceOrder::new(request) };
        let stop = self.write_row(account, &user, slot, command);
        self.desk.entries[stop].order.parent_order_id = Some(parent);
        self.record(stop, OrderStatus::PutOrderReqReceived);
        self.record(stop, OrderStatus::ValidationPending);
        // It can only lessen what is held, so no funds are asked for.
        self.send_to_exchange(stop);
        self.fire_if_reached(stop);
    }

    fn grow_stop(&mut self, stop: usize, more: u32) {
        let order = &mut self.desk.entries[stop].order;
        order.quantity += more;
        order.pending_quantity += more;
        self.record(stop, OrderStatus::TriggerPending);
    }

    /// The market may have passed the trigger before there was anything to protect.
    fn fire_if_reached(&mut self, stop: usize) {
        let entry = &self.desk.entries[stop];
        let board = &self.tape.boards[entry.slot];
        let order = &entry.order;
        let reached = check_trigger_side(order.side, order.kind, order.trigger_price, board.last).is_err();
        if reached && !board.matching_held {
            self.fire(stop);
        }
    }

    /// Units that second legs of a first leg are or were for.
    fn covered(&self, first: usize) -> u32 {
        self.legs_of(first).map(|stop| self.desk.entries[stop].order.quantity).sum()
    }

    /// The stop of a first leg, while it waits.
    fn stop_of(&self, first: usize) -> Option<usize> {
        self.legs_of(first).find(|stop| self.desk.entries[*stop].order.status == OrderStatus::TriggerPending)
    }

    fn legs_of(&self, first: usize) -> impl Iterator<Item = usize> {
        let (parent, account) = (&self.desk.entries[first].order.order_id, self.desk.entries[first].account);
        let orders = self.accounts[account].orders.iter().copied();
        orders.filter(move |index| self.desk.entries[*index].order.parent_order_id.as_ref() == Some(parent))
    }
}

/// What may change in a cover order: the price of a first leg, and the trigger until it has fired.
pub(crate) fn check_change(order: &Order, change: &ModifyOrder) -> Result<(), Refusal> {
    let Change { quantity, price, trigger, kind, validity: _ } = change.change;
    let other_quantity = quantity.is_some_and(|quantity| quantity != order.quantity);
    let other_kind = kind.is_some_and(|kind| kind != order.kind);
    let other_price =
        order.is_second_leg() && price.is_some_and(|price| price != order.price && price > Price::ZERO);
    let other_life = change.validity.is_some_and(|validity| validity != order.validity);
    let shy = change.disclosed_quantity.is_some_and(|quantity| quantity > 0);
    if other_quantity || other_kind || other_price || other_life || change.ttl_minutes.is_some() || shy {
        return Err(Refusal::input(
            "Only `price` and `trigger_price` of the first leg and `trigger_price` of the second leg of a cover order \
             can be modified.",
        ));
    }
    let late = order.is_second_leg() && order.status != OrderStatus::TriggerPending;
    if late && trigger.is_some_and(|trigger| trigger != order.trigger_price) {
        return Err(Refusal::input(
            "The stop of this cover order has been triggered. Exit it to end the position.",
        ));
    }
    Ok(())
}
