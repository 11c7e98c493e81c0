//! What happens at the edges of a day: the session opens and closes, the date changes.

use crate::clock::Boundary;
use crate::desk::end_of_life;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::order::{OrderStatus, PlaceOrder};
use crate::refusal::Refusal;
use crate::validate::{check_prices, check_trigger_side};
use market::{OrderRequest, Product, Side, Timestamp, TradingDate};

impl Exchange {
    /// Moves time on: prices, matching, triggers, lapses, the change of day. An earlier time does nothing.
    /// Answers with everything that happened since events were last taken, commands included.
    pub fn advance(&mut self, to: Timestamp) -> Vec<Event> {
        loop {
            let (due, slot) = self.tape.next_due();
            let edge = self.tape.clock.time_of(self.boundary);
            let next = if self.open { due.min(edge) } else { edge };
            if let Some(late) = self.next_late_reject().filter(|late| *late <= next.min(to)) {
                self.now = self.now.max(late);
                self.reject_late_orders();
                continue;
            }
            if edge <= due || !self.open {
                if edge > to {
                    break;
                }
                self.end_auctions(edge);
                self.now = self.now.max(edge);
                self.cross(self.boundary);
            } else {
                if due > to {
                    break;
                }
                self.end_auctions(due);
                self.now = self.now.max(due);
                self.tape.step_cursor();
                if self.tape.is_listed(slot) && !self.tape.boards[slot].is_quiet(due) {
                    self.tick(slot);
                }
            }
        }
        self.end_auctions(to);
        self.now = self.now.max(to);
        self.take_events()
    }

    /// Moves time on without the ticks between: every edge of a day is crossed, and then each instrument ticks once.
    /// Prices come out as after [`Exchange::advance`]; standing orders see only the price at the end.
    pub fn jump(&mut self, to: Timestamp) -> Vec<Event> {
        let shown = self.tape.clock.last_begun(to);
        while self.tape.clock.time_of(self.boundary) <= to {
            self.leap(self.tape.clock.time_of(self.boundary), shown);
            self.cross(self.boundary);
        }
        self.leap(to, shown);
        self.take_events()
    }

    /// Every instrument ticks once, at a later time of the same stretch of the day. On the day that is `shown` at the
    /// end it lives through the minutes between, so that its range and volume are those of the candles.
    fn leap(&mut self, to: Timestamp, shown: TradingDate) {
        if to <= self.now {
            return;
        }
        self.end_auctions(to);
        self.now = to;
        self.reject_late_orders();
        self.tape.move_cursor_after(to);
        if self.open {
            let slots: Vec<usize> = self.tape.listed().collect();
            if to.plus_micros(-1).date() == shown {
                self.tape.live_through(&slots, to);
                for slot in slots {
                    self.publish(slot);
                    self.settle_tick(slot);
                }
            } else {
                slots.into_iter().for_each(|slot| self.tick(slot));
            }
        }
    }

    fn tick(&mut self, slot: usize) {
        self.tape.tick(slot, self.now);
        self.publish(slot);
        self.settle_tick(slot);
    }

    pub(crate) fn publish(&mut self, slot: usize) {
        let token = self.tape.listings[slot].instrument.token;
        self.events.push(Event::Tick(Box::new(self.tape.boards[slot].snapshot(token))));
    }

    fn cross(&mut self, boundary: Boundary) {
        match boundary {
            Boundary::Open(_) => {
                self.open = true;
                self.tape.open_day(self.now);
                self.tape.move_cursor_to(self.now);
                self.begin_auctions(self.now.date());
                self.tape.listed().collect::<Vec<_>>().into_iter().for_each(|slot| self.publish(slot));
                self.release_after_market_orders();
            }
            Boundary::SquareOffCash(_) => self.square_off(false),
            Boundary::SquareOffDerivatives(_) => self.square_off(true),
            Boundary::Close(_) => {
                self.open = false;
                self.lapse();
            }
            Boundary::Midnight(_) => self.roll(),
            Boundary::Morning(date) => self.clear_books_before(date.midnight()),
        }
        self.boundary = self.tape.clock.following(boundary);
    }

