//! The runs' ends of the order path: what they hear, from when on, and until when.

use super::RunLine;
use super::desk::Desk;
use super::queue::Queue;
use crate::error::StoreError;
use crate::pnl::reckon;
use crate::run::{RunEvent, RunRecord};
use std::mem::discriminant;
use std::sync::{Arc, PoisonError};
use tokio::sync::mpsc;

impl Desk {
    /// Joins a run to the path; the line before loses its events. Orders and positions are read where no order can
    /// change: what the run starts from and what it hears after fit together. The end goes when the line is dropped.
    pub(crate) async fn attach(self: &Arc<Self>, run: RunRecord) -> Result<RunLine, StoreError> {
        let (tx, events) = mpsc::channel(self.host.config.limits.run_events_max.max(1));
        let queue = Arc::new(Queue::default());
        let sha256 = self.book.component_hash(&run.strategy_id, run.version).await?;
        let core = self.core.lock().await;
        let orders = self.book.run_orders(&run.id).await?;
        let positions =
            self.figures.run(&run.id, |course| reckon::positions(course.today().book(), None)).await?;
        let is_settled = self.fills_are_booked(&run.id).await?;
        self.ends().insert(run.id.clone(), Arc::clone(&queue));
        if let Some(sha256) = sha256 {
            let mut components = self.components.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::make_mut(&mut components).insert(run.id.clone(), sha256);
        }
        drop(core);
        let (desk, run_id) = (Arc::clone(self), run.id.clone());
        self.host.spawn(async move {
            deliver(&queue, &tx).await;
            desk.detach(&run_id, &queue);
        });
        Ok(RunLine { events, orders, positions, is_settled, desk: Arc::clone(self), run })
    }

    /// Tells every attached run. Of what is no order update, the newest is enough.
    pub(crate) fn tell_all(&self, event: &RunEvent) {
        let kind = discriminant(event);
        for queue in self.ends().values() {
            queue.push_newest(event.clone(), |waiting| discriminant(waiting) == kind);
        }
    }

    fn detach(&self, run_id: &str, queue: &Arc<Queue<RunEvent>>) {
        let mut ends = self.ends();
        if ends.get(run_id).is_some_and(|newest| Arc::ptr_eq(newest, queue)) {
            ends.remove(run_id);
        }
    }

    fn ends(&self) -> std::sync::MutexGuard<'_, std::collections::BTreeMap<String, Arc<Queue<RunEvent>>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands the run what it must hear, until it drops its line.
async fn deliver(queue: &Queue<RunEvent>, tx: &mpsc::Sender<RunEvent>) {
    loop {
        let event = tokio::select! {
            () = tx.closed() => return,
            event = queue.pop() => event,
        };
        if tx.send(event).await.is_err() {
            return;
        }
    }
}
