//! Time that passes without its ticks: the boards live through it minute by minute, so that the day's range and volume
//! are those of the candles.

use crate::board::tick_number;
use crate::clock::{MINUTE_MICROS, minute_of};
use crate::crowd::Walls;
use crate::minutes::minute;
use crate::model::on_tick;
use crate::tape::Tape;
use market::{Timestamp, VenueGroup};

impl Tape {
    /// Lets the session of these slots go on to an instant, along their paths. A price that is held stays. What others
    /// want is not renewed: a tick follows.
    pub(crate) fn live_through(&mut self, slots: &[usize], to: Timestamp) {
        let Some(from) = slots.iter().map(|slot| self.boards[*slot].time).min() else { return };
        let mut start = minute_of(from);
        while start < to {
            let end = start.plus_micros(MINUTE_MICROS).min(to);
            let worths = self.model.worths(&self.clock, end, &self.nudges);
            for slot in slots {
                self.live_through_minute(*slot, end, worths[*slot]);
            }
            start = end;
        }
    }

    /// Brings new boards, from a slot on, from the beginning of their last session to its end or to now.
    pub(crate) fn catch_up(&mut self, first: usize, now: Timestamp) {
        for group in VenueGroup::ALL {
            let of_group = |slot: &usize| self.listings[*slot].group() == group;
            let slots: Vec<usize> = (first..self.listings.len()).filter(of_group).collect();
            let (_, close) = self.last_session(group, now);
            let to = close.min(now);
            self.live_through(&slots, to);
            slots.iter().for_each(|slot| self.boards[*slot].refill(tick_number(to), Walls::default()));
        }
    }

    /// From opening to close, the last session of a group that has begun: today's, or the one that closed last.
    pub(crate) fn last_session(&self, group: VenueGroup, now: Timestamp) -> (Timestamp, Timestamp) {
        let today = self.clock.hours(group, now.date()).filter(|(open, _)| *open <= now);
        let before = self.clock.last_close(group, now).plus_micros(-1).date();
        today.or_else(|| self.clock.hours(group, before)).unwrap_or((now, now))
    }

    fn live_through_minute(&mut self, slot: usize, end: Timestamp, worth: f64) {
        let tick_size = self.listings[slot].instrument.tick_size;
        let board = &mut self.boards[slot];
        let (start, open) = (board.time, board.last);
        if start >= end {
            return;
        }
        let close =
            if board.price_held { open } else { on_tick(worth, tick_size).clamp(board.lower, board.upper) };
        let mut bar = minute(&board.flow, (start, end), (open, close));
        if board.price_held {
            (bar.high, bar.low) = (open, open);
        }
        // No limit of the day is passed between two minutes.
        bar.high = bar.high.min(board.upper).max(open).max(close);
        bar.low = bar.low.max(board.lower).min(open).min(close);
        board.live_through(&bar, end);
    }
}
