//! Withdrawals: wishes of the whole account, carried out as fast as the broker takes them, whatever a run's line waits
//! for. A wish ends when its order does; see [`Wishes`](crate::wish::Wishes).

use super::saving::changed;
use super::sending::to_next_second;
use super::{Core, Turn};
use crate::answer::{Answer, Budget};
use crate::effect::{CancelCall, Effect, Gravity};
use crate::facts::StoreHealth;
use crate::mode::Mode;
use crate::record::RefusalCode;
use crate::stored::StoredOrder;
use crate::wish::{CANCEL_TRIES_MAX, CANCELS_AT_ONCE};
use crate::write::Write;
use market::OrderState;
use std::time::Duration;

/// How long to wait after a withdrawal that could not be sent.
const CANCEL_RETRY: Duration = Duration::from_secs(1);

impl Core {
    /// Wants an order withdrawn, whatever the gate says. What is wanted already is not wanted twice.
    pub(super) fn want_withdrawn(&mut self, turn: &mut Turn<'_>, id: i64) {
        let Some(order) = self.orders.standing_one(id).cloned() else { return };
        self.soft.wishes.want(id);
        let waits_here = order.record.mode == Mode::Paper || order.record.state == OrderState::Intent;
        if !waits_here {
            self.keep_wish(turn, &order);
        }
    }

    /// The wish outlives a restart. Where nothing can be written it is carried out all the same.
    fn keep_wish(&mut self, turn: &mut Turn<'_>, order: &StoredOrder) {
        let can_write = turn.facts.store() != StoreHealth::Failed && !self.is_store_failing;
        if order.cancel_wanted || !can_write {
            return;
        }
        turn.out.writes.push(Write::Wish { id: order.record.id });
        let mut wanted = order.clone();
        wanted.cancel_wanted = true;
        let touched = self.orders.touched(order.record.id).unwrap_or(turn.now.since_boot);
        self.orders.put(wanted.into(), true, touched);
    }

    /// Carries out what can be carried out now. What never was at the broker is withdrawn here.
    pub(super) fn withdraw_due(&mut self, turn: &mut Turn<'_>) {
        if self.soft.wishes.is_empty() {
            return;
        }
        let (now, read) = (turn.now.since_boot, self.soft.book_read);
        for id in self.soft.wishes.give_up(now, read) {
            self.given_up(turn, id);
        }
        let session = turn.facts.line().session;
        for id in self.soft.wishes.due(now, read) {
            let Some(order) = self.orders.standing_one(id).cloned() else {
                self.soft.wishes.forget(id);
                continue;
            };
            if order.record.mode == Mode::Paper || order.record.state == OrderState::Intent {
                let never_left = order.record.state == OrderState::Intent;
                let text = if never_left { "never sent: it was withdrawn first" } else { "" };
                self.save(turn, &order, changed(&order.record, OrderState::Cancelled, text), None);
                continue;
            }
            let has_room = self.soft.wishes.away() < CANCELS_AT_ONCE;
            if let (Some(number), Some(session), true) =
                (order.record.broker_order_id.clone(), session, has_room)
            {
                self.keep_wish(turn, &order);
                self.soft.wishes.leaves(id);
                let variety = order.record.variety;
                turn.out.calls.push(Effect::Cancel(CancelCall { id, session, number, variety }));
            }
        }
    }

    /// What became of a withdrawal.
    pub(super) fn cancelled(&mut self, turn: &mut Turn<'_>, id: i64, answer: Answer) {
        let now = turn.now.since_boot;
        if answer.left() {
            if turn.facts.store() != StoreHealth::Failed && !self.is_store_failing {
                turn.out.writes.push(Write::Call { id, at: turn.now.wall });
            }
            self.soft.gates.of(Mode::Live).count(turn.now.wall);
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
