//! A signed-in trader: a cookie and the verbs of the web API.

use crate::account::Account;
use crate::wait::within;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;

/// How long a run may take to reach a state on a busy machine.
const STATE_DEADLINE: Duration = Duration::from_secs(60);

/// What the host answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: StatusCode,
    /// The body, as it came.
    pub text: String,
    /// The body as JSON; null when it is none.
    pub body: Value,
    /// Content type, empty when there is none.
    pub content_type: String,
    /// The session cookie, where one was set.
    pub cookie: Option<String>,
}

/// One trader in one browser.
#[derive(Clone)]
pub struct Trader {
    base: String,
    /// Who it is.
    pub account: Account,
    /// Header and value that say who it is.
    credential: (&'static str, String),
    client: reqwest::Client,
}

impl Answer {
    async fn read(answer: reqwest::Response) -> Self {
        let status = answer.status();
        let header = |name: &str| {
            answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let content_type = header("content-type");
        let set = header("set-cookie");
        let cookie = set.split(';').next().filter(|pair| !pair.is_empty()).map(str::to_owned);
        let text = answer.text().await.expect("the body can be read");
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status, text, body, content_type, cookie }
    }

    /// The body, if the status is what it should be.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        self.body
    }

    /// True for a problem body in plain words.
    pub fn is_problem(&self) -> bool {
        self.content_type.starts_with("application/problem+json")
            && self.body["title"].is_string()
            && self.body["detail"].as_str().is_some_and(|detail| detail.len() > 8)
    }
}

impl Trader {
    /// Posts the three credentials; the raw answer, whatever it is.
    pub async fn authenticate(base: &str, api_key: &str, api_secret: &str, request_token: &str) -> Answer {
        let body = json!({ "apiKey": api_key, "apiSecret": api_secret, "requestToken": request_token });
        let request = client().post(format!("{base}/api/auth/authenticate")).json(&body);
        Answer::read(request.send().await.expect("the host answers")).await
    }

    /// Signs in and keeps the cookie.
    pub async fn sign_in(base: &str, account: Account, request_token: &str) -> Self {
        let answer = Self::authenticate(base, account.api_key, account.api_secret, request_token).await;
        let cookie = answer.cookie.clone().expect("signing in sets a session cookie");
        let body = answer.expect(200);
        assert_eq!(body["brokerId"], account.user_id);
        Self { base: base.to_owned(), account, credential: ("cookie", cookie), client: client() }
    }

    /// The same trader by an API token instead of a session.
    pub fn with_token(&self, token: &str) -> Self {
        Self { credential: ("authorization", format!("Bearer {token}")), ..self.clone() }
    }

    /// A request that says who it is from, ready for a body.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let (name, value) = &self.credential;
        self.client.request(method, format!("{}{path}", self.base)).header(*name, value)
    }

    /// A request for a stream, which goes on as long as it is listened to.
    pub fn stream(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path).timeout(Duration::from_secs(600))
    }

    /// Sends a request.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::read(request.send().await.expect("the host answers")).await
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Uploads component bytes under a name; the raw answer.
    pub async fn upload(&self, name: &str, bytes: &[u8]) -> Answer {
        let request = self
            .request(Method::POST, &format!("/api/strategies?name={name}"))
            .header("content-type", "application/wasm")
            .body(bytes.to_vec());
        self.send(request).await
    }

    /// Uploads a good component and names its id.
    pub async fn strategy(&self, name: &str, bytes: &[u8]) -> String {
        let body = self.upload(name, bytes).await.expect(201);
        body["id"].as_str().expect("a strategy has an id").to_owned()
    }

    /// Starts a strategy live and names the run.
    pub async fn start(&self, strategy: &str, params: Value) -> String {
        let body = json!({ "strategyId": strategy, "mode": "live", "params": params });
        let body = self.post("/api/live-trader/start", body).await.expect(202);
        body["runId"].as_str().expect("a start names its run").to_owned()
    }

    /// Stops a run.
    pub async fn stop(&self, run: &str) -> Value {
        self.post("/api/live-trader/stop", json!({ "runId": run })).await.expect(200)
    }

    /// Waits until the run is in a state, and gives the run. Fails at once when it failed otherwise.
    pub async fn run_in_state(&self, run: &str, state: &str) -> Value {
        within(STATE_DEADLINE, &format!("run {run} {state}"), || async {
            let body = self.get(&format!("/api/runs/{run}")).await.expect(200);
            let now = body["state"].as_str().unwrap_or_default().to_owned();
            assert!(now == state || now != "failed", "the run failed: {}", body["reason"]);
            (now == state).then_some(body)
        })
        .await
    }

    /// Waits until a list has at least so many entries, and gives it.
    pub async fn list_of(&self, path: &str, at_least: usize) -> Vec<Value> {
        within(STATE_DEADLINE, &format!("{path} has {at_least}"), || async {
            let body = self.get(path).await.expect(200);
            body.as_array().filter(|list| list.len() >= at_least).cloned()
        })
        .await
    }
}

/// Asks nobody in between, follows nothing, and waits no longer than a busy machine needs.
fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .timeout(Duration::from_secs(60))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("a client can be built")
}
