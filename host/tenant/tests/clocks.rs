//! Clocks that jump, days that turn, and a database that somebody else holds: nothing is sent twice and nothing is lost.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/world.rs"]
mod world;

use market::{OrderState, Timestamp};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tenant::{BrokerState, OrderRecord, RunEvent, RunLine, Tenant, Tenants, log};
use world::{World, buy, cause, new_line, resting_buy, state_of, until};

const HOUR_S: i64 = 3_600;

async fn every_tag_once(world: &World, count: usize) {
    let received = world.places_received().await;
    let tags: BTreeSet<_> = received.iter().map(|call| call["tag"].to_string()).collect();
    assert_eq!((tags.len(), received.len()), (count, count), "{received:?}");
}

/// So many seconds from now until this second of the day in India comes again.
fn until_second(now: Timestamp, second: i64) -> i64 {
    let today = (now.micros() - now.date().midnight().micros()) / 1_000_000;
    (second - today).rem_euclid(86_400)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_an_hour_either_way_sends_nothing_twice_and_loses_nothing() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    let mut number = 0_u64;
    // Forward, back behind where it began, and to where the machine says it is.
    for jump_s in [HOUR_S, -2 * HOUR_S, HOUR_S] {
        // The broker tells one price a second.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let rest = resting_buy(&tenant, number + 1).await;
        line.submit(cause(number + 1), vec![rest]).await.unwrap();
        state_of(&mut line, OrderState::Open).await;
        number += 1;
        tenants.clock().shift_seconds(jump_s);
        bought(&tenant, &mut line, &mut number).await;
    }
    every_tag_once(&world, 6).await;
    let orders = tenant.orders(None).await.unwrap();
    let count = |state| orders.iter().filter(|order| order.state == state).count();
    assert_eq!((count(OrderState::Open), count(OrderState::Complete)), (3, 3), "{orders:?}");
    tenants.close().await;
}

/// Buys one unit. A clock that jumped closes the gate until everything was compared with the broker: a run that is
/// refused asks again.
async fn bought(tenant: &Tenant, line: &mut RunLine, number: &mut u64) -> OrderRecord {
    let mut refused = Vec::new();
    for _ in 0..20 {
        // The broker tells one price a second.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        tenant.instruments().await.unwrap();
        *number += 1;
        line.submit(cause(*number), vec![buy(*number, 1)]).await.unwrap();
        loop {
            let Some(RunEvent::Order(update)) = line.events.recv().await else { continue };
            match update.order.state {
                OrderState::Complete => return update.order,
                OrderState::Refused => {
                    refused.push(update.order.message);
                    break;
                }
                _ => {}
            }
        }
    }
    panic!("refused twenty times: {refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn midnight_and_six_in_india_turn_the_date_and_the_log_and_nothing_else() {
    let world = World::start().await;
    let tenants = world.open().await;
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let (mut line, mut number) = (new_line(&tenant, "alpha").await, 0);
    let clock = tenants.clock().clone();
    // Early enough that an order is refused once and made before the day turns.
    clock.shift_seconds(until_second(clock.now(), 86_400 - 15));
    let before = clock.now().date();
    assert_eq!(bought(&tenant, &mut line, &mut number).await.date, before);
    until("the day has turned", async || {
        tokio::time::sleep(Duration::from_millis(100)).await;
        clock.now().date() == before.next()
    })
    .await;
    tenant.log().write(log::Level::Info, None, "a line of the new day");
    assert_eq!(bought(&tenant, &mut line, &mut number).await.date, before.next());
    let names: Vec<_> = [before, before.next()].iter().map(|date| format!("UK9394_{date}.log")).collect();
    let logs = world.dir.path().join("data/logs");
    until("both days have a log", async || names.iter().all(|name| logs.join(name).exists())).await;
    for date in [before, before.next()] {
        let orders = tenant.orders(Some(date)).await.unwrap();
        let complete = orders.iter().filter(|order| order.state == OrderState::Complete).count();
        assert_eq!(complete, 1, "{date}: {orders:?}");
    }

    // Six o'clock itself ends nothing here: the broker says when a token is dead.
    clock.shift_seconds(until_second(clock.now(), 6 * HOUR_S - 1));
    tokio::time::sleep(Duration::from_secs(2)).await;
    until("the books are compared again", async || tenant.is_reconciled()).await;
    assert_eq!(*tenant.broker_state().borrow(), BrokerState::Live);
    every_tag_once(&world, 2).await;
    tenants.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_somebody_else_holds_is_waited_for_a_while_and_nothing_leaves_unwritten() {
    let world = World::start().await;
    let tenants = Tenants::open(world.config()).await.unwrap();
    let (tenant, _) = world.login(&tenants, "uk9394").await;
    let mut line = new_line(&tenant, "alpha").await;
    let path = world.dir.path().join("data/bulkhead.db");
    let mut other = SqliteConnectOptions::new().filename(path).connect().await.unwrap();
    sqlx::query("begin immediate").execute(&mut other).await.unwrap();
    let begun = Instant::now();
    let refused = line.submit(cause(1), vec![buy(1, 1)]).await.unwrap_err().to_string();
    assert!(refused.contains("locked"), "{refused}");
    assert!((5..30).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
    every_tag_once(&world, 0).await;
    assert!(tenant.orders(None).await.unwrap().is_empty());
    // That somebody holds the database is not the disk's fault.
    assert_eq!(tenants.health(), tenant::Health::Good);
    sqlx::query("rollback").execute(&mut other).await.unwrap();
    line.submit(cause(2), vec![buy(2, 1)]).await.unwrap();
    state_of(&mut line, OrderState::Complete).await;
    every_tag_once(&world, 1).await;
    tenants.close().await;
}
