//! From a tick to the first byte of its order on the broker's socket: the figure traders ask for first.
//!
//! A real machine takes the tick, a real compartment writes the order down (SQLite, a durable commit) and its sender
//! posts it to the Kite simulator. Before the simulator stands a relay that notes when a `POST /orders/…` arrives. The
//! order path traces what it is about, so one run tells the whole way, the commit, the way without it and its parts. Three baselines in the same run: a bare reqwest client with the same form, our client without
//! machine and store, and the machine alone. The whole way and the bare client are measured on a host that does nothing
//! else between two orders, whose processor sleeps and whose caches are cold, and on one at work: beside it the order path
//! answers other orders, which the gate refuses, all the time until the measured one. What is not in it is the hop from a shard to a run's task, which is one
//! message over a channel.
//!
//! Orders are paced, because the client keeps to Kite's ten in any second and a margin; the pause is not measured.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot set up should stop")]

#[path = "support/guest.rs"]
mod guest;
#[path = "support/times.rs"]
mod times;

use divan::Bencher;
use guest::{Guest, tick};
use kite::{Connection, Egress, Endpoints, PlaceParams, Session};
use kite_sim::{SimConfig, Simulator};
use market::{Calendar, Intent, Tick};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tenant::gate::RiskLimits;
use tenant::{
    BrokerAddress, FeedEvent, Login, Mode, RunLine, SecretText, Tenant, Tenants, TenantsConfig, Upload,
};
use times::{Parts, parts, report};
use tokio::runtime::Runtime;

/// Between two orders: never more than ten in any second nor four hundred in any minute, with the margin that the client
/// keeps.
const PACE: Duration = Duration::from_millis(155);

/// Orders measured of each kind, enough for one in a thousand; at this pace a little more than two and a half minutes.
const ORDERS: u32 = 1_000;

/// Notes that may wait to be read.
const ARRIVALS_MAX: usize = 1_024;

/// Units that no gate lets pass.
const TOO_MANY: u32 = 10_000_000;

const SYMBOL: &str = "NSE:INFY";

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    times::follow_the_way();
    divan::main();
    times::print();
}

/// What the host does between two measured orders.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Host {
    Idle,
    AtWork,
}

/// Tick → machine → gate → durable commit → the order's first bytes at the broker.
#[divan::bench(args = [Host::Idle, Host::AtWork], sample_count = ORDERS, sample_size = 1)]
fn tick_to_order_on_the_wire(bencher: Bencher<'_, '_>, host: Host) {
    let broker = Broker::start();
    let desk = Desk::open(&broker);
    let guest = RefCell::new(Guest::start(desk.instrument()));
    let (took, ways) = (RefCell::new(Vec::new()), RefCell::new(Vec::new()));
    bencher.with_inputs(|| desk.pause(host, &broker, &guest)).bench_local_values(|(tick, seq)| {
        let begun = Instant::now();
        let (cause, intents) = guest.borrow_mut().take(&tick, seq);
        // A run is a task of the runtime, as the posting of the baselines is.
        let line = Arc::clone(&desk.line);
        let submitting = broker.runtime.spawn(async move { line.submit(cause, intents).await });
        let arrived = broker.arrival();
        took.borrow_mut().push(arrived - begun);
        ways.borrow_mut().extend(parts(begun, arrived));
        submitting
    });
    report(&format!("tick to wire, host {host:?}"), took.into_inner());
    let ways: Vec<Parts> = ways.into_inner();
    let each = |part: fn(&Parts) -> Duration| ways.iter().map(part).collect();
    report("  its commit", each(|way| way.commit));
    report("  without it", each(|way| way.to_order_path + way.decision + way.last_look + way.client));
    report("   machine, hop", each(|way| way.to_order_path));
    report("   decision", each(|way| way.decision));
    report("   last look", each(|way| way.last_look));
    report("   client", each(|way| way.client));
    broker.runtime.block_on(desk.tenants.close());
}

