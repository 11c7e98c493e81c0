//! How many events a second become durable when a thousand runs write at once, and how long an order waits for its commit
//! beside them.
//!
//! Real compartments, rows and commits (SQLite, `synchronous=FULL`); each run has its recorder and hands its journal over as
//! a shard does, ten ticks at a time. What is not in it is the machines. Beside it, on the same disk: one transaction an
//! event, and the bare file: append and `fdatasync`, an event at a time and as many at once as a commit held.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot set up should stop")]

use kite_sim::{SimConfig, Simulator};
use market::{
    Calendar, Depth, DepthLevel, Intent, OrderKind, OrderRequest, Price, Product, Side, Tick, Timestamp,
    Validity, Variety,
};
use sandbox::journal::{Recorded, Recorder};
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tenant::{
    BrokerAddress, Cause, Login, Mode, RunLine, RunStep, SecretText, Tenant, Tenants, TenantsConfig, Upload,
};
use tokio::runtime::Runtime;

/// Runs of all traders.
const RUNS: usize = 1_000;

/// Ticks that a run hands over at once: what it hears in a fifth of a second.
const TICKS: usize = 10;

/// How long is measured.
const MEASURED: Duration = Duration::from_secs(10);

/// Between two orders.
const PACE: Duration = Duration::from_millis(25);

/// Single durable writes that are measured for a baseline.
const SINGLE: usize = 300;

/// One run as the bench plays it.
struct Played {
    line: RunLine,
    recorder: Recorder,
    tick: Tick,
    chance: Chance,
    orders: u64,
}

/// Seeded numbers (splitmix64).
struct Chance(u64);

/// What was counted while runs wrote.
#[derive(Default)]
struct Counted {
    events: AtomicU64,
    bytes: AtomicU64,
    is_over: AtomicBool,
}

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // `cargo test` runs benches too, to see that they start.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = Runtime::new().unwrap();
    let folder = TempDir::new_in(std::env::var("BENCH_DIR").unwrap_or_else(|_| ".".to_owned())).unwrap();
    runtime.block_on(measure(folder.path()));
}

async fn measure(folder: &Path) {
    let simulator = Simulator::start(SimConfig::demo("127.0.0.1:0".parse().unwrap())).await.unwrap();
    let (tenants, mut played) = open(&simulator, &folder.join("host")).await;
    println!("{RUNS} runs, {TICKS} ticks a piece, full depth, {} s", MEASURED.as_secs());
    let mut ordering = played.split_off(RUNS - 1).remove(0);
    for (name, rate) in [("at 20 000 events/s", Some(20_000.0)), ("as fast as may be", None)] {
        let (all, before) = (Counted::default().into(), (tenants.commits(), rows_of(&tenants).await));
        let begun = Instant::now();
        let latencies = together(&mut played, &mut ordering, rate, &all).await;
        tenants.all()[0].write_gathered().await.unwrap();
        let (seconds, after) = (begun.elapsed().as_secs_f64(), (tenants.commits(), rows_of(&tenants).await));
        let (events, bytes) = (all.events.load(Ordering::Relaxed), all.bytes.load(Ordering::Relaxed));
        println!(
            "{name:<18} {:>9.0} events/s, {:.1} bytes/event, {:.0} commits/s, {:.1} events a row",
            events as f64 / seconds,
            bytes as f64 / events as f64,
            (after.0 - before.0) as f64 / seconds,
            events as f64 / (after.1 - before.1) as f64
        );
        report("  order's commit", latencies);
    }
    alone(&tenants).await;
    tenants.close().await;
    bare(folder, "bare file, one event", 60, SINGLE);
    bare(folder, "bare file, 1000 events", 60_000, SINGLE / 3);
}

