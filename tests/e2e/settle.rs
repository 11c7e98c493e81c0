//! Orders of which nobody can tell what became: a person looks at the broker's page and says so, by the API or the command line.

use crate::command::bulkhead;
use e2e::{Account, Trader, World, eventually};
use kite::{Connection, Egress, Endpoints, PlaceParams, Secret};
use market::{OrderRequest, Side};
use serde_json::{Value, json};

#[tokio::test]
async fn a_trader_settles_an_escalated_order_once_and_its_run_hears_the_end() {
    let world = World::start().await;
    let (trader, order) = escalated(&world, Account::UK9394).await;
    let stranger = world.trader(Account::UK1234).await;
    let path = format!("/api/orders/{}/settle", order["id"].as_str().unwrap());
    let word = json!({ "settlement": "absent", "reason": "  Kite shows a sale, and no purchase " });

    let theirs = stranger.post(&path, word.clone()).await;
    let nobodys = stranger.post("/api/orders/nobodys-1/settle", word.clone()).await;
    assert_eq!((theirs.status, &theirs.text), (nobodys.status, &nobodys.text));
    assert!(theirs.status == 404 && theirs.is_problem(), "{}", theirs.text);
    for wrong in [
        json!({ "settlement": "absent", "reason": " " }),
        json!({ "settlement": "absent", "reason": "x".repeat(501) }),
        json!({ "settlement": "absent", "reason": "two\nlines" }),
        json!({ "settlement": "absent" }),
        json!({ "settlement": "complete", "reason": "so it seems" }),
        json!({ "settlement": "absent", "reason": "so it seems", "filled": 1 }),
    ] {
        let refused = trader.post(&path, wrong.clone()).await;
        assert!(refused.status == 400 && refused.is_problem(), "{wrong}: {}", refused.text);
    }
    assert_eq!(state(&trader, &order).await, "escalated");

    let settled = trader.post(&path, word.clone()).await.expect(200);
    assert_eq!((&settled["id"], &settled["state"]), (&order["id"], &json!("absent")));
    let twice = trader.post(&path, word).await;
    assert!(twice.status == 409 && twice.is_problem(), "{}", twice.text);
    assert!(twice.text.contains("the order is absent: only an escalated one"));
    let run = order["runId"].as_str().unwrap();
    eventually("the run hears how it ended", || async {
        let lines = trader.get(&format!("/api/logs?run={run}")).await.expect(200);
        lines.to_string().contains("order 1 is Abandoned").then_some(())
    })
    .await;
    let (actor, details) = word_in_audit(&trader).await;
    assert!(actor.starts_with("session ") && actor.ends_with(" from 127.0.0.1"), "{actor}");
    assert_eq!(details["reason"], "Kite shows a sale, and no purchase");
    let explained = trader.get(&format!("/api/runs/{run}/orders/1/explain")).await.expect(200);
    assert!(explained.to_string().contains("absent, by session "), "{explained}");
}