/// The same form, posted by a bare reqwest client that knows nothing of us.
#[divan::bench(args = [Host::Idle, Host::AtWork], sample_count = ORDERS, sample_size = 1)]
fn baseline_reqwest_alone(bencher: Bencher<'_, '_>, host: Host) {
    let broker = Broker::start();
    let desk = Desk::open(&broker);
    let guest = RefCell::new(Guest::start(desk.instrument()));
    let client = reqwest::Client::new();
    let url = format!("http://{}/orders/regular", broker.relay);
    let form = "exchange=NSE&tradingsymbol=INFY&transaction_type=BUY&quantity=1&order_type=MARKET&product=MIS&validity=DAY\
                &market_protection=-1&tag=BASELINE000000000001";
    let took = RefCell::new(Vec::new());
    bencher.with_inputs(|| desk.pause(host, &broker, &guest)).bench_local_values(|_| {
        let begun = Instant::now();
        let request =
            client.post(&url).header("content-type", "application/x-www-form-urlencoded").body(form);
        let posting = broker.runtime.spawn(async move { request.send().await?.bytes().await });
        took.borrow_mut().push(broker.arrival() - begun);
        posting
    });
    report(&format!("reqwest alone, host {host:?}"), took.into_inner());
    broker.runtime.block_on(desk.tenants.close());
}

/// The same client posts the same order: no machine, no gate, no store.
#[divan::bench(sample_count = ORDERS, sample_size = 1)]
fn baseline_post_alone(bencher: Bencher<'_, '_>) {
    let broker = Broker::start();
    let session = broker.session("uk1234");
    let guest = RefCell::new(Guest::start(broker.instrument(&session)));
    let (_, intents) = guest.borrow_mut().take(&tick(0), 0);
    let Some(Intent::Place { request, .. }) = intents.into_iter().next() else { panic!("no order") };
    let params = PlaceParams { request, tag: "BASELINE000000000001".to_owned() };
    let took = RefCell::new(Vec::new());
    bencher.with_inputs(|| broker.pause(&guest)).bench_local_values(|_| {
        let begun = Instant::now();
        let (session, params) = (session.clone(), params.clone());
        let posting = broker.runtime.spawn(async move { session.place(&params).await });
        took.borrow_mut().push(broker.arrival() - begun);
        posting
    });
    report("client alone", took.into_inner());
}

/// The machine alone: a tick in, an intent out.
#[divan::bench(sample_count = ORDERS, sample_size = 1)]
fn baseline_guest_alone(bencher: Bencher<'_, '_>) {
    let broker = Broker::start();
    let guest = RefCell::new(Guest::start(broker.instrument(&broker.session("uk1234"))));
    let took = RefCell::new(Vec::new());
    bencher.with_inputs(|| guest.borrow_mut().next_tick()).bench_local_values(|(tick, seq)| {
        let begun = Instant::now();
        let step = guest.borrow_mut().take(&tick, seq);
        took.borrow_mut().push(begun.elapsed());
        step
    });
    report("guest alone", took.into_inner());
}

/// The simulator with the relay before it.
struct Broker {
    runtime: Runtime,
    simulator: SocketAddr,
    relay: SocketAddr,
    arrivals: Receiver<Instant>,
    _simulator: Simulator,
}

impl Broker {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let config = SimConfig { rate_limits: false, ..SimConfig::demo("127.0.0.1:0".parse().unwrap()) };
        let simulator = runtime.block_on(Simulator::start(config)).unwrap();
        let (noted, arrivals) = sync_channel(ARRIVALS_MAX);
        let relay = relay(simulator.address(), noted);
        Self { runtime, simulator: simulator.address(), relay, arrivals, _simulator: simulator }
    }

    fn url(&self) -> url::Url {
        format!("http://{}", self.relay).parse().unwrap()
    }

    fn request_token(&self, user: &str) -> String {
        let asked = json!({ "apiKey": format!("demo-{user}") });
        let url = format!("http://{}/sim/request-token", self.simulator);
        let answer = async { reqwest::Client::new().post(url).json(&asked).send().await?.json().await };
        let answer: Value = self.runtime.block_on(answer).unwrap();
        answer["requestToken"].as_str().unwrap().to_owned()
    }

    fn session(&self, user: &str) -> Session {
        let connection = Connection::new(Endpoints::at(self.url()), Egress::Direct).unwrap();
        let (key, secret) = (format!("demo-{user}"), kite::Secret::new(format!("demo-secret-{user}")));
        let token = self.request_token(user);
        let grant = self.runtime.block_on(connection.exchange_token(&key, &secret, &token)).unwrap();
        connection.session(&key, grant.access_token)
    }

    fn instrument(&self, session: &Session) -> market::Instrument {
        let all = self.runtime.block_on(session.instruments(None)).unwrap();
        all.into_iter().find(|one| one.symbol.to_string() == SYMBOL).unwrap()
    }

    /// Waits for the next order's turn, with everything of the last one settled.
    fn pause(&self, guest: &RefCell<Guest>) -> (Tick, u64) {
        std::thread::sleep(PACE);
        self.ready(guest)
    }

    fn ready(&self, guest: &RefCell<Guest>) -> (Tick, u64) {
        while self.arrivals.try_recv().is_ok() {}
        guest.borrow_mut().next_tick()
    }

    fn arrival(&self) -> Instant {
        self.arrivals.recv_timeout(Duration::from_secs(10)).expect("the order arrives")
    }
}

