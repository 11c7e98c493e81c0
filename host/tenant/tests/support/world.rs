//! A simulator, a data folder and the ways of a test into both.
#![allow(dead_code, missing_docs, unreachable_pub, reason = "every test file uses a part of it")]

use kite_sim::{SimConfig, Simulator};
use market::{Calendar, Intent, OrderKind, OrderRequest, OrderState, Price, Side};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tempfile::TempDir;
use tenant::{
    BrokerAddress, Cause, Login, Mode, OrderRecord, RunEvent, RunLine, SecretText, Tenant, Tenants,
    TenantsConfig, Upload,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub struct World {
    pub simulator: Simulator,
    pub dir: TempDir,
}

impl World {
    pub async fn start() -> Self {
        let config = SimConfig::demo("127.0.0.1:0".parse().unwrap());
        let simulator = Simulator::start(config).await.unwrap();
        Self { simulator, dir: tempfile::tempdir().unwrap() }
    }

    pub fn config(&self) -> TenantsConfig {
        let url = format!("http://{}", self.simulator.address()).parse().unwrap();
        let (data, key) = (self.dir.path().join("data"), self.dir.path().join("key"));
        let mut config = TenantsConfig::new(data, key, BrokerAddress::At(url));
        config.calendar = Calendar::always_open();
        config.limits.order_poll_ms = 300;
        config
    }

    pub async fn open(&self) -> Tenants {
        Tenants::open(self.config()).await.unwrap()
    }

    pub async fn login(&self, tenants: &Tenants, who: &str) -> (Tenant, String) {
        let login = self.credentials(who).await;
        let (tenant, session) = tenants.login(login).await.unwrap();
        (tenant, session.secret.expose().to_owned())
    }

    pub async fn credentials(&self, who: &str) -> Login {
        let api_key = format!("demo-{who}");
        let answer = self.sim("POST", "/sim/request-token", json!({ "apiKey": api_key })).await;
        Login {
            api_key,
            api_secret: SecretText::new(format!("demo-secret-{who}")),
            request_token: SecretText::new(answer["requestToken"].as_str().unwrap()),
            device: "test".into(),
            address: None,
        }
    }

    pub async fn sim(&self, method: &str, path: &str, body: Value) -> Value {
        let text = call(self.simulator.address(), method, path, &body.to_string()).await;
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}: {text}"))
    }

    pub async fn places_received(&self) -> Vec<Value> {
        let all = self.sim("GET", "/sim/received?since=0", json!({})).await;
        let rows = all.as_array().cloned().unwrap_or_else(|| all["received"].as_array().unwrap().clone());
        rows.into_iter().filter(|row| row["method"] == "POST").collect()
    }
}

/// The data folder as a power cut would leave it.
pub struct Image {
    dir: TempDir,
}

impl World {
    pub async fn image(&self) -> Image {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("data")).unwrap();
        for name in ["bulkhead.db", "bulkhead.db-wal"] {
            let from = self.dir.path().join("data").join(name);
            std::fs::copy(from, dir.path().join("data").join(name)).unwrap();
        }
        std::fs::copy(self.dir.path().join("key"), dir.path().join("key")).unwrap();
        Image { dir }
    }
}

impl Image {
    pub fn config(&self, world: &World) -> TenantsConfig {
        let (data_dir, key_file) = (self.dir.path().join("data"), self.dir.path().join("key"));
        TenantsConfig { data_dir, key_file, ..world.config() }
    }
}

pub async fn call(address: SocketAddr, method: &str, path: &str, body: &str) -> String {
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: sim\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    socket.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {what}");
}

pub async fn new_line(tenant: &Tenant, name: &str) -> RunLine {
    new_line_in(tenant, name, Mode::Live).await
}

pub async fn new_line_in(tenant: &Tenant, name: &str, mode: Mode) -> RunLine {
    let upload = Upload { name: name.into(), bytes: name.as_bytes().to_vec(), manifest: json!({}) };
    let strategy = tenant.upload(upload).await.unwrap();
    let run = strategy.new_run(1, mode, json!({})).await.unwrap();
    tenant.instruments().await.unwrap();
    until("reconciled", async || tenant.is_reconciled()).await;
    tenant.attach(&run.id).await.unwrap().unwrap()
}

pub fn buy(id: u64, quantity: u32) -> Intent {
    Intent::Place { id, request: OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Buy, quantity) }
}

pub fn cause(seq: u64) -> Cause {
    let time = market::Timestamp::from_seconds(seq as i64);
    Cause { first_seq: seq, event_seq: seq, time, begins: seq == 1, journal: vec![seq as u8] }
}

pub async fn state_of(line: &mut RunLine, wanted: OrderState) -> OrderRecord {
    let mut seen = Vec::new();
    let heard = async {
        loop {
            if let Some(RunEvent::Order(update)) = line.events.recv().await {
                if update.order.state == wanted {
                    return update.order;
                }
                seen.push(format!("{} {}", update.order.state, update.order.message));
            }
        }
    };
    let heard = tokio::time::timeout(Duration::from_secs(20), heard).await;
    heard.unwrap_or_else(|_| panic!("the order never became {wanted} but {seen:?}"))
}

/// A limit order that will not trade for a while: 8 % below the market.
pub async fn resting_buy(tenant: &Tenant, id: u64) -> Intent {
    let symbol: market::Symbol = "NSE:INFY".parse().unwrap();
    let last = tenant.quote(std::slice::from_ref(&symbol)).await.unwrap()[0].last_price;
    let price = Price::from_units(last.units() * 92 / 100).round_to(Price::from_rupees(1));
    let request =
        OrderRequest { kind: OrderKind::Limit, price, ..OrderRequest::market(symbol, Side::Buy, 1) };
    Intent::Place { id, request }
}

/// Sends a form as a browser does; where it is sent next.
pub async fn post_form(address: SocketAddr, path: &str, form: &str) -> String {
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let length = form.len();
    let head = format!(
        "POST {path} HTTP/1.0\r\nHost: sim\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n"
    );
    socket.write_all(format!("{head}{form}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    let location = answer.lines().find_map(|line| line.strip_prefix("location: "));
    location.unwrap_or_else(|| panic!("no redirect: {answer}")).to_owned()
}

pub async fn fault(world: &World, fault: Value) {
    world.sim("POST", "/sim/faults", fault).await;
}

/// The states of all orders of today.
pub async fn states(tenant: &Tenant) -> Vec<OrderState> {
    tenant.orders(None).await.unwrap().iter().map(|order| order.state).collect()
}

pub async fn all_are(tenant: &Tenant, wanted: OrderState) {
    until(wanted.as_str(), async || states(tenant).await.iter().all(|state| *state == wanted)).await;
}

/// Lets so many orders rest in the book, as fast as the broker takes them.
pub async fn rest(tenant: &Tenant, line: &RunLine, count: u64) {
    let Intent::Place { request, .. } = resting_buy(tenant, 1).await else { unreachable!() };
    let numbers: Vec<u64> = (1..=count).collect();
    for (step, numbers) in numbers.chunks(5).enumerate() {
        let place = |id: &u64| Intent::Place { id: *id, request: request.clone() };
        line.submit(cause(step as u64 + 1), numbers.iter().map(place).collect()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1_500)).await;
    }
    until("all rest", async || {
        let states = states(tenant).await;
        states.len() == count as usize && states.iter().all(|state| *state == OrderState::Open)
    })
    .await;
}
