//! `bulkhead demo`: one command, two traders ready to sign in, first light within five seconds.

use e2e::{Account, Process, Trader, within};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// From start to the page's first answer, on the release binary of a usual machine; the debug binary gets more.
const FIRST_LIGHT: Duration =
    if cfg!(debug_assertions) { Duration::from_secs(15) } else { Duration::from_secs(5) };

#[tokio::test]
async fn the_demo_lights_up_and_prints_what_to_type() {
    rustls::crypto::ring::default_provider().install_default().ok();
    let folder = TempDir::new().unwrap();
    Process::ready();
    let started = Instant::now();
    let args = ["demo", "--listen", "127.0.0.1:0", "--sim-listen", "127.0.0.1:0", "--data-dir", "data"];
    let mut demo = Process::bulkhead("demo", folder.path(), &args, &[]);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let (page, sim) = within(FIRST_LIGHT, "the demo prints where it is", || async {
        let printed = demo.output();
        Some((address(&printed, "page")?, address(&printed, "broker")?))
    })
    .await;

    let html = within(FIRST_LIGHT.saturating_sub(started.elapsed()), "the page answers", || async {
        let answer = client.get(&page).send().await.ok()?;
        if answer.status().is_success() { answer.text().await.ok() } else { None }
    })
    .await;
    println!("first light after {:?}", started.elapsed());
    assert!(html.contains("<html"), "{html}");

    demo.assert_running();
    let printed = demo.output();
    for word in ["UK9394", "UK1234", "demo-uk9394", "demo-secret-uk1234"] {
        assert!(printed.contains(word), "the demo does not print {word}:\n{printed}");
    }
    let request = client.post(format!("{sim}/sim/request-token"));
    let token: Value =
        request.json(&json!({ "apiKey": "demo-uk1234" })).send().await.unwrap().json().await.unwrap();
    let trader = Trader::sign_in(&page, Account::UK1234, token["requestToken"].as_str().unwrap()).await;
    trader.get("/api/strategies").await.expect(200);
    assert!(demo.terminate(Duration::from_secs(15)).success());
}

/// The address that the demo prints behind a word.
fn address(printed: &str, word: &str) -> Option<String> {
    let line = printed.lines().find(|line| line.trim_start().starts_with(word))?;
    let address = line.split_whitespace().nth(1)?;
    address.starts_with("http://").then(|| address.trim_end_matches('/').to_owned())
}
