//! Each tenant's calls leave by the way that was set for it, and no order leaves by another.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::OrderState;
use std::collections::BTreeSet;
use tenant::{Egress, EgressSetting, Tenant};
use world::{World, buy, cause, new_line, state_of};

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
