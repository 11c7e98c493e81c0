//! What leaves: one call of a run at a time, one send an order, one outcome. Never a second send.

use super::lines::Job;
use super::saving::{changed, refused};
use super::{Core, Turn};
use crate::answer::{Answer, Why};
use crate::effect::{Effect, Gravity, PlaceCall};
use crate::facts::StoreHealth;
use crate::gate::Refusal;
use crate::merge::{Merged, Seen, merge};
#[cfg(test)]
use crate::planted::{Planted, is_planted};
use crate::record::{OrderRecord, RefusalCode};
use crate::stored::StoredOrder;
use market::{OrderState, Price};
use std::sync::Arc;
use std::time::Duration;

/// How long what a run asked for after a withdrawal waits for the broker's answer to it.
const WITHDRAWN_WITHIN: Duration = Duration::from_millis(1_500);
/// How often an exit may wait for the broker's next second: the minute's budget is free again within these.
const EXIT_WAITS_MAX: u32 = 61;

impl Core {
    /// Works off what a run has waiting, as far as it may leave now.
    pub(super) fn go_on(&mut self, turn: &mut Turn<'_>, run_id: &str) {
        if turn.facts.store() == StoreHealth::Failed {
            // Whatever leaves here is written down first, and a step that cannot be written is lost whole.
            return;
        }
        loop {
            let line = self.soft.lines.of(run_id);
            let rests = line.rest_until.is_some_and(|until| until > turn.now.since_boot);
            if line.away.is_some() || rests {
                return;
            }
            line.rest_until = None;
            let Some(job) = line.jobs.pop_front() else { return self.soft.lines.tidy(run_id) };
            let away = match job {
                Job::Place { id, asked_at } => self.place_leaves(turn, id, asked_at).then_some(id),
                Job::Modify { id, change, asked_at } => {
                    self.change_leaves(turn, id, change, asked_at).then_some(id)
                }
                Job::AfterWithdrawal { id, until } => {
                    if self.waits_for_withdrawal(turn, run_id, id, until) {
                        return;
                    }
                    None
                }
            };
            self.soft.lines.of(run_id).away = away;
        }
    }

    fn waits_for_withdrawal(
        &mut self,
        turn: &Turn<'_>,
        run_id: &str,
        id: i64,
        until: Option<Duration>,
    ) -> bool {
        let until = until.unwrap_or(turn.now.since_boot + WITHDRAWN_WITHIN);
        // An answer that takes longer is not waited for: what comes next may be an exit.
        let waits = !self.soft.wishes.is_answered(id) && turn.now.since_boot < until;
        if waits {
            let job = Job::AfterWithdrawal { id, until: Some(until) };
            self.soft.lines.of(run_id).jobs.push_front(job);
        }
        waits
    }

    /// True when the order is on its way now: it is written as one that is being sent, and sent after that.
    fn place_leaves(&mut self, turn: &mut Turn<'_>, id: i64, asked_at: Duration) -> bool {
        let Some(order) = self.orders.standing_one(id).cloned() else { return false };
        if !matches!(order.record.state, OrderState::Intent | OrderState::Sending) {
            return false;
        }
        if let Some(stop) = self.why_never_sent(turn, &order, asked_at) {
            self.save(turn, &order, stop, None);
            return false;
        }
        let Ok(session) = turn.facts.line().sending_session(turn.now.wall) else { return false };
        let mut sending = (*order).clone();
        if sending.record.state == OrderState::Intent {
            sending.record.state = OrderState::Sending;
            sending.record.updated_at = turn.now.wall;
            sending.sent_at = Some(turn.now.wall);
            self.put(turn, sending.clone(), None);
        }
        self.call_place(turn, &sending, session);
        true
    }

    /// Until when what this step hands out may leave: the step must be durable first, and a disk may take its time.
    pub(super) fn not_after(&self, turn: &Turn<'_>) -> Duration {
        turn.now.since_boot.saturating_add(Duration::from_millis(self.settings.send_within_ms))
    }

