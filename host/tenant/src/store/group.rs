//! Rows that no order waits for: gathered from every run and written together, each run's in the order made.
//!
//! Whoever writes a run's rows holds the turn, and writes what was gathered of that run first: its journal has no hole,
//! whatever is written by whom. Knows no statement.

use super::{Book, PNL_RECORDS_PER_DAY_MAX, Store, Write};
use crate::broker_id::BrokerId;
use crate::error::StoreError;
use crate::pnl::PnlRecord;
use crate::run::RunRecord;
use market::Timestamp;
use std::collections::BTreeMap;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{MutexGuard as Turned, Notify};
use tokio::task::JoinHandle;

/// How long rows are gathered before they are written.
const GATHER: Duration = Duration::from_millis(50);

/// Gathered bytes that are written at once.
const GATHERED_BYTES_SOON: usize = 1 << 20;

/// Gathered bytes above which a run waits until some are written.
const GATHERED_BYTES_MAX: usize = 64 << 20;

/// How long a run waits for that before its step counts as not written.
const ROOM_WITHIN: Duration = Duration::from_secs(10);

/// How soon a failed write is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What the steps of one run left beside orders.
#[derive(Debug, Clone, Default)]
pub(crate) struct StepRows {
    pub(crate) event_seq: u64,
    pub(crate) time: Timestamp,
    pub(crate) journal: Vec<u8>,
    pub(crate) state: BTreeMap<String, Option<Vec<u8>>>,
    pub(crate) amounts: Vec<PnlRecord>,
}

/// What is gathered, and who may write.
#[derive(Default)]
pub(crate) struct Group {
    gathered: Mutex<Gathered>,
    turn: tokio::sync::Mutex<()>,
    due: Notify,
    room: Notify,
    closed: AtomicBool,
    writer: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Gathered {
    by_run: BTreeMap<Key, OfRun>,
    bytes: usize,
}

/// Run ids are unique within a tenant.
type Key = (BrokerId, String);

struct OfRun {
    run: RunRecord,
    rows: StepRows,
}

/// The right to write gathered rows.
pub(super) struct Turn<'a> {
    group: &'a Group,
    _turn: Turned<'a, ()>,
}

/// Rows that were taken to be written. They go back unless they were, however that came about.
pub(super) struct Taken<'a> {
    group: &'a Group,
    rows: Vec<(Key, OfRun)>,
}

impl StepRows {
    fn bytes(&self) -> usize {
        let state = self.state.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len));
        self.journal.len() + state.sum::<usize>() + self.amounts.len() * size_of::<PnlRecord>()
    }

    /// Adds what came later.
    fn then(&mut self, later: Self) {
        if !later.journal.is_empty() {
            (self.event_seq, self.time) = (later.event_seq, later.time);
        }
        self.journal.extend(later.journal);
        self.state.extend(later.state);
        self.amounts.extend(later.amounts);
    }
}

impl Group {
    /// Waits until nobody else writes.
    pub(super) async fn turn(&self) -> Turn<'_> {
        Turn { _turn: self.turn.lock().await, group: self }
    }

    fn lock(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False when there is no room just now.
    fn add(&self, key: &Key, run: &RunRecord, rows: &mut StepRows) -> bool {
        let mut gathered = self.lock();
        if gathered.bytes >= GATHERED_BYTES_MAX {
            return false;
        }
        gathered.bytes += rows.bytes();
        let soon = gathered.bytes >= GATHERED_BYTES_SOON || gathered.by_run.is_empty();
        let of_run = || OfRun { run: run.clone(), rows: StepRows::default() };
        gathered.by_run.entry(key.clone()).or_insert_with(of_run).rows.then(mem::take(rows));
        drop(gathered);
        if soon {
            self.due.notify_one();
        }
        true
    }

    fn is_large(&self) -> bool {
        self.lock().bytes >= GATHERED_BYTES_SOON
    }
}

impl<'a> Turn<'a> {
    /// What was gathered of one run.
    pub(super) fn take_run(&self, book: &Book, run: &RunRecord) -> Taken<'a> {
        let key = (book.id.clone(), run.id.clone());
        let mut gathered = self.group.lock();
        let rows: Vec<_> = gathered.by_run.remove_entry(&key).into_iter().collect();
        Taken::of(self.group, &mut gathered, rows)
    }

    /// Everything that was gathered.
    fn take_all(&self) -> Taken<'a> {
        let mut gathered = self.group.lock();
        let rows = mem::take(&mut gathered.by_run).into_iter().collect();
        Taken::of(self.group, &mut gathered, rows)
    }
}

impl<'a> Taken<'a> {
    fn of(group: &'a Group, gathered: &mut Gathered, rows: Vec<(Key, OfRun)>) -> Self {
        let bytes: usize = rows.iter().map(|(_, of_run)| of_run.rows.bytes()).sum();
        gathered.bytes = gathered.bytes.saturating_sub(bytes);
        Self { group, rows }
    }

