//! The desk on a real database, with a broker line that leads nowhere: what it does around the core. The core's own rules
//! are tested where it stands.

use super::cause::Cause;
use super::desk::{Along, Desk, Parts};
use crate::broker::Line;
use crate::broker_id::BrokerId;
use crate::config::{BrokerAddress, TenantsConfig};
use crate::host::Host;
use crate::instruments::{InstrumentList, instrument_day};
use crate::log::{LogLimits, LogWriter, TenantLog};
use crate::marks::Marks;
use crate::pnl::Figures;
use crate::proof::{EgressSetting, Prover};
use crate::run::{RunEvent, RunRecord, RunState, RunStep};
use crate::store::{Commit, Store, StoredStrategy};
use crate::vault::Vault;
use crate::version::Version;
use ::orders::{
    BookOrder, Event, KillSwitch, Listing, Mode, OrderRecord, Prefix, Reading, RefusalCode, StoredOrder,
    SwitchScope, Write,
};
use arc_swap::ArcSwapOption;
use market::{
    Instrument, InstrumentKind, Intent, Money, OrderKind, OrderRequest, OrderState, Price, Product, Side,
    Validity, Variety,
};
use serde_json::json;
use std::sync::{Arc, RwLock};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

struct Bench {
    _dir: TempDir,
    desk: Arc<Desk>,
    run: RunRecord,
}

impl Bench {
    /// With one live order of the run, resting at the broker as number 1 under `B1`.
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let host = host(&dir).await;
        let id = BrokerId::named("UK9394").unwrap();
        let (book, now) = (host.store.book(id.clone()), host.now());
        book.save_tenant("Uma", now).await.unwrap();
        let strategy = StoredStrategy { id: "strategy".into(), name: "alpha".into(), created_at: now };
        let (sha256, manifest) = ("0".repeat(64), json!({}));
        let version = Version { number: 1, sha256, size_bytes: 1, manifest, uploaded_at: now };
        assert!(book.insert_strategy(&strategy, &version, b"x", &[]).await.unwrap());
        let run = RunRecord {
            id: "run".into(),
            strategy_id: strategy.id,
            strategy_name: strategy.name,
            version: 1,
            mode: Mode::Live,
            params: json!({}),
            state: RunState::Running,
            reason: None,
            started_at: now,
            stopped_at: None,
            restarts: 0,
            square_off: false,
        };
        assert!(book.insert_run(&run, &[]).await.unwrap());
        let orders = vec![Write::Insert(Arc::new(StoredOrder::new(resting(now), -1, Some(now))))];
        book.commit(Commit { orders, ..Commit::default() }).await.unwrap();
        let connection = kite::Connection::new(host.endpoints(), kite::Egress::Direct).unwrap();
        let line = Arc::new(Line::new(connection, host.config.clock.clone()));
        line.revive("key", "token", b"sealed");
        let log = TenantLog::new(id.as_str(), &host.log_writer).unwrap();
        let (marks, news) = (Arc::new(Marks::default()), broadcast::channel(64).0);
        let figures = Arc::new(Figures::new(book.clone(), Arc::clone(&host), Arc::clone(&marks)));
        let prover = Arc::new(Prover::new(EgressSetting::default()));
        let parts = Parts { id, host, book, line, log, news, marks, figures, prover };
        Self { _dir: dir, desk: Desk::open(parts).await.unwrap(), run }
    }

    async fn state(&self) -> OrderState {
        self.desk.core.lock().await.order(1).unwrap().record.state
    }

    /// The day's list has what the orders of these tests are of.
    fn knows_instruments(&self) {
        let infy = Instrument {
            token: 408_065,
            symbol: "NSE:INFY".parse().unwrap(),
            name: "INFOSYS".into(),
            kind: InstrumentKind::Equity,
            tick_size: Price::from_paise(5),
            lot_size: 1,
            expiry: None,
            strike: Price::ZERO,
        };
        let host = &self.desk.host;
        host.instruments.store(Some(Arc::new(InstrumentList::new(instrument_day(host.now()), vec![infy]))));
    }

    /// A whole reading under a session, in which the order is complete.
    fn reading(&self, session: u64) -> Event {
        let now = self.desk.host.now();
        let order = resting(now);
        let row = BookOrder {
            number: "B1".into(),
            account: None,
            tags: vec![order.tag],
            symbol: Some(order.symbol),
            side: Some(order.side),
            state: OrderState::Complete,
            status: "COMPLETE".into(),
            is_word_known: true,
            message: String::new(),
            quantity: 10,
            filled: 10,
            average_price: Price::from_rupees(100),
            kind: Some(order.kind),
            price: order.price,
            trigger: order.trigger,
            is_modified: false,
            placed_at: Some(now),
            changed_at: None,
        };
        let orders = Listing::whole(vec![row]);
        let (began, trades) = (self.desk.now(), Listing::whole(vec![]));
        Event::Reading(Box::new(Reading { began, session, orders, trades, positions: None }))
    }
}

