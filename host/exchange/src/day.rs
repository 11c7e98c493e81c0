//! What happens at the edges of a day: the session opens and closes, the date changes.

use crate::clock::Boundary;
use crate::event::Event;
use crate::exchange::Exchange;
use crate::order::OrderStatus;
use market::Timestamp;

impl Exchange {
    /// Moves time on: prices, matching, triggers, lapses, the change of day. An earlier time does nothing.
    /// Answers with everything that happened since events were last taken, commands included.
    pub fn advance(&mut self, to: Timestamp) -> Vec<Event> {
        loop {
            let (due, place) = self.tape.next_due();
            let edge = self.tape.clock.time_of(self.boundary);
            if edge <= due || !self.open {
                if edge > to {
                    break;
                }
                self.now = self.now.max(edge);
                self.cross(self.boundary);
            } else {
                if due > to {
                    break;
                }
                self.now = self.now.max(due);
                self.tape.step_cursor();
                if !self.tape.boards[place].is_quiet(due) {
                    self.tick(place);
                }
            }
        }
        self.now = self.now.max(to);
        self.take_events()
    }

    /// Moves time on without the ticks between: every edge of a day is crossed, and then each instrument ticks once.
    /// Prices come out as after [`Exchange::advance`]; standing orders see only the price at the end.
    pub fn jump(&mut self, to: Timestamp) -> Vec<Event> {
        while self.tape.clock.time_of(self.boundary) <= to {
            self.now = self.now.max(self.tape.clock.time_of(self.boundary));
            self.cross(self.boundary);
        }
        if to > self.now {
            self.now = to;
            self.tape.move_cursor_after(to);
            if self.open {
                (0..self.tape.listings.len()).for_each(|place| self.tick(place));
            }
        }
        self.take_events()
    }

    fn tick(&mut self, place: usize) {
        self.tape.tick(place, self.now);
        self.publish(place);
        self.settle_tick(place);
    }

    pub(crate) fn publish(&mut self, place: usize) {
        let token = self.tape.listings[place].instrument.token;
        self.events.push(Event::Tick(Box::new(self.tape.boards[place].snapshot(token))));
    }

    fn cross(&mut self, boundary: Boundary) {
        match boundary {
            Boundary::Open(_) => {
                self.open = true;
                self.tape.open_day(self.now);
                self.tape.move_cursor_to(self.now);
                (0..self.tape.listings.len()).for_each(|place| self.publish(place));
                self.release_after_market_orders();
            }
            Boundary::Close(_) => {
                self.open = false;
                self.lapse();
            }
            Boundary::Midnight(_) => self.roll(),
        }
        self.boundary = self.tape.clock.following(boundary);
    }

    /// DAY orders end with the session.
    fn lapse(&mut self) {
        for index in self.standing() {
            if self.desk.entries[index].order.status != OrderStatus::AmoReqReceived {
                self.withdraw(index, None);
            }
        }
    }

    fn release_after_market_orders(&mut self) {
        for index in self.standing() {
            self.record(index, OrderStatus::PutOrderReqReceived);
            self.enter(index);
        }
    }

    /// The date changes: yesterday's orders and trades are forgotten, money settles, positions are carried.
    fn roll(&mut self) {
        for account in &mut self.accounts {
            account.roll(&self.tape);
        }
        let moved = self.desk.forget_finished();
        for account in &mut self.accounts {
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
