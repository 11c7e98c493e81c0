//! What happens to the account around the runs: cash, a trader's own hand, postbacks, sign-ins, lost orders, limits.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::{Money, OrderRequest, OrderState, Side};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};
use tenant::gate::RiskLimits;
use tenant::{Cut, LoginError, RefusalCode, RunEvent, RunLine, SecretText, Tenant, Tenants, Whose};
use world::{World, buy, cause, new_line, post_form, resting_buy, state_of, until};

async fn next_cash(line: &mut RunLine) -> Money {
    let heard = async {
        loop {
            if let Some(RunEvent::Cash(cash)) = line.events.recv().await {
                return cash;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), heard).await.expect("cash was told")
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_hear_of_the_cash_after_their_fills() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    let before = tenant.cash().await.unwrap();
    line.submit(cause(1), vec![buy(1, 10)]).await.unwrap();
    let mut after = next_cash(&mut line).await;
    if after == before {
        after = next_cash(&mut line).await;
    }
    assert!(after < before, "{after} after {before}");
    tenants.close().await;
}

/// Units in today's trades: the exchange may fill an order in parts.
async fn units(tenant: &Tenant) -> u32 {
    tenant.trades(None).await.unwrap().iter().map(|trade| trade.trade.quantity).sum()
}

async fn units_carried(tenant: &Tenant) -> i64 {
    tenant.positions(false).await.unwrap().iter().map(|position| position.quantity).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn trades_are_booked_although_the_broker_would_not_tell_them_at_first() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    let fault = json!({ "kind": "tooManyRequests", "method": "GET", "path": "/trades", "times": 6 });
    world.sim("POST", "/sim/faults", fault).await;
    line.submit(cause(1), vec![buy(1, 3)]).await.unwrap();
    state_of(&mut line, OrderState::Complete).await;
    until("booked", async || units(&tenant).await == 3).await;
    assert_eq!(world.places_received().await.len(), 1);
    tenants.close().await;
}

/// The trader's own app: signs in with the same key, which ends the host's session, and buys.
async fn buy_by_hand(world: &World, quantity: u32) {
    let endpoints = kite::Endpoints::at(format!("http://{}", world.simulator.address()).parse().unwrap());
    let connection = kite::Connection::new(endpoints, kite::Egress::Direct).unwrap();
    let login = world.credentials("uk9394").await;
    let (secret, token) = (kite::Secret::new(login.api_secret.expose()), login.request_token.expose());
    let grant = connection.exchange_token(&login.api_key, &secret, token).await.unwrap();
    let session = connection.session(&login.api_key, grant.access_token.clone());
    let request = OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Buy, quantity);
    session.place(&kite::PlaceParams { request, tag: "BYHAND".into() }).await.unwrap();
    until("traded by hand", async || {
        tokio::time::sleep(Duration::from_millis(200)).await;
        session.trades().await.unwrap().rows.iter().map(|trade| trade.quantity).sum::<u32>() >= quantity
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_trades_is_the_accounts_and_no_runs() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), vec![buy(1, 3)]).await.unwrap();
    let order = state_of(&mut line, OrderState::Complete).await;
    until("booked", async || units(&tenant).await == 3).await;
    buy_by_hand(&world, 7).await;
    world.login(&tenants, "uk9394").await;
    until("both", async || tenant.positions(false).await.unwrap()[0].quantity == 10).await;

    let trades = tenant.trades(None).await.unwrap();
    let by_hand: Vec<_> = trades.iter().filter(|trade| trade.run_id.is_none()).collect();
    assert_eq!(by_hand.iter().map(|trade| trade.trade.quantity).sum::<u32>(), 7);
    assert!(by_hand.iter().all(|trade| trade.strategy_id.is_none()));
    let parts = trades.len() - by_hand.len();
    let of_strategies = tenant.positions(true).await.unwrap();
    let held: Vec<_> = of_strategies.iter().map(|p| (p.strategy_id.as_ref(), p.quantity)).collect();
    assert_eq!(held, [(None, 7), (Some(&order.strategy_id), 3)]);
    assert_eq!(tenant.run_positions(&order.run_id).await.unwrap()[0].quantity, 3);
    assert_eq!(tenant.run_figures(&order.run_id).await.unwrap().trades as usize, parts);
    assert_eq!(tenant.orders(None).await.unwrap().len(), 1);
    let today = tenants.clock().now().date();
    let pnl = tenant.pnl(today, today).await.unwrap();
    let hand = pnl.by_strategy.iter().find(|part| part.whose == Whose::Hand).unwrap();
    assert_eq!((hand.name.as_str(), hand.result.trades as usize), ("by hand", by_hand.len()));
    while let Ok(event) = line.events.try_recv() {
        assert!(!matches!(event, RunEvent::Order(_)), "the run heard of a stranger's order: {event:?}");
    }
    tenants.close().await;
}

