//! The order book of one instrument as everybody sees it: the crowd's levels and the accounts' standing orders in them.
//!
//! At each price there is one queue. An order joins behind every unit that stands there (`ahead`); whoever comes later
//! stands behind it. `ahead` shrinks as units trade at the price and as others withdraw, and never grows. The book shows
//! the disclosed part of an order alone; when that part has traded the next one joins the queue at its end.

use crate::board::tick_number;
use crate::crowd::Walls;
use crate::desk::Entry;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::pit::Phase;
use market::{DepthLevel, Price, Side, Tick, Timestamp};

/// Levels that are shown on each side.
const LEVELS: usize = 5;

impl Entry {
    /// Units that the book shows now.
    pub(crate) const fn shown(&self) -> u32 {
        let (pending, disclosed) = (self.order.pending_quantity, self.order.disclosed_quantity);
        if disclosed == 0 {
            return pending;
        }
        let part = disclosed - self.order.filled_quantity % disclosed;
        if part < pending { part } else { pending }
    }
}

impl Exchange {
    /// An instrument's newest snapshot.
    pub(crate) fn snapshot(&self, slot: usize) -> Tick {
        let board = &self.tape.boards[slot];
        let mut tick = board.snapshot(self.tape.listings[slot].instrument.token);
        if let Some(depth) = &mut tick.depth {
            for (side, levels, total) in [
                (Side::Buy, &mut depth.buy, &mut tick.buy_quantity),
                (Side::Sell, &mut depth.sell, &mut tick.sell_quantity),
            ] {
                *total += self.merge(slot, side, levels);
            }
        }
        tick
    }

    /// An instrument's newest snapshot goes out.
    pub(crate) fn publish(&mut self, slot: usize) {
        self.shown.remove(&slot);
        self.events.push(Event::Tick(Box::new(self.snapshot(slot))));
    }

    /// Puts an order at the end of the queue at its price.
    pub(crate) fn queue(&mut self, index: usize) {
        let rank = self.desk.count();
        let entry = &self.desk.entries[index];
        let (slot, side, price) = (entry.slot, entry.order.side, entry.order.price);
        let mut ahead = 0;
        if self.is_trading(slot) {
            let others = self.book(slot, side).filter(|other| *other != index);
            let at_price = others.map(|other| &self.desk.entries[other]).filter(|e| e.order.price == price);
            let longest = at_price.map(|entry| entry.ahead).max().unwrap_or(0);
            ahead = longest.max(self.tape.boards[slot].queue_ahead(side, price));
        }
        let entry = &mut self.desk.entries[index];
        (entry.rank, entry.ahead) = (rank, ahead);
    }

    /// Units of the crowd traded or left at the front of a queue.
    pub(crate) fn shorten_queue(&mut self, slot: usize, side: Side, price: Price, units: u32) {
        for index in self.book(slot, side).collect::<Vec<_>>() {
            let entry = &mut self.desk.entries[index];
            if entry.order.price == price {
                entry.ahead = entry.ahead.saturating_sub(units);
            }
        }
    }

    /// Others come and go: some of those ahead of the standing orders withdraw, and new orders stand around the price.
    pub(crate) fn renew_crowd(&mut self, slot: usize, at: Timestamp) {
        match self.phase_of(slot) {
            // Nobody's orders are shown around an auction.
            Phase::Collecting | Phase::Matched | Phase::Closing => return,
            Phase::Closed | Phase::Paused | Phase::Continuous => {}
        }
        let number = tick_number(at);
        let walls = self.walls(slot);
        let board = &mut self.tape.boards[slot];
        board.refill(number, walls);
        for index in &self.desk.resting[slot] {
            let entry = &mut self.desk.entries[*index];
            if !entry.is_open() {
                continue;
            }
            let (side, price) = (entry.order.side, entry.order.price);
            entry.ahead = board.flow.thinned(number, price, entry.ahead);
            // Those who stand ahead are there to be seen.
            if let Some(level) = board.level_of(side, price) {
                level.quantity = level.quantity.max(entry.ahead);
            }
        }
    }

    /// Open orders of accounts on one side of an instrument.
    pub(crate) fn book(&self, slot: usize, side: Side) -> impl Iterator<Item = usize> {
        let open = move |index: &usize| {
            let entry = &self.desk.entries[*index];
            entry.is_open() && entry.order.side == side
        };
        self.desk.resting[slot].iter().copied().filter(open)
    }

    /// The order of a side that is served first, among those that are wanted: best price, then earliest.
    pub(crate) fn first_of(&self, slot: usize, side: Side, wanted: impl Fn(&Entry) -> bool) -> Option<usize> {
        let wanted = self.book(slot, side).filter(|index| wanted(&self.desk.entries[*index]));
        wanted.min_by_key(|index| {
            let entry = &self.desk.entries[*index];
            (-entry.order.price.units() * side.sign(), entry.rank)
        })
    }

    /// While a test holds matching, orders stand unseen.
    fn walls(&self, slot: usize) -> Walls {
        if self.desk.resting[slot].is_empty() || self.tape.boards[slot].matching_held {
            return Walls::default();
        }
        let price = |side| self.first_of(slot, side, |_| true).map(|i| self.desk.entries[i].order.price);
        Walls { bid: price(Side::Buy), ask: price(Side::Sell) }
    }

    /// Brings the accounts' orders into the crowd's levels, best first, without gaps. Units that the accounts show.
    fn merge(&self, slot: usize, side: Side, levels: &mut [DepthLevel; LEVELS]) -> u64 {
        let mut all: Vec<DepthLevel> = levels.iter().copied().filter(|level| level.quantity > 0).collect();
        let mut units = 0;
        let hidden = self.tape.boards[slot].matching_held || !self.is_trading(slot);
        for index in self.book(slot, side).filter(|_| !hidden) {
            let entry = &self.desk.entries[index];
            let (price, shown) = (entry.order.price, entry.shown());
            units += u64::from(shown);
            match all.iter_mut().find(|level| level.price == price) {
                Some(level) => {
                    level.quantity = level.quantity.saturating_add(shown);
                    level.orders = level.orders.saturating_add(1);
                }
                None => all.push(DepthLevel { price, quantity: shown, orders: 1 }),
            }
        }
        all.sort_by_key(|level| -level.price.units() * side.sign());
        *levels = std::array::from_fn(|i| all.get(i).copied().unwrap_or_default());
        units
    }
}
