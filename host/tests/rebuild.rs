//! After a restart a run goes on with the memory it had; where that cannot be, it begins anew and says why.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/runs_world.rs"]
mod runs_world;

use host::runs::RunLimits;
use runs_world::{Host, World, until, upload};
use sandbox::journal::{Entry, Reader, Recorder};
use sandbox::{Event, NoticeKind, Trace};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Row, SqliteConnection};
use tenant::{JournalError, Mode, RunRecord, RunState, Tenant};

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

async fn rows(world: &World) -> SqliteConnection {
    let file = world.folder.path().join("data/bulkhead.db");
    SqliteConnectOptions::new().filename(file).connect().await.unwrap()
}

/// Changes the rows of a host that is down.
async fn change_rows(world: &World, statement: &'static str) {
    let done = sqlx::query(statement).execute(&mut rows(world).await).await.unwrap();
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
    let newest = "delete from journal where piece = (select max(piece) from journal)";
    begins_anew(newest, "are missing at its end: entry").await;
    begins_anew("delete from journal", "damaged at piece 1: pieces 1 to").await;
    begins_anew("update journal set hash = null", "earlier release").await;
}

/// Rewrites the journal of a host that is down, so that its chain is whole and an answer in it is another.
async fn retell(world: &World) {
    let mut connection = rows(world).await;
    let all = "select run_id, piece, time, events from journal order by run_id, piece";
    let (mut reader, mut recorder, mut before, mut is_retold) =
        (Reader::new(1), Recorder::default(), [0; 32], false);
    for row in sqlx::query(all).fetch_all(&mut connection).await.unwrap() {
        for entry in reader.entries(row.get(3)) {
            match entry.unwrap().1 {
                Entry::Start(beginning) => recorder.start(&beginning),
                Entry::Ticks(ticks) => recorder.ticks(&ticks),
                Entry::Candles(candles) => recorder.candles(&candles),
                Entry::Event(event) => recorder.event(&event),
                Entry::Traces(mut traces) => {
                    for trace in &mut traces {
                        if let Trace::Log { text, .. } = trace {
                            is_retold |= text.starts_with("tick 2 ");
                            *text = text.replace("tick 2 ", "tick two ");
                        }
                    }
                    recorder.traces(&traces);
                }
            }
        }
        let (run, piece, time) = (row.get::<String, _>(0), row.get::<i64, _>(1), row.get::<i64, _>(2));
        let recorded = recorder.take();
        let mut hash = Sha256::new();
        hash.update(before);
        hash.update((run.len() as u64).to_le_bytes());
        hash.update(&run);
        for number in [piece as u64, recorded.first_seq, recorded.last_seq, time as u64] {
            hash.update(number.to_le_bytes());
        }
        hash.update([u8::from(recorded.begins)]);
        hash.update(&recorded.bytes);
        before = hash.finalize().into();
        sqlx::query("update journal set events = ?, hash = ? where run_id = ? and piece = ?")
            .bind(&recorded.bytes)
            .bind(&before[..])
            .bind(run)
            .bind(piece)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    assert!(is_retold, "there was nothing to tell otherwise");
    // The audit would tell that the journal was written anew.
    let done = sqlx::query("delete from audit where action = 'journalAnchored'").execute(&mut connection);
    assert!(done.await.unwrap().rows_affected() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_answers_otherwise_than_recorded_is_not_the_runs() {
    let world = World::start().await;
    let (host, tenant, run) = counting(&world).await;
    let host = again(&world, host, tenant, async |world| retell(world).await).await;
    let reason = host.in_state(&run, RunState::Running).await.reason.unwrap();
    assert!(
        reason.starts_with("it begins anew") && reason.contains("it went another way at event"),
        "{reason}"
    );
    assert!(reason.contains("tick two"), "{reason}");
    host.put_down().await;
}

/// A paper run that has bought one unit.
async fn holding_on_paper(world: &World) -> (Host, Tenant, RunRecord) {
    let host = world.host().await;
    let tenant = world.login(&host, "uk9394").await;
    let strategy = upload(&tenant, "scalper", guests::SCALPER).await;
    let params = json!({ "every": 1, "orders": 1 });
    let run = host.supervisor.run(&strategy, 1, Mode::Paper, runs_world::object(params)).await.unwrap();
    until("it holds one", async || {
        let left = tenant.left_by(&run.id).await.unwrap();
        left.orders == 0 && left.positions.iter().any(|position| position.quantity == 1)
    })
    .await;
    (host, tenant, run)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paper_run_goes_on_with_what_it_holds() {
    let world = World::start().await;
    let (host, tenant, run) = holding_on_paper(&world).await;
    let host = again(&world, host, tenant, async |_| ()).await;
    assert_eq!(host.in_state(&run, RunState::Running).await.reason, None);
    let left = host.tenant().left_by(&run.id).await.unwrap();
    assert_eq!(left.positions.iter().map(|position| position.quantity).collect::<Vec<_>>(), [1]);
    assert_eq!(world.placed().await, 0, "nothing of it was ever sent");
    host.put_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_begins_anew_where_the_rows_are_not_those_of_its_journal() {
    let spoilt: [(&'static str, &str); 2] = [
        ("delete from orders", "it asked for order 1, which has no row"),
        ("update trades set side = 'SELL'", "by its trades"),
    ];
    for (statement, words) in spoilt {
        let world = World::start().await;
        let (host, tenant, run) = holding_on_paper(&world).await;
        let host = again(&world, host, tenant, async |world| change_rows(world, statement).await).await;
        let reason = host.in_state(&run, RunState::Running).await.reason.unwrap_or_default();
        assert!(reason.starts_with("it begins anew") && reason.contains(words), "{statement}: {reason}");
        host.put_down().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn timers_go_on_after_a_restart_behind_what_the_run_missed() {
    let world = World::start().await;
    let host = world.host().await;
    let tenant = world.login(&host, "uk9394").await;
    let strategy = upload(&tenant, "chain", guests::CHAIN).await;
    let run = host.start(&strategy, Value::from_iter([("every", 1_000_000)])).await;
    drop(strategy);
    let is_timer = |entry: &Entry| matches!(entry, Entry::Event(Event::Timer { id: 1, .. }));
    let is_restart =
        |entry: &Entry| matches!(entry, Entry::Event(Event::Notice { kind: NoticeKind::HostRestarted, .. }));
    until("its timer fires", async || entries(&tenant, &run).await.iter().any(is_timer)).await;
    let host = again(&world, host, tenant, async |_| {
        // Long enough that a timer is overdue when the run comes back.
        tokio::time::sleep(std::time::Duration::from_millis(600)).await;
    })
    .await;
    let tenant = host.tenant();
    assert_eq!(host.in_state(&run, RunState::Running).await.reason, None);
    let mut heard = Vec::new();
    until("its timer fires again and again", async || {
        heard = entries(&tenant, &run).await;
        let behind = heard.iter().skip_while(|entry| !is_restart(entry));
        behind.filter(|entry| is_timer(entry)).count() >= 3
    })
    .await;
    assert_eq!(starts(&heard), 1);
    let mut next = heard.iter().skip_while(|entry| !is_restart(entry)).take_while(|entry| !is_timer(entry));
    let market = next.find(|entry| matches!(entry, Entry::Ticks(_) | Entry::Candles(_)));
    assert_eq!(market, None, "the overdue timer comes before the market");
    drop(tenant);
    host.put_down().await;
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
