//! Changes of orders that stand: each builds upon what the broker took last, and one whose outcome nobody knows is looked
//! up in the book before it goes out again. Values are absolute, so a change that arrives twice does no harm.

use super::{Core, Turn};
use crate::answer::{Answer, Why};
use crate::effect::{Effect, Gravity, ModifyCall};
use crate::facts::StoreHealth;
use crate::merge::{Merged, Terms};
use crate::record::{OrderRecord, RefusalCode};
use crate::stored::{StoredOrder, request};
use crate::write::{CallKind, Write};
use market::{Change, Price};
use std::time::Duration;

/// How often a change may leave whose outcome stays unknown.
const CHANGE_TRIES_MAX: u32 = 3;
/// How long after it was asked for a change may leave again.
const CHANGE_AGAIN_WITHIN: Duration = Duration::from_secs(30);

/// A change that left and is not settled.
#[derive(Debug, Clone)]
pub(crate) struct ChangeAway {
    /// What the order showed before.
    before: Terms,
    /// What it shall show.
    wanted: Terms,
    change: Change,
    asked_at: Duration,
    tries: u32,
    /// Since when nobody knows what became of it; none while it is away.
    unknown_at: Option<Duration>,
}

impl Core {
    /// True when the change is on its way now.
    pub(super) fn change_leaves(
        &mut self,
        turn: &mut Turn<'_>,
        id: i64,
        change: Change,
        asked_at: Duration,
    ) -> bool {
        let Some(order) = self.orders.standing_one(id).cloned() else { return false };
        if let Some((code, text)) = self.why_not_changed(turn, &order, asked_at) {
            not_changed(turn, &order.record, code, &text);
            return false;
        }
        if self.soft.changes.contains_key(&id) {
            not_changed(turn, &order.record, RefusalCode::Other, "the change before is still under way");
            return false;
        }
        let shown = Terms::of(&order.record);
        let base = self.soft.pending.base(id, shown);
        let (Some(base), Some(session)) = (base, turn.facts.line().session) else {
            let text = "the outcome of the change before is unknown: try again when the order book was read";
            not_changed(turn, &order.record, RefusalCode::Other, text);
            return false;
        };
        let wanted = base.with(&change);
        let away = ChangeAway {
            before: shown,
            wanted,
            change: change.clone(),
            asked_at,
            tries: 1,
            unknown_at: None,
        };
        self.soft.changes.insert(id, away);
        self.call_modify(turn, &order, base, change, session)
    }

    fn why_not_changed(
        &self,
        turn: &Turn<'_>,
        order: &StoredOrder,
        asked_at: Duration,
    ) -> Option<(RefusalCode, String)> {
        if self.soft.switches.stops(&order.record.run_id).is_some() {
            return Some((RefusalCode::KillSwitch, "the kill switch is on".to_owned()));
        }
        if turn.facts.store() == StoreHealth::Failed {
            return Some((RefusalCode::Store, "the disk failed: it cannot be written down".to_owned()));
        }
        if let Some(late_ms) = self.late_ms(turn, asked_at) {
            return Some((RefusalCode::Other, format!("its turn did not come within {late_ms} ms")));
        }
        let line = turn.facts.line();
        if let Err(down) = line.sending_session(turn.now.wall) {
            return Some((RefusalCode::NoSession, down.to_string()));
        }
        if !self.is_reconciled(&line) {
            let text = "the orders of before are still being compared with the broker";
            return Some((RefusalCode::NoSession, text.to_owned()));
        }
        if let Some(refusal) = self.why_not_trading(false) {
            return Some((refusal.code, refusal.text));
        }
        order.record.broker_order_id.is_none().then(|| {
            let text = "the broker has not named the order yet: change it once it is acknowledged";
            (RefusalCode::Other, text.to_owned())
        })
    }

