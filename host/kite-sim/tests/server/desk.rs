//! A running simulator and traders who talk to it with plain HTTP and WebSocket.

use futures_util::{SinkExt, StreamExt};
use kite_sim::{ClockSetup, SimConfig, Simulator};
use market::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long a test waits for something that must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Desk {
    pub(crate) simulator: Simulator,
    pub(crate) http: reqwest::Client,
    pub(crate) base: String,
}

pub(crate) struct Trader<'a> {
    pub(crate) desk: &'a Desk,
    pub(crate) api_key: String,
    pub(crate) access_token: String,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: Value,
}

impl Desk {
    /// Monday 10:00 in NSE hours, no rate limits.
    pub(crate) async fn open() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(adapt: impl FnOnce(&mut SimConfig)) -> Self {
        // A second installation fails and changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut config = SimConfig::demo("127.0.0.1:0".parse().unwrap());
        let start = Timestamp::parse_ist("2026-11-23 10:00:00").unwrap();
        config.clock = ClockSetup::Virtual { start, speed: 1.0 };
        config.always_open = false;
        config.rate_limits = false;
        adapt(&mut config);
        let simulator = Simulator::start(config).await.unwrap();
        let base = format!("http://{}", simulator.address());
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { simulator, http, base }
    }

    pub(crate) async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let method = method.parse().unwrap();
        let answer = self.http.request(method, format!("{}{path}", self.base)).json(&body).send().await;
        let answer = answer.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    pub(crate) async fn request_token(&self, api_key: &str) -> String {
        let answer = self.control("POST", "/sim/request-token", json!({ "apiKey": api_key })).await;
        answer["requestToken"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn exchange(&self, api_key: &str, request_token: &str, secret: &str) -> Answer {
        let checksum = hex::encode(Sha256::digest(format!("{api_key}{request_token}{secret}")));
        let form = [("api_key", api_key), ("request_token", request_token), ("checksum", &checksum)];
        let call = self.http.post(format!("{}/session/token", self.base)).form(&form);
        Answer::read(call.send().await.unwrap()).await
    }

    pub(crate) async fn sign_in(&self, who: &str) -> Trader<'_> {
        let (api_key, secret) = (format!("demo-{who}"), format!("demo-secret-{who}"));
        let token = self.request_token(&api_key).await;
        let answer = self.exchange(&api_key, &token, &secret).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let access_token = answer.body["data"]["access_token"].as_str().unwrap().to_owned();
        Trader { desk: self, api_key, access_token }
    }
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let content_type = response.headers().get("content-type").map(|value| value.to_str().unwrap());
        let content_type = content_type.unwrap_or_default().to_owned();
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Self { status, content_type, body }
    }

    /// The payload of a success.
    pub(crate) fn data(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.body);
        assert_eq!(self.body["status"], "success");
        self.body["data"].clone()
    }

    /// Status and error type of a refusal.
    pub(crate) fn refusal(&self) -> (u16, &str) {
        assert_eq!(self.content_type, "application/json");
        assert_eq!(self.body["status"], "error", "{}", self.body);
        (self.status, self.body["error_type"].as_str().unwrap())
    }
}

impl Trader<'_> {
    pub(crate) fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let call = self.desk.http.request(method.parse().unwrap(), format!("{}{path}", self.desk.base));
        call.header("Authorization", format!("token {}:{}", self.api_key, self.access_token))
            .header("X-Kite-Version", "3")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::read(self.request("GET", path).send().await.unwrap()).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        Answer::read(self.request(method, path).form(form).send().await.unwrap()).await
    }

    pub(crate) async fn place(&self, form: &[(&str, &str)]) -> String {
        let data = self.send("POST", "/orders/regular", form).await.data();
        data["order_id"].as_str().unwrap().to_owned()
    }

    /// Waits until an order reads a status.
    pub(crate) async fn order_reading(&self, order_id: &str, status: &str) -> Value {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let orders = self.get("/orders").await.data();
            let found = orders.as_array().unwrap().iter().find(|order| order["order_id"] == order_id);
            let order = found.cloned().unwrap_or_default();
            if order["status"] == status {
                return order;
            }
            assert!(tokio::time::Instant::now() < deadline, "never {status}: {order}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn ticker(&self) -> Result<Socket, Error> {
        let address = self.desk.simulator.address();
        let (key, token) = (&self.api_key, &self.access_token);
        let url = format!("ws://{address}/?api_key={key}&access_token={token}");
        connect_async(url).await.map(|(socket, _)| socket)
    }
}

/// The next frame that satisfies `wanted`, within patience.
pub(crate) async fn next(socket: &mut Socket, wanted: impl Fn(&Message) -> bool) -> Message {
    let found = async {
        loop {
            let frame = socket.next().await.expect("the ticker closed").unwrap();
            if wanted(&frame) {
                return frame;
            }
        }
    };
    tokio::time::timeout(PATIENCE, found).await.expect("no such frame came")
}

pub(crate) async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}
