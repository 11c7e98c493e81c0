//! An order's way through the states of Kite (reference §7.5), from the front door to the book and out of it.

use crate::account::binds;
use crate::desk::exchange_order_id;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::order::OrderStatus;
use crate::product::ShownProduct;
use crate::protection;
use crate::refusal::Refusal;
use market::{InstrumentKind, Money, OrderKind, Price, Side, Validity, Variety};

/// Why a row was rejected: for people, and in the back office's words.
pub(crate) struct Rejection {
    pub(crate) message: String,
    pub(crate) raw: String,
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        Self { raw: refusal.message.clone(), message: refusal.message }
    }
}

impl Exchange {
    /// Moves an order to a state: a row in its history, and an event where its owner gets to see it.
    pub(crate) fn record(&mut self, index: usize, status: OrderStatus) {
        let now = self.now;
        let entry = &mut self.desk.entries[index];
        entry.order.status = status;
        entry.order.order_timestamp = now;
        if entry.order.exchange_order_id.is_some() {
            entry.order.exchange_update_timestamp = Some(now);
        }
        entry.history.push(entry.order.clone());
        self.touched.orders.insert(index);
        if matches!(status, OrderStatus::Open | OrderStatus::Complete | OrderStatus::Cancelled) {
            self.shown.insert(entry.slot);
        }
        if status.is_announced() {
            let user = entry.order.user_id.clone();
            self.events.push(Event::Order { user, order: Box::new(entry.order.clone()) });
        }
        if status.is_final() {
            self.leave(index);
        }
    }

    /// The order's way from acceptance into the book, or out of the door again.
    pub(crate) fn enter(&mut self, index: usize) {
        self.record(index, OrderStatus::ValidationPending);
        self.protect(index);
        match self.risk(index) {
            Ok(bound) => self.desk.entries[index].bound = bound,
            Err(rejection) => return self.reject(index, rejection),
        }
        self.send_to_exchange(index);
    }

    /// The back office has let it pass.
    pub(crate) fn send_to_exchange(&mut self, index: usize) {
        self.record(index, OrderStatus::OpenPending);
        let number = self.desk.count();
        let entry = &mut self.desk.entries[index];
        let venue = entry.order.symbol.venue();
        entry.order.exchange_order_id = Some(exchange_order_id(venue, number));
        entry.order.exchange_timestamp = Some(self.now);
        if entry.order.kind.needs_trigger() {
            self.record(index, OrderStatus::TriggerPending);
        } else {
            self.open_in_book(index);
        }
    }

    /// The order stands in the book: it takes what it can get and waits with the rest. An offer waits for its auction.
    pub(crate) fn open_in_book(&mut self, index: usize) {
        self.record(index, OrderStatus::Open);
        let waits = self.desk.entries[index].order.variety == Variety::Auction;
        if waits || self.refuses_self_trade(index) {
            return;
        }
        self.queue(index);
        self.take(index);
        self.end_what_may_not_stand(index);
    }

    /// The rest of an IOC order is cancelled.
    pub(crate) fn end_what_may_not_stand(&mut self, index: usize) {
        let entry = &self.desk.entries[index];
        if entry.is_open() && entry.order.validity == Validity::Ioc {
            self.withdraw(index);
        }
    }

    /// A trigger was reached.
    pub(crate) fn fire(&mut self, index: usize) {
        if self.desk.entries[index].order.is_second_leg() {
            self.end_first_leg(index);
        }
        if self.desk.entries[index].order.kind == OrderKind::StopMarket {
            self.desk.entries[index].order.kind = OrderKind::Market;
            self.protect(index);
        }
        self.record(index, OrderStatus::OpenPending);
        self.open_in_book(index);
    }

    /// Ends an order; what has traded stays traded.
    pub(crate) fn withdraw(&mut self, index: usize) {
        let order = &mut self.desk.entries[index].order;
        order.cancelled_quantity = order.pending_quantity;
        order.pending_quantity = 0;
        order.status_message = None;
        order.status_message_raw = None;
        self.record(index, OrderStatus::Cancelled);
    }

    /// A market order becomes a limit order.
    pub(crate) fn protect(&mut self, index: usize) {
        let entry = &mut self.desk.entries[index];
        if entry.order.kind != OrderKind::Market {
            return;
        }
        let board = &self.tape.boards[entry.slot];
        let instrument = &self.tape.listings[entry.slot].instrument;
        let percent = protection::effective(entry.protection, board.last, instrument.kind.is_option());
        let band = (board.lower, board.upper);
        let order = &mut entry.order;
        order.price = protection::limit(order.side, board.last, percent, instrument.tick_size, band);
        order.kind = OrderKind::Limit;
        order.market_protection = 0;
        order.tags.retain(|tag| !tag.starts_with("mktp"));
        order.tags.extend(protection::tags(percent));
    }