/// Every run writes at its share of the rate, or as fast as it may, while one asks for orders. How long each order's commit
/// took.
async fn together(
    played: &mut Vec<Played>,
    ordering: &mut Played,
    rate: Option<f64>,
    counted: &Arc<Counted>,
) -> Vec<Duration> {
    let processors = std::thread::available_parallelism().map_or(2, usize::from);
    let mut parts: Vec<Vec<Played>> = (0..processors).map(|_| Vec::new()).collect();
    for (number, one) in played.drain(..).enumerate() {
        parts[number % processors].push(one);
    }
    let begun = Instant::now();
    let of_part = rate.map(|rate| rate / processors as f64);
    let writers: Vec<_> =
        parts.into_iter().map(|part| tokio::spawn(write_on(part, of_part, Arc::clone(counted)))).collect();
    let mut latencies = Vec::new();
    while begun.elapsed() < MEASURED {
        tokio::time::sleep(PACE).await;
        let (piece, intents) = (ordering.hear(1), vec![ordering.order()]);
        let asked = Instant::now();
        ordering.write(piece, intents).await;
        latencies.push(asked.elapsed());
    }
    counted.is_over.store(true, Ordering::Relaxed);
    for writer in writers {
        played.extend(writer.await.unwrap());
    }
    latencies
}

/// One run after the other hands over what it heard, until it is over.
async fn write_on(mut part: Vec<Played>, rate: Option<f64>, counted: Arc<Counted>) -> Vec<Played> {
    let (begun, mut handed_over) = (Instant::now(), 0);
    loop {
        for one in &mut part {
            if counted.is_over.load(Ordering::Relaxed) {
                return part;
            }
            let piece = one.hear(TICKS);
            counted.events.fetch_add(TICKS as u64, Ordering::Relaxed);
            counted.bytes.fetch_add(piece.bytes.len() as u64, Ordering::Relaxed);
            one.write(piece, Vec::new()).await;
            handed_over += TICKS;
            let due = rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(handed_over as f64 / rate));
            if let Some(early) = due.checked_sub(begun.elapsed()) {
                tokio::time::sleep(early).await;
            }
        }
    }
}

/// Rows of the journals of all runs.
async fn rows_of(tenants: &Tenants) -> usize {
    let mut rows = 0;
    for tenant in tenants.all() {
        for run in tenant.runs().await.unwrap() {
            rows += tenant.journal(&run.id).await.unwrap().len();
        }
    }
    rows
}

/// The same rows, each in a transaction of its own.
async fn alone(tenants: &Tenants) {
    let tenant = tenants.all().remove(0);
    let mut one = played(&tenant, "alone", 1).await;
    let begun = Instant::now();
    for _ in 0..SINGLE {
        let piece = one.hear(1);
        one.write(piece, Vec::new()).await;
        one.line.settle().await.unwrap();
    }
    let rate = SINGLE as f64 / begun.elapsed().as_secs_f64();
    println!("a transaction each {rate:>8.0} events/s");
}

/// The disk without any database.
fn bare(folder: &Path, what: &str, bytes: usize, writes: usize) {
    let mut file = File::create(folder.join("bare")).unwrap();
    let piece = vec![7; bytes];
    let mut took = Vec::new();
    for _ in 0..writes {
        let begun = Instant::now();
        file.write_all(&piece).unwrap();
        file.sync_data().unwrap();
        took.push(begun.elapsed());
    }
    report(what, took);
}

fn report(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)];
    println!("{what:<24} p50 {:?}, p99 {:?}, worst {:?}, of {}", at(50), at(99), at(100), took.len());
}

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

impl Played {
    /// So many ticks as a busy share has them: price, averages and some of the depth move.
    fn hear(&mut self, count: usize) -> Recorded {
        for _ in 0..count {
            let (tick, chance) = (&mut self.tick, &mut self.chance);
            let step = Price::from_paise(5 * (chance.below(7) as i64 - 3));
            tick.time = tick.time.plus_seconds(1);
            tick.last_price += step;
            tick.last_quantity = 1 + chance.below(499) as u32;
            tick.volume += u64::from(tick.last_quantity);
            tick.average_price += Price::from_paise(chance.below(2) as i64);
            tick.buy_quantity = 100_000 + chance.below(800_000);
            tick.sell_quantity = 100_000 + chance.below(800_000);
            if let Some(depth) = &mut tick.depth {
                for level in depth.buy.iter_mut().chain(&mut depth.sell) {
                    level.price += step;
                    if chance.below(2) == 0 {
                        level.quantity = 1 + chance.below(5_000) as u32;
                        level.orders = 1 + chance.below(60) as u16;
                    }
                }
            }
            self.recorder.ticks(std::slice::from_ref(tick));
        }
        self.recorder.take()
    }

