//! Bounds and doors on the real binary: how many runs, how many sign-ins, and who needs no secret to sign in again.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A demo that ends with the test.
struct Demo {
    process: Child,
    page: String,
    broker: String,
    _folder: TempDir,
}

impl Demo {
    fn with(settings: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_bulkhead"));
        command.args(["demo", "--listen", "127.0.0.1:0", "--sim-listen", "127.0.0.1:0"]);
        command.current_dir(folder.path()).envs(settings.iter().copied()).env("BULKHEAD_LOG", "warn");
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut said = |word: &str| {
            let line = lines.find(|line| line.trim_start().starts_with(word)).expect("the demo is up");
            line.split_whitespace().nth(1).unwrap().to_owned()
        };
        let (page, broker) = (said("page"), said("broker"));
        Self { process, page, broker, _folder: folder }
    }

    async fn sign_in(&self, user: &str) -> Client {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::new();
        let asked = client.post(format!("{}/sim/request-token", self.broker));
        let key = format!("demo-{user}");
        let token: Value = asked.json(&json!({ "apiKey": key })).send().await.unwrap().json().await.unwrap();
        let body = json!({ "apiKey": key, "apiSecret": format!("demo-secret-{user}"), "requestToken": token["requestToken"] });
        let answer = client.post(format!("{}/api/auth/authenticate", self.page)).json(&body).send();
        let answer = answer.await.unwrap().error_for_status().unwrap();
        let cookie = answer.headers()["set-cookie"].clone();
        let pair = cookie.to_str().unwrap().split(';').next().unwrap().parse().unwrap();
        Client::builder()
            .default_headers([("cookie".parse().unwrap(), pair)].into_iter().collect())
            .build()
            .unwrap()
    }

    async fn upload(&self, trader: &Client, name: &str) -> String {
        let upload = trader.post(format!("{}/api/strategies?name={name}", self.page));
        let upload = upload.header("content-type", "application/wasm").body(guests::SCALPER).send();
        let strategy: Value = upload.await.unwrap().error_for_status().unwrap().json().await.unwrap();
        strategy["id"].as_str().unwrap().to_owned()
    }

    async fn start(&self, trader: &Client, strategy: &str) -> (StatusCode, Value) {
        let wish = json!({ "strategyId": strategy, "mode": "live", "params": {} });
        let answer =
            trader.post(format!("{}/api/live-trader/start", self.page)).json(&wish).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A browser: goes nowhere by itself.
fn browser() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

fn goes_to(answer: &reqwest::Response) -> String {
    assert_eq!(answer.status(), 303);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_has_signed_in_before_needs_no_secret_and_a_stranger_is_told_to_type_it() {
    let demo = Demo::with(&[]);
    let browser = browser();
    let login = |key: &str| browser.get(format!("{}/api/auth/login?apiKey={key}", demo.page));
    let stranger = login("demo-uk9394").send().await.unwrap();
    assert!(goes_to(&stranger).starts_with("/?error=this+host+does+not+hold"), "{stranger:?}");
    demo.sign_in("uk9394").await;
    let lured = login("demo-uk9394").header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert!(goes_to(&lured).starts_with("/?error=another+site"), "{lured:?}");

    let known = login("demo-uk9394").send().await.unwrap();
    let kite = goes_to(&known);
    assert!(kite.starts_with(&format!("{}/connect/login?", demo.broker)), "{kite}");
    let bound = known.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let state = bound.strip_prefix("bulkhead_login=").unwrap();
    let asked = json!({ "apiKey": "demo-uk9394" });
    let token = browser.post(format!("{}/sim/request-token", demo.broker)).json(&asked).send().await.unwrap();
    let token = token.json::<Value>().await.unwrap()["requestToken"].as_str().unwrap().to_owned();
    let back = format!("{}/api/auth/callback?request_token={token}&state={state}", demo.page);
    let other_browser = browser.get(&back).send().await.unwrap();
    assert!(goes_to(&other_browser).starts_with("/?error="), "{other_browser:?}");
    let signed_in = browser.get(&back).header("cookie", &bound).send().await.unwrap();
    assert_eq!(goes_to(&signed_in), "/");
    let twice = browser.get(&back).header("cookie", &bound).send().await.unwrap();
    assert!(goes_to(&twice).starts_with("/?error="), "{twice:?}");
}

#[tokio::test]
async fn the_thirty_first_sign_in_of_a_key_within_a_minute_is_told_when_to_come_back() {
    let demo = Demo::with(&[]);
    let browser = browser();
    let body = json!({ "apiKey": "a-key", "apiSecret": "wrong" });
    let attempt = || browser.post(format!("{}/api/auth/login", demo.page)).json(&body).send();
    for _ in 0..30 {
        assert_eq!(attempt().await.unwrap().status(), 200);
    }
    let refused = attempt().await.unwrap();
    assert_eq!(refused.status(), 429);
    let wait_s: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait_s), "{wait_s}");
    let shown = browser.get(format!("{}/api/auth/login?apiKey=a-key", demo.page)).send().await.unwrap();
    assert!(goes_to(&shown).contains("too+many+sign-ins"), "{shown:?}");
}

#[tokio::test]
async fn a_trader_at_the_bound_and_a_full_host_are_told_apart() {
    let bounds = [("BULKHEAD_RUNS_PER_TENANT_MAX", "1"), ("BULKHEAD_RUNS_MAX", "1")];
    let demo = Demo::with(&bounds);
    let (alice, bob) = (demo.sign_in("uk9394").await, demo.sign_in("uk1234").await);
    let (first, second) = (demo.upload(&alice, "first").await, demo.upload(&alice, "second").await);
    let (status, started) = demo.start(&alice, &first).await;
    assert_eq!(status, 202, "{started}");
    let (status, too_many) = demo.start(&alice, &second).await;
    assert_eq!(status, 409, "{too_many}");
    assert!(too_many["detail"].as_str().unwrap().contains("--runs-per-tenant-max"), "{too_many}");
    let (status, full) = demo.start(&bob, &demo.upload(&bob, "first").await).await;
    assert_eq!(status, 503, "{full}");
    assert!(full["detail"].as_str().unwrap().contains("the host is full"), "{full}");
}
