//! The audit as an operator and a trader meet it: told beside the running host, proved from outside, kept over a crash.

use crate::command::bulkhead;
use e2e::{Account, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn every_orders_way_is_told_and_the_chains_hold_beside_the_host_and_after_a_crash() {
    let mut world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let strategy = trader.strategy("scalper", guests::SCALPER).await;
    let run = trader.start(&strategy, json!({})).await;
    trader.list_of("/api/trades", 4).await;

    let verified = bulkhead(&world, &["audit", "verify"]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
    world.crash_and_restart_host().await;
    trader.run_in_state(&run, "running").await;
    let verified = bulkhead(&world, &["audit", "verify"]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");

    let exported = bulkhead(&world, &["audit", "export", "--tenant", "UK9394"]);
    assert_eq!(exported.status.code(), Some(0), "{exported:?}");
    let text = String::from_utf8(exported.stdout).unwrap();
    let entries: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let started = entries.iter().find(|entry| entry["action"] == "runStarted").expect("the start");
    let uploaded = entries.iter().find(|entry| entry["action"] == "strategyUploaded").expect("the upload");
    assert_eq!(started["details"]["sha256"], uploaded["details"]["sha256"]);
    let told: BTreeSet<String> = entries
        .iter()
        .filter(|entry| entry["action"] == "orderSending")
        .filter_map(|entry| entry["details"]["tag"].as_str().map(str::to_owned))
        .collect();
    let received = world.sim_get("/sim/received").await;
    let sent = received.as_array().unwrap().iter().filter_map(|call| call["tag"].as_str());
    for tag in sent {
        assert!(told.contains(tag), "order {tag} left and no entry tells of it");
    }
    for secret in [Account::UK9394.api_secret, "bulkhead_session"] {
        assert!(!text.contains(secret), "{secret} is told");
    }
}

#[tokio::test]
async fn a_trader_reads_the_own_chain_page_by_page_and_as_a_sheet() {
    let world = World::start().await;
    let (trader, other) = (world.trader(Account::UK9394).await, world.trader(Account::UK1234).await);
    for n in 0..5 {
        trader.post("/api/auth/tokens", json!({ "name": format!("=cmd{n}") })).await.expect(201);
    }
    let first = trader.get("/api/audit?limit=3").await.expect(200);
    let before = first["nextBefore"].as_u64().expect("there are older ones");
    let second = trader.get(&format!("/api/audit?limit=3&before={before}")).await.expect(200);
    let numbers = |page: &Value| -> Vec<u64> {
        page["entries"].as_array().unwrap().iter().map(|entry| entry["number"].as_u64().unwrap()).collect()
    };
    let (newest, count) = (numbers(&first), first["count"].as_u64().unwrap());
    assert_eq!(newest, [count, count - 1, count - 2]);
    assert_eq!(numbers(&second)[0], count - 3);
    assert_eq!(first["head"], first["entries"][0]["hash"]);
    let made = trader.get("/api/audit?action=tokenMade").await.expect(200);
    assert_eq!(made["entries"].as_array().unwrap().len(), 5);
    let wrong = trader.get("/api/audit?action=dance").await;
    assert!(wrong.status == 400 && wrong.is_problem(), "{}", wrong.text);

    let sheet = trader.get("/api/audit/download").await;
    assert_eq!(sheet.status, 200, "{}", sheet.text);
    assert_eq!(sheet.content_type, "text/csv; charset=utf-8");
    assert_eq!(sheet.text.lines().count() as u64, count + 1);
    assert!(sheet.text.lines().all(|line| !line.starts_with(['=', '+', '-', '@'])), "{}", sheet.text);
    let strangers = other.get("/api/audit?limit=1000").await;
    assert!(!strangers.text.contains("=cmd"), "{}", strangers.text);
}

#[tokio::test]
async fn a_head_that_the_chains_do_not_hold_ends_in_eight_and_names_the_place() {
    let world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let head = trader.get("/api/audit?limit=1").await.expect(200)["head"].as_str().unwrap().to_owned();
    trader.post("/api/auth/tokens", json!({ "name": "laptop" })).await.expect(201);
    let holds = bulkhead(&world, &["audit", "verify", "--head", &head]);
    assert_eq!(holds.status.code(), Some(0), "{holds:?}");
    let foreign = "ab".repeat(32);
    let broken = bulkhead(&world, &["audit", "verify", "--head", &foreign]);
    assert_eq!(broken.status.code(), Some(8), "{broken:?}");
    assert!(String::from_utf8_lossy(&broken.stdout).contains("BROKEN"), "{broken:?}");
    let heads = world.folder().join("kept.heads");
    std::fs::write(&heads, format!("1000 {foreign} UK9394\n")).unwrap();
    let cut =
        bulkhead(&world, &["audit", "verify", "--tenant", "UK9394", "--heads", heads.to_str().unwrap()]);
    assert_eq!(cut.status.code(), Some(8), "{cut:?}");
    assert!(String::from_utf8_lossy(&cut.stdout).contains("to 1000 are missing"), "{cut:?}");
    let nobody = bulkhead(&world, &["audit", "verify", "--tenant", "AB0000"]);
    assert_eq!(nobody.status.code(), Some(1), "{nobody:?}");
    let torn = bulkhead(&world, &["audit", "verify", "--head", "beef"]);
    assert_eq!(torn.status.code(), Some(1), "{torn:?}");
}
