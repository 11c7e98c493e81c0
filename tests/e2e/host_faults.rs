//! What happens to the host itself: two on one folder, kills one after another, signals, time zones, an old database.

use e2e::{Account, Setup, Trader, World, eventually};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant, UNIX_EPOCH};

/// Exit codes that `--help` documents.
const EXIT_DATA: i32 = 5;
const EXIT_AT_ONCE: i32 = 7;

/// How long an orderly end may take.
const DRAINED: Duration = Duration::from_secs(10);

#[tokio::test]
async fn two_hosts_never_share_a_folder_and_ten_kills_in_a_row_lose_nothing() {
    let mut world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let strategy = trader.strategy("scalper", guests::SCALPER).await;
    let run = trader.start(&strategy, json!({ "every": 1 })).await;
    trader.run_in_state(&run, "running").await;
    let mut shown = BTreeSet::new();
    for round in 0..10 {
        let mut second = world.second_host(round);
        let status = second.ended_within(DRAINED);
        assert_eq!(status.code(), Some(EXIT_DATA), "{}", second.output());
        assert!(second.output().contains("in use by another bulkhead process"), "{}", second.output());
        shown.extend(order_numbers(&trader).await);
        world.crash_and_restart_host().await;
        let after = order_numbers(&trader).await;
        assert!(after.is_superset(&shown), "round {round}: {:?} are gone", shown.difference(&after));
    }
    assert!(!shown.is_empty());
    no_tag_was_received_twice(&world).await;
    // Ten ends that nobody asked for are too many: the run is put aside, and says why and what to do.
    let put_aside = trader.run_in_state(&run, "quarantined").await;
    let reason = put_aside["reason"].as_str().unwrap();
    assert!(
        reason.contains("more than 5 times within 15 minutes") && reason.contains("start it anew"),
        "{reason}"
    );
    let again = trader.start(&strategy, json!({ "every": 1 })).await;
    trader.run_in_state(&again, "running").await;
}

