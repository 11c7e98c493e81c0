//! The world: a simulator process and a host process on loopback, and the two demo traders.
//!
//! Simulator and host are separate processes, so that one can die without the other.

use crate::account::Account;
use crate::process::Process;
use crate::trader::Trader;
use crate::wait::{away_from_the_turn, within};
use serde_json::{Value, json};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// The first of the ports that worlds listen on, and how many there are: 15 000 to 31 999.
const FIRST_PORT: u32 = 15_000;
const PORTS: u32 = 17_000;

/// What differs from the usual world.
#[derive(Debug, Default)]
pub struct Setup {
    /// Further arguments of `bulkhead serve`.
    pub serve_args: Vec<String>,
    /// Further environment of both processes.
    pub env: Vec<(&'static str, String)>,
    /// A database of an older release to begin with, by its name in `e2e/golden`.
    pub golden: Option<&'static str>,
}

/// Simulator and host, running.
pub struct World {
    folder: TempDir,
    setup: Setup,
    host_port: u16,
    sim_port: u16,
    /// The simulator's process.
    pub simulator: Process,
    /// The host's process.
    pub host: Process,
    client: reqwest::Client,
}

impl World {
    /// The usual world.
    pub async fn start() -> Self {
        Self::start_with(Setup::default()).await
    }

    /// A world with something changed.
    pub async fn start_with(setup: Setup) -> Self {
        rustls::crypto::ring::default_provider().install_default().ok();
        away_from_the_turn().await;
        let folder = TempDir::new().expect("a temporary folder can be made");
        let (host_port, sim_port) = (free_port(), free_port());
        let simulator = start_simulator(folder.path(), sim_port, host_port, &setup);
        let client = plain_client();
        let sim_ready = format!("http://127.0.0.1:{sim_port}/sim/");
        answers(&client, &sim_ready).await;
        if let Some(name) = setup.golden {
            put_golden(folder.path(), name);
        }
        let host = start_host("host", folder.path(), host_port, sim_port, &setup);
        let mut world = Self { folder, setup, host_port, sim_port, simulator, host, client };
        world.wait_for_host().await;
        world
    }

    /// Where the host answers.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.host_port)
    }

    /// Where the simulator answers.
    pub fn sim_url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.sim_port)
    }

    /// The host's data folder.
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The folder that holds everything of this world.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Signs a trader in.
    pub async fn trader(&self, account: Account) -> Trader {
        let request_token = self.request_token(account).await;
        Trader::sign_in(&self.url(""), account, &request_token).await
    }

    /// A fresh request token, as Kite's login page would hand out.
    pub async fn request_token(&self, account: Account) -> String {
        let answer = self.sim_post("/sim/request-token", json!({ "apiKey": account.api_key })).await;
        answer["requestToken"].as_str().expect("the simulator hands out a request token").to_owned()
    }

    /// Asks the simulator's control API.
    pub async fn sim_get(&self, path: &str) -> Value {
        let answer = self.client.get(self.sim_url(path)).send().await.expect("the simulator answers");
        assert!(answer.status().is_success(), "GET {path}: {}", answer.status());
        answer.json().await.expect("the control API speaks JSON")
    }

    /// Tells the simulator's control API something.
    pub async fn sim_post(&self, path: &str, body: Value) -> Value {
        let request = self.client.post(self.sim_url(path)).json(&body);
        let answer = request.send().await.expect("the simulator answers");
        let status = answer.status();
        let text = answer.text().await.expect("the answer can be read");
        assert!(status.is_success(), "POST {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Has the simulator's control API take something back.
    pub async fn sim_delete(&self, path: &str) {
        let answer = self.client.delete(self.sim_url(path)).send().await.expect("the simulator answers");
        assert!(answer.status().is_success(), "DELETE {path}: {}", answer.status());
    }

    /// Kills the host as a power cut would, and starts it again on the same data.
    pub async fn crash_and_restart_host(&mut self) {
        self.host.kill();
        self.restart_host().await;
    }

    /// One more host on the same folder, at a port of its own.
    pub fn second_host(&self, number: usize) -> Process {
        let name = format!("second-{number}");
        start_host(&name, self.folder.path(), free_port(), self.sim_port, &self.setup)
    }

    /// Starts the host again after it ended.
    pub async fn restart_host(&mut self) {
        self.host = start_host("host", self.folder.path(), self.host_port, self.sim_port, &self.setup);
        self.wait_for_host().await;
    }

    async fn wait_for_host(&mut self) {
        let ready = self.url("/readyz");
        let client = self.client.clone();
        let host = &mut self.host;
        let deadline = Duration::from_secs(60);
        let start = std::time::Instant::now();
        loop {
            host.assert_running();
            if client.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
            assert!(start.elapsed() < deadline, "the host is not ready:\n{}", host.output());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn start_simulator(folder: &Path, sim_port: u16, host_port: u16, setup: &Setup) -> Process {
    let listen = format!("127.0.0.1:{sim_port}");
    let redirect = format!("http://127.0.0.1:{host_port}/api/auth/callback");
    let args = ["simulate", "--listen", &listen, "--redirect-url", &redirect];
    Process::bulkhead("simulator", folder, &args, &borrowed(&setup.env))
}

fn start_host(name: &str, folder: &Path, host_port: u16, sim_port: u16, setup: &Setup) -> Process {
    let listen = format!("127.0.0.1:{host_port}");
    let kite = format!("http://127.0.0.1:{sim_port}");
    let data = folder.join("data").display().to_string();
    let key = folder.join("host.key").display().to_string();
    let mut args =
        vec!["serve", "--listen", &listen, "--kite-url", &kite, "--data-dir", &data, "--key-file", &key];
    args.push("--always-open");
    args.extend(setup.serve_args.iter().map(String::as_str));
    Process::bulkhead(name, folder, &args, &borrowed(&setup.env))
}

/// A database as an older release left it, with its key.
fn put_golden(folder: &Path, name: &str) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e/golden");
    std::fs::create_dir(folder.join("data")).expect("the data folder can be made");
    for (from, to) in [(format!("{name}.db"), "data/bulkhead.db"), (format!("{name}.key"), "host.key")] {
        std::fs::copy(golden.join(from), folder.join(to)).expect("a golden file can be copied");
    }
}

fn borrowed<'a>(env: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    env.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

fn plain_client() -> reqwest::Client {
    reqwest::Client::builder()
        .timeout(Duration::from_secs(20))
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .expect("a plain client can be built")
}

async fn answers(client: &reqwest::Client, url: &str) {
    within(Duration::from_secs(60), url, || async {
        client.get(url).send().await.ok().filter(|answer| answer.status().is_success())
    })
    .await;
}

/// A port nobody listens on, and below those that the system hands out by itself: a host that is started again on its port
/// must not find a client's socket there.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = std::process::id().wrapping_mul(97);
    let candidates = (0..PORTS).map(|_| {
        let port = FIRST_PORT + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % PORTS;
        u16::try_from(port).expect("a port has 16 bits")
    });
    let free = candidates.into_iter().find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.expect("loopback has a free port")
}
