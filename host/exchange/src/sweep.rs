//! What the market's own trades do to the accounts' standing orders.
//!
//! In every tick the crowd trades some units towards a price that the seed gives. The same units serve everybody, once:
//!
//! 1. Orders at better prices than that stand in the way and are served first, best price and earliest order first, each
//!    at its own limit. Who traded there before them has gone: the market came past. When the units do not suffice, the
//!    price stays where the first unserved order stands, as it would at a wall in a real book, and the next ticks go on.
//! 2. What is left trades at the price itself. Orders that stand there get what comes through the queue ahead of them.
//!
//! So no unit is traded twice, a large order takes as many ticks as its size asks for, nobody gets a worse price than his
//! limit, and the crowd never stands on the other side of a standing order. A tester's move is the exception that is
//! meant: it brings as many units as stand in its way.

use crate::board::Push;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::order::OrderStatus;
use market::{Price, Side};

impl Exchange {
    /// The market trades in a slot: standing orders are served, others come and go, triggers fire.
    pub(crate) fn push(&mut self, slot: usize, push: Push) {
        let news = self.events.len();
        self.expire(slot);
        let held = self.tape.boards[slot].matching_held || !self.is_trading(slot);
        let swept = if held { 0 } else { self.sweep(slot, push.price, push.through) };
        if swept == 0 || swept < push.through {
            let flow = &self.tape.boards[slot].flow;
            let least = flow.lot_size * u32::from(flow.trade_size > 0);
            let volume = push.volume.saturating_sub(swept).max(least);
            self.tape.boards[slot].print(self.now, push.price, volume);
            if !held {
                self.touch(slot, push.price, volume);
            }
        }
        self.renew_crowd(slot, self.now);
        // The ticker tells it before the orders do.
        self.events.insert(news, Event::Tick(Box::new(self.snapshot(slot))));
        self.shown.remove(&slot);
        self.printed.remove(&slot);
        self.fire_triggers(slot);
        self.fire_gtts(slot);
        self.settle_prints();
    }

    /// Trades of accounts are news like all others: the ticker shows them, and triggers fire on them.
    pub(crate) fn settle_prints(&mut self) {
        // What a trigger's own trade moves is settled by the loop that fired it: a chain of triggers is no chain of calls.
        if std::mem::replace(&mut self.settling, true) {
            return;
        }
        self.place_next_legs();
        while let Some(slot) = self.printed.pop_first() {
            self.publish(slot);
            self.fire_triggers(slot);
            self.fire_gtts(slot);
            self.place_next_legs();
        }
        while let Some(slot) = self.shown.pop_first() {
            self.publish(slot);
        }
        self.settling = false;
    }

    /// Orders between the market and a price are served. The units that they took.
    fn sweep(&mut self, slot: usize, price: Price, through: u32) -> u32 {
        let mut left = through;
        while left > 0
            && let Some(index) = self.in_the_way(slot, price)
        {
            let entry = &mut self.desk.entries[index];
            entry.ahead = 0;
            let (limit, quantity) = (entry.order.price, entry.shown().min(left));
            left -= quantity;
            self.fill(index, quantity, limit);
            self.print(slot, limit, quantity);
        }
        through - left
    }

    fn in_the_way(&self, slot: usize, price: Price) -> Option<usize> {
        if self.desk.resting[slot].is_empty() {
            return None;
        }
        let bid = self.first_of(slot, Side::Buy, |entry| entry.order.price > price);
        bid.or_else(|| self.first_of(slot, Side::Sell, |entry| entry.order.price < price))
    }

    /// Units trade at a price, of which the orders there get what comes through the queue.
    fn touch(&mut self, slot: usize, price: Price, volume: u32) {
        if self.desk.resting[slot].is_empty() {
            return;
        }
        let here = |exchange: &Self, side| exchange.first_of(slot, side, |entry| entry.order.price == price);
        let side = if here(self, Side::Buy).is_some() { Side::Buy } else { Side::Sell };
        let mut left = volume;
        while left > 0
            && let Some(index) = here(self, side)
        {
            let passed = self.desk.entries[index].ahead.min(left);
            self.shorten_queue(slot, side, price, passed);
            left -= passed;
            let quantity = self.desk.entries[index].shown().min(left);
            left -= quantity;
            if quantity > 0 {
                self.fill(index, quantity, price);
            }
        }
    }

    /// Orders whose time to live is over end.
    fn expire(&mut self, slot: usize) {
        for index in self.desk.resting[slot].clone() {
            let entry = &self.desk.entries[index];
            let over = entry.expires.is_some_and(|at| at <= self.now);
            if over && entry.order.status != OrderStatus::AmoReqReceived {
                self.withdraw(index);
            }
        }
    }

    /// Triggers that the last price reached fire, those of the best prices and the earliest orders first.
    fn fire_triggers(&mut self, slot: usize) {
        if self.desk.resting[slot].is_empty() || self.tape.boards[slot].matching_held {
            return;
        }
        let waits = |index: &usize| self.desk.entries[*index].order.status == OrderStatus::TriggerPending;
        let mut waiting: Vec<_> = self.desk.resting[slot].iter().copied().filter(waits).collect();
        waiting.sort_by_key(|index| {
            let entry = &self.desk.entries[*index];
            (-entry.order.price.units() * entry.order.side.sign(), entry.rank)
        });
        let last = self.tape.boards[slot].last;
        for index in waiting {
            let order = &self.desk.entries[index].order;
            let stands = order.status == OrderStatus::TriggerPending;
            if stands && reached(order.side, order.trigger_price, last) {
                self.fire(index);
            }
        }
    }
}

fn reached(side: Side, trigger: Price, last: Price) -> bool {
    match side {
        Side::Buy => last >= trigger,
        Side::Sell => last <= trigger,
    }
}