async fn host(dir: &TempDir) -> Arc<Host> {
    let address = BrokerAddress::At("http://127.0.0.1:1".parse().unwrap());
    let config = TenantsConfig::new(dir.path().join("data"), dir.path().join("key"), address);
    let store = Store::open(&config.data_dir).await.unwrap();
    let vault = Vault::open(&config.key_file, &config.data_dir, &store).await.unwrap();
    let logs = config.data_dir.join("logs");
    let log_writer = LogWriter::start(logs, LogLimits::default(), config.clock.clone()).unwrap();
    Arc::new(Host {
        config,
        store,
        vault,
        tag_prefix: Prefix::default(),
        kill_switch: RwLock::new(KillSwitch::default()),
        log_writer,
        instruments_fetch: tokio::sync::Mutex::new(()),
        instruments: ArcSwapOption::empty(),
        stop: CancellationToken::new(),
        fallen: CancellationToken::new(),
        tasks: TaskTracker::new(),
        calls: TaskTracker::new(),
    })
}

fn resting(now: market::Timestamp) -> OrderRecord {
    OrderRecord {
        id: 1,
        run_id: "run".into(),
        strategy_id: "strategy".into(),
        run_order_id: 1,
        tag: "A".repeat(20),
        broker_order_id: Some("B1".into()),
        date: now.date(),
        mode: Mode::Live,
        symbol: "NSE:INFY".parse().unwrap(),
        side: Side::Buy,
        kind: OrderKind::Limit,
        product: Product::Mis,
        validity: Validity::Day,
        variety: Variety::Regular,
        quantity: 10,
        filled: 0,
        price: Price::from_rupees(100),
        trigger: Price::ZERO,
        market_protection: -1,
        average_price: Price::ZERO,
        state: OrderState::Open,
        refusal: RefusalCode::None,
        message: String::new(),
        created_at: now,
        updated_at: now,
    }
}

#[tokio::test]
async fn a_book_that_could_not_be_written_opens_no_gate_and_changes_nothing() {
    let bench = Bench::new().await;
    tokio::time::sleep(Duration::from_millis(2)).await;
    let reading = bench.reading(1);
    bench.desk.host.store.close().await;
    assert!(bench.desk.feed(reading, Along::default()).await.is_err());
    assert_eq!(bench.state().await, OrderState::Open);
    assert!(!bench.desk.is_reconciled());
}

#[tokio::test]
async fn a_reading_under_an_old_session_opens_nothing_under_the_new_one() {
    let bench = Bench::new().await;
    let reading = bench.reading(1);
    bench.desk.line.revive("key", "newer token", b"newer");
    bench.desk.feed(reading, Along::default()).await.unwrap();
    assert_eq!(bench.state().await, OrderState::Complete, "what it says of orders is true all the same");
    assert!(!bench.desk.is_reconciled());
    bench.desk.feed(bench.reading(2), Along::default()).await.unwrap();
    assert!(bench.desk.is_reconciled());
}

#[tokio::test]
async fn the_kill_switch_stops_and_withdraws_although_it_cannot_be_written() {
    let bench = Bench::new().await;
    bench.desk.host.store.close().await;
    let moved = bench.desk.set_kill_switch(SwitchScope::Tenant, true, None, vec![]).await;
    assert!(moved.is_err(), "the person is told");
    assert!(bench.desk.stops.stop("run"));
    let core = bench.desk.core.lock().await;
    assert!(core.is_unwanted(1) && core.kill_switch(&SwitchScope::Tenant).on);
}

