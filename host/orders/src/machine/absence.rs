//! What it means that the broker's book lacks an order. Only whole readings under a live session prove anything, only
//! several of them, and only long enough after the send.

use super::saving::changed;
use super::{Core, Turn};
use crate::book::{BookOrder, Reading};
use crate::effect::Gravity;
use crate::merge::Merged;
use crate::mode::Mode;
#[cfg(test)]
use crate::planted::{Planted, is_planted};
use crate::stored::StoredOrder;
use market::OrderState;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How far apart readings must begin to count as two: what is read twice at once is one look.
const READINGS_APART: Duration = Duration::from_secs(1);

/// How far the proof is that an order never reached the broker's book.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Absence {
    /// Since when its fate is unknown.
    since: Duration,
    /// Whole readings that lacked it.
    readings: u32,
    /// When the newest of them began.
    newest: Option<Duration>,
}

impl Core {
    pub(super) fn begin_absence(&mut self, id: i64, since: Duration) {
        self.soft.absences.entry(id).or_insert(Absence { since, readings: 0, newest: None });
    }

    /// What a whole book means for those of our orders that it lacks.
    pub(super) fn apply_absence(&mut self, turn: &mut Turn<'_>, reading: &Reading) {
        if !reading.orders.is_whole() {
            let count = reading.orders.unreadable;
            let text = format!("{count} orders of the broker's list cannot be read: none counts as absent");
            return turn.say(Gravity::Error, None, text);
        }
        let shown = self.shown(turn, reading);
        let began = reading.began.since_boot;
        let missing: Vec<Arc<StoredOrder>> = self
            .orders
            .standing()
            .filter(|order| order.record.mode == Mode::Live && !shown.contains(&order.record.id))
            .filter(|order| self.orders.touched(order.record.id).is_some_and(|at| at < began))
            .cloned()
            .collect();
        for order in missing {
            self.missed(turn, &order, reading);
        }
    }

    /// The orders of ours that the book shows, by mark or by number. A number is good for its day: tomorrow's order under
    /// it is another one.
    fn shown(&self, turn: &Turn<'_>, reading: &Reading) -> BTreeSet<i64> {
        let of_row = |row: &BookOrder| {
            let date = row.placed_at.map_or_else(|| turn.today(), |at| at.date());
            [self.orders.by_tag(&row.tags), self.numbered(turn, &row.number, date)]
        };
        reading.orders.rows.iter().flat_map(of_row).flatten().collect()
    }

    /// One whole book without this order.
    fn missed(&mut self, turn: &mut Turn<'_>, order: &Arc<StoredOrder>, reading: &Reading) {
        let o = &order.record;
        let of_before = o.date < reading.began.wall.date();
        let proven = turn.facts.line().is_live_under(reading.session)
            && self.is_proven(o.id, reading.began.since_boot);
        match self.absence(order, of_before, proven) {
            Some(absence) => self.save(turn, order, absence, None),
            None if o.state == OrderState::Escalated && of_before => {
                // Its day is over, and nothing more of it will show.
                self.orders.put(Arc::clone(order), false, turn.now.since_boot);
                self.soft.wishes.forget(o.id);
            }
            None => {}
        }
    }

    /// Counts the reading. True when there were enough of them, over long enough.
    fn is_proven(&mut self, id: i64, began: Duration) -> bool {
        let (first, last) = (self.settings.absent_first(), self.settings.absent_after());
        let Some(absence) = self.soft.absences.get_mut(&id) else { return false };
        #[cfg(test)]
        if is_planted(Planted::NoAbsenceWindow) {
            return true;
        }
        let is_apart = absence.newest.is_none_or(|newest| began >= newest + READINGS_APART);
        if began < absence.since + first || !is_apart {
            return false;
        }
        (absence.readings, absence.newest) = (absence.readings + 1, Some(began));
        absence.readings >= self.settings.absent_readings_min && began >= absence.since + last
    }

    fn absence(&self, order: &StoredOrder, of_before: bool, proven: bool) -> Option<Merged> {
        let o = &order.record;
        match o.state {
            OrderState::Ambiguous if of_before => Some(self.of_a_day_that_is_gone(order)),
            OrderState::Ambiguous => {
                proven.then(|| changed(o, OrderState::Absent, "never reached the broker's book"))
            }
            OrderState::Acked | OrderState::Open | OrderState::TriggerPending | OrderState::Partial
                if of_before =>
            {
                let text = format!(
                    "its day ended unseen: it had {} of {} units filled when last heard of and may have traded \
                     more. Compare the trades of {} at Kite with those of the run",
                    o.filled, o.quantity, o.date
                );
                Some(changed(o, OrderState::Escalated, text))
            }
            OrderState::Acked if proven => {
                let text =
                    "the broker took it and never showed it in its book: it was refused behind the counter";
                Some(changed(o, OrderState::Absent, text))
            }
            OrderState::Intent
            | OrderState::Sending
            | OrderState::Acked
            | OrderState::Open
            | OrderState::TriggerPending
            | OrderState::Partial
            | OrderState::Refused
            | OrderState::Abandoned
            | OrderState::Complete
            | OrderState::Cancelled
            | OrderState::Rejected
            | OrderState::Absent
            | OrderState::Escalated => None,
        }
    }

    fn of_a_day_that_is_gone(&self, order: &StoredOrder) -> Merged {
        let text = format!(
            "nobody can tell whether this order reached the exchange: the order book of {} is gone. \
             Compare the trades of that day at Kite with those of the run",
            order.record.date
        );
        changed(&order.record, OrderState::Escalated, text)
    }

    /// The day is over: what nobody could settle on it is a person's matter. It is still looked for.
    pub(super) fn escalate_unsettled(&mut self, turn: &mut Turn<'_>) {
        let today = turn.today();
        let unsettled: Vec<Arc<StoredOrder>> = self
            .orders
            .standing()
            .filter(|order| order.record.state == OrderState::Ambiguous && order.record.date < today)
            .cloned()
            .collect();
        for order in unsettled {
            let gone = self.of_a_day_that_is_gone(&order);
            self.save(turn, &order, gone, None);
        }
    }
}