    async fn write(&self, piece: Recorded, intents: Vec<Intent>) {
        let Recorded { first_seq, last_seq, begins, bytes } = piece;
        let cause = Cause { first_seq, event_seq: last_seq, time: self.tick.time, begins, journal: bytes };
        self.line.write(RunStep { cause, intents, ..RunStep::default() }).await.unwrap();
    }

    /// Far below the market: whether the gate takes or refuses it, it is a row in the commit.
    fn order(&mut self) -> Intent {
        self.orders += 1;
        let request = OrderRequest {
            symbol: "NSE:INFY".parse().unwrap(),
            side: Side::Buy,
            quantity: 1,
            kind: OrderKind::Limit,
            price: Price::from_rupees(1),
            trigger: Price::ZERO,
            product: Product::Mis,
            validity: Validity::Day,
            variety: Variety::Regular,
            market_protection: 0,
        };
        Intent::Place { id: self.orders, request }
    }
}

/// Two traders with half of the runs each.
async fn open(simulator: &Simulator, folder: &Path) -> (Tenants, Vec<Played>) {
    let url = format!("http://{}", simulator.address()).parse().unwrap();
    let (data, key) = (folder.join("data"), folder.join("key"));
    std::fs::create_dir_all(folder).unwrap();
    let mut config = TenantsConfig::new(data, key, BrokerAddress::At(url));
    config.calendar = Calendar::always_open();
    config.limits.strategies_max = RUNS as u32;
    let tenants = Tenants::open(config).await.unwrap();
    let mut all = Vec::new();
    for user in ["uk9394", "uk1234"] {
        let login = Login {
            api_key: format!("demo-{user}"),
            api_secret: SecretText::new(format!("demo-secret-{user}")),
            request_token: SecretText::new(request_token(simulator, user).await),
            device: "bench".to_owned(),
            address: None,
        };
        let (tenant, _) = tenants.login(login).await.unwrap();
        tenant.instruments().await.unwrap();
        for number in 0..RUNS / 2 {
            all.push(played(&tenant, &format!("bench {number}"), number as u64).await);
        }
    }
    (tenants, all)
}

async fn played(tenant: &Tenant, name: &str, seed: u64) -> Played {
    let bytes = seed.to_le_bytes().to_vec();
    let strategy = tenant.upload(Upload { name: name.into(), bytes, manifest: json!({}) }).await.unwrap();
    let run = strategy.new_run(1, Mode::Paper, json!({})).await.unwrap();
    let line = tenant.attach(&run.id).await.unwrap().unwrap();
    let mut tick = Tick::at(408_065, Timestamp::from_seconds(1_795_400_000), Price::from_rupees(1_500));
    let level = |at: i64| DepthLevel { price: Price::from_paise(150_000 - 5 * at), quantity: 100, orders: 3 };
    let side = [level(0), level(1), level(2), level(3), level(4)];
    tick.depth = Some(Depth { buy: side, sell: side });
    Played { line, recorder: Recorder::default(), tick, chance: Chance(seed), orders: 0 }
}

async fn request_token(simulator: &Simulator, user: &str) -> String {
    let asked = json!({ "apiKey": format!("demo-{user}") });
    let url = format!("http://{}/sim/request-token", simulator.address());
    let answer = reqwest::Client::new().post(url).json(&asked).send().await.unwrap();
    answer.json::<Value>().await.unwrap()["requestToken"].as_str().unwrap().to_owned()
}
