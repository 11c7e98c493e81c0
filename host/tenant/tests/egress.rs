//! Each tenant's calls leave by the way that was set for it, and no order leaves by another.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::OrderState;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use std::collections::BTreeSet;
use tenant::{Egress, EgressSetting, RefusalCode, RunLine, Tenant, preflight_at_rest};
use world::{World, buy, cause, new_line, state_of, until};

async fn buy_one(tenant: &Tenant, name: &str) {
    let mut line = new_line(tenant, name).await;
    line.submit(cause(1), vec![buy(1, 1)]).await.unwrap();
    state_of(&mut line, OrderState::Complete).await;
}

/// Where a trader's order calls came from, as the broker saw it.
async fn sources(world: &World, user: &str) -> BTreeSet<String> {
    let received = world.places_received().await;
    let theirs = received.iter().filter(|row| row["userId"] == user);
    theirs.map(|row| row["sourceIp"].as_str().unwrap().to_owned()).collect()
}

fn from(address: &str, expected: Option<&str>) -> EgressSetting {
    let expected = expected.map(|address| address.parse().unwrap());
    EgressSetting { egress: Egress::From(address.parse().unwrap()), expected }
}

#[tokio::test(flavor = "multi_thread")]
async fn order_calls_leave_from_the_tenants_own_address_at_once_and_after_the_next_opening() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let (other, _) = world.login(&tenants, "uk1234").await;
    assert_eq!(tenant.egress().await.unwrap(), EgressSetting::default());
    let own = from("127.0.0.2", None);
    tenant.set_egress(&own).await.unwrap();
    let refused = tenant.set_egress(&from("203.0.113.7", None)).await.unwrap_err().to_string();
    assert!(refused.contains("cannot leave from 203.0.113.7"), "{refused}");
    assert_eq!(tenant.egress().await.unwrap(), own);
    buy_one(&tenant, "alpha").await;
    buy_one(&other, "alpha").await;
    assert_eq!(sources(&world, "UK9394").await, BTreeSet::from(["127.0.0.2".to_owned()]));
    assert_eq!(sources(&world, "UK1234").await, BTreeSet::from(["127.0.0.1".to_owned()]));
    tenants.close().await;
    drop((tenant, other, tenants));

    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    assert_eq!(tenant.egress().await.unwrap(), own, "a sign-in keeps the way out");
    buy_one(&tenant, "beta").await;
    assert_eq!(sources(&world, "UK9394").await, BTreeSet::from(["127.0.0.2".to_owned()]));
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_out_is_checked_where_no_host_runs_and_nobody_elses_compartment_is_opened_for_it() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let (other, _) = world.login(&tenants, "uk1234").await;
    tenant.set_egress(&from("127.0.0.2", None)).await.unwrap();
    buy_one(&tenant, "alpha").await;
    buy_one(&other, "alpha").await;
    tenants.close().await;
    drop((tenant, other, tenants));
    // Whoever opens a compartment settles what a crash left on its way.
    let options = SqliteConnectOptions::new().filename(world.dir.path().join("data/bulkhead.db"));
    let mut rows = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("update orders set state = 'intent'").execute(&mut rows).await.unwrap();
    let starts = "select count(*) from host_audit";
    let before: i64 = sqlx::query_scalar(starts).fetch_one(&mut rows).await.unwrap();
    rows.close().await.unwrap();

    let seen = preflight_at_rest(world.config(), "UK9394").await.unwrap().unwrap();
    assert_eq!(seen.address(), Some("127.0.0.2".parse().unwrap()), "{}", seen.words());
    let nobody = preflight_at_rest(world.config(), "AB0000").await.unwrap_err().to_string();
    assert!(nobody.contains("no tenant `AB0000`"), "{nobody}");

    let mut rows = SqliteConnection::connect_with(&options).await.unwrap();
    let states = "select broker_id, state from orders order by broker_id";
    let states: Vec<(String, String)> = sqlx::query_as(states).fetch_all(&mut rows).await.unwrap();
    let expected = [("UK1234", "intent"), ("UK9394", "abandoned")];
    assert_eq!(states, expected.map(|(whose, state)| (whose.to_owned(), state.to_owned())));
    let after: i64 = sqlx::query_scalar(starts).fetch_one(&mut rows).await.unwrap();
    assert_eq!(after, before, "it is no start of the host");
    rows.close().await.unwrap();
}

/// Asks for orders until one is refused for its way out.
async fn refused_for_its_address(line: &mut RunLine, next: &mut u64) -> String {
    *next += 1;
    line.submit(cause(*next), vec![buy(*next, 1)]).await.unwrap();
    let refused = state_of(line, OrderState::Refused).await;
    assert_eq!(refused.refusal, RefusalCode::WayOut, "{}", refused.message);
    refused.message
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_from_another_address_than_the_expected_one_is_refused_until_it_is_right() {
    let world = World::start().await;
    let mut config = world.config();
    config.echo_url = Some(format!("http://{}/sim/address", world.simulator.address()).parse().unwrap());
    let tenants = tenant::Tenants::open(config).await.unwrap();
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    let mut next = 0;

    tenant.set_egress(&from("127.0.0.2", Some("127.0.0.3"))).await.unwrap();
    until("a proof", async || tenant.egress_standing().proof.is_some()).await;
    let told = refused_for_its_address(&mut line, &mut next).await;
    assert!(told.contains("must leave from 127.0.0.3, but leave from 127.0.0.2"), "{told}");
    assert!(world.places_received().await.is_empty());

    tenant.set_egress(&from("127.0.0.3", Some("127.0.0.3"))).await.unwrap();
    until("the right address", async || tenant.egress_standing().address().is_some()).await;
    assert_eq!(tenant.egress_standing().hindrance(), None);
    next += 1;
    line.submit(cause(next), vec![buy(next, 1)]).await.unwrap();
    state_of(&mut line, OrderState::Complete).await;
    assert_eq!(sources(&world, "UK9394").await, BTreeSet::from(["127.0.0.3".to_owned()]));
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_an_address_is_expected_and_none_can_be_proved_no_order_leaves() {
    let world = World::start().await;
    let mut config = world.config();
    config.echo_url = Some("http://127.0.0.1:9/".parse().unwrap());
    let tenants = tenant::Tenants::open(config).await.unwrap();
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    tenant.set_egress(&from("127.0.0.2", Some("127.0.0.2"))).await.unwrap();
    let told = refused_for_its_address(&mut line, &mut 0).await;
    assert!(told.contains("being proved") || told.contains("could not be proved"), "{told}");
    assert!(world.places_received().await.is_empty());
    tenants.close().await;
}