    pub(crate) fn reject(&mut self, index: usize, rejection: Rejection) {
        let order = &mut self.desk.entries[index].order;
        order.pending_quantity = 0;
        order.status_message = Some(rejection.message);
        order.status_message_raw = Some(rejection.raw);
        self.record(index, OrderStatus::Rejected);
    }

    /// What the order binds, or why the back office refuses it.
    pub(crate) fn risk(&self, index: usize) -> Result<[Money; 3], Rejection> {
        let entry = &self.desk.entries[index];
        let listing = &self.tape.listings[entry.slot];
        if entry.order.quantity > listing.freeze_quantity {
            let freeze = listing.freeze_quantity;
            return Err(Rejection {
                message: format!(
                    "The order quantity is greater than the freeze quantity limit of {freeze} set by the exchange. Place the order in smaller parts."
                ),
                raw: format!("RMS:Rule: Check freeze quantity: order quantity exceeds {freeze}"),
            });
        }
        self.check_shares(index)?;
        self.check_funds(index)
    }

    fn check_shares(&self, index: usize) -> Result<(), Rejection> {
        let entry = &self.desk.entries[index];
        let order = &entry.order;
        if order.side == Side::Buy {
            return Ok(());
        }
        let Some(deliverable) = self.accounts[entry.account].deliverable(entry.slot, order.product()) else {
            return Ok(());
        };
        let free = deliverable - self.pending_like(index);
        if i64::from(order.pending_quantity) <= free {
            return Ok(());
        }
        Err(Rejection {
            message: "Insufficient stock holding or there are pending sell orders for this stock. \
                      Check your holdings and the orderbook for open orders."
                .to_owned(),
            raw: format!(
                "RMS:Rule: Check holdings including pledged, No of shares: {} for entity account-{}",
                free.max(0),
                order.user_id
            ),
        })
    }

    fn check_funds(&self, index: usize) -> Result<[Money; 3], Rejection> {
        let entry = &self.desk.entries[index];
        let order = &entry.order;
        let pending = i64::from(order.pending_quantity);
        let held = self.accounts[entry.account].held(entry.slot, order.product());
        let closable = if held * order.side.sign() < 0 { held.abs() - self.pending_like(index) } else { 0 };
        let excess = (pending - closable.max(0)).max(0);
        let price = if order.kind == OrderKind::StopMarket { order.trigger_price } else { order.price };
        let price = self.price_to_bind(entry.slot, order.side, price);
        let fresh = binds(&self.tape, entry.slot, (order.product, order.side), excess, price);
        let required = fresh.iter().copied().sum::<Money>().round_to_paise();
        let available = self.funds_without(entry.account, Some(index)).net.round_to_paise();
        if required > Money::ZERO && required > available {
            return Err(Rejection {
                message: format!(
                    "Insufficient funds. Required margin is {required} but available margin is {available}. Check the orderbook for open orders."
                ),
                raw: format!(
                    "RMS:Margin Exceeds,Required:{required}, Available:{available} for entity account-{} across exchange across segment across product ",
                    order.user_id
                ),
            });
        }
        // Kept per unit of the whole order, so that a fill releases its share.
        Ok(fresh.map(|money| money.scaled(i64::from(order.quantity), pending.max(1))))
    }

    /// A short sale is margined at the last price when that lies above its limit.
    fn price_to_bind(&self, slot: usize, side: Side, price: Price) -> Price {
        let sold_share =
            side == Side::Sell && self.tape.listings[slot].instrument.kind == InstrumentKind::Equity;
        if sold_share { price.max(self.tape.boards[slot].last) } else { price }
    }

    /// Units of other standing orders of the same account, instrument, product and side.
    fn pending_like(&self, index: usize) -> i64 {
        let own = &self.desk.entries[index];
        self.pending_on(own.account, own.slot, (own.order.product(), own.order.side), Some(index))
    }

    /// Units of an account's standing orders in an instrument, product and side, leaving out one order.
    pub(crate) fn pending_on(
        &self,
        account: usize,
        slot: usize,
        (product, side): (ShownProduct, Side),
        left_out: Option<usize>,
    ) -> i64 {
        let standing = self.accounts[account].standing.iter().filter(|index| Some(**index) != left_out);
        let alike = standing.map(|index| &self.desk.entries[*index]).filter(|entry| {
            entry.slot == slot && entry.order.product() == product && entry.order.side == side
        });
        alike.map(|entry| i64::from(entry.order.pending_quantity)).sum()
    }

    /// The order no longer stands anywhere.
    fn leave(&mut self, index: usize) {
        let entry = &self.desk.entries[index];
        self.desk.resting[entry.slot].retain(|other| *other != index);
        self.accounts[entry.account].standing.retain(|other| *other != index);
    }
}
