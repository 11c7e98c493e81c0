//! A simulator, a data folder and a supervisor over it, which can be put down and come back.
#![allow(dead_code, missing_docs, unreachable_pub, reason = "every test file uses a part of it")]

use host::programs::Programs;
use host::runs::{RunLimits, Supervisor};
use kite_sim::{SimConfig, Simulator};
use market::Calendar;
use sandbox::{CompileLimits, Compiler, Engine, Limits};
use serde_json::{Map, Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use tempfile::TempDir;
use tenant::{
    BrokerAddress, Login, Mode, RunRecord, RunState, SecretText, Strategy, Tenant, Tenants, TenantsConfig,
    Upload,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

pub struct World {
    pub simulator: Simulator,
    pub folder: TempDir,
    pub limits: RunLimits,
}

/// A host without its door.
pub struct Host {
    pub tenants: Tenants,
    pub supervisor: Supervisor,
}

impl World {
    pub async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let simulator = Simulator::start(SimConfig::demo("127.0.0.1:0".parse().unwrap())).await.unwrap();
        Self { simulator, folder: tempfile::tempdir().unwrap(), limits: RunLimits::default() }
    }

    pub async fn host(&self) -> Host {
        let url = format!("http://{}", self.simulator.address()).parse().unwrap();
        let (data, key) = (self.folder.path().join("data"), self.folder.path().join("key"));
        let mut config = TenantsConfig::new(data, key, BrokerAddress::At(url));
        config.calendar = Calendar::always_open();
        config.limits.order_poll_ms = 300;
        let tenants = Tenants::open(config).await.unwrap();
        let engine = Engine::new(Limits { machines: 8, ..Limits::default() }).unwrap();
        let program = env!("CARGO_BIN_EXE_bulkhead").into();
        let arguments = vec!["compile-child".to_owned()];
        let cache = self.folder.path().join("compiled");
        let compiler = Compiler::new(program, arguments, cache, [7; 32], engine, CompileLimits::default());
        let clock = tenants.clock().clone();
        let calendar = Calendar::always_open();
        let supervisor = Supervisor::start(Programs::new(compiler), calendar, clock, self.limits).unwrap();
        Host { tenants, supervisor }
    }

    pub async fn login(&self, host: &Host, who: &str) -> Tenant {
        let api_key = format!("demo-{who}");
        let answer = self.sim("POST", "/sim/request-token", json!({ "apiKey": api_key })).await;
        let login = Login {
            api_key,
            api_secret: SecretText::new(format!("demo-secret-{who}")),
            request_token: SecretText::new(answer["requestToken"].as_str().unwrap()),
            device: "test".into(),
            address: None,
        };
        host.tenants.login(login).await.unwrap().0
    }

    pub async fn sim(&self, method: &str, path: &str, body: Value) -> Value {
        let text = call(self.simulator.address(), method, path, &body.to_string()).await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
    }

    /// Order books cannot be read until the faults are cleared.
    pub async fn hide_order_books(&self) {
        let fault = json!({ "kind": "errorBefore", "method": "GET", "path": "/orders", "times": 1_000, "status": 502 });
        self.sim("POST", "/sim/faults", fault).await;
    }

    pub async fn clear_faults(&self) {
        call(self.simulator.address(), "DELETE", "/sim/faults", "{}").await;
    }

    /// Orders that reached the broker.
    pub async fn placed(&self) -> usize {
        let all = self.sim("GET", "/sim/received?since=0", json!({})).await;
        all.as_array().unwrap().iter().filter(|call| call["method"] == "POST").count()
    }
}

impl Host {
    pub async fn put_down(self) {
        self.supervisor.drain(&self.tenants).await;
        self.tenants.close().await;
    }

    /// The tenant of a host that came back.
    pub fn tenant(&self) -> Tenant {
        self.tenants.all().remove(0)
    }

    pub async fn start(&self, strategy: &Strategy, params: Value) -> RunRecord {
        self.supervisor.run(strategy, 1, Mode::Live, object(params)).await.unwrap()
    }

    pub async fn stop(&self, run: &RunRecord, square_off: bool) -> RunRecord {
        self.supervisor.stop(&self.tenant(), &run.id, square_off).await.unwrap().unwrap()
    }

    pub async fn in_state(&self, run: &RunRecord, state: RunState) -> RunRecord {
        let mut last = None;
        for _ in 0..600 {
            let now = self.tenant().run(&run.id).await.unwrap().unwrap();
            if now.state == state {
                return now;
            }
            last = Some(now);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never {state}: {last:?}");
    }
}

pub fn object(params: Value) -> Map<String, Value> {
    params.as_object().unwrap().clone()
}

pub async fn upload(tenant: &Tenant, name: &str, bytes: &[u8]) -> Strategy {
    let upload = Upload { name: name.into(), bytes: bytes.to_vec(), manifest: json!({}) };
    tenant.upload(upload).await.unwrap()
}

pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {what}");
}

async fn call(address: SocketAddr, method: &str, path: &str, body: &str) -> String {
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
