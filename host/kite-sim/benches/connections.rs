//! A thousand ticker connections, each with 50 instruments in full mode and two ticks a second of each, on one core.
//!
//! The server is a process of its own, bound to one core; this process holds the other ends. What must come is known
//! beforehand: an exchange of the same seed gives every tick and its time, so that a packet that never came, or came
//! with other bytes, is missed, and the delay counts from the tick itself (the simulator's own step of 100 ms is in it).
//!
//! `cargo bench -p kite-sim --bench connections -- --connections 1000 --seconds 10`
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot set up should stop")]

#[path = "support/listener.rs"]
mod listener;
#[path = "support/server.rs"]
mod server;
#[path = "support/truth.rs"]
mod truth;

use listener::Heard;
use server::{Server, TICKS_PER_S};
use std::time::Duration;
use truth::{Due, Truth};

/// The instruments of each connection.
const INSTRUMENTS: usize = 50;
/// Connections are opened so many at a time.
const AT_ONCE: usize = 20;
/// Between the last subscription and the first tick that counts, in milliseconds.
const SETTLE_MS: u64 = 2_000;
/// How long a tick may be on its way before it is missed, in milliseconds.
const PATIENCE_MS: u64 = 2_000;

struct Wish {
    connections: usize,
    seconds: u64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    server::allow_many_files();
    if let Some(accounts) = server::asked_for(&arguments) {
        return server::run(accounts);
    }
    let wish = Wish::read(&arguments);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(measure(&wish));
}

impl Wish {
    fn read(arguments: &[String]) -> Self {
        let number = |name: &str| {
            let at = arguments.iter().position(|argument| argument == name)?;
            arguments.get(at + 1)?.parse().ok()
        };
        let tiny = arguments.iter().any(|argument| argument == "--test");
        let (connections, seconds) = if tiny { (20, 1) } else { (1_000, 10) };
        Self {
            connections: number("--connections").map_or(connections, |count: u64| count as usize),
            seconds: number("--seconds").unwrap_or(seconds),
        }
    }
}

async fn measure(wish: &Wish) {
    let server = Server::start(wish.connections).await;
    let truth = Truth::begin(INSTRUMENTS);
    let listeners = open(&server, &truth, wish.connections).await;
    tokio::time::sleep(Duration::from_millis(SETTLE_MS)).await;
    let clock = server.clock().await;
    let (from, until) = (clock.now(), clock.after(Duration::from_secs(wish.seconds)));
    let used = server.cpu_seconds();
    tokio::time::sleep(Duration::from_secs(wish.seconds)).await;
    let used = server.cpu_seconds() - used;
    tokio::time::sleep(Duration::from_millis(PATIENCE_MS)).await;
    let due: Vec<Due> = truth.due(from, until);
    let mut delays_ms = Vec::with_capacity(due.len() * wish.connections);
    let mut missed = 0_usize;
    for listener in listeners {
        let heard: Heard = listener.stop().await;
        for tick in &due {
            match heard.arrival(tick.token, tick.hash) {
                Some(arrival) => delays_ms.push(clock.delay_ms(tick.time, arrival)),
                None => missed += 1,
            }
        }
    }
    report(wish, &due, &mut delays_ms, missed, used, server.resident_mib());
    server.stop();
    assert_eq!(missed, 0, "ticks were missed");
}

async fn open(server: &Server, truth: &Truth, connections: usize) -> Vec<listener::Listener> {
    let mut listeners = Vec::new();
    for part in server.addresses(connections).await.chunks(AT_ONCE) {
        let opened = part.iter().map(|url| listener::Listener::open(url, truth.tokens()));
        listeners.extend(futures_util::future::join_all(opened).await);
    }
    listeners
}

fn report(wish: &Wish, due: &[Due], delays_ms: &mut [f64], missed: usize, used: f64, mib: u64) {
    delays_ms.sort_by(f64::total_cmp);
    let at =
        |part: f64| delays_ms.get(((delays_ms.len() as f64 - 1.0) * part) as usize).copied().unwrap_or(0.0);
    let seconds = wish.seconds as f64;
    println!(
        "{} connections × {INSTRUMENTS} instruments × {:.2} ticks/s (of {TICKS_PER_S} wanted), {seconds} s",
        wish.connections,
        due.len() as f64 / INSTRUMENTS as f64 / seconds,
    );
    println!("delivered: {:.0} packets/s, missed: {missed}", delays_ms.len() as f64 / seconds);
    println!("delay from the tick: p50 {:.1} ms, p99 {:.1} ms, most {:.1} ms", at(0.5), at(0.99), at(1.0));
    println!("server: {:.0} % of one core, {mib} MiB resident", used / seconds * 100.0);
}
