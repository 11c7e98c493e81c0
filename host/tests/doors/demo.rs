//! A demo on the real binary, and traders signed in to it. Knows no test.

use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A demo that ends with the test.
pub(crate) struct Demo {
    pub(crate) process: Child,
    pub(crate) page: String,
    pub(crate) broker: String,
    _folder: TempDir,
}

impl Demo {
    pub(crate) fn with(settings: &[(&str, &str)]) -> Self {
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

    /// A sign-in with the three credentials, ready to be sent.
    pub(crate) async fn authenticate(&self, user: &str) -> RequestBuilder {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::new();
        let asked = client.post(format!("{}/sim/request-token", self.broker));
        let key = format!("demo-{user}");
        let token: Value = asked.json(&json!({ "apiKey": key })).send().await.unwrap().json().await.unwrap();
        let body = json!({ "apiKey": key, "apiSecret": format!("demo-secret-{user}"), "requestToken": token["requestToken"] });
        client.post(format!("{}/api/auth/authenticate", self.page)).json(&body)
    }

    pub(crate) async fn sign_in(&self, user: &str) -> Client {
        let answer = self.authenticate(user).await.send().await.unwrap().error_for_status().unwrap();
        with_cookie(&cookie_of(&answer))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.page)
    }

    pub(crate) async fn upload(&self, trader: &Client, name: &str) -> String {
        let upload = trader.post(format!("{}/api/strategies?name={name}", self.page));
        let upload = upload.header("content-type", "application/wasm").body(guests::SCALPER).send();
        let strategy: Value = upload.await.unwrap().error_for_status().unwrap().json().await.unwrap();
        strategy["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn start(&self, trader: &Client, strategy: &str) -> (StatusCode, Value) {
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
pub(crate) fn browser() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// The cookie that an answer set, `name=value`.
pub(crate) fn cookie_of(answer: &reqwest::Response) -> String {
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// A client that shows a cookie.
pub(crate) fn with_cookie(pair: &str) -> Client {
    let pair = pair.parse().unwrap();
    Client::builder()
        .default_headers([("cookie".parse().unwrap(), pair)].into_iter().collect())
        .build()
        .unwrap()
}
