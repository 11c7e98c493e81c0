//! The rows as a disk has them: what was committed, and nothing else. Knows no rule of the order path.

use super::rows::{Booked, Row, TradeKey, booked, key, row};
use crate::gate::{LossLatch, RiskLimits};
use crate::{ForeignOrder, KillSwitch, Loaded, Mode, StoredOrder, SwitchScope, Switches, TradeRecord, Write};
use market::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Everything an account has on the disk.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    pub(super) orders: BTreeMap<i64, StoredOrder>,
    pub(super) trades: BTreeMap<TradeKey, TradeRecord>,
    pub(super) switches: Switches,
    pub(super) limits: RiskLimits,
    pub(super) latch: Option<LossLatch>,
    pub(super) calls: Vec<(i64, Timestamp)>,
    pub(super) foreign: Vec<ForeignOrder>,
    /// The session of the last login, as it is kept.
    pub(super) token: Option<u32>,
}

impl Tables {
    /// One transaction: all of it.
    pub(super) fn commit(&mut self, writes: &[Write]) {
        for write in writes {
            self.write(write);
        }
    }

    fn write(&mut self, write: &Write) {
        match write {
            Write::Insert(order) | Write::Update { order, answer: _ } => {
                let mut row: StoredOrder = StoredOrder::clone(order);
                // A wish is a column of its own: a row that is written again does not lose it.
                row.cancel_wanted |= self.orders.get(&row.record.id).is_some_and(|was| was.cancel_wanted);
                row.terms_at = None;
                self.orders.insert(row.record.id, row);
            }
            Write::Wish { id, by_run: _ } => {
                if let Some(row) = self.orders.get_mut(id) {
                    row.cancel_wanted = true;
                }
            }
            Write::Answered { .. } => {}
            Write::Call { id, at, .. } => self.calls.push((*id, *at)),
            Write::CallAnswered { id, left, why: _ } => {
                let stayed = self.calls.iter().rposition(|(of, _)| of == id).filter(|_| !left);
                stayed.map(|index| self.calls.remove(index));
            }
            Write::Trades(trades) => {
                for trade in trades {
                    self.trades.entry(key(&trade.trade)).or_insert_with(|| trade.clone());
                }
            }
            Write::Adopt { date, number, run_id, strategy_id } => {
                let of_order = self.trades.values_mut().filter(|t| t.trade.order_id == *number);
                for trade in of_order.filter(|t| t.run_id.is_none() && t.trade.date() >= *date) {
                    trade.run_id = Some(run_id.clone());
                    trade.strategy_id = Some(strategy_id.clone());
                }
            }
            Write::Switch { scope, switch } => self.switches.set(scope, switch.clone()),
            Write::Risk { limits, latch, .. } => {
                (self.limits, self.latch) = (RiskLimits::clone(limits), *latch);
            }
            Write::Foreign(order) => self.foreign.push(order.clone()),
            Write::ForeignAccepted { tags, at: _ } => {
                let seen = self.foreign.iter_mut().filter(|order| tags.contains(&order.tag));
                seen.for_each(|order| order.is_accepted = true);
            }
        }
    }

    /// The host's switch is no account's row, but it is as durable.
    pub(super) fn switch_host(&mut self, switch: KillSwitch) {
        self.switches.set(&SwitchScope::Host, switch);
    }

    /// What a process reads when it begins.
    pub(super) fn load(&self, now: Timestamp) -> Loaded {
        let today = now.date();
        let yesterday = today.previous();
        let sent = self.orders.values().filter(|order| order.record.mode == Mode::Live);
        let sent = sent.filter_map(|order| order.sent_at);
        let calls = self.calls.iter().map(|(_, at)| *at).chain(sent).filter(|at| at.date() == today);
        let recent = |trade: &&TradeRecord| trade.mode == Mode::Live && trade.trade.date() >= yesterday;
        Loaded {
            orders: self.orders.values().cloned().collect(),
            damaged: Vec::new(),
            trades: self.trades.values().filter(recent).cloned().collect(),
            next_order_id: self.orders.keys().next_back().copied().unwrap_or(0) + 1,
            switches: self.switches.clone(),
            limits: self.limits.clone(),
            latch: self.latch,
            calls: calls.collect(),
            foreign: self.foreign.clone(),
        }
    }

    /// The rows in the witness's words.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        self.orders.values().map(row)
    }

    /// The booked trades in the witness's words.
    pub(super) fn booked(&self) -> impl Iterator<Item = (TradeKey, Booked)> + '_ {
        self.trades.iter().map(|(key, trade)| (key.clone(), booked(trade)))
    }
}

/// The orders that these writes changed.
pub(super) fn touched(writes: &[Write]) -> BTreeSet<i64> {
    let of = |write: &Write| match write {
        Write::Insert(order) | Write::Update { order, answer: _ } => Some(order.record.id),
        Write::Wish { id, by_run: _ } => Some(*id),
        Write::Answered { .. } | Write::Call { .. } | Write::CallAnswered { .. } => None,
        Write::Trades(_) | Write::Adopt { .. } | Write::Switch { .. } => None,
        Write::Risk { .. } | Write::Foreign(_) | Write::ForeignAccepted { .. } => None,
    };
    writes.iter().filter_map(of).collect()
}

#[test]
fn a_wish_outlives_a_row_that_is_written_again() {
    let record = crate::paper::test_order(1);
    let order = Arc::new(StoredOrder::new(record, -1, None));
    let mut tables = Tables::default();
    let again = Write::Update { order: Arc::clone(&order), answer: None };
    tables.commit(&[Write::Insert(order), Write::Wish { id: 1, by_run: None }, again]);
    assert!(tables.orders[&1].cancel_wanted && tables.load(Timestamp::EPOCH).next_order_id == 2);
}