    /// What became of a change. Whether it took effect shows in the order book; a refusal is told to the run.
    pub(super) fn modified(&mut self, turn: &mut Turn<'_>, id: i64, answer: Answer) {
        let Some(order) = self.orders.get(id).cloned() else { return };
        let run_id = order.record.run_id.clone();
        let now = turn.now.since_boot;
        if turn.facts.store() != StoreHealth::Failed {
            turn.out.call_answered(id, &answer);
        }
        if let Some(away) = self.soft.changes.get_mut(&id) {
            if away.tries == 1 {
                self.soft.lines.is_back(&run_id, id);
            }
            match answer {
                Answer::Accepted { .. } => {
                    let wanted = away.wanted;
                    self.soft.changes.remove(&id);
                    self.soft.pending.taken(id, wanted, now);
                }
                Answer::Unknown(why) | Answer::Slower(why) | Answer::SessionDead(why) => {
                    away.unknown_at = Some(now);
                    self.soft.pending.unknown(id, now);
                    let text = format!(
                        "order {}: outcome of its change unknown ({})",
                        order.record.run_order_id, why.text
                    );
                    turn.say(Gravity::Warn, Some(&run_id), text);
                }
                Answer::No(why)
                | Answer::NotSent(why)
                | Answer::Stopped(why)
                | Answer::OverBudget { why, .. } => {
                    self.soft.changes.remove(&id);
                    let Why { code, text, .. } = why;
                    not_changed(turn, &order.record, code, &format!("refused: {text}"));
                }
            }
        } else {
            self.soft.lines.is_back(&run_id, id);
        }
        self.soft.readings.wants_one();
        self.go_on(turn, &run_id);
    }

    /// The whole book was read from this instant on: changes that nobody knew of show there, or go out again.
    pub(super) fn settle_changes(&mut self, turn: &mut Turn<'_>, began: Duration) {
        self.soft.pending.read(began);
        let unknown = |away: &ChangeAway| away.unknown_at.is_some_and(|at| at < began);
        let due: Vec<i64> =
            self.soft.changes.iter().filter(|(_, away)| unknown(away)).map(|(id, _)| *id).collect();
        for id in due {
            let (Some(away), Some(order)) =
                (self.soft.changes.remove(&id), self.orders.standing_one(id).cloned())
            else {
                continue;
            };
            let shown = Terms::of(&order.record);
            if shown == away.wanted {
                continue;
            }
            let in_time = turn.now.since_boot < away.asked_at + CHANGE_AGAIN_WITHIN;
            let again = shown == away.before && in_time && away.tries < CHANGE_TRIES_MAX;
            let hindered = self.why_not_changed(turn, &order, turn.now.since_boot);
            match (turn.facts.line().session, hindered) {
                (Some(session), None) if again => {
                    let change = away.change.clone();
                    let next = ChangeAway { tries: away.tries + 1, unknown_at: None, ..away };
                    self.soft.changes.insert(id, next);
                    self.soft.gates.of(order.record.mode).count(turn.now.wall);
                    self.call_modify(turn, &order, shown, change, session);
                }
                (_, hindered) => {
                    let why = hindered
                        .map_or_else(|| "the order book does not show it".to_owned(), |(_, text)| text);
                    not_changed(turn, &order.record, RefusalCode::Other, &why);
                }
            }
        }
    }

    /// A change on paper takes effect at once.
    pub(super) fn change_on_paper(&mut self, turn: &mut Turn<'_>, order: &StoredOrder, change: &Change) {
        let Terms { kind, quantity, price, trigger } = Terms::of(&order.record).with(change);
        let changed = OrderRecord { kind, quantity, price, trigger, ..order.record.clone() };
        let merged = Merged { order: changed, fill_quantity: 0, fill_price: Price::ZERO, terms_at: None };
        self.save(turn, order, merged, None);
    }

    /// The change is on its way once this step is durable.
    fn call_modify(
        &self,
        turn: &mut Turn<'_>,
        order: &StoredOrder,
        base: Terms,
        change: Change,
        session: u64,
    ) -> bool {
        let Some(number) = order.record.broker_order_id.clone() else { return false };
        let (id, run_id, at) = (order.record.id, order.record.run_id.clone(), turn.now.wall);
        let what = CallKind::Change(change.clone());
        turn.out.writes.push(Write::Call { id, run_id: run_id.clone(), at, what });
        turn.out.calls.push(Effect::Modify(ModifyCall {
            id,
            run_id,
            session,
            not_after: self.not_after(turn),
            number,
            current: base.request(request(&order.record, order.market_protection)),
            change,
        }));
        true
    }
}

/// The order stands as before; only this update says why.
fn not_changed(turn: &mut Turn<'_>, order: &OrderRecord, code: RefusalCode, why: &str) {
    let message = format!("not changed: {why}");
    turn.say(Gravity::Warn, Some(&order.run_id), format!("order {}: {message}", order.run_order_id));
    Core::tell_only(turn, order, code, message);
}
