//! The day's log in object storage, under the trader's own prefix, against a real Azurite.

use e2e::{Account, Setup, World, within};
use futures_util::StreamExt;
use object_store::azure::{MicrosoftAzure, MicrosoftAzureBuilder};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use serde_json::json;
use std::time::Duration;

/// The account that every Azurite publishes; it opens nothing but an emulator.
const ACCOUNT: &str = "devstoreaccount1";
/// Its published key.
const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

#[tokio::test]
async fn a_folder_holds_the_days_log_under_the_traders_prefix() {
    let folder = tempfile::TempDir::new().unwrap();
    let url = format!("file://{}", folder.path().display());
    let world = World::start_with(with_archive(&url)).await;
    let trader = world.trader(Account::UK9394).await;
    let (name, log) = log_something(&trader).await;

    let path = folder.path().join(&name);
    within(Duration::from_secs(60), &format!("{name} holds the whole log"), || async {
        (std::fs::read_to_string(&path).ok()? == log).then_some(())
    })
    .await;
}

#[tokio::test]
#[ignore = "needs Azurite: `tests/run archive` starts it and runs this"]
async fn azurite_holds_the_days_log_under_the_traders_prefix() {
    let address = std::env::var("BULKHEAD_AZURITE_URL").expect("tests/run names Azurite's address");
    let endpoint = format!("{}/{ACCOUNT}", address.trim_end_matches('/'));
    let mut setup = with_archive("az://logs");
    setup.env = vec![
        ("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT.to_owned()),
        ("AZURE_STORAGE_ACCOUNT_KEY", KEY.to_owned()),
        ("AZURE_STORAGE_ENDPOINT", endpoint.clone()),
        ("AZURE_ALLOW_HTTP", "true".to_owned()),
    ];
    let world = World::start_with(setup).await;
    let (one, two) = (world.trader(Account::UK9394).await, world.trader(Account::UK1234).await);
    let logs = [log_something(&one).await, log_something(&two).await];

    let store = azurite(&endpoint);
    for (name, log) in &logs {
        let path = Path::from(name.as_str());
        within(Duration::from_secs(60), &format!("{name} holds the whole log"), || async {
            let bytes = store.get(&path).await.ok()?.bytes().await.ok()?;
            (bytes == log.as_bytes()).then_some(())
        })
        .await;
    }
    let held: Vec<_> = store.list(None).map(|found| found.unwrap().location.to_string()).collect().await;
    let mut expected: Vec<_> = logs.iter().map(|(name, _)| name.clone()).collect();
    expected.sort();
    assert_eq!(held, expected, "one object a trader and day, and nothing else");
}

fn with_archive(url: &str) -> Setup {
    let serve_args = ["--archive-url", url, "--archive-interval-s", "1"].map(str::to_owned).to_vec();
    Setup { serve_args, ..Setup::default() }
}

/// Lets a run write log lines and stops it; answers the object's name and the whole log, to which nothing is added.
async fn log_something(trader: &e2e::Trader) -> (String, String) {
    let strategy = trader.strategy("scalper", guests::SCALPER).await;
    let run = trader.start(&strategy, json!({})).await;
    trader.run_in_state(&run, "running").await;
    let lines = trader.list_of("/api/logs", 5).await;
    let date = lines[0]["time"].as_str().unwrap()[..10].to_owned();
    let stopped = trader.post("/api/live-trader/stop", json!({ "runId": run, "squareOff": true })).await;
    stopped.expect(200);
    trader.run_in_state(&run, "stopped").await;
    let user = trader.account.user_id;
    let log = within(Duration::from_secs(60), "nothing is added to the log", || async {
        let before = trader.get(&format!("/api/logs/{date}/download")).await;
        assert_eq!(before.status, 200, "{}", before.text);
        tokio::time::sleep(Duration::from_secs(2)).await;
        let after = trader.get(&format!("/api/logs/{date}/download")).await;
        (before.text == after.text).then_some(after.text)
    })
    .await;
    assert!(log.lines().count() > 2 && log.lines().all(|line| line.contains(user)), "{log}");
    (format!("{user}/logs/{user}_{date}.log"), log)
}

fn azurite(endpoint: &str) -> MicrosoftAzure {
    MicrosoftAzureBuilder::new()
        .with_account(ACCOUNT)
        .with_access_key(KEY)
        .with_container_name("logs")
        .with_endpoint(endpoint.to_owned())
        .with_allow_http(true)
        .build()
        .expect("the emulator's account is well formed")
}
