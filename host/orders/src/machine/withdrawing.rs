//! Withdrawals: wishes of the whole account, carried out as fast as the broker takes them, whatever a run's line waits
//! for. A wish ends when its order does; see [`Wishes`](crate::wish::Wishes).

use super::saving::changed;
use super::sending::to_next_second;
use super::{Core, Turn};
use crate::answer::{Answer, Budget};
use crate::effect::{CancelCall, Effect, Gravity};
use crate::facts::StoreHealth;
use crate::mode::Mode;
use crate::record::{OrderRecord, RefusalCode};
use crate::stored::StoredOrder;
use crate::wish::{CANCEL_TRIES_MAX, CANCELS_AT_ONCE};
use crate::write::{CallKind, Write};
use market::OrderState;
use std::sync::Arc;
use std::time::Duration;

/// How long after a write that failed a withdrawal is written down again before it leaves.
const WRITE_AGAIN: Duration = Duration::from_secs(1);
/// How long to wait after a withdrawal that could not be sent.
const CANCEL_RETRY: Duration = Duration::from_secs(1);

impl Core {
    /// Wants an order withdrawn, whatever the gate says. What is wanted already is not wanted twice.
    pub(super) fn want_withdrawn(&mut self, turn: &mut Turn<'_>, id: i64) {
        let Some(order) = self.orders.standing_one(id).cloned() else { return };
        self.soft.wishes.want(id);
        if !waits_here(&order) {
            self.keep_wish(turn, &order);
        }
    }

    /// The wish outlives a restart. Where nothing can be written it is carried out all the same.
    fn keep_wish(&mut self, turn: &mut Turn<'_>, order: &StoredOrder) {
        if order.cancel_wanted || !self.can_write(turn) {
            return;
        }
        let by_run = turn.asked_by.clone();
        turn.out.writes.push(Write::Wish { id: order.record.id, by_run });
        let mut wanted = order.clone();
        wanted.cancel_wanted = true;
        let touched = self.orders.touched(order.record.id).unwrap_or(turn.now.since_boot);
        self.orders.put(wanted.into(), true, touched);
    }

    /// Carries out what can be carried out now: first what stands at the broker. What never was there is withdrawn here,
    /// which must be written; that must not keep the others from leaving where the store takes nothing.
    pub(super) fn withdraw_due(&mut self, turn: &mut Turn<'_>) {
        if self.soft.wishes.is_empty() {
            return;
        }
        let (now, read) = (turn.now.since_boot, self.soft.book_read);
        for id in self.soft.wishes.give_up(now, read) {
            self.given_up(turn, id);
        }
        let due = self.soft.wishes.due(now, read);
        let due: Vec<(i64, Option<Arc<StoredOrder>>)> =
            due.into_iter().map(|id| (id, self.orders.standing_one(id).cloned())).collect();
        let mut waiting_here = Vec::new();
        for (id, order) in due {
            match order {
                None => self.soft.wishes.forget(id),
                Some(order) if waits_here(&order) => waiting_here.push(order),
                Some(order) => self.withdraw_at_broker(turn, &order),
            }
        }
        for order in waiting_here {
            if self.may_be_lost(turn) {
                return;
            }
            let never_left = order.record.state == OrderState::Intent;
            let text = if never_left { "never sent: it was withdrawn first" } else { "" };
            self.save(turn, &order, changed(&order.record, OrderState::Cancelled, text), None);
        }
    }

    fn withdraw_at_broker(&mut self, turn: &mut Turn<'_>, order: &StoredOrder) {
        let has_room = self.soft.wishes.away() < CANCELS_AT_ONCE;
        let (Some(number), Some(session), true) =
            (order.record.broker_order_id.clone(), turn.facts.line().session, has_room)
        else {
            return;
        };
        let OrderRecord { id, run_id, variety, .. } = &order.record;
        self.keep_wish(turn, order);
        if self.can_write(turn) {
            let (id, run_id, at) = (*id, run_id.clone(), turn.now.wall);
            turn.out.writes.push(Write::Call { id, run_id, at, what: CallKind::Withdrawal });
        }
        self.soft.wishes.leaves(*id);
        turn.out.calls.push(Effect::Cancel(CancelCall { id: *id, session, number, variety: *variety }));
    }

    /// True when a write would endanger what this step must do whether it can be written or not.
    fn may_be_lost(&self, turn: &Turn<'_>) -> bool {
        let has_calls = !turn.out.calls.is_empty();
        turn.facts.store() == StoreHealth::Failed
            || (self.write_failed.is_some() && (has_calls || turn.must_stand))
    }

    /// A disk that is good again is tried after a moment: what is wanted must outlive this process wherever it can.
    fn can_write(&self, turn: &Turn<'_>) -> bool {
        let store = turn.facts.store();
        let is_tried_again = |failed: Duration| turn.now.since_boot >= failed + WRITE_AGAIN;
        let may_work = self.write_failed.is_none_or(|at| store == StoreHealth::Good && is_tried_again(at));
        store != StoreHealth::Failed && may_work && !turn.must_stand
    }

    /// What became of a withdrawal.
    pub(super) fn cancelled(&mut self, turn: &mut Turn<'_>, id: i64, answer: Answer) {
        let now = turn.now.since_boot;
        if answer.left() {
            self.soft.gates.of(Mode::Live).count(turn.now.wall);
        }
        if self.can_write(turn) {
            turn.out.call_answered(id, &answer);
        }
        match &answer {
            Answer::OverBudget { .. } => self.soft.wishes.stayed(id, now + to_next_second(turn)),
            Answer::NotSent(_) | Answer::Stopped(_) | Answer::Slower(_) | Answer::SessionDead(_) => {
                self.soft.wishes.stayed(id, now + CANCEL_RETRY);
            }
            Answer::Accepted { .. } | Answer::No(_) | Answer::Unknown(_) => self.soft.wishes.left(id, now),
        }
        let Some(order) = self.orders.get(id).cloned() else { return };
        self.not_withdrawn(turn, &order, &answer);
        self.soft.readings.wants_one();
        self.go_on(turn, &order.record.run_id);
    }

    /// Thirty orders wait for their second as a matter of course; everything else is worth a line.
    fn not_withdrawn(&mut self, turn: &mut Turn<'_>, order: &StoredOrder, answer: &Answer) {
        let Some(why) = answer.why() else { return };
        if matches!(answer, Answer::OverBudget { budget: Budget::Second, .. }) {
            return;
        }
        let record = &order.record;
        let text = format!("order {}: not withdrawn yet: {}", record.run_order_id, why.text);
        turn.say(Gravity::Warn, Some(&record.run_id), text);
        if matches!(answer, Answer::No(_) | Answer::Unknown(_)) {
            let message = format!("cancel refused or unanswered: {}", why.text);
            Self::tell_only(turn, record, why.code, message);
        }
    }

    fn given_up(&mut self, turn: &mut Turn<'_>, id: i64) {
        let Some(order) = self.orders.standing_one(id).cloned() else { return };
        let record = &order.record;
        let number = record.broker_order_id.as_deref().unwrap_or("no number");
        let message = format!(
            "still stands after {CANCEL_TRIES_MAX} withdrawals: withdraw order {number} of {} at Kite yourself",
            record.symbol
        );
        turn.say(Gravity::Error, Some(&record.run_id), format!("order {} {message}", record.run_order_id));
        Self::tell_only(turn, record, RefusalCode::Exchange, message);
    }
}

/// True for what is not at the broker, and can be withdrawn by a row alone.
fn waits_here(order: &StoredOrder) -> bool {
    order.record.mode == Mode::Paper || order.record.state == OrderState::Intent
}