/// Passes bytes on in both directions, and notes when an order begins to arrive.
fn relay(to: SocketAddr, noted: SyncSender<Instant>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(to) else { continue };
            let (from_server, to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            let noted = noted.clone();
            std::thread::spawn(move || pass_on(client, server, Some(noted)));
            std::thread::spawn(move || pass_on(from_server, to_client, None));
        }
    });
    address
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, noted: Option<SyncSender<Instant>>) {
    let _ = to.set_nodelay(true);
    let mut piece = [0; 16 << 10];
    while let Ok(read @ 1..) = from.read(&mut piece) {
        let at = Instant::now();
        if let Some(noted) = &noted
            && piece[..read].starts_with(b"POST /orders/")
        {
            let _ = noted.try_send(at);
        }
        if to.write_all(&piece[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

/// A trader's compartment with one run's line into it.
struct Desk {
    tenants: Tenants,
    line: Arc<RunLine>,
    instrument: market::Instrument,
    _folder: TempDir,
}

impl Desk {
    fn open(broker: &Broker) -> Self {
        let folder = TempDir::new().unwrap();
        let (data, key) = (folder.path().join("data"), folder.path().join("key"));
        let mut config = TenantsConfig::new(data, key, BrokerAddress::At(broker.url()));
        config.calendar = Calendar::always_open();
        let login = Login {
            api_key: "demo-uk9394".to_owned(),
            api_secret: SecretText::new("demo-secret-uk9394"),
            request_token: SecretText::new(broker.request_token("uk9394")),
            device: "bench".to_owned(),
            address: None,
        };
        broker.runtime.block_on(async {
            let tenants = Tenants::open(config).await.unwrap();
            let (tenant, _) = tenants.login(login).await.unwrap();
            // The account's own limit is lower than the broker's.
            let limits = RiskLimits { orders_per_minute: 400, ..RiskLimits::default() };
            tenant.set_risk_limits(limits).await.unwrap();
            let (line, instrument) = line(&tenant).await;
            Self { tenants, line: Arc::new(line), instrument, _folder: folder }
        })
    }

    fn instrument(&self) -> market::Instrument {
        self.instrument.clone()
    }

    /// Waits for the next order's turn, with everything of the last one settled.
    fn pause(&self, host: Host, broker: &Broker, guest: &RefCell<Guest>) -> (Tick, u64) {
        match host {
            Host::Idle => std::thread::sleep(PACE),
            Host::AtWork => {
                let until = Instant::now() + PACE;
                while Instant::now() < until {
                    self.refused(broker, &mut guest.borrow_mut());
                }
            }
        }
        broker.ready(guest)
    }

    /// One order that goes the whole way but for the wire: the gate refuses it.
    fn refused(&self, broker: &Broker, guest: &mut Guest) {
        let (tick, seq) = guest.next_tick();
        let (cause, mut intents) = guest.take(&tick, seq);
        for intent in &mut intents {
            if let Intent::Place { request, .. } = intent {
                request.quantity = TOO_MANY;
            }
        }
        let line = Arc::clone(&self.line);
        let submitting = broker.runtime.spawn(async move { line.submit(cause, intents).await });
        broker.runtime.block_on(submitting).unwrap().unwrap();
    }
}

async fn line(tenant: &Tenant) -> (RunLine, market::Instrument) {
    let upload = Upload { name: "bench".into(), bytes: guests::SCALPER.to_vec(), manifest: json!({}) };
    let strategy = tenant.upload(upload).await.unwrap();
    let run = strategy.new_run(1, Mode::Live, json!({})).await.unwrap();
    let instruments = tenant.instruments().await.unwrap();
    while !tenant.is_reconciled() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let instrument = instruments.by_symbol(&SYMBOL.parse().unwrap()).unwrap().clone();
    hear(tenant, instrument.token).await;
    (tenant.attach(&run.id).await.unwrap().unwrap(), instrument)
}

/// Subscribes as a run would, so that the gate knows a price and need not ask the broker for one.
async fn hear(tenant: &Tenant, token: u32) {
    let feed = tenant.feed();
    feed.subscribe(&[token]);
    while !matches!(feed.next().await, FeedEvent::Ticks(_)) {}
    tokio::spawn(async move {
        loop {
            feed.next().await;
        }
    });
}
