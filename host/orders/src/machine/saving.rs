//! How an order's change is kept: its row, the line in the log and what the run is told, always together.

use super::{Core, Turn};
use crate::answer::{Answer, Why};
use crate::effect::{Effect, Gravity};
use crate::merge::Merged;
use crate::mode::Mode;
#[cfg(test)]
use crate::planted::{Planted, is_planted};
use crate::record::{OrderRecord, RefusalCode, RunOrderUpdate};
use crate::stored::StoredOrder;
use crate::write::Write;
use market::{OrderState, Price};
use std::sync::Arc;

impl Core {
    /// A change of an order that is news.
    pub(super) fn save(
        &mut self,
        turn: &mut Turn<'_>,
        before: &StoredOrder,
        merged: Merged,
        answer: Option<Why>,
    ) {
        let mut order = before.clone();
        let was = before.record.state;
        order.record = merged.order;
        order.record.updated_at = turn.now.wall;
        order.terms_at = merged.terms_at.or(order.terms_at);
        let record = order.record.clone();
        self.put(turn, order, answer);
        if record.state != was || merged.fill_quantity > 0 {
            say_order(turn, &record, merged.fill_quantity, merged.fill_price);
        }
        let is_over = |order: &OrderRecord| order.filled > order.quantity;
        if is_over(&record) && !is_over(&before.record) {
            let text = format!(
                "order {} {}: {} units filled of {} asked for: compare it with Kite",
                record.run_order_id, record.symbol, record.filled, record.quantity
            );
            turn.say(Gravity::Error, Some(&record.run_id), text);
        }
        let (fill_quantity, fill_price) = (merged.fill_quantity, merged.fill_price);
        let update = RunOrderUpdate { order: record, time: turn.now.wall, fill_quantity, fill_price };
        turn.out.effects.push(Effect::Tell(update));
    }

    /// The row as it is from now on.
    pub(super) fn put(&mut self, turn: &mut Turn<'_>, order: StoredOrder, answer: Option<Why>) {
        let order = Arc::new(order);
        turn.out.write_order(&order, answer);
        self.hold(turn, order);
    }

    /// A new row.
    pub(super) fn insert(&mut self, turn: &mut Turn<'_>, order: StoredOrder) {
        let order = Arc::new(order);
        turn.out.writes.push(Write::Insert(Arc::clone(&order)));
        #[cfg(test)]
        if is_planted(Planted::SendBeforeWrite) && order.record.state == OrderState::Sending {
            turn.out.writes.pop();
        }
        say_order(turn, &order.record, 0, Price::ZERO);
        let update = RunOrderUpdate::without_fill(order.record.clone(), turn.now.wall);
        self.hold(turn, order);
        turn.out.effects.push(Effect::Tell(update));
    }

    /// An order of ours that only its run hears of: its row stays.
    pub(super) fn tell_only(turn: &mut Turn<'_>, order: &OrderRecord, code: RefusalCode, message: String) {
        let told = OrderRecord { refusal: code, message, ..order.clone() };
        turn.out.effects.push(Effect::Tell(RunOrderUpdate::without_fill(told, turn.now.wall)));
    }

    pub(super) fn hold(&mut self, turn: &Turn<'_>, order: Arc<StoredOrder>) {
        let (id, stands) = (order.record.id, self.can_still_trade(turn, &order.record));
        let is_absent = order.record.state == OrderState::Absent && order.record.date >= turn.today();
        let waits_for_proof = order.record.mode == Mode::Live
            && matches!(order.record.state, OrderState::Ambiguous | OrderState::Acked);
        self.orders.put(order, stands, turn.now.since_boot);
        if waits_for_proof {
            self.begin_absence(id, turn.now.since_boot);
        } else {
            self.soft.absences.remove(&id);
        }
        if is_absent {
            self.soft.absent.insert(id);
        } else {
            self.soft.absent.remove(&id);
        }
        if !stands {
            self.soft.wishes.forget(id);
            self.soft.pending.forget(id);
            self.soft.changes.remove(&id);
            self.soft.exit_waits.remove(&id);
        }
    }

