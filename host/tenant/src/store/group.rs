//! The one queue of durable writes: what waits of every run and tenant is written together, each run's in the order made.
//!
//! Two kinds wait. A commit is somebody's who waits for it, such as a step with an order; rows without one are gathered for
//! a moment. Whoever writes a run's step takes what was gathered of that run along, before it: its journal has no hole.
//! Knows no statement, and not when anything is written.

use super::Book;
use super::commit::{Commit, StepRows};
use crate::broker_id::BrokerId;
use crate::error::StoreError;
use crate::run::RunRecord;
use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;

/// Gathered bytes that are written at once.
const GATHERED_BYTES_SOON: usize = 1 << 20;

/// Gathered bytes above which a run waits until some are written.
pub(super) const GATHERED_BYTES_MAX: usize = 64 << 20;

/// How long a run waits for that before its step counts as not written.
const ROOM_WITHIN: Duration = Duration::from_secs(10);

/// Runs whose gathered rows go into one transaction: what somebody waits for must not stand behind more.
pub(super) const GATHERED_RUNS_AT_ONCE: usize = 256;

/// Gathered bytes after which a transaction takes no further run's, for the same reason: some ten milliseconds' work.
pub(super) const GATHERED_BYTES_AT_ONCE: usize = 1 << 20;

/// What waits to be written.
#[derive(Default)]
pub(crate) struct Group {
    waiting: Mutex<Waiting>,
    /// There is something to write, or more of it.
    pub(super) due: Notify,
    /// Some of it was written.
    room: Notify,
    is_open: AtomicBool,
    /// Transactions that were written.
    commits: AtomicU64,
    pub(super) writer: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Waiting {
    gathered: BTreeMap<Key, OfRun>,
    bytes: usize,
    asked: Vec<Asked>,
    /// Whose rows are written next, where they are due.
    due: VecDeque<Key>,
}

/// Run ids are unique within a tenant.
pub(super) type Key = (BrokerId, String);

/// Gathered rows of one run.
pub(super) struct OfRun {
    pub(super) run: RunRecord,
    pub(super) rows: StepRows,
    /// How often they could not be written although others could.
    pub(super) failed: u32,
    /// Not before this are they tried again by themselves.
    pub(super) rest_until: Option<Instant>,
}

/// A commit with whoever waits for it.
pub(super) struct Asked {
    pub(super) id: BrokerId,
    pub(super) commit: Commit,
    /// What is gathered of every run comes before it.
    all: bool,
    done: oneshot::Sender<Result<(), StoreError>>,
}

/// What is written or fails together: a commit, gathered rows, or a commit with the gathered rows of its run.
pub(super) struct Member {
    pub(super) id: BrokerId,
    pub(super) gathered: Option<OfRun>,
    pub(super) asked: Option<Asked>,
}

impl Asked {
    /// Whoever asked may have gone.
    pub(super) fn answer(self, outcome: Result<(), StoreError>) {
        let _ = self.done.send(outcome);
    }
}

impl Member {
    /// True when there is nothing to write: somebody waits only for what others wrote before.
    pub(super) fn is_empty(&self) -> bool {
        self.gathered.is_none() && self.asked.as_ref().is_none_or(|asked| asked.commit.is_empty())
    }

    /// The run and its rows: what was gathered first.
    pub(super) fn rows(&self) -> Option<(&RunRecord, StepRows)> {
        let step = self.asked.as_ref().and_then(|asked| asked.commit.step.as_ref());
        match (&self.gathered, step) {
            (Some(gathered), Some((_, step))) => {
                let mut rows = gathered.rows.clone();
                rows.then(step.clone());
                Some((&gathered.run, rows))
            }
            (Some(gathered), None) => Some((&gathered.run, gathered.rows.clone())),
            (None, Some((run, step))) => Some((run, step.clone())),
            (None, None) => None,
        }
    }
}

impl Group {
    pub(super) fn is_closed(&self) -> bool {
        !self.is_open.load(Ordering::SeqCst)
    }

    /// Somebody writes what waits from now on.
    pub(super) fn open(&self) {
        self.is_open.store(true, Ordering::SeqCst);
    }

    /// Nothing is taken in any more; what waits is still written.
    pub(super) fn close(&self) {
        self.is_open.store(false, Ordering::SeqCst);
        self.due.notify_one();
    }

    /// Nobody writes any more: whoever waits is told.
    pub(super) fn fall(&self) {
        self.close();
        let asked = mem::take(&mut self.lock().asked);
        asked.into_iter().for_each(|asked| asked.answer(Err(gone())));
    }

    /// True when somebody waits, or so much is gathered that it is written at once, or some of what is due is left.
    pub(super) fn is_urgent(&self) -> bool {
        let waiting = self.lock();
        !waiting.asked.is_empty() || waiting.bytes >= GATHERED_BYTES_SOON || !waiting.due.is_empty()
    }

    pub(super) fn is_idle(&self) -> bool {
        let waiting = self.lock();
        waiting.asked.is_empty() && waiting.gathered.is_empty()
    }

