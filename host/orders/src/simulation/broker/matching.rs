//! The exchange behind the simulated broker: prices walk, and what is in their way trades.

use super::order::{BrokerTrade, Fate, Status};
use super::{Broker, TICK};
use crate::simulation::fault::Fault;
use market::{OrderKind, Side, Timestamp, Venue};

impl Broker {
    /// One look of the exchange at everything that stands.
    pub(in crate::simulation) fn tick(&mut self, now: Timestamp) {
        for at in 0..self.prices.len() {
            let step = TICK * self.dice.between(-8, 8);
            let price = &mut self.prices[at].1;
            *price = (*price + step).max(200 * TICK);
        }
        let open = Self::is_open(now);
        for index in 0..self.orders.len() {
            self.settle(index, now, open);
            self.withdraw_due(index, now);
            if open && !self.is_quiet && self.orders[index].stands() {
                self.trade(index, now);
            }
            let over_the_close = !open && self.orders[index].stands();
            if over_the_close {
                self.end(index, Status::Cancelled, now);
            }
        }
    }

    /// The risk system and the exchange have looked at a new order.
    fn settle(&mut self, index: usize, now: Timestamp, open: bool) {
        let order = &mut self.orders[index];
        if order.now.status != Status::Received || order.settles_at > now {
            return;
        }
        let accepts = open && order.fate == Fate::Accept;
        order.now.status = match (accepts, order.now.kind.needs_trigger()) {
            (false, _) => Status::Rejected,
            (true, true) => Status::TriggerPending,
            (true, false) if self.faults.strikes(Fault::UnknownWord, &mut self.dice) => Status::Odd,
            (true, false) => Status::Open,
        };
        self.note(index, now);
    }

    fn withdraw_due(&mut self, index: usize, now: Timestamp) {
        let order = &mut self.orders[index];
        if order.cancels_at.is_none_or(|at| at > now) || order.now.status == Status::Received {
            return;
        }
        order.cancels_at = None;
        if order.now.status.is_over() {
            return;
        }
        self.end(index, Status::Cancelled, now);
        if self.faults.strikes(Fault::FillAfterCancel, &mut self.dice) && Self::is_open(now) {
            self.fill_rest_in_part(index, now);
        }
    }

    fn fill_rest_in_part(&mut self, index: usize, now: Timestamp) {
        let (lot, price) = (self.lot(index), self.last(index));
        if self.orders[index].now.filled + lot < self.orders[index].now.quantity {
            self.fill(index, lot, price, now);
        }
    }

    fn end(&mut self, index: usize, status: Status, now: Timestamp) {
        self.orders[index].now.status = status;
        self.note(index, now);
    }

    fn trade(&mut self, index: usize, now: Timestamp) {
        let last = self.last(index);
        let order = &mut self.orders[index].now;
        let reached = |limit: i64, side| match side {
            Side::Buy => last <= limit,
            Side::Sell => last >= limit,
        };
        if order.status == Status::TriggerPending {
            // A stop waits for the price on its other side.
            if reached(order.trigger, order.side.opposite()) {
                order.status = Status::Open;
                self.note(index, now);
            }
            return;
        }
        let matches = match order.kind {
            OrderKind::Market | OrderKind::StopMarket => true,
            OrderKind::Limit | OrderKind::Stop => reached(order.price, order.side),
        };
        if matches && self.dice.chance(700) {
            let lots = (self.orders[index].now.quantity - self.orders[index].now.filled) / self.lot(index);
            let parts = self.faults.has(Fault::PartialFills) && lots > 1;
            let lots = if parts { self.dice.between(1, i64::from(lots)) } else { i64::from(lots) };
            let quantity = u32::try_from(lots).unwrap_or(1).max(1) * self.lot(index);
            self.fill(index, quantity, last, now);
        }
    }

    fn fill(&mut self, index: usize, quantity: u32, price: i64, now: Timestamp) {
        let done = self.orders[index].now.filled + quantity >= self.orders[index].now.quantity;
        let over = done && self.faults.strikes(Fault::Overfill, &mut self.dice);
        let quantity = if over { quantity + self.lot(index) } else { quantity };
        self.next_trade += 1;
        let id = format!("{}", 70_000 + self.next_trade);
        let order = &mut self.orders[index].now;
        order.filled += quantity;
        order.notional += price * i64::from(quantity);
        if done && order.status != Status::Cancelled {
            order.status = Status::Complete;
        }
        let trade = BrokerTrade {
            id,
            number: order.number.clone(),
            symbol: order.symbol.clone(),
            side: order.side,
            product: order.product,
            quantity,
            price,
            at: now,
        };
        self.trades.push(trade.clone());
        self.note(index, now);
        if self.faults.strikes(Fault::SharedTrade, &mut self.dice) {
            self.meet(&trade, now);
        }
    }

    /// The other side was an order of the same account: both carry one trade number.
    fn meet(&mut self, trade: &BrokerTrade, now: Timestamp) {
        let request = market::OrderRequest {
            product: trade.product,
            ..market::OrderRequest::market(trade.symbol.clone(), trade.side.opposite(), trade.quantity)
        };
        let index = self.enter(now, None, &request);
        let order = &mut self.orders[index];
        order.by_person = true;
        (order.now.status, order.now.filled) = (Status::Complete, trade.quantity);
        order.now.notional = trade.price * i64::from(trade.quantity);
        let number = order.now.number.clone();
        self.trades.push(BrokerTrade { number, side: trade.side.opposite(), ..trade.clone() });
        self.note(index, now);
    }

    fn last(&self, index: usize) -> i64 {
        self.price(&self.orders[index].now.symbol).unwrap_or(TICK)
    }

    fn lot(&self, index: usize) -> u32 {
        lot_of(self.orders[index].now.symbol.venue())
    }
}

/// Units that go together.
pub(in crate::simulation) const fn lot_of(venue: Venue) -> u32 {
    if venue.is_derivatives() { 65 } else { 1 }
}
