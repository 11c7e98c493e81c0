//! Recordings are read beside a running host, each piece proven, and what is not there is said in words.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::OrderState;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use std::time::Duration;
use tenant::{RecordingError, Recordings};
use world::{World, buy, cause, new_line, state_of};

/// Changes the database behind the host's back.
async fn damage(world: &World, statement: &'static str) {
    let path = world.dir.path().join("data/bulkhead.db");
    let mut connection = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    let done = sqlx::query(statement).execute(&mut connection).await.unwrap();
    assert!(done.rows_affected() > 0, "nothing was damaged: {statement}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_read_with_everything_while_its_host_runs_and_by_its_own_tenant_alone() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let (other, _) = world.login(&tenants, "uk1234").await;
    let mut line = new_line(&tenant, "alpha").await;
    for event in 1..=3 {
        line.submit(cause(event), vec![buy(event, 2)]).await.unwrap();
        state_of(&mut line, OrderState::Complete).await;
    }
    let run = tenant.runs().await.unwrap().remove(0).id;
    // A trade is booked a moment after its order is told to be complete.
    while tenant.trades(None).await.unwrap().len() < 3 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let recordings = Recordings::open(&world.dir.path().join("data")).await.unwrap();
    let recorded = recordings.run(&run, None).await.unwrap();
    assert_eq!((recorded.tenant.as_str(), recorded.run.id.as_str()), ("UK9394", run.as_str()));
    assert_eq!((recorded.journal.len(), &recorded.damage), (3, &None));
    assert_eq!(recorded.orders.len(), 3);
    assert!(recorded.orders.iter().all(|one| one.sent_at.is_some()), "{:?}", recorded.orders);
    assert_eq!(recorded.sha256.len(), 64);
    assert!(!recorded.component.is_empty());
    assert_eq!(recordings.run(&run, Some("UK9394")).await.unwrap().journal, recorded.journal);

    let within = tenant.recorded(&run, 1 << 20).await.unwrap().unwrap();
    assert_eq!((within.journal, within.trades.len()), (recorded.journal, recorded.trades.len()));
    assert!(other.recorded(&run, 1 << 20).await.unwrap().is_none(), "a stranger's run is like a missing one");
    let long = tenant.recorded(&run, 1).await.unwrap_err().to_string();
    assert!(long.contains("at most 1 are replayed here"), "{long}");
    recordings.close().await;
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_said_with_what_there_is() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let _line = new_line(&tenant, "alpha").await;
    let run = tenant.runs().await.unwrap().remove(0).id;
    let data = world.dir.path().join("data");
    let recordings = Recordings::open(&data).await.unwrap();
    let unknown = recordings.run("nosuch", None).await.unwrap_err().to_string();
    assert!(unknown.contains("no run `nosuch` was recorded in") && unknown.contains(&run), "{unknown}");
    let nobody = recordings.run(&run, Some("UK0000")).await.unwrap_err();
    assert!(matches!(nobody, RecordingError::UnknownTenant { .. }), "{nobody}");
    recordings.close().await;
    tenants.close().await;
    let nowhere = Recordings::open(&world.dir.path().join("elsewhere")).await.err().unwrap().to_string();
    assert!(nowhere.contains("no host has run on this data folder"), "{nowhere}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_piece_is_named_and_what_stands_before_it_is_there() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    for event in 1..=3 {
        line.submit(cause(event), vec![buy(event, 2)]).await.unwrap();
        state_of(&mut line, OrderState::Complete).await;
    }
    let run = tenant.runs().await.unwrap().remove(0).id;
    damage(&world, "update journal set events = x'07' where broker_id = 'UK9394' and piece = 2").await;
    let recorded = tenant.recorded(&run, 1 << 20).await.unwrap().unwrap();
    assert_eq!(recorded.journal.len(), 1);
    let said = recorded.damage.unwrap();
    assert!(said.contains(&format!("run {run} is damaged at piece 2: its hash does not fit")), "{said}");
    tenants.close().await;
}
