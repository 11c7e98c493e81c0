//! How long each of many orders took, with the tail, and what each part of its way took. Knows no order.

use std::sync::Mutex;
use std::time::{Duration, Instant};
use tracing::field::{Field, Visit};
use tracing::{Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// Said after divan's own table.
static REPORTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// What the order path said of the way of the newest order, and when.
static WAY: Mutex<Vec<(String, Instant)>> = Mutex::new(Vec::new());

/// What the order path says on an order's way, in this order.
const STOPS: [&str; 4] = ["asked", "writing", "written", "leaving"];

/// What each part of one order's way took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    /// The machine, and the hop to the runtime.
    pub(crate) to_order_path: Duration,
    /// Gate, core, rows and audit entry.
    pub(crate) decision: Duration,
    /// Until all of it is durable.
    pub(crate) commit: Duration,
    /// The hop to the call, and the last look.
    pub(crate) last_look: Duration,
    /// The client, and the socket.
    pub(crate) client: Duration,
}

/// Listens to the order path's own traces from now on.
pub(crate) fn follow_the_way() {
    let heard = Targets::new().with_target("order_path", Level::TRACE);
    tracing_subscriber::registry().with(Way.with_filter(heard)).init();
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

/// The parts of the way of the order that began and arrived at these instants; nothing where it did not say all.
pub(crate) fn parts(begun: Instant, arrived: Instant) -> Option<Parts> {
    let way = std::mem::take(&mut *WAY.lock().unwrap());
    let at = |stop: &str| {
        let mut within = way.iter().filter(|(_, at)| *at >= begun && *at <= arrived);
        within.find(|(said, _)| said == stop).map(|(_, at)| *at)
    };
    let [asked, writing, written, leaving] = STOPS.map(at);
    let (asked, writing, written, leaving) = (asked?, writing?, written?, leaving?);
    Some(Parts {
        to_order_path: asked - begun,
        decision: writing - asked,
        commit: written - writing,
        last_look: leaving - written,
        client: arrived - leaving,
    })
}

/// Notes the order path's own traces.
struct Way;

impl<S: Subscriber> Layer<S> for Way {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let now = Instant::now();
        let mut said = Said::default();
        event.record(&mut said);
        assert!(
            STOPS.contains(&said.0.as_str()),
            "the order path traces `{}`: this benchmark does not know it",
            said.0
        );
        WAY.lock().unwrap().push((said.0, now));
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
