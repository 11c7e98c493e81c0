//! What is written together or not at all: one step's rows, orders and audit. Data only; how it is queued and written the
//! group and its writer know.

use crate::audit::AuditEntry;
use crate::pnl::PnlRecord;
use crate::run::RunRecord;
use market::Timestamp;
use std::collections::BTreeMap;

/// One durable write. What is in it is on disk together, or not at all.
#[derive(Debug, Default)]
pub(crate) struct Commit {
    /// A step of a run, with what was gathered of the run before it.
    pub(crate) step: Option<(RunRecord, StepRows)>,
    /// What a step of the order path decided.
    pub(crate) orders: Vec<orders::Write>,
    /// What is to be remembered of it.
    pub(crate) audit: Vec<AuditEntry>,
}

/// What the steps of one run left beside orders.
#[derive(Debug, Clone, Default)]
pub(crate) struct StepRows {
    /// The number of the first event in the journal's bytes.
    pub(crate) first_seq: u64,
    /// The number of the last.
    pub(crate) event_seq: u64,
    /// When that was.
    pub(crate) time: Timestamp,
    /// True where a machine begins in these bytes.
    pub(crate) begins: bool,
    pub(crate) journal: Vec<u8>,
    pub(crate) state: BTreeMap<String, Option<Vec<u8>>>,
    pub(crate) amounts: Vec<PnlRecord>,
}

impl StepRows {
    /// So many of them wait in memory.
    pub(super) fn bytes(&self) -> usize {
        let state = self.state.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len));
        self.journal.len() + state.sum::<usize>() + self.amounts.len() * size_of::<PnlRecord>()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.journal.is_empty() && self.state.is_empty() && self.amounts.is_empty()
    }

    /// Adds what came later.
    pub(super) fn then(&mut self, later: Self) {
        if !later.journal.is_empty() {
            if self.journal.is_empty() {
                self.first_seq = later.first_seq;
            }
            (self.event_seq, self.time) = (later.event_seq, later.time);
            self.begins |= later.begins;
        }
        self.journal.extend(later.journal);
        self.state.extend(later.state);
        self.amounts.extend(later.amounts);
    }
}

impl Commit {
    /// True when there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        let has_rows = self.step.as_ref().is_some_and(|(_, rows)| !rows.is_empty());
        !has_rows && self.orders.is_empty() && self.audit.is_empty()
    }
}