    pub(super) fn call_place(&self, turn: &mut Turn<'_>, order: &StoredOrder, session: u64) {
        turn.out.calls.push(Effect::Place(PlaceCall {
            id: order.record.id,
            run_id: order.record.run_id.clone(),
            is_exit: order.is_exit,
            session,
            not_after: (!order.is_exit).then(|| self.not_after(turn)),
            request: order.request(),
            tag: order.record.tag.clone(),
        }));
    }

    /// Why an order that could leave must not. An exit leaves under the kill switch, and however long it waited: a position
    /// that somebody wants closed stays open without it.
    fn why_never_sent(&self, turn: &Turn<'_>, order: &StoredOrder, asked_at: Duration) -> Option<Merged> {
        let (record, line) = (&order.record, turn.facts.line());
        if let Err(down) = line.sending_session(turn.now.wall) {
            return Some(refused(record, RefusalCode::NoSession, format!("never sent: {down}")));
        }
        if !self.is_reconciled(&line) {
            let text = "never sent: the orders of before are still being compared with the broker";
            return Some(refused(record, RefusalCode::NoSession, text));
        }
        if let Some(Refusal { code, text }) = self.why_not_trading(order.is_exit) {
            return Some(refused(record, code, format!("never sent: {text}")));
        }
        if !order.is_exit && self.soft.switches.stops(&record.run_id).is_some() {
            return Some(refused(record, RefusalCode::KillSwitch, "never sent: the kill switch went on"));
        }
        if self.soft.wishes.wants(record.id) {
            return Some(changed(record, OrderState::Cancelled, "never sent: it was withdrawn first"));
        }
        if order.is_exit {
            return None;
        }
        let late_ms = self.late_ms(turn, asked_at)?;
        let text = format!("never sent: its turn did not come within {late_ms} ms");
        Some(changed(record, OrderState::Abandoned, text))
    }

    /// How long something waited that waited too long.
    pub(super) fn late_ms(&self, turn: &Turn<'_>, since: Duration) -> Option<u128> {
        let waited_ms = turn.now.since_boot.saturating_sub(since).as_millis();
        (waited_ms > u128::from(self.settings.send_within_ms)).then_some(waited_ms)
    }

    /// What became of the one send. The ticker may have been faster.
    pub(super) fn placed(&mut self, turn: &mut Turn<'_>, id: i64, answer: Answer) {
        let Some(order) = self.orders.get(id).cloned() else { return };
        let run_id = order.record.run_id.clone();
        self.soft.lines.is_back(&run_id, id);
        let unknown = matches!(order.record.state, OrderState::Sending | OrderState::Ambiguous);
        let answered = answer.clone();
        match answer {
            Answer::Accepted { number } => self.named(turn, &order, &number),
            Answer::OverBudget { .. } if unknown && self.waits_for_next_second(turn, &order) => {}
            Answer::Stopped(why) if unknown => {
                let merged = refused(&order.record, why.code, format!("never sent: {}", why.text));
                self.save(turn, &order, merged, Some(why));
            }
            Answer::No(why) | Answer::NotSent(why) | Answer::OverBudget { why, .. } if unknown => {
                let mut no = changed(&order.record, OrderState::Rejected, why.text.clone());
                no.order.refusal = why.code;
                self.save(turn, &order, no, Some(why));
            }
            Answer::Slower(why) | Answer::SessionDead(why) | Answer::Unknown(why) if unknown => {
                self.lost_sight(turn, &order, why);
            }
            Answer::Stopped(_)
            | Answer::No(_)
            | Answer::NotSent(_)
            | Answer::OverBudget { .. }
            | Answer::Slower(_)
            | Answer::SessionDead(_)
            | Answer::Unknown(_) => {}
        }
        turn.out.place_answered(&order.record, &answered);
        self.go_on(turn, &run_id);
    }

