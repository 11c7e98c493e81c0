//! The one task that writes what waits: everything at once, and each on its own where that fails.
//!
//! Knows no statement; what a member of a group is made of, the queue and the rows' own files know.

use super::commit::{Commit, StepRows};
use super::group::{Group, Member};
use super::journal::Links;
use super::{Book, PNL_RECORDS_PER_DAY_MAX, Store, WeakStore, Write};
use crate::error::StoreError;
use crate::run::RunRecord;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, PoisonError, Weak};
use std::time::{Duration, Instant};

/// How long rows are gathered before they are written.
const GATHER: Duration = Duration::from_millis(50);

/// How soon a failed write is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// How often one run's gathered rows may fail while those of others are written. Then they are given up: a row that no
/// database takes would else stop every run when the memory for gathered rows is full of its followers.
const TRIES_MAX: u32 = 60;

/// Why a group was not written.
enum Unwritten {
    /// The database took nothing at all.
    All(StoreError),
    /// It did not take something of what was to be written together.
    Some(StoreError),
}

impl Unwritten {
    /// A disk that takes nothing is no fault of the row that found it out.
    fn of_a_row(error: StoreError) -> Self {
        match error {
            StoreError::Full(_) | StoreError::Failed(_) => Self::All(error),
            StoreError::Database(_) | StoreError::Unreadable { .. } => Self::Some(error),
        }
    }
}

impl Store {
    /// Starts the task that writes what waits. It holds the store only while it writes.
    pub(super) fn start_group_writer(&self) {
        self.start_writing(write_when_due(Arc::downgrade(&self.group), WeakStore::of(self)));
    }

    pub(super) fn start_writing(&self, writing: impl Future<Output = ()> + Send + 'static) {
        self.group.open();
        let (group, space, fallen) = (Arc::downgrade(&self.group), self.space.clone(), self.fallen.clone());
        let writer = tokio::spawn(async move {
            if AssertUnwindSafe(writing).catch_unwind().await.is_ok() {
                return;
            }
            // What it held in its hands is lost: nobody may wait for it, and nothing new may be asked of it.
            if let Some(space) = space {
                space.heard(&StoreError::Failed("the task that writes has fallen".to_owned()));
            }
            if let Some(group) = group.upgrade() {
                group.fall();
            }
            fallen.cancel();
        });
        *self.group.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer);
    }

    /// Writes what is left and ends the task.
    pub(super) async fn stop_group_writer(&self) {
        self.group.close();
        let writer = self.group.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = writer.await;
        }
    }

    /// Writes these together. Whoever waits is answered; false when gathered rows went back.
    async fn write_group(&self, links: &mut Links, members: Vec<Member>) -> bool {
        match self.write_together(links, &members).await {
            Ok(()) => {
                members.into_iter().for_each(|member| self.written(member));
                true
            }
            Err(Unwritten::All(error)) => {
                self.heard(&error);
                members.into_iter().for_each(|member| self.not_written(member, &error, false));
                false
            }
            Err(Unwritten::Some(_)) => self.write_each(links, members).await,
        }
    }

    /// Each on its own, so that what the database does not take fails nobody else.
    async fn write_each(&self, links: &mut Links, members: Vec<Member>) -> bool {
        let mut all_written = true;
        let mut broken: Option<StoreError> = None;
        for member in members {
            if member.is_empty() && !all_written {
                let error = StoreError::Database("what was to be written before it is not".to_owned());
                self.not_written(member, &error, false);
                continue;
            }
            let outcome = match &broken {
                Some(error) => Err(Unwritten::All(error.clone())),
                None => self.write_together(links, std::slice::from_ref(&member)).await,
            };
            match outcome {
                Ok(()) => self.written(member),
                Err(Unwritten::Some(error)) => {
                    self.heard(&error);
                    all_written &= member.gathered.is_none();
                    self.not_written(member, &error, true);
                }
                Err(Unwritten::All(error)) => {
                    self.heard(&error);
                    all_written = false;
                    self.not_written(member, &error, false);
                    broken.get_or_insert(error);
                }
            }
        }
        all_written
    }

    async fn write_together(&self, links: &mut Links, members: &[Member]) -> Result<(), Unwritten> {
        if members.iter().all(Member::is_empty) {
            return Ok(());
        }
        links.forget_unwritten();
        let mut tx = self.write().await.map_err(Unwritten::All)?;
        for member in members {
            let book = self.book(member.id.clone());
            book.write_member(&mut tx, links, member).await.map_err(Unwritten::of_a_row)?;
        }
        tx.commit().await.map_err(|error| Unwritten::All(error.into()))?;
        links.are_written();
        self.group.count_commit();
        Ok(())
    }

    fn written(&self, member: Member) {
        self.group.were_written();
        if let Some(asked) = member.asked {
            asked.answer(Ok(()));
        }
    }

    /// Gathered rows go back, unless it is they that no database takes.
    fn not_written(&self, member: Member, error: &StoreError, is_own_fault: bool) {
        let Member { id, gathered, asked } = member;
        if let Some(asked) = asked {
            asked.answer(Err(error.clone()));
        }
        let Some(mut of_run) = gathered else { return };
        of_run.failed += u32::from(is_own_fault);
        if of_run.failed < TRIES_MAX {
            tracing::error!(broker_id = %id, run = %of_run.run.id, "what it left will be written later: {error:#}");
            of_run.rest_until = Some(Instant::now() + RETRY);
            return self.group.put_back(id, of_run);
        }
        let (first, last) = (of_run.rows.first_seq, of_run.rows.event_seq);
        tracing::error!(
            broker_id = %id, run = %of_run.run.id,
            "events {first} to {last} and what they left are given up after {TRIES_MAX} tries: {error:#}"
        );
    }
}

