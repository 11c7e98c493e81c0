//! The auctions of the day: orders are collected before the open and matched at one price, which is the open; after the
//! close what still comes in trades at the closing price.
//!
//! In both the crowd takes part: before the open with seeded interest on either side of where the path opens, after the
//! close with a seeded number of units on each side.

use crate::board::tick_number;
use crate::equilibrium::{Interest, equilibrium};
use crate::exchange::Exchange;
use crate::matching::{SELF_TRADE, meets};
use crate::pit::{Phase, Pit};
use market::{Price, Side};

impl Exchange {
    /// A pit's orders are collected from here on. The day's limits are known, its prices are not.
    pub(crate) fn collect(&mut self, pit: Pit) {
        let hours = self.tape.clock.hours(pit.group(), self.now.date());
        let opens = hours.map_or(self.now, |(open, _)| open);
        for slot in self.tape.listed_in(pit) {
            self.tape.begin_day(slot, self.now, opens);
        }
    }

    /// A pit's collected orders are matched, and its open prices are known.
    pub(crate) fn match_collected(&mut self, pit: Pit) {
        for slot in self.tape.listed_in(pit) {
            self.call(slot);
        }
    }

    /// What the crowd would still trade at the closing price.
    pub(crate) fn close_with(&mut self, pit: Pit) {
        for slot in self.tape.listed_in(pit) {
            self.tape.boards[slot].begin_closing(self.now);
        }
    }

    /// An order that would meet another one of its account in the auction is withdrawn when it comes in.
    pub(crate) fn refuses_self_trade(&mut self, index: usize) -> bool {
        let entry = &self.desk.entries[index];
        if self.phases.of(self.tape.pit(entry.slot)) != Phase::Collecting {
            return false;
        }
        let (side, limit, account) = (entry.order.side, entry.order.price, entry.account);
        let own = self.first_of(entry.slot, side.opposite(), |other| {
            other.account == account && meets(side, limit, other.order.price)
        });
        if own.is_some() {
            self.withdraw_because(index, SELF_TRADE);
        }
        own.is_some()
    }

    /// Trades an order at the closing price, where its limit accepts that: with other accounts in their turn, then with
    /// the crowd.
    pub(crate) fn take_at_close(&mut self, index: usize) {
        let entry = &self.desk.entries[index];
        let (slot, side, account) = (entry.slot, entry.order.side, entry.account);
        let close = self.tape.boards[slot].last;
        if !meets(side, entry.order.price, close) {
            return;
        }
        while self.desk.entries[index].is_open() {
            let pending = self.desk.entries[index].order.pending_quantity;
            let standing = self.book(slot, side.opposite()).filter(|other| {
                let other = &self.desk.entries[*other];
                other.account != account && meets(other.order.side, other.order.price, close)
            });
            let standing = standing.min_by_key(|other| self.desk.entries[*other].rank);
            let quantity = match standing {
                Some(other) => {
                    let quantity = pending.min(self.desk.entries[other].order.pending_quantity);
                    self.fill(other, quantity, close);
                    quantity
                }
                None => self.tape.boards[slot].take_at_close(side, pending),
            };
            if quantity == 0 {
                return;
            }
            self.fill(index, quantity, close);
            self.print(slot, close, quantity);
        }
    }

    fn call(&mut self, slot: usize) {
        let path = self.tape.next_price(slot, self.now);
        let board = &self.tape.boards[slot];
        let crowd = board.flow.interests(tick_number(board.day.start), path, (board.lower, board.upper));
        let close = board.close;
        let held = board.matching_held;
        let own = |side| -> Vec<usize> { if held { Vec::new() } else { self.in_turn(slot, side) } };
        let orders = [own(Side::Buy), own(Side::Sell)];
        let all = |side: usize| -> Vec<Interest> {
            let interest = |index: &usize| {
                let order = &self.desk.entries[*index].order;
                Interest { limit: order.price, units: u64::from(order.pending_quantity) }
            };
            crowd[side].iter().copied().chain(orders[side].iter().map(interest)).collect()
        };
        let Some((price, units)) = equilibrium(&all(0), &all(1), close) else {
            self.tape.boards[slot].open_at(self.now, path, 0);
            return self.publish(slot);
        };
        self.tape.boards[slot].open_at(self.now, price, u32::try_from(units).unwrap_or(u32::MAX));
        for (side, (crowd, orders)) in [Side::Buy, Side::Sell].into_iter().zip(crowd.iter().zip(&orders)) {
            self.serve(side, crowd, orders, (price, units));
        }
        self.publish(slot);
    }

    /// One side of an auction is served: best limit first, at one limit the crowd before the accounts, these in their turn.
    fn serve(&mut self, side: Side, crowd: &[Interest], orders: &[usize], (price, units): (Price, u64)) {
        for index in orders {
            let order = &self.desk.entries[*index].order;
            let (limit, pending) = (order.price, u64::from(order.pending_quantity));
            if !meets(side, limit, price) {
                continue;
            }
            let before: u64 = crowd
                .iter()
                .filter(|interest| meets(side, interest.limit, limit))
                .map(|interest| interest.units)
                .sum();
            let served: u64 = orders
                .iter()
                .take_while(|other| *other != index)
                .map(|other| u64::from(self.desk.entries[*other].order.filled_quantity))
                .sum();
            let quantity = pending.min(units.saturating_sub(before + served));
            if let Some(quantity) = u32::try_from(quantity).ok().filter(|quantity| *quantity > 0) {
                self.fill(*index, quantity, price);
            }
        }
    }

    /// A side's open orders in the turn in which they are served.
    fn in_turn(&self, slot: usize, side: Side) -> Vec<usize> {
        let mut orders: Vec<_> = self.book(slot, side).collect();
        orders.sort_by_key(|index| {
            let entry = &self.desk.entries[*index];
            (-entry.order.price.units() * side.sign(), entry.rank)
        });
        orders
    }
}
