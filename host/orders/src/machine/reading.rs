//! What the broker's book says, whole or one order at a time: merged forward only, found by mark or number, never guessed.

use super::{Core, Turn};
use crate::book::{BookOrder, Reading};
use crate::effect::Gravity;
use crate::merge::{Seen, Terms, merge};
#[cfg(test)]
use crate::planted::{Planted, is_planted};
use crate::record::{OrderRecord, RefusalCode};
use crate::stored::StoredOrder;
use market::{OrderState, TradingDate};
use std::sync::Arc;

impl Core {
    /// One reading of the broker's book. The gate opens under its session once all of it was dealt with.
    pub(super) fn read(&mut self, turn: &mut Turn<'_>, reading: &Reading) {
        self.soft.readings.came_back(turn.now.since_boot, self.settings.poll_every);
        #[cfg(test)]
        let open_alone = is_planted(Planted::TrustOpenOrdersAlone).then(|| reading.with_open_orders_alone());
        #[cfg(test)]
        let reading = open_alone.as_ref().unwrap_or(reading);
        for row in &reading.orders.rows {
            self.apply(turn, row);
        }
        self.apply_absence(turn, reading);
        self.book_listed(turn, &reading.trades);
        if reading.orders.is_whole() {
            self.settle_changes(turn, reading.began.since_boot);
        }
        let began = reading.began.since_boot;
        self.soft.book_read = Some(self.soft.book_read.map_or(began, |read| read.max(began)));
        self.compare_positions(turn, reading);
        if self.soft.jumped.is_none_or(|jumped| began > jumped) {
            self.open_gate(turn, reading.session);
        }
        let waiting: Vec<String> = self.soft.lines.0.keys().cloned().collect();
        waiting.iter().for_each(|run_id| self.go_on(turn, run_id));
    }

    /// What stands was compared with the broker under this session.
    fn open_gate(&mut self, turn: &mut Turn<'_>, session: u64) {
        #[cfg(test)]
        let session = match turn.facts.line().session {
            Some(newest) if is_planted(Planted::IgnoreSession) => newest,
            Some(_) | None => session,
        };
        if self.soft.reconciled >= session {
            return;
        }
        self.soft.reconciled = session;
        self.soft.wishes.renew();
        turn.say(Gravity::Info, None, "orders and trades compared with the broker: trading is open");
    }

    /// What the ticker says of one order. Fills are booked from the trade list, which is asked for at once.
    pub(super) fn heard(&mut self, turn: &mut Turn<'_>, row: &BookOrder) {
        if self.apply(turn, row) {
            self.soft.readings.wants_one();
        }
    }

    /// True when the trades of some of the order's units are not booked yet.
    fn apply(&mut self, turn: &mut Turn<'_>, row: &BookOrder) -> bool {
        if row.account.as_deref().is_some_and(|account| account != self.settings.account) {
            if self.soft.said.insert(format!("{} is of another account", row.number)) {
                let text = format!("the broker sent order {} of another account: dropped", row.number);
                turn.say(Gravity::Error, None, text);
            }
            return false;
        }
        let date = row.placed_at.map_or_else(|| turn.today(), |at| at.date());
        let owed = self.trades.hear(&row.number, date, row.filled);
        match self.find(turn, row, date) {
            Some(id) => self.apply_to(turn, id, row),
            None => self.of_other_hands(turn, row),
        }
        owed
    }

    /// The order that bears the row's mark, else its number.
    fn find(&self, turn: &Turn<'_>, row: &BookOrder, date: TradingDate) -> Option<i64> {
        self.orders.by_tag(&row.tags).or_else(|| self.numbered(turn, &row.number, date))
    }