#[tokio::test]
async fn what_a_step_decided_stands_in_the_rows_and_in_the_audit_together() {
    let bench = Bench::new().await;
    bench.desk.feed(bench.reading(1), Along::default()).await.unwrap();
    let row = bench.desk.book.run_orders("run").await.unwrap().remove(0);
    assert_eq!((row.state, row.filled), (OrderState::Complete, 10));
    let way = bench.desk.book.audit_of("1").await.unwrap();
    let last = way.last().unwrap();
    assert_eq!((last.action.as_str(), &last.details["state"]), ("orderChanged", &json!("complete")));
}

#[tokio::test]
async fn a_run_that_dropped_its_line_leaves_nothing_behind() {
    let bench = Bench::new().await;
    let desk = &bench.desk;
    let first = desk.attach(bench.run.clone()).await.unwrap();
    let mut second = desk.attach(bench.run.clone()).await.unwrap();
    drop(first);
    tokio::time::sleep(Duration::from_millis(50)).await;
    for rupees in 0..1_000 {
        desk.tell_all(&RunEvent::Cash(Money::from_rupees(rupees)));
    }
    assert!(matches!(second.events.recv().await, Some(RunEvent::Cash(_))), "the newer line hears on");
    drop(second);
    for _ in 0..100 {
        if desk.listener("run").is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the end goes with its line");
}

#[tokio::test]
async fn a_disk_that_fills_up_refuses_the_order_that_finds_it_out_and_the_run_lives_on() {
    let bench = Bench::new().await;
    bench.knows_instruments();
    bench.desk.host.store.leave_no_room().await;
    let cause =
        Cause { first_seq: 1, event_seq: 1, begins: true, journal: vec![7; 1 << 20], ..Cause::default() };
    let request = OrderRequest::market("NSE:INFY".parse().unwrap(), Side::Buy, 1);
    let intents = vec![Intent::Place { id: 2, request }];
    bench.desk.submit(&bench.run, RunStep { cause, intents, ..RunStep::default() }).await.unwrap();
    let rows = bench.desk.book.run_orders("run").await.unwrap();
    let refused = rows.iter().find(|order| order.run_order_id == 2).unwrap();
    assert_eq!((refused.state, refused.refusal), (OrderState::Refused, RefusalCode::Store));
    let journal = bench.desk.book.journal("run").await.unwrap();
    assert_eq!(journal.iter().map(|(_, bytes)| bytes.len()).sum::<usize>(), 1 << 20, "written once");
}

#[tokio::test]
async fn a_step_that_breaks_off_ends_the_order_path_before_anybody_builds_on_it() {
    let bench = Bench::new().await;
    let (desk, host) = (Arc::clone(&bench.desk), Arc::clone(&bench.desk.host));
    let broken = tokio::spawn(async move {
        let _entered = desk.enter().await.unwrap();
        panic!("this test lets a step break off");
    });
    assert!(broken.await.is_err());
    assert!(host.fallen.is_cancelled() && host.stop.is_cancelled());
    let why = bench.desk.feed(bench.reading(1), Along::default()).await.unwrap_err().to_string();
    assert!(why.contains("started again"), "{why}");
    let learned = bench.desk.learn(bench.reading(1));
    tokio::time::timeout(Duration::from_secs(5), learned).await.unwrap();
    assert_eq!(bench.state().await, OrderState::Open);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_that_goes_on_and_off_at_once_is_the_same_for_the_senders_and_the_core() {
    let bench = Bench::new().await;
    let set = |on| bench.desk.set_kill_switch(SwitchScope::Tenant, on, None, vec![]);
    for round in 0..50 {
        let (on, off) = tokio::join!(set(true), set(false));
        on.unwrap();
        off.unwrap();
        let is_on = bench.desk.kill_switch(&SwitchScope::Tenant).await.on;
        assert_eq!(bench.desk.stops.stop("run"), is_on, "in round {round}");
    }
}