    /// The broker ends intraday orders and positions in shares, or in derivatives, before the market closes on them.
    fn square_off(&mut self, derivatives: bool) {
        for index in self.standing() {
            let order = &self.desk.entries[index].order;
            let concerned =
                order.product == Product::Mis && order.symbol.venue().is_derivatives() == derivatives;
            if !concerned || order.status.is_final() || order.status == OrderStatus::AmoReqReceived {
                continue;
            }
            if order.is_second_leg() {
                self.exit(index);
            } else {
                self.withdraw(index);
            }
        }
        for account in 0..self.accounts.len() {
            let user = self.accounts[account].user_id.clone();
            for (symbol, units) in self.accounts[account].intraday(derivatives) {
                let side = if units > 0 { Side::Sell } else { Side::Buy };
                let request =
                    OrderRequest::market(symbol, side, u32::try_from(units.abs()).unwrap_or(u32::MAX));
                // Refused only where the instrument itself has gone; the position then expires with it.
                let _ = self.place(&user, PlaceOrder::new(OrderRequest { product: Product::Mis, ..request }));
            }
            self.close_uncovered(account, |symbol| symbol.venue().is_derivatives() == derivatives);
        }
    }

    /// DAY orders end with the session.
    fn lapse(&mut self) {
        for index in self.standing() {
            let order = &self.desk.entries[index].order;
            // Where a position goes on, so does its stop.
            let stays = order.is_second_leg() && order.status == OrderStatus::TriggerPending;
            if !stays && order.status != OrderStatus::AmoReqReceived {
                self.withdraw(index);
            }
        }
    }

    /// After-market orders go the way of new ones. The market is another than when they were taken: limits and last
    /// price have moved, and a time to live begins.
    fn release_after_market_orders(&mut self) {
        for index in self.standing() {
            if self.desk.entries[index].order.status != OrderStatus::AmoReqReceived {
                continue;
            }
            self.record(index, OrderStatus::PutOrderReqReceived);
            let entry = &mut self.desk.entries[index];
            if entry.order.validity_ttl > 0 {
                entry.expires = Some(end_of_life(self.now, entry.order.validity_ttl));
            }
            match self.check_release(index) {
                Ok(()) => self.enter(index),
                Err(refusal) => self.reject(index, refusal.into()),
            }
        }
        self.settle_prints();
    }

    fn check_release(&self, index: usize) -> Result<(), Refusal> {
        let entry = &self.desk.entries[index];
        let (listing, board) = (&self.tape.listings[entry.slot], &self.tape.boards[entry.slot]);
        let order = &entry.order;
        let request = OrderRequest {
            symbol: order.symbol.clone(),
            side: order.side,
            quantity: order.quantity,
            kind: order.kind,
            price: order.price,
            trigger: order.trigger_price,
            product: order.product,
            validity: order.validity,
            variety: order.variety,
            market_protection: entry.protection,
        };
        check_prices(&request, listing, board)?;
        check_trigger_side(order.side, order.kind, order.trigger_price, board.last)
    }

    /// The date changes: what expired is settled and leaves the list, new contracts come, money settles, positions are
    /// carried. The day's orders and trades stay readable until the morning.
    fn roll(&mut self) {
        self.touched.all = true;
        for account in &mut self.accounts {
            account.settle_expired(&self.tape, self.now);
            account.roll(&self.tape);
        }
        // No order stands in what expired: its last session ended, and none is taken after that.
        self.tape.unlist_expired(self.now);
        self.tape.list_contracts(self.now);
        self.end_gtts();
        self.end_alerts();
        self.desk.resting.resize(self.tape.listings.len(), Vec::new());
    }

    /// What ended before an instant is listed no more.
    fn clear_books_before(&mut self, instant: Timestamp) {
        self.touched.all = true;
        let moved = self.desk.forget_ended_before(instant);
        for account in &mut self.accounts {
            account.forget_trades_before(instant);
            for list in [&mut account.orders, &mut account.standing] {
                *list = list.iter().filter_map(|old| moved.get(old).copied()).collect();
            }
        }
    }

    /// Every order that stands, oldest first.
    fn standing(&self) -> Vec<usize> {
        let open = |index: &usize| !self.desk.entries[*index].order.status.is_final();
        (0..self.desk.entries.len()).filter(open).collect()
    }
}
