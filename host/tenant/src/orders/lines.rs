//! The runs' ends of the order path: what they hear, and what waits for their senders.

use super::RunLine;
use super::desk::{Desk, State};
use super::job::Job;
use super::queue::Queue;
use crate::error::StoreError;
use crate::pnl::reckon;
use crate::run::{RunEvent, RunRecord};
use std::mem::discriminant;
use std::sync::Arc;
use tokio::sync::mpsc;

impl Desk {
    /// Joins a run to the path; the line before loses its events. Orders and positions are read where no order can
    /// change: what the run starts from and what it hears after fit together. The end goes when the line is dropped.
    pub(crate) async fn attach(self: &Arc<Self>, run: RunRecord) -> Result<RunLine, StoreError> {
        let (tx, events) = mpsc::channel(self.host.config.limits.run_events_max.max(1));
        let queue = Arc::new(Queue::default());
        let mut state = self.state.lock().await;
        let orders = self.book.run_orders(&run.id).await?;
        let positions =
            self.figures.run(&run.id, |course| reckon::positions(course.today().book(), None)).await?;
        let is_settled = self.fills_are_booked(&run.id).await?;
        state.runs.entry(run.id.clone()).or_default().events = Some(Arc::clone(&queue));
        drop(state);
        let (desk, run_id) = (Arc::clone(self), run.id.clone());
        self.host.spawn(async move {
            deliver(&queue, &tx).await;
            desk.detach(&run_id, &queue).await;
        });
        Ok(RunLine { events, orders, positions, is_settled, desk: Arc::clone(self), run })
    }

    /// Tells every attached run. Of what is no order update, the newest is enough.
    pub(crate) async fn tell_all(&self, event: &RunEvent) {
        let kind = discriminant(event);
        let state = self.state.lock().await;
        for queue in state.runs.values().filter_map(|end| end.events.as_ref()) {
            queue.push_newest(event.clone(), |waiting| discriminant(waiting) == kind);
        }
    }

    /// Gives the run's sender something to do. Every run has its own, so one slow answer does not hold up another run, and
    /// only while there is something to send.
    pub(super) fn queue(self: &Arc<Self>, state: &mut State, run_id: &str, job: Job) {
        let end = state.runs.entry(run_id.to_owned()).or_default();
        end.jobs.push_back(job);
        if !std::mem::replace(&mut end.is_sending, true) {
            self.host.spawn(Arc::clone(self).send_all(run_id.to_owned()));
        }
    }

    /// The next job of a run. When there is none its sender ends, and with it the end of a run that nobody listens to.
    pub(super) async fn next_job(&self, run_id: &str) -> Option<Job> {
        let mut state = self.state.lock().await;
        let end = state.runs.get_mut(run_id)?;
        let job = end.jobs.pop_front();
        end.is_sending = job.is_some();
        if job.is_none() && end.events.is_none() {
            state.runs.remove(run_id);
        }
        job
    }

    async fn detach(&self, run_id: &str, queue: &Arc<Queue<RunEvent>>) {
        let mut state = self.state.lock().await;
        let Some(end) = state.runs.get_mut(run_id) else { return };
        if !end.events.as_ref().is_some_and(|newest| Arc::ptr_eq(newest, queue)) {
            return;
        }
        end.events = None;
        if !end.is_sending {
            state.runs.remove(run_id);
        }
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