    /// One run's rows, with those of the step that is written now behind them.
    pub(super) fn rows_with(&self, step: StepRows) -> StepRows {
        let mut rows = self.rows.first().map(|(_, of_run)| of_run.rows.clone()).unwrap_or_default();
        rows.then(step);
        rows
    }

    /// They are durable: nothing goes back.
    pub(super) fn are_written(&mut self) {
        self.rows.clear();
        self.group.room.notify_waiters();
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if self.rows.is_empty() {
            return;
        }
        let mut gathered = self.group.lock();
        for (key, mut of_run) in self.rows.drain(..) {
            gathered.bytes += of_run.rows.bytes();
            if let Some(later) = gathered.by_run.remove(&key) {
                of_run.rows.then(later.rows);
            }
            gathered.by_run.insert(key, of_run);
        }
    }
}

impl Book {
    /// Gathers a step's rows. They are durable a moment later, or with the run's next order.
    ///
    /// Waits while the database does not keep up.
    pub(crate) async fn gather(&self, run: &RunRecord, mut rows: StepRows) -> Result<(), StoreError> {
        let (group, key) = (&self.store.group, (self.id.clone(), run.id.clone()));
        let added = async {
            loop {
                let room = group.room.notified();
                if group.add(&key, run, &mut rows) {
                    return;
                }
                room.await;
            }
        };
        let waited = tokio::time::timeout(ROOM_WITHIN, added).await;
        waited.map_err(|_| StoreError::Database("it does not keep up with what runs write".to_owned()))
    }

    /// Writes what was gathered of a run now.
    pub(crate) async fn write_gathered(&self, run: &RunRecord) -> Result<(), StoreError> {
        let turn = self.store.group.turn().await;
        let mut taken = turn.take_run(self, run);
        if taken.rows.is_empty() {
            return Ok(());
        }
        let mut tx = self.write().await?;
        self.write_rows(&mut tx, run, &taken.rows_with(StepRows::default())).await?;
        tx.commit().await?;
        taken.are_written();
        Ok(())
    }

    /// The rows of some steps of one run, as part of a larger write.
    pub(super) async fn write_rows(
        &self,
        tx: &mut Write,
        run: &RunRecord,
        rows: &StepRows,
    ) -> Result<(), StoreError> {
        if !rows.journal.is_empty() {
            self.append_journal(tx, &run.id, rows.event_seq, rows.time, &rows.journal).await?;
        }
        self.write_state(tx, &run.strategy_id, rows.state.iter()).await?;
        let mut dropped = 0;
        for record in &rows.amounts {
            dropped += u32::from(!self.write_pnl_record(tx, record).await?);
        }
        if dropped > 0 {
            let text = "recorded amounts dropped: the strategy's day is full";
            tracing::warn!(broker_id = %self.id, run = %run.id, dropped, most = PNL_RECORDS_PER_DAY_MAX, text);
        }
        Ok(())
    }
}

impl Store {
    /// Writes everything gathered, in one commit.
    pub(crate) async fn write_all_gathered(&self) -> Result<(), StoreError> {
        let turn = self.group.turn().await;
        let mut taken = turn.take_all();
        if taken.rows.is_empty() {
            return Ok(());
        }
        let mut tx = self.write().await?;
        for (key, of_run) in &taken.rows {
            self.book(key.0.clone()).write_rows(&mut tx, &of_run.run, &of_run.rows).await?;
        }
        tx.commit().await?;
        taken.are_written();
        Ok(())
    }

    /// Starts the task that writes what is gathered. It holds the store only while it writes.
    pub(super) fn start_group_writer(&self) {
        let group = Arc::downgrade(&self.group);
        let store = super::WeakStore::of(self);
        let writer = tokio::spawn(write_when_due(group, store));
        *self.group.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer);
    }

    /// Writes what is left and ends the task.
    pub(super) async fn stop_group_writer(&self) {
        self.group.closed.store(true, Ordering::SeqCst);
        self.group.due.notify_one();
        let writer = self.group.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = writer.await;
        }
        if let Err(error) = self.write_all_gathered().await {
            tracing::error!("the last rows of runs were not written: {error:#}");
        }
    }
}

async fn write_when_due(group: Weak<Group>, store: super::WeakStore) {
    loop {
        let Some(held) = group.upgrade() else { return };
        // The wait ends now and then, so that a store that everybody let go of is let go of here too.
        let _ = tokio::time::timeout(RETRY, held.due.notified()).await;
        if held.closed.load(Ordering::SeqCst) {
            return;
        }
        if !held.is_large() {
            let _ = tokio::time::timeout(GATHER, held.due.notified()).await;
        }
        let Some(store) = store.upgrade() else { return };
        if let Err(error) = store.write_all_gathered().await {
            store.heard(&error);
            tracing::error!("what runs left was not written, and will be tried again: {error:#}");
            tokio::time::sleep(RETRY).await;
            held.due.notify_one();
        }
    }
}