    /// What is written next: every commit, with what was gathered of its run; of what was gathered of the others as much as
    /// one transaction takes, where it is due and the disk has room for it.
    pub(super) fn take(&self, is_due: bool, has_room: bool) -> Vec<Member> {
        let mut waiting = self.lock();
        let asked = mem::take(&mut waiting.asked);
        let all = self.is_closed() || asked.iter().any(|asked| asked.all);
        if !all && !has_room {
            waiting.due.clear();
        } else if all || ((is_due || waiting.bytes >= GATHERED_BYTES_SOON) && waiting.due.is_empty()) {
            waiting.all_are_due(all);
        }
        let mut members = Vec::new();
        for asked in asked {
            let key = asked.commit.step.as_ref().map(|(run, _)| (asked.id.clone(), run.id.clone()));
            let gathered = key.and_then(|key| waiting.remove(&key));
            members.push(Member { id: asked.id.clone(), gathered, asked: Some(asked) });
        }
        let (mut runs, mut bytes) = (0, 0);
        while all || (runs < GATHERED_RUNS_AT_ONCE && bytes < GATHERED_BYTES_AT_ONCE) {
            let Some(key) = waiting.due.pop_front() else { break };
            let Some(gathered) = waiting.remove(&key) else { continue };
            (runs, bytes) = (runs + 1, bytes + gathered.rows.bytes());
            members.push(Member { id: key.0, gathered: Some(gathered), asked: None });
        }
        // Who waits for what others left comes behind it.
        members.sort_by_key(Member::is_empty);
        members
    }

    /// Gathered rows that could not be written go back before what came later.
    pub(super) fn put_back(&self, id: BrokerId, mut of_run: OfRun) {
        let mut waiting = self.lock();
        let key = (id, of_run.run.id.clone());
        if let Some(later) = waiting.remove(&key) {
            of_run.rows.then(later.rows);
        }
        waiting.bytes += of_run.rows.bytes();
        waiting.gathered.insert(key, of_run);
    }

    /// How many transactions were written since the store was opened.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(super) fn count_commit(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    /// Some room was made.
    pub(super) fn were_written(&self) {
        self.room.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False when there is no room just now.
    fn add(&self, key: &Key, run: &RunRecord, rows: &mut StepRows) -> bool {
        let mut waiting = self.lock();
        if waiting.bytes >= GATHERED_BYTES_MAX {
            return false;
        }
        waiting.bytes += rows.bytes();
        let (is_first, before) = (waiting.gathered.is_empty(), waiting.bytes);
        let of_run = || OfRun { run: run.clone(), rows: StepRows::default(), failed: 0, rest_until: None };
        waiting.gathered.entry(key.clone()).or_insert_with(of_run).rows.then(mem::take(rows));
        // Once, when it becomes much: rows that rest until their next try must not be asked for with every step.
        let becomes_much = before < GATHERED_BYTES_SOON && waiting.bytes >= GATHERED_BYTES_SOON;
        drop(waiting);
        if is_first || becomes_much {
            self.due.notify_one();
        }
        true
    }

    fn ask(&self, asked: Asked) {
        let mut waiting = self.lock();
        if self.is_closed() {
            drop(waiting);
            return asked.answer(Err(gone()));
        }
        waiting.asked.push(asked);
        drop(waiting);
        self.due.notify_one();
    }
}

impl Waiting {
    /// What was gathered until now is written next; what just failed only where everything must be.
    fn all_are_due(&mut self, all: bool) {
        let now = Instant::now();
        let is_due = |of_run: &OfRun| all || of_run.rest_until.is_none_or(|until| until <= now);
        let due = self.gathered.iter().filter(|(_, of_run)| is_due(of_run)).map(|(key, _)| key.clone());
        self.due = due.collect();
    }

    fn remove(&mut self, key: &Key) -> Option<OfRun> {
        let of_run = self.gathered.remove(key)?;
        self.bytes = self.bytes.saturating_sub(of_run.rows.bytes());
        Some(of_run)
    }
}

impl Book {
    /// Writes all of it durably, together with whatever else waits. To be awaited to its end.
    pub(crate) async fn commit(&self, commit: Commit) -> Result<(), StoreError> {
        self.ask(commit, false).await
    }

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
        self.commit(Commit { step: Some((run.clone(), StepRows::default())), ..Commit::default() }).await
    }

    /// Writes what was gathered of every run now.
    pub(crate) async fn write_all_gathered(&self) -> Result<(), StoreError> {
        self.ask(Commit::default(), true).await
    }

    async fn ask(&self, commit: Commit, all: bool) -> Result<(), StoreError> {
        let (done, told) = oneshot::channel();
        self.store.group.ask(Asked { id: self.id.clone(), commit, all, done });
        told.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn gone() -> StoreError {
    StoreError::Database("it takes no writes: the host is going down".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::RunState;
    use market::Timestamp;

    fn run(id: &str) -> RunRecord {
        RunRecord {
            id: id.to_owned(),
            strategy_id: "s".to_owned(),
            strategy_name: "alpha".to_owned(),
            version: 1,
            mode: ::orders::Mode::Live,
            params: serde_json::json!({}),
            state: RunState::Running,
            reason: None,
            started_at: Timestamp::EPOCH,
            stopped_at: None,
            restarts: 0,
            square_off: false,
        }
    }

    #[tokio::test]
    async fn on_a_full_disk_only_what_somebody_waits_for_is_taken() {
        let group = Group::default();
        group.open();
        let id = BrokerId::named("UK9394").unwrap();
        for name in ["a", "b"] {
            let mut rows = StepRows { journal: vec![0; GATHERED_BYTES_SOON], ..StepRows::default() };
            assert!(group.add(&(id.clone(), name.to_owned()), &run(name), &mut rows));
        }
        assert!(group.take(true, false).is_empty());
        let commit = Commit { step: Some((run("a"), StepRows::default())), ..Commit::default() };
        let (done, _told) = oneshot::channel();
        group.ask(Asked { id: id.clone(), commit, all: false, done });
        let taken = group.take(true, false);
        assert_eq!(taken.len(), 1, "its own run's rows go with it");
        assert!(taken[0].gathered.is_some());
        assert_eq!(group.take(true, true).len(), 1, "there is room again");
    }
}
