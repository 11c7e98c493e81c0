//! Runs from start to end over a real broker line: no run without somebody who looks after it, and none with two; no
//! end that hides what is still in the market.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/runs_world.rs"]
mod runs_world;

use host::runs::StartError;
use runs_world::{Host, World, object, until, upload};
use sandbox::journal::{Entry, Reader};
use serde_json::json;
use tenant::{Mode, RunRecord, RunState, Tenant};

/// A host with a run that holds one unit and trades no more.
async fn holding(world: &World) -> (Host, Tenant, RunRecord) {
    let host = world.host().await;
    let tenant = world.login(&host, "uk9394").await;
    let strategy = upload(&tenant, "scalper", guests::SCALPER).await;
    let run = host.start(&strategy, json!({ "every": 1, "orders": 1 })).await;
    until("it holds one", async || {
        let left = tenant.left_by(&run.id).await.unwrap();
        left.orders == 0 && left.positions.iter().any(|position| position.quantity == 1)
    })
    .await;
    (host, tenant, run)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_comes_while_runs_are_taken_up_again_stops_the_run_for_good() {
    let world = World::start().await;
    let host = world.host().await;
    let tenant = world.login(&host, "uk9394").await;
    let strategy = upload(&tenant, "scalper", guests::SCALPER).await;
    let run = host.start(&strategy, json!({ "every": 1 })).await;
    host.in_state(&run, RunState::Running).await;
    drop((tenant, strategy));
    host.put_down().await;

    let host = world.host().await;
    let tenant = host.tenant();
    let (resumed, stopped) =
        tokio::join!(host.supervisor.resume(&host.tenants), host.supervisor.stop(&tenant, &run.id, false));
    resumed.unwrap();
    assert!(stopped.unwrap().is_some());
    host.in_state(&run, RunState::Stopped).await;
    until("nobody looks after it", async || host.supervisor.active() == 0).await;
    let placed = world.placed().await;
    tokio::time::sleep(std::time::Duration::from_millis(1_500)).await;
    assert_eq!(world.placed().await, placed, "what is shown as stopped does not trade");
    let strategy = tenant.strategies().await.unwrap().remove(0);
    let next = host.start(&strategy, json!({})).await;
    host.in_state(&next, RunState::Running).await;
    assert_eq!(host.supervisor.active(), 1);
    host.put_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_taken_up_can_be_stopped_before_the_broker_answers() {
    let world = World::start().await;
    let host = world.host().await;
    let tenant = world.login(&host, "uk9394").await;
    let strategy = upload(&tenant, "scalper", guests::SCALPER).await;
    let run = host.start(&strategy, json!({ "every": 1_000 })).await;
    host.in_state(&run, RunState::Running).await;
    drop((tenant, strategy));
    host.put_down().await;

    world.hide_order_books().await;
    let host = world.host().await;
    host.supervisor.resume(&host.tenants).await.unwrap();
    assert_eq!(host.tenant().run(&run.id).await.unwrap().unwrap().state, RunState::Starting);
    host.in_state(&run, RunState::WaitingForBroker).await;
    host.stop(&run, false).await;
    host.in_state(&run, RunState::Stopped).await;
    host.put_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_starts_at_once_one_wins_and_the_last_place_is_given_once() {
    let mut world = World::start().await;
    world.limits.runs_per_tenant = 2;
    let host = world.host().await;
    let tenant = world.login(&host, "uk9394").await;
    let one = upload(&tenant, "one", guests::SCALPER).await;
    let (two, three) =
        (upload(&tenant, "two", guests::ECHO).await, upload(&tenant, "three", guests::PROBE).await);
    let start = |strategy| host.supervisor.run(strategy, 1, Mode::Live, object(json!({})));
    let (first, second) = tokio::join!(start(&one), start(&one));
    let running = [&first, &second].into_iter().filter(|r| matches!(r, Err(StartError::Running(_)))).count();
    assert_eq!((running, first.is_ok() || second.is_ok()), (1, true), "{first:?} {second:?}");

    let (third, fourth) = tokio::join!(start(&two), start(&three));
    let full = [&third, &fourth].into_iter().filter(|r| matches!(r, Err(StartError::TooMany(2)))).count();
    assert_eq!((full, third.is_ok() || fourth.is_ok()), (1, true), "{third:?} {fourth:?}");
    assert_eq!(host.supervisor.active(), 2);
    host.put_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strategy_runs_on_paper_beside_itself_live() {
    let world = World::start().await;
    let host = world.host().await;
    let tenant = world.login(&host, "uk9394").await;
    let strategy = upload(&tenant, "echo", guests::ECHO).await;
    let live = host.start(&strategy, json!({})).await;
    let paper = host.supervisor.run(&strategy, 1, Mode::Paper, object(json!({}))).await.unwrap();
    for run in [&live, &paper] {
        host.in_state(run, RunState::Running).await;
    }
    host.put_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wish_to_square_off_outlives_the_host_and_is_fulfilled_after() {
    let world = World::start().await;
    let (host, tenant, run) = holding(&world).await;
    world.hide_order_books().await;
    host.stop(&run, true).await;
    until("it says what it waits for", async || {
        let now = tenant.run(&run.id).await.unwrap().unwrap();
        assert!(!now.state.is_final(), "positions are open: {now:?}");
        now.reason
            .is_some_and(|why| why.contains("waiting for broker to close") && why.contains("1 NSE:INFY"))
    })
    .await;
    drop(tenant);
    host.put_down().await;

    world.clear_faults().await;
    let host = world.host().await;
    host.supervisor.resume(&host.tenants).await.unwrap();
    let ended = host.in_state(&run, RunState::Stopped).await;
    assert!(host.tenant().left_by(&run.id).await.unwrap().is_flat());
    assert_eq!((ended.reason, world.placed().await), (None, 2));
    host.put_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_stop_says_what_it_leaves_and_a_square_off_afterwards_closes_it() {
    let world = World::start().await;
    let (host, tenant, run) = holding(&world).await;
    host.stop(&run, false).await;
    let stopped = host.in_state(&run, RunState::Stopped).await;
    assert!(stopped.reason.unwrap().contains("1 NSE:INFY"), "a position stays open");

    host.stop(&run, true).await;
    until("closed", async || {
        let now = tenant.run(&run.id).await.unwrap().unwrap();
        assert_eq!(now.state, RunState::Stopped, "what is final stays");
        !now.square_off && now.reason.is_some_and(|why| why.ends_with("what it held was closed"))
    })
    .await;
    assert!(tenant.left_by(&run.id).await.unwrap().is_flat());
    let sent = world.placed().await;
    assert_eq!(host.stop(&run, true).await.state, RunState::Stopped);
    assert_eq!(world.placed().await, sent, "there is nothing left to close");
    drop(tenant);
    host.put_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_square_off_that_comes_while_a_plain_stop_is_under_way_is_honoured() {
    let world = World::start().await;
    let (host, tenant, run) = holding(&world).await;
    let (first, second) = tokio::join!(
        host.supervisor.stop(&tenant, &run.id, false),
        host.supervisor.stop(&tenant, &run.id, true)
    );
    assert!(first.unwrap().is_some() && second.unwrap().is_some());
    until("flat", async || tenant.left_by(&run.id).await.unwrap().is_flat()).await;
    host.in_state(&run, RunState::Stopped).await;
    drop(tenant);
    host.put_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_run_heard_before_the_host_went_down_is_in_its_journal() {
    let world = World::start().await;
    let host = world.host().await;
    let tenant = world.login(&host, "uk9394").await;
    let strategy = upload(&tenant, "echo", guests::ECHO).await;
    let run = host.start(&strategy, json!({ "quiet": true })).await;
    host.in_state(&run, RunState::Running).await;
    until("it hears ticks", async || {
        host.supervisor.counters(&tenant, &run.id).is_some_and(|counters| counters.ticks() >= 3)
    })
    .await;
    let counters = host.supervisor.counters(&tenant, &run.id).unwrap();
    host.supervisor.drain(&host.tenants).await;
    tenant.write_gathered().await.unwrap();
    let mut journal = tenant.read_journal(&run.id).await.unwrap();
    let mut reader = Reader::new(journal.first_event);
    let mut heard = Vec::new();
    while let Some(piece) = journal.next().await.unwrap() {
        heard.extend(reader.entries(&piece.bytes).map(|entry| entry.unwrap().1));
    }
    let is_ticks = |entry: &&Entry| matches!(entry, Entry::Ticks(_));
    let ticks: u64 = heard.iter().filter(is_ticks).map(Entry::events).sum();
    assert_eq!(ticks, counters.ticks(), "{heard:?}");
    assert!(matches!(heard[0], Entry::Start(_)), "it begins with what the run began with");
    drop((tenant, strategy));
    host.put_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_the_host_had_to_start_too_often_is_left_alone_and_says_why() {
    let world = World::start().await;
    let host = world.host().await;
    let tenant = world.login(&host, "uk9394").await;
    let strategy = upload(&tenant, "echo", guests::ECHO).await;
    // Rows as a host leaves them: active; one was put down in good order, the other died with its host again and again.
    let seldom = strategy.new_run(1, Mode::Paper, json!({})).await.unwrap();
    host.tenants.put_runs_down().await.unwrap();
    let often = strategy.new_run(1, Mode::Live, json!({})).await.unwrap();
    for count in 1..=5 {
        assert_eq!(tenant.count_restart(&often.id, 900).await.unwrap(), count);
    }
    host.supervisor.resume(&host.tenants).await.unwrap();
    let left_alone = host.in_state(&often, RunState::Quarantined).await;
    assert!(left_alone.reason.unwrap().contains("more than 5 times"));
    assert_eq!(host.in_state(&seldom, RunState::Running).await.restarts, 1);
    drop((tenant, strategy));
    host.put_down().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_nobody_asked_for_says_what_is_still_open_and_can_be_squared_off() {
    let world = World::start().await;
    let (host, tenant, run) = holding(&world).await;
    drop(tenant);
    host.put_down().await;

    let host = world.host().await;
    let tenant = host.tenant();
    for _ in 0..6 {
        tenant.count_restart(&run.id, 900).await.unwrap();
    }
    host.supervisor.resume(&host.tenants).await.unwrap();
    let ended = host.in_state(&run, RunState::Quarantined).await;
    assert!(ended.reason.unwrap().contains("1 NSE:INFY"), "a position stays open");
    host.stop(&run, true).await;
    until("flat", async || tenant.left_by(&run.id).await.unwrap().is_flat()).await;
    assert_eq!(tenant.run(&run.id).await.unwrap().unwrap().state, RunState::Quarantined);
    drop(tenant);
    host.put_down().await;
}