fn postback_checksum(order_id: &str, time: &str, secret: &str) -> String {
    hex::encode(Sha256::digest(format!("{order_id}{time}{secret}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_genuine_postback_makes_the_book_be_read_again_and_a_forged_one_does_nothing() {
    let world = World::start().await;
    let mut config = world.config();
    config.limits.order_poll_ms = 3_600_000;
    let tenants = Tenants::open(config).await.unwrap();
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    line.submit(cause(1), vec![buy(1, 2)]).await.unwrap();
    let order = state_of(&mut line, OrderState::Acked).await;
    let (number, time) = (order.broker_order_id.unwrap(), "2026-11-23 10:00:00");
    let good = postback_checksum(&number, time, "demo-secret-uk9394");
    let forged = postback_checksum(&number, time, "demo-secret-uk1234");
    for (checksum, user) in [(&forged, "UK9394"), (&good, "UK1234"), (&good, "UK0000")] {
        assert!(!tenants.postback(&number, time, checksum, user).await.unwrap());
    }
    assert!(!tenants.postback("1", time, &good, "UK9394").await.unwrap());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(tenant.orders(None).await.unwrap()[0].state, OrderState::Acked);
    until("read again", async || {
        assert!(tenants.postback(&number, time, &good, "UK9394").await.unwrap());
        tenant.orders(None).await.unwrap()[0].state == OrderState::Complete
    })
    .await;
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_signs_in_once_with_the_state_it_was_given() {
    let world = World::start().await;
    let config = world.config();
    let clock = config.clock.clone();
    let tenants = Tenants::open(config).await.unwrap();
    let begin =
        async || tenants.begin_login("demo-uk9394", SecretText::new("demo-secret-uk9394")).await.unwrap();
    let pending = begin().await;
    let query: Vec<(String, String)> = pending.url.query_pairs().into_owned().collect();
    assert!(query.contains(&("redirect_params".into(), format!("state={}", pending.state))), "{query:?}");
    assert!(!pending.url.as_str().contains("secret"));
    // The browser presses the button of the login page and is sent back.
    let form = format!("api_key=demo-uk9394&user_id=UK9394&redirect_params=state%3D{}", pending.state);
    let back = post_form(world.simulator.address(), "/connect/login", &form).await;
    let back: url::Url = back.parse().unwrap();
    let value = |name| back.query_pairs().find(|(n, _)| n == name).unwrap().1.into_owned();
    assert_eq!(value("state"), pending.state);
    let token = SecretText::new(value("request_token"));

    let wrong = tenants.finish_login("nonsense", token.clone(), "browser", None).await;
    assert!(matches!(wrong, Err(LoginError::UnknownState)));
    let (tenant, session) = tenants.finish_login(&pending.state, token, "browser", None).await.unwrap();
    assert_eq!(tenant.broker_id().to_string(), "UK9394");
    tenants.resume(session.secret.expose()).await.unwrap();
    let again = world.credentials("uk9394").await.request_token;
    let reused = tenants.finish_login(&pending.state, again.clone(), "browser", None).await;
    assert!(matches!(reused, Err(LoginError::UnknownState)));

    let late = begin().await;
    clock.shift_seconds(601);
    let late = tenants.finish_login(&late.state, again, "browser", None).await;
    assert!(matches!(late, Err(LoginError::UnknownState)));
    tenants.close().await;
}

/// Loses a send before it reaches the broker; how long it took until the order was given up, in seconds.
async fn lost_send(absent_after_s: i64, order_poll_ms: u64) -> f64 {
    let world = World::start().await;
    let mut config = world.config();
    config.limits.absent_after_s = absent_after_s;
    config.limits.order_poll_ms = order_poll_ms;
    let tenants = Tenants::open(config).await.unwrap();
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    let fault = json!({ "kind": "dropRequest", "method": "POST", "path": "/orders" });
    world.sim("POST", "/sim/faults", fault).await;
    let sent = Instant::now();
    line.submit(cause(1), vec![buy(1, 2)]).await.unwrap();
    let ambiguous = state_of(&mut line, OrderState::Ambiguous).await;
    let received = world.places_received().await.len();
    let absent = state_of(&mut line, OrderState::Absent).await;
    let took_s = sent.elapsed().as_secs_f64();
    assert_eq!((absent.run_order_id, &absent.tag, absent.filled), (1, &ambiguous.tag, 0));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(world.places_received().await.len(), received);
    assert!(tenant.trades(None).await.unwrap().is_empty());
    assert_eq!(tenant.orders(None).await.unwrap()[0].state, OrderState::Absent);
    line.submit(cause(2), vec![buy(2, 1)]).await.unwrap();
    state_of(&mut line, OrderState::Complete).await;
    assert_eq!(world.places_received().await.len(), received + 1);
    tenants.close().await;
    took_s
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_that_never_arrived_is_absent_only_after_its_time() {
    assert_eq!(tenant::TenantLimits::default().absent_after_s, 120);
    let took_s = lost_send(3, 200).await;
    assert!(took_s >= 3.0, "{took_s}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_that_never_arrived_is_absent_only_after_three_readings() {
    let took_s = lost_send(0, 1_500).await;
    assert!(took_s >= 2.0, "{took_s}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_above_the_limit_is_refused_with_its_reason_and_never_sent() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    let limits = RiskLimits { max_order_value: Money::from_rupees(10), ..RiskLimits::default() };
    tenant.set_risk_limits(limits).await.unwrap();
    // Nothing ticks yet: the price of the market order must be asked for.
    line.submit(cause(1), vec![buy(1, 10), resting_buy(&tenant, 2).await]).await.unwrap();
    for number in [1, 2] {
        let refused = state_of(&mut line, OrderState::Refused).await;
        assert_eq!((refused.run_order_id, refused.refusal), (number, RefusalCode::ValueLimit));
        assert!(refused.message.contains("10"), "{}", refused.message);
    }
    let rows = tenant.orders(None).await.unwrap();
    assert!(rows.iter().all(|order| order.state == OrderState::Refused && order.broker_order_id.is_none()));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(world.places_received().await.is_empty());
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_goes_through_midnight_and_a_restart_with_the_same_figures() {
    let world = World::start().await;
    let config = world.config();
    let clock = config.clock.clone();
    let tenants = Tenants::open(config).await.unwrap();
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), vec![buy(1, 3)]).await.unwrap();
    let order = state_of(&mut line, OrderState::Complete).await;
    until("booked", async || units(&tenant).await == 3).await;
    let first = clock.now().date();
    let parts = tenant.trades(None).await.unwrap().len();
    until("in the day's figures", async || {
        tenant.daily_stats(first, first, &Cut::Account).await.unwrap()[0].trades as usize == parts
    })
    .await;
    let bought = tenant.positions(true).await.unwrap();
    assert_eq!((bought[0].quantity, bought[0].buy_quantity), (3, 3));

    clock.shift_seconds(86_400);
    let (before_close, today) =
        (tenant.daily_stats(first, first, &Cut::Account).await.unwrap(), clock.now().date());
    for by_strategy in [false, true] {
        let carried = tenant.positions(by_strategy).await.unwrap();
        assert_eq!((carried.len(), carried[0].quantity), (1, 3));
        assert_eq!(carried[0].average_cost, order.average_price);
    }
    assert_eq!(tenant.run_positions(&order.run_id).await.unwrap()[0].quantity, 3);
    assert_eq!((before_close.len(), before_close[0].trades as usize), (1, parts));
    let report = tenant.pnl(first, today).await.unwrap();
    let days: Vec<_> = report.by_date.iter().map(|day| (day.date, day.result.trades as usize)).collect();
    assert_eq!(days, [(first, parts), (today, 0)]);
    assert_eq!(
        tenant.daily_stats(first, first, &Cut::Account).await.unwrap()[0].gross,
        report.by_date[0].result.gross
    );
    tenants.close().await;
    drop((line, tenant, tenants));

    let config = world.config();
    config.clock.shift_seconds(86_400);
    let tenants = Tenants::open(config).await.unwrap();
    let tenant = tenants.all().remove(0);
    assert_eq!(tenant.pnl(first, today).await.unwrap().by_date[0], report.by_date[0]);
    let of_strategies = tenant.daily_stats(first, first, &Cut::ByStrategy).await.unwrap();
    let of_one = Cut::Strategy(order.strategy_id.clone());
    assert_eq!(of_strategies[0].whose, Whose::Strategy(order.strategy_id.clone()));
    assert_eq!((of_strategies[0].trades as usize, of_strategies[0].turnover > Money::ZERO), (parts, true));
    assert_eq!(tenant.daily_stats(first, first, &of_one).await.unwrap(), of_strategies);
    let nobodys = Cut::Strategy("nobody's".into());
    assert!(tenant.daily_stats(first, today, &nobodys).await.unwrap().is_empty());
    assert_eq!(tenant.positions(true).await.unwrap()[0].quantity, 3);
    assert_eq!(tenant.run_figures(&order.run_id).await.unwrap().trades as usize, parts);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trade_that_is_told_after_its_midnight_counts_for_its_day() {
    let world = World::start().await;
    let config = world.config();
    let clock = config.clock.clone();
    let tenants = Tenants::open(config).await.unwrap();
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    until("reconciled", async || tenant.is_reconciled()).await;
    let day = clock.now().date();
    assert_eq!(tenant.daily_stats(day, day, &Cut::Account).await.unwrap()[0].trades, 0);
    buy_by_hand(&world, 4).await;
    clock.shift_seconds(86_400);
    assert!(tenant.positions(false).await.unwrap().is_empty());
    world.login(&tenants, "uk9394").await;
    until("carried", async || units_carried(&tenant).await == 4).await;
    let parts = tenant.daily_stats(day, day, &Cut::Account).await.unwrap()[0].trades;
    assert!(parts >= 1);
    assert_eq!(tenant.pnl(day, day).await.unwrap().by_date[0].result.trades, parts);
    assert_eq!(tenant.daily_stats(day.next(), day.next(), &Cut::Account).await.unwrap()[0].trades, 0);
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn highs_and_lows_of_the_account_and_of_its_strategy_outlive_a_restart() {
    let world = World::start().await;
    let mut config = world.config();
    config.limits.value_every_ms = 100;
    let tenants = Tenants::open(config).await.unwrap();
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    line.submit(cause(1), vec![buy(1, 100)]).await.unwrap();
    state_of(&mut line, OrderState::Complete).await;
    until("booked", async || units(&tenant).await == 100).await;
    let day = tenants.clock().now().date();
    // The feed moves twice a second; a fall between two looks is a drawdown.
    until("a fall", async || {
        let stats = tenant.daily_stats(day, day, &Cut::ByStrategy).await.unwrap();
        stats[0].max_drawdown > Money::ZERO && stats[0].max_mtm_at.is_some()
    })
    .await;
    let before = both(&tenant, day).await;
    tenants.close().await;
    drop((line, tenant, tenants));
    let tenants = world.open().await;
    let after = both(&tenants.all().remove(0), day).await;
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before.whose, after.whose);
        assert!(after.max_drawdown >= before.max_drawdown);
        assert!(after.max_mtm >= before.max_mtm && after.min_mtm <= before.min_mtm);
        assert!(after.min_mtm_at.is_some());
    }
    tenants.close().await;
}

/// The account's figures and its one strategy's.
async fn both(tenant: &Tenant, day: market::TradingDate) -> Vec<tenant::DailyStats> {
    let mut all = tenant.daily_stats(day, day, &Cut::Account).await.unwrap();
    all.extend(tenant.daily_stats(day, day, &Cut::ByStrategy).await.unwrap());
    assert_eq!(all.len(), 2);
    all
}
