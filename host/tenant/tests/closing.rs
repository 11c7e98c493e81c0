//! The way out of the market: nothing is given up in silence, nothing is closed that is not there.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::{Intent, OrderRequest, OrderState, Side};
use serde_json::json;
use tenant::gate::RiskLimits;
use tenant::{Hindrance, OrderRecord, Tenant, Tenants};
use world::{World, buy, cause, fault, new_line, resting_buy, state_of, until};

/// A tenant whose run holds so many units.
async fn holding(world: &World, units: u32) -> (Tenants, Tenant, OrderRecord) {
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), vec![buy(1, units)]).await.unwrap();
    let order = state_of(&mut line, OrderState::Complete).await;
    until("booked", async || {
        tenant.left_by(&order.run_id).await.unwrap().positions.iter().any(|p| p.quantity == i64::from(units))
    })
    .await;
    (tenants, tenant, order)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_is_waited_for_with_everything_said() {
    let world = World::start().await;
    let (tenants, tenant, order) = holding(&world, 6).await;
    let fault =
        json!({ "kind": "errorBefore", "method": "GET", "path": "/orders", "times": 1_000, "status": 502 });
    world.sim("POST", "/sim/faults", fault).await;
    let mut closing = tenant.close_out(&order.run_id).await.unwrap().unwrap();
    let left = closing.look().await.unwrap();
    assert!(!left.is_final() && matches!(left.why, Some(Hindrance::Waiting(_))), "{left:?}");
    assert!(left.words().unwrap().contains("6 NSE:INFY"), "{:?}", left.words());
    assert_eq!(tenant.orders(None).await.unwrap().len(), 1, "nothing is closed on a book that was not read");
    world.sim("DELETE", "/sim/faults", json!({})).await;
    until("flat", async || closing.look().await.unwrap().is_flat()).await;
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_on_orders_that_is_used_up_keeps_no_position_open() {
    let world = World::start().await;
    let (tenants, tenant, order) = holding(&world, 6).await;
    tenant.set_risk_limits(RiskLimits { orders_per_day: 1, ..RiskLimits::default() }).await.unwrap();
    let mut closing = tenant.close_out(&order.run_id).await.unwrap().unwrap();
    until("flat", async || closing.look().await.unwrap().is_flat()).await;
    let sides: Vec<_> = tenant.orders(None).await.unwrap().iter().map(|order| order.side).collect();
    assert!(sides.len() == 2 && sides.contains(&Side::Sell), "{sides:?}");
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_is_withdrawn_before_anything_is_closed() {
    let world = World::start().await;
    let (tenants, tenant, order) = holding(&world, 6).await;
    let line = tenant.attach(&order.run_id).await.unwrap().unwrap();
    assert_eq!((line.positions[0].quantity, line.is_settled), (6, true));
    line.submit(cause(2), vec![resting_buy(&tenant, 2).await]).await.unwrap();
    let mut closing = tenant.close_out(&order.run_id).await.unwrap().unwrap();
    let left = closing.look().await.unwrap();
    // It may be gone by the time that what is left is counted, and the position is not.
    assert!(!left.is_flat() && matches!(left.why, Some(Hindrance::Waiting(_))), "{left:?}");
    until("flat", async || closing.look().await.unwrap().is_flat()).await;
    let states: Vec<_> = tenant.orders(None).await.unwrap().iter().map(|order| order.state).collect();
    assert_eq!(states, [OrderState::Complete, OrderState::Cancelled, OrderState::Complete]);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_account_no_longer_holds_is_not_sold_again() {
    let world = World::start().await;
    let (tenants, tenant, order) = holding(&world, 6).await;
    sell_by_hand(&world, 6).await;
    world.login(&tenants, "uk9394").await;
    let sent = world.places_received().await.len();
    let mut closing = tenant.close_out(&order.run_id).await.unwrap().unwrap();
    until("nothing more to do", async || closing.look().await.unwrap().is_final()).await;
    let said = closing.look().await.unwrap().words().unwrap();
    assert!(said.contains("the account holds no NSE:INFY"), "{said}");
    assert_eq!(world.places_received().await.len(), sent, "a second sale would open a short position");
    tenants.close().await;
}

async fn sell_by_hand(world: &World, quantity: u32) {
    let endpoints = kite::Endpoints::at(format!("http://{}", world.simulator.address()).parse().unwrap());
    let connection = kite::Connection::new(endpoints, kite::Egress::Direct).unwrap();
    let login = world.credentials("uk9394").await;
    let (secret, token) = (kite::Secret::new(login.api_secret.expose()), login.request_token.expose());
    let grant = connection.exchange_token(&login.api_key, &secret, token).await.unwrap();
    let session = connection.session(&login.api_key, grant.access_token.clone());
    let request = OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Sell, quantity);
    session.place(&kite::PlaceParams { request, tag: "BYHAND".into() }).await.unwrap();
    until("sold", async || {
        let positions = session.positions().await.unwrap();
        positions.net.rows.iter().map(|position| position.figures.quantity).sum::<i64>() == 0
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_close_at_once_never_sell_together_what_the_account_holds_once() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut runs = Vec::new();
    for (name, side) in [("alpha", Side::Buy), ("beta", Side::Buy), ("gamma", Side::Sell)] {
        let mut line = new_line(&tenant, name).await;
        let request = OrderRequest::market("NSE:INFY".parse().unwrap(), side, 10);
        line.submit(cause(1), vec![Intent::Place { id: 1, request }]).await.unwrap();
        let order = state_of(&mut line, OrderState::Complete).await;
        until("booked", async || {
            let left = tenant.left_by(&order.run_id).await.unwrap();
            left.positions.iter().any(|position| position.quantity == side.sign() * 10)
        })
        .await;
        runs.push(order.run_id);
    }
    let slow =
        json!({ "kind": "delayRequest", "method": "POST", "path": "/orders", "delayMs": 800, "times": 3 });
    fault(&world, slow).await;
    let mut closings = Vec::new();
    for run in &runs {
        closings.push(tenant.close_out(run).await.unwrap().unwrap());
    }
    let [alpha, beta, gamma] = closings.as_mut_slice() else { panic!("three runs") };
    let exits = async || {
        let all = tenant.orders(None).await.unwrap();
        all.into_iter().filter(|order| order.run_order_id > 1).collect::<Vec<_>>()
    };
    let (first, second, third) = tokio::join!(alpha.look(), beta.look(), gamma.look());
    let looks = [first.unwrap(), second.unwrap(), third.unwrap()];
    assert_eq!(exits().await.len(), 1, "the account holds 10, and one run sells them: {looks:?}");
    until("nothing more to do", async || {
        let (first, second, third) = tokio::join!(alpha.look(), beta.look(), gamma.look());
        [first, second, third].into_iter().all(|left| left.unwrap().is_final())
    })
    .await;
    let exits = exits().await;
    let closed: Vec<_> = exits.iter().map(|order| (order.state, order.side, order.quantity)).collect();
    assert_eq!(closed, [(OrderState::Complete, Side::Sell, 10)], "nothing was opened");

    // Two of them are left with what cancels out, and each says so: the account is flat, their own books are not.
    let mut open = Vec::new();
    for run in &runs {
        let left = tenant.left_by(run).await.unwrap();
        open.extend(left.positions.iter().map(|position| (run.clone(), position.quantity)));
    }
    assert!(open.len() == 2 && open.iter().map(|(_, units)| units).sum::<i64>() == 0, "{open:?}");
    for (closing, run) in [alpha, beta, gamma].into_iter().zip(&runs) {
        let said = closing.look().await.unwrap().words().unwrap_or_default();
        let is_open = open.iter().any(|(id, _)| id == run);
        assert_eq!(said.contains("which cancel out; together 0, as the account has"), is_open, "{said}");
        for (id, units) in open.iter().filter(|_| is_open) {
            let named = said.contains(&format!("run {id} (")) && said.contains(&format!("has {units:+}"));
            assert!(named, "{said}");
        }
    }
    let netted = tenant.netted().await.unwrap();
    assert!(netted.len() == 1 && netted[0].total() == 0, "{netted:?}");
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_fills_have_no_trades_is_not_waited_for_without_end_and_says_which_are_missing() {
    let world = World::start().await;
    let mut config = world.config();
    config.limits.fills_booked_within_s = 2;
    let tenants = Tenants::open(config).await.unwrap();
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    let stale = json!({ "userId": "UK9394", "lists": ["trades"] });
    world.sim("POST", "/sim/books/stale", stale).await;
    line.submit(cause(1), vec![buy(1, 6)]).await.unwrap();
    let order = state_of(&mut line, OrderState::Complete).await;
    let sent = world.places_received().await.len();

    let mut closing = tenant.close_out(&order.run_id).await.unwrap().unwrap();
    let first = closing.look().await.unwrap();
    assert!(!first.is_final() && first.words().unwrap().contains("being booked"), "{first:?}");
    until("it is given up", async || closing.look().await.unwrap().is_final()).await;
    let said = closing.look().await.unwrap().words().unwrap();
    assert!(said.contains("after 2 s its fills are not those of its trades"), "{said}");
    assert!(said.contains("order 1 (BUY NSE:INFY): 6 filled, 0 booked"), "{said}");
    assert_eq!(world.places_received().await.len(), sent, "nothing is sold on books that are not known");

    world.sim("POST", "/sim/books/release", json!({ "userId": "UK9394" })).await;
    until("flat", async || closing.look().await.unwrap().is_flat()).await;
    assert_eq!(tenant::TenantLimits::default().fills_booked_within_s, 300);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_on_its_way_when_the_host_goes_down_comes_to_its_end_and_nothing_leaves_after_it() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, secret) = world.login(&tenants, "uk9394").await;
    let line = new_line(&tenant, "alpha").await;
    fault(&world, json!({ "kind": "delayAnswer", "method": "POST", "path": "/orders", "delayMs": 700 }))
        .await;
    line.submit(cause(1), vec![buy(1, 1), buy(2, 1)]).await.unwrap();
    until("on its way", async || world.places_received().await.len() == 1).await;
    tenants.close().await;
    drop((line, tenant, tenants));

    let blind = json!({ "kind": "errorBefore", "method": "GET", "path": "/", "times": 1_000, "status": 502 });
    fault(&world, blind).await;
    let tenants = world.open().await;
    let (tenant, _) = tenants.resume(&secret).await.unwrap();
    let rows = tenant.orders(None).await.unwrap();
    let of_run = |number| rows.iter().find(|order| order.run_order_id == number).unwrap();
    assert!(of_run(1).broker_order_id.is_some(), "its answer was waited for: {:?}", of_run(1));
    assert_eq!(of_run(2).state, OrderState::Refused, "{}", of_run(2).message);
    assert_eq!(world.places_received().await.len(), 1);
    tenants.close().await;
}