    fn lost_sight(&mut self, turn: &mut Turn<'_>, order: &StoredOrder, why: Why) {
        #[cfg(test)]
        if is_planted(Planted::TimeoutIsNo) {
            return self.save(turn, order, changed(&order.record, OrderState::Rejected, ""), None);
        }
        #[cfg(test)]
        if let (true, Some(session)) = (is_planted(Planted::RetryOnTimeout), turn.facts.line().session) {
            return self.call_place(turn, order, session);
        }
        let text = format!("outcome unknown ({}): looking for it at the broker", why.text);
        self.save(turn, order, changed(&order.record, OrderState::Ambiguous, text), Some(why));
        self.soft.readings.wants_one();
    }

    /// An exit that the budget kept here has not been sent, and waits for the next second.
    fn waits_for_next_second(&mut self, turn: &Turn<'_>, order: &Arc<StoredOrder>) -> bool {
        let (id, now) = (order.record.id, turn.now.since_boot);
        let waited = self.soft.exit_waits.entry(id).or_default();
        *waited += 1;
        if !order.is_exit || *waited > EXIT_WAITS_MAX {
            return false;
        }
        let line = self.soft.lines.of(&order.record.run_id);
        line.jobs.push_front(Job::Place { id, asked_at: now });
        line.rest_until = Some(now + to_next_second(turn));
        true
    }

    /// The broker took the order and names it.
    fn named(&mut self, turn: &mut Turn<'_>, order: &StoredOrder, number: &str) {
        if let Some(why) = self.contradicts(turn, &order.record, number) {
            return self.contradicted(turn, order, number, &why);
        }
        #[cfg(test)]
        if is_planted(Planted::AckForgetsUpdates) && order.record.broker_order_id.is_some() {
            let mut acked = changed(&order.record, OrderState::Acked, "");
            acked.order.filled = 0;
            return self.save(turn, order, acked, None);
        }
        if let Some(merged) = merge(&order.record, order.terms_at, &acked(number)) {
            let was_named = order.record.broker_order_id.is_some();
            self.save(turn, order, merged, None);
            if !was_named {
                self.adopt_trades(turn, order.record.id);
            }
        }
    }

    /// Why an order cannot bear this number of the broker's.
    pub(super) fn contradicts(&self, turn: &Turn<'_>, order: &OrderRecord, number: &str) -> Option<String> {
        #[cfg(test)]
        if is_planted(Planted::IgnoreTwins) {
            return None;
        }
        if let Some(ours) = order.broker_order_id.as_deref().filter(|ours| *ours != number) {
            return Some(format!("the broker has a second order under its tag: {number} beside {ours}"));
        }
        let other = self.numbered(turn, number, order.date).filter(|id| *id != order.id)?;
        let other = self.orders.get(other)?;
        Some(format!("the broker's order {number} is order {} already", other.record.run_order_id))
    }

    /// Two of the broker's orders cannot both be this one: a person must look. Said once for each.
    pub(super) fn contradicted(&mut self, turn: &mut Turn<'_>, order: &StoredOrder, number: &str, why: &str) {
        if !self.soft.said.insert(format!("{} is not {number}", order.record.id)) {
            return;
        }
        let text = format!("{why}. Look at Kite, and withdraw or close what should not be there");
        let o = &order.record;
        if o.state.is_final() || o.state == OrderState::Escalated {
            let line = format!("order {} {} {}: {text}", o.run_order_id, o.side, o.symbol);
            return turn.say(Gravity::Error, Some(&o.run_id), line);
        }
        self.save(turn, order, changed(o, OrderState::Escalated, text), None);
    }
}

/// Until the broker's next calendar second begins.
pub(super) fn to_next_second(turn: &Turn<'_>) -> Duration {
    let micros_in = turn.now.wall.micros().rem_euclid(1_000_000).unsigned_abs();
    Duration::from_micros(1_000_000 - micros_in)
}

fn acked(number: &str) -> Seen {
    Seen {
        broker_order_id: number.to_owned(),
        state: OrderState::Acked,
        filled: 0,
        average_price: Price::ZERO,
        terms: None,
        changed_at: None,
        refusal: RefusalCode::None,
        message: String::new(),
    }
}
