//! The simulator as a process of its own, bound to one core, and how it is asked and watched.

use kite_sim::{ClockSetup, SimAccount, SimConfig, Simulator};
use market::{Calendar, Timestamp, TradingDate};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_setaffinity};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Ticks of each instrument in a second.
pub(crate) const TICKS_PER_S: f64 = 2.0;
/// The seed of the market.
pub(crate) const SEED: u64 = 17;

/// Some ticks of the exchange are quiet. So that those that are not come to two a second, its clock runs faster.
const SPEED: f64 = 1.2;
/// What asks this program to be the server.
const SERVE: &str = "--serve";
const CONNECTIONS_PER_APP: usize = 3;

/// The running server.
pub(crate) struct Server {
    child: Child,
    base: String,
    http: reqwest::Client,
}

/// Where the exchange's clock stood at an instant of this process.
pub(crate) struct Clock {
    read: Instant,
    exchange: Timestamp,
}

/// Lets this process hold as many sockets as it may.
pub(crate) fn allow_many_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}

/// How many accounts the server is to have, when this process is to be the server.
pub(crate) fn asked_for(arguments: &[String]) -> Option<usize> {
    let at = arguments.iter().position(|argument| argument == SERVE)?;
    arguments.get(at + 1)?.parse().ok()
}

/// Serves until standard input ends.
pub(crate) fn run(accounts: usize) {
    let mut core = CpuSet::new();
    core.set(0);
    sched_setaffinity(None, &core).unwrap();
    let mut config = SimConfig::demo("127.0.0.1:0".parse().unwrap());
    config.accounts = (0..accounts).map(|n| SimAccount::demo(&format!("BN{n:04}"), "A listener")).collect();
    (config.seed, config.rate_limits) = (SEED, false);
    config.clock = ClockSetup::Virtual { start: start(), speed: SPEED };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let simulator = Simulator::start(config).await.unwrap();
        println!("{}", simulator.address());
        std::io::stdout().flush().unwrap();
        let until_the_end = || std::io::stdin().read_to_end(&mut Vec::new());
        tokio::task::spawn_blocking(until_the_end).await.unwrap().unwrap();
        simulator.stop().await;
    });
}

pub(crate) fn start() -> Timestamp {
    TradingDate::new(2026, 11, 23).unwrap().at_seconds(36_000)
}

pub(crate) fn calendar() -> Calendar {
    Calendar::always_open()
}

impl Server {
    /// Starts one with room for so many ticker connections.
    pub(crate) async fn start(connections: usize) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let accounts = connections.div_ceil(CONNECTIONS_PER_APP);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([SERVE, &accounts.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { child, base: format!("http://{}", address.trim()), http: reqwest::Client::new() }
    }

    /// Addresses of so many connections, each with a session of its app.
    pub(crate) async fn addresses(&self, connections: usize) -> Vec<String> {
        let mut addresses = Vec::new();
        for app in 0..connections.div_ceil(CONNECTIONS_PER_APP) {
            let key = format!("demo-bn{app:04}");
            let token = self.sign_in(&key, &format!("demo-secret-bn{app:04}")).await;
            let base = self.base.replace("http", "ws");
            let url = format!("{base}/?api_key={key}&access_token={token}");
            addresses.extend(std::iter::repeat_n(url, CONNECTIONS_PER_APP));
        }
        addresses.truncate(connections);
        addresses
    }

    pub(crate) async fn clock(&self) -> Clock {
        let asked = Instant::now();
        let answer = self.http.get(format!("{}/sim/clock", self.base)).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        let read = asked + asked.elapsed() / 2;
        Clock { read, exchange: Timestamp::from_micros(answer["now"].as_i64().unwrap()) }
    }

    /// Processor time that the server has used.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks: u64 = [11, 12].iter().map(|field| fields[*field].parse::<u64>().unwrap()).sum();
        ticks as f64 / rustix::param::clock_ticks_per_second() as f64
    }

    pub(crate) fn resident_mib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1_024
    }

    /// Ends it, and waits for its end.
    pub(crate) fn stop(mut self) {
        drop(self.child.stdin.take());
        self.child.wait().unwrap();
    }

    async fn sign_in(&self, key: &str, secret: &str) -> String {
        let wish = json!({ "apiKey": key });
        let call = self.http.post(format!("{}/sim/request-token", self.base)).json(&wish);
        let answer: Value = call.send().await.unwrap().json().await.unwrap();
        let token = answer["requestToken"].as_str().unwrap();
        let checksum = hex::encode(Sha256::digest(format!("{key}{token}{secret}")));
        let form = [("api_key", key), ("request_token", token), ("checksum", &checksum)];
        let call = self.http.post(format!("{}/session/token", self.base)).form(&form);
        let answer: Value = call.send().await.unwrap().json().await.unwrap();
        answer["data"]["access_token"].as_str().unwrap().to_owned()
    }
}

impl Drop for Server {
    /// A measurement that broke off leaves no server behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

impl Clock {
    /// The exchange's time when the clock was read.
    pub(crate) const fn now(&self) -> Timestamp {
        self.exchange
    }

    /// The exchange's time so long after it.
    pub(crate) fn after(&self, span: Duration) -> Timestamp {
        self.exchange.plus_micros((span.as_micros() as f64 * SPEED) as i64)
    }

    /// How long after a time of the exchange an instant of this process was, in milliseconds.
    pub(crate) fn delay_ms(&self, time: Timestamp, arrival: Instant) -> f64 {
        let due = Duration::from_secs_f64((time.micros_since(self.exchange) as f64 / 1e6 / SPEED).max(0.0));
        let due = self.read + due;
        let late = arrival.saturating_duration_since(due).as_secs_f64();
        let early = due.saturating_duration_since(arrival).as_secs_f64();
        (late - early) * 1e3
    }
}
