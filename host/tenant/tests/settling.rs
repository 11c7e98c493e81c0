//! Orders of which nobody could tell what became: a person says, once, with a reason, and it stays so.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::{OrderRequest, OrderState, Side};
use serde_json::json;
use std::path::Path;
use tenant::audit::{Actor, AuditRecord};
use tenant::{
    Clock, KeptHeads, OrderRecord, RunLine, SettleError, Settlement, Tenant, Tenants, TenantsConfig,
    Unsettleable, verify_chains,
};
use world::{World, buy, cause, fault, new_line, resting_buy, state_of, until};

const DAY_S: i64 = 86_400;

/// An order that nobody answered for and whose day went by without it.
async fn escalated(world: &World, clock: &Clock, line: &mut RunLine) -> OrderRecord {
    fault(world, json!({ "kind": "dropRequest", "method": "POST", "path": "/orders" })).await;
    line.submit(cause(1), vec![buy(1, 3)]).await.unwrap();
    state_of(line, OrderState::Ambiguous).await;
    clock.shift_seconds(DAY_S);
    state_of(line, OrderState::Escalated).await
}

/// The same host again, with its clock where it stood.
async fn again(world: &World, clock: &Clock) -> Tenants {
    Tenants::open(TenantsConfig { clock: clock.clone(), ..world.config() }).await.unwrap()
}

/// The entries of the order's history that tell of a person's word.
async fn words_of(tenant: &Tenant, order: &OrderRecord) -> Vec<AuditRecord> {
    let history = tenant.history_of(order.id).await.unwrap();
    history.into_iter().filter(|entry| entry.action == "orderSettled").collect()
}

async fn chains_hold(data: &Path) {
    let reports = verify_chains(data, None, &KeptHeads::default()).await.unwrap();
    assert!(reports.iter().all(|report| report.broken.is_none()), "{reports:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_word_ends_an_escalated_order_for_its_run_and_stands_in_its_history_over_a_restart() {
    let world = World::start().await;
    let tenants = world.open().await;
    let clock = tenants.clock().clone();
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    let order = escalated(&world, &clock, &mut line).await;
    let sent = world.places_received().await.len();

    let person = Actor::Session { id: "s1".into(), address: Some("203.0.113.9".parse().unwrap()) };
    let tenant = tenant.acting_as(person);
    let reason = " Kite's book of that day lacks it ";
    let settled = tenant.settle_order(order.id, Settlement::Absent, reason).await.unwrap();
    assert_eq!((settled.id, settled.state), (order.id, OrderState::Absent));
    assert_eq!(state_of(&mut line, OrderState::Absent).await, settled);
    let twice = tenant.settle_order(order.id, Settlement::Ended, "once more").await;
    assert!(
        matches!(twice, Err(SettleError::Unsettleable(Unsettleable::NotEscalated(OrderState::Absent)))),
        "{twice:?}"
    );
    tenants.close().await;
    drop((line, tenant, tenants));

    chains_hold(&world.dir.path().join("data")).await;
    let tenants = again(&world, &clock).await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    until("compared with the broker", async || tenant.is_reconciled()).await;
    let named = format!("{}-{}", order.run_id, order.run_order_id);
    assert_eq!(tenant.order(&named).await.unwrap().unwrap().state, OrderState::Absent);
    let words = words_of(&tenant, &order).await;
    let [word] = words.as_slice() else { panic!("one word: {words:?}") };
    assert_eq!(word.actor, "session s1 from 203.0.113.9");
    assert_eq!(word.details["settlement"], "absent");
    assert_eq!(word.details["reason"], "Kite's book of that day lacks it");
    assert_eq!(world.places_received().await.len(), sent, "nothing is sent for it");
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_escalated_order_waits_for_its_person_a_month_and_a_restart_and_for_nobody_else() {
    let world = World::start().await;
    let tenants = world.open().await;
    let clock = tenants.clock().clone();
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    let order = escalated(&world, &clock, &mut line).await;
    tenants.close().await;
    drop((line, tenant, tenants));

    clock.shift_seconds(30 * DAY_S);
    let tenants = again(&world, &clock).await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let (other, _) = world.login(&tenants, "uk1234").await;
    let strange = other.settle_order(order.id, Settlement::Ended, "not mine").await;
    assert!(matches!(strange, Err(SettleError::Unsettleable(Unsettleable::Unknown))), "{strange:?}");
    assert!(other.order(&order.id.to_string()).await.unwrap().is_none());
    for none in ["", " ", "two\nlines", &"x".repeat(501)] {
        let refused = tenant.settle_order(order.id, Settlement::Ended, none).await;
        assert!(matches!(refused, Err(SettleError::BadReason(_))), "{none:?}: {refused:?}");
    }
    assert_eq!(tenant.order(&order.id.to_string()).await.unwrap().unwrap().state, OrderState::Escalated);
    assert!(words_of(&tenant, &order).await.is_empty());

    let tenant = tenant.acting_as(Actor::Operator);
    let settled = tenant.settle_order(order.id, Settlement::Ended, "it was cancelled at Kite").await.unwrap();
    assert_eq!((settled.state, settled.filled), (OrderState::Cancelled, 0));
    assert_eq!(words_of(&tenant, &order).await[0].actor, "operator");
    tenants.close().await;
    chains_hold(&world.dir.path().join("data")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_may_still_trade_is_not_settled_and_what_is_no_question_neither() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), vec![resting_buy(&tenant, 1).await]).await.unwrap();
    let order = state_of(&mut line, OrderState::Open).await;
    let open = tenant.settle_order(order.id, Settlement::Ended, "gone").await;
    assert!(
        matches!(open, Err(SettleError::Unsettleable(Unsettleable::NotEscalated(OrderState::Open)))),
        "{open:?}"
    );
    let nobodys = tenant.settle_order(order.id + 1, Settlement::Ended, "gone").await;
    assert!(matches!(nobodys, Err(SettleError::Unsettleable(Unsettleable::Unknown))), "{nobodys:?}");

    second_under_its_tag(&world, &order).await;
    world.login(&tenants, "uk9394").await;
    state_of(&mut line, OrderState::Escalated).await;
    for settlement in Settlement::ALL {
        let stands = tenant.settle_order(order.id, *settlement, "gone").await.unwrap_err();
        assert!(
            matches!(stands, SettleError::Unsettleable(Unsettleable::StillStands)),
            "{settlement}: {stands}"
        );
        assert!(stands.to_string().contains("withdraw it"), "{stands}");
    }
    assert!(words_of(&tenant, &order).await.is_empty());
    tenants.close().await;
}

/// Somebody else places an order under the order's own tag.
async fn second_under_its_tag(world: &World, order: &OrderRecord) {
    let endpoints = kite::Endpoints::at(format!("http://{}", world.simulator.address()).parse().unwrap());
    let connection = kite::Connection::new(endpoints, kite::Egress::Direct).unwrap();
    let login = world.credentials("uk9394").await;
    let (secret, token) = (kite::Secret::new(login.api_secret.expose()), login.request_token.expose());
    let grant = connection.exchange_token(&login.api_key, &secret, token).await.unwrap();
    let session = connection.session(&login.api_key, grant.access_token.clone());
    let request = OrderRequest::market(order.symbol.clone(), Side::Buy, 1);
    session.place(&kite::PlaceParams { request, tag: order.tag.clone() }).await.unwrap();
}
