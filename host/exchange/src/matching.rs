//! Who trades with whom when an order comes in: price first, then time.
//!
//! It meets the levels of the crowd and the standing orders of other accounts, which at one price are one queue. An
//! account does not trade with itself: where it would, the exchange withdraws the order that stands (NSE's self-trade
//! prevention, "cancel passive").

use crate::event::Event;
use crate::exchange::Exchange;
use crate::order::{OrderStatus, TradeRecord};
use crate::pit::Phase;
use market::{Price, Side, Trade, Variety};

pub(crate) const SELF_TRADE: &str =
    "Order cancelled by the exchange: it would have traded with another order of the same account.";

/// Whom an order can trade with next.
#[derive(Debug, Clone, Copy)]
enum Counter {
    /// A level of the crowd.
    Level(usize),
    /// An order of an account.
    Order(usize),
}

impl Exchange {
    /// Trades an open order against everything at or within its limit.
    pub(crate) fn take(&mut self, index: usize) {
        let slot = self.desk.entries[index].slot;
        if self.tape.boards[slot].matching_held {
            return;
        }
        match self.phase_of(slot) {
            Phase::Continuous => self.take_from_book(index, slot),
            Phase::Closing => self.take_at_close(index),
            Phase::Closed | Phase::Collecting | Phase::Matched | Phase::Paused => {}
        }
    }

    fn take_from_book(&mut self, index: usize, slot: usize) {
        while self.desk.entries[index].is_open() {
            let Some((counter, price, offered)) = self.best_counter(index) else { return };
            let quantity = self.desk.entries[index].order.pending_quantity.min(offered);
            match counter {
                Counter::Level(level) => {
                    let side = self.desk.entries[index].order.side;
                    self.tape.boards[slot].opposite(side)[level].quantity -= quantity;
                    self.shorten_queue(slot, side.opposite(), price, quantity);
                    self.fill(index, quantity, price);
                }
                Counter::Order(other) if self.would_trade_with_itself(index, other) => {
                    // What ends a cover position stays: the newcomer gives way to it.
                    let other_stays = self.desk.entries[other].order.is_second_leg();
                    self.withdraw_because(if other_stays { index } else { other }, SELF_TRADE);
                    continue;
                }
                Counter::Order(other) => {
                    self.fill(other, quantity, price);
                    self.fill(index, quantity, price);
                }
            }
            self.print(slot, price, quantity);
        }
    }

    /// A test lets matching go on: orders that came in meanwhile meet in the order in which they came.
    pub(crate) fn uncross(&mut self, slot: usize) {
        let mut open: Vec<_> =
            self.desk.resting[slot].iter().copied().filter(|i| self.desk.entries[*i].is_open()).collect();
        open.sort_by_key(|index| self.desk.entries[*index].rank);
        open.into_iter().for_each(|index| self.take(index));
        self.renew_crowd(slot, self.now);
        self.settle_prints();
    }

    /// Legs of cover orders may meet: to withdraw one would leave what it closes without a stop.
    fn would_trade_with_itself(&self, index: usize, other: usize) -> bool {
        let (own, other) = (&self.desk.entries[index], &self.desk.entries[other]);
        let covers = own.order.variety == Variety::Co && other.order.variety == Variety::Co;
        own.account == other.account && !covers
    }

    /// The best price that an open order can trade at, and how much there is.
    fn best_counter(&self, index: usize) -> Option<(Counter, Price, u32)> {
        let entry = &self.desk.entries[index];
        let (slot, side, limit) = (entry.slot, entry.order.side, entry.order.price);
        let board = &self.tape.boards[slot];
        let levels = match side {
            Side::Buy => &board.depth.sell,
            Side::Sell => &board.depth.buy,
        };
        let level = levels.iter().position(|level| level.quantity > 0 && meets(side, limit, level.price));
        let level = level.map(|i| (Counter::Level(i), levels[i].price, levels[i].quantity));
        let order = self.first_of(slot, side.opposite(), |other| meets(side, limit, other.order.price));
        let Some(other) = order else { return level };
        let standing = &self.desk.entries[other];
        let price = standing.order.price;
        let order = (Counter::Order(other), price, standing.shown());
        match level {
            Some(level) if better(side, level.1, price) => Some(level),
            // In one queue, those of the crowd who came before the order go first.
            Some((level, at, units)) if at == price && standing.ahead > 0 => {
                Some((level, at, units.min(standing.ahead)))
            }
            Some(_) | None => Some(order),
        }
    }

    pub(crate) fn withdraw_because(&mut self, index: usize, why: &str) {
        let order = &mut self.desk.entries[index].order;
        order.cancelled_quantity = order.pending_quantity;
        order.pending_quantity = 0;
        order.status_message = Some(why.to_owned());
        order.status_message_raw = Some(why.to_owned());
        self.record(index, OrderStatus::Cancelled);
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
        let order = &self.desk.entries[index].order;
        let disclosed = order.disclosed_quantity;
        if !done && disclosed > 0 && order.filled_quantity.is_multiple_of(disclosed) {
            // The next part is shown, and waits its turn.
            self.queue(index);
        }
    }

    /// A trade of an account shows on the tape, unless a test holds the price.
    pub(crate) fn print(&mut self, slot: usize, price: Price, quantity: u32) {
        let now = self.now;
        let board = &mut self.tape.boards[slot];
        if !board.price_held {
            board.print(now, price, quantity);
            self.printed.insert(slot);
        }
    }
}

/// True when an order of this side and limit accepts a price.
pub(crate) fn meets(side: Side, limit: Price, price: Price) -> bool {
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
