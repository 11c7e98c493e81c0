//! How long each of many orders took, with the tail, and what of it was the durable commit. Knows no order.

use std::sync::Mutex;
use std::time::{Duration, Instant};
use tracing::field::{Field, Visit};
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Said after divan's own table.
static REPORTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// When the order path began to write, and when that was durable, newest last.
static COMMITS: Mutex<Vec<(Instant, Option<Instant>)>> = Mutex::new(Vec::new());

/// Listens to the order path's own traces from now on.
pub(crate) fn follow_commits() {
    let heard = Targets::new().with_target("order_path", Level::TRACE);
    tracing_subscriber::registry().with(CommitTimes.with_filter(heard)).init();
}

/// Prints every report, after divan's own table.
pub(crate) fn print() {
    for line in REPORTS.lock().unwrap().iter() {
        println!("{line}");
    }
}

/// Divan shows the mean and the ends; a trader wants the tail.
pub(crate) fn report(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |per_mille: usize| took.get((took.len() * per_mille / 1_000).min(took.len().saturating_sub(1)));
    if let (Some(middle), Some(tail), Some(far), Some(worst)) = (at(500), at(990), at(999), took.last()) {
        let line = format!(
            "{what:<14} p50 {middle:?}, p99 {tail:?}, p99.9 {far:?}, worst {worst:?}, of {}",
            took.len()
        );
        REPORTS.lock().unwrap().push(line);
    }
}

/// What the newest commit took that began and was durable between these two.
pub(crate) fn commit_between(begun: Instant, arrived: Instant) -> Option<Duration> {
    let mut commits = COMMITS.lock().unwrap();
    let within = |(from, to): &(Instant, Option<Instant>)| {
        to.filter(|to| *from >= begun && *to <= arrived).map(|to| to - *from)
    };
    let newest = commits.iter().rev().find_map(within);
    commits.clear();
    newest
}

/// Notes the order path's own traces.
struct CommitTimes;

impl<S: Subscriber> Layer<S> for CommitTimes {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let now = Instant::now();
        let mut said = Said::default();
        event.record(&mut said);
        let mut commits = COMMITS.lock().unwrap();
        match said.0.as_str() {
            "writing" => commits.push((now, None)),
            "written" => {
                if let Some(open) = commits.iter_mut().rev().find(|(_, durable)| durable.is_none()) {
                    open.1 = Some(now);
                }
            }
            other => panic!("the order path traces `{other}`: this benchmark does not know it"),
        }
    }
}

/// The text of a trace.
#[derive(Default)]
struct Said(String);

impl Visit for Said {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        self.0 = format!("{value:?}");
    }
}
