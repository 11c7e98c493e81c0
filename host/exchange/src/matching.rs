//! Who trades with whom: price first, then time.
//!
//! An incoming order meets the depth of the simulated others and the standing orders of other accounts. A standing
//! order trades when the market comes to it: all of it when the price goes through, its turn in the queue when the
//! price only touches.

use crate::event::Event;
use crate::exchange::Exchange;
use crate::order::{OrderStatus, TradeRecord};
use market::{Price, Side, Trade, Variety};

/// Whom an order can trade with next.
#[derive(Debug, Clone, Copy)]
enum Counter {
    /// A level of the depth.
    Level(usize),
    /// Another account's order.
    Order(usize),
}

impl Exchange {
    /// Trades an open order against everything at or within its limit.
    pub(crate) fn take(&mut self, index: usize) {
        while self.desk.entries[index].is_open() {
            let slot = self.desk.entries[index].slot;
            if self.tape.boards[slot].matching_held {
                return;
            }
            let Some((counter, price, offered)) = self.best_counter(index) else { return };
            let quantity = self.desk.entries[index].order.pending_quantity.min(offered);
            match counter {
                Counter::Level(level) => {
                    let side = self.desk.entries[index].order.side;
                    self.tape.boards[slot].opposite(side)[level].quantity -= quantity;
                    self.fill(index, quantity, price);
                }
                Counter::Order(other) => {
                    self.fill(other, quantity, price);
                    self.fill(index, quantity, price);
                }
            }
            self.print(slot, price, quantity);
        }
    }

    /// The market moved in a slot: triggers fire, standing orders trade.
    pub(crate) fn settle_tick(&mut self, slot: usize) {
        self.settle(slot, self.tape.boards[slot].last_quantity);
        self.fire_gtts(slot);
        self.settle_prints();
    }

    /// Trades of accounts are news like all others: the ticker shows them, and triggers fire on them.
    pub(crate) fn settle_prints(&mut self) {
        self.place_next_legs();
        while let Some(slot) = self.printed.pop_first() {
            self.publish(slot);
            // What an account took was there for no one else: it fills no standing order at its price.
            self.settle(slot, 0);
            self.fire_gtts(slot);
            self.place_next_legs();
        }
    }

    /// Triggers and standing orders after a trade, of which `touched` units meet those who stand at its price.
    fn settle(&mut self, slot: usize, mut touched: u32) {
        if self.desk.resting[slot].is_empty() {
            return;
        }
        let mut standing = self.desk.resting[slot].clone();
        standing.sort_by_key(|index| {
            let entry = &self.desk.entries[*index];
            (-entry.order.price.units() * entry.order.side.sign(), entry.rank)
        });
        let last = self.tape.boards[slot].last;
        for index in standing {
            let entry = &self.desk.entries[index];
            if entry.expires.is_some_and(|at| at <= self.now) && !entry.order.status.is_final() {
                self.withdraw(index);
            } else if self.tape.boards[slot].matching_held {
                continue;
            } else if entry.order.status == OrderStatus::TriggerPending {
                if reached(entry.order.side, entry.order.trigger_price, last) {
                    self.fire(index);
                }
            } else if entry.is_open() {
                self.settle_open(index, last, &mut touched);
            }
        }
    }

    /// One standing order after a tick at `last`, of which `touched` units are left for those at the price.
    fn settle_open(&mut self, index: usize, last: Price, touched: &mut u32) {
        let entry = &mut self.desk.entries[index];
        let (price, pending) = (entry.order.price, entry.order.pending_quantity);
        let through = match entry.order.side {
            Side::Buy => last < price,
            Side::Sell => last > price,
        };
        if through {
            self.fill(index, pending, price);
            return;
        }
        if last == price {
            let passed = entry.ahead.min(*touched);
            entry.ahead -= passed;
            let quantity = pending.min(*touched - passed);
            // Only whole lots change hands.
            let lot_size = self.tape.listings[entry.slot].instrument.lot_size;
            let quantity = quantity / lot_size * lot_size;
            *touched -= passed + quantity;
            if quantity > 0 {
                self.fill(index, quantity, price);
            }
        }
        self.take_at_own_price(index);
    }

