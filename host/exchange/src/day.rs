//! What happens at the edges of a day: the session opens and closes, the date changes.

use crate::board::{Push, tick_number};
use crate::clock::{Boundary, Edge};
use crate::desk::end_of_life;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::hours::is_plain;
use crate::order::{OrderStatus, PlaceOrder};
use crate::pit::{Phase, Pit};
use crate::refusal::Refusal;
use crate::setup::TICK_INTERVAL_MS;
use crate::validate::{check_prices, check_trigger_side};
use market::{OrderRequest, Product, Side, Timestamp, TradingDate};

impl Exchange {
    /// Moves time on: prices, matching, triggers, lapses, the change of day. An earlier time does nothing.
    /// Answers with everything that happened since events were last taken, commands included.
    pub fn advance(&mut self, to: Timestamp) -> Vec<Event> {
        loop {
            let (due, slot) = self.tape.next_due();
            let (edge, trading) = (self.boundary.at, self.phases.any_continuous());
            let next = if trading { due.min(edge) } else { edge };
            if let Some(late) = self.next_late_reject().filter(|late| *late <= next.min(to)) {
                self.now = self.now.max(late);
                self.reject_late_orders();
                continue;
            }
            if edge <= due || !trading {
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
                if self.is_trading(slot) && self.tape.is_listed(slot) && !self.tape.boards[slot].is_quiet(due)
                {
                    self.tick(slot, 1);
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
        while self.boundary.at <= to {
            self.leap(self.boundary.at, shown);
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
        // Standing orders meet the units of all the ticks between.
        let ticks = to.micros_since(self.now) / (TICK_INTERVAL_MS * 1_000);
        let ticks = u32::try_from(ticks.max(1)).unwrap_or(u32::MAX);
        self.now = to;
        self.reject_late_orders();
        self.tape.move_cursor_after(to);
        let trading: Vec<_> = self.tape.listed().filter(|slot| self.is_trading(*slot)).collect();
        if to.plus_micros(-1).date() == shown {
            // Where an order of an account stands, the market may not come past it unseen.
            let free: Vec<_> =
                trading.iter().copied().filter(|slot| self.desk.resting[*slot].is_empty()).collect();
            self.tape.live_through(&free, to);
        }
        trading.into_iter().for_each(|slot| self.tick(slot, ticks));
    }

    fn tick(&mut self, slot: usize, ticks: u32) {
        let price = self.tape.next_price(slot, self.now);
        let volume = self.tape.boards[slot].flow.volume(tick_number(self.now));
        let usual = self.tape.boards[slot].flow.trade_size;
        let through = if ticks > 1 { usual.saturating_mul(ticks).max(volume) } else { volume };
        self.push(slot, Push { price, through, volume });
    }

    fn cross(&mut self, boundary: Boundary) {
        match boundary.edge {
            Edge::Midnight => self.roll(),
            Edge::Morning => self.clear_books_before(boundary.date.midnight()),
            Edge::Enter(pit, phase) => self.enter_phase(pit, phase),
            Edge::SquareOff(pit) => self.square_off(pit),
        }
        self.boundary = self.tape.clock.following(boundary);
        self.settle_prints();
    }

    fn enter_phase(&mut self, pit: Pit, phase: Phase) {
        let before = self.phases.of(pit);
        if phase == Phase::Continuous && !self.phases.any_continuous() {
            // Nothing has ticked while every pit was closed.
            self.tape.move_cursor_to(self.now);
        }
        self.phases.enter(pit, phase);
        match phase {
            Phase::Collecting => {
                self.collect(pit);
                self.release_after_market_orders(pit);
            }
            Phase::Matched => self.match_collected(pit),
            Phase::Continuous if before == Phase::Paused => {}
            Phase::Continuous => {
                self.open_pit(pit, before);
                self.release_after_market_orders(pit);
            }
            Phase::Paused => {}
            Phase::Closing => self.close_with(pit),
            Phase::Closed => self.lapse(pit),
        }
    }

    /// Continuous trading begins: at the auction's price where there was one, else where the path is.
    fn open_pit(&mut self, pit: Pit, before: Phase) {
        if before != Phase::Matched {
            self.tape.open_day(pit, self.now);
        }
        if pit == Pit::Cash {
            self.begin_auctions(self.now.date());
        }
        for slot in self.tape.listed_in(pit) {
            self.tape.boards[slot].time = self.now;
            // What the auction left joins the queues in its turn.
            let mut left: Vec<_> =
                [Side::Buy, Side::Sell].into_iter().flat_map(|s| self.book(slot, s)).collect();
            left.sort_by_key(|index| self.desk.entries[*index].rank);
            self.renew_crowd(slot, self.now);
            // Where matching stood still during the auction, two of them may have crossed.
            for index in left {
                self.queue(index);
                self.take(index);
            }
            self.publish(slot);
        }
    }

    /// An exchange that starts in the middle of an auction has its crowd in it already.
    pub(crate) fn catch_up(&mut self) {
        for pit in Pit::ALL {
            match self.phases.of(pit) {
                Phase::Collecting => self.collect(pit),
                Phase::Matched => {
                    self.collect(pit);
                    self.match_collected(pit);
                }
                Phase::Closing => self.close_with(pit),
                Phase::Closed | Phase::Paused | Phase::Continuous => {}
            }
        }
        self.events.clear();
    }

    /// The broker ends intraday orders and positions before the market closes on them.
    fn square_off(&mut self, pit: Pit) {
        // Whatever could still add to a position goes first, so that nothing comes in while the exits trade.
        for (index, _) in self.intraday_orders(pit).into_iter().filter(|(_, ends)| !ends) {
            self.withdraw(index);
        }
        self.settle_prints();
        for (index, _) in self.intraday_orders(pit).into_iter().filter(|(_, ends)| *ends) {
            if !self.desk.entries[index].order.status.is_final() {
                self.exit(index);
            }
        }
        self.settle_prints();
        for account in 0..self.accounts.len() {
            let user = self.accounts[account].user_id.clone();
            for (symbol, units) in self.accounts[account].intraday(pit) {
                let side = if units > 0 { Side::Sell } else { Side::Buy };
                for part in self.parts_of(&symbol, u32::try_from(units.abs()).unwrap_or(u32::MAX)) {
                    let request = OrderRequest::market(symbol.clone(), side, part);
                    // Refused only where the instrument itself has gone; the position then expires with it.
                    let _ =
                        self.place(&user, PlaceOrder::new(OrderRequest { product: Product::Mis, ..request }));
                }
            }
            self.close_uncovered(account, |symbol| Pit::from(symbol.venue()) == pit);
        }
    }

    /// Standing intraday orders, each with whether it ends a cover position.
    fn intraday_orders(&self, pit: Pit) -> Vec<(usize, bool)> {
        let order = |index: usize| &self.desk.entries[index].order;
        let standing = self.standing(pit).into_iter().filter(|index| {
            order(*index).product == Product::Mis && order(*index).status != OrderStatus::AmoReqReceived
        });
        standing.map(|index| (index, order(index).is_second_leg())).collect()
    }

    /// DAY orders end with the session.
    fn lapse(&mut self, pit: Pit) {
        for index in self.standing(pit) {
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
    fn release_after_market_orders(&mut self, pit: Pit) {
        for index in self.standing(pit).into_iter().filter(|index| self.is_due(*index)).collect::<Vec<_>>() {
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

    /// An auction takes after-market orders that it would take as new ones; the others wait for continuous trading.
    fn is_due(&self, index: usize) -> bool {
        let entry = &self.desk.entries[index];
        let order = &entry.order;
        let opens = self.phase_of(entry.slot) == Phase::Continuous;
        let plain = order.validity_ttl == 0
            && is_plain(&entry.order.request(entry.protection), order.disclosed_quantity);
        order.status == OrderStatus::AmoReqReceived && (opens || plain)
    }

    fn check_release(&self, index: usize) -> Result<(), Refusal> {
        let entry = &self.desk.entries[index];
        let (listing, board) = (&self.tape.listings[entry.slot], &self.tape.boards[entry.slot]);
        let order = &entry.order;
        check_prices(&order.request(entry.protection), listing, board)?;
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

    /// Every order that stands in a pit, oldest first.
    fn standing(&self, pit: Pit) -> Vec<usize> {
        let stands = |index: &usize| {
            let order = &self.desk.entries[*index].order;
            !order.status.is_final() && Pit::from(order.symbol.venue()) == pit
        };
        (0..self.desk.entries.len()).filter(stands).collect()
    }
}