    fn apply_to(&mut self, turn: &mut Turn<'_>, id: i64, row: &BookOrder) {
        let Some(order) = self.orders.get(id).cloned() else { return };
        let why = self.contradicts(turn, &order.record, &row.number).or_else(|| stranger(&order.record, row));
        if let Some(why) = why {
            return self.contradicted(turn, &order, &row.number, &why);
        }
        self.note_word(turn, &order, row);
        let mut seen = seen(row);
        self.soft.pending.told(id, seen.terms, turn.now.since_boot);
        let is_of_one_time = seen.changed_at.is_some() && seen.changed_at == order.terms_at;
        if is_of_one_time && self.soft.pending.made(id, Terms::of(&order.record), turn.now.since_boot) {
            // The exchange's time has whole seconds: what else is told of this one was before our newest change.
            seen.terms = None;
        }
        let (given_up, was_named) = (order.record.state.is_final(), order.record.broker_order_id.is_some());
        let order = self.note_time_of_terms(turn, order, &seen);
        if let Some(merged) = merge(&order.record, order.terms_at, &seen) {
            let shown = Terms::of(&merged.order);
            let (is_corrected, stands) =
                (merged.order.state != order.record.state, !merged.order.state.is_final());
            self.save(turn, &order, merged, None);
            self.soft.pending.shown(id, shown);
            if given_up && is_corrected {
                self.found_late(turn, &order, stands);
            }
            if !was_named {
                self.adopt_trades(turn, id);
            }
        }
        // It stands in the book: nothing of it is to be proven.
        self.soft.absences.remove(&id);
    }

    /// The terms that we know are shown again as of a later time: what is told of an earlier one is old, though nothing
    /// changes with this row. Kept in memory alone, as the time of terms is.
    fn note_time_of_terms(
        &mut self,
        turn: &Turn<'_>,
        order: Arc<StoredOrder>,
        seen: &Seen,
    ) -> Arc<StoredOrder> {
        let is_same = seen.terms.is_some_and(|terms| terms == Terms::of(&order.record));
        let later = seen.changed_at.filter(|at| order.terms_at.is_none_or(|known| known < *at));
        if !is_same || later.is_none() || order.record.state.is_final() {
            return order;
        }
        let id = order.record.id;
        let noted = Arc::new(StoredOrder { terms_at: later, ..(*order).clone() });
        let touched = self.orders.touched(id).unwrap_or(turn.now.since_boot);
        let stands = self.orders.standing_one(id).is_some();
        self.orders.put(Arc::clone(&noted), stands, touched);
        noted
    }

    /// An order that was given up is there after all.
    fn found_late(&mut self, turn: &mut Turn<'_>, order: &StoredOrder, stands: bool) {
        let o = &order.record;
        let withdrawn = stands && self.settings.withdraws_late_finds;
        let then = if withdrawn { "it is being withdrawn" } else { "it is followed from here on" };
        let text = format!(
            "order {} {} {} was {} here and stands in the broker's book after all: {then}",
            o.run_order_id, o.side, o.symbol, o.state
        );
        turn.say(Gravity::Error, Some(&o.run_id), text);
        if withdrawn {
            self.want_withdrawn(turn, o.id);
        }
    }

    /// A word of the broker's that nobody here knows is said once.
    fn note_word(&mut self, turn: &mut Turn<'_>, order: &StoredOrder, row: &BookOrder) {
        if row.is_word_known || !self.soft.said.insert(format!("{} says {}", row.number, row.status)) {
            return;
        }
        let text = format!(
            "order {}: the broker says `{}`, which is not known here: it counts as standing",
            order.record.run_order_id, row.status
        );
        turn.say(Gravity::Error, Some(&order.record.run_id), text);
    }
}

/// What shows that the row is not of this order although it bears its mark or number.
fn stranger(order: &OrderRecord, row: &BookOrder) -> Option<String> {
    let number = &row.number;
    if let Some(symbol) = row.symbol.as_ref().filter(|symbol| **symbol != order.symbol) {
        return Some(format!("the broker's order {number} is of {symbol}"));
    }
    let other_side = row.side.filter(|side| *side != order.side)?;
    Some(format!("the broker's order {number} is a {other_side}"))
}

/// What the row says of the order's way.
fn seen(row: &BookOrder) -> Seen {
    let terms = row.kind.filter(|_| row.is_modified).map(|kind| Terms {
        kind,
        quantity: row.quantity,
        price: row.price,
        trigger: row.trigger,
    });
    let lacks_funds = row.message.to_lowercase().contains("fund");
    let refusal = match (row.state == OrderState::Rejected, lacks_funds) {
        (true, true) => RefusalCode::Margin,
        (true, false) => RefusalCode::Exchange,
        (false, _) => RefusalCode::None,
    };
    Seen {
        broker_order_id: row.number.clone(),
        state: row.state,
        filled: row.filled,
        average_price: row.average_price,
        terms,
        changed_at: row.changed_at,
        refusal,
        message: row.message.clone(),
    }
}