    /// A standing order that the depth has come to trades at its own price.
    fn take_at_own_price(&mut self, index: usize) {
        while self.desk.entries[index].is_open() {
            let entry = &self.desk.entries[index];
            let (side, price, slot) = (entry.order.side, entry.order.price, entry.slot);
            let pending = entry.order.pending_quantity;
            let levels = self.tape.boards[slot].opposite(side);
            let Some(level) =
                levels.iter_mut().find(|level| level.quantity > 0 && meets(side, price, level.price))
            else {
                return;
            };
            let quantity = pending.min(level.quantity);
            level.quantity -= quantity;
            self.fill(index, quantity, price);
        }
    }

    /// The best price that an open order can trade at, and how much there is.
    fn best_counter(&self, index: usize) -> Option<(Counter, Price, u32)> {
        let entry = &self.desk.entries[index];
        let (side, limit) = (entry.order.side, entry.order.price);
        let board = &self.tape.boards[entry.slot];
        let levels = match side {
            Side::Buy => &board.depth.sell,
            Side::Sell => &board.depth.buy,
        };
        let level = levels.iter().position(|level| level.quantity > 0 && meets(side, limit, level.price));
        let level = level.map(|i| (Counter::Level(i), levels[i].price, levels[i].quantity));
        let order = self.best_order(index);
        match (level, order) {
            // Others were there first at the same price.
            (Some(level), Some(order)) => Some(if better(side, order.1, level.1) { order } else { level }),
            (level, order) => level.or(order),
        }
    }

    fn best_order(&self, index: usize) -> Option<(Counter, Price, u32)> {
        let own = &self.desk.entries[index];
        let (side, limit) = (own.order.side, own.order.price);
        let candidates = self.desk.resting[own.slot].iter().copied().filter(|other| {
            let entry = &self.desk.entries[*other];
            // An account does not trade with itself.
            entry.is_open()
                && entry.account != own.account
                && entry.order.side != side
                && meets(side, limit, entry.order.price)
        });
        let best = candidates.min_by_key(|other| {
            let entry = &self.desk.entries[*other];
            (entry.order.price.units() * side.sign(), entry.rank)
        })?;
        let order = &self.desk.entries[best].order;
        Some((Counter::Order(best), order.price, order.pending_quantity))
    }

    /// Books one fill of an order.
    pub(crate) fn fill(&mut self, index: usize, quantity: u32, price: Price) {
        let number = self.desk.count();
        let now = self.now;
        let entry = &mut self.desk.entries[index];
        let order = &mut entry.order;
        entry.value += price * i64::from(quantity);
        order.filled_quantity += quantity;
        order.pending_quantity -= quantity;
        order.average_price = entry.value.per_unit(i64::from(order.filled_quantity));
        let trade = Trade {
            trade_id: number.to_string(),
            order_id: order.order_id.clone(),
            symbol: order.symbol.clone(),
            token: order.token,
            side: order.side,
            product: order.product,
            quantity,
            price,
            time: now,
        };
        let exchange_order_id = order.exchange_order_id.clone().unwrap_or_default();
        let order_time = order.exchange_timestamp.unwrap_or(now);
        let done = order.pending_quantity == 0;
        let cover = order.variety == Variety::Co;
        let trade = TradeRecord { trade, exchange_order_id, order_time, cover };
        let (user, account, slot) = (order.user_id.clone(), entry.account, entry.slot);
        self.touched.accounts.insert(account);
        self.touched.trades.push((account, self.accounts[account].trades.len()));
        self.accounts[account].book(slot, trade.clone(), self.tape.listings[slot].multiplier);
        self.events.push(Event::Trade { user, trade: Box::new(trade) });
        if self.desk.entries[index].order.brings_another() {
            self.filled_legs.push(index);
        }
        self.record(index, if done { OrderStatus::Complete } else { OrderStatus::Open });
    }

    /// A trade of an account shows on the tape, unless a test holds the price.
    fn print(&mut self, slot: usize, price: Price, quantity: u32) {
        let now = self.now;
        let board = &mut self.tape.boards[slot];
        if !board.price_held {
            board.print(now, price, quantity);
            self.printed.insert(slot);
        }
    }
}

fn reached(side: Side, trigger: Price, last: Price) -> bool {
    match side {
        Side::Buy => last >= trigger,
        Side::Sell => last <= trigger,
    }
}

/// True when an order of this side and limit accepts a price.
fn meets(side: Side, limit: Price, price: Price) -> bool {
    match side {
        Side::Buy => price <= limit,
        Side::Sell => price >= limit,
    }
}

/// True when `price` suits an order of this side strictly better than `than`.
fn better(side: Side, price: Price, than: Price) -> bool {
    match side {
        Side::Buy => price < than,
        Side::Sell => price > than,
    }
}
