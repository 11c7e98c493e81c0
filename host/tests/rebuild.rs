//! After a restart a run goes on with the memory it had; where that cannot be, it begins anew and says why.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/runs_world.rs"]
mod runs_world;

use host::runs::RunLimits;
use runs_world::{Host, World, until, upload};
use sandbox::journal::{Entry, Reader};
use sandbox::{Event, NoticeKind, Trace};
use serde_json::json;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use tenant::{JournalError, RunRecord, RunState, Tenant};

/// A host with a run that writes how many ticks it has counted, at every tick.
async fn counting(world: &World) -> (Host, Tenant, RunRecord) {
    let host = world.host().await;
    let tenant = world.login(&host, "uk9394").await;
    let strategy = upload(&tenant, "echo", guests::ECHO).await;
    let run = host.start(&strategy, json!({})).await;
    host.in_state(&run, RunState::Running).await;
    heard_ticks(&host, &tenant, &run, 3).await;
    // Enough of them that one in the middle can be spoilt.
    until("its journal has pieces", async || tenant.journal(&run.id).await.unwrap().len() >= 4).await;
    (host, tenant, run)
}

async fn heard_ticks(host: &Host, tenant: &Tenant, run: &RunRecord, least: u64) {
    until("it hears ticks", async || {
        host.supervisor.counters(tenant, &run.id).is_some_and(|counters| counters.ticks() >= least)
    })
    .await;
}

/// The host goes down, and its run is found again by the next.
async fn again(world: &World, host: Host, tenant: Tenant, spoil: impl AsyncFnOnce(&World)) -> Host {
    drop(tenant);
    host.put_down().await;
    spoil(world).await;
    let host = world.host().await;
    host.supervisor.resume(&host.tenants).await.unwrap();
    host
}

async fn entries(tenant: &Tenant, run: &RunRecord) -> Vec<Entry> {
    tenant.write_gathered().await.unwrap();
    let mut journal = tenant.read_journal(&run.id).await.unwrap();
    let mut reader = Reader::new(journal.first_event);
    let mut heard = Vec::new();
    while let Some(piece) = journal.next().await.unwrap() {
        heard.extend(reader.entries(&piece.bytes).map(|entry| entry.unwrap().1));
    }
    heard
}

/// The numbers that the run has counted its ticks by, in the order it wrote them.
fn counts(entries: &[Entry]) -> Vec<u64> {
    let lines = entries.iter().flat_map(|entry| match entry {
        Entry::Traces(traces) => traces.clone(),
        _ => Vec::new(),
    });
    let count = |trace| match trace {
        Trace::Log { text, .. } => text.strip_prefix("tick ")?.split(' ').next()?.parse().ok(),
        _ => None,
    };
    lines.filter_map(count).collect()
}

fn starts(entries: &[Entry]) -> usize {
    entries.iter().filter(|entry| matches!(entry, Entry::Start(_))).count()
}

