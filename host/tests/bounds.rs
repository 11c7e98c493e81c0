//! Bounds that an operator sets, met on the real binary: what one trader and all traders together may have.
#![forbid(unsafe_code)]

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