impl Book {
    async fn write_member(
        &self,
        tx: &mut Write,
        links: &mut Links,
        member: &Member,
    ) -> Result<(), StoreError> {
        if let Some((run, rows)) = member.rows() {
            self.write_rows(tx, links, run, &rows).await?;
        }
        let Some(asked) = &member.asked else { return Ok(()) };
        let Commit { step: _, orders, audit } = &asked.commit;
        self.write_orders(tx, orders).await?;
        self.append_audit(tx, audit).await
    }

    /// The rows of some steps of one run.
    async fn write_rows(
        &self,
        tx: &mut Write,
        links: &mut Links,
        run: &RunRecord,
        rows: &StepRows,
    ) -> Result<(), StoreError> {
        if !rows.journal.is_empty() {
            self.append_journal(tx, links, &run.id, rows).await?;
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

async fn write_when_due(group: Weak<Group>, store: WeakStore) {
    let mut links = Links::default();
    let mut gathers_since = None;
    loop {
        let Some(held) = group.upgrade() else { return };
        if held.is_idle() {
            if held.is_closed() {
                return;
            }
            gathers_since = None;
            // The wait ends now and then, so that a store that everybody let go of is let go of here too.
            let _ = tokio::time::timeout(RETRY, held.due.notified()).await;
            if held.is_idle() {
                continue;
            }
        }
        let since = *gathers_since.get_or_insert_with(Instant::now);
        if !held.is_urgent() && !held.is_closed() {
            let rest = GATHER.saturating_sub(since.elapsed());
            let _ = tokio::time::timeout(rest, held.due.notified()).await;
        }
        let Some(store) = store.upgrade() else { return };
        let is_due = since.elapsed() >= GATHER;
        if is_due {
            gathers_since = None;
        }
        let members = held.take(is_due, store.takes_gathered());
        if members.is_empty() && !held.is_closed() {
            drop(store);
            // Everything rests until it is tried again, or until there is room for it.
            let _ = tokio::time::timeout(GATHER, held.due.notified()).await;
            continue;
        }
        let all_written = members.is_empty() || store.write_group(&mut links, members).await;
        if held.is_closed() && !all_written {
            tracing::error!("the last rows of runs were not written");
            return;
        }
    }
}