/// Changes the rows of a host that is down.
async fn change_rows(world: &World, statement: &'static str) {
    let file = world.folder.path().join("data/bulkhead.db");
    let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let done = sqlx::query(statement).execute(&mut connection).await.unwrap();
    assert!(done.rows_affected() > 0, "nothing was changed: {statement}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_counts_on_where_it_was_and_hears_that_the_host_restarted() {
    let world = World::start().await;
    let (host, tenant, run) = counting(&world).await;
    let host = again(&world, host, tenant, async |_| ()).await;
    let tenant = host.tenant();
    let now = host.in_state(&run, RunState::Running).await;
    assert_eq!((now.reason, now.restarts), (None, 1));
    heard_ticks(&host, &tenant, &run, 3).await;
    let heard = entries(&tenant, &run).await;
    assert_eq!(starts(&heard), 1, "one machine lives on: {heard:?}");
    let counted = counts(&heard);
    assert!(counted.len() >= 6, "{counted:?}");
    assert_eq!(counted, (1..=counted.len() as u64).collect::<Vec<_>>(), "nothing forgotten, nothing twice");
    let restarted = heard.iter().find_map(|entry| match entry {
        Entry::Event(Event::Notice { kind: NoticeKind::HostRestarted, text, .. }) => Some(text),
        _ => None,
    });
    assert!(restarted.unwrap().contains("nothing was heard of the market for"), "{restarted:?}");

    // And once more, from a journal that two hosts have written.
    let host = again(&world, host, tenant, async |_| ()).await;
    let tenant = host.tenant();
    host.in_state(&run, RunState::Running).await;
    heard_ticks(&host, &tenant, &run, 2).await;
    let counted = counts(&entries(&tenant, &run).await);
    assert_eq!(counted, (1..=counted.len() as u64).collect::<Vec<_>>());
    drop(tenant);
    host.put_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_hears_of_its_orders_what_happened_while_the_host_was_down() {
    let world = World::start().await;
    let host = world.host().await;
    let tenant = world.login(&host, "uk9394").await;
    let strategy = upload(&tenant, "scalper", guests::SCALPER).await;
    let run = host.start(&strategy, json!({ "every": 1, "orders": 1 })).await;
    until("it holds one", async || {
        let left = tenant.left_by(&run.id).await.unwrap();
        left.orders == 0 && left.positions.iter().any(|position| position.quantity == 1)
    })
    .await;
    drop(strategy);
    // Its last word about the order is lost: the row is final, and the run has not heard of it.
    let host = again(&world, host, tenant, async |world| {
        change_rows(
            world,
            "update orders set state = 'cancelled', message = 'by hand' where state = 'complete'",
        )
        .await;
    })
    .await;
    let tenant = host.tenant();
    host.in_state(&run, RunState::Running).await;
    until("it is told", async || {
        let heard = entries(&tenant, &run).await;
        starts(&heard) == 1
            && heard.iter().any(
                |entry| matches!(entry, Entry::Event(Event::Order(update)) if update.order.message == "by hand"),
            )
    })
    .await;
    drop(tenant);
    host.put_down().await;
}

/// A run whose journal was spoilt so: it begins anew, and its reason says this.
async fn begins_anew(statement: &'static str, words: &str) {
    let world = World::start().await;
    let (host, tenant, run) = counting(&world).await;
    let host = again(&world, host, tenant, async |world| change_rows(world, statement).await).await;
    let tenant = host.tenant();
    let now = host.in_state(&run, RunState::Running).await;
    let reason = now.reason.unwrap_or_default();
    assert!(reason.starts_with("it begins anew") && reason.contains(words), "{statement}: {reason}");
    heard_ticks(&host, &tenant, &run, 2).await;
    drop(tenant);
    host.put_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_that_is_not_what_was_written_makes_the_run_begin_anew() {
    begins_anew("update journal set time = time + 1 where piece = 2", "damaged at piece 2: its hash").await;
    begins_anew("delete from journal where piece = 2", "damaged at piece 3: it follows piece 1").await;
    begins_anew("update journal set begins = 0", "its journal has no beginning").await;
    begins_anew("update journal set hash = null", "earlier release").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_journal_longer_than_the_limit_makes_the_run_begin_anew() {
    let mut world = World::start().await;
    let (host, tenant, run) = counting(&world).await;
    world.limits = RunLimits { rebuild_events_max: 2, ..world.limits };
    let host = again(&world, host, tenant, async |_| ()).await;
    let reason = host.in_state(&run, RunState::Running).await.reason.unwrap();
    assert!(reason.contains("at most 2 are given again"), "{reason}");
    host.put_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_journal_is_named_by_run_and_piece() {
    let world = World::start().await;
    let (host, tenant, run) = counting(&world).await;
    drop(tenant);
    host.put_down().await;
    change_rows(&world, "update journal set events = x'00' where piece = 1").await;
    let host = world.host().await;
    let tenant = host.tenant();
    let error = tenant.read_journal(&run.id).await.unwrap().next().await.unwrap_err();
    assert!(matches!(error, JournalError::Damaged { piece: 1, .. }), "{error}");
    assert!(error.to_string().contains(&run.id), "{error}");
    drop(tenant);
    host.put_down().await;
}