    /// An order that a person must look at trades on where the broker has it, until its day is over.
    pub(super) fn can_still_trade(&self, turn: &Turn<'_>, order: &OrderRecord) -> bool {
        let is_watched = order.broker_order_id.is_some() && order.date >= turn.today();
        !order.state.is_final() && (order.state != OrderState::Escalated || is_watched)
    }
}

impl super::Out {
    /// What became of a change or withdrawal.
    pub(super) fn call_answered(&mut self, id: i64, answer: &Answer) {
        let (left, why) = (answer.left(), answer.why().cloned());
        self.writes.push(Write::CallAnswered { id, left, why });
    }

    /// How the one send was answered, where no row that is written in this step says so.
    pub(super) fn place_answered(&mut self, order: &OrderRecord, answer: &Answer) {
        let tells =
            |write: &Write| matches!(write, Write::Update { order: row, .. } if row.record.id == order.id);
        if !answer.left() || self.writes.iter().any(tells) {
            return;
        }
        let number = answer.number().map(str::to_owned);
        let (id, run_id, why) = (order.id, order.run_id.clone(), answer.why().cloned());
        self.writes.push(Write::Answered { id, run_id, number, why });
    }

    /// One row is written once a step, as it is at its end.
    fn write_order(&mut self, order: &Arc<StoredOrder>, why: Option<Why>) {
        let id = order.record.id;
        for write in &mut self.writes {
            match write {
                Write::Insert(row) if row.record.id == id => {
                    *row = Arc::clone(order);
                    return;
                }
                Write::Update { order: row, answer } if row.record.id == id => {
                    *row = Arc::clone(order);
                    *answer = why.or(answer.take());
                    return;
                }
                Write::Insert(_)
                | Write::Update { .. }
                | Write::Wish { .. }
                | Write::Answered { .. }
                | Write::Call { .. }
                | Write::CallAnswered { .. }
                | Write::Trades(_)
                | Write::Adopt { .. }
                | Write::Switch { .. }
                | Write::Risk { .. }
                | Write::Foreign(_)
                | Write::ForeignAccepted { .. } => {}
            }
        }
        self.writes.push(Write::Update { order: Arc::clone(order), answer: why });
    }
}

/// The order with another state.
pub(super) fn changed(order: &OrderRecord, state: OrderState, message: impl Into<String>) -> Merged {
    let order = OrderRecord { state, message: message.into(), ..order.clone() };
    Merged { order, fill_quantity: 0, fill_price: Price::ZERO, terms_at: None }
}

/// The order refused here.
pub(super) fn refused(order: &OrderRecord, code: RefusalCode, message: impl Into<String>) -> Merged {
    let mut merged = changed(order, OrderState::Refused, message);
    merged.order.refusal = code;
    merged
}

/// The order's way, in the account's log.
pub(super) fn say_order(turn: &mut Turn<'_>, o: &OrderRecord, fill_quantity: u32, fill_price: Price) {
    let what = format!("order {} {} {} {}", o.run_order_id, o.side, o.quantity, o.symbol);
    if fill_quantity > 0 {
        let text = format!("{what}: filled {fill_quantity} at {fill_price}, {} of {}", o.filled, o.quantity);
        turn.say(Gravity::Info, Some(&o.run_id), text);
        if o.state == OrderState::Escalated {
            // That a person must look was said when it became so.
            return;
        }
    }
    let why = if o.message.is_empty() { String::new() } else { format!(": {}", o.message) };
    let number = o.broker_order_id.as_deref().map_or_else(String::new, |id| format!(" [{id}]"));
    let gravity = match o.state {
        OrderState::Refused | OrderState::Rejected | OrderState::Ambiguous | OrderState::Absent => {
            Gravity::Warn
        }
        OrderState::Escalated => Gravity::Error,
        OrderState::Intent
        | OrderState::Sending
        | OrderState::Abandoned
        | OrderState::Acked
        | OrderState::Open
        | OrderState::TriggerPending
        | OrderState::Partial
        | OrderState::Complete
        | OrderState::Cancelled => Gravity::Info,
    };
    turn.say(gravity, Some(&o.run_id), format!("{what}{number} {} {}{why}", o.mode, o.state));
}