#[tokio::test]
async fn an_operator_settles_an_escalated_order_and_it_stays_so_over_a_crash() {
    let mut world = World::start().await;
    let (trader, order) = escalated(&world, Account::UK1234).await;
    let id = order["id"].as_str().unwrap();
    let settle = |order: &str, how: &str, reason: &str| {
        bulkhead(&world, &["settle", "UK1234", order, "--as", how, "--reason", reason])
    };
    for (told, code, says) in [
        (settle(id, "complete", "so it seems"), 2, "write absent or ended"),
        (settle(id, "absent", " "), 1, "a reason is needed"),
        (settle("nobodys-1", "absent", "so it seems"), 1, "has no order `nobodys-1`"),
        (
            bulkhead(&world, &["settle", "AB0000", id, "--as", "absent", "--reason", "x"]),
            1,
            "no tenant `AB0000`",
        ),
    ] {
        assert_eq!(told.status.code(), Some(code), "{told:?}");
        assert!(String::from_utf8_lossy(&told.stderr).contains(says), "{told:?}");
    }
    assert_eq!(state(&trader, &order).await, "escalated");

    let told = settle(id, "ended", "cancelled at Kite");
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    assert!(String::from_utf8_lossy(&told.stdout).contains("is settled: cancelled"), "{told:?}");
    let twice = settle(id, "ended", "cancelled at Kite");
    assert_eq!(twice.status.code(), Some(1), "{twice:?}");
    assert!(String::from_utf8_lossy(&twice.stderr).contains("only an escalated one"), "{twice:?}");

    world.host.kill();
    let nobody = bulkhead(&world, &["settle", "UK1234", id, "--as", "ended", "--reason", "x"]);
    assert_eq!(nobody.status.code(), Some(1), "{nobody:?}");
    assert!(String::from_utf8_lossy(&nobody.stderr).contains("no host runs"), "{nobody:?}");
    world.restart_host().await;
    assert_eq!(state(&trader, &order).await, "cancelled");
    let (actor, details) = word_in_audit(&trader).await;
    assert_eq!((actor.as_str(), &details["reason"]), ("operator", &json!("cancelled at Kite")));
    let verified = bulkhead(&world, &["audit", "verify"]);
    assert_eq!(verified.status.code(), Some(0), "{verified:?}");
}

/// A purchase that never arrived, under whose tag the broker shows a sale: what became of it, only a person can tell.
async fn escalated(world: &World, account: Account) -> (Trader, Value) {
    let trader = world.trader(account).await;
    let strategy = trader.strategy("scalper", guests::SCALPER).await;
    let lost =
        json!({ "kind": "dropRequest", "method": "POST", "path": "/orders", "apiKey": account.api_key });
    world.sim_post("/sim/faults", lost).await;
    trader.start(&strategy, json!({ "orders": 1 })).await;
    let order = eventually("an order is in doubt", || async {
        let orders = trader.get("/api/orders").await.expect(200);
        orders.as_array().unwrap().iter().find(|order| order["state"] == "ambiguous").cloned()
    })
    .await;
    let path = format!("/api/orders/{}/settle", order["id"].as_str().unwrap());
    let early = trader.post(&path, json!({ "settlement": "absent", "reason": "too early" })).await;
    assert!(early.status == 409 && early.text.contains("the order is ambiguous"), "{}", early.text);
    sell_under(world, account, order["tag"].as_str().unwrap()).await;
    let trader = world.trader(account).await;
    eventually("it is escalated", || async { (state(&trader, &order).await == "escalated").then_some(()) })
        .await;
    (trader, order)
}

/// Somebody else's order at the broker, which ends the host's session too.
async fn sell_under(world: &World, account: Account, tag: &str) {
    let connection =
        Connection::new(Endpoints::at(world.sim_url("").parse().unwrap()), Egress::Direct).unwrap();
    let (secret, token) = (Secret::new(account.api_secret), world.request_token(account).await);
    let grant = connection.exchange_token(account.api_key, &secret, &token).await.unwrap();
    let session = connection.session(account.api_key, grant.access_token.clone());
    let request = OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Sell, 1);
    session.place(&PlaceParams { request, tag: tag.to_owned() }).await.unwrap();
}

async fn state(trader: &Trader, order: &Value) -> String {
    let orders = trader.get("/api/orders").await.expect(200);
    let now = orders.as_array().unwrap().iter().find(|one| one["id"] == order["id"]).cloned();
    now.expect("an order is never lost")["state"].as_str().unwrap().to_owned()
}

/// Who settled the order, and what the audit has of it.
async fn word_in_audit(trader: &Trader) -> (String, Value) {
    let page = trader.get("/api/audit?action=orderSettled").await.expect(200);
    let entries = page["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{page}");
    (entries[0]["actor"].as_str().unwrap().to_owned(), entries[0]["details"].clone())
}
