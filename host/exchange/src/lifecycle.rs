//! An order's way through the states of Kite (reference §7.5), from the front door to the book and out of it.

use crate::account::binds;
use crate::desk::exchange_order_id;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::order::OrderStatus;
use crate::protection;
use crate::validate::check_trigger_side;
use market::{InstrumentKind, Money, OrderKind, Price, Product, Side, Validity};

/// Why a row was rejected: for people, and in the back office's words.
pub(crate) struct Rejection {
    pub(crate) message: String,
    pub(crate) raw: String,
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
        if status.is_settled() {
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

    /// The order stands in the book: it takes what it can get and waits with the rest.
    pub(crate) fn open_in_book(&mut self, index: usize) {
        self.record(index, OrderStatus::Open);
        self.queue(index);
        self.take(index);
        let entry = &self.desk.entries[index];
        if entry.is_open() && entry.order.validity == Validity::Ioc && entry.order.validity_ttl == 0 {
            self.withdraw(index, None);
        }
    }

    /// A trigger was reached.
    pub(crate) fn fire(&mut self, index: usize) {
        if self.desk.entries[index].order.kind == OrderKind::StopMarket {
            self.desk.entries[index].order.kind = OrderKind::Market;
            self.protect(index);
        }
        self.record(index, OrderStatus::OpenPending);
        self.open_in_book(index);
    }

    /// Ends an order; what has traded stays traded.
    pub(crate) fn withdraw(&mut self, index: usize, why: Option<&str>) {
        let order = &mut self.desk.entries[index].order;
        order.cancelled_quantity = order.pending_quantity;
        order.pending_quantity = 0;
        order.status_message = why.map(str::to_owned);
        order.status_message_raw = why.map(str::to_owned);
        self.record(index, OrderStatus::Cancelled);
    }

    /// Puts an order at the end of the queue at its price.
    pub(crate) fn queue(&mut self, index: usize) {
        let rank = self.desk.count();
        let entry = &mut self.desk.entries[index];
        entry.rank = rank;
        entry.ahead = self.tape.boards[entry.place].queue_ahead(entry.order.side, entry.order.price);
    }

    /// A market order becomes a limit order.
    pub(crate) fn protect(&mut self, index: usize) {
        let entry = &mut self.desk.entries[index];
        if entry.order.kind != OrderKind::Market {
            return;
        }
        let board = &self.tape.boards[entry.place];
        let instrument = &self.tape.listings[entry.place].instrument;
        let percent = protection::effective(entry.protection, board.last, instrument.kind.is_option());
        let band = (board.lower, board.upper);
        let order = &mut entry.order;
        order.price = protection::limit(order.side, board.last, percent, instrument.tick_size, band);
        order.kind = OrderKind::Limit;
        order.market_protection = 0;
        order.tags.retain(|tag| !tag.starts_with("mktp"));
        order.tags.extend(protection::tags(percent));
    }

    fn reject(&mut self, index: usize, rejection: Rejection) {
        let order = &mut self.desk.entries[index].order;
        order.pending_quantity = 0;
        order.status_message = Some(rejection.message);
        order.status_message_raw = Some(rejection.raw);
        self.record(index, OrderStatus::Rejected);
    }

    /// What the order binds, or why the back office refuses it.
    pub(crate) fn risk(&self, index: usize) -> Result<[Money; 3], Rejection> {
        let entry = &self.desk.entries[index];
        let listing = &self.tape.listings[entry.place];
        if entry.order.quantity > listing.freeze_quantity {
            let freeze = listing.freeze_quantity;
            return Err(Rejection {
                message: format!(
                    "The order quantity is greater than the freeze quantity limit of {freeze} set by the exchange. Place the order in smaller parts."
                ),
                raw: format!("RMS:Rule: Check freeze quantity: order quantity exceeds {freeze}"),
            });
        }
        let order = &entry.order;
        if order.filled_quantity == 0 && !order.modified {
            let last = self.tape.boards[entry.place].last;
            check_trigger_side(order.side, order.kind, order.trigger_price, last)
                .map_err(|refusal| Rejection { raw: refusal.message.clone(), message: refusal.message })?;
        }
        self.check_shares(index)?;
        self.check_funds(index)
    }

    fn check_shares(&self, index: usize) -> Result<(), Rejection> {
        let entry = &self.desk.entries[index];
        let order = &entry.order;
        if order.product != Product::Cnc || order.side == Side::Buy {
            return Ok(());
        }
        let free = self.accounts[entry.account].deliverable(entry.place) - self.pending_like(index);
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
        let held = self.accounts[entry.account].held(entry.place, order.product);
        let closable = if held * order.side.sign() < 0 { held.abs() - self.pending_like(index) } else { 0 };
        let excess = (pending - closable.max(0)).max(0);
        let price = if order.kind == OrderKind::StopMarket { order.trigger_price } else { order.price };
        let price = self.price_to_bind(entry.place, order.side, price);
        let fresh = binds(&self.tape, entry.place, (order.product, order.side), excess, price);
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
    fn price_to_bind(&self, place: usize, side: Side, price: Price) -> Price {
        let sold_share =
            side == Side::Sell && self.tape.listings[place].instrument.kind == InstrumentKind::Equity;
        if sold_share { price.max(self.tape.boards[place].last) } else { price }
    }

    /// Units of other standing orders of the same account, instrument, product and side.
    fn pending_like(&self, index: usize) -> i64 {
        let own = &self.desk.entries[index];
        let alike = |other: &&usize| {
            let entry = &self.desk.entries[**other];
            **other != index
                && entry.place == own.place
                && entry.order.product == own.order.product
                && entry.order.side == own.order.side
        };
        let standing = self.accounts[own.account].standing.iter().filter(alike);
        standing.map(|other| i64::from(self.desk.entries[*other].order.pending_quantity)).sum()
    }

    /// The order no longer stands anywhere.
    fn leave(&mut self, index: usize) {
        let entry = &self.desk.entries[index];
        self.desk.resting[entry.place].retain(|other| *other != index);
        self.accounts[entry.account].standing.retain(|other| *other != index);
    }
}
