//! What waits in each run's line to the broker: one call of a run at a time, in the order the run asked. Data only.
//!
//! A line is as long as the gate lets a run ask within the time that a job may wait, for what waited longer is given up
//! as soon as its turn comes. Withdrawals do not stand in it; what a run asked for after one waits for its answer.

use market::Change;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Every run that has something to send.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines(pub(crate) BTreeMap<String, RunLine>);

/// One run's line.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunLine {
    pub(crate) jobs: VecDeque<Job>,
    /// The order whose call is away.
    pub(crate) away: Option<i64>,
    /// Nothing of this line before this instant.
    pub(crate) rest_until: Option<Duration>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Job {
    /// Send an order.
    Place { id: i64, asked_at: Duration },
    /// Change one.
    Modify { id: i64, change: Change, asked_at: Duration },
    /// Wait until the broker has answered a withdrawal, but not for ever.
    AfterWithdrawal { id: i64, until: Option<Duration> },
}

impl Lines {
    pub(crate) fn of(&mut self, run_id: &str) -> &mut RunLine {
        self.0.entry(run_id.to_owned()).or_default()
    }

    /// True when the run's next call may leave at once.
    pub(crate) fn is_free(&self, run_id: &str) -> bool {
        self.0.get(run_id).is_none_or(|line| line.jobs.is_empty() && line.away.is_none())
    }

    /// The call of this order is answered.
    pub(crate) fn is_back(&mut self, run_id: &str, id: i64) {
        if let Some(line) = self.0.get_mut(run_id)
            && line.away == Some(id)
        {
            line.away = None;
        }
    }

    /// Lets go of a line that has nothing to do.
    pub(crate) fn tidy(&mut self, run_id: &str) {
        if self.is_free(run_id) {
            self.0.remove(run_id);
        }
    }

    /// When a line may go on by itself.
    pub(crate) fn next_due(&self) -> Option<Duration> {
        let due = |line: &RunLine| {
            let first = match line.jobs.front()? {
                Job::AfterWithdrawal { until, .. } => *until,
                Job::Place { .. } | Job::Modify { .. } => line.rest_until,
            };
            first.filter(|_| line.away.is_none())
        };
        self.0.values().filter_map(due).min()
    }
}
