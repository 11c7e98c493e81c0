//! Databases of releases that were: each opens, is copied before it is changed, keeps what it held, and trades.
//!
//! `golden/schema-N.db` was written by the release whose schema is N, with a key of its own: one trader whose run had made
//! four orders and was running when that host was put down. Its days lie a week before that, so that none of them is today. A
//! release that changes the schema adds the one before it.

use e2e::{Account, Setup, World, eventually};
use serde_json::Value;

#[tokio::test]
async fn the_database_of_an_older_release_is_copied_brought_up_to_date_and_trades() {
    let setup = Setup { golden: Some("schema-30"), ..Setup::default() };
    let mut world = World::start_with(setup).await;
    let copy = world.data_dir().join("bulkhead-schema-30.db");
    let kept = std::fs::read(&copy).unwrap();
    assert!(kept.starts_with(b"SQLite format 3\0"), "the copy is no database");
    assert!(world.host.output().contains("bringing schema 30 up to"), "{}", world.host.output());

    let trader = world.trader(Account::UK9394).await;
    let runs = trader.get("/api/runs").await.expect(200);
    let run = runs[0]["id"].as_str().unwrap().to_owned();
    let day = runs[0]["startedAt"].as_str().unwrap()[..10].to_owned();
    let old_orders = trader.get(&format!("/api/orders?date={day}")).await.expect(200);
    let states: Vec<&Value> = old_orders.as_array().unwrap().iter().map(|order| &order["state"]).collect();
    assert!(states.iter().filter(|state| **state == "complete").count() >= 4, "{states:?}");
    let old_trades = trader.get(&format!("/api/trades?date={day}")).await.expect(200);
    assert!(old_trades.as_array().unwrap().len() >= 4, "{old_trades}");

    trader.run_in_state(&run, "running").await;
    eventually("the run of before trades on", || async {
        let received = world.sim_get("/sim/received").await;
        (!received.as_array().unwrap().is_empty()).then_some(())
    })
    .await;
    world.crash_and_restart_host().await;
    assert_eq!(std::fs::read(&copy).unwrap(), kept, "the copy is made once");
    assert_eq!(world.host.output().matches("bringing schema").count(), 1, "{}", world.host.output());
    let again = trader.get(&format!("/api/orders?date={day}")).await.expect(200);
    assert!(again.as_array().unwrap().len() >= old_orders.as_array().unwrap().len());
}