#[tokio::test]
async fn a_run_that_the_host_dies_under_comes_back_later_each_time() {
    let mut world = World::start().await;
    let trader = world.trader(Account::UK1234).await;
    let strategy = trader.strategy("buy-and-hold", example_strategies::BUY_AND_HOLD).await;
    let run = trader.start(&strategy, json!({})).await;
    trader.run_in_state(&run, "running").await;
    let mut last = Duration::ZERO;
    for pause_s in [1, 2, 4] {
        world.crash_and_restart_host().await;
        let begun = Instant::now();
        trader.run_in_state(&run, "running").await;
        let told =
            trader.get(&format!("/api/logs?run={run}&q=starting+again+in+{pause_s}+s")).await.expect(200);
        assert!(told.to_string().contains(&format!("starting again in {pause_s} s")), "{told}");
        assert!(begun.elapsed() > last, "{:?} after {last:?}", begun.elapsed());
        last = Duration::from_secs(pause_s) / 2;
    }
    // What was put down in good order is no crash.
    assert!(world.host.terminate(DRAINED).success());
    world.restart_host().await;
    let begun = Instant::now();
    trader.run_in_state(&run, "running").await;
    assert!(begun.elapsed() < Duration::from_secs(7), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn fifty_runs_at_work_are_put_down_within_ten_seconds() {
    let serve_args = vec!["--runs-per-tenant-max".to_owned(), "50".to_owned()];
    let mut world = World::start_with(Setup { serve_args, ..Setup::default() }).await;
    let trader = world.trader(Account::UK9394).await;
    for number in 0..50 {
        let strategy = trader.strategy(&format!("scalper-{number}"), guests::SCALPER).await;
        trader.start(&strategy, json!({ "every": 1 })).await;
    }
    let all_run = || async {
        let status = trader.get("/api/live-trader/status").await.expect(200);
        let runs = status["runs"].as_array().unwrap();
        (runs.iter().filter(|run| run["state"] == "running").count() == 50).then_some(())
    };
    e2e::within(Duration::from_secs(120), "fifty runs run", all_run).await;
    trader.list_of("/api/orders", 5).await;

    let begun = Instant::now();
    let status = world.host.terminate(DRAINED);
    assert!(status.success(), "{status}: {}", world.host.output());
    println!("fifty runs were put down in {:?}", begun.elapsed());
    no_tag_was_received_twice(&world).await;
}

#[tokio::test]
async fn a_second_signal_ends_the_host_at_once_and_nothing_is_lost() {
    let mut world = World::start().await;
    let trader = world.trader(Account::UK9394).await;
    let strategy = trader.strategy("scalper", guests::SCALPER).await;
    let run = trader.start(&strategy, json!({})).await;
    trader.run_in_state(&run, "running").await;
    trader.list_of("/api/orders", 2).await;
    let shown = order_numbers(&trader).await;
    // A sign-in that the broker keeps waiting: an orderly end waits for what somebody has begun.
    let slow =
        json!({ "kind": "delayRequest", "method": "POST", "path": "/session/token", "delayMs": 6_000 });
    world.sim_post("/sim/faults", slow).await;
    let token = world.request_token(Account::UK1234).await;
    let url = world.url("");
    let Account { api_key, api_secret, .. } = Account::UK1234;
    let body = json!({ "apiKey": api_key, "apiSecret": api_secret, "requestToken": token });
    let begun = trader.request(reqwest::Method::POST, "/api/auth/authenticate").json(&body);
    let signing_in = tokio::spawn(async move { begun.send().await });
    eventually("the sign-in has begun", || async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        Some(())
    })
    .await;

    world.host.signal("TERM");
    eventually("it goes down", || async {
        let answer = reqwest::get(format!("{url}/readyz")).await;
        answer.map_or(Some(()), |answer| (!answer.status().is_success()).then_some(()))
    })
    .await;
    let second = Instant::now();
    world.host.signal("INT");
    let status = world.host.ended_within(Duration::from_secs(2));
    assert_eq!(status.code(), Some(EXIT_AT_ONCE), "{}", world.host.output());
    assert!(second.elapsed() < Duration::from_secs(2));
    assert!(world.host.output().contains("asked a second time"), "{}", world.host.output());
    let _ = signing_in.await;

    world.restart_host().await;
    assert!(order_numbers(&trader).await.is_superset(&shown));
    no_tag_was_received_twice(&world).await;
}

#[tokio::test]
async fn the_zone_of_the_machine_changes_no_date() {
    for zone in ["America/New_York", "Asia/Kolkata", "UTC"] {
        let env = vec![("TZ", zone.to_owned())];
        let world = World::start_with(Setup { env, ..Setup::default() }).await;
        let trader = world.trader(Account::UK9394).await;
        let before = date_in_india();
        let strategy = trader.strategy("buy-and-hold", example_strategies::BUY_AND_HOLD).await;
        let run = trader.start(&strategy, json!({})).await;
        trader.run_in_state(&run, "running").await;
        trader.list_of("/api/trades", 1).await;
        // A day that turns in between is a day that both dates are of.
        let today = [before, date_in_india()];
        let is_today = |text: &str| today.iter().any(|day| text.starts_with(day.as_str()));
        let mut orders = Vec::new();
        for day in &today {
            let of_day = trader.get(&format!("/api/orders?date={day}")).await.expect(200);
            orders.extend(of_day.as_array().unwrap().clone());
        }
        assert!(!orders.is_empty(), "{zone}: today has no order");
        for order in orders {
            let made = order["createdAt"].as_str().unwrap();
            assert!(is_today(made) && made.ends_with("+05:30"), "{zone}: {made}");
        }
        let logs = names_in(&world.data_dir().join("logs"));
        let dated = |name: &String| {
            name.strip_prefix("UK9394_").and_then(|rest| rest.strip_suffix(".log").map(is_today))
        };
        assert!(!logs.is_empty() && logs.iter().filter_map(dated).all(|fits| fits), "{zone}: {logs:?}");
    }
}

async fn order_numbers(trader: &Trader) -> BTreeSet<String> {
    let orders = trader.get("/api/orders").await.expect(200);
    orders.as_array().unwrap().iter().map(|order| order["id"].to_string()).collect()
}

async fn no_tag_was_received_twice(world: &World) {
    let received = world.sim_get("/sim/received").await;
    let tags: Vec<&str> =
        received.as_array().unwrap().iter().filter_map(|call| call["tag"].as_str()).collect();
    assert_eq!(tags.iter().collect::<BTreeSet<_>>().len(), tags.len(), "a tag was received twice");
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// Today in India, reckoned from the number of days alone (Howard Hinnant's `civil_from_days`).
fn date_in_india() -> String {
    #[allow(clippy::disallowed_methods, reason = "the processes under test live by the machine's clock too")]
    let now = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let days = (now + 19_800) / 86_400 + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}
