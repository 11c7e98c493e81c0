//! The day's log in object storage, under the trader's own prefix, against a real Azurite.

use e2e::{Account, Setup, World, within};
use object_store::ObjectStoreExt;
use object_store::azure::{MicrosoftAzure, MicrosoftAzureBuilder};
use object_store::path::Path;
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
    let name = log_something(&trader).await;

    let path = folder.path().join(&name);
    let text = within(Duration::from_secs(30), &name, || async { std::fs::read_to_string(&path).ok() }).await;
    assert!(text.lines().all(|line| line.contains("UK9394")), "{text}");
}

#[tokio::test]
#[ignore = "needs Azurite: tests/run starts it and runs this"]
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
    let names = [log_something(&one).await, log_something(&two).await];

    let store = azurite(&endpoint);
    for (name, user) in names.iter().zip(["UK9394", "UK1234"]) {
        let path = Path::from(name.as_str());
        let text = within(Duration::from_secs(60), name, || async {
            let bytes = store.get(&path).await.ok()?.bytes().await.ok()?;
            String::from_utf8(bytes.to_vec()).ok()
        })
        .await;
        assert!(!text.is_empty() && text.lines().all(|line| line.contains(user)), "{text}");
    }
}

fn with_archive(url: &str) -> Setup {
    let serve_args = ["--archive-url", url, "--archive-interval-s", "1"].map(str::to_owned).to_vec();
    Setup { serve_args, ..Setup::default() }
}

/// Lets a run write log lines; answers the object's name.
async fn log_something(trader: &e2e::Trader) -> String {
    let strategy = trader.strategy("scalper", guests::SCALPER).await;
    let run = trader.start(&strategy, json!({})).await;
    trader.run_in_state(&run, "running").await;
    let lines = trader.list_of("/api/logs", 1).await;
    let date = lines[0]["time"].as_str().unwrap()[..10].to_owned();
    let user = trader.account.user_id;
    format!("{user}/logs/{user}_{date}.log")
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
