//! The capability against the real simulator over real sockets, with a real database.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::{OrderState, Price};
use serde_json::json;
use std::time::Duration;
use tenant::{BrokerState, Login, LoginError, Mode, RefusalCode, SecretText, Tenants};
use world::{World, buy, cause, new_line, new_line_in, resting_buy, state_of, until};

#[tokio::test(flavor = "multi_thread")]
async fn two_tenants_trade_at_once_and_never_see_each_other() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (a, _) = world.login(&tenants, "uk9394").await;
    let (b, _) = world.login(&tenants, "uk1234").await;
    let (mut line_a, mut line_b) = (new_line(&a, "alpha").await, new_line(&b, "beta").await);
    line_a.submit(cause(1), vec![buy(1, 3)]).await.unwrap();
    line_b.submit(cause(1), vec![buy(1, 5)]).await.unwrap();
    let (of_a, of_b) = (
        state_of(&mut line_a, OrderState::Complete).await,
        state_of(&mut line_b, OrderState::Complete).await,
    );
    assert_eq!((of_a.filled, of_b.filled), (3, 5));
    for (tenant, other, order, quantity) in [(&a, &b, &of_a, 3), (&b, &a, &of_b, 5)] {
        until("booked", async || tenant.positions(false).await.unwrap().len() == 1).await;
        assert_eq!(tenant.positions(false).await.unwrap()[0].quantity, quantity);
        assert_eq!(tenant.orders(None).await.unwrap().len(), 1);
        let trades = tenant.trades(None).await.unwrap();
        assert!(trades.iter().all(|trade| trade.run_id.as_ref() == Some(&order.run_id)));
        assert!(other.run(&order.run_id).await.unwrap().is_none());
        assert!(other.strategy(&order.strategy_id).await.unwrap().is_none());
        assert!(other.attach(&order.run_id).await.unwrap().is_none());
        assert!(other.journal(&order.run_id).await.unwrap().is_empty());
        assert_eq!(tenant.journal(&order.run_id).await.unwrap(), vec![(1, vec![1])]);
    }
    let received = world.places_received().await;
    assert_eq!(received.len(), 2);
    for (order, user) in [(&of_a, "UK9394"), (&of_b, "UK1234")] {
        let row = received.iter().find(|row| row["tag"] == order.tag.as_str()).unwrap();
        assert_eq!(row["userId"], user);
        assert_eq!(row["tokenMatchesKey"], true);
    }
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_whose_answer_is_lost_is_found_by_its_tag_and_never_sent_again() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    let fault = json!({ "kind": "dropAnswer", "method": "POST", "path": "/orders" });
    world.sim("POST", "/sim/faults", fault).await;
    line.submit(cause(1), vec![buy(1, 2)]).await.unwrap();
    let order = state_of(&mut line, OrderState::Complete).await;
    assert!(order.broker_order_id.is_some());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.places_received().await.len(), 1);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_row_is_durable_before_the_broker_answers() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    let fault = json!({ "kind": "delayRequest", "method": "POST", "path": "/orders", "delayMs": 1_500 });
    world.sim("POST", "/sim/faults", fault).await;
    line.submit(cause(1), vec![buy(1, 2)]).await.unwrap();
    let rows = tenant.orders(None).await.unwrap();
    assert_eq!((rows.len(), rows[0].state, rows[0].tag.len()), (1, OrderState::Sending, 20));
    assert!(rows[0].broker_order_id.is_none());
    state_of(&mut line, OrderState::Complete).await;
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_keeps_everything_and_goes_on() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, secret) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), vec![buy(1, 3)]).await.unwrap();
    let order = state_of(&mut line, OrderState::Complete).await;
    until("booked", async || tenant.positions(false).await.unwrap().iter().any(|p| p.quantity == 3)).await;
    tenant.state_write(&order.strategy_id, vec![("seen".into(), Some(vec![7]))]).await.unwrap();
    tenant.set_kill_switch(tenant::SwitchScope::Tenant, true, Some("drill".into())).await.unwrap();
    tenants.close().await;
    drop((line, tenant, tenants));

    let tenants = world.open().await;
    let (tenant, _) = tenants.resume(&secret).await.unwrap();
    assert_eq!(tenant.broker_id().to_string(), "UK9394");
    assert_eq!(tenant.orders(None).await.unwrap()[0].state, OrderState::Complete);
    assert_eq!(tenant.positions(false).await.unwrap()[0].quantity, 3);
    assert_eq!(tenant.state_load(&order.strategy_id).await.unwrap()["seen"], vec![7]);
    assert!(tenant.kill_switch().await.unwrap().on);
    until("reconciled", async || tenant.is_reconciled()).await;
    let mut line = tenant.attach(&order.run_id).await.unwrap().unwrap();
    line.submit(cause(2), vec![buy(2, 1)]).await.unwrap();
    let refused = state_of(&mut line, OrderState::Refused).await;
    assert_eq!(refused.refusal, RefusalCode::KillSwitch);
    tenant.set_kill_switch(tenant::SwitchScope::Tenant, false, None).await.unwrap();
    line.submit(cause(3), vec![buy(3, 1)]).await.unwrap();
    state_of(&mut line, OrderState::Complete).await;
    assert_eq!(world.places_received().await.len(), 2);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_end_after_their_time_and_when_they_are_revoked() {
    let world = World::start().await;
    let config = world.config();
    let clock = config.clock.clone();
    let tenants = Tenants::open(config).await.unwrap();
    let (tenant, first) = world.login(&tenants, "uk9394").await;
    let (_, second) = world.login(&tenants, "uk9394").await;
    assert_eq!(tenant.sessions().await.unwrap().len(), 2);
    let (_, info) = tenants.resume(&second).await.unwrap();
    assert!(tenant.revoke_session(&info.id).await.unwrap());
    assert!(tenants.resume(&second).await.is_err());
    assert!(tenants.resume("nonsense").await.is_err());
    clock.shift_seconds(24 * 3600 - 60);
    assert!(tenants.resume(&first).await.is_ok());
    clock.shift_seconds(61);
    assert!(tenants.resume(&first).await.is_err());
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_told_apart_and_secrets_never_stand_in_the_clear() {
    let world = World::start().await;
    let tenants = world.open().await;
    let good = world.credentials("uk9394").await;
    let wrong = Login { api_secret: SecretText::new("wrong"), ..good.clone() };
    assert!(matches!(tenants.login(wrong).await, Err(LoginError::WrongSecret)));
    let good = world.credentials("uk9394").await;
    tenants.login(good.clone()).await.unwrap();
    assert!(matches!(tenants.login(good.clone()).await, Err(LoginError::UsedToken)));
    let unknown = Login { api_key: "nobody".into(), ..good };
    assert!(matches!(tenants.login(unknown).await, Err(LoginError::UnknownApiKey)));
    tenants.close().await;
    for entry in std::fs::read_dir(world.dir.path().join("data")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let secret = b"demo-secret-uk9394";
            assert!(!bytes.windows(secret.len()).any(|window| window == secret), "{}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_kill_switch_cancels_what_stands() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), vec![resting_buy(&tenant, 1).await]).await.unwrap();
    state_of(&mut line, OrderState::Open).await;
    tenant.set_kill_switch(tenant::SwitchScope::Tenant, true, None).await.unwrap();
    state_of(&mut line, OrderState::Cancelled).await;
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_token_stops_sends_and_the_next_login_revives_the_same_tenant() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    world.sim("POST", "/sim/expire-token", json!({ "apiKey": "demo-uk9394" })).await;
    assert!(tenant.cash().await.is_err());
    assert!(matches!(*tenant.broker_state().borrow(), BrokerState::Expired { .. }));
    line.submit(cause(1), vec![buy(1, 1)]).await.unwrap();
    let refused = state_of(&mut line, OrderState::Refused).await;
    assert_eq!(refused.refusal, RefusalCode::NoSession);
    world.login(&tenants, "uk9394").await;
    assert_eq!(tenants.all().len(), 1);
    until("reconciled", async || tenant.is_reconciled()).await;
    line.submit(cause(2), vec![buy(2, 1)]).await.unwrap();
    state_of(&mut line, OrderState::Complete).await;
    assert_eq!(world.places_received().await.len(), 1);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paper_order_fills_at_the_live_price_and_nothing_leaves() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line_in(&tenant, "alpha", Mode::Paper).await;
    let feed = tenant.feed();
    let token = tenant.instruments().await.unwrap().by_symbol(&"NSE:INFY".parse().unwrap()).unwrap().token;
    feed.subscribe(&[token]);
    until("a tick", async || matches!(feed.next().await, tenant::FeedEvent::Ticks(_))).await;
    line.submit(cause(1), vec![buy(1, 4)]).await.unwrap();
    let order = state_of(&mut line, OrderState::Complete).await;
    assert!(order.average_price > Price::ZERO);
    until("figures", async || tenant.run_figures(&order.run_id).await.unwrap().trades == 1).await;
    assert!(tenant.positions(false).await.unwrap().is_empty());
    assert!(world.places_received().await.is_empty());
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn squaring_off_closes_what_the_run_holds() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), vec![buy(1, 6)]).await.unwrap();
    let order = state_of(&mut line, OrderState::Complete).await;
    let mut closing = tenant.close_out(&order.run_id).await.unwrap().unwrap();
    until("closed", async || closing.look().await.unwrap().is_flat()).await;
    until("flat", async || {
        let positions = tenant.positions(true).await.unwrap();
        positions.len() == 1 && positions[0].sell_quantity == 6 && positions[0].quantity == 0
    })
    .await;
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_lists_the_tenants_while_the_host_runs() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let _line = new_line(&tenant, "alpha").await;
    let roll = tenant::roll(&world.dir.path().join("data")).await.unwrap();
    assert_eq!((roll.len(), roll[0].id.as_str()), (1, "UK9394"));
    assert_eq!((roll[0].strategies, roll[0].active_runs), (1, 1));
    let nothing = tenant::roll(world.dir.path()).await.unwrap_err().to_string();
    assert!(nothing.contains("there is no database"), "{nothing}");
    tenants.close().await;
}
